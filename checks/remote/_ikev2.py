"""What an IKEv2 responder accepts, learnt without leaving a half-open association (RFC 7296 §1.2, 2.6, 3.3).

Every request proposes some groups and carries the key exchange of another one. A responder that would accept
one of the proposals must then answer INVALID_KE_PAYLOAD and name the group it wants; one that accepts none
answers NO_PROPOSAL_CHOSEN. Either way it keeps nothing.
"""

import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from checks.remote._ikekeys import public_value
from checks.remote._isakmp import RESPONSE, Line, Message, written

SA, KE, NONCE, NOTIFY, VENDOR = 33, 34, 40, 41, 43
SA_INIT, INITIATOR = 34, 0x08
VERSION = 0x20

ACCEPTED = "accepted"
REFUSED = "refused"
UNCLEAR = "unclear"
SILENT = "silent"
TOOK = "took"
"""It took up a key exchange of a group that was not proposed: a half-open association was left behind."""

INVALID_MAJOR_VERSION, NO_PROPOSAL_CHOSEN, INVALID_KE, COOKIE = 5, 14, 17, 16390

CIPHERS: dict[str, tuple[int, int]] = {
    "des": (2, 0),
    "3des": (3, 0),
    "cast128": (6, 128),
    "blowfish128": (7, 128),
    "blowfish192": (7, 192),
    "blowfish256": (7, 256),
    "aes128": (12, 128),
    "aes192": (12, 192),
    "aes256": (12, 256),
    "aes128ctr": (13, 128),
    "aes192ctr": (13, 192),
    "aes256ctr": (13, 256),
    "camellia128": (23, 128),
    "camellia192": (23, 192),
    "camellia256": (23, 256),
    "camellia128ctr": (24, 128),
    "camellia192ctr": (24, 192),
    "camellia256ctr": (24, 256),
}
SEALED: dict[str, tuple[int, int]] = {
    **{f"aes{bits}ccm8": (14, bits) for bits in (128, 192, 256)},
    **{f"aes{bits}ccm12": (15, bits) for bits in (128, 192, 256)},
    **{f"aes{bits}ccm16": (16, bits) for bits in (128, 192, 256)},
    **{f"aes{bits}gcm8": (18, bits) for bits in (128, 192, 256)},
    **{f"aes{bits}gcm12": (19, bits) for bits in (128, 192, 256)},
    **{f"aes{bits}gcm16": (20, bits) for bits in (128, 192, 256)},
    "chacha20poly1305": (28, 0),
}
"""Ciphers that protect integrity themselves; they stand in a proposal of their own (RFC 7296 §3.3)."""

HASHES: dict[str, int] = {
    "md5": 1,
    "sha1": 2,
    "aesxcbc": 5,
    "aescmac": 8,
    "sha256": 12,
    "sha384": 13,
    "sha512": 14,
}
PRFS: dict[str, int] = {
    "md5": 1,
    "sha1": 2,
    "aesxcbc": 4,
    "aescmac": 8,
    "sha256": 5,
    "sha384": 6,
    "sha512": 7,
}
GROUPS: dict[str, int] = {
    "modp768": 1,
    "modp1024": 2,
    "modp1536": 5,
    "modp1024s160": 22,
    "modp2048s224": 23,
    "modp2048s256": 24,
    "ecp192": 25,
    "ecp224": 26,
    "ecp224bp": 27,
    "modp2048": 14,
    "modp3072": 15,
    "modp4096": 16,
    "modp6144": 17,
    "modp8192": 18,
    "ecp256bp": 28,
    "ecp384bp": 29,
    "ecp512bp": 30,
    "ecp256": 19,
    "ecp384": 20,
    "ecp521": 21,
    "curve25519": 31,
    "curve448": 32,
}
OTHER, ANOTHER = "modp1024", "modp2048"
"""The two groups every responder knows by number; one of them is never in the offer whose key it carries."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A set of combinations: any cipher with any hash (none for a sealed cipher), PRF and group."""

    ciphers: tuple[str, ...]
    hashes: tuple[str, ...]
    prfs: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def key_group(self) -> str:
        """The group whose key exchange is sent along: one that is not offered."""
        return OTHER if OTHER not in self.groups else ANOTHER


def _transform(kind: int, number: int, bits: int = 0) -> tuple[int, bytes]:
    attribute = struct.pack(">HH", 0x800E, bits) if bits else b""
    return kind, struct.pack(">BBH", kind, 0, number) + attribute


def _proposal(number: int, last: bool, transforms: Sequence[tuple[int, bytes]]) -> bytes:  # noqa: FBT001 - a bit
    body = b"".join(
        struct.pack(">BBH", 0 if at == len(transforms) - 1 else 3, 0, 4 + len(content)) + content
        for at, (_, content) in enumerate(transforms)
    )
    return struct.pack(">BBHBBBB", 0 if last else 2, 0, 8 + len(body), number, 1, 0, len(transforms)) + body


def association(offer: Offer) -> bytes:
    """The SA payload's body: sealed ciphers in a proposal of their own."""
    common = [_transform(2, PRFS[name]) for name in offer.prfs]
    groups = [_transform(4, GROUPS[name]) for name in offer.groups]
    parts: list[list[tuple[int, bytes]]] = []
    if sealed := [_transform(1, *SEALED[name]) for name in offer.ciphers if name in SEALED]:
        parts.append([*sealed, *common, *groups])
    plain = [_transform(1, *CIPHERS[name]) for name in offer.ciphers if name in CIPHERS]
    if plain and offer.hashes:
        parts.append([*plain, *common, *(_transform(3, HASHES[name]) for name in offer.hashes), *groups])
    return b"".join(_proposal(at + 1, at + 1 == len(parts), part) for at, part in enumerate(parts))


@dataclass(frozen=True, slots=True)
class Request:
    """One IKE_SA_INIT; asked again with a cookie it keeps its SPI, nonce and key (RFC 7296 §2.6)."""

    offer: Offer
    spi: bytes
    nonce: bytes
    key: bytes

    @classmethod
    def of(cls, offer: Offer) -> "Request":
        """A new one."""
        return cls(offer, secrets.token_bytes(8), secrets.token_bytes(32), public_value(offer.key_group))

    def message(self, cookie: bytes = b"") -> bytes:
        """The bytes; a cookie goes in front."""
        key = struct.pack(">HH", GROUPS[self.offer.key_group], 0) + self.key
        payloads = [(SA, association(self.offer)), (KE, key), (NONCE, self.nonce)]
        if cookie:
            payloads.insert(0, (NOTIFY, struct.pack(">BBH", 0, 0, COOKIE) + cookie))
        return written(self.spi, bytes(8), VERSION, SA_INIT, INITIATOR, payloads)

    def mine(self, message: Message) -> bool:
        """True for an answer to this request, also for that of a responder of another version."""
        return message.ours == self.spi and (message.major == 1 or bool(message.flags & RESPONSE))


def notices(message: Message) -> dict[int, bytes]:
    """The notifications by type; of two of one type the first."""
    found: dict[int, bytes] = {}
    for body in message.all(NOTIFY):
        if len(body) >= 4 and len(body) >= 4 + body[1]:  # noqa: PLR2004 - the fixed part
            found.setdefault(int.from_bytes(body[2:4]), body[4 + body[1] :])
    return found


def meant(offer: Offer, answer: Message) -> str:
    """What an answer says of the offer: accepted, refused, took, or unclear."""
    if answer.major == 1 or answer.exchange != SA_INIT:
        return UNCLEAR
    if answer.all(SA):
        return TOOK
    told = notices(answer)
    if NO_PROPOSAL_CHOSEN in told:
        return REFUSED
    if INVALID_KE in told:
        wanted = int.from_bytes(told[INVALID_KE])
        named = len(told[INVALID_KE]) == 2 and wanted in {GROUPS[name] for name in offer.groups}  # noqa: PLR2004 - u16
        return ACCEPTED if named else UNCLEAR
    return UNCLEAR


def with_cookie(line: Line, request: Request, answer: Message | None) -> Message | None:
    """The answer itself, or the one to the same request with the cookie the responder asked for.

    Raises:
        Unreached: as `Talk.send`.
    """
    cookie = notices(answer).get(COOKIE, b"") if answer is not None and answer.major != 1 else b""
    if not 1 <= len(cookie) <= 64:  # noqa: PLR2004 - RFC 7296 §2.6
        return answer
    return line.ask(
        request.message(cookie), lambda found: request.mine(found) and COOKIE not in notices(found)
    )


def ask(line: Line, offer: Offer) -> str:
    """One request: accepted, refused, took, unclear or silent.

    Raises:
        Unreached: as `Talk.send`.
    """
    request = Request.of(offer)
    answer = with_cookie(line, request, line.ask(request.message(), request.mine))
    return SILENT if answer is None else meant(offer, answer)
