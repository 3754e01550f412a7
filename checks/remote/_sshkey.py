"""The host key an SSH server shows: the exchange is begun with a value that has no secret, and dropped.

Whether the server can also use the key (its signature) is not asked: this tells how long a key it has.
"""

import base64
import hashlib
import secrets
import socket
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from checks.remote._sshwire import COOKIE, Greeting, NotSsh, as_packet, as_string, kexinit, packet, string
from checks.remote._wire import Left, send

INIT, REPLY = 30, 31
GROUP_REQUEST, GROUP, GROUP_INIT, GROUP_REPLY = 34, 31, 32, 33
CURVE = ("curve25519-sha256", "curve25519-sha256@libssh.org")
NIST = "ecdh-sha2-nistp256"
FIXED = (
    *("diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512"),
    *("diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"),
)
CHOSEN = ("diffie-hellman-group-exchange-sha256", "diffie-hellman-group-exchange-sha1")
RSA = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")
"""Asked for first: only here does the name not tell the length."""
SIZES = {"ssh-ed25519": 256, "ssh-ed448": 448}
BELOW_ALL_GROUPS = 1000
"""Bits of a public value that is valid in every group from 1024 bits on."""


@dataclass(frozen=True, slots=True)
class HostKey:
    """`bits` 0 = not known for this type; `fingerprint` as ``ssh-keygen -l`` shows it."""

    type: str
    bits: int
    fingerprint: str


def shown(sock: socket.socket, found: Greeting, left: Left) -> HostKey | None:
    """The key, after `greeting`; None = no way of exchange, or no type of key, that we can begin.

    Raises:
        NotSsh: what comes is something else.
        Ended: silent or closed.
    """
    kex = next((name for name in (*CURVE, NIST, *FIXED, *CHOSEN) if name in found.names("kex")), "")
    offered = found.names("keys")
    key = next((name for name in (*RSA, *offered) if name in offered), "")
    if not kex or not key:
        return None
    send(sock, as_packet(kexinit(kex, key, found, secrets.token_bytes(COOKIE))), left)
    if kex in CHOSEN:
        sizes = b"".join(bits.to_bytes(4) for bits in (1024, 2048, 8192))
        send(sock, as_packet(bytes([GROUP_REQUEST]) + sizes), left)
        packet(sock, left, GROUP)
        send(sock, as_packet(bytes([GROUP_INIT]) + _number()), left)
        reply = packet(sock, left, GROUP_REPLY)
    else:
        send(sock, as_packet(bytes([INIT]) + _public(kex)), left)
        reply = packet(sock, left, REPLY)
    return read_key(string(reply, 1)[0])


def _public(kex: str) -> bytes:
    if kex in CURVE:
        return as_string(secrets.token_bytes(32))
    if kex == NIST:
        point = ec.generate_private_key(ec.SECP256R1()).public_key()
        return as_string(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    return _number()


def _number() -> bytes:
    value = secrets.randbits(BELOW_ALL_GROUPS) | 1 << BELOW_ALL_GROUPS
    return as_string(value.to_bytes(BELOW_ALL_GROUPS // 8 + 1))


def read_key(blob: bytes) -> HostKey:
    """A public key in its wire form (RFC 4253 §6.6).

    Raises:
        NotSsh: it is none.
    """
    kind, at = string(blob, 0)
    name = kind.decode("ascii", "replace")
    if not name.isprintable() or not 0 < len(name) <= 100:  # noqa: PLR2004 - longer than any registered name
        raise NotSsh
    if name == "ssh-rsa":
        at = string(blob, at)[1]  # the exponent
    if name in ("ssh-rsa", "ssh-dss"):
        bits = int.from_bytes(string(blob, at)[0]).bit_length()
    elif name.startswith("ecdsa-sha2-nistp"):
        size = name.removeprefix("ecdsa-sha2-nistp")
        bits = int(size) if size in ("256", "384", "521") else 0
    else:
        bits = SIZES.get(name, 0)
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
    return HostKey(name, bits, f"SHA256:{digest}")
