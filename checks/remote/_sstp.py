"""SSTP's first exchanges: the HTTP request that opens it, and the call's first message ([MS-SSTP] 2.2, 3.2).

No user is named and nobody logs in: the call is taken back by the very next message.
"""

import ssl
import struct
import time
import uuid
from dataclasses import dataclass

from auditor.api import Dial, Gateway, Unreached
from checks.remote._http import BadHttp, Head, head_of, written
from checks.remote._inside import inside_tls
from checks.remote._wire import (
    ANSWERED,
    CLOSED,
    WRONG_SERVICE,
    Ended,
    Left,
    exactly,
    outcome_of,
    send,
    some,
    within,
)

PATH = "/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/"
ENDLESS = "18446744073709551615"
"""The length of a body that never ends, in the request and in the reply of a server that speaks SSTP."""

VERSION, CONTROL = 0x10, 0x01
CONNECT_REQUEST, CONNECT_ACK, CONNECT_NAK, ABORT = 1, 2, 3, 5
STATUS, BINDING_REQUEST = 2, 4
BINDING_BYTES = 36
MOST_PACKET = 4095
OK = 200


class NotSstp(Exception):  # noqa: N818 - an outcome
    """What came is no control packet of SSTP."""


@dataclass(frozen=True, slots=True)
class Call:
    """What became of it: outcome, milliseconds until TLS stood, and the hashes of the crypto binding.

    `mask` = 1 SHA-1, 2 SHA-256, 3 both; 0 = the server did not take the call, or was not asked to.
    """

    outcome: str
    took_ms: float = 0.0
    mask: int = 0


def packet(kind: int, *attributes: tuple[int, bytes]) -> bytes:
    """A control packet."""
    body = b"".join(struct.pack(">BBH", 0, number, 4 + len(value)) + value for number, value in attributes)
    return struct.pack(">BBHHH", VERSION, CONTROL, 8 + len(body), kind, len(attributes)) + body


def opening(name: str) -> bytes:
    """The request that opens the channel."""
    lines = (
        f"SSTP_DUPLEX_POST {PATH} HTTP/1.1",
        f"SSTPCORRELATIONID: {{{uuid.uuid4()}}}",
        f"Content-Length: {ENDLESS}",
        f"Host: {written(name)}",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii")


def read(body: bytes) -> tuple[int, dict[int, bytes]]:
    """A whole control packet: its type, and its attributes by number (the first of each).

    Raises:
        NotSstp: wrong version or lengths.
    """
    if len(body) < 8:  # noqa: PLR2004 - the fixed part
        raise NotSstp("length")
    version, control, size, kind, count = struct.unpack_from(">BBHHH", body)
    if version != VERSION or control & 1 != CONTROL or size & 0xFFF != len(body):
        raise NotSstp("header")
    found: dict[int, bytes] = {}
    rest = body[8:]
    for _ in range(count):
        length = int.from_bytes(rest[2:4]) & 0xFFF
        if not 4 <= length <= len(rest):  # noqa: PLR2004 - the fixed part
            raise NotSstp("attribute")
        found.setdefault(rest[1], rest[4:length])
        rest = rest[length:]
    if rest:
        raise NotSstp("trailing bytes")
    return kind, found


def call(gateway: Gateway, dial: Dial, wait_s: float, *, all_of_it: bool) -> Call:
    """One connection: TLS, the opening, and with `all_of_it` the call's first message and its taking back."""
    name = gateway.server_name or gateway.host
    try:
        with dial.tcp(gateway.host, gateway.port, wait_s=wait_s) as stream:
            left = within(dial, wait_s)
            began = time.monotonic()
            with inside_tls(stream.sock, name, left) as tls:
                took_ms = (stream.took_s + time.monotonic() - began) * 1000
                send(tls, opening(name), left)
                head = _head(tls, left)
                if head.status != OK or head.headers.get("content-length") != ENDLESS:
                    return Call(WRONG_SERVICE)
                return Call(ANSWERED, took_ms, _mask(tls, head.rest, left) if all_of_it else 0)
    except Unreached as error:
        return Call(outcome_of(error))
    except Ended as end:
        return Call(end.outcome)
    except (BadHttp, NotSstp):
        return Call(WRONG_SERVICE)
    except OSError:  # TLS that ends badly on leaving
        return Call(CLOSED)


def alive(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """The opening alone: its outcome, and the milliseconds until TLS stood (0 unless answered)."""
    heard = call(gateway, dial, wait_s, all_of_it=False)
    return heard.outcome, heard.took_ms


def _head(tls: ssl.SSLSocket, left: Left) -> Head:
    heard = b""
    while (head := head_of(heard)) is None:
        heard += some(tls, 4096, left)
    return head


def _mask(tls: ssl.SSLSocket, early: bytes, left: Left) -> int:
    """The crypto binding's hashes; the call that was asked for is aborted at once."""
    send(tls, packet(CONNECT_REQUEST, (1, b"\x00\x01")), left)
    first = early[:4] + exactly(tls, max(0, 4 - len(early)), left)
    size = int.from_bytes(first[2:4]) & 0xFFF
    if first[0] != VERSION or not 8 <= size <= MOST_PACKET:  # noqa: PLR2004 - the fixed part
        raise NotSstp("header")
    rest = early[4:size]
    kind, attributes = read(first + rest + exactly(tls, size - 4 - len(rest), left))
    send(tls, packet(ABORT, (STATUS, bytes(8))), left)
    binding = attributes.get(BINDING_REQUEST, b"")
    return binding[3] & 3 if kind == CONNECT_ACK and len(binding) == BINDING_BYTES else 0
