"""The town on two sheets: which sections are ready, what holds people back, what changed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.findings import Verdict
from auditor.readiness import RANK, Cause, Ready
from auditor.run import TargetCard
from reports.book import Book, verdict_of
from reports.files import file_name
from reports.shifts import WAYS, shifts

TOP = 7
SHIFTS = 6


@dataclass(frozen=True, slots=True)
class Hold:
    """One cause that holds people back: how many, in which sections, how badly."""

    title: str
    people: int
    sections: tuple[str, ...]
    ready: Ready


def town_view(book: Book) -> dict[str, object]:
    """What the town's page shows."""
    run = book.run
    totals = {ready: sum(row.by_ready.get(ready, 0) for row in run.section_readiness) for ready in Ready}
    rows = tuple((row, verdict_of(row)) for row in run.section_readiness)
    holds = causes(book)
    moved = shifts(book, run.changes.changed) if run.changes else ()
    return {
        "totals": totals,
        "people": sum(totals.values()),
        "rows": rows,
        "names": book.section_names,
        "links": {section.id: f"sections/{file_name(section.id)}.html" for section in run.sections},
        "silent": tuple(book.section_names[row.section] for row, _ in rows if row.heard is False),
        "causes": holds[:TOP],
        "more_causes": max(0, len(holds) - TOP),
        "counted": {way: sum(shift.count for shift in moved if shift.way == way) for way in WAYS},
        "shifts": moved[:SHIFTS],
        "more_shifts": sum(shift.count for shift in moved[SHIFTS:]),
        "verdict": worst_verdict([verdict for _, verdict in rows]),
        "oldest": oldest(run.targets),
    }


def worst_verdict(verdicts: Sequence[str]) -> str:
    """The worst verdict of any section, "nobody" where nobody is in the trial."""
    found = [Ready(verdict) for verdict in verdicts if verdict != "nobody"]
    return max(found, key=RANK.__getitem__).value if found else "nobody"


def oldest(cards: Sequence[TargetCard]) -> TargetCard | None:
    """The target whose evidence is the oldest of those that gave any, None = nothing was collected."""
    dated = [(card.collected_at, card.key, card) for card in cards if card.collected_at is not None]
    return min(dated)[2] if dated else None


def causes(book: Book) -> list[Hold]:
    """What holds people back: what blocks first, then what concerns most people."""
    people: defaultdict[tuple[str, Ready], set[str]] = defaultdict(set)
    sections: defaultdict[tuple[str, Ready], dict[str, None]] = defaultdict(dict)
    for person in book.run.readiness:
        for cause in person.causes:
            if cause.ready is not Ready.READY:
                key = (_title(book, cause), cause.ready)
                people[key].add(person.person)
                sections[key][book.section_names.get(person.section, person.section)] = None
    found = [
        Hold(title, len(held), tuple(sections[title, ready]), ready)
        for (title, ready), held in people.items()
    ]
    return sorted(found, key=lambda hold: (-RANK[hold.ready], -hold.people, hold.title))


def _title(book: Book, cause: Cause) -> str:
    words = book.words
    finding = book.finding(cause.control, cause.target) if cause.control else None
    if finding is not None and finding.whole_target and finding.reason is not None:
        kind = words(f"kind.{book.targets[finding.target].kind}")
        return words("town.silent_kind", kind=kind, reason=words(f"reason.{finding.reason.value}"))
    if finding is not None and finding.verdict is Verdict.UNKNOWN:
        return words("town.unchecked", title=book.title(cause.control))
    if cause.control:
        control = book.controls.get(cause.control)
        return control.plain.in_(words.lang) if control is not None else cause.control
    return words("town.unproven" if cause.target else "town.undeclared", leg=words(f"leg.{cause.leg.value}"))
