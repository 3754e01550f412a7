"""Who may sign evidence: the ``trusted_signers`` file, in OpenSSH's allowed_signers syntax.

One key a line (ssh-keygen(1), "ALLOWED SIGNERS")::

    PC-0123 ssh-ed25519 AAAA…
    user:PC-0123 ssh-ed25519 AAAA…
    officer:0105 namespaces="telework-auditor-evidence",valid-before="20270401" ssh-ed25519 AAAA…

A principal is an asset number (that machine's own key, kept from its user: it may speak for this machine
only), ``user:`` and an asset number (a key of the person who is logged on: only what a user's own run tells),
or ``officer:`` and a staff id (may sign for every machine whose file is carried by hand). Patterns and
``cert-authority`` are refused: a line names who, not a kind of who. Times without ``Z`` are Japan's.
"""

import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from auditor.access.hostkeys import HostKey, parse_key
from auditor.arrivals.sshsig import check_key
from auditor.errors import ConfigError, Garbled, Problem
from auditor.plainfile import opened_plain
from auditor.targets import Town

NAMESPACE = "telework-auditor-evidence"
OFFICER, USER = "officer:", "user:"
MAX_FILE_BYTES = 4 * 1024 * 1024
_PRINCIPAL = re.compile(r"(?:officer:|user:)?[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_OPTION = re.compile(r'(?P<name>[A-Za-z-]+)(?:="(?P<value>[^"]*)")?(?:,|$)')
_OPTIONS = re.compile(r'[A-Za-z-]+(?:="[^"]*")?(?:,[A-Za-z-]+(?:="[^"]*")?)*(?= )')
_KEY_TYPE = re.compile(r"(?:ssh|ecdsa|sk)-")
_TIME = re.compile(r"(?P<digits>[0-9]{8}(?:[0-9]{4}(?:[0-9]{2})?)?)(?P<utc>Z?)")
_MOMENTS = {8: "%Y%m%d%z", 12: "%Y%m%d%H%M%z", 14: "%Y%m%d%H%M%S%z"}


@dataclass(frozen=True, slots=True)
class Line:
    """One usable line. `after`, `before` (UTC): the key counts from, and until; None = no limit."""

    number: int
    principals: tuple[str, ...]
    key: HostKey
    after: datetime | None = None
    before: datetime | None = None

    def holds(self, *moments: datetime) -> bool:
        """True when the key counts at all of these moments."""
        return all(
            (self.after is None or self.after <= moment) and (self.before is None or moment < self.before)
            for moment in moments
        )


@dataclass(frozen=True, slots=True)
class Signers:
    """The trusted keys, by their wire form.

    `left` = line and name of officers who are not on the staff list: their keys count for nothing.
    """

    lines: Mapping[bytes, tuple[Line, ...]] = field(default_factory=dict)
    left: tuple[tuple[int, str], ...] = ()

    def knows(self, key: HostKey) -> bool:
        """True when some line names the key, whether or not it counts now."""
        return key.blob in self.lines

    def principals(self, key: HostKey, *moments: datetime) -> tuple[str, ...]:
        """For whom the key may speak at all of these moments; () = for nobody."""
        found = [line.principals for line in self.lines.get(key.blob, ()) if line.holds(*moments)]
        return tuple(sorted({name for names in found for name in names}))

    def trusts(self, fingerprint: str, principal: str, moment: datetime) -> bool:
        """True when the key of that fingerprint may (still) speak in that name."""
        return any(
            line.key.fingerprint == fingerprint and principal in line.principals and line.holds(moment)
            for lines in self.lines.values()
            for line in lines
        )

    @property
    def owners(self) -> frozenset[str]:
        """Who has a key of their own, and so needs no unsigned file: asset numbers, and users of machines."""
        return frozenset(
            name
            for lines in self.lines.values()
            for line in lines
            for name in line.principals
            if not name.startswith(OFFICER)
        )


def may_speak(principals: Sequence[str], asset: str, context: str) -> str:
    """The principal in whose name a file of that machine and context may be signed, "" = none may.

    A machine's own key comes before an officer's; a user's key signs what a user's own run tells.
    """
    wanted = (asset, *((USER + asset,) if context == "user" else ()))
    mine = [name for name in wanted if name in principals]
    return next(iter(mine + [name for name in principals if name.startswith(OFFICER)]), "")


def read_signers(path: Path, town: Town) -> Signers:
    """The trusted keys of a file; a missing file trusts nobody.

    Raises:
        ConfigError: every line that cannot be used, at once; a file that anybody may write.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if sys.platform != "win32" else 0
        with opened_plain(path) as file:
            body = file.read(MAX_FILE_BYTES + 1)
        text = body.decode("utf-8-sig")
    except FileNotFoundError:
        return Signers()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Problem(path, None, "", "signers_unreadable", {"why": str(error)})]) from None
    if mode & stat.S_IWOTH:
        values = {"mode": f"{mode:o}", "path": str(path)}
        raise ConfigError([Problem(path, None, "", "world_writable", dict(values))])
    if len(body) > MAX_FILE_BYTES:
        raise ConfigError([Problem(path, None, "", "file_too_large", {"limit": MAX_FILE_BYTES})])
    staff = {f"{OFFICER}{person.id}" for person in town.staff}
    problems: list[Problem] = []
    left: list[tuple[int, str]] = []
    lines: dict[bytes, tuple[Line, ...]] = {}
    for number, written in enumerate(text.splitlines(), start=1):
        try:
            line = _line(number, written.strip())
        except ValueError as error:
            problems.append(Problem(path, number, "", str(error), {"text": written.strip()[:60]}))
            continue
        if line is None:
            continue
        gone = {name for name in line.principals if name.startswith(OFFICER) and name not in staff}
        left += [(number, name) for name in line.principals if name in gone]
        line = replace(line, principals=tuple(name for name in line.principals if name not in gone))
        if line.principals:
            lines[line.key.blob] = (*lines.get(line.key.blob, ()), line)
    if problems:
        raise ConfigError(problems)
    return Signers(lines, tuple(left))


def unknown_machines(signers: Signers, town: Town) -> Iterator[tuple[int, str]]:
    """Lines whose machine stands in no ledger, with the asset number: a slip of the pen, or retired."""
    known = {row.id for row in (*town.endpoints, *town.retired)}
    for lines in signers.lines.values():
        for line in lines:
            for name in line.principals:
                if not name.startswith(OFFICER) and name.removeprefix(USER) not in known:
                    yield line.number, name


def _line(number: int, text: str) -> Line | None:
    """One line, None = blank or comment. Raises ValueError with the problem's key."""
    if not text or text.startswith("#"):
        return None
    names, _, rest = text.replace("\t", " ").partition(" ")
    options, rest = _options(rest.strip())
    words = rest.split()
    if len(words) < 2:  # noqa: PLR2004 - type and key
        raise ValueError("signers_line")
    after, before = _limits(options)
    principals = tuple(_principal(name) for name in names.split(","))
    return Line(number, principals, _key(words[0], words[1]), after, before)


def _options(rest: str) -> tuple[str, str]:
    """The options, which may hold blanks between their quotation marks, and what follows them."""
    if _KEY_TYPE.match(rest):
        return "", rest
    found = _OPTIONS.match(rest)
    if found is None:
        raise ValueError("signers_line")
    return found[0], rest[found.end() :]


def _limits(options: str) -> tuple[datetime | None, datetime | None]:
    after = before = None
    seen: set[str] = set()
    for option in _OPTION.finditer(options):
        name, value = option["name"].lower(), option["value"]
        if name in seen:
            raise ValueError("signers_option")
        seen.add(name)
        match name:
            case "cert-authority":
                raise ValueError("signers_authority")
            case "namespaces" if value is not None and NAMESPACE in value.split(","):
                continue
            case "namespaces":
                raise ValueError("signers_namespace")
            case "valid-after":
                after = _moment(value)
            case "valid-before":
                before = _moment(value)
            case _:
                raise ValueError("signers_option")
    return after, before


def _moment(text: str | None) -> datetime:
    found = _TIME.fullmatch(text or "")
    if found is None:
        raise ValueError("signers_time")
    zone = "+0000" if found["utc"] else "+0900"
    try:
        return datetime.strptime(found["digits"] + zone, _MOMENTS[len(found["digits"])]).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("signers_time") from None


def _principal(name: str) -> str:
    if not _PRINCIPAL.fullmatch(name):
        raise ValueError("signers_pattern")
    return name


def _key(type_: str, encoded: str) -> HostKey:
    try:
        key = parse_key(type_, encoded)
    except ValueError:
        raise ValueError("signers_key") from None
    try:
        check_key(key)
    except Garbled:
        raise ValueError("signers_kind") from None
    return key
