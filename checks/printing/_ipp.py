"""Internet Printing Protocol messages: a request encoder and a limited decoder (RFC 8010, RFC 8011)."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from auditor.api import Garbled

Value = str | int | bool | None
Attributes = Mapping[str, tuple[Value, ...]]
Asked = tuple[int, str, Sequence[str | int | bool]]
"""An attribute to send: its value tag, name and values."""

GET_JOBS = 0x000A
CUPS_GET_PRINTERS = 0x4002
OPERATION_GROUP, JOB_GROUP, END, PRINTER_GROUP = 0x01, 0x02, 0x03, 0x04
INTEGER, BOOLEAN, ENUM = 0x21, 0x22, 0x23
TEXT, NAME, KEYWORD, URI, CHARSET, LANGUAGE = 0x41, 0x42, 0x44, 0x45, 0x47, 0x48
TEXT_LANGUAGE, NAME_LANGUAGE, BEGIN_COLLECTION, END_COLLECTION = 0x35, 0x36, 0x34, 0x37
DELIMITERS, OUT_OF_BAND, STRINGS = range(0x10), range(0x10, 0x20), range(0x41, 0x60)
MAX_ATTRIBUTES = 500_000
_HEADER = struct.Struct(">BBHI")
_LENGTH = struct.Struct(">H")


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded reply: `status` per RFC 8011 §4.1.6 (0x0000-0x00ff = successful), groups in order, by tag."""

    status: int
    groups: tuple[tuple[int, Attributes], ...]

    def of(self, tag: int) -> tuple[Attributes, ...]:
        """The groups with this delimiter tag."""
        return tuple(attributes for found, attributes in self.groups if found == tag)


def request(operation: int, number: int, attributes: Sequence[Asked]) -> bytes:
    """An IPP/2.0 request with the two attributes every request begins with, then `attributes`."""
    fixed: list[Asked] = [
        (CHARSET, "attributes-charset", ("utf-8",)),
        (LANGUAGE, "attributes-natural-language", ("en",)),
    ]
    body = b"".join(_encoded(*attribute) for attribute in (*fixed, *attributes))
    return _HEADER.pack(2, 0, operation, number) + bytes([OPERATION_GROUP]) + body + bytes([END])


def _encoded(tag: int, name: str, values: Sequence[str | int | bool]) -> bytes:
    parts: list[bytes] = []
    for index, value in enumerate(values):
        key = name.encode("ascii") if index == 0 else b""
        match value:
            case bool():
                raw = bytes([value])
            case int():
                raw = struct.pack(">i", value)
            case _:
                raw = value.encode("utf-8")
        parts.append(bytes([tag]) + _LENGTH.pack(len(key)) + key + _LENGTH.pack(len(raw)) + raw)
    return b"".join(parts)


def decode(body: bytes, number: int) -> Message:
    """Read a reply to request `number`.

    Raises:
        Garbled: not IPP, another request's reply, cut short, text that is not UTF-8, too many attributes.
    """
    if len(body) < _HEADER.size + 1:
        raise Garbled("shorter than an IPP header")
    major, _, status, answered = _HEADER.unpack_from(body)
    if major not in (1, 2) or answered != number:
        raise Garbled("not the IPP reply to this request")
    groups: list[tuple[int, dict[str, list[Value]]]] = []
    name = ""
    depth = 0
    for tag, key, raw in _items(body):
        if tag in DELIMITERS:
            groups.append((tag, {}))
            name, depth = "", 0
        elif tag in (BEGIN_COLLECTION, END_COLLECTION):
            depth += 1 if tag == BEGIN_COLLECTION else -1
            name = key or name
        elif not depth:  # collections hold nothing that is judged
            name = key or name
            _add(groups, name, _value(tag, raw))
    return Message(
        status, tuple((tag, {key: tuple(row) for key, row in rows.items()}) for tag, rows in groups)
    )


def _add(groups: list[tuple[int, dict[str, list[Value]]]], name: str, value: Value) -> None:
    """Add a value to the newest group. CUPS sends a default twice where driver and administrator differ."""
    if not groups or not name:
        raise Garbled("an attribute outside of a group")
    groups[-1][1].setdefault(name, []).append(value)


def _items(body: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Tag, name and value of each item; delimiters have neither name nor value."""
    at = _HEADER.size
    for _ in range(MAX_ATTRIBUTES):
        if at >= len(body):
            raise Garbled("no end of attributes")
        tag = body[at]
        at += 1
        if tag == END:
            return
        if tag in DELIMITERS:
            yield tag, "", b""
            continue
        key, at = _chunk(body, at)
        raw, at = _chunk(body, at)
        yield tag, key.decode("ascii", "replace"), raw
    raise Garbled(f"more than {MAX_ATTRIBUTES} attributes")


def _chunk(body: bytes, at: int) -> tuple[bytes, int]:
    if at + 2 > len(body):
        raise Garbled("cut short")
    (length,) = _LENGTH.unpack_from(body, at)
    end = at + 2 + length
    if end > len(body):
        raise Garbled("cut short")
    return body[at + 2 : end], end


def _value(tag: int, raw: bytes) -> Value:
    """A value as Python; None for out-of-band values and for kinds that nothing here reads."""
    if tag in OUT_OF_BAND:
        return None
    if tag in (INTEGER, ENUM):
        if len(raw) != 4:  # noqa: PLR2004 - RFC 8010 §3.9
            raise Garbled("an integer of another length than 4")
        return int.from_bytes(raw, "big", signed=True)
    if tag == BOOLEAN:
        if raw not in (b"\0", b"\1"):
            raise Garbled("a boolean that is neither 0 nor 1")
        return raw == b"\1"
    if tag in (TEXT_LANGUAGE, NAME_LANGUAGE):
        _, at = _chunk(raw, 0)
        raw, _ = _chunk(raw, at)
    elif tag not in STRINGS:
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Garbled("text that is not UTF-8") from None
