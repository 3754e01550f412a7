"""SSH's first words, by hand: the version line, what the server offers, and the host key it shows.

Nobody logs in: the exchange ends before keys are in use. RFC 4253 §4.2 (version), §6 (packets), §7.1
(KEXINIT), §8 (key exchange); RFC 8731 (curve25519), RFC 5656 §4 (ECDH), RFC 4419 (group exchange).
"""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.api import Dial, Gateway, Unreached
from checks.remote._wire import (
    ANSWERED,
    CLOSED,
    WRONG_SERVICE,
    Ended,
    Left,
    exactly,
    outcome_of,
    send,
    within,
)

BANNER = b"SSH-2.0-telework_auditor\r\n"
VERSIONS = ("2.0", "1.99")
KEXINIT, DISCONNECT = 20, 1
PASSED_OVER = (2, 3, 4)
"""Ignore, unimplemented, debug (RFC 4253 §11): said at any time."""
MOST_LINES, MOST_LINE = 20, 512
MOST_PACKET = 64 * 1024
MOST_PASSED_OVER = 8
MOST_NAMES, MOST_NAME = 200, 100
COOKIE = 16
LISTS = ("kex", "keys", "ciphers", "ciphers_back", "macs", "macs_back", "compression", "compression_back")
ALL_LISTS = 10


class NotSsh(Exception):  # noqa: N818 - a finding about the other side
    """What arrives is not SSH."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """The version line (2.0, 1.99, 1.5 …; program and its comment) and the name-lists of KEXINIT in order.

    `lists` is empty where the server speaks only version 1, which has no such packet.
    """

    version: str
    program: str
    lists: tuple[tuple[str, ...], ...]

    def names(self, *kinds: str) -> tuple[str, ...]:
        """The names in these lists, each once."""
        chosen = [self.lists[LISTS.index(kind)] for kind in kinds if self.lists]
        return tuple(dict.fromkeys(name for names in chosen for name in names))


def ask(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """Proof of life: its outcome, and the milliseconds until what it offers was read (0 unless answered)."""
    try:
        with dial.tcp(gateway.host, gateway.port, wait_s=wait_s) as stream:
            began = time.monotonic()
            greeting(stream.sock, within(dial, wait_s))
            return ANSWERED, (stream.took_s + time.monotonic() - began) * 1000
    except Unreached as error:
        return outcome_of(error), 0.0
    except Ended as end:
        return end.outcome, 0.0
    except NotSsh:
        return WRONG_SERVICE, 0.0


def greeting(sock: socket.socket, left: Left) -> Greeting:
    """Both sides' version lines, then the server's KEXINIT.

    Raises:
        NotSsh: what comes is something else.
        Ended: silent or closed.
    """
    send(sock, BANNER, left)
    for _ in range(MOST_LINES):
        line = _line(sock, left)
        if line.startswith(b"SSH-"):
            version, _, program = line[4:].decode("ascii", "replace").partition("-")
            if version not in VERSIONS:
                return Greeting(version[:MOST_NAME], _printable(program), ())
            return Greeting(version, _printable(program), _lists(packet(sock, left, KEXINIT)))
    raise NotSsh


def _line(sock: socket.socket, left: Left) -> bytes:
    """The next line without its end, byte by byte: what follows belongs to the packets."""
    line = bytearray()
    while len(line) < MOST_LINE:
        byte = exactly(sock, 1, left)
        if byte == b"\n":
            return bytes(line.rstrip(b"\r"))
        line += byte
    raise NotSsh


def _printable(text: str) -> str:
    return "".join(char if " " <= char <= "~" else "?" for char in text)[:MOST_LINE]


def packet(sock: socket.socket, left: Left, *wanted: int) -> bytes:
    """The payload of the next packet of one of these types; what may be said at any time is passed over.

    Raises:
        NotSsh: another type, or no packet at all.
        Ended: silent, closed, or the server says that it disconnects.
    """
    for _ in range(MOST_PASSED_OVER):
        size = int.from_bytes(exactly(sock, 4, left))
        if not 8 <= size <= MOST_PACKET:  # noqa: PLR2004 - padding length, a type, padding
            raise NotSsh
        body = exactly(sock, size, left)
        if body[0] + 1 >= size:
            raise NotSsh
        payload = body[1 : size - body[0]]
        if payload[0] in wanted:
            return payload
        if payload[0] == DISCONNECT:
            raise Ended(CLOSED)
        if payload[0] not in PASSED_OVER:
            raise NotSsh
    raise NotSsh


def _lists(payload: bytes) -> tuple[tuple[str, ...], ...]:
    lists: list[tuple[str, ...]] = []
    at = 1 + COOKIE
    for _ in range(ALL_LISTS):
        text, at = string(payload, at)
        names = tuple(text.decode("ascii", "replace").split(",")) if text else ()
        if len(names) > MOST_NAMES or any(not _is_name(name) for name in names):
            raise NotSsh
        lists.append(names)
    return tuple(lists)


def _is_name(name: str) -> bool:
    """RFC 4251 §6."""
    return 0 < len(name) <= MOST_NAME and all("!" <= char <= "~" for char in name)


def string(body: bytes, at: int) -> tuple[bytes, int]:
    """The string at a place, and the place after it.

    Raises:
        NotSsh: it is longer than what is there.
    """
    size = int.from_bytes(body[at : at + 4])
    if at + 4 + size > len(body):
        raise NotSsh
    return body[at + 4 : at + 4 + size], at + 4 + size


def as_string(body: bytes) -> bytes:
    """A string as it is sent."""
    return len(body).to_bytes(4) + body


def as_packet(payload: bytes) -> bytes:
    """A packet in clear: padded to eight bytes with at least four."""
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0  # noqa: PLR2004 - RFC 4253 §6
    return (1 + len(payload) + padding).to_bytes(4) + bytes([padding]) + payload + bytes(padding)


def kexinit(kex: str, key: str, found: Greeting, cookie: bytes) -> bytes:
    """Our KEXINIT that leaves the server no choice of exchange and key, and takes whatever else it has."""
    rest: Sequence[tuple[str, ...]] = found.lists[2:8]
    lists = [(kex,), (key,), *rest, (), ()]
    words = b"".join(as_string(",".join(names).encode("ascii")) for names in lists)
    return bytes([KEXINIT]) + cookie + words + b"\0" + bytes(4)
