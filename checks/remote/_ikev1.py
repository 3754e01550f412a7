"""The messages of IKEv1's main and aggressive mode, as far as they go without a key (RFC 2408, RFC 2409 §5).

Version 1 has no way to be told "yes" without a half-open association: the first answer already keeps one.
So each is ended at once, by a next message that lacks what it must hold: the responder gives the exchange
up. That is no attempt to log in; no key, password or hash is ever sent.
"""

import secrets
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from checks.remote._ikekeys import public_value
from checks.remote._ikev2 import GROUPS
from checks.remote._isakmp import ENCRYPTED, RESPONSE, Line, Message, written

SA, KE, ID, HASH, NONCE, NOTIFY, VENDOR = 1, 4, 5, 8, 10, 11, 13
MAIN, AGGRESSIVE, INFORMATIONAL = 2, 4, 5
VERSION = 0x10

INVALID_MAJOR_VERSION, NO_PROPOSAL_CHOSEN = 5, 14
REFUSALS = (INVALID_MAJOR_VERSION, 7, NO_PROPOSAL_CHOSEN, 29)
"""Invalid major version, invalid or unsupported exchange type, no proposal chosen (RFC 2408 §3.14.1)."""

CIPHERS: dict[str, tuple[int, int]] = {
    "des": (1, 0),
    "3des": (5, 0),
    "cast128": (6, 0),
    "blowfish128": (3, 128),
    "blowfish192": (3, 192),
    "blowfish256": (3, 256),
    "aes128": (7, 128),
    "aes192": (7, 192),
    "aes256": (7, 256),
    "camellia128": (8, 128),
    "camellia192": (8, 192),
    "camellia256": (8, 256),
}
"""Numbers and key lengths (RFC 2409, appendix A; Camellia: RFC 4312 §5)."""

HASHES = {"md5": 1, "sha1": 2, "sha256": 4, "sha384": 5, "sha512": 6}
METHODS = {"psk": 1, "xauth-psk": 65001, "rsa": 3, "xauth-rsa": 65005, "hybrid-rsa": 64221}
SHARED = ("psk", "xauth-psk")

ASKED = frozenset(f"{group} {method}" for group in GROUPS for method in SHARED)
"""What aggressive mode is asked with, as it is written down."""

MOST_TRANSFORMS, TRANSFORM_BYTES = 28, 36
"""About 1,050 bytes a request: no fragments on the way."""

MOST_BYTES, FEWEST_BESIDE_KEY = 1150, 4
"""The same in aggressive mode; only the keys of the largest groups, with four choices beside, go beyond."""

FQDN, ADDRESS, KEY_NAME, USER = 2, 1, 11, 3
END_WAIT_S = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """One combination; its name is in swanctl's words, and how each side proves itself."""

    cipher: str
    digest: str
    group: str
    method: str

    @property
    def proposal(self) -> tuple[str, str, str]:
        """What is negotiated; some devices take any way of proving who one is for a start."""
        return self.cipher, self.digest, self.group

    @property
    def name(self) -> str:
        return f"{self.cipher}-{self.digest}-{self.group} {self.method}"

    @property
    def attributes(self) -> dict[int, int]:
        """Encryption, hash, authentication, group and key length (RFC 2409, appendix A)."""
        number, bits = CIPHERS[self.cipher]
        made = {1: number, 2: HASHES[self.digest], 3: METHODS[self.method], 4: GROUPS[self.group]}
        return made | ({14: bits} if bits else {})


COMMON = frozenset({"3des", "aes128", "aes256", "md5", "sha1", "sha256", "modp1024", "modp1536", "modp2048"})


def _rarity(choice: Choice) -> int:
    return sum(part not in COMMON for part in (choice.cipher, choice.digest, choice.group))


def choices_of(method: str) -> list[Choice]:
    """Every combination with one way of proving who one is, what devices commonly accept first."""
    made = [Choice(*parts, method) for parts in product(CIPHERS, HASHES, GROUPS)]
    return sorted(made, key=_rarity)


@cache
def every_choice() -> tuple[Choice, ...]:
    """All combinations with all methods, method by method."""
    return tuple(choice for method in METHODS for choice in choices_of(method))


def is_choice(name: str) -> bool:
    """True for the name of a combination that is asked."""
    proposal, _, method = name.partition(" ")
    parts = proposal.split("-")
    if method not in METHODS or len(parts) != 3:  # noqa: PLR2004 - cipher, hash, group
        return False
    return parts[0] in CIPHERS and parts[1] in HASHES and parts[2] in GROUPS


def association(choices: Sequence[Choice]) -> bytes:
    """The SA payload's body: one proposal, a transform for each choice, eight hours of life."""
    return _association([choice.attributes for choice in choices])


def _association(transforms: Sequence[Mapping[int, int]]) -> bytes:
    body = b""
    for at, attributes in enumerate(transforms):
        pairs = {**attributes, 11: 1, 12: 28800}
        packed = b"".join(struct.pack(">HH", 0x8000 | kind, value) for kind, value in pairs.items())
        last = at == len(transforms) - 1
        body += struct.pack(">BBHBBH", 0 if last else 3, 0, 8 + len(packed), at + 1, 1, 0) + packed
    proposal = struct.pack(">BBHBBBB", 0, 0, 8 + len(body), 1, 1, 0, len(transforms))
    return struct.pack(">II", 1, 1) + proposal + body


def picked(body: bytes, offered: Sequence[Choice]) -> Choice | None:
    """The one offered choice that an SA payload's body repeats, None = it is none of them."""
    at = 8 + 8 + 8
    if len(body) < at or body[:8] != struct.pack(">II", 1, 1) or body[15] != 1:
        return None
    size = int.from_bytes(body[18:20])
    if size != len(body) - 16:
        return None
    found: dict[int, int] = {}
    while at < len(body):
        kind, value = int.from_bytes(body[at : at + 2]), int.from_bytes(body[at + 2 : at + 4])
        if not kind & 0x8000:  # a long value: only the life time is ever written so
            at += value
        elif kind & 0x7FFF in found:
            return None
        else:
            found[kind & 0x7FFF] = value
        at += 4
    said = {kind: value for kind, value in found.items() if kind in (1, 2, 3, 4, 14)}
    return next((choice for choice in offered if choice.attributes == said), None)


def complaint(message: Message) -> int:
    """The notification's type, 0 = none that can be read."""
    for body in message.all(NOTIFY):
        if len(body) >= 8:  # noqa: PLR2004 - the fixed part
            return int.from_bytes(body[6:8])
    return 0


def cookie() -> bytes:
    """A new initiator cookie."""
    return secrets.token_bytes(8)


def main_mode(ours: bytes, choices: Sequence[Choice]) -> bytes:
    """The first message of main mode."""
    return written(ours, bytes(8), VERSION, MAIN, 0, [(SA, association(choices))])


def unacceptable(ours: bytes) -> bytes:
    """A first message of main mode that nobody accepts (numbers for private use); for proof of life."""
    body = _association([{1: 65100, 2: 65100, 3: 65100, 4: 14}])
    return written(ours, bytes(8), VERSION, MAIN, 0, [(SA, body)])


def aggressive(ours: bytes, choices: Sequence[Choice], identity: str) -> bytes:
    """The first message of aggressive mode; all choices share one group, whose key it carries."""
    payloads = [
        (SA, association(choices)),
        (KE, public_value(choices[0].group)),
        (NONCE, secrets.token_bytes(20)),
        (ID, identification(identity)),
    ]
    return written(ours, bytes(8), VERSION, AGGRESSIVE, 0, payloads)


def most_beside_key(group: str, identity: str) -> int:
    """How many choices of this group one request of aggressive mode offers."""
    rest = MOST_BYTES - len(aggressive(bytes(8), [Choice("aes256", "sha1", group, "psk")], identity))
    return max(FEWEST_BESIDE_KEY, 1 + rest // TRANSFORM_BYTES)


def identification(identity: str) -> bytes:
    """The ID payload's body: an address, a user's name (with @), ``@#`` and a key's name, or a host name."""
    numbers = identity.split(".")
    if len(numbers) == 4 and all(each.isdecimal() and int(each) < 256 for each in numbers):  # noqa: PLR2004 - IPv4
        return bytes([ADDRESS, 0, 0, 0, *map(int, numbers)])
    if identity.startswith("@#"):
        return bytes([KEY_NAME, 0, 0, 0]) + identity[2:].encode("ascii")
    kind = USER if "@" in identity[1:] else FQDN
    return bytes([kind, 0, 0, 0]) + identity.removeprefix("@").encode("ascii")


def mine(ours: bytes, message: Message) -> bool:
    """True for an answer of version 1 to the exchange that `ours` began; our own bytes sent back are none."""
    known = message.exchange == INFORMATIONAL or message.theirs != bytes(8)
    return message.ours == ours and message.major == 1 and known


def answers(ours: bytes, message: Message) -> bool:
    """True for `mine`, and for a responder's that says in version 2 that it does not speak version 1."""
    newer = message.major > 1 and bool(message.flags & RESPONSE)
    return mine(ours, message) or (message.ours == ours and newer)


def give_up(line: Line, ours: bytes, theirs: bytes, exchange: int) -> bool:
    """End a half-open association: the next message lacks key or hash; True when the responder confirms.

    Raises:
        Unreached: as `Talk.send`.
    """
    line.say(written(ours, theirs, VERSION, exchange, 0, [(NONCE, secrets.token_bytes(20))]))
    told = line.hear(lambda found: mine(ours, found) and found.exchange == INFORMATIONAL, END_WAIT_S)
    return told is not None and (bool(told.flags & ENCRYPTED) or complaint(told) != 0)
