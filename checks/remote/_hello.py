"""TLS spoken by hand as far as its clear part goes: one ClientHello per version, and what answers it.

Python's ssl cannot do this: OpenSSL 3 may be built or configured unable to offer TLS 1.0 and 1.1, and "we
could not offer it" must never read as "the server refused it". RFC 8446 §4.1, RFC 5246 §7.4.
"""

import ipaddress
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from checks.remote import _suites

VERSIONS = {"1.0": 0x0301, "1.1": 0x0302, "1.2": 0x0303, "1.3": 0x0304}
SSL_3 = 0x0300
RENEGOTIATION = 0x00FF  # RFC 5746 §3.3
ALERT, HANDSHAKE = 21, 22
SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE, CERTIFICATE_REQUEST = 2, 11, 12, 13
SIGNED_ASKING = [2, 11, 12, 13, 14]
"""ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone (RFC 5246 §7.3)."""
MOST_RECORD = 16384 + 2048
MOST_MESSAGE = 128 * 1024
MOST_RECORDS = 8
CLOSE_NOTIFY, WARNING = 0, 1
SUPPORTED_VERSIONS = 43

_GROUPS = (0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x11EC, 0x0100, 0x0101, 0x0102, 0x0016, 0x000E)
_SIGNATURES = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B),
    *(0x0401, 0x0501, 0x0601, 0x0301, 0x0303, 0x0402, 0x0502, 0x0602, 0x0203, 0x0201, 0x0202),
)


class NotTls(Exception):  # noqa: N818 - a finding about the other side
    """What arrives is not TLS."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: content type and bytes."""

    kind: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What answers a ClientHello: version and suite chosen, or the fatal alert's number (else None)."""

    version: int | None
    alert: int | None
    suite: int | None = None


def client_hello(version: int, name: str, suites: Sequence[int] = (), *, staple: bool = False) -> bytes:
    """The record of a ClientHello that offers exactly `version`; an address is not sent as server name.

    `suites` () = what servers of the last twenty-five years may want, so that a refusal is about the version.
    `staple` = the server may send what the issuer says of its certificate (RFC 6066 §8).
    """
    modern = version == VERSIONS["1.3"]
    wanted = tuple(suites) or _suites.offered(usual=True, modern=modern)
    body = (
        min(version, VERSIONS["1.2"]).to_bytes(2)
        + secrets.token_bytes(32)
        + _block(1, secrets.token_bytes(32) if modern else b"")
        + _block(2, _words(wanted if modern else (*wanted, RENEGOTIATION)))
        + b"\1\0"
    )
    if version > SSL_3:  # it knows no extensions
        body += _block(2, _extensions(version, name, staple=staple))
    record_version = min(version, VERSIONS["1.0"])
    return bytes([HANDSHAKE]) + record_version.to_bytes(2) + _block(2, b"\1" + _block(3, body))


def _extensions(version: int, name: str, *, staple: bool) -> bytes:
    made = [_extension(10, _block(2, _words(_GROUPS))), _extension(11, b"\1\0")]
    if not _is_address(name):
        made.insert(0, _extension(0, _block(2, b"\0" + _block(2, name.encode("idna").rstrip(b".")))))
    if staple:
        made.append(_extension(5, b"\1\0\0\0\0"))
    if version >= VERSIONS["1.2"]:
        made.append(_extension(13, _block(2, _words(_SIGNATURES))))
    if version == VERSIONS["1.3"]:
        share = _words((0x001D,)) + _block(2, secrets.token_bytes(32))
        made += [
            _extension(SUPPORTED_VERSIONS, _block(1, _words((version,)))),
            _extension(51, _block(2, share)),
        ]
    return b"".join(made)


def _block(width: int, body: bytes) -> bytes:
    return len(body).to_bytes(width) + body


def _words(values: tuple[int, ...]) -> bytes:
    return b"".join(value.to_bytes(2) for value in values)


def _extension(number: int, body: bytes) -> bytes:
    return number.to_bytes(2) + _block(2, body)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def reply_to_hello(take: Callable[[int], bytes]) -> Reply:
    """Read until the server chose or refused; `take` returns exactly as many bytes as asked for.

    Warnings (an unknown name) are passed over, as a client would.

    Raises:
        NotTls: anything but TLS records with a ServerHello or an alert in them.
    """
    heard = bytearray()
    for _ in range(MOST_RECORDS):
        record = next_record(take)
        if record.kind == ALERT and len(record.body) == 2:  # noqa: PLR2004 - level and description
            level, number = record.body
            if level == WARNING and number != CLOSE_NOTIFY:
                continue
            return Reply(None, number)
        if record.kind != HANDSHAKE:
            raise NotTls
        heard += record.body
        for kind, body in messages(bytes(heard)):
            if kind != SERVER_HELLO:
                raise NotTls
            return _chosen(body)
    raise NotTls


def next_record(take: Callable[[int], bytes]) -> Record:
    """The next record.

    Raises:
        NotTls: its head is not one, or it is longer than allowed.
    """
    head = take(1)
    if head[0] not in (20, ALERT, HANDSHAKE, 23):
        raise NotTls
    head += take(4)
    size = int.from_bytes(head[3:])
    if head[1] != 3 or not 0 < size <= MOST_RECORD:  # noqa: PLR2004 - every TLS version is 3.x
        raise NotTls
    return Record(head[0], take(size))


def messages(heard: bytes) -> Iterator[tuple[int, bytes]]:
    """The whole handshake messages in clear handshake bytes: type and body.

    Raises:
        NotTls: one claims to be longer than any server needs.
    """
    at = 0
    while at + 4 <= len(heard):
        size = int.from_bytes(heard[at + 1 : at + 4])
        if size > MOST_MESSAGE:
            raise NotTls
        if at + 4 + size > len(heard):
            return
        yield heard[at], heard[at + 4 : at + 4 + size]
        at += 4 + size


def _chosen(body: bytes) -> Reply:
    """What a ServerHello chose; the version by its supported_versions where it has one."""
    if len(body) < 38 or body[34] > 32:  # noqa: PLR2004 - version 2, random 32, session, suite 2, compression 1
        raise NotTls
    chosen = int.from_bytes(body[:2])
    at = 35 + body[34] + 3
    end = at + 2 + int.from_bytes(body[at : at + 2])
    at += 2
    while at + 4 <= min(end, len(body)):
        size = int.from_bytes(body[at + 2 : at + 4])
        if int.from_bytes(body[at : at + 2]) == SUPPORTED_VERSIONS and size == 2:  # noqa: PLR2004 - one version
            chosen = int.from_bytes(body[at + 4 : at + 6])
        at += 4 + size
    return Reply(chosen, None, int.from_bytes(body[35 + body[34] : 37 + body[34]]))


def leaf_in(stream: bytes) -> bytes:
    """The server's own certificate (DER) from the clear start of what it sent; b"" = there is none to see.

    Up to TLS 1.2 the Certificate message is clear, even where the handshake then fails for want of a client
    certificate.
    """
    return _first_certificate(_clear(stream))


def kinds_in(stream: bytes) -> list[int]:
    """The types of the handshake messages in the clear start of what a server sent; [] = there are none."""
    try:
        return [kind for kind, _ in messages(_clear(stream))]
    except NotTls:
        return []


def signed_leaf(stream: bytes) -> bytes:
    """`leaf_in`, where the server also signed its part of the key exchange and asked for our certificate.

    Exactly those messages and no more: a ServerHello alone may be a HelloRetryRequest, and without a
    ServerKeyExchange (RSA key exchange) whoever copied the certificate can send it. b"" = anything else.
    """
    heard = _clear(stream)
    try:
        kinds = [kind for kind, _ in messages(heard)]
    except NotTls:
        return b""
    return _first_certificate(heard) if kinds == SIGNED_ASKING else b""


def _clear(stream: bytes) -> bytes:
    """The handshake bytes of the records up to the first of another kind."""
    rest = memoryview(stream)

    def take(size: int) -> bytes:
        nonlocal rest
        if len(rest) < size:
            raise NotTls
        part, rest = bytes(rest[:size]), rest[size:]
        return part

    heard = bytearray()
    try:
        while rest:
            record = next_record(take)
            if record.kind != HANDSHAKE:
                break
            heard += record.body
    except NotTls:
        pass  # the last record is cut off; what came before it counts
    return bytes(heard)


def _first_certificate(heard: bytes) -> bytes:
    try:
        for kind, body in messages(heard):
            if kind == CERTIFICATE:
                size = int.from_bytes(body[3:6])
                return body[6 : 6 + size] if len(body) >= 6 + size else b""
    except NotTls:
        return b""
    return b""
