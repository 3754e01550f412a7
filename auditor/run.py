"""One audit as a value: all that a page, a file, the history or a later question needs, in itself.

The run document is the source of truth; pages, the terminal and the JSON file are renderings of it. It
carries the controls' wording, so that a stored run can be shown years later in either language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from auditor.contacts import Contact
from auditor.control import Control, Leg, Wording
from auditor.exceptions import Excepted
from auditor.findings import Finding, Reason, Tally
from auditor.nights import Nightly
from auditor.readiness import ElementState, PersonReadiness, SectionReadiness
from auditor.seasons import Move, Orphan
from auditor.silence import Silence
from auditor.targets import Person, Section
from auditor.zones import Border, Flow, Vantage, Zone

SCHEMA = 1
MAX_ARRIVALS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class TownCard:
    """Whose run this is. `sample` = invented data (every page says 見本); `contact` = whom to ask.

    `alone` = no town folder: only the machine it ran on was audited.
    """

    name: str
    sample: bool = False
    contact: str = ""
    sender: str = ""
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """The security model in force: `id` as declared, `based_on` the shipped models it extends, in order.

    `digest` is the SHA-256 (hex) of everything that was demanded: controls, parameters, exclusions.
    """

    id: str
    title: Wording
    based_on: tuple[str, ...] = ()
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCard:
    """What was looked at. `key` is the finding's target; `sections` = whom it concerns.

    `outcome` = why nothing usable came back, None = it answered; `note` and `details` (host name, serial,
    hardware …) are for the technical page only. `road` is how it was reached. `silent` = why it said nothing
    in this run, though what it said on `collected_at` is still judged; None = it was heard.
    """

    key: str
    kind: str
    id: str
    name: str
    sections: tuple[str, ...] = ()
    user: str = ""
    os: str = ""
    road: str = ""
    outcome: Reason | None = None
    silent: Reason | None = None
    note: str = ""
    collected_at: datetime | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One finding that differs from the run before; both are `shown_as` codes, "" = was not there."""

    control: str
    target: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs from run `since` (its `on` day, Japan); an empty list means nothing changed.

    `moves` = what new ledgers changed; a machine that is new there is no fault of yesterday.
    """

    since: int
    on: date
    changed: tuple[Change, ...] = ()
    moves: tuple[Move, ...] = ()


class Standing(StrEnum):
    """What became of an evidence file at the door; ``standing.<code>`` in ``auditor/words`` says it."""

    ACCEPTED = "accepted"
    ADMITTED = "admitted"
    GAP = "gap"
    ALREADY_READ = "already_read"
    TOO_OLD = "too_old"
    UNFINISHED = "unfinished"
    UNSIGNED = "unsigned"
    UNKNOWN_SIGNER = "unknown_signer"
    BAD_SIGNATURE = "bad_signature"
    WRONG_MACHINE = "wrong_machine"
    NOT_LEDGER = "not_ledger"
    NOT_OURS = "not_ours"
    RETIRED = "retired"
    FUTURE = "future"
    REPLAYED = "replayed"
    RESTARTED = "restarted"
    GARBLED = "garbled"
    TOO_LARGE = "too_large"
    NOT_A_FILE = "not_a_file"
    TOO_MANY = "too_many"

    @property
    def refused(self) -> bool:
        """True when the file was not used and somebody has to look why."""
        return self not in UNREMARKABLE


UNREMARKABLE = frozenset(
    {
        Standing.ACCEPTED,
        Standing.ADMITTED,
        Standing.GAP,
        Standing.ALREADY_READ,
        Standing.TOO_OLD,
        Standing.UNFINISHED,
    }
)
"""Used, or of no use and harmless: read before, too old to count, still being written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One evidence file that lay in the inbox.

    `target` = the machine it is about (or claims to be, where it was refused), "" = nobody can tell. `signer`
    = in whose name it was signed (``PC-0123``, ``officer:0105``), the key's fingerprint where no line names
    the key, "" = unsigned. `sequence` 0 = not a bundle. `note` is for the technical page.
    """

    file: str
    standing: Standing
    target: str = ""
    signer: str = ""
    sequence: int = 0
    collected_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeclared:
    """A control that the model demands and no target was declared for; `kinds` = what it is judged on."""

    control: str
    title: Wording
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One audit. Times are UTC; `today` is the day in Japan it was judged for.

    `number` = 0 when the run was not kept in a history. `rejudged` = the run whose evidence (of `started`)
    was judged again for `today`, nothing being looked at anew; 0 = an audit. `plugins` maps distribution
    names to versions.
    `broken` names the checks that failed by their own fault (a bug), as ``module: error``.
    `elements` are the six elements of the telework plan, in order. `inbox` holds what became of the evidence
    files, refused ones first and at most `MAX_ARRIVALS`; `arrived` counts all of them. `contacts` = all that
    was contacted. `zones`, `vantages` and `flows` as they were declared, `unlooked` = ways that every town
    keeps closed and that no flow tries, though the town looks from there. `undeclared` = controls that were
    not judged on anything. `exceptions` = what the town has on record, in force or not. `orphans` = what in
    the ledgers points to nobody. `silences` = what did not come. `nightly` = of
    which night it is the run, None = of none.
    """

    schema: int = SCHEMA
    number: int = 0
    rejudged: int = 0
    started: datetime
    ended: datetime
    today: date
    version: str
    town: TownCard
    model: ModelCard
    plugins: Mapping[str, str] = field(default_factory=dict)
    controls: tuple[Control, ...] = ()
    sections: tuple[Section, ...] = ()
    people: tuple[Person, ...] = ()
    targets: tuple[TargetCard, ...] = ()
    findings: tuple[Finding, ...] = ()
    readiness: tuple[PersonReadiness, ...] = ()
    section_readiness: tuple[SectionReadiness, ...] = ()
    elements: tuple[ElementState, ...] = ()
    tally: Tally = field(default_factory=Tally)
    changes: Changes | None = None
    broken: tuple[str, ...] = ()
    inbox: tuple[Arrival, ...] = ()
    contacts: tuple[Contact, ...] = ()
    zones: tuple[Zone, ...] = ()
    vantages: tuple[Vantage, ...] = ()
    flows: tuple[Flow, ...] = ()
    unlooked: tuple[Border, ...] = ()
    undeclared: tuple[Undeclared, ...] = ()
    exceptions: tuple[Excepted, ...] = ()
    orphans: tuple[Orphan, ...] = ()
    silences: tuple[Silence, ...] = ()
    arrived: Mapping[Standing, int] = field(default_factory=dict)
    nightly: Nightly | None = None

    def control(self, id_: str) -> Control:
        """The control of that id.

        Raises:
            KeyError: the run did not use it.
        """
        for control in self.controls:
            if control.id == id_:
                return control
        raise KeyError(id_)

    def target(self, key: str) -> TargetCard:
        """The target of that key.

        Raises:
            KeyError: the run did not look at it.
        """
        for target in self.targets:
            if target.key == key:
                return target
        raise KeyError(key)


LEGS = (Leg.DEVICE, Leg.PATH, Leg.WORK, Leg.PERSON)
"""The four legs of a person's readiness, in the order pages show them."""
