"""Print servers: where queues stand, whether they count, their defaults, and how much paper sections use."""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from auditor.api import (
    Judgement,
    Params,
    PrintServer,
    Reason,
    Town,
    check,
    failed,
    not_applicable,
    passed,
    unknown,
)
from checks.printing import _queues
from checks.printing._queues import Printing, Queue

printing = _queues.printing
"""The fact that all checks here judge (a module tells what it knows by its names)."""
DAY_S = 86400
WEEKDAYS = 5
LONG_EDGE = "two-sided-long-edge"


def section_of(queue: Queue, server: PrintServer, town: Town) -> str | None:
    """The section a queue's location stands for, None = nobody knows."""
    if not queue.location:
        return None
    named = {section.name: section.id for section in town.sections}
    return server.locations.get(queue.location) or named.get(queue.location)


@check("PRT-01")
def queues_have_a_section(seen: Printing, server: PrintServer, town: Town, params: Params) -> Judgement:
    """Every queue's location leads to a section."""
    lost = tuple(queue.name for queue in seen.queues if section_of(queue, server, town) is None)
    if len(lost) > params.integer("unmapped_max"):
        return failed("unmapped", places=lost, count=len(lost))
    return passed("ok", count=len(seen.queues))


@check("PRT-04")
def queues_can_be_counted(seen: Printing, params: Params) -> Judgement:
    """No raw queue, whose counts mean nothing; a queue that does not name its model may be one."""
    raw = tuple(queue.name for queue in seen.queues if queue.raw)
    if len(raw) > params.integer("raw_max"):
        return failed("raw", places=raw, count=len(raw))
    if mute := tuple(queue.name for queue in seen.queues if not queue.model):
        return unknown(Reason.NOT_MEASURABLE, "the queue does not tell its model", places=mute)
    return passed("ok", count=len(seen.queues))


@check("PRT-05")
def two_sided_by_default(seen: Printing, params: Params) -> Judgement:
    """Two-sided is the default wherever the queue can do it; a queue that does not say leaves it open."""
    wanted = params.text("sides")
    able = [queue for queue in seen.queues if any(side.startswith("two") for side in queue.sides_supported)]
    wrong = tuple(queue.name for queue in able if not all(_meets(side, wanted) for side in queue.sides))
    if wrong:
        return failed("one_sided", places=wrong, count=len(wrong))
    mute = tuple(
        queue.name for queue in seen.queues if not (queue.sides and queue.sides_supported) or queue.raw
    )
    if mute:
        return unknown(Reason.NOT_MEASURABLE, "the queue does not tell", places=mute)
    return passed("ok", count=len(able)) if able else not_applicable("cannot")


def _meets(side: str, wanted: str) -> bool:
    """Either edge will do where the long one, the usual choice, is wanted."""
    return side == wanted or (wanted == LONG_EDGE and side.startswith("two"))


@check("PRT-07")
def no_banner_pages(seen: Printing, params: Params) -> Judgement:
    """No page before or after each job; CUPS tells both, and one is enough to fail."""
    wanted = params.text("job_sheets")
    wrong = tuple(queue.name for queue in seen.queues if any(word != wanted for word in queue.banners))
    if wrong:
        return failed("banner", places=wrong, count=len(wrong))
    if mute := tuple(queue.name for queue in seen.queues if not queue.banners):
        return unknown(Reason.NOT_MEASURABLE, "the queue does not tell", places=mute)
    return passed("ok", count=len(seen.queues))


@check("PRT-02")
def sheets_per_head(seen: Printing, server: PrintServer, town: Town, params: Params) -> Judgement:
    """Sheets per person and business day in each section, over a window that the history really covers.

    What was counted is a lower bound, so too much of it fails whatever else is not known.
    """
    days = params.integer("window_days")
    begins = _business_days_before(seen.now, days)
    sheets = _sheets(seen, server, town, begins)
    staff = Counter(person.section for person in town.staff)
    rates = {section: count / staff[section] / days for section, count in sheets.items() if staff[section]}
    names = {section.id: section.name for section in town.sections}
    places = tuple(f"{names[section]}: {sheets[section]}" for section in sorted(sheets))
    rate = math.ceil(max(rates.values(), default=0) * 10) / 10
    if over := [section for section, used in rates.items() if used > params.number("sheets_per_head")]:
        return failed("many", places=places, count=len(over), rate=rate)
    if uncounted := _uncounted(seen, server, town, begins):
        return unknown(Reason.NOT_MEASURABLE, f"not counted: {', '.join(uncounted)}"[:300], places=places)
    if empty := [names[section] for section in sorted(sheets) if sheets[section] and not staff[section]]:
        return unknown(Reason.NOT_DECLARED, f"no staff: {', '.join(empty)}"[:300], places=tuple(empty))
    if seen.cut or not any(job.at < begins for job in seen.jobs):
        return unknown(Reason.WINDOW_SHORT, f"{days} business days are wanted", places=places)
    return passed("ok", places=places, rate=rate)


def _sheets(seen: Printing, server: PrintServer, town: Town, begins: int) -> Counter[str]:
    """Sheets by section since `begins`; what cannot be counted is left out."""
    section = {
        queue.name: section_of(queue, server, town) for queue in seen.queues if not queue.raw and queue.model
    }
    sheets: Counter[str] = Counter({id_: 0 for id_ in section.values() if id_})
    for job in seen.jobs:
        if job.at >= begins and job.sheets is not None and (id_ := section.get(job.queue)):
            sheets[id_] += job.sheets
    return sheets


def _uncounted(seen: Printing, server: PrintServer, town: Town, begins: int) -> list[str]:
    """Queues and job numbers whose paper nobody knows: without driver or section, passed by, or deleted."""
    lost = {
        queue.name: None
        for queue in seen.queues
        if queue.raw or not queue.model or section_of(queue, server, town) is None
    }
    for job in seen.jobs:
        if job.at >= begins and (job.sheets is None or not job.queue):
            lost[f"{job.queue or '?'} #{job.id}"] = None
    return [*lost, *(f"#{number}" for number in _erased(seen, begins))]


def _erased(seen: Printing, begins: int) -> list[int]:
    """Numbers that the server gave to jobs since `begins` and no longer knows.

    CUPS numbers jobs one by one; deleting a queue or purging a job takes its sheets out of the history.
    """
    before = max((job.id for job in seen.jobs if job.at < begins), default=None)
    since = [job.id for job in seen.jobs if job.at >= begins]
    if before is None or not since:
        return []
    known = {*since, *seen.active, *(job.id for job in seen.jobs)}
    gaps = (number for number in range(before + 1, max(since)) if number not in known)
    return [number for number, _ in zip(gaps, range(10), strict=False)]


def _business_days_before(now: int, days: int) -> int:
    """The Unix second that lies so many Mondays to Fridays before `now` (holidays count as business days)."""
    at = now
    for day in _days_back(now):
        if days == 0:
            break
        at = int(day.timestamp())
        days -= day.weekday() < WEEKDAYS
    return at


def _days_back(now: int) -> Iterator[datetime]:
    day = datetime.fromtimestamp(now, UTC)
    while True:
        day -= timedelta(seconds=DAY_S)
        yield day
