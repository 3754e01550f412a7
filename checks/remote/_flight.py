"""A server's first words up to TLS 1.2, whole: its chain, the issuer's word beside it, its DHE group."""

from collections.abc import Callable, Iterator

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
    for found in _so_far(take):
        if _hello.SERVER_HELLO not in found and found:
            raise _hello.NotTls
        if HELLO_DONE in found:
            return _chain(found.get(_hello.CERTIFICATE, b"")), _staple(found.get(CERTIFICATE_STATUS, b""))
    return (), b""


def _so_far(take: Callable[[int], bytes]) -> Iterator[dict[int, bytes]]:
    """After each record the messages so far, by their types; the end is a refusal, warnings are passed over.

    Raises:
        NotTls: see `first_words`.
    """
    heard = bytearray()
    for _ in range(MOST_RECORDS):
        record = _hello.next_record(take)
        if record.kind == _hello.ALERT:
            if record.body[:1] == bytes([_hello.WARNING]):
                continue
            return
        if record.kind != _hello.HANDSHAKE:
            raise _hello.NotTls
        heard += record.body
        if len(heard) > MOST_BYTES:
            raise _hello.NotTls
        yield dict(_hello.messages(bytes(heard)))
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


def prime_bits(heard: bytes, take: Callable[[int], bytes], *, hinted: bool) -> int | None:
    """The size of the prime that the server chose for DHE (RFC 5246 §7.4.3); None = it cannot be seen.

    `heard` = what came before, the ServerHello's record and any warning ahead of it. `hinted` = a word about
    the shared key comes before the prime (RFC 4279 §3).

    Raises:
        NotTls: see `first_words`.
    """
    rest = heard

    def again(size: int) -> bytes:
        nonlocal rest
        part, rest = rest[:size], rest[size:]
        return part if len(part) == size else part + take(size - len(part))

    for found in _so_far(again):
        if _hello.KEY_EXCHANGE in found:
            return _prime(found[_hello.KEY_EXCHANGE], hinted=hinted)
        if HELLO_DONE in found:
            return None
    return None


def _prime(body: bytes, *, hinted: bool) -> int | None:
    at = 2 + int.from_bytes(body[:2]) if hinted else 0
    size = int.from_bytes(body[at : at + 2])
    prime = body[at + 2 : at + 2 + size]
    return int.from_bytes(prime).bit_length() if size and len(prime) == size else None
