"""Exceptions (例外措置): faults that the town accepted for a time, in writing.

An exception changes no verdict and stops no check. It lies over a `fail` from its first to its last day in
Japan, both included, and lapses by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum

JAPAN = timezone(timedelta(hours=9), "JST")
REMIND_DAYS = (30, 14, 7)
"""Days before the last one on which its end is told."""


class Term(StrEnum):
    """Where an exception stands on a day; ``exception.<code>`` says it."""

    NOT_STARTED = "not_started"
    IN_FORCE = "in_force"
    ENDED = "ended"
    CLOSED = "closed"


def last_day(end: date, closed: date | None) -> date:
    """The day on which an exception ends: as approved, or earlier where it was closed."""
    return end if closed is None else min(end, closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excepted:
    """One exception as it was approved.

    `targets` = the keys it covers, found from what was declared; () = nothing that is looked at today: it
    has ended, or its machines or sections are gone. `sections` = the section ids it was approved for, () =
    targets were named. `applicant` is a section's id, of today or of before, `approver` an office or a post.
    `start` and `end` are days in Japan, both included. `closed` = the last day where it was ended early or
    put on record as over, None = it was not.
    """

    number: str
    control: str
    applicant: str
    reason: str
    measure: str
    approver: str
    start: date
    end: date
    targets: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    closed: date | None = None

    @property
    def last(self) -> date:
        """The last day it covers anything."""
        return last_day(self.end, self.closed)

    @property
    def last_moment(self) -> datetime:
        """The last second it covers anything, in Japan's time."""
        return datetime.combine(self.last, time(23, 59, 59), JAPAN)

    def term(self, today: date) -> Term:
        """Where it stands on a day in Japan."""
        if today < self.start:
            return Term.NOT_STARTED
        if today <= self.last:
            return Term.IN_FORCE
        return Term.ENDED if self.closed is None else Term.CLOSED

    def days_left(self, today: date) -> int:
        """Days until the last one: 0 = today is the last, negative = it is over."""
        return (self.last - today).days

    def covers(self, control: str, target: str) -> bool:
        """True for the findings it was approved for, whatever the day."""
        return control == self.control and target in self.targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptions:
    """All of ``exceptions.toml``. `kept` = there is such a file at all.

    `checked` = the day somebody looked and found no other exception, None = nobody says so.
    """

    rows: tuple[Excepted, ...] = ()
    kept: bool = False
    checked: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """An exception that ends soon. `step` = the least of `REMIND_DAYS` it is within, 0 = it is over.

    Whoever reminds once per number, last day and step reminds once, also after nights that did not run.
    """

    exception: Excepted
    step: int
    days_left: int


def ending(exceptions: Iterable[Excepted], today: date) -> tuple[Ending, ...]:
    """Those in force that end within the longest of `REMIND_DAYS`, and those over and not closed.

    The nearest end comes first.
    """
    found: list[Ending] = []
    for row in exceptions:
        left = row.days_left(today)
        match row.term(today):
            case Term.ENDED:
                found.append(Ending(exception=row, step=0, days_left=left))
            case Term.IN_FORCE if row.closed is None and left <= max(REMIND_DAYS):
                step = min(days for days in REMIND_DAYS if left <= days)
                found.append(Ending(exception=row, step=step, days_left=left))
            case _:
                pass
    return tuple(sorted(found, key=lambda one: (one.days_left, one.exception.number)))
