"""Looks a town folder and the installation over, contacts nobody, and says all that must be corrected."""

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import auditor
from auditor.access.hostkeys import HostKeys, read_known_hosts
from auditor.access.private import private_bytes
from auditor.access.secrets import load_key, password_source
from auditor.arrivals.signers import read_signers, unknown_machines
from auditor.consoles import consoles_evidence
from auditor.engine import japan_day
from auditor.errors import AuditorError, ConfigError, Problem
from auditor.gaps import note_gaps
from auditor.problems import Note, Told, in_order, worded
from auditor.register import KEPT_DAYS
from auditor.seasonnotes import note_seasons
from auditor.targets import Endpoint, Gateway, Town, target_key
from auditor.town import Loaded, load_town
from auditor.words import say
from auditor.work import System
from auditor.zones import Jump

PACKAGES = ("auditor", "checks", "reports")
DISTRIBUTION = "telework-auditor"
PASSWORDS = "passwords.toml"
ROOM_MB = 200
SHOWN = 200
ABSENT_SHOWN = 10
_POSIX = sys.platform != "win32"

Step = Callable[[Loaded | None], object]
"""Something else to try: it raises what is wrong. None = the town folder itself could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What was found. `loaded` None = the town folder cannot be used; `errors` are what `Step`s raised."""

    root: Path
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()
    errors: tuple[AuditorError, ...] = ()
    loaded: Loaded | None = None

    @property
    def good(self) -> bool:
        """True when an audit can run."""
        return not self.problems and not self.errors


def examine(folder: Path, extra: Iterable[Step] = ()) -> Health:
    """Validate the town folder, keys, permissions, the installation, and what `extra` tries."""
    root = folder.resolve()
    told = Told()
    loaded = _town(root, told)
    errors: list[AuditorError] = []
    _packages(told)
    if root.is_dir():
        _places(root, told)
        _secrets(root, loaded, told)
        _pins(root, loaded, told)
        _signers(root, loaded, told)
    if loaded is not None:
        _consoles(loaded, told)
        _registers(loaded, told)
        note_seasons(loaded, told)
    for step in extra:
        try:
            step(loaded)
        except ConfigError as error:
            told.problems += error.problems
        except AuditorError as error:
            errors.append(error)
    if loaded is not None:
        told.notes += loaded.notes
    return Health(
        root=root,
        problems=in_order(told.problems),
        notes=in_order(told.notes),
        errors=tuple(errors),
        loaded=loaded,
    )


def described(health: Health, lang: str) -> str:
    """The result for the town's IT staff, in `lang`."""
    lines: list[str] = []
    wrong = [say(lang, f"error.{error.key}", **error.values) for error in health.errors]
    wrong += [worded(one, lang, root=health.root) for one in health.problems]
    notes = [worded(one, lang, root=health.root, table="note") for one in health.notes]
    for heading, sentences in (("problems", wrong), ("notes", notes)):
        if sentences:
            lines += [say(lang, f"doctor.{heading}"), *(f"  {sentence}" for sentence in sentences[:SHOWN])]
        if len(sentences) > SHOWN:
            lines.append(f"  {say(lang, 'doctor.more', count=len(sentences) - SHOWN)}")
    if health.loaded is not None:
        lines.append(_counts(health.loaded, lang))
    if wrong or notes:
        lines.append(say(lang, "doctor.summary", problems=len(wrong), notes=len(notes)))
    if health.good:
        lines.append(say(lang, "doctor.good"))
    return "\n".join(lines)


def _counts(loaded: Loaded, lang: str) -> str:
    town = loaded.town
    return say(
        lang,
        "doctor.counts",
        sections=len(town.sections),
        staff=len(town.staff),
        trial=sum(person.trial for person in town.staff),
        endpoints=len(town.endpoints),
        gateways=len(town.gateways),
        print_servers=len(town.print_servers),
        systems=len(town.systems),
        documents=len(town.documents),
    )


def _town(root: Path, told: Told) -> Loaded | None:
    if not root.is_dir():
        told.problem(root, None, "", "folder_missing")
        return None
    try:
        loaded = load_town(root)
    except ConfigError as error:
        told.problems += error.problems
        return None
    note_gaps(loaded, told)
    if loaded.settings.unsigned_inbox_reason:
        reason = loaded.settings.unsigned_inbox_reason
        told.note(root / "town.toml", None, "town.unsigned_inbox", "unsigned_inbox", reason=reason)
    return loaded


def _places(root: Path, told: Told) -> None:
    """The folder, the inbox and the folder for pages: who may read and write, and how much room is left."""
    inbox, out = root / "inbox", root / "out"
    for place in (root, inbox, root / "town.toml", root / "staff.csv", root / "endpoints.csv"):
        mode = _mode(place)
        if mode & stat.S_IWOTH:
            told.problem(place, None, "", "world_writable", mode=f"{mode:o}", path=str(place))
    if not inbox.is_dir():
        told.problem(inbox, None, "", "inbox_missing")
    elif not os.access(inbox, os.R_OK | os.X_OK):
        told.problem(inbox, None, "", "not_readable")
    elif links := sum(entry.is_symlink() for entry in inbox.iterdir()):
        told.note(inbox, None, "", "links_skipped", count=links)
    for place in (root, out):
        if place.exists() and not os.access(place, os.W_OK | os.X_OK):
            told.problem(place, None, "", "not_writable")
    free = shutil.disk_usage(root).free // 1_000_000
    if free < ROOM_MB:
        told.problem(root, None, "", "disk_full", free=free, wanted=ROOM_MB)


def _secrets(root: Path, loaded: Loaded | None, told: Told) -> None:
    """The private key, the password file, and keys of entrances and systems: read by their owner only."""
    key_file = loaded.settings.ssh_key_file if loaded is not None else None
    holders: list[Gateway | System] = []
    if loaded is not None:
        holders = [*loaded.town.gateways, *loaded.town.systems]
    passwords = root / PASSWORDS
    try:
        if key_file is not None:
            load_key(key_file)
    except ConfigError as error:
        told.problems += error.problems
    for file in sorted({file for one in holders for file in one.keys.values()}):
        try:
            private_bytes(file)
        except ConfigError as error:
            told.problems += error.problems
    try:
        password_source(passwords if passwords.exists() else None)
    except ConfigError as error:
        told.problems += error.problems


def _consoles(loaded: Loaded, told: Told) -> None:
    """Every export can be read, and which machines that hang on one stand in none."""
    news = consoles_evidence(loaded.town, datetime.now(UTC))
    told.problems += news.problems
    told.notes += news.notes
    for file in (console.file for console in loaded.town.consoles):
        if (mode := _mode(file)) & stat.S_IWOTH:
            told.problem(file, None, "", "world_writable", mode=f"{mode:o}", path=str(file))
    waiting = [one for one in loaded.town.endpoints if one.road == "console"]
    absent = [one.id for one in waiting if target_key(one) not in news.evidence]
    key = "console_absent" if loaded.town.consoles else "no_console"
    if absent and not news.problems:
        names = ", ".join(absent[:ABSENT_SHOWN]) + (" …" if len(absent) > ABSENT_SHOWN else "")
        told.note(loaded.settings.folder / "endpoints.csv", None, "", key, names=names, count=len(absent))


def _registers(loaded: Loaded, told: Told) -> None:
    """Which entrances' registers are too old to count, or of a day that is still to come."""
    today = japan_day(datetime.now(UTC)).date()
    for gateway in loaded.town.gateways:
        if gateway.register is None:
            continue
        days = (today - gateway.register.as_of).days
        if not 0 <= days <= KEPT_DAYS:
            key = "register_old" if days > 0 else "register_future"
            as_of = gateway.register.as_of.isoformat()
            file = loaded.settings.folder / "town.toml"
            told.note(file, None, "", key, name=gateway.id, as_of=as_of, limit=KEPT_DAYS)


def _mode(place: Path) -> int:
    """The permission bits; 0 where there is no such file, or no such bits (Windows)."""
    try:
        return stat.S_IMODE(place.stat().st_mode) if _POSIX else 0
    except OSError:
        return 0


def _pins(root: Path, loaded: Loaded | None, told: Told) -> None:
    """The pinned keys can be read, and which endpoints and jump hosts have none."""
    try:
        pins = read_known_hosts(root / "known_hosts")
    except ConfigError as error:
        told.problems += error.problems
        return
    if loaded is not None:
        for host in _unpinned(loaded, pins):
            told.note(root / "known_hosts", None, "", "host_not_pinned", host=host)


def _signers(root: Path, loaded: Loaded | None, told: Told) -> None:
    """The trusted keys can be read, and whose machine no ledger knows."""
    path = root / "trusted_signers"
    if loaded is None:
        return
    try:
        signers = read_signers(path, loaded.town)
    except ConfigError as error:
        told.problems += error.problems
        return
    for line, name in unknown_machines(signers, loaded.town):
        told.note(path, line, "", "signers_unknown", name=name)


def _unpinned(loaded: Loaded, pins: HostKeys) -> Sequence[str]:
    idle = _idle(loaded.town)
    ssh: list[Endpoint | Jump] = [
        *(jump for jump in loaded.town.jumps if jump.id not in idle),
        *(endpoint for endpoint in loaded.town.endpoints if endpoint.road == "ssh" and endpoint.host),
    ]
    return [f"{one.id} ({one.host}:{one.port})" for one in ssh if not pins.pins(one.host, one.port)]


def _idle(town: Town) -> frozenset[str]:
    """The jump hosts by which nobody goes: what is seen behind them is brought as files."""
    asked = {flow.source for flow in town.flows if flow.road == "probe"}
    for gateway in town.gateways:
        asked.update(gateway.reachable_from, gateway.unreachable_from)
    brought = {flow.source for flow in town.flows} - asked
    used = {row.jump for row in town.vantages if row.id not in brought}
    used.update(endpoint.jump for endpoint in town.endpoints)
    return frozenset(row.jump for row in town.vantages if row.id in brought) - used


def _packages(told: Told) -> None:
    """Our three top-level packages are ours: no other distribution installs one, none shadows one."""
    ours = Path(auditor.__file__).resolve().parent.parent
    installed = packages_distributions()
    for package in PACKAGES:
        others = sorted(set(installed.get(package, ())) - {DISTRIBUTION})
        if others:
            told.problem(ours / package, None, "", "package_twice", package=package, names=", ".join(others))
        spec = find_spec(package)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if origin != ours / package / "__init__.py":
            path = str(origin or "-")
            told.problem(ours / package, None, "", "package_elsewhere", package=package, path=path)
