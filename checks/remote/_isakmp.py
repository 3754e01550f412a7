"""What IKEv1 and IKEv2 share: the header, the chain of payloads, and asking over one UDP conversation.

Layouts: RFC 7296 §3.1-3.2 (the same bytes as RFC 2408 §3.1-3.2). On any port but 500 each message stands
behind four zero bytes (RFC 7296 §2.23), which tell it from ESP.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from auditor.api import Reason, Talk, Unreached

HEADER = struct.Struct(">8s8sBBBBII")
GENERIC = struct.Struct(">BBH")
MARKER = bytes(4)
PLAIN_PORT = 500
TRANSLATED_PORT = 4500
MOST_PAYLOADS = 32
MOST_BYTES = 16 * 1024
STRAYS = 8
SENDS, WAIT_S = 3, 0.8
ENCRYPTED = 0x01  # IKEv1: what follows the header is not for us
RESPONSE = 0x20  # IKEv2


class NotIke(Exception):  # noqa: N818 - an outcome
    """What came is no IKE message, or none that these layouts allow."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: both sides' SPIs (cookies), version, exchange, and its payloads as (type, body)."""

    ours: bytes
    theirs: bytes
    major: int
    exchange: int
    flags: int
    payloads: tuple[tuple[int, bytes], ...]

    def all(self, kind: int) -> tuple[bytes, ...]:
        """The bodies of all payloads of one type, in order."""
        return tuple(body for found, body in self.payloads if found == kind)


def written(
    ours: bytes, theirs: bytes, version: int, exchange: int, flags: int, payloads: list[tuple[int, bytes]]
) -> bytes:
    """A message with identifier 0; `version` is the byte (0x10 or 0x20)."""
    kinds = [kind for kind, _ in payloads]
    body = b"".join(
        GENERIC.pack(follows, 0, GENERIC.size + len(content)) + content
        for (_, content), follows in zip(payloads, [*kinds, 0][1:], strict=True)
    )
    first = kinds[0] if kinds else 0
    return HEADER.pack(ours, theirs, first, version, exchange, flags, 0, HEADER.size + len(body)) + body


def read(datagram: bytes) -> Message:
    """A whole message.

    Raises:
        NotIke: wrong lengths, a chain that does not end where the message does, or too many payloads.
    """
    if not HEADER.size <= len(datagram) <= MOST_BYTES:
        raise NotIke("length")
    ours, theirs, kind, version, exchange, flags, _, size = HEADER.unpack_from(datagram)
    if size != len(datagram) or version >> 4 not in (1, 2):
        raise NotIke("header")
    hidden = version >> 4 == 1 and flags & ENCRYPTED
    payloads = () if hidden else tuple(_chain(kind, datagram[HEADER.size :]))
    return Message(ours, theirs, version >> 4, exchange, flags, payloads)


def _chain(kind: int, rest: bytes) -> Iterator[tuple[int, bytes]]:
    """The payloads; each is at least its own header long, so the chain cannot turn in circles."""
    count = 0
    while kind:
        count += 1
        if len(rest) < GENERIC.size or count > MOST_PAYLOADS:
            raise NotIke("chain")
        follows, _, size = GENERIC.unpack_from(rest)
        if not GENERIC.size <= size <= len(rest):
            raise NotIke("payload")
        yield kind, rest[GENERIC.size : size]
        kind, rest = follows, rest[size:]
    if rest:
        raise NotIke("trailing bytes")


@dataclass(frozen=True, slots=True)
class Line:
    """A conversation on one port; `marked` = each message stands behind the four zero bytes."""

    talk: Talk
    marked: bool

    def say(self, message: bytes) -> None:
        """Send one message and wait for nothing.

        Raises:
            Unreached: as `Talk.send`.
        """
        self.talk.send(MARKER + message if self.marked else message)

    def hear(self, mine: Callable[[Message], bool], wait_s: float) -> Message | None:
        """The next message that is `mine`; a few strays (late answers, other bytes) are passed over."""
        for _ in range(STRAYS):
            datagram = self.talk.receive(wait_s)
            if datagram is None:
                return None
            message = self.taken(datagram)
            if message is not None and mine(message):
                return message
        return None

    def taken(self, datagram: bytes) -> Message | None:
        """A datagram as a message, None = it is none."""
        if self.marked and not datagram.startswith(MARKER):
            return None
        try:
            return read(datagram[len(MARKER) :] if self.marked else datagram)
        except NotIke:
            return None

    def ask(self, message: bytes, mine: Callable[[Message], bool]) -> Message | None:
        """Send, again after silence, until an answer comes that is `mine`; None = silence.

        Raises:
            Unreached: as `Talk.send`.
        """
        for _ in range(SENDS):
            self.say(message)
            if (answer := self.hear(mine, WAIT_S)) is not None:
                return answer
        return None


def opened(line: Line, mine: Callable[[Message], bool]) -> Message:
    """The answer that opened the conversation.

    Raises:
        Unreached: WRONG_SERVICE, what answered does not speak IKE.
    """
    first = line.taken(line.talk.first)
    if first is None or not mine(first):
        raise Unreached(Reason.WRONG_SERVICE, "the answer is no IKE message of ours")
    return first


def marked(port: int) -> bool:
    """True where messages need the marker."""
    return port != PLAIN_PORT


def dressed(port: int, message: bytes) -> bytes:
    """A message as it travels on this port."""
    return MARKER + message if marked(port) else message
