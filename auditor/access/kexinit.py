"""What an SSH server offers, read from its first packet: why nothing fits (RFC 4253 §4.2, §7.1)."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from auditor.access.net import Deadline
from auditor.access.thrift import Wire
from auditor.errors import Unreached

_BANNER = b"SSH-2.0-telework_auditor\r\n"
_VERSION = re.compile(rb"^SSH-([0-9.]{1,8})-[^\n]*\n", re.MULTILINE)
_KEXINIT = b"\x14"
_MAX_SEEN = 65536
_LISTS = 3
_USABLE_KEYS = frozenset(
    {
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "rsa-sha2-256",
        "rsa-sha2-512",
    }
)
_OLD_KEYS = frozenset({"ssh-rsa", "ssh-dss"})
_OLD_CIPHERS = frozenset({"arcfour", "blowfish-cbc", "cast128-cbc", "des-cbc", "3des-cbc"})
_MARKERS = ("ext-info-", "kex-strict-")


@dataclass(frozen=True, slots=True)
class Offer:
    """The names a server offers; all empty = it showed nothing we can read."""

    kex: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    version: str = ""

    @property
    def usable_key(self) -> bool:
        """Some host key type of today is offered."""
        return any(name in _USABLE_KEYS for name in self.keys)

    @property
    def too_old(self) -> bool:
        """All it has for one of the steps is SHA-1, RC4, DES or SSH 1."""
        if self.version and self.version not in ("2.0", "1.99"):
            return True
        kex = [name for name in self.kex if not name.startswith(_MARKERS)]
        ciphers = [name for name in self.ciphers if not name.startswith("arcfour")]
        return (
            (bool(kex) and all(name.endswith("-sha1") for name in kex))
            or (bool(self.keys) and all(name in _OLD_KEYS for name in self.keys))
            or (bool(self.ciphers) and all(name in _OLD_CIPHERS for name in ciphers))
        )

    def __str__(self) -> str:
        shown = [self.version, *(",".join(names) for names in (self.kex, self.keys, self.ciphers))]
        return " / ".join(part for part in shown if part)[:400]


def read_offer(opener: Callable[[Deadline], Wire], deadline: Deadline) -> Offer:
    """Ask once more on a connection of its own and read no further than the offer."""
    try:
        wire = opener(deadline)
    except Unreached:
        return Offer()
    seen = bytearray()
    with suppress(OSError):
        wire.send(_BANNER)
        while len(seen) < _MAX_SEEN and deadline.left_s() > 0:
            wire.settimeout(max(deadline.left_s(), 0.001))
            chunk = wire.recv(_MAX_SEEN)
            seen += chunk
            if not chunk or parse_offer(bytes(seen)).kex:
                break
    wire.close()
    return parse_offer(bytes(seen))


def parse_offer(seen: bytes) -> Offer:
    """The offer in what a server sent first: its version line and, where whole, its KEXINIT packet."""
    line = _VERSION.search(seen)
    if line is None:
        return Offer()
    version = line[1].decode("ascii")
    packet = seen[line.end() :]
    size = int.from_bytes(packet[:4], "big")
    if len(packet) < 4 + size or packet[5:6] != _KEXINIT:
        return Offer(version=version)
    lists: list[tuple[str, ...]] = []
    place = 4 + 2 + 16  # length, padding length, message number, cookie
    for _ in range(_LISTS):
        length = int.from_bytes(packet[place : place + 4], "big")
        names = packet[place + 4 : place + 4 + length].decode("ascii", "replace")
        lists.append(tuple(name for name in names.split(",") if name))
        place += 4 + length
    kex, keys, ciphers = lists
    return Offer(kex, keys, ciphers, version)
