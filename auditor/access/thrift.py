"""Makes paramiko cheap where many connections run at once, through the places it offers for that.

Measured per host: reading ahead and blocking reads save most system calls and the ten wake-ups a second of a
thread that only waits; one watcher for all deadlines (`auditor.access.limits`) saves two timer threads.
"""

import hmac
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from auditor.access.sshlib import paramiko

_AHEAD = 32768
_OPENING_S = 1.0


class Socketlike(Protocol):
    """What is needed of a socket, or of a channel through a jump host."""

    def recv(self, size: int, /) -> bytes:
        """Up to `size` bytes, b"" at the end."""

    def send(self, data: bytes, /) -> int:
        """How many bytes were taken."""

    def settimeout(self, timeout: float | None, /) -> None:
        """Limit every later call."""

    def close(self) -> None:
        """Give it back."""


class Wire:
    """A connection that reads ahead. `cut` wakes whoever reads or writes, from any thread."""

    def __init__(self, sock: Socketlike, lost: Callable[[], bool] = lambda: False) -> None:
        self._sock = sock
        self._ahead = b""
        self._closed = False  # paramiko asks for this name of a socket's
        self.lost = lost
        """True when not the far end is gone but what carries the connection."""

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes, b"" at the end."""
        ahead = self._ahead or self._sock.recv(_AHEAD)
        self._ahead = ahead[size:]
        return ahead[:size]

    def send(self, data: bytes) -> int:
        """How many bytes were taken."""
        return self._sock.send(data)

    def settimeout(self, timeout: float | None) -> None:
        """Limit every later call."""
        self._sock.settimeout(timeout)

    def close(self) -> None:
        """Give the connection back."""
        self._closed = True
        self._sock.close()

    def cut(self) -> None:
        """End the connection under whoever uses it."""
        if isinstance(self._sock, socket.socket):
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
        else:
            self._sock.close()


class _Packets(paramiko.packet.Packetizer):
    """Without a timer thread for the handshake: our own deadline covers it."""

    def start_handshake(self, timeout: float) -> None:
        """Start nothing."""


class _Transport(paramiko.Transport):
    """Without composing messages for a log that nobody keeps; what happened is told by our own outcomes.

    Should paramiko rename these methods, it merely takes longer again.
    """

    def _log(self, *_: object) -> None:
        """Keep nothing."""

    def _filter_algorithm(self, kind: str) -> tuple[str, ...]:
        """The list as it is, a dozen times a connection: nothing is ever disabled here."""
        return getattr(self, f"_preferred_{kind}")  # type: ignore[no-any-return]

    def _parse_debug(self, _: object) -> None:
        """Keep nothing of what a server says for debugging (RFC 4253 §11.3)."""


class _Opening(dict[int, threading.Event]):
    """Channels being opened, by number. Who waits for one is woken by it, not ten times a second as well.

    A lost connection sets every event, so nobody sleeps on; should paramiko keep its events elsewhere,
    it waits as it always did.
    """

    def __setitem__(self, number: int, event: threading.Event) -> None:
        def wait(timeout: float | None = None) -> bool:
            return threading.Event.wait(event, max(timeout or 0, _OPENING_S))

        event.wait = wait  # type: ignore[method-assign]
        super().__setitem__(number, event)


def transport_over(wire: Wire) -> paramiko.Transport:
    """A transport over `wire`, not started; its thread sleeps until something comes."""
    quicken()
    transport = _Transport(wire, packetizer_class=_Packets)  # type: ignore[arg-type]  # the stubs are older
    transport.channel_events = _Opening()
    wire.settimeout(None)  # whoever closes cuts first, which wakes a reader at once
    return transport


def quicken() -> bool:
    """Compare packet authentication codes in C; False = paramiko does so itself by now.

    paramiko 5.1 compares byte by byte in Python for ciphers with a separate code; `hmac.compare_digest` gives
    the same answer in constant time, too. Nothing is replaced unless the function is that very loop.
    """
    found = getattr(paramiko.util, "constant_time_bytes_eq", None)
    names = getattr(getattr(found, "__code__", None), "co_names", ())
    if names != ("len", "range", "byte_ord"):
        return False
    paramiko.util.constant_time_bytes_eq = hmac.compare_digest  # type: ignore[assignment]
    return True
