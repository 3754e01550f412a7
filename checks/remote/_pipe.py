"""The way a TLS session takes to an entrance: a TCP connection, or OpenVPN's control channel."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from socket import socket
from typing import Protocol

from auditor.api import Dial, Gateway, NotKnown, Reason
from checks.remote._upgrade import may_speak_tls, opened
from checks.remote._wire import WRONG_SERVICE, Ended, Left, send, some, within

CHUNK = 16 * 1024


class Pipe(Protocol):
    """Bytes to and from a TLS server."""

    def send(self, payload: bytes) -> None:
        """Send all of it.

        Raises:
            Ended: silent or closed.
        """

    def receive(self) -> bytes:
        """What comes next, at least one byte.

        Raises:
            Ended: silent, closed, or what comes is no such protocol.
        """


@dataclass(frozen=True, slots=True)
class TcpPipe:
    """A TCP connection as it is."""

    sock: socket
    left: Left

    def send(self, payload: bytes) -> None:
        """Send all of it."""
        send(self.sock, payload, self.left)

    def receive(self) -> bytes:
        """What comes next."""
        return some(self.sock, CHUNK, self.left)


def speaks_tls(gateway: Gateway) -> bool:
    """True for an entrance where TLS is asked for at all."""
    return gateway.protocol == "openvpn" or may_speak_tls(gateway)


def server_name(gateway: Gateway) -> str:
    """The name to ask for in TLS; the one in an OpenVPN server's certificate need not be a host's."""
    return gateway.host if gateway.protocol == "openvpn" else gateway.server_name or gateway.host


@contextmanager
def pipe_to(gateway: Gateway, dial: Dial, wait_s: float) -> Iterator[Pipe]:
    """A pipe whose next words may be a ClientHello; at most `wait_s` for the way, and again for what is said.

    Raises:
        Unreached: no connection, or nothing came.
        Declined: there is no TLS.
        NotKnown: WRONG_SERVICE, NO_ANSWER or NOT_MEASURABLE, it does not come to that; UNREADABLE, the
            declared key.
    """
    if gateway.protocol == "openvpn":
        from checks.remote import _openvpn  # noqa: PLC0415 - many modules load this one, few entrances need it

        with ExitStack() as stack:
            try:
                channel = stack.enter_context(_openvpn.channel(gateway, dial, wait_s))
            except Ended as end:
                reason = Reason.WRONG_SERVICE if end.outcome == WRONG_SERVICE else Reason.NO_ANSWER
                raise NotKnown(reason, f"{end.outcome} before TLS") from None
            yield channel
        return
    with opened(gateway, dial, wait_s) as stream:
        yield TcpPipe(stream.sock, within(dial, wait_s))


def exactly_from(pipe: Pipe) -> Callable[[int], bytes]:
    """A reader that gives exactly as many bytes as it is asked for, and keeps what came beyond them."""
    heard = bytearray()

    def take(size: int) -> bytes:
        while len(heard) < size:
            heard.extend(pipe.receive())
        part = bytes(heard[:size])
        del heard[:size]
        return part

    return take
