"""A device's meter against the print log: what it printed that no log tells of (copies, received faxes)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from auditor.api import (
    Judgement,
    Params,
    PrintServer,
    Reason,
    Unknown,
    check,
    failed,
    folded,
    passed,
    unknown,
)
from checks.printing import _meters, _readings
from checks.printing._history import DAY_S, JAPAN, erased, oldest, reaches
from checks.printing._meters import Meters
from checks.printing._queues import Job, Printing
from checks.printing._readings import Readings

meters = _meters.meters
readings = _readings.readings
"""The facts that only the check here judges."""
WHOLE = 100
ABSENT = (Reason.NOT_DECLARED, Reason.NOT_COLLECTED)
"""Reasons that only say that the other kind of reading has to do."""


@dataclass(frozen=True, slots=True)
class Point:
    """A meter's count, read at some second from `early` to `late` (a meter sheet tells only the day)."""

    early: int
    late: int
    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Gap:
    """What the meter counted between two readings, and the least and most of it that the log can tell of."""

    serial: str
    metered: int
    least: int
    most: int

    @property
    def unlogged(self) -> tuple[float, float]:
        """The least and the most percent of the meter's count that no log tells of; below 0 the log has more.

        A meter that stood still while the log has sheets is off by all of them.
        """
        return self._share(self.most), self._share(self.least)

    def _share(self, logged: int) -> float:
        if self.metered == 0:
            return -float(WHOLE) if logged else 0.0
        return (self.metered - logged) / self.metered * WHOLE

    def __str__(self) -> str:
        told = str(self.least) if self.least == self.most else f"{self.least}-{self.most}"
        return f"{self.serial}: {told} / {self.metered}"


@check("PRT-03")
def meter_and_log_agree(
    seen: Printing,
    server: PrintServer,
    params: Params,
    today: date,
    told: Meters | Unknown,
    sheets: Readings | Unknown,
) -> Judgement:
    """The log tells of what the meter counted, within the limit, for every declared device.

    A place is "serial: count of the log / count of the meter".
    """
    if not server.devices:
        return unknown(Reason.NOT_DECLARED, "no device with a meter is declared for this server")
    limit = params.number("gap")
    seen_gaps: list[Gap] = []
    gaps: list[Unknown] = []
    for device in server.devices:
        points = _points(device.serial, seen, told, sheets, today)
        found = _gap(device.serial, device.queues, points, seen, params.integer("min_days"))
        if isinstance(found, Unknown):
            gaps.append(Unknown(found.reason, f"{device.serial}: {found.note}"))
        else:
            seen_gaps.append(found)
    return _judged(seen_gaps, gaps, limit)


def _judged(seen: Sequence[Gap], gaps: Sequence[Unknown], limit: float) -> Judgement:
    places = tuple(map(str, seen))
    worst = math.ceil(max((max(gap.unlogged[0], 0) for gap in seen), default=0))
    if more := [gap for gap in seen if gap.unlogged[0] > limit]:
        return failed("more", places=tuple(map(str, more)), count=len(more), percent=worst)
    if less := [gap for gap in seen if gap.unlogged[1] < -limit]:
        return failed("less", places=tuple(map(str, less)), count=len(less))
    if gaps:
        return unknown(gaps[0].reason, "; ".join(gap.note for gap in gaps)[:300], places=places)
    if open_ := [gap for gap in seen if not -limit <= gap.unlogged[0] <= gap.unlogged[1] <= limit]:
        note = "the days of the readings themselves decide it"
        return unknown(Reason.NOT_MEASURABLE, note, places=tuple(map(str, open_)))
    return passed("ok", places=places, count=len(seen), percent=worst)


def _points(
    serial: str, seen: Printing, told: Meters | Unknown, sheets: Readings | Unknown, today: date
) -> list[Point] | Unknown:
    """The device's readings, oldest first; a bad row anywhere may be the one that matters."""
    points: list[Point] = []
    if isinstance(sheets, Readings):
        rows = [row for row in sheets.rows if folded(row.serial) == folded(serial)]
        blank = [row for row in rows if row.count is None or not row.unit]
        if sheets.faults or blank or any(row.day > today for row in rows):
            why = ", ".join(sheets.faults) or "a reading without count or unit, or of a day to come"
            return Unknown(Reason.UNREADABLE, why[:200])
        points = [_of_day(row.day, row.count or 0, row.unit) for row in rows]
    elif sheets.reason not in ABSENT:
        return sheets
    if isinstance(told, Unknown):
        return points if told.reason in ABSENT else told
    for row in told.rows:
        if row.serial == serial:
            if row.reason is not None:
                return Unknown(row.reason, row.note)
            points.append(Point(seen.now, seen.now, row.count, row.unit))
    return points


def _of_day(day: date, count: int, unit: str) -> Point:
    begins = int(datetime(day.year, day.month, day.day, tzinfo=JAPAN).timestamp())
    return Point(begins, begins + DAY_S - 1, count, unit)


def _gap(
    serial: str, queues: tuple[str, ...], points: list[Point] | Unknown, seen: Printing, min_days: int
) -> Gap | Unknown:
    """The newest two readings that lie far enough apart, held against the jobs between them."""
    pair = _pair(points, seen, min_days)
    if isinstance(pair, Unknown):
        return pair
    first, last = pair
    if not reaches(seen, first.early):
        return Unknown(Reason.WINDOW_SHORT, f"the log begins after the first reading; {oldest(seen)}")
    if lost := list(_lost(queues, first.early, last.late, seen, last.unit)):
        return Unknown(Reason.NOT_MEASURABLE, f"not counted: {', '.join(lost[:10])}")
    jobs = [job for job in seen.jobs if job.queue in queues]
    return Gap(
        serial,
        last.count - first.count,
        least=_sum(jobs, first.late + 1, last.early, last.unit),
        most=_sum(jobs, first.early, last.late, last.unit),
    )


def _pair(points: list[Point] | Unknown, seen: Printing, min_days: int) -> tuple[Point, Point] | Unknown:
    """The newest reading that the log reaches, and the newest one that lies far enough before it."""
    if isinstance(points, Unknown):
        return points
    reached = [point for point in points if point.late <= seen.now]
    if len(reached) < 2:  # noqa: PLR2004 - a difference needs two
        return Unknown(Reason.NOT_COLLECTED, "two readings are needed")
    last = reached[-1]
    far = [at for at, point in enumerate(reached) if last.early - point.early >= min_days * DAY_S]
    if not far:
        return Unknown(Reason.WINDOW_SHORT, f"the readings lie less than {min_days} days apart")
    before = max(far[-1] - 1, 0)  # a meter that has just fallen to the first reading is not trusted yet
    if fault := _fault(reached[before:]):
        return Unknown(Reason.NOT_MEASURABLE, fault)
    return reached[far[-1]], last


def _fault(points: Sequence[Point]) -> str:
    """Why these readings are no measure: they fall, change their unit, or tell two counts of one day."""
    for one, two in pairwise(points):
        if two.early == one.early and two.count != one.count:
            return "two counts of one day"
        if two.count < one.count:
            return f"the meter fell from {one.count} to {two.count}: replaced, reset, or run over its end"
        if two.unit != one.unit:
            return "the unit changed"
    return ""


def _lost(queues: tuple[str, ...], begins: int, ends: int, seen: Printing, unit: str) -> Iterator[str]:
    """What was or may have been printed on the device and is not counted."""
    known = {queue.name: queue for queue in seen.queues}
    yield from (name for name in queues if name not in known or known[name].raw or not known[name].model)
    for job in seen.jobs:
        if begins <= job.at <= ends and (not job.queue or (job.queue in queues and _of(job, unit) is None)):
            yield f"#{job.id}"
    yield from (f"#{number}" for number in erased(seen, begins))


def _sum(jobs: Sequence[Job], begins: int, ends: int, unit: str) -> int:
    return sum(_of(job, unit) or 0 for job in jobs if begins <= job.at <= ends)


def _of(job: Job, unit: str) -> int | None:
    return job.sheets if unit == "sheets" else job.impressions
