"""By whom a certificate is trusted, and for how long each of them is: the path that OpenSSL went.

`ssl` tells the path publicly from Python 3.13; 3.11 and 3.12, which get no new ways any more, have it one
step below.
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from checks.remote._leaf import UNREADABLE

Bearer = tuple[bytes, bytes]
"""A subject and its key (DER): certificates of one bearer take each other's place in a path."""


def issuers_in(tls: ssl.SSLObject, how: ssl.SSLContext) -> tuple[bytes, ...] | None:
    """The issuers of the path, the root last (DER); None = this Python does not tell.

    What a server sends is not that: it may send issuers that nobody needs, and leaves the root out. Where an
    issuer has been renewed with the same key, the one that lasts longest stands for all: once the other has
    ended, that is the path that OpenSSL and browsers go.
    """
    path = _told(tls, "get_verified_chain")
    if path is None:
        return None
    sent = _told(tls, "get_unverified_chain") or ()
    known = {**_lasting(sent)}
    for bearer, der in _anchors(how).items():
        known[bearer] = max((known.get(bearer, der), der), key=_end)
    return tuple(_longest(der, known) for der in path[1:])


def _told(tls: ssl.SSLObject, which: str) -> tuple[bytes, ...] | None:
    tell = getattr(getattr(tls, "_sslobj", None), which, None)
    found: Any = tell() if tell is not None else None
    return tuple(ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in found) if found else None


@lru_cache(maxsize=64)
def _anchors(how: ssl.SSLContext) -> Mapping[Bearer, bytes]:
    return _lasting(tuple(how.get_ca_certs(binary_form=True)))


def _lasting(certificates: tuple[bytes, ...]) -> dict[Bearer, bytes]:
    """Of each bearer the certificate that ends last, of those that have begun."""
    found: dict[Bearer, bytes] = {}
    for der in certificates:
        for bearer, read in _read(der):
            if read.not_valid_before_utc <= datetime.now(UTC):
                found[bearer] = max((found.get(bearer, der), der), key=_end)
    return found


def _longest(der: bytes, known: Mapping[Bearer, bytes]) -> bytes:
    for bearer, _ in _read(der):
        return max((der, known.get(bearer, der)), key=_end)
    return der


def _read(der: bytes) -> Iterator[tuple[Bearer, x509.Certificate]]:
    """Nothing for one whose key we cannot read: it stands for itself."""
    with suppress(*UNREADABLE):
        read = x509.load_der_x509_certificate(der)
        key = read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        yield (read.subject.public_bytes(), key), read


def _end(der: bytes) -> datetime:
    return x509.load_der_x509_certificate(der).not_valid_after_utc
