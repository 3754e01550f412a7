"""The shares of a Samba server as ``testparm -s`` prints them: one spelling of every name, no includes."""

import re
from dataclasses import dataclass

from auditor.api import Garbled

HEAD = "# Global parameters"
"""What testparm begins with; a raw ``smb.conf`` has synonyms, macros and includes and is refused."""

MAX_LINES = 20_000
_SECTION = re.compile(r"\[([^\]]{1,200})\]")
_SETTING = re.compile(r"\t?([a-z][^=]{0,80}?) = ?(.*)", re.IGNORECASE)
_NAME = re.compile(r'[@+&]*"[^"]*"|[^\s,"]+')
_TRUTH = {"yes": True, "no": False}
WRITING = ("write list", "admin users")
LISTS = ("valid users", "write list", "admin users", "read list")


@dataclass(frozen=True, slots=True)
class Share:
    """One share. `guests` = who does not sign in may come; `writable` for whoever may come.

    `users` and `groups` = who is named in its lists of people, `writers` = who of them may write even where
    others only read; `named` = the list that keeps others out is
    there, so that only those come in.
    """

    name: str
    path: str
    guests: bool
    writable: bool
    named: bool
    users: tuple[str, ...]
    groups: tuple[str, ...]
    writers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Server:
    """What a server shares. `others` = people may share more themselves, and strangers may come in there."""

    shares: tuple[Share, ...]
    others: bool


def is_testparm(text: str) -> bool:
    """True for the output of testparm, also where its remarks were caught with it."""
    return any(line.strip() == HEAD for line in text.splitlines()[:40])


def server(text: str, file: str) -> Server:
    """The server's shares without printers and the personal folders.

    Raises:
        Garbled: a line that testparm does not print, a share or a setting twice, neither yes nor no.
    """
    sections = _sections(text, file)
    if "global" not in sections:
        raise Garbled(f"{file}: no global section")
    everywhere = sections.pop("global")
    shares = tuple(
        _share(name, everywhere | own, file)
        for name, own in sections.items()
        if name.lower() not in ("homes", "printers", "print$") and not _truth(own, "printable", file)
    )
    others = _truth(everywhere, "usershare allow guests", file)
    return Server(shares, others and everywhere.get("usershare max shares", "") != "0")


def _sections(text: str, file: str) -> dict[str, dict[str, str]]:
    lines = text.splitlines()
    if len(lines) > MAX_LINES or not text.endswith("\n"):
        raise Garbled(f"{file}: more than {MAX_LINES} lines, or cut off in the last one")
    begins = next(at for at, line in enumerate(lines) if line.strip() == HEAD)
    found: dict[str, dict[str, str]] = {}
    here: dict[str, str] | None = None
    for number, line in enumerate(lines[begins + 1 :], begins + 2):
        if not line.strip():
            continue
        if match := _SECTION.fullmatch(line.strip()):
            if match[1] in found:
                raise Garbled(f"{file}:{number}: a share twice")
            here = found.setdefault(match[1], {})
            continue
        setting = _SETTING.fullmatch(line)
        if setting is None or here is None or setting[1].lower() in here:
            raise Garbled(f"{file}:{number}: not what testparm prints")
        here[setting[1].lower()] = setting[2].strip()
    return found


def _truth(settings: dict[str, str], name: str, file: str) -> bool:
    word = settings.get(name, "no").lower()
    if word not in _TRUTH:
        raise Garbled(f"{file}: {name} is neither yes nor no")
    return _TRUTH[word]


def _share(name: str, settings: dict[str, str], file: str) -> Share:
    users: list[str] = []
    groups: list[str] = []
    writers: list[str] = []
    for key in LISTS:
        for entry in _NAME.findall(settings.get(key, "")):
            name_ = entry.replace('"', "")
            plain = name_.lstrip("@+&")
            (groups if plain != name_ else users).append(plain)
            writers += [plain] if key in WRITING else []
    return Share(
        name=name,
        path=settings.get("path", ""),
        guests=_truth(settings, "guest ok", file),
        writable=not _truth({"read only": "yes"} | settings, "read only", file),
        named=bool(settings.get("valid users")),
        users=tuple(dict.fromkeys(users)),
        groups=tuple(dict.fromkeys(groups)),
        writers=tuple(dict.fromkeys(writers)),
    )
