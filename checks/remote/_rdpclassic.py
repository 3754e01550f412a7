"""RDP's old security: how strongly the server would encrypt without TLS, from its basic settings.

The exchange stops before any key or user is sent. [MS-RDPBCGR] 2.2.1.3 (client), 2.2.1.4.3 (the server's
security data); ITU-T T.125 (BER) around ITU-T T.124 (PER) around the settings.
"""

import socket
from dataclasses import dataclass

from checks.remote._rdpwire import NotRdp, packed, unpacked
from checks.remote._wire import CLOSED, SILENT, WRONG_SERVICE, Ended, Left, send

TOLD, DROPPED = "told", "dropped"

EVERY_METHOD = 0x1 | 0x2 | 0x8 | 0x10  # 40, 128, 56 bits, FIPS
CLIENT_NAME = "telework-audit"
DATA = b"\x02\xf0\x80"
RESPONSE_TAG = b"\x7f\x66"
DISCONNECT = 8
"""Disconnect provider ultimatum of T.125, the upper six bits of its first byte."""
ENUMERATED, INTEGER, OCTETS, SEQUENCE = 0x0A, 0x02, 0x04, 0x30
SERVER_SECURITY = 0x0C02
CONFERENCE = b"\x00\x05\x00\x14\x7c\x00\x01"  # T.124's object identifier
SERVER_KEY = b"McDn"
RESPONSE_FIXED = 9
"""T.124's ConnectGCCPDU choice, node, tag, result and user data choice before the server's key."""


class Dropped(Exception):  # noqa: N818 - an outcome
    """The server answered the settings with the end of the session."""


@dataclass(frozen=True, slots=True)
class Classic:
    """`method` = 0 none, 1 40-bit, 2 128-bit, 8 56-bit, 16 FIPS; `level` = 0 none … 4 FIPS."""

    method: int
    level: int


def connect_initial() -> bytes:
    """The client's basic settings, which offer every kind of the old encryption."""
    name = CLIENT_NAME.encode("utf-16-le")
    core = b"".join(
        (
            *(_le(0x00080004, 4), _le(1024, 2), _le(768, 2), _le(0xCA01, 2), _le(0xAA03, 2), _le(0x411, 4)),
            *(_le(2600, 4), name + bytes(32 - len(name)), _le(4, 4), _le(0, 4), _le(12, 4), bytes(64)),
            *(_le(0xCA01, 2), _le(1, 2), _le(0, 4), _le(16, 2), _le(7, 2), _le(1, 2), bytes(64)),
            *(bytes(2), _le(0, 4)),
        )
    )
    blocks = _block(0xC001, core) + _block(0xC002, _le(EVERY_METHOD, 4) + _le(0, 4))
    inner = b"\x00\x08\x00\x10\x00\x01\xc0\x00Duca" + _per(len(blocks)) + blocks
    user = CONFERENCE + _per(len(inner)) + inner
    body = (
        *(b"\x04\x01\x01\x04\x01\x01\x01\x01\xff", _domain(34, 2, 0, 1, 0, 1, 0xFFFF, 2)),
        *(_domain(1, 1, 1, 1, 0, 1, 0x420, 2), _domain(0xFFFF, 0xFC17, 0xFFFF, 1, 0, 1, 0xFFFF, 2)),
        _ber(OCTETS, user),
    )
    return packed(DATA + b"\x7f\x65" + _long(b"".join(body)))


def _le(value: int, width: int) -> bytes:
    return value.to_bytes(width, "little")


def _block(kind: int, body: bytes) -> bytes:
    return _le(kind, 2) + _le(len(body) + 4, 2) + body


def _per(size: int) -> bytes:
    return (0x8000 | size).to_bytes(2)


def _long(body: bytes) -> bytes:
    return b"\x82" + len(body).to_bytes(2) + body


def _ber(tag: int, body: bytes) -> bytes:
    return bytes([tag]) + _long(body)


def _domain(*values: int) -> bytes:
    numbers = b"".join(bytes([INTEGER, 2]) + value.to_bytes(2) for value in values[:-1])
    body = numbers.replace(b"\x02\x02\x00", b"\x02\x01") + bytes([INTEGER, 1, values[-1]])
    return bytes([SEQUENCE, len(body)]) + body


def classic_in(content: bytes) -> Classic:
    """The server's security settings in its connect response (a TPKT's content).

    Raises:
        Dropped: it ends the session in words.
        NotRdp: anything else.
    """
    if content[:3] == DATA and len(content) == len(DATA) + 2 and content[3] >> 2 == DISCONNECT:
        raise Dropped
    try:
        return _classic(content)
    except IndexError:
        raise NotRdp from None


def _classic(content: bytes) -> Classic:
    if content[:3] != DATA or content[3:5] != RESPONSE_TAG:
        raise NotRdp
    body, _ = _sized(content, 5)
    result, at = _element(body, 0, ENUMERATED)
    _, at = _element(body, at, INTEGER)
    _, at = _element(body, at, SEQUENCE)
    user, _ = _element(body, at, OCTETS)
    if result != b"\0" or not user.startswith(CONFERENCE):
        raise NotRdp
    _, at = _counted(user, len(CONFERENCE))
    at += RESPONSE_FIXED
    if user[at : at + 4] != SERVER_KEY:
        raise NotRdp
    size, at = _counted(user, at + 4)
    return _security(user[at : at + size])


def _sized(data: bytes, at: int) -> tuple[bytes, int]:
    """What stands behind a BER length, and where it ends."""
    size, at = data[at], at + 1
    if size & 0x80:
        width = size & 0x7F
        size, at = int.from_bytes(data[at : at + width]), at + width
    if at + size > len(data):
        raise NotRdp
    return data[at : at + size], at + size


def _element(data: bytes, at: int, tag: int) -> tuple[bytes, int]:
    if data[at] != tag:
        raise NotRdp
    return _sized(data, at + 1)


def _counted(data: bytes, at: int) -> tuple[int, int]:
    """A PER length of one or two bytes, and where it ends."""
    if data[at] & 0x80:
        return (data[at] & 0x7F) << 8 | data[at + 1], at + 2
    return data[at], at + 1


def _security(blocks: bytes) -> Classic:
    at = 0
    while at + 4 <= len(blocks):
        kind, size = (int.from_bytes(blocks[at + skip : at + skip + 2], "little") for skip in (0, 2))
        if size < 4 or at + size > len(blocks):  # noqa: PLR2004 - kind and size themselves
            raise NotRdp
        if kind == SERVER_SECURITY and size >= 12:  # noqa: PLR2004 - method and level behind them
            return Classic(
                int.from_bytes(blocks[at + 4 : at + 8], "little"),
                int.from_bytes(blocks[at + 8 : at + 12], "little"),
            )
        at += size
    raise NotRdp


def settings_of(sock: socket.socket, left: Left) -> tuple[str, Classic | None]:
    """Send ours after a confirm: how they were taken, and what was told (None unless that is `TOLD`)."""
    try:
        send(sock, connect_initial(), left)
        return TOLD, classic_in(unpacked(sock, left))
    except Dropped:
        return DROPPED, None
    except Ended as end:
        return (DROPPED if end.outcome == CLOSED else SILENT), None
    except NotRdp:
        return WRONG_SERVICE, None
