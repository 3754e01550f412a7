"""How OpenVPN's packets travel: as datagrams, or one behind the other in a TCP connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import socket
from typing import Protocol

from auditor.api import Talk, Unreached
from checks.remote._wire import CLOSED, SILENT, WRONG_SERVICE, Ended, Left, exactly, outcome_of, send

LEAST_PACKET, MOST_PACKET = 14, 4096


class Line(Protocol):
    """Packets to and from the server, however they travel."""

    def put(self, packet: bytes) -> None:
        """Send one."""

    def take(self, wait_s: float) -> bytes | None:
        """The next, None = silence for so long.

        Raises:
            Ended: the connection ended, or what comes is no packet.
        """


@dataclass(frozen=True, slots=True)
class UdpLine:
    """One datagram per packet."""

    talk: Talk

    def put(self, packet: bytes) -> None:
        """Send one."""
        with _ending():
            self.talk.send(packet)

    def take(self, wait_s: float) -> bytes | None:
        """The next datagram."""
        with _ending():
            return self.talk.receive(wait_s)


@dataclass(frozen=True, slots=True)
class TcpLine:
    """Each packet behind its length in two bytes."""

    sock: socket
    left: Left

    def put(self, packet: bytes) -> None:
        """Send one."""
        send(self.sock, len(packet).to_bytes(2) + packet, self.left)

    def take(self, wait_s: float) -> bytes | None:
        """The next packet; one byte is enough to tell most other services."""
        if self.left() <= 0:
            raise Ended(SILENT)
        self.sock.settimeout(max(min(wait_s, self.left()), 0.001))
        try:
            first = self.sock.recv(1)
        except TimeoutError:
            return None
        except OSError:
            raise Ended(CLOSED) from None
        if not first:
            raise Ended(CLOSED)
        size = int.from_bytes(first + exactly(self.sock, 1, self.left))
        if not LEAST_PACKET <= size <= MOST_PACKET:
            raise Ended(WRONG_SERVICE)
        return exactly(self.sock, size, self.left)


@contextmanager
def _ending() -> Iterator[None]:
    """A refusal in the middle of a conversation is the end of it."""
    try:
        yield
    except Unreached as error:
        raise Ended(outcome_of(error)) from None
