"""Signatures made by ``ssh-keygen -Y sign``, read and verified.

The format is OpenSSH's (PROTOCOL.sshsig): an armored blob that carries the public key, the namespace, a hash
name and a signature over ``SSHSIG`` || namespace || reserved || hash name || H(message). The key in it proves
nothing by itself: `auditor.arrivals.signers` says which keys the town trusts.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.access.hostkeys import HostKey
from auditor.errors import Garbled

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

MAX_ARMOR = 16 * 1024
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 16_384
MAGIC = b"SSHSIG"
VERSION = 1
RSA_HASHES = {"rsa-sha2-256": "SHA256", "rsa-sha2-512": "SHA512"}
EC_HASHES = {
    "ecdsa-sha2-nistp256": "SHA256",
    "ecdsa-sha2-nistp384": "SHA384",
    "ecdsa-sha2-nistp521": "SHA512",
}
KEY_TYPES = ("ssh-ed25519", "ssh-rsa", *EC_HASHES)
"""Kinds of keys whose signatures are verified; DSA, certificates and hardware (sk-) keys are not."""

_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_HASHES = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
_TYPE = re.compile(rb"[a-z0-9][a-z0-9@.-]{2,60}")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as it was written; nothing about it is proved yet."""

    key: HostKey
    namespace: str
    hash: str
    algorithm: str
    blob: bytes


@dataclass(slots=True)
class _Wire:
    """Reads SSH wire types (RFC 4251 §5) from bytes that may lie about their lengths."""

    rest: bytes

    def take(self, length: int) -> bytes:
        if length > len(self.rest):
            raise Garbled("signature: cut short")
        taken, self.rest = self.rest[:length], self.rest[length:]
        return taken

    def uint32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.uint32())

    def natural(self) -> int:
        """A positive mpint in its shortest form (RFC 4251 §5)."""
        body = self.string()
        if not body or body[0] & 0x80 or (body[0] == 0 and (len(body) == 1 or not body[1] & 0x80)):
            raise Garbled("signature: a number that is not positive or not in its shortest form")
        return int.from_bytes(body, "big")

    def end(self) -> None:
        if self.rest:
            raise Garbled("signature: something follows its end")


def read_signature(armored: str) -> Signature:
    """The signature in an armored text; its lines may end in LF or CRLF.

    Raises:
        Garbled: not the armor, not Base64, another version, a reserved field that is used, wrong lengths,
            anything after the end.
    """
    wire = _Wire(_dearmored(armored))
    if wire.take(len(MAGIC)) != MAGIC:
        raise Garbled("signature: not SSHSIG")
    if (version := wire.uint32()) != VERSION:
        raise Garbled(f"signature: version {version}, this program reads {VERSION}")
    blob, namespace, reserved, hash_ = wire.string(), wire.string(), wire.string(), wire.string()
    inner = _Wire(wire.string())
    wire.end()
    if reserved:
        raise Garbled("signature: its reserved field is used")
    algorithm, body = inner.string(), inner.string()
    inner.end()
    kind = _Wire(blob).string()
    if not _TYPE.fullmatch(kind) or not _TYPE.fullmatch(algorithm) or not _TYPE.fullmatch(hash_):
        raise Garbled("signature: a name in it is none")
    try:
        name = namespace.decode("ascii")
    except UnicodeDecodeError:
        raise Garbled("signature: its namespace is not ASCII") from None
    return Signature(HostKey(kind.decode(), blob), name, hash_.decode(), algorithm.decode(), body)


def _dearmored(armored: str) -> bytes:
    if len(armored) > MAX_ARMOR:
        raise Garbled(f"signature: longer than {MAX_ARMOR} characters")
    lines = armored.replace("\r\n", "\n").strip("\n").split("\n")
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:  # noqa: PLR2004 - two marks and a body
        raise Garbled("signature: not an armored SSH signature")
    try:
        return base64.b64decode("".join(lines[1:-1]), validate=True)
    except (binascii.Error, ValueError):
        raise Garbled("signature: not Base64") from None


def is_true(signature: Signature, message: bytes, namespace: str) -> bool:
    """True when the key in the signature signed exactly `message` for `namespace`.

    Raises:
        Garbled: a kind of key, a hash or an algorithm that is not accepted (DSA, SHA-1, RSA below 2048 bits).
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - start-up time

    made = _HASHES.get(signature.hash)
    if made is None:
        raise Garbled(f"signature: hash {signature.hash} is not accepted")
    if signature.namespace != namespace:
        return False
    signed = MAGIC + b"".join(
        _string(part) for part in (namespace.encode(), b"", signature.hash.encode(), made(message).digest())
    )
    try:
        _check(signature, signed)
    except InvalidSignature:
        return False
    return True


def _string(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def check_key(key: HostKey) -> object:
    """The public key as the cryptography package knows it.

    Raises:
        Garbled: a kind that is not accepted, an RSA key of an unusable size, or bytes that are no key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - start-up time
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key  # noqa: PLC0415

    if key.type not in KEY_TYPES:
        raise Garbled(f"signature: keys of kind {key.type} are not accepted")
    try:
        loaded = load_ssh_public_key(f"{key.type} {key.base64}".encode())
    except (ValueError, NotImplementedError, UnsupportedAlgorithm) as error:
        raise Garbled(f"signature: no usable key: {error}"[:300]) from None
    if isinstance(loaded, RSAPublicKey) and not MIN_RSA_BITS <= loaded.key_size <= MAX_RSA_BITS:
        raise Garbled(f"signature: RSA of {loaded.key_size} bits is not accepted")
    return loaded


def _check(signature: Signature, signed: bytes) -> None:
    """Raise InvalidSignature unless the key made it."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415

    match check_key(signature.key):
        case Ed25519PublicKey() as key if signature.algorithm == "ssh-ed25519":
            key.verify(signature.blob, signed)
        case EllipticCurvePublicKey() as key if signature.algorithm == signature.key.type:
            _check_ec(key, signature, signed)
        case RSAPublicKey() as key if signature.algorithm in RSA_HASHES:
            _check_rsa(key, signature, signed)
        case _:
            raise Garbled(f"signature: {signature.algorithm} by a key of kind {signature.key.type}")


def _check_ec(key: "EllipticCurvePublicKey", signature: Signature, signed: bytes) -> None:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - start-up time
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature  # noqa: PLC0415

    wire = _Wire(signature.blob)  # RFC 5656 §3.1.2
    pair = encode_dss_signature(wire.natural(), wire.natural())
    wire.end()
    key.verify(pair, signed, ECDSA(getattr(hashes, EC_HASHES[signature.algorithm])()))


def _check_rsa(key: "RSAPublicKey", signature: Signature, signed: bytes) -> None:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - start-up time
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415

    length = (key.key_size + 7) // 8
    if len(signature.blob) > length:
        raise Garbled("signature: longer than its key")
    # RFC 8332 §3: leading zero bytes may be missing
    body = signature.blob.rjust(length, b"\0")
    key.verify(body, signed, PKCS1v15(), getattr(hashes, RSA_HASHES[signature.algorithm])())
