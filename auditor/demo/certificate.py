"""The certificate an invented gateway shows: signed by an invented authority, on the day of the sample."""

import base64
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_ISSUED_DAYS_AGO = 300


def leaf(host: str, days_left: int, now: datetime) -> str:
    """The certificate of `host` in Base64 DER, ending `days_left` days after `now`.

    Its keys are made from fixed bytes: they protect nothing, and the same day gives the same certificate.
    """
    own, issuer = (Ed25519PrivateKey.from_private_bytes(bytes([part]) * 32) for part in (1, 2))
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(host))
        .issuer_name(_name("SAMPLE CA"))
        .public_key(own.public_key())
        .serial_number(1)
        .not_valid_before(day - timedelta(days=_ISSUED_DAYS_AGO))
        .not_valid_after(day + timedelta(days=days_left))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(issuer, None)
    )
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode("ascii")


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
