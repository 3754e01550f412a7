"""Everything, for the four people who must find out why."""

from dataclasses import dataclass

from markupsafe import Markup, escape

from auditor.control import Control, Param
from auditor.findings import Finding, shown_as
from auditor.run import TargetCard
from reports.arrivals import arrival_counts, arrival_lines
from reports.book import Book
from reports.exceptions import exception_rows, over
from reports.nights import night_line
from reports.section import EVERY
from reports.shifts import shifts
from reports.wording import TOWN_MARKS, Words, plain

LEDGER_KINDS = ("section", "person", "town")
"""Targets judged from the ledgers alone: nothing was contacted for them."""

SHORT = 12
"""A list of more words than this is shown whole in the table of controls only."""


@dataclass(frozen=True, slots=True)
class Line:
    """One finding with all that explains it; `state` and `wanted` are ready markup, made once."""

    title: str
    state: Markup
    seen: str
    wanted: Markup
    finding: Finding
    whose: str = ""
    over: str = ""


def technical_view(book: Book) -> dict[str, object]:
    """What the technical page shows."""
    words = book.words
    states = {state: _state(words, state) for state in EVERY}
    short = {control.id: wanted(control, words, SHORT) for control in book.run.controls}
    moved = book.run.changes.changed if book.run.changes else ()
    return {
        "nights": night_line(book.run, words),
        "lines": {card.key: _lines(book, card, short, states) for card in book.run.targets},
        "contacted": tuple(card for card in book.run.targets if card.kind not in LEDGER_KINDS),
        "ledger_kinds": LEDGER_KINDS,
        "wanted": {control.id: wanted(control, book.words) for control in book.run.controls},
        "town_marks": TOWN_MARKS,
        "shifts": shifts(book, moved),
        "exceptions": exception_rows(book),
        "arrivals": arrival_lines(book.run, book.words),
        "arrived": arrival_counts(book.run, book.words),
    }


def _lines(
    book: Book, card: TargetCard, short: dict[str, Markup], states: dict[str, Markup]
) -> tuple[Line, ...]:
    return tuple(
        Line(
            title=book.title(finding.control),
            state=states[shown_as(finding)],
            seen=book.words.seen(finding, book.controls[finding.control]),
            wanted=short[finding.control],
            finding=finding,
            whose=book.words.whose(finding),
            over=over(book, finding),
        )
        for finding in book.findings.get(card.key, ())
    )


def _state(words: Words, state: str) -> Markup:
    """A status with its mark and word, as in the other pages."""
    mark, word = words(f"mark.{state}"), words(f"verdict.{state}")
    return Markup('<span class="state {}"><span aria-hidden="true">{}</span> {}</span>').format(
        state, mark, word
    )


def wanted(control: Control, words: Words, limit: int | None = None) -> Markup:
    """Every parameter and its value, 「町の基準」 where it is the town's own choice, and the reason given."""
    town = words("technical.town_rule")
    parts: list[Markup] = []
    for name, param in control.params.items():
        part = Markup('<span class="id">{}={}</span>').format(plain(name), _value(param, words, limit))
        if param.mark in TOWN_MARKS:
            part += Markup(' <span class="tag">{}</span>').format(town)
        if param.reason:
            part += Markup(' <span class="sub">{}</span>').format(plain(param.reason))
        parts.append(part)
    if control.grace_days:
        days = words("exception.grace_days", days=control.grace_days)
        parts.append(Markup('{} <span class="tag">{}</span>').format(days, town))
    return Markup("<br>").join(parts)


def _value(param: Param, words: Words, limit: int | None) -> Markup:
    value = param.value
    if isinstance(value, tuple):
        shown = words.listed([str(item) for item in value], limit or len(value))
    else:
        shown = str(value)
    return escape(plain(f"{shown} {param.unit}".rstrip()))
