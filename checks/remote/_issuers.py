"""By whom a certificate is trusted, and for how long each of them is: the path that OpenSSL went.

`ssl` tells the path publicly from Python 3.13; 3.11 and 3.12, which get no new ways any more, have it one
step below.
"""

import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from checks.remote._leaf import UNREADABLE


def issuers_in(tls: ssl.SSLObject, how: ssl.SSLContext) -> tuple[bytes, ...] | None:
    """The issuers of the path, the root last (DER); None = this Python does not tell.

    What a server sends is not that: it may send issuers that nobody needs, and leaves the root out. Where an
    issuer has been renewed with the same key, the one that lasts longest stands for all: once the other has
    ended, that is the path that OpenSSL and browsers go. It has to be signed by the path's next issuer, or
    be a root that we trust: anybody can write an issuer's name and key into a certificate.
    """
    path = _told(tls, "get_verified_chain")
    if path is None:
        return None
    sent, ours = _told(tls, "get_unverified_chain") or (), tuple(how.get_ca_certs(binary_form=True))
    return tuple(
        _lasting(der, above, (*sent, *ours) if above else ours)
        for der, above in zip_longest(path[1:], path[2:])
    )


def _told(tls: ssl.SSLObject, which: str) -> tuple[bytes, ...] | None:
    tell = getattr(getattr(tls, "_sslobj", None), which, None)
    found: Any = tell() if tell is not None else None
    return tuple(ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in found) if found else None


def _lasting(der: bytes, above: bytes | None, others: Sequence[bytes]) -> bytes:
    """Of this issuer and what takes its place the certificate that ends last; `above` None = it is a root."""
    issuer, now = x509.load_der_x509_certificate(der), datetime.now(UTC)
    found = [(issuer.not_valid_after_utc, der)]
    for other in others:
        with suppress(*UNREADABLE, InvalidSignature):  # one that cannot be read stands for nobody
            read = x509.load_der_x509_certificate(other)
            if read.subject == issuer.subject and read.not_valid_before_utc <= now and _same(read, issuer):
                by = x509.load_der_x509_certificate(above) if above is not None else read
                read.verify_directly_issued_by(by)
                found.append((read.not_valid_after_utc, other))
    return max(found)[1]


def _same(one: x509.Certificate, other: x509.Certificate) -> bool:
    """The same key, and the same right to issue."""
    same_key: bool = one.public_key() == other.public_key()
    return same_key and _may_issue(one) == _may_issue(other)


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False
