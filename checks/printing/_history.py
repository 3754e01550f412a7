"""How far a print server's history reaches, what is missing in it, and which section a queue belongs to."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from auditor.api import PrintServer, Town
from checks.printing._queues import Printing, Queue

DAY_S = 86400
WEEKDAYS = 5
JAPAN = timezone(timedelta(hours=9))
MOST_NAMED = 10


def section_of(queue: Queue, server: PrintServer, town: Town) -> str | None:
    """The section a queue's location stands for, None = nobody knows."""
    if not queue.location:
        return None
    named = {section.name: section.id for section in town.sections}
    return server.locations.get(queue.location) or named.get(queue.location)


def erased(seen: Printing, begins: int) -> list[int]:
    """Numbers that the server gave to jobs since `begins` and no longer knows, the first of them.

    CUPS numbers jobs one by one; deleting a queue or purging a job takes its sheets out of the history.
    """
    before = max((job.id for job in seen.jobs if job.at < begins), default=None)
    since = [job.id for job in seen.jobs if job.at >= begins]
    if before is None or not since:
        return []
    known = {*since, *seen.active, *(job.id for job in seen.jobs)}
    gaps = (number for number in range(before + 1, max(since)) if number not in known)
    return [number for number, _ in zip(gaps, range(MOST_NAMED), strict=False)]


def reaches(seen: Printing, begins: int) -> bool:
    """True when the history goes back beyond `begins`: a job from before it is still kept."""
    return not seen.cut and any(job.at < begins for job in seen.jobs)


def oldest(seen: Printing) -> str:
    """The oldest job that is kept, in words for IT staff."""
    first = min(seen.jobs, key=lambda job: (job.at, job.id), default=None)
    return f"oldest job kept: #{first.id} of {day_of(first.at)}" if first is not None else "no job is kept"


def day_of(at: int) -> str:
    """The day in Japan of a Unix second."""
    return datetime.fromtimestamp(at, JAPAN).date().isoformat()


def business_days_before(now: int, days: int) -> int:
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
