"""What a server with network level authentication tells before anybody logs in: presence and build.

One NTLM negotiate message inside of TLS; the challenge that answers it is read and never answered, so nobody
is logged in and no attempt is counted. [MS-CSSP] 2.2.1, [MS-NLMP] 2.2.1.1, 2.2.1.2. The machine's names in it
are kept as a digest only.
"""

import hashlib
import socket
from dataclasses import dataclass

from checks.remote._inside import inside_tls
from checks.remote._wire import Ended, Left, exactly, send

SIGNATURE = b"NTLMSSP\0"
FLAGS = 0xE2088297
"""Unicode, target wanted, NTLM with extended session security, version, 128 and 56 bits, key exchange."""
OUR_VERSION = b"\x0a\x00\x61\x4a\x00\x00\x00\x0f"
MOST_REPLY = 16 * 1024
SEQUENCE, CONTEXT_0, CONTEXT_1, OCTETS = 0x30, 0xA0, 0xA1, 0x04
CHALLENGE_HEAD = 56
NAMES = (1, 2, 3, 4, 5)
"""AV pairs: names of the computer, the domain and the forest (NetBIOS and DNS)."""


class NoChallenge(Exception):  # noqa: N818 - a finding about the other side
    """What arrives is no NTLM challenge."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """`names` = how many names it told, `digest` = SHA-256 of them (16 hex digits), `build` as 10.0.20348."""

    names: int
    digest: str
    build: str


def challenged(sock: socket.socket, name: str, left: Left) -> Challenge:
    """Shake hands and ask for the challenge.

    Raises:
        NoChallenge: another answer.
        Ended: silent or closed (a server that takes only Kerberos, say).
    """
    with inside_tls(sock, name, left) as inside:
        send(inside, _request(), left)
        return challenge_in(_reply(inside, left))


def _request() -> bytes:
    token = SIGNATURE + (1).to_bytes(4, "little") + FLAGS.to_bytes(4, "little") + bytes(16) + OUR_VERSION
    wrapped = token
    for tag in (OCTETS, CONTEXT_0, SEQUENCE, SEQUENCE, CONTEXT_1):
        wrapped = bytes([tag, len(wrapped)]) + wrapped
    return bytes([SEQUENCE, len(wrapped) + 5]) + b"\xa0\x03\x02\x01\x06" + wrapped


def _reply(inside: socket.socket, left: Left) -> bytes:
    """The content of one TSRequest."""
    head = exactly(inside, 2, left)
    if head[0] != SEQUENCE:
        raise NoChallenge
    size = head[1]
    if size & 0x80:
        width = size & 0x7F
        if not 1 <= width <= 2:  # noqa: PLR2004 - 64 kB is more than any
            raise NoChallenge
        size = int.from_bytes(exactly(inside, width, left))
    if size > MOST_REPLY:
        raise NoChallenge
    return exactly(inside, size, left)


def challenge_in(reply: bytes) -> Challenge:
    """The challenge in the content of a TSRequest.

    Raises:
        NoChallenge: there is none.
    """
    try:
        content, at = _element(reply, 0, CONTEXT_0)
        content, _ = _element(reply, at, CONTEXT_1)
        for tag in (SEQUENCE, SEQUENCE, CONTEXT_0, OCTETS):
            content, _ = _element(content, 0, tag)
        return _read(content)
    except (IndexError, UnicodeDecodeError):
        raise NoChallenge from None


def _element(data: bytes, at: int, tag: int) -> tuple[bytes, int]:
    """What stands in one DER element, and where it ends."""
    if data[at] != tag:
        raise NoChallenge
    size, at = data[at + 1], at + 2
    if size & 0x80:
        width = size & 0x7F
        size, at = int.from_bytes(data[at : at + width]), at + width
    if at + size > len(data):
        raise NoChallenge
    return data[at : at + size], at + size


def _read(token: bytes) -> Challenge:
    if token[:8] != SIGNATURE or token[8:12] != b"\2\0\0\0" or len(token) < CHALLENGE_HEAD:
        raise NoChallenge
    size = int.from_bytes(token[40:42], "little")
    start = int.from_bytes(token[44:48], "little")
    if start + size > len(token):
        raise NoChallenge
    names = _names(token[start : start + size])
    digest = hashlib.sha256("\n".join(names).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    build = f"{token[48]}.{token[49]}.{int.from_bytes(token[50:52], 'little')}"
    return Challenge(len(names), digest, build)


def _names(pairs: bytes) -> list[str]:
    found: list[str] = []
    at = 0
    while at + 4 <= len(pairs):
        kind, size = (int.from_bytes(pairs[at + skip : at + skip + 2], "little") for skip in (0, 2))
        if not kind:
            return found
        if at + 4 + size > len(pairs):
            raise NoChallenge
        if kind in NAMES:
            found.append(f"{kind}={pairs[at + 4 : at + 4 + size].decode('utf-16-le')}")
        at += 4 + size
    raise NoChallenge


def asked_for(sock: socket.socket, name: str, left: Left) -> Challenge | None:
    """The challenge, None = the server gives none; what it chose before stands all the same."""
    try:
        return challenged(sock, name, left)
    except (NoChallenge, Ended):
        return None
