"""Machines that nobody heard from, by section: for how long, and why nothing can be said of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.findings import Reason
from auditor.run import TargetCard
from reports.book import Book
from reports.era import in_japan


@dataclass(frozen=True, slots=True)
class Quiet:
    """A machine unknown as a whole. `last` says when it was heard last, `days` how long ago; None = never."""

    label: str
    last: str
    why: str
    days: int | None


@dataclass(frozen=True, slots=True)
class Share:
    """A section's quiet machines among all of its own; `longest` in words, the longest silence of them."""

    section: str
    machines: int
    quiet: int
    longest: str


def quiet_of(book: Book, section: str) -> tuple[Quiet, ...]:
    """The section's machines that were not heard, those never heard first, then the longest silent."""
    return _quiet(book, (card for card in book.cards_of(section) if card.kind == "endpoint"))


def quiet_sections(book: Book) -> tuple[Share, ...]:
    """Every section that has such machines, in the order of the sections."""
    shares = []
    for section in book.run.sections:
        rows = quiet_of(book, section.id)
        if rows:
            machines = sum(card.kind == "endpoint" for card in book.cards_of(section.id))
            shares.append(Share(section.id, machines, len(rows), rows[0].last))
    return tuple(shares)


def _quiet(book: Book, cards: Iterable[TargetCard]) -> tuple[Quiet, ...]:
    rows = [_row(book, card, card.outcome) for card in cards if card.outcome is not None]
    return tuple(sorted(rows, key=lambda row: (row.days is not None, -(row.days or 0))))


def _row(book: Book, card: TargetCard, outcome: Reason) -> Quiet:
    """Only stale evidence was ever heard; the moment of a failed attempt is not one of hearing."""
    words = book.words
    days = None
    if outcome is Reason.STALE and card.collected_at is not None:
        heard_on = in_japan(card.collected_at).date()
        days = max((book.run.today - heard_on).days, 0)
        last = words("quiet.days_ago", days=days, day=words.day(heard_on))
    else:
        last = words("quiet.never")
    why = words(f"reason.{(card.silent or outcome).value}")
    return Quiet(book.label(card.key), last, why, days)
