"""The newest days of an approval log, which are what is judged."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from auditor.api import Judgement, Params, Reason, unknown
from checks.paperless._log import Entry, Log


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of the days that are judged, and the first and last of these days."""

    entries: tuple[Entry, ...]
    first: date
    last: date


def _last_day(log: Log) -> date | None:
    days = [day for entry in log.entries for day in (entry.came, entry.left, entry.seen_on) if day]
    return max(days, default=None)


def came(entry: Entry) -> date | None:
    """The day a row came, where that is not told the day it was decided."""
    return entry.came or entry.left


def left(entry: Entry) -> date | None:
    """The day a row was decided, None = not told, or it waits."""
    return entry.left


def windowed(
    log: Log, params: Params, today: date, on: Callable[[Entry], date | None], *columns: str
) -> Window | Judgement:
    """The rows of the newest days, or why nothing can be said: no such column, an old log, one of tomorrow.

    `on` tells a row's day; a row without one (it may still wait) belongs to every window.
    """
    if lacking := [name for name in columns if name not in log.columns]:
        return unknown(Reason.NOT_COLLECTED, f"no column: {', '.join(lacking)}")
    last = _last_day(log)
    if last is None:
        return unknown(Reason.NOT_COLLECTED, "no row with a day", places=log.faults)
    if last > today:
        return unknown(Reason.UNREADABLE, f"a day that has not come: {last}")
    if (today - last).days > params.integer("log_days"):
        return unknown(Reason.STALE, f"the log ends on {last}")
    start = last - timedelta(days=params.integer("window_days") - 1)
    inside = tuple(entry for entry in log.entries if (day := on(entry)) is None or day >= start)
    first = min((day for entry in inside if (day := on(entry))), default=last)
    return Window(inside, first, last)
