"""SNMP v2c GET and its reply: a request encoder and a limited decoder (RFC 3416, BER as in RFC 3417 §8)."""

from collections.abc import Iterator, Sequence

from auditor.api import Garbled, NotKnown, Reason

Oid = tuple[int, ...]
Value = int | bytes | None
"""A number, a string, or None = the agent has no such value."""

INTEGER, STRING, NULL, OBJECT, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
GET, RESPONSE = 0xA0, 0xA2
COUNTER32, GAUGE32, TIMETICKS = 0x41, 0x42, 0x43
NO_SUCH_OBJECT, NO_SUCH_INSTANCE = 0x80, 0x81
VERSION_2C = 1
MAX_STRING = 255
_UNSIGNED_MOST = 0xFFFF_FFFF
_LONG = 0x80


def request(community: bytes, number: int, oids: Sequence[Oid]) -> bytes:
    """A GET of these objects; `number` (below 2^31) is what its reply must bear."""
    bindings = b"".join(_made(SEQUENCE, _made(OBJECT, _oid(oid)) + _made(NULL, b"")) for oid in oids)
    zero = _integer(0)
    pdu = _made(GET, _integer(number) + zero + zero + _made(SEQUENCE, bindings))
    return _made(SEQUENCE, _integer(VERSION_2C) + _made(STRING, community) + pdu)


def values(body: bytes, community: bytes, number: int, oids: Sequence[Oid]) -> tuple[Value, ...]:
    """The values of a reply, in the order in which they were asked for.

    Raises:
        Garbled: anything but the reply to this request, whole and without a byte more.
        NotKnown: the agent answered with an error.
    """
    version, name, pdu = _members(_only(body, SEQUENCE), INTEGER, STRING, RESPONSE)
    answered, status, _, bindings = _members(pdu, INTEGER, INTEGER, INTEGER, SEQUENCE)
    if _signed(version) != VERSION_2C or name != community or _signed(answered) != number:
        raise Garbled("not the SNMP reply to this request")
    if _signed(status):
        raise NotKnown(Reason.UNREADABLE, f"SNMP error {_signed(status)}")
    rows = [content for _, content in _items(bindings, SEQUENCE)]
    if len(rows) != len(oids):
        raise Garbled("not as many values as were asked for")
    return tuple(_bound(row, oid) for row, oid in zip(rows, oids, strict=True))


def _bound(row: bytes, oid: Oid) -> Value:
    """The value of one binding, which must name the object that was asked for."""
    pair = list(_items(row))
    if len(pair) != 2 or pair[0] != (OBJECT, _oid(oid)):  # noqa: PLR2004 - a name and a value
        raise Garbled("another object than was asked for")
    tag, content = pair[1]
    if tag in (NO_SUCH_OBJECT, NO_SUCH_INSTANCE):
        return None
    if tag == INTEGER:
        return _signed(content)
    if tag in (COUNTER32, GAUGE32, TIMETICKS):
        return _unsigned(content)
    if tag == STRING and len(content) <= MAX_STRING:
        return content
    raise Garbled(f"a value of kind {tag:#04x}")


def _signed(content: bytes) -> int:
    if not 1 <= len(content) <= 4:  # noqa: PLR2004 - Integer32
        raise Garbled("an integer of another length than 1 to 4")
    return int.from_bytes(content, "big", signed=True)


def _unsigned(content: bytes) -> int:
    """A counter, never negative: some agents forget the leading zero above 2^31."""
    value = int.from_bytes(content, "big")
    if not 1 <= len(content) <= 5 or value > _UNSIGNED_MOST:  # noqa: PLR2004 - 32 bits and a zero
        raise Garbled("a counter of more than 32 bits")
    return value


def _members(content: bytes, *tags: int) -> tuple[bytes, ...]:
    rows = list(_items(content))
    if tuple(tag for tag, _ in rows) != tags:
        raise Garbled("not an SNMP v2c reply")
    return tuple(inner for _, inner in rows)


def _only(body: bytes, tag: int) -> bytes:
    (content,) = _members(body, tag)
    return content


def _items(content: bytes, wanted: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each item; nested ones are read only where a caller asks for them."""
    at = 0
    while at < len(content):
        tag = content[at]
        length, at = _length(content, at + 1)
        if at + length > len(content) or (wanted is not None and tag != wanted):
            raise Garbled("cut short, or of another kind")
        yield tag, content[at : at + length]
        at += length


def _length(content: bytes, at: int) -> tuple[int, int]:
    """A definite length of at most two more bytes (no datagram is longer), and where the content begins."""
    if at >= len(content):
        raise Garbled("cut short")
    first = content[at]
    if first < _LONG:
        return first, at + 1
    size = first - _LONG
    if not 1 <= size <= 2 or at + 1 + size > len(content):  # noqa: PLR2004
        raise Garbled("a length that no datagram has")
    return int.from_bytes(content[at + 1 : at + 1 + size], "big"), at + 1 + size


def _made(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < _LONG:
        return bytes([tag, size]) + content
    wide = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG + len(wide)]) + wide + content


def _integer(value: int) -> bytes:
    return _made(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def _oid(oid: Oid) -> bytes:
    return bytes([oid[0] * 40 + oid[1]]) + b"".join(_base128(number) for number in oid[2:])


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))
