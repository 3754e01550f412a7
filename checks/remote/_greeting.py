"""Proof of life of a TLS server: any first words of TLS."""

import time

from auditor.api import Dial, Gateway, Unreached
from checks.remote import _hello
from checks.remote._wire import ANSWERED, WRONG_SERVICE, Ended, exactly, outcome_of, send, within


def alive(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """A ClientHello for TLS 1.2; a server of other versions refuses it in TLS's own words, which is proof."""
    hello = _hello.client_hello(_hello.VERSIONS["1.2"], gateway.server_name or gateway.host)
    try:
        with dial.tcp(gateway.host, gateway.port, wait_s=wait_s) as stream:
            left = within(dial, wait_s)
            began = time.monotonic()
            send(stream.sock, hello, left)
            _hello.reply_to_hello(lambda size: exactly(stream.sock, size, left))
            return ANSWERED, (stream.took_s + time.monotonic() - began) * 1000
    except Unreached as error:
        return outcome_of(error), 0.0
    except Ended as end:
        return end.outcome, 0.0
    except _hello.NotTls:
        return WRONG_SERVICE, 0.0
