"""The page of one section: may its people start, and what has its head to do by when?"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auditor.findings import ATTESTED, Counts, Finding, Verdict, shown_as
from auditor.readiness import Ready, SectionReadiness
from auditor.run import LEGS
from reports.book import Book, verdict_of
from reports.exceptions import exception_rows, over
from reports.quiet import quiet_of
from reports.requests import Ask, asks
from reports.sheet import first_sheet
from reports.shifts import shifts
from reports.wording import Words, town_rule

STATES = ("fail", "unknown", "grace", "exception", "pass", "not_applicable")
"""Status codes in the order of every page."""

COUNTS = {state: "passed" if state == "pass" else state for state in STATES}
"""Status codes and the name of their figure in a `Tally`."""

SAID = {f"{ATTESTED}{state}": field for state, field in COUNTS.items()}
"""The same of what people attested: it stands after what was measured, and is never added to it."""

EVERY = (*STATES, *SAID)
SETTLED = ("pass", "not_applicable", f"{ATTESTED}pass", f"{ATTESTED}not_applicable")
NAMES = 8
PLACES = 5
SHIFTS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the details: equal findings on several targets together.

    `item` is the control's title, `town` tells 「町の基準」, `until` is a date said in words or "".
    """

    names: tuple[str, ...]
    item: str
    state: str
    seen: str
    places: tuple[str, ...] = ()
    town: bool = False
    until: str = ""


def said_counts(counts: Counts) -> tuple[tuple[str, int], ...]:
    """The statuses of what was attested, with their figures; those at zero are left out."""
    found = ((state, getattr(counts, field)) for state, field in SAID.items())
    return tuple((state, count) for state, count in found if count)


def section_view(book: Book, section: str) -> dict[str, object]:
    """What the page of one section shows."""
    ready = book.sections[section]
    name = book.section_names[section]
    found = asks(book, section)
    common = {leg: tuple(_common(book, ask) for ask in found if ask.leg is leg) for leg in LEGS}
    blocked = book.words.listed(book.names_of(section, Ready.BLOCKED), NAMES, "unit.people")
    unchecked = book.words.listed(book.names_of(section, Ready.CHECK_FIRST), NAMES, "unit.people")
    above = [text for text in (blocked, unchecked, *(t for texts in common.values() for t in texts)) if text]
    rows, town_wide = details(book, section)
    changes = book.run.changes
    mine = {card.key for card in book.cards_of(section) if len(card.sections) == 1}
    changed = [change for change in changes.changed if change.target in mine] if changes else []
    moved = shifts(book, changed)
    return {
        "name": name,
        "head": book.words.head(name),
        "ready": ready,
        "verdict": verdict_of(ready),
        "sentence": sentence(book.words, ready),
        "head_word": head_word(book.words, name),
        "blocked": blocked,
        "unchecked": unchecked,
        "common": common,
        "sheet": first_sheet(book.words, found, above, sample=book.run.town.sample, notice=book.notice),
        "people": book.people_of(section),
        "bars": tuple((leg, bar(ready.by_leg.get(leg, {}))) for leg in LEGS),
        "rows": rows,
        "town_wide": town_wide,
        "exceptions": exception_rows(book, section),
        "quiet": quiet_of(book, section),
        "shifts": moved[:SHIFTS],
        "more_shifts": sum(shift.count for shift in moved[SHIFTS:]),
        "attested": attested(book, section),
    }


def sentence(words: Words, row: SectionReadiness) -> str:
    """What the box says about starting telework; it never says more than the verdict does."""
    may = row.by_ready.get(Ready.READY, 0) + row.by_ready.get(Ready.CONDITIONAL, 0)
    match verdict_of(row):
        case "nobody":
            key = "nobody"
        case Ready.READY:
            key = "all_ready"
        case Ready.CONDITIONAL:
            key = "conditional"
        case _ if may and row.heard is not False:
            key = "mixed"
        case Ready.BLOCKED:
            key = "none_ready"
        case _:
            key = "none_checked"
    return words(f"section.{key}")


def head_word(words: Words, section: str) -> str:
    """The reader in the heading of the requests: 課長 for a 課, the full title elsewhere."""
    head, usual = words.head(section), words("page.head")
    return usual if head.endswith(usual) else head


def _common(book: Book, ask: Ask) -> str:
    """One line about something shared with other sections, for the leg it belongs to."""
    words = book.words
    about = {"names": words.listed(ask.names, 2, ask.unit), "why": ask.why}
    if ask.due is None:
        return words("section.common_undated", **about)
    late = words("section.overdue") if ask.overdue else ""
    return words("section.common", **about, due=words.day(ask.due), late=late)


def bar(counts: Mapping[Ready, int]) -> tuple[tuple[str, float, float], ...]:
    """The parts of a stacked bar, best first: state, where it begins, how long it is, in hundredths."""
    total = sum(counts.values())
    parts: list[tuple[str, float, float]] = []
    start = 0.0
    for ready in Ready:
        width = 100 * counts.get(ready, 0) / total if total else 0
        if width:
            parts.append((ready.value, round(start, 2), round(width, 2)))
        start += width
    return tuple(parts)


def details(book: Book, section: str) -> tuple[tuple[Row, ...], int]:
    """What is not in order, and how many such findings of shared targets hold nobody here back."""
    wanted = {cause.target for person in book.people_of(section) for cause in person.causes}
    whole: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    open_: defaultdict[tuple[object, ...], list[Finding]] = defaultdict(list)
    elsewhere = 0
    for card in book.cards_of(section):
        findings = book.findings.get(card.key, ())
        if len(card.sections) > 1 and card.key not in wanted:
            elsewhere += sum(shown_as(finding) not in SETTLED for finding in findings)
            continue
        silent = [finding for finding in findings if finding.whole_target]
        if silent:
            whole[str(silent[0].reason or ""), len(silent)].append(card.key)
        for finding in findings:
            state = shown_as(finding)
            if state not in SETTLED and not finding.whole_target and finding.attested is None:
                seen = book.words.seen(finding, book.controls[finding.control])
                laid = finding.exception, finding.until
                open_[finding.control, state, seen, finding.places, laid].append(finding)
    rows = [_row(book, group) for group in open_.values()]
    rows += [_silent(book, reason, count, keys) for (reason, count), keys in whole.items()]
    return tuple(sorted(rows, key=lambda row: (EVERY.index(row.state), -len(row.names)))), elsewhere


@dataclass(frozen=True, slots=True)
class Word:
    """A line of what the section attested: the item, how it stands, and whose word it is."""

    item: str
    state: str
    seen: str
    whose: str


def attested(book: Book, section: str) -> tuple[Word, ...]:
    """Everything that only the section's own word tells, settled or not."""
    rows = [
        finding
        for card in book.cards_of(section)
        for finding in book.findings.get(card.key, ())
        if finding.attested is not None and len(card.sections) == 1
    ]
    words = [
        Word(
            item=book.title(row.control),
            state=shown_as(row),
            seen=book.words.seen(row, book.controls[row.control]),
            whose=book.words.whose(row),
        )
        for row in rows
    ]
    return tuple(sorted(words, key=lambda word: EVERY.index(word.state)))


def _row(book: Book, group: Sequence[Finding]) -> Row:
    first = group[0]
    control, words = book.controls[first.control], book.words
    return Row(
        names=book.labels(finding.target for finding in group),
        item=control.title.in_(words.lang),
        state=shown_as(first),
        seen=words.seen(first, control),
        places=tuple(words.place(place) for place in first.places[:PLACES]),
        town=first.verdict is not Verdict.UNKNOWN and town_rule(first, control),
        until=over(book, first),
    )


def _silent(book: Book, reason: str, count: int, keys: Sequence[str]) -> Row:
    """One line for targets that gave nothing at all, however many controls concern them."""
    words = book.words
    device = all(book.targets[key].kind == "endpoint" for key in keys)
    because = words(f"reason.{reason}") if reason else ""
    no_answer = device and reason == "no_answer"
    return Row(
        names=book.labels(keys),
        item=words("section.all_items", count=count),
        state="unknown",
        seen=words("section.silent_device", count=count)
        if no_answer
        else words("section.all_unknown", reason=because, count=count),
    )
