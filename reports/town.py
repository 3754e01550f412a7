"""The town on two sheets: which sections are ready, what holds people back, what changed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from auditor.readiness import RANK, Cause, Ready
from auditor.run import TargetCard
from reports.book import Book, partly_blocked, verdict_of
from reports.exceptions import notable
from reports.files import file_name
from reports.nights import night_line
from reports.quiet import quiet_sections
from reports.requests import SEVERITY, due_of
from reports.seasons import strays, transfers
from reports.shifts import WAYS, shifts
from reports.whole import whole_items

TOP = 7
SHIFTS = 6


@dataclass(frozen=True, slots=True)
class Hold:
    """One cause that holds people back: how many, in which sections, how badly."""

    title: str
    people: int
    sections: tuple[str, ...]
    ready: Ready


@dataclass(frozen=True, slots=True)
class _Kind:
    """What makes causes one: `about` is a control's id, a kind of target or a leg, as `code` says."""

    code: str
    about: str
    reason: str = ""


def town_view(book: Book) -> dict[str, object]:
    """What the town's page shows."""
    run = book.run
    totals = {ready: sum(row.by_ready.get(ready, 0) for row in run.section_readiness) for ready in Ready}
    rows = tuple((row, verdict_of(row)) for row in run.section_readiness)
    partly = frozenset(row.section for row in run.section_readiness if partly_blocked(row))
    holds = causes(book)
    moved = shifts(book, run.changes.changed) if run.changes else ()
    return {
        "totals": totals,
        "people": sum(totals.values()),
        "rows": rows,
        "partly": partly,
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
        "quiet": quiet_sections(book),
        "nights": night_line(run, book.words),
        "whole": whole_items(book),
        "exceptions": notable(book),
        "moved": transfers(book),
        "loose": strays(book),
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
    """What holds people back: what blocks first, then what concerns most people, then the gravest."""
    people: defaultdict[tuple[_Kind, Ready], set[str]] = defaultdict(set)
    sections: defaultdict[tuple[_Kind, Ready], dict[str, None]] = defaultdict(dict)
    dues: defaultdict[tuple[_Kind, Ready], list[date]] = defaultdict(list)
    for person in book.run.readiness:
        for cause in person.causes:
            if cause.ready is Ready.READY:
                continue
            key = _kind(book, cause), cause.ready
            people[key].add(person.person)
            sections[key][book.section_names.get(person.section, person.section)] = None
            finding = book.finding(cause.control, cause.target)
            dues[key].append(due_of(book, finding) if finding is not None else date.max)
    ranked = sorted(people, key=lambda key: _rank(book, key, len(people[key]), min(dues[key])))
    return [
        Hold(_title(book, kind), len(people[kind, ready]), tuple(sections[kind, ready]), ready)
        for kind, ready in ranked
    ]


def _rank(book: Book, key: tuple[_Kind, Ready], people: int, due: date) -> tuple[object, ...]:
    """The wording has no part in it, so that both languages show causes alike."""
    kind, ready = key
    failed = book.controls.get(kind.about) if kind.code == "fail" else None
    severity = SEVERITY.get(failed.severity, len(SEVERITY)) if failed is not None else len(SEVERITY)
    return -RANK[ready], -people, severity, due, kind.about, kind.code, kind.reason


def _kind(book: Book, cause: Cause) -> _Kind:
    finding = book.finding(cause.control, cause.target) if cause.control else None
    if finding is not None and finding.whole_target and finding.reason is not None:
        return _Kind("silent", book.targets[finding.target].kind, finding.reason.value)
    if finding is not None and cause.ready is Ready.CHECK_FIRST:
        return _Kind("unchecked", cause.control)
    if cause.control:
        return _Kind("fail", cause.control)
    return _Kind("unproven" if cause.target else "undeclared", cause.leg.value)


def _title(book: Book, kind: _Kind) -> str:
    words = book.words
    match kind.code:
        case "silent":
            reason = words(f"reason.{kind.reason}")
            return words("town.silent_kind", kind=words(f"kind.{kind.about}"), reason=reason)
        case "unchecked":
            return words("town.unchecked", title=book.title(kind.about))
        case "fail":
            control = book.controls.get(kind.about)
            return control.plain.in_(words.lang) if control is not None else kind.about
        case "unproven":
            return words("town.unproven", leg=words(f"leg.{kind.about}"))
        case _:
            return words("town.undeclared", leg=words(f"leg.{kind.about}"))
