"""Connections of the remote probes: how one ends, and reading that no server can stretch."""

import socket
import time
from collections.abc import Callable

from auditor.api import Dial, Reason, Unreached

ANSWERED = "answered"
REFUSED = "refused"
SILENT = "silent"
CLOSED = "closed"
WRONG_SERVICE = "wrong_service"
NAME_NOT_FOUND = "name_not_found"
PROHIBITED = "prohibited"

_OUTCOMES = {
    Reason.REFUSED: REFUSED,
    Reason.NO_ANSWER: SILENT,
    Reason.NAME_NOT_FOUND: NAME_NOT_FOUND,
    Reason.PROHIBITED: PROHIBITED,
    Reason.WRONG_SERVICE: WRONG_SERVICE,
}

Left = Callable[[], float]
"""Seconds left for one exchange, 0 or less when they are used up."""


class Foreign(Exception):  # noqa: N818 - a finding about the other side
    """What answers speaks another protocol than the declared one."""


class TurnedAway(Exception):  # noqa: N818 - same
    """The server speaks the protocol and offers nothing; its own words say why (often: too many callers)."""


class Ended(Exception):  # noqa: N818 - how an exchange ended, not an error of ours
    """The server stopped before its answer was whole: `outcome` is silent or closed."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def within(dial: Dial, limit_s: float) -> Left:
    """The clock of one exchange: at most `limit_s` from now, and never longer than the probe's deadline."""
    end = time.monotonic() + limit_s
    return lambda: min(dial.remaining_s(), end - time.monotonic())


def some(sock: socket.socket, most: int, left: Left) -> bytes:
    """What arrives next, 1 to `most` bytes.

    The time left is taken anew before each read, so that a server sending a byte now and then gains nothing.

    Raises:
        Ended: silent (no time left) or closed (end of stream, reset).
    """
    left_s = left()
    if left_s <= 0:
        raise Ended(SILENT)
    sock.settimeout(left_s)
    try:
        chunk = sock.recv(most)
    except TimeoutError:
        raise Ended(SILENT) from None
    except OSError:
        raise Ended(CLOSED) from None
    if not chunk:
        raise Ended(CLOSED)
    return chunk


def exactly(sock: socket.socket, size: int, left: Left) -> bytes:
    """The next `size` bytes.

    Raises:
        Ended: see `some`.
    """
    parts = bytearray()
    while len(parts) < size:
        parts += some(sock, size - len(parts), left)
    return bytes(parts)


def send(sock: socket.socket, payload: bytes, left: Left) -> None:
    """Send all of it.

    Raises:
        Ended: see `some`.
    """
    left_s = left()
    if left_s <= 0:
        raise Ended(SILENT)
    sock.settimeout(left_s)
    try:
        sock.sendall(payload)
    except TimeoutError:
        raise Ended(SILENT) from None
    except OSError:
        raise Ended(CLOSED) from None


def outcome_of(error: Unreached) -> str:
    """A failed contact as the outcome it is.

    Raises:
        Unreached: it says nothing about the other side (an undeclared port), so it is passed on.
    """
    try:
        return _OUTCOMES[error.reason]
    except KeyError:
        raise error from None


def knock(dial: Dial, host: str, port: int, wait_s: float) -> tuple[str, float]:
    """One TCP connect, closed at once: its outcome, and the milliseconds it took (0 unless answered)."""
    try:
        with dial.tcp(host, port, wait_s=wait_s) as stream:
            return ANSWERED, stream.took_s * 1000
    except Unreached as error:
        return outcome_of(error), 0.0
