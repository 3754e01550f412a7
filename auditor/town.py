"""The town folder, read and validated as a whole before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from auditor.cells import MAX_NAME, name_fault
from auditor.declared import Declared
from auditor.declaredwork import DeclaredWork
from auditor.errors import ConfigError, Problem
from auditor.jumphosts import read_jumps
from auditor.keeping.table import Keep, keep_of, wrong
from auditor.ledger import folded
from auditor.model import SHIPPED
from auditor.nightly.hours import Hours, hours_of
from auditor.notify.declared import Mail, Webhook, limits_of, mail_of, webhook_of
from auditor.problems import Note, Told, in_order
from auditor.rosters import Defaults, Names, read_endpoints, read_staff
from auditor.seasons import renamed
from auditor.segments import Segments
from auditor.targets import Endpoint, Person, Section, Town
from auditor.townfile import TownFile, read_town_file

OWN_MODEL = "town"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the town wants to be audited. `folder` is absolute.

    `model_file` = the town's own model, None = a shipped one. `ssh_key_file` None = no key is declared.
    `unsigned_inbox_reason` = why unsigned evidence is accepted, "" = it is not. `mail`, `webhook` = where
    notices go, None = nowhere. `hours` = when the town is audited by itself.
    """

    folder: Path
    model_file: Path | None = None
    ssh_account: str = ""
    ssh_key_file: Path | None = None
    unsigned_inbox_reason: str = ""
    keep: Keep = field(default_factory=Keep)
    mail: Mail | None = None
    webhook: Webhook | None = None
    hours: Hours = field(default_factory=Hours)

    @property
    def known_hosts(self) -> Path:
        """The pinned SSH keys."""
        return self.folder / "known_hosts"

    @property
    def inbox(self) -> Path:
        """Where evidence arrives."""
        return self.folder / "inbox"

    @property
    def out(self) -> Path:
        """Where pages go."""
        return self.folder / "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A town folder that can be used. `notes` are worth knowing and stop nothing."""

    town: Town
    settings: Settings
    notes: tuple[Note, ...] = ()


def load_town(folder: Path) -> Loaded:
    """Read the town folder.

    Raises:
        ConfigError: everything wrong in ``town.toml``, ``staff.csv`` and ``endpoints.csv`` at once.
    """
    told = Told()
    root = folder.resolve()
    if not root.is_dir():
        raise ConfigError([Problem(folder, None, "", "folder_missing")])
    file = _town_file(root / "town.toml", told)
    declared = Declared(file, root, told) if file is not None else None
    sections = declared.sections() if declared is not None else ()
    names = Names(_spellings(sections) if declared is not None else None)
    staff = read_staff(root / "staff.csv", names, told)
    people = {person.id: person.name for person in staff} if staff else None
    jumps = read_jumps(file, told) if file is not None else ()
    defaults = Defaults(
        account=declared.account() if declared is not None else "",
        sudo=file is not None and file.written.ssh.sudo,
        jumps=tuple(jump.id for jump in jumps) if file is not None else None,
    )
    endpoints = read_endpoints(root / "endpoints.csv", names, people, defaults, told)
    if declared is None:
        raise ConfigError(in_order(told.problems))
    if people is not None:
        declared.heads(sections, people)
    settings = _settings(declared)
    town = replace(_town(declared, sections, staff, endpoints), jumps=jumps)
    town = Segments(declared.file, told).added_to(town)
    told.stop_if_wrong()
    return Loaded(town=town, settings=settings, notes=in_order(told.notes))


def whom_to_tell(folder: Path) -> Loaded | None:
    """Who hears by mail that the town folder cannot be used; None = nobody, or that cannot be read either.

    Nothing but the town's name and ``[mail]`` is in it.
    """
    told = Told()
    root = folder.resolve()
    file = _town_file(root / "town.toml", told)
    if file is None:
        return None
    mail = mail_of(Declared(file, root, told), [section.id for section in file.written.sections])
    if mail is None or any(not one.field.startswith("mail.sections") for one in told.problems):
        return None
    table = file.written.town
    town = Town(name=table.name, sample=table.sample, root=root)
    return Loaded(town=town, settings=Settings(folder=root, mail=mail))


def _town_file(path: Path, told: Told) -> TownFile | None:
    try:
        return read_town_file(path)
    except ConfigError as error:
        told.problems += error.problems
        return None


def _spellings(sections: tuple[Section, ...]) -> Mapping[str, str]:
    """The ids by every way a ledger may write a section."""
    former = {folded(old): id_ for old, id_ in renamed(sections).items()}
    return former | {folded(word): section.id for section in sections for word in (section.name, section.id)}


def _settings(declared: Declared) -> Settings:
    written = declared.file.written
    table = written.town
    own = declared.folder / "model.toml"
    toml = declared.file.toml
    if table.model not in (*SHIPPED, OWN_MODEL):
        known = ", ".join((*SHIPPED, OWN_MODEL))
        declared.told.problems.append(
            toml.problem(("town", "model"), "bad_choice", seen=table.model[:MAX_NAME], known=known)
        )
    if table.model == OWN_MODEL and not own.is_file():
        declared.told.problems.append(toml.problem(("town", "model"), "model_file_missing", path=str(own)))
    if table.model != OWN_MODEL and own.is_file():
        line = toml.line_of(("town", "model"))
        declared.told.note(toml.path, line, "town.model", "model_file_unused", model=table.model)
    reason = table.unsigned_inbox_reason.strip()
    if table.unsigned_inbox and not reason:
        declared.told.problems.append(toml.problem(("town", "unsigned_inbox"), "unsigned_reason"))
    if (days := wrong(written.history)) is not None:
        name, value, low, high = days
        declared.told.problems.append(
            toml.problem(("history", name), "history_days", value=value, low=low, high=high)
        )
    return Settings(
        folder=declared.folder,
        keep=keep_of(written.history),
        model_file=own if table.model == OWN_MODEL else None,
        ssh_account=written.ssh.account,
        ssh_key_file=declared.existing(("ssh", "key_file"), written.ssh.key_file),
        unsigned_inbox_reason=reason if table.unsigned_inbox else "",
        mail=mail_of(declared, [section.id for section in written.sections]),
        webhook=webhook_of(declared),
        hours=hours_of(toml, written.nightly, declared.told),
    )


def _town(
    declared: Declared,
    sections: tuple[Section, ...],
    staff: tuple[Person, ...],
    endpoints: tuple[Endpoint, ...],
) -> Town:
    table = declared.file.written.town
    for key, text in (("name", table.name), ("contact", table.contact), ("sender", table.sender)):
        fault = name_fault(text.strip())
        if fault and (key == "name" or fault != "blank"):
            declared.told.problems.append(declared.file.toml.problem(("town", key), fault, limit=MAX_NAME))
    ids = tuple(section.id for section in sections)
    work = DeclaredWork(declared.file, declared.folder, declared.told)
    return Town(
        name=table.name,
        sample=table.sample,
        contact=table.contact,
        sender=table.sender,
        model=table.model,
        root=declared.folder,
        sections=sections,
        staff=staff,
        endpoints=tuple(row for row in endpoints if row.retired_on is None),
        retired=tuple(row for row in endpoints if row.retired_on is not None),
        gateways=declared.gateways(ids),
        print_servers=work.print_servers(ids),
        systems=work.systems(ids),
        documents=work.documents(ids),
        consoles=declared.consoles(),
        unsigned_inbox=table.unsigned_inbox,
        limits=limits_of(declared),
    )
