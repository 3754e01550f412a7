"""What one recipient has to be told of a night: counts only, so that no page's content leaves the share."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from auditor.findings import ATTESTED, Tally, tally
from auditor.notify.reminders import Ends, Reminder
from auditor.readiness import Ready
from auditor.run import Change, Changes, Run
from auditor.silence import Silence

FAULTS = ("fail", "grace", "exception")
TOWN = ""
"""The scope of the IT staff: everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How many findings became worse or better since the recipient was told last.

    `failed` = a new fault, or one whose deadline or exception is over. `unchecked` = nobody can tell now.
    """

    failed: int = 0
    recovered: int = 0
    unchecked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The figures of the town (`section` = `TOWN`) or of one section."""

    section: str
    name: str
    people: int
    ready: int
    tally: Tally
    moved: Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """So many things of one kind end; `soonest` = days until the first of them, negative = past."""

    ends: Ends
    count: int
    soonest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One recipient's night.

    `weekly` = the sign of life is due. `silences` = all that last, `fresh` = some were not told before.
    `doubtful` = earlier mails to this recipient that may not have arrived.
    """

    scopes: tuple[Scope, ...]
    silences: tuple[Silence, ...] = ()
    fresh: bool = False
    reminded: tuple[Reminded, ...] = ()
    weekly: bool = False
    doubtful: int = 0

    @property
    def moved(self) -> bool:
        """True when something failed anew or recovered."""
        return any(scope.moved.failed or scope.moved.recovered for scope in self.scopes)

    @property
    def worth_telling(self) -> bool:
        """True when the recipient is written to tonight."""
        return bool(self.moved or self.fresh or self.reminded or self.weekly or self.doubtful)


def scope_of(run: Run, section: str, changed: Changes | None) -> Scope:
    """The figures of one section, or of the town."""
    sections = {card.key: card.sections for card in run.targets}

    def mine(target: str) -> bool:
        return section == TOWN or section in sections.get(target, ())

    rows = [row for row in run.section_readiness if section in (TOWN, row.section)]
    names = {one.id: one.name for one in run.sections}
    return Scope(
        section=section,
        name=names.get(section, run.town.name),
        people=sum(row.people for row in rows),
        ready=sum(row.by_ready.get(Ready.READY, 0) for row in rows),
        tally=run.tally if section == TOWN else tally(row for row in run.findings if mine(row.target)),
        moved=_moved(change for change in (changed.changed if changed else ()) if mine(change.target)),
    )


def _moved(changed: Iterable[Change]) -> Moved:
    counted = Counter(map(_way, changed))
    return Moved(failed=counted["failed"], recovered=counted["recovered"], unchecked=counted["unchecked"])


def _way(change: Change) -> str:
    before, after = change.before.removeprefix(ATTESTED), change.after.removeprefix(ATTESTED)
    if after in FAULTS and (before not in FAULTS or (after == "fail" and before != "fail")):
        return "failed" if after != "exception" else ""
    if before in FAULTS and after == "pass":
        return "recovered"
    return "unchecked" if after == "unknown" and before not in ("unknown", "") else ""


def reminded_of(found: Sequence[Reminder], scopes: Collection[str]) -> tuple[Reminded, ...]:
    """The reminders that concern these scopes, counted by kind; the IT staff are told of all."""
    mine = [one for one in found if TOWN in scopes or set(one.sections) & set(scopes)]
    return tuple(
        Reminded(ends=kind, count=len(same), soonest=min(one.left for one in same))
        for kind in Ends
        if (same := [one for one in mine if one.ends is kind])
    )
