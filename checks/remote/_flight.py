"""A server's first words up to TLS 1.2, whole: its chain of certificates, and the issuer's word beside it."""

from collections.abc import Callable

from checks.remote import _hello

CERTIFICATE_STATUS, HELLO_DONE = 22, 14
OCSP = 1
MOST_RECORDS = 64
MOST_BYTES = 256 * 1024
MOST_CHAIN = 20


def first_words(take: Callable[[int], bytes]) -> tuple[tuple[bytes, ...], bytes]:
    """The chain as it was sent (DER, the server's own first) and the OCSP response (b"" = none).

    `take` returns exactly as many bytes as asked for. () = the server refused, or showed no certificate.

    Raises:
        NotTls: anything but TLS, or more of it than any server needs.
    """
    heard = bytearray()
    for _ in range(MOST_RECORDS):
        record = _hello.next_record(take)
        if record.kind == _hello.ALERT:
            if record.body[:1] == bytes([_hello.WARNING]):
                continue
            return (), b""
        if record.kind != _hello.HANDSHAKE:
            raise _hello.NotTls
        heard += record.body
        if len(heard) > MOST_BYTES:
            raise _hello.NotTls
        found = dict(_hello.messages(bytes(heard)))
        if _hello.SERVER_HELLO not in found and found:
            raise _hello.NotTls
        if HELLO_DONE in found:
            return _chain(found.get(_hello.CERTIFICATE, b"")), _staple(found.get(CERTIFICATE_STATUS, b""))
    raise _hello.NotTls


def _chain(body: bytes) -> tuple[bytes, ...]:
    """RFC 5246 §7.4.2: a length in three bytes before all of it, and before each."""
    chain: list[bytes] = []
    at = 3
    while at + 3 <= len(body) and len(chain) < MOST_CHAIN:
        size = int.from_bytes(body[at : at + 3])
        if at + 3 + size > len(body):
            raise _hello.NotTls
        chain.append(body[at + 3 : at + 3 + size])
        at += 3 + size
    return tuple(chain)


def _staple(body: bytes) -> bytes:
    """RFC 6066 §8: type, length in three bytes, response."""
    if len(body) < 4 or body[0] != OCSP:  # noqa: PLR2004 - type and length
        return b""
    return body[4 : 4 + int.from_bytes(body[1:4])]
