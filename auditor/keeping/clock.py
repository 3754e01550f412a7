"""Which day a run was of, and how old it is, where the clock of the auditor's machine jumped."""

import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date

MOST_GAP_DAYS = 31
"""Nights that lie further apart count as so far apart: a clock that is years ahead makes nothing old."""

_RUNS = "SELECT number, day FROM run ORDER BY number"
_NONE = date.max
"""What a damaged row tells: it is after every day, and so never believed."""


def _day(written: object) -> date:
    try:
        return date.fromisoformat(str(written))
    except ValueError:
        return _NONE


def days_of(db: sqlite3.Connection, today: date) -> dict[int, date]:
    """The day (Japan) of each run by its number, up to the last that was not after `today`.

    Runs follow one another, so their days do. Where some do not, most are believed (the longest row of days
    that only rise, up to `today`), and a run whose day does not fit has that of the next one that does.
    """
    runs = [(number, _day(day)) for number, day in db.execute(_RUNS)]
    believed = set(_rising([day for _, day in runs], today))
    found: dict[int, date] = {}
    day: date | None = None
    for at in reversed(range(len(runs))):
        number, written = runs[at]
        day = written if at in believed else day
        if day is not None:
            found[number] = day
    return found


def _rising(days: Sequence[date], today: date) -> list[int]:
    """The places of the longest row of days that never fall and are not after `today`."""
    ends: list[date] = []
    at_end: list[int] = []
    before: dict[int, int | None] = {}
    for at, day in enumerate(days):
        if day <= today:
            length = bisect_right(ends, day)
            before[at] = at_end[length - 1] if length else None
            ends[length:] = [day, *ends[length + 1 :]]
            at_end[length:] = [at, *at_end[length + 1 :]]
    row: list[int] = []
    last = at_end[-1] if at_end else None
    while last is not None:
        row.append(last)
        last = before[last]
    return row


def first_within(db: sqlite3.Connection, today: date, days: int) -> int:
    """The number of the first run that is at most so many days old on `today`; the next number if none is."""
    first, age_days, later = 0, 0, today
    for number, written in reversed(db.execute(_RUNS).fetchall()):
        first = first or number + 1
        if (day := _day(written)) == _NONE:
            continue
        age_days += min(max((later - day).days, 0), MOST_GAP_DAYS)
        if age_days > days:
            break
        first, later = number, day
    return first
