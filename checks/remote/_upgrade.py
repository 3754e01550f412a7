"""Connections on which TLS may begin: at once, or behind the first words of the protocol around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from socket import socket

from auditor.api import Dial, Gateway, NotKnown, Reason, Stream
from checks.remote._wire import SILENT, Ended, Foreign, Left, TurnedAway, within

RELAY = "relay"
"""Its operator's machine: asked for no more than a person who connects would ask."""

AT_ONCE = frozenset({"tls", "sstp", "anyconnect", "softether", "portal", "relay", "spice"})
UPGRADES = {"rdp": "checks.remote._rdpwire", "vnc": "checks.remote._rfb"}
"""Modules with a function `upgraded`; loaded only for such an entrance."""
TOUCHY = frozenset({"vnc"})
"""These count connections without a log-in, and after five take none from that address for a while.

So nothing is asked of them that needs a connection for each question.
"""


class Declined(Exception):  # noqa: N818 - a finding about the other side
    """The entrance answered in its own protocol that it goes on without TLS (or without a certificate)."""


def may_speak_tls(gateway: Gateway) -> bool:
    """True for an entrance where TLS is asked for at all."""
    return gateway.protocol in AT_ONCE or gateway.protocol in UPGRADES


@contextmanager
def opened(gateway: Gateway, dial: Dial, wait_s: float) -> Iterator[Stream]:
    """A connection whose next words may be a ClientHello.

    Raises:
        Declined: there is no TLS.
        NotKnown: WRONG_SERVICE, NO_ANSWER or NOT_MEASURABLE, it does not come to that.
        Unreached: no connection.
    """
    with dial.tcp(gateway.host, gateway.port, wait_s=wait_s) as stream:
        if gateway.protocol in UPGRADES:
            try:
                ready = _upgraded(gateway.protocol, stream.sock, within(dial, wait_s))
            except Foreign:
                raise NotKnown(Reason.WRONG_SERVICE, f"no {gateway.protocol}") from None
            except TurnedAway as error:
                raise NotKnown(Reason.NO_ANSWER, f"turned away: {error}") from None
            except Ended as end:
                reason = Reason.NO_ANSWER if end.outcome == SILENT else Reason.WRONG_SERVICE
                raise NotKnown(reason, f"{end.outcome} before TLS") from None
            if not ready:
                raise Declined
        yield stream


def _upgraded(protocol: str, sock: socket, left: Left) -> bool:
    """Whether the entrance goes on with TLS."""
    return bool(import_module(UPGRADES[protocol]).upgraded(sock, left))
