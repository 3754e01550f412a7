"""A throw-away certificate authority and server certificates, good ones and every kind of bad one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

GATEWAY_NAME = "gw.example.lg.jp"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Files:
    """What a server is started with, as PEM: `chain` = its certificate, then what it sends along."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Issuer:
    """A certificate that signs others."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def save(self, path: Path) -> Path:
        """Write the certificate as PEM."""
        path.write_bytes(pem(self.certificate))
        return path


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def days_from_now(days: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def authority(name: str = "Town test authority", by: Issuer | None = None, ends_days: float = 3650) -> Issuer:
    """A root, or an intermediate signed `by` another issuer; it ended `-ends_days` ago where negative."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, by, key, (-30, ends_days)).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    return Issuer(builder.sign(by.key if by else key, hashes.SHA256()), key)


def renewed(of: Issuer, begins_days: float, ends_days: float, by: Issuer | None = None) -> Issuer:
    """Another certificate of the same issuer and key."""
    name, signer = of.certificate.subject, by or of
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(signer.certificate.subject)
        .public_key(of.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(days_from_now(begins_days))
        .not_valid_after(days_from_now(ends_days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    return Issuer(made.sign(signer.key, hashes.SHA256()), of.key)


def issue(
    folder: Path,
    by: Issuer | None,
    *,
    names: Sequence[str] = (GATEWAY_NAME, "127.0.0.1"),
    begins_days: float = -30.0,
    ends_days: float = 200.0,
    key: Key | None = None,
    along: Sequence[Issuer] = (),
    client: bool = False,
) -> Files:
    """A server's or client's certificate signed `by` an issuer (None = by itself), with those it sends along.

    It begins 30 days before its end where `begins_days` would come after that.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
    builder = (
        _builder(names[0] if names else "nobody", by, key, (begins_days, ends_days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_name(each) for each in names]), critical=False
        )
    certificate = _signed(builder, by.key if by else key)
    files = Files(
        folder / f"{certificate.serial_number:x}.crt", folder / f"{certificate.serial_number:x}.key"
    )
    files.chain.write_bytes(pem(certificate) + b"".join(pem(each.certificate) for each in along))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    files.key.chmod(0o600)
    return files


def _builder(
    name: str, by: Issuer | None, key: Key, span_days: tuple[float, float]
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = by.key if by else key
    begins, ends = (days_from_now(days) for days in span_days)
    if ends < begins:
        begins = ends - timedelta(days=30)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )


def _signed(builder: x509.CertificateBuilder, key: Key) -> x509.Certificate:
    """Ed25519 brings its own hash."""
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)
