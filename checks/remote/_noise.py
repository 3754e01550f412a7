"""WireGuard's handshake as the initiator: Noise IKpsk2 with its MACs and cookies (whitepaper 5.4.2 to 5.4.7).

Nothing is kept of a finished handshake: no packet is ever sent with the keys it would give.
"""

import hashlib
import hmac
import struct
import time
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

INITIATION, RESPONSE, COOKIE = 1, 2, 3
INITIATION_BYTES, RESPONSE_BYTES, COOKIE_BYTES = 148, 92, 64
KEY_BYTES = 32
NO_PSK = bytes(KEY_BYTES)
_NONCE = bytes(12)
_CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
_IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
_TAI64_BASE = 0x400000000000000A
_WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Initiation:
    """A first message, and what is needed to understand its answer. `index` is our session's 4 bytes."""

    message: bytes
    index: bytes
    _ephemeral: X25519PrivateKey = field(repr=False)
    _static: X25519PrivateKey = field(repr=False)
    _server: bytes = field(repr=False)
    _chain: bytes = field(repr=False)
    _hash: bytes = field(repr=False)

    @property
    def mac1(self) -> bytes:
        """The MAC that shows a server we know its public key; a cookie is bound to it."""
        return self.message[116:132]

    def with_cookie(self, cookie: bytes) -> bytes:
        """The message with the MAC that a server under load wants."""
        return self.message[:132] + _mac(cookie, self.message[:132])

    def answers(self, reply: bytes) -> bool:
        """True for a response to this message, from whoever could read it: its MAC needs our public key."""
        if (
            len(reply) != RESPONSE_BYTES
            or reply[:4] != bytes([RESPONSE, 0, 0, 0])
            or reply[8:12] != self.index
        ):
            return False
        wanted = _mac(_hash(b"mac1----", _public(self._static)), reply[:60])
        return hmac.compare_digest(reply[60:76], wanted)

    def proves(self, reply: bytes, psk: bytes = NO_PSK) -> bool:
        """True when the response completes the handshake: the server has its private key and this `psk`."""
        theirs = reply[12:44]
        try:
            chain = _kdf(self._chain, theirs, 1)[0]
            state = _hash(self._hash, theirs)
            chain = _kdf(chain, self._ephemeral.exchange(X25519PublicKey.from_public_bytes(theirs)), 1)[0]
            chain = _kdf(chain, self._static.exchange(X25519PublicKey.from_public_bytes(theirs)), 1)[0]
            chain, mixed, key = _kdf(chain, psk, 3)
            ChaCha20Poly1305(key).decrypt(_NONCE, reply[44:60], _hash(state, mixed))
        except (InvalidTag, ValueError):  # ValueError: a point of small order
            return False
        return True

    def cookie_in(self, reply: bytes) -> bytes | None:
        """The cookie in a reply of a server under load, None = it is no such reply to this message."""
        if len(reply) != COOKIE_BYTES or reply[:4] != bytes([COOKIE, 0, 0, 0]) or reply[4:8] != self.index:
            return None
        key, nonce = _hash(b"cookie--", self._server), reply[8:32]
        try:
            return ChaCha20Poly1305(_hchacha(key, nonce[:16])).decrypt(
                bytes(4) + nonce[16:], reply[32:], self.mac1
            )
        except InvalidTag:
            return None


def initiation(static: bytes, server: bytes, index: bytes) -> Initiation:
    """A first message from the private key `static` to the public key `server`, stamped with the time.

    Raises:
        ValueError: `server` is a point of small order, which is nobody's key.
    """
    ours, ephemeral = X25519PrivateKey.from_private_bytes(static), X25519PrivateKey.generate()
    theirs = X25519PublicKey.from_public_bytes(server)
    chain = _hash(_CONSTRUCTION)
    state = _hash(_hash(_hash(chain, _IDENTIFIER), server), _public(ephemeral))
    chain = _kdf(chain, _public(ephemeral), 1)[0]
    chain, key = _kdf(chain, ephemeral.exchange(theirs), 2)
    who = ChaCha20Poly1305(key).encrypt(_NONCE, _public(ours), state)
    state = _hash(state, who)
    chain, key = _kdf(chain, ours.exchange(theirs), 2)
    when = ChaCha20Poly1305(key).encrypt(_NONCE, _tai64n(), state)
    message = bytes([INITIATION, 0, 0, 0]) + index + _public(ephemeral) + who + when
    message += _mac(_hash(b"mac1----", server), message) + bytes(16)
    return Initiation(message, index, ephemeral, ours, server, chain, _hash(state, when))


def _public(key: X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _hash(*parts: bytes) -> bytes:
    return hashlib.blake2s(b"".join(parts)).digest()


def _mac(key: bytes, text: bytes) -> bytes:
    return hashlib.blake2s(text, key=key, digest_size=16).digest()


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.blake2s).digest()


def _kdf(chain: bytes, text: bytes, count: int) -> list[bytes]:
    """`count` keys of 32 bytes (HKDF with BLAKE2s)."""
    secret, last, keys = _hmac(chain, text), b"", []
    for nth in range(1, count + 1):
        last = _hmac(secret, last + bytes([nth]))
        keys.append(last)
    return keys


def _tai64n() -> bytes:
    """Now, as TAI64N with all its nanoseconds: each message must be newer than the peer's last."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return (_TAI64_BASE + seconds).to_bytes(8) + nanoseconds.to_bytes(4)


def _hchacha(key: bytes, nonce: bytes) -> bytes:
    """HChaCha20: the key under which XChaCha20 runs (draft-irtf-cfrg-xchacha, section 2.2)."""
    cells = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))
    columns = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
    diagonals = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    for a, b, c, d in (columns + diagonals) * 10:
        for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            cells[x] = (cells[x] + cells[y]) & _WORD
            mixed = cells[z] ^ cells[x]
            cells[z] = (mixed << by | mixed >> (32 - by)) & _WORD
    return struct.pack("<8I", *cells[:4], *cells[12:])
