"""Proof that what answers at an entrance is what the town declared, in one connection and no login."""

import time
from collections.abc import Callable, Mapping

from auditor.api import Dial, Gateway, Unreached
from checks.remote import (
    _hello,
    _ike,
    _l2tp,
    _openvpn,
    _pack,
    _rdpwire,
    _rfb,
    _signin,
    _spicewire,
    _sshwire,
    _sstp,
    wireguard,
)
from checks.remote._wire import (
    ANSWERED,
    WRONG_SERVICE,
    Ended,
    exactly,
    knock,
    outcome_of,
    send,
    within,
)


def ask(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """One exchange: its outcome, and the milliseconds until the answer (0 unless answered).

    An OpenVPN server answers our session, a TLS server any first words of TLS. Where only "tcp" is declared
    nobody knows what should speak there, and a connect is all there is.
    """
    return _WAYS.get(gateway.protocol, _connect)(gateway, dial, wait_s)


def _connect(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    return knock(dial, gateway.host, gateway.port, wait_s)


def _greet(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
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


_WAYS: Mapping[str, Callable[[Gateway, Dial, float], tuple[str, float]]] = {
    "openvpn": _openvpn.ask,
    "wireguard": wireguard.ask,
    "rdp": _rdpwire.ask,
    "vnc": _rfb.ask,
    "spice": _spicewire.ask,
    "ike": _ike.alive,
    "l2tp": _l2tp.alive,
    "sstp": _sstp.alive,
    "anyconnect": _signin.alive,
    "softether": _pack.alive,
    "ssh": _sshwire.ask,
    "tls": _greet,
    "portal": _greet,
    "relay": _greet,
}
