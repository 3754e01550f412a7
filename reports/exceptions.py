"""Exceptions and days for mending on the pages: what lies over a fail, and when each exception ends."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from auditor.exceptions import Excepted, Term, ending
from auditor.findings import Finding, Overlay, Verdict
from reports.book import Book
from reports.wording import NAME_LENGTH

NAMES = 4
TOP = 5
"""So many fit on the town's page; the technical page has them all."""


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """One exception in words. `beneath` = how its findings stand without it: status codes with figures.

    `soon` = its end is near, or past and it was not closed.
    """

    number: str
    control: str
    item: str
    targets: str
    term: Term
    state: str
    period: str
    last: str
    applicant: str
    approver: str
    reason: str
    measure: str
    beneath: tuple[tuple[str, int], ...]
    soon: bool


def over(book: Book, finding: Finding) -> str:
    """What lies over a fail, or until when something holds, as a sentence; "" = nothing to say."""
    if finding.until is None:
        return ""
    words, day = book.words, book.words.day(finding.until)
    if finding.verdict is not Verdict.FAIL:
        return words("section.until", day=day)
    if finding.overlay is Overlay.EXCEPTION:
        row = next((one for one in book.run.exceptions if one.number == finding.exception), None)
        if row is None:  # a run that an earlier version kept
            return words("section.until", day=day)
        return words("exception.over", number=row.number, approver=row.approver, day=day)
    return words("exception.grace" if finding.overlay is Overlay.GRACE else "exception.grace_over", day=day)


def exception_rows(book: Book, section: str | None = None) -> tuple[ExceptionRow, ...]:
    """The exceptions on record, those that end first before the others; of a section: what concerns it now.

    An exception over a shared target concerns each of its sections. What was closed is on record only.
    """
    today = book.run.today
    near = {one.exception.number for one in ending(book.run.exceptions, today)}
    rows = [row for row in book.run.exceptions if section is None or _concerns(book, row, section)]
    rows.sort(key=lambda row: (row.term(today) is Term.CLOSED, row.last, row.number))
    return tuple(_row(book, row, soon=row.number in near) for row in rows)


def _concerns(book: Book, row: Excepted, section: str) -> bool:
    """True for what covers a target of the section; without any target left, for who applied for it."""
    if row.term(book.run.today) is Term.CLOSED:
        return False
    if not row.targets:
        return row.applicant == section
    return any(card.key in row.targets for card in book.cards_of(section))


def notable(book: Book) -> tuple[ExceptionRow, ...]:
    """What the town's page tells, at most `TOP`: what ends soon, is over and open, or has not begun."""
    found = [row for row in exception_rows(book) if row.soon or row.term is Term.NOT_STARTED]
    return tuple(found[:TOP])


def _row(book: Book, row: Excepted, *, soon: bool) -> ExceptionRow:
    words = book.words
    found = (book.finding(row.control, target) for target in row.targets)
    counted = Counter(finding.verdict.value for finding in found if finding is not None)
    return ExceptionRow(
        number=row.number,
        control=row.control,
        item=book.title(row.control),
        targets=words.listed(book.labels(row.targets), NAMES) if row.targets else words("exception.gone"),
        term=row.term(book.run.today),
        state=_state(book, row),
        period=words("exception.period", start=words.day(row.start), last=words.day(row.last)),
        last=words.day(row.last),
        applicant=book.section_names.get(row.applicant, row.applicant),
        approver=row.approver,
        reason=row.reason,
        measure=row.measure,
        beneath=tuple(counted.items()),
        soon=soon,
    )


def _state(book: Book, row: Excepted) -> str:
    words, today = book.words, book.run.today
    term, left = row.term(today), row.days_left(today)
    if term is Term.NOT_STARTED:
        return words("exception.not_started", day=words.day(row.start))
    if term is Term.ENDED:
        return words("exception.ended", day=words.day(row.last + timedelta(days=1)))
    if term is Term.CLOSED:
        return words("exception.closed")
    return words("exception.in_force", left=left) if left else words("exception.last_day")


def ending_lines(book: Book) -> tuple[str, ...]:
    """A line for each exception that ends soon or is over and open, for the terminal."""
    return tuple(
        book.words(
            "exception.line",
            number=row.number,
            item=row.item[:NAME_LENGTH],
            last=row.last,
            state=row.state,
        )
        for row in exception_rows(book)
        if row.soon
    )
