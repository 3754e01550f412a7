"""Pinned SSH host keys: our own table of a known_hosts file, read in one pass and asked without a scan.

The format is OpenSSH's (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): plain and hashed names, ``[host]:port``,
comments and ``@revoked``. Patterns and ``@cert-authority`` are refused: a pin names one host and one key.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from auditor.errors import ConfigError, OutputError, Problem
from auditor.plainfile import plain_bytes
from auditor.wholefile import replaced

SSH_PORT = 22
_TYPE = re.compile(r"[a-z0-9][a-z0-9@.-]{2,60}")
_NAME = re.compile(r"[A-Za-z0-9._:%-]+|\[[A-Za-z0-9._:%-]+\]:[0-9]{1,5}")
_USUAL = re.compile(
    r"([A-Za-z0-9._:%-]+|\[[A-Za-z0-9._:%-]+\]:[0-9]{1,5}) ssh-ed25519"
    r" (AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43})"
)
"""One name, one Ed25519 key: such a line is valid as it stands; its key is decoded only when asked for."""
_HASHED = re.compile(r"\|1\|([A-Za-z0-9+/=]+)\|([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class HostKey:
    """One public key: its type (``ssh-ed25519``) and its SSH wire form."""

    type: str
    blob: bytes

    @property
    def base64(self) -> str:
        """As it stands in known_hosts."""
        return base64.b64encode(self.blob).decode("ascii")

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` shows it: ``SHA256:…``."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


class Standing(Enum):
    """What the table says about a key that a host showed."""

    PINNED = "pinned"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class HostKeys:
    """The pinned keys by name, those behind hashed names, and the revoked ones."""

    plain: Mapping[str, tuple[HostKey, ...]]
    hashed: tuple[tuple[bytes, bytes, HostKey], ...] = ()
    revoked: frozenset[tuple[str, HostKey]] = frozenset()

    def pins(self, host: str, port: int) -> tuple[HostKey, ...]:
        """The keys pinned for a host, () = it is unknown."""
        name = known_name(host, port)
        behind = tuple(
            key
            for salt, digest, key in self.hashed
            if hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)
        )
        return self.plain.get(name, ()) + behind

    def standing(self, host: str, port: int, key: HostKey) -> Standing:
        """Whether `key` is what was pinned for the host."""
        if {(known_name(host, port), key), ("*", key)} & self.revoked:
            return Standing.REVOKED
        pins = self.pins(host, port)
        if not pins:
            return Standing.UNKNOWN
        return Standing.PINNED if key in pins else Standing.CHANGED


def known_name(host: str, port: int) -> str:
    """The name of a host in known_hosts: lower case, with the port unless it is 22."""
    return host.lower() if port == SSH_PORT else f"[{host.lower()}]:{port}"


def read_known_hosts(path: Path) -> HostKeys:
    """The table of a file; a missing file is an empty table.

    Raises:
        ConfigError: every line that cannot be used, at once.
    """
    text = _text(path)
    plain: dict[str, list[HostKey | str]] = {}
    hashed: list[tuple[bytes, bytes, HostKey]] = []
    revoked: set[tuple[str, HostKey]] = set()
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if usual := _USUAL.fullmatch(line):
            plain.setdefault(_folded(usual[1]), []).append(usual[2])
            continue
        try:
            entry = _entry(line.split())
        except ValueError as error:
            problems.append(Problem(path, number, "", str(error), {"text": line[:60]}))
            continue
        if entry is None:
            continue
        for name in entry.names:
            if entry.revoked:
                revoked.add((name, entry.key))
            elif salted := _HASHED.fullmatch(name):
                hashed.append((base64.b64decode(salted[1]), base64.b64decode(salted[2]), entry.key))
            else:
                plain.setdefault(name, []).append(entry.key)
    if problems:
        raise ConfigError(problems)
    return HostKeys(_Plain(plain), tuple(hashed), frozenset(revoked))


def _text(path: Path) -> str:
    try:
        return plain_bytes(path, -1).decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Problem(path, None, "", "known_hosts_unreadable", {"why": str(error)})]) from None


class _Plain(Mapping[str, tuple[HostKey, ...]]):
    """Keys by name, decoded when a name is asked for: of 20,000 pins a run needs a few hundred."""

    def __init__(self, written: Mapping[str, Sequence[HostKey | str]]) -> None:
        self._written = written

    def __getitem__(self, name: str) -> tuple[HostKey, ...]:
        return tuple(
            parse_key("ssh-ed25519", key) if isinstance(key, str) else key for key in self._written[name]
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)


@dataclass(frozen=True, slots=True)
class _Entry:
    names: tuple[str, ...]
    key: HostKey
    revoked: bool


def _entry(words: Sequence[str]) -> _Entry | None:
    """One line, None = blank or comment. Raises ValueError with the problem's key."""
    if not words or words[0].startswith("#"):
        return None
    revoked = words[0] == "@revoked"
    if words[0].startswith("@") and not revoked:
        raise ValueError("known_hosts_marker")
    fields = words[1:] if revoked else words
    if len(fields) < 3:  # noqa: PLR2004 - names, type, key
        raise ValueError("known_hosts_line")
    names = tuple(_name(name, revoked=revoked) for name in fields[0].split(","))
    return _Entry(names, parse_key(fields[1], fields[2]), revoked)


def _name(name: str, *, revoked: bool) -> str:
    if salted := _HASHED.fullmatch(name):
        try:
            base64.b64decode(salted[1], validate=True)
            base64.b64decode(salted[2], validate=True)
        except binascii.Error:
            raise ValueError("known_hosts_line") from None
        if revoked:
            raise ValueError("known_hosts_marker")
        return name
    if revoked and name == "*":
        return name
    if not _NAME.fullmatch(name):
        raise ValueError("known_hosts_pattern")
    return _folded(name)


def _folded(name: str) -> str:
    """A name as it is asked for: lower case, without port 22."""
    return name.lower().removesuffix(":22").strip("[]") if name.endswith("]:22") else name.lower()


def parse_key(type_: str, encoded: str) -> HostKey:
    """A key from the two words of a known_hosts line.

    Raises:
        ValueError: ``known_hosts_key``: not Base64, or its own type is another one.
    """
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("known_hosts_key") from None
    inner = blob[4 : 4 + int.from_bytes(blob[:4], "big")]
    if not _TYPE.fullmatch(type_) or inner != type_.encode() or len(blob) <= 4 + len(inner):
        raise ValueError("known_hosts_key")
    return HostKey(type_, blob)


def add_pins(path: Path, pins: Iterable[tuple[str, int, HostKey]]) -> int:
    """Append (host, port, key) that are not pinned yet, and say how many; a new file is mode 600.

    All or nothing: a new file replaces the old one only when it is safely on disk.

    Raises:
        ConfigError: the file has bad lines, or another key of that type is pinned for a host (which is
            then somebody's decision, not ours), or the key is revoked.
        OutputError: it could not be written.
    """
    known = read_known_hosts(path)
    lines: dict[str, None] = {}
    problems: list[Problem] = []
    for host, port, key in pins:
        name = known_name(host, port)
        standing = known.standing(host, port, key)
        if standing is Standing.PINNED:
            continue
        if standing is Standing.REVOKED or any(pin.type == key.type for pin in known.pins(host, port)):
            problems.append(Problem(path, None, name, "host_key_changed", {"shown": key.fingerprint}))
        lines[f"{name} {key.type} {key.base64}\n"] = None
    if problems:
        raise ConfigError(problems)
    if lines:
        _append(path, "".join(lines))
    return len(lines)


def _append(path: Path, text: str) -> None:
    try:
        old = path.read_bytes() if path.exists() else b""
        if old and not old.endswith(b"\n"):
            old += b"\n"
        replaced(path, old + text.encode("utf-8"))
    except OSError as error:
        raise OutputError("known_hosts_write", file=str(path), why=str(error)) from None
