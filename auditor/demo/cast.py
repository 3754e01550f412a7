"""The sample town's people and machines, made from ``cast.toml`` without chance: the same town every time."""

from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import as_file, files

import msgspec

from auditor.targets import Endpoint, Person, Section
from auditor.tomlfile import convert, read_toml

METHODS = ("vpn", "cloud", "vdi", "browser", "rdp")
SYSTEMS = (
    *["windows"] * 6,
    "linux",
    *["windows"] * 2,
    "chromeos",
    *["windows"] * 3,
    "macos",
    *["windows"] * 3,
    "ipados",
)
SCRIPTLESS = ("chromeos", "ipados")
"""Systems that only an admin console tells of."""
PLACE_DAYS_AGO = 60
OLD_PLACE_DAYS_AGO = 400
APPROVED_DAYS_AGO = 90
SPOILT = ("late", "silent", "guest", "released", "nopasscode")
TRAINED_DAYS_AGO = 120
OVERDUE_DAYS_AGO = 900
ROUTER_DAYS_AGO = 40
HEADS = 1


class _TownRow(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    contact: str
    sender: str
    domain: str
    keeper: str
    ordinances: int
    helper: str
    unsigned_reason: str
    register_source: str


class _NamesRow(msgspec.Struct, forbid_unknown_fields=True):
    surnames: list[str]
    given: list[str]


class SectionRow(msgspec.Struct, forbid_unknown_fields=True):
    """A section: how many people, how many in the trial, which flaws ([person of the trial, what])."""

    id: str
    name: str
    office: str
    staff: int
    trial: int
    flaws: list[tuple[int, str]]
    routes: str = "good"

    @property
    def location(self) -> str:
        """Where its printer stands, as the printer itself says."""
        return f"{self.office} {self.name}"


class GatewayRow(msgspec.Struct, forbid_unknown_fields=True):
    """A gateway whose facts come from the inbox; its certificate ends in `certificate_days` days.

    `software`, `version` and `seats` stand in its register, which was looked over a month before the audit.
    """

    id: str
    name: str
    methods: list[str]
    closed_ports: list[int]
    certificate_days: int
    software: str
    version: str
    seats: int


class PrintServerRow(msgspec.Struct, forbid_unknown_fields=True):
    """A print server whose facts come from the inbox; every section on it prints alike.

    `sheets_per_head` = sheets a person prints a day; `sides` and `colour` = the queues' IPP defaults;
    `unlogged` = percent that its devices print beside what it is sent; `forged_line` = its log has one.
    """

    id: str
    name: str
    sections: list[str]
    sheets_per_head: int
    sides: str
    colour: str
    unlogged: int
    forged_line: bool


class Script(msgspec.Struct, forbid_unknown_fields=True):
    """``cast.toml``."""

    town: _TownRow
    names: _NamesRow
    documents: dict[str, str]
    sections: list[SectionRow]
    gateways: list[GatewayRow]
    print_servers: list[PrintServerRow]

    def host(self, id_: str) -> str:
        """The name of an invented host."""
        return f"{id_}.{self.town.domain}"

    def printing(self, server: PrintServerRow) -> tuple[str, ...]:
        """The sections that print on a server."""
        elsewhere = {section for row in self.print_servers for section in row.sections}
        return tuple(server.sections) or tuple(row.id for row in self.sections if row.id not in elsewhere)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """An endpoint and what is wrong with it: control ids, or one of `SPOILT` (see ``cast.toml``)."""

    endpoint: Endpoint
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Everybody and everything of the sample town."""

    script: Script
    sections: tuple[Section, ...]
    staff: tuple[Person, ...]
    machines: tuple[Machine, ...]


def assemble(today: date) -> Cast:
    """The sample town as it is on `today`."""
    with as_file(files(__package__) / "cast.toml") as path:
        script = convert(read_toml(path), Script)
    names = _names(script.names)
    sections: list[Section] = []
    staff: list[Person] = []
    machines: list[Machine] = []
    for number, row in enumerate(script.sections, 1):
        ids = [f"{number:02}{place:02}" for place in range(1, row.staff + 1)]
        sections.append(Section(id=row.id, name=row.name, head=ids[0], officer=ids[1], office=row.office))
        flaws = _flaws(row)
        for place, id_ in enumerate(ids):
            member = place - HEADS + 1 if HEADS <= place < HEADS + row.trial else 0
            wrong = flaws.get(member, ())
            system = _system(len(machines), wrong)
            person = Person(
                id=id_,
                name=names[len(staff)],
                section=row.id,
                method=_method(len(staff), system, wrong) if member else "",
                trial=member > 0,
                trained_on=_trained(today, place, wrong) if member else None,
                place_attested_on=_attested(today, wrong) if member else None,
                router_attested_on=today - timedelta(days=ROUTER_DAYS_AGO) if member else None,
            )
            staff.append(person)
            if member:
                machines.append(_machine(person, len(machines), system, wrong, today))
    return Cast(script=script, sections=tuple(sections), staff=tuple(staff), machines=tuple(machines))


def _flaws(row: SectionRow) -> dict[int, tuple[str, ...]]:
    """What is wrong with each person of the trial, counting from 1."""
    wrong: dict[int, tuple[str, ...]] = {}
    for member, what in row.flaws:
        wrong[member] = (*wrong.get(member, ()), what)
    return wrong


def _names(row: _NamesRow) -> list[str]:
    """As many different names as there are pairs; neighbours share neither part."""
    surnames, given = row.surnames, row.given
    return [
        f"{surnames[at % len(surnames)]} {given[(at + at // len(surnames)) % len(given)]}"
        for at in range(len(surnames) * len(given))
    ]


def _system(at: int, flaws: tuple[str, ...]) -> str:
    """The system of the trial's `at`-th machine; what fails by a control's id fails on Windows."""
    return "windows" if any("-" in flaw for flaw in flaws) else SYSTEMS[at % len(SYSTEMS)]


def _method(at: int, system: str, flaws: tuple[str, ...]) -> str:
    """A method by turns; nothing but a browser runs on a machine without scripts."""
    if "nomethod" in flaws:
        return ""
    return "browser" if system in SCRIPTLESS else METHODS[at % len(METHODS)]


def _trained(today: date, place: int, flaws: tuple[str, ...]) -> date | None:
    if "untrained" in flaws:
        return None
    days = OVERDUE_DAYS_AGO if "overdue" in flaws else TRAINED_DAYS_AGO + place
    return today - timedelta(days=days)


def _attested(today: date, flaws: tuple[str, ...]) -> date | None:
    """When the person declared the place of work."""
    if "noplace" in flaws:
        return None
    return today - timedelta(days=OLD_PLACE_DAYS_AGO if "oldplace" in flaws else PLACE_DAYS_AGO)


def _machine(person: Person, at: int, system: str, flaws: tuple[str, ...], today: date) -> Machine:
    faults = tuple(flaw for flaw in flaws if "-" in flaw)
    endpoint = Endpoint(
        id=f"MK-{at + 1:04}",
        serial=f"SAMPLE{at + 1:04}",
        name=f"{person.section.upper()}-{at + 1:03}",
        os=system,
        section=person.section,
        user=person.id,
        zone="internet",
        method=person.method,
        road="console" if system in SCRIPTLESS else "file",
        owner="private" if {"private", "byod"} & set(flaws) else "town",
        approved_on=today - timedelta(days=APPROVED_DAYS_AGO) if "byod" in flaws else None,
        extra_checked_on=today - timedelta(days=APPROVED_DAYS_AGO) if "byod" in flaws else None,
    )
    return Machine(endpoint=endpoint, flaws=(*faults, *(flaw for flaw in flaws if flaw in SPOILT)))
