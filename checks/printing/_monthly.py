"""Monthly ledgers by section, and the same months of two years held against each other."""

import calendar
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from auditor.api import Reason, Unknown

YEAR = 12
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Month:
    """A section's figure of one month (months since year 0); None = the cell is blank. `place` = file:row."""

    section: str
    month: int
    amount: int | None
    place: str


@dataclass(frozen=True, slots=True)
class Change:
    """The figures of the same months last year and this year, by section."""

    before: int
    now: int
    sections: tuple[tuple[str, int, int], ...]

    @property
    def percent(self) -> float | None:
        """The change in percent, rounded up; None = from nothing to something, which has no percentage."""
        if self.before == 0:
            return 0.0 if self.now == 0 else None
        return math.ceil((self.now - self.before) / self.before * 1000) / 10

    def meets(self, most: float) -> bool:
        """True when it fell as far as wanted (`most` percent, negative), or is nothing in both years."""
        return self.now == 0 if self.before == 0 else (self.now - self.before) * 100 <= most * self.before

    @property
    def places(self) -> tuple[str, ...]:
        """``section: last year → this year``, those that grew most first."""
        rows = sorted(self.sections, key=lambda row: row[1] - row[2])
        return tuple(f"{name}: {before} → {now}" for name, before, now in rows)


def change_of(rows: Sequence[Month], months: int, today: date, max_age_days: int) -> Change | Unknown:
    """The newest `months` whole months against the same ones a year before; any gap in them is unknown.

    Every section that stands in either year has to stand in every month of both.
    """
    current = today.year * YEAR + today.month - 1
    whole = [row for row in rows if row.month < current]
    newest = max((row.month for row in whole), default=None)
    if newest is None:
        return Unknown(Reason.NOT_COLLECTED, "no whole month stands in the ledger")
    if (today - _end(newest)).days > max_age_days:
        return Unknown(Reason.STALE, f"the newest month is {_written(newest)}")
    wanted = [newest - ago for ago in range(months)]
    both = {*wanted, *(month - YEAR for month in wanted)}
    figures: dict[tuple[str, int], int | None] = {}
    for row in whole:
        if row.month not in both:
            continue
        if (row.section, row.month) in figures:
            return Unknown(Reason.UNREADABLE, f"{row.place}: a second row of the same month")
        figures[row.section, row.month] = row.amount
    sections = sorted({section for section, _ in figures})
    gaps = [(one, month) for one in sections for month in sorted(both) if figures.get((one, month)) is None]
    if gaps:
        named = ", ".join(f"{section} {_written(month)}".strip() for section, month in gaps[:MOST_NAMED])
        return Unknown(Reason.WINDOW_SHORT, f"missing or blank: {named}")
    return _change(figures, sections, wanted)


def _change(
    figures: dict[tuple[str, int], int | None], sections: Sequence[str], wanted: Sequence[int]
) -> Change:
    def added(section: str, back: int) -> int:
        return sum(figures[section, month - back] or 0 for month in wanted)

    rows = tuple((section, added(section, YEAR), added(section, 0)) for section in sections)
    return Change(sum(row[1] for row in rows), sum(row[2] for row in rows), rows)


def _end(month: int) -> date:
    year, index = divmod(month, YEAR)
    return date(year, index + 1, calendar.monthrange(year, index + 1)[1])


def _written(month: int) -> str:
    year, index = divmod(month, YEAR)
    return f"{year:04}-{index + 1:02}"
