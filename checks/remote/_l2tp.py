"""L2TP's first exchange: a request for a control connection, its answer, and a polite end (RFC 2661).

Layouts: the header of §3.1, attribute-value pairs of §4.1, the messages of §6.1, 6.2 and 6.4. No session is
opened and nobody logs in: the tunnel that a reply opens is ended by the very next message.
"""

import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.api import Dial, Gateway, Talk, Unreached
from checks.remote import _ike
from checks.remote._isakmp import PLAIN_PORT
from checks.remote._wire import ANSWERED, SILENT, WRONG_SERVICE, outcome_of

PORT = 1701
CONTROL = 0xC802  # control message, with length and sequence numbers, version 2
HEADER = struct.Struct(">HHHHHH")
MANDATORY = 0x8000
MOST_BYTES = 4096
REQUEST, REPLY, STOP = 1, 2, 4
MESSAGE, RESULT, PROTOCOL, FRAMING, FIRMWARE, HOST, VENDOR, TUNNEL, WINDOW = 0, 1, 2, 3, 6, 7, 8, 9, 10
SHUTTING_DOWN = 6
OWN_NAME = b"telework-auditor"


class NotL2tp(Exception):  # noqa: N818 - an outcome
    """What came is no control message of L2TP."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control message: to which tunnel, its number, and its attributes by type (the first of each)."""

    tunnel: int
    number: int
    attributes: dict[int, bytes]

    @property
    def kind(self) -> int:
        """The message's type, 0 = a bare acknowledgement."""
        return int.from_bytes(self.attributes.get(MESSAGE, b""))


def message(tunnel: int, number: int, heard: int, *pairs: tuple[int, bytes]) -> bytes:
    """A control message; `heard` = the number expected next from the other side."""
    body = b"".join(struct.pack(">HHH", MANDATORY | 6 + len(value), 0, kind) + value for kind, value in pairs)
    return HEADER.pack(CONTROL, HEADER.size + len(body), tunnel, 0, number, heard) + body


def request(tunnel: int) -> bytes:
    """SCCRQ: our tunnel's number, and nothing that a server would have to remember of us."""
    return message(
        0,
        0,
        0,
        (MESSAGE, struct.pack(">H", REQUEST)),
        (PROTOCOL, b"\x01\x00"),
        (FRAMING, struct.pack(">I", 3)),
        (HOST, OWN_NAME),
        (TUNNEL, struct.pack(">H", tunnel)),
        (WINDOW, struct.pack(">H", 4)),
    )


def stop(theirs: int, ours: int, number: int) -> bytes:
    """StopCCN: the requester is shutting the tunnel down."""
    return message(
        theirs,
        number,
        1,
        (MESSAGE, struct.pack(">H", STOP)),
        (TUNNEL, struct.pack(">H", ours)),
        (RESULT, struct.pack(">H", SHUTTING_DOWN)),
    )


def read(datagram: bytes) -> Control:
    """A whole control message.

    Raises:
        NotL2tp: wrong flags or lengths, or a pair that does not fit.
    """
    if not HEADER.size <= len(datagram) <= MOST_BYTES:
        raise NotL2tp("length")
    flags, size, tunnel, _, number, _ = HEADER.unpack_from(datagram)
    if flags != CONTROL or size != len(datagram):
        raise NotL2tp("header")
    found: dict[int, bytes] = {}
    for kind, value in _pairs(datagram[HEADER.size :]):
        found.setdefault(kind, value)
    return Control(tunnel, number, found)


def _pairs(rest: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of the standard itself; a vendor's own and hidden ones are passed over."""
    while rest:
        size = int.from_bytes(rest[:2]) & 0x3FF
        if not 6 <= size <= len(rest):  # noqa: PLR2004 - the fixed part
            raise NotL2tp("pair")
        vendor, kind = int.from_bytes(rest[2:4]), int.from_bytes(rest[4:6])
        if vendor == 0 and not rest[0] & 0x40:
            yield kind, rest[6:size]
        rest = rest[size:]


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one request: outcome, milliseconds, what the reply says of the device ("" = nothing).

    `opened` = a tunnel was opened (and ended again by us), `declined` = it was refused in L2TP's own words.
    """

    outcome: str
    took_ms: float = 0.0
    opened: bool = False
    declined: bool = False
    host: str = ""
    vendor: str = ""
    firmware: str = ""


def ask(gateway: Gateway, dial: Dial, wait_s: float) -> Heard:
    """One request, and the polite end of what it opened."""
    ours = secrets.randbelow(0xFFFF) + 1
    try:
        with dial.talk(gateway.host, gateway.port, request(ours), attempts=3, wait_s=wait_s / 3) as talk:
            return _understood(talk, ours)
    except Unreached as error:
        return Heard(outcome_of(error))


def alive(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """Staff come through IPsec: its answer is the proof; only without one is L2TP itself asked."""
    outcome, took_ms = guard(gateway, dial, wait_s / 2)
    if outcome == ANSWERED:
        return outcome, took_ms
    heard = ask(gateway, dial, wait_s / 2)
    return heard.outcome, heard.took_ms


def guard(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """What the IKE beside L2TP says; silent where L2TP is not on its own port, because then none is known."""
    if gateway.port != PORT:
        return SILENT, 0.0
    return _ike.knocked(gateway.host, PLAIN_PORT, dial, wait_s)


def _understood(talk: Talk, ours: int) -> Heard:
    try:
        first = read(talk.first)
    except NotL2tp:
        return Heard(WRONG_SERVICE)
    theirs = int.from_bytes(first.attributes.get(TUNNEL, b""))
    if first.tunnel != ours or first.kind not in (REPLY, STOP, 0):
        return Heard(WRONG_SERVICE)
    took_ms = talk.took_s * 1000
    if first.kind != REPLY or not theirs:
        return Heard(ANSWERED, took_ms, declined=first.kind == STOP)
    talk.send(stop(theirs, ours, 1))
    talk.receive(0.2)  # its acknowledgement; we go either way
    found = first.attributes
    firmware = found.get(FIRMWARE, b"")
    return Heard(
        ANSWERED,
        took_ms,
        opened=True,
        host=_shown(found.get(HOST, b"")),
        vendor=_shown(found.get(VENDOR, b"")),
        firmware=f"0x{int.from_bytes(firmware):04x}" if len(firmware) == 2 else "",  # noqa: PLR2004 - u16
    )


def _shown(value: bytes) -> str:
    """A device's own words as printable ASCII, at most 64 letters."""
    return "".join(letter for letter in value[:64].decode("latin-1") if " " <= letter <= "~")
