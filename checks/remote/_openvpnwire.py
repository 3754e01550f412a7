"""OpenVPN's control channel on the wire: packets, and the three ways to wrap them (wire protocol, section 3).

A wrap belongs to one session of ours: it counts what it seals. Every packet begins with the opcode (and key
number 0) and the session's 8 bytes, in clear under all wraps.
"""

import base64
import hashlib
import hmac
import itertools
import re
import time
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from auditor.api import NotKnown, Reason, Secret

RESET_CLIENT_V2, RESET_SERVER_V2, CONTROL, ACK, RESET_CLIENT_V3, CONTROL_WKC = 7, 8, 4, 5, 10, 11
HEAD_BYTES = 9
SESSION_BYTES = 8
MOST_ACKS = 8
KEY_BYTES = 256
SIDE_BYTES, HALF_BYTES = 128, 64
"""A static key: for each direction 64 bytes for a cipher, then 64 for an HMAC."""
TAG_BYTES = 32
STAMP_BYTES = 8
MOST_WRAPPED_KEY = 1024
DIGESTS = ("sha1", "sha256", "sha512", "sha384")
"""What ``--auth`` is in the field, the default (SHA1) first."""
EARLY_START = 0x0F000001
"""A first packet number of tls-crypt-v2 that says: I can send my wrapped key again (OpenVPN 2.6)."""
EARLY_FLAGS, RESEND_KEY = 1, 1

_STATIC = re.compile(
    rb"-----BEGIN OpenVPN Static key V1-----\s+([0-9a-fA-F\s]+?)\s+-----END OpenVPN Static key V1-----"
)
_CLIENT = re.compile(
    rb"-----BEGIN OpenVPN tls-crypt-v2 client key-----\s+([0-9a-zA-Z+/=\s]+?)\s+-----END OpenVPN tls-crypt-v2"
)


@dataclass(frozen=True, slots=True)
class Packet:
    """A control packet. `acks` are numbers of the other side's packets and `peer` its session (b"" without).

    `number` None = a bare acknowledgement.
    """

    opcode: int
    session: bytes
    acks: tuple[int, ...] = ()
    peer: bytes = b""
    number: int | None = None
    payload: bytes = b""

    @property
    def head(self) -> bytes:
        """The part that every wrap leaves in clear."""
        return bytes([self.opcode << 3]) + self.session

    @property
    def body(self) -> bytes:
        """The part that a wrap protects."""
        acks = b"".join(number.to_bytes(4) for number in self.acks)
        number = b"" if self.number is None else self.number.to_bytes(4)
        return bytes([len(self.acks)]) + acks + (self.peer if self.acks else b"") + number + self.payload


def parsed(head: bytes, body: bytes) -> Packet | None:
    """The packet of a head and an unwrapped body, None = they are not one."""
    if len(head) != HEAD_BYTES or not body or body[0] > MOST_ACKS:
        return None
    at = 1 + 4 * body[0]
    acks = tuple(int.from_bytes(body[each : each + 4]) for each in range(1, at, 4))
    peer = body[at : at + SESSION_BYTES] if acks else b""
    at += len(peer)
    opcode, session = head[0] >> 3, head[1:]
    if acks and len(peer) < SESSION_BYTES:
        return None
    if opcode == ACK:
        return Packet(opcode, session, acks, peer) if acks and at == len(body) else None
    if len(body) < at + 4:
        return None
    return Packet(opcode, session, acks, peer, int.from_bytes(body[at : at + 4]), body[at + 4 :])


class Wrap(Protocol):
    """How packets of one session are protected; `label` names the digest that was tried, "" = none."""

    @property
    def label(self) -> str:
        """The digest, for a wrap that has several."""

    def seal(self, packet: Packet) -> bytes:
        """The bytes to send."""

    def open(self, data: bytes) -> Packet | None:
        """The packet in bytes that came from the other side, None = not sealed for us."""


@dataclass(frozen=True, slots=True)
class Plain:
    """No wrap at all."""

    label: str = ""

    def seal(self, packet: Packet) -> bytes:
        """As it is."""
        return packet.head + packet.body

    def open(self, data: bytes) -> Packet | None:
        """As it is."""
        return parsed(data[:HEAD_BYTES], data[HEAD_BYTES:])


@dataclass(frozen=True, slots=True)
class TlsAuth:
    """An HMAC over packet number, time, head and body, sent between head and number."""

    out_key: bytes = field(repr=False)
    in_key: bytes = field(repr=False)
    label: str
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1), repr=False)

    def seal(self, packet: Packet) -> bytes:
        """Signed with the key of our direction."""
        stamp = _stamp(next(self._numbers))
        tag = hmac.digest(self.out_key, stamp + packet.head + packet.body, self.label)
        return packet.head + tag + stamp + packet.body

    def open(self, data: bytes) -> Packet | None:
        """Checked with the key of the other direction."""
        size = len(self.in_key)
        head, tag = data[:HEAD_BYTES], data[HEAD_BYTES : HEAD_BYTES + size]
        stamp, body = _cut(data[HEAD_BYTES + size :], STAMP_BYTES)
        wanted = hmac.digest(self.in_key, stamp + head + body, self.label)
        return parsed(head, body) if hmac.compare_digest(tag, wanted) else None


@dataclass(frozen=True, slots=True)
class TlsCrypt:
    """Encrypted (AES-256-CTR), its IV the start of an HMAC-SHA256 over number, head and plain body.

    `wrapped_key` = what a client of tls-crypt-v2 sends along in clear so that the server knows its key.
    """

    out_side: bytes = field(repr=False)
    in_side: bytes = field(repr=False)
    wrapped_key: bytes = field(default=b"", repr=False)
    label: str = ""
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1), repr=False)

    def seal(self, packet: Packet) -> bytes:
        """Encrypted with the key of our direction."""
        head = packet.head + _stamp(next(self._numbers))
        tag = _tag(self.out_side, head + packet.body)
        tail = self.wrapped_key if packet.opcode in (RESET_CLIENT_V3, CONTROL_WKC) else b""
        return head + tag + _ctr(self.out_side, tag, packet.body) + tail

    def open(self, data: bytes) -> Packet | None:
        """Decrypted and checked with the key of the other direction."""
        head, rest = _cut(data, HEAD_BYTES + STAMP_BYTES)
        tag, hidden = _cut(rest, TAG_BYTES)
        if not hidden:
            return None
        body = _ctr(self.in_side, tag, hidden)
        return (
            parsed(head[:HEAD_BYTES], body)
            if hmac.compare_digest(tag, _tag(self.in_side, head + body))
            else None
        )


def wraps_of(kind: str, secret: Secret, direction: int | None) -> tuple[Wrap, ...]:
    """The wraps to try with a declared key, each for a session of its own; as the client.

    For tls-auth one per digest, and where the direction is not told for direction 1 and for none.

    Raises:
        NotKnown: UNREADABLE, the file does not hold such a key.
    """
    if kind == "tls-crypt-v2":
        key, wrapped_key = _client_key(secret)
        numbers = itertools.count(EARLY_START)
        return (TlsCrypt(key[SIDE_BYTES:], key[:SIDE_BYTES], wrapped_key, _numbers=numbers),)
    key = _static_key(secret)
    if kind == "tls-crypt":
        return (TlsCrypt(key[SIDE_BYTES:], key[:SIDE_BYTES]),)
    sides = {1: (1, 0), 0: (0, 1), None: (0, 0)}
    tried = [sides[direction]] if direction is not None else [sides[1], sides[None]]
    return tuple(
        TlsAuth(_hmac_key(key, out, digest), _hmac_key(key, into, digest), digest)
        for out, into in tried
        for digest in DIGESTS
    )


def wants_key_again(payload: bytes) -> bool:
    """True when a server's reset says (type 1, length 2) that the next packet must bring our wrapped key."""
    while len(payload) >= 4:  # noqa: PLR2004 - type and length
        kind, size = int.from_bytes(payload[:2]), int.from_bytes(payload[2:4])
        if kind == EARLY_FLAGS and size == 2 and len(payload) >= 6:  # noqa: PLR2004 - flags of two bytes
            return bool(int.from_bytes(payload[4:6]) & RESEND_KEY)
        payload = payload[4 + size :]
    return False


def _static_key(secret: Secret) -> bytes:
    found = _STATIC.search(secret.value)
    key = bytes.fromhex(found[1].decode()) if found and not len(b"".join(found[1].split())) % 2 else b""
    if len(key) != KEY_BYTES:
        raise NotKnown(Reason.UNREADABLE, "key_file: not an OpenVPN static key")
    return key


def _client_key(secret: Secret) -> tuple[bytes, bytes]:
    """The client's own key, and the same wrapped for the server, which ends with its length."""
    found = _CLIENT.search(secret.value)
    try:
        whole = base64.b64decode(b"".join(found[1].split()), validate=True) if found else b""
    except ValueError:
        whole = b""
    key, wrapped_key = _cut(whole, KEY_BYTES)
    told = int.from_bytes(wrapped_key[-2:])
    if not KEY_BYTES < len(wrapped_key) <= MOST_WRAPPED_KEY or told != len(wrapped_key):
        raise NotKnown(Reason.UNREADABLE, "key_file: not a client key of tls-crypt-v2")
    return key, wrapped_key


def _hmac_key(key: bytes, side: int, digest: str) -> bytes:
    begin = side * SIDE_BYTES + HALF_BYTES
    return key[begin : begin + hashlib.new(digest, usedforsecurity=False).digest_size]


def _stamp(number: int) -> bytes:
    return number.to_bytes(4) + int(time.time()).to_bytes(4)


def _tag(side: bytes, text: bytes) -> bytes:
    return hmac.digest(side[HALF_BYTES : HALF_BYTES + TAG_BYTES], text, "sha256")


def _ctr(side: bytes, tag: bytes, text: bytes) -> bytes:
    cipher = Cipher(algorithms.AES(side[:32]), modes.CTR(tag[:16])).encryptor()
    return cipher.update(text) + cipher.finalize()


def _cut(data: bytes, at: int) -> tuple[bytes, bytes]:
    return data[:at], data[at:]
