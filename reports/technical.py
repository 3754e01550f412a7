"""Everything, for the four people who must find out why."""

from auditor.control import Control, Param
from auditor.findings import Finding, shown_as
from reports.book import Book
from reports.era import moment

TOWN_MARKS = ("I", "M")
"""Evidence marks of values that are the town's (or this project's) own choice, not a ministry's demand."""


def technical_view(book: Book) -> dict[str, object]:
    """What the technical page shows."""
    return {
        "rows": {
            card.key: [row(book, finding) for finding in book.findings.get(card.key, ())]
            for card in book.run.targets
        },
        "wanted": wanted,
        "town_rule": lambda control: control.requirement_mark in TOWN_MARKS,
        "when": lambda at: moment(at, book.words.lang) if at is not None else "",
    }


def row(book: Book, finding: Finding) -> dict[str, object]:
    """One finding with all that explains it."""
    control = book.controls[finding.control]
    return {
        "control": control,
        "state": shown_as(finding),
        "seen": book.words.seen(finding, control),
        "wanted": wanted(control),
        "places": finding.places,
        "note": finding.note,
        "evidence": ", ".join(finding.evidence),
        "until": finding.until,
    }


def wanted(control: Control) -> tuple[tuple[str, str, bool, str], ...]:
    """Each parameter: name, value with unit, whether it is the town's own choice, the reason written."""
    return tuple(
        (name, _value(param), param.mark in TOWN_MARKS, param.reason)
        for name, param in control.params.items()
    )


def _value(param: Param) -> str:
    value = param.value
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"{text} {param.unit}".rstrip()
