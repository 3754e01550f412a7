"""How approvals go: how long they wait, whether from outside too, whether deputies are looked at later."""

import math
import statistics
from collections.abc import Sequence
from datetime import date

from auditor.api import Judgement, Params, Reason, check, failed, passed, unknown
from checks.paperless._log import Log
from checks.paperless._window import Window, left, windowed
from checks.paperless._workdays import workdays


@check("PPL-05")
def dwell(log: Log, params: Params, today: date) -> Judgement:
    """Nine of ten approvals are given within the limit of working days.

    What still waits counts as soon as it has waited longer than that. Rows that do not tell are taken for
    the best to fail, for the worst to pass.
    """
    window = windowed(log, params, today, left, "decided")
    if isinstance(window, Judgement):
        return window
    limit = params.integer("p90_days")
    times, waiting, blank = _times(window, limit)
    if len(times) + blank < params.integer("min_cases"):
        return unknown(Reason.WINDOW_SHORT, f"{len(times) + blank} rows")
    best, worst = (_ninth([*times, *[other] * blank]) for other in (0, math.inf))
    if best > limit:
        middle = statistics.median_low(times)
        return failed(
            "slow",
            places=log.faults,
            p90=int(best),
            median=middle,
            count=len(times),
            waiting=waiting,
            first=window.first,
            last=window.last,
        )
    if log.faults or worst > limit:
        return unknown(Reason.UNREADABLE, f"{blank} rows without their days", places=log.faults)
    return passed(
        p90=int(worst),
        median=statistics.median_low(times),
        count=len(times),
        waiting=waiting,
        first=window.first,
        last=window.last,
    )


def _times(window: Window, limit: int) -> tuple[list[int], int, int]:
    """Working days of the approvals, how many wait, and how many rows do not tell."""
    times: list[int] = []
    waiting = blank = 0
    for entry in window.entries:
        if entry.came is None or (entry.left is None and entry.open is not True):
            blank += 1
        elif entry.left is not None:
            times.append(workdays(entry.came, entry.left))
        else:
            waiting += 1
            so_far = workdays(entry.came, window.last)
            times += [so_far] if so_far > limit else []
    return times, waiting, blank


def _ninth(times: Sequence[float]) -> float:
    """The 90th percentile by nearest rank."""
    return sorted(times)[math.ceil(0.9 * len(times)) - 1]


@check("PPL-18")
def from_outside(log: Log, params: Params, today: date) -> Judgement:
    """Somebody does approve from outside the office."""
    window = windowed(log, params, today, left, "decided", "outside")
    if isinstance(window, Judgement):
        return window
    given = [entry for entry in window.entries if entry.left is not None]
    count = sum(entry.outside is True for entry in given)
    if count >= params.integer("min_count"):
        return passed(count=count, first=window.first, last=window.last)
    blank = sum(entry.outside is None for entry in given)
    if log.faults or blank or not given:
        return unknown(Reason.NOT_MEASURABLE, f"{blank} of {len(given)} rows are blank", places=log.faults)
    return failed("few", count=count, total=len(given), first=window.first, last=window.last)


@check("PPL-19")
def looked_at_later(log: Log, params: Params, today: date) -> Judgement:
    """What a deputy approved is looked at later by the one who was away."""
    window = windowed(log, params, today, left, "decided", "deputy")
    if isinstance(window, Judgement):
        return window
    late = [
        entry
        for entry in window.entries
        if entry.deputy is True
        and (entry.left is None or workdays(entry.left, window.last) > params.integer("max_days"))
    ]
    unseen = tuple(entry.place for entry in late if entry.seen is False and entry.left is not None)
    if unseen:
        return failed(
            "unseen", places=(*unseen, *log.faults), count=len(unseen), first=window.first, last=window.last
        )
    if log.faults:
        return unknown(Reason.UNREADABLE, "rows that cannot be used", places=log.faults)
    blank = tuple(
        [entry.place for entry in window.entries if entry.deputy is None]
        + [entry.place for entry in late if entry.seen is not True]
    )
    if blank:
        return unknown(Reason.NOT_MEASURABLE, f"{len(blank)} rows do not tell", places=blank)
    count = sum(entry.deputy is True for entry in window.entries)
    return passed(
        "ok" if count else "none", count=count, rows=len(window.entries), first=window.first, last=window.last
    )
