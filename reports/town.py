"""The town on two sheets: which sections are ready, what holds people back, what changed."""

from collections import defaultdict
from collections.abc import Sequence

from auditor.readiness import Ready, SectionReadiness
from auditor.run import Change
from reports.book import Book

TOP = 8
RANKS = ("pass", "not_applicable", "exception", "grace", "unknown", "fail")
"""From best to worst, for telling what became better from what became worse."""


def town_view(book: Book) -> dict[str, object]:
    """What the town's page shows."""
    run = book.run
    totals = {ready: sum(row.by_ready.get(ready, 0) for row in run.section_readiness) for ready in Ready}
    silent = [row.section for row in run.section_readiness if row.heard is False]
    names = {section.id: section.name for section in run.sections}
    worse, better, other = sorted_changes(run.changes.changed if run.changes else ())
    return {
        "totals": totals,
        "people": sum(totals.values()),
        "rows": run.section_readiness,
        "names": names,
        "silent": tuple(names[section] for section in silent),
        "causes": causes(book)[:TOP],
        "worse": worse,
        "better": better,
        "other": other,
        "verdict": worst_verdict(run.section_readiness),
    }


def worst_verdict(rows: Sequence[SectionReadiness]) -> str:
    """The worst verdict of any section, "nobody" where nobody is in the trial."""
    found = [row.ready for row in rows if row.ready is not None]
    order = list(Ready)
    return max(found, key=order.index).value if found else "nobody"


def causes(book: Book) -> list[tuple[str, int, tuple[str, ...], bool]]:
    """Title, people held back, sections, and whether it blocks; the widest first."""
    people: defaultdict[tuple[str, bool], set[str]] = defaultdict(set)
    sections: defaultdict[tuple[str, bool], dict[str, None]] = defaultdict(dict)
    names = {section.id: section.name for section in book.run.sections}
    for person in book.run.readiness:
        for cause in person.causes:
            title = _cause_title(book, cause.control, cause.target, cause.leg.value)
            key = (title, cause.ready is Ready.BLOCKED)
            people[key].add(person.person)
            sections[key][names.get(person.section, "")] = None
    found = [
        (title, len(held), tuple(sections[title, blocks]), blocks) for (title, blocks), held in people.items()
    ]
    return sorted(found, key=lambda row: (not row[3], -row[1], row[0]))


def _cause_title(book: Book, control: str, target: str, leg: str) -> str:
    words = book.words
    finding = book.finding(control, target) if control else None
    if finding is not None and finding.whole_target and finding.reason is not None:
        return words(f"reason.{finding.reason.value}")
    if control:
        return book.controls[control].title.in_(words.lang)
    return words("section.undeclared" if not target else "section.unproven", leg=words(f"leg.{leg}"))


def sorted_changes(changed: Sequence[Change]) -> tuple[list[Change], list[Change], list[Change]]:
    """The changes that are worse, better, and neither (things new or gone)."""
    worse: list[Change] = []
    better: list[Change] = []
    other: list[Change] = []
    for change in changed:
        if change.before not in RANKS or change.after not in RANKS:
            other.append(change)
        elif RANKS.index(change.after) > RANKS.index(change.before):
            worse.append(change)
        else:
            better.append(change)
    return worse, better, other
