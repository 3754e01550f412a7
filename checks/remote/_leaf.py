"""What a certificate says of itself: names, key, signature."""

import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

WEAK_HASHES = ("md5", "sha1")
UNREADABLE = (
    *(ValueError, TypeError, OverflowError, UnsupportedAlgorithm),
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
)
"""What the library raises for a certificate (or text) that is not one."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key: `kind` is rsa, ec, ed25519, ed448 or other; `bits` its size, 0 for other."""

    kind: str
    bits: int


def names_of(read: x509.Certificate) -> tuple[str, ...]:
    """The subject alternative names; the subject's common name counts no more (RFC 9525 §2)."""
    try:
        found = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = [name.lower().rstrip(".") for name in found.get_values_for_type(x509.DNSName)]
    hosts = [name for name in hosts if not _is_address(name)]  # an address counts as iPAddress only
    return (*hosts, *(str(address) for address in found.get_values_for_type(x509.IPAddress)))


def common_name_of(read: x509.Certificate) -> str:
    """The subject's common name, "" = none or several."""
    found = read.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if len(found) == 1 else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def key_of(read: x509.Certificate) -> Key:
    """The public key's kind and size."""
    try:
        public = read.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return Key("other", 0)
    match public:
        case rsa.RSAPublicKey():
            return Key("rsa", public.key_size)
        case ec.EllipticCurvePublicKey():
            return Key("ec", public.curve.key_size)
        case ed25519.Ed25519PublicKey():
            return Key("ed25519", 256)
        case ed448.Ed448PublicKey():
            return Key("ed448", 448)
        case _:
            return Key("other", 0)


def weak_hash_of(read: x509.Certificate) -> str:
    """The name of a hash that is given up for signatures, "" = none (or one without a hash of its own)."""
    used = read.signature_hash_algorithm
    return used.name if used is not None and used.name in WEAK_HASHES else ""


def bears(names: tuple[str, ...], wanted: str) -> bool:
    """True when one of the names is `wanted`; "*" stands for exactly one leftmost label (RFC 9525 §6.3)."""
    try:
        return str(ipaddress.ip_address(wanted)) in names
    except ValueError:
        host = wanted.lower().rstrip(".")
    parent = host.partition(".")[2]
    return host in names or ("." in parent and f"*.{parent}" in names)
