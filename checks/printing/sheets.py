"""Paper: how many sheets each section prints per person and day."""

import math
from collections import Counter

from auditor.api import Judgement, Params, PrintServer, Reason, Town, check, failed, passed, unknown
from checks.printing._history import business_days_before, day_of, erased, oldest, reaches, section_of
from checks.printing._queues import Printing


@check("PRT-02")
def sheets_per_head(seen: Printing, server: PrintServer, town: Town, params: Params) -> Judgement:
    """Sheets per person and business day in each section, over a window that the history really covers.

    What was counted is a lower bound, so too much of it fails whatever else is not known. A place is
    "section: sheets (sheets per person and day)".
    """
    days = params.integer("window_days")
    begins = business_days_before(seen.now, days)
    sheets = _sheets(seen, server, town, begins)
    staff = Counter(person.section for person in town.staff)
    rates = {section: count / staff[section] / days for section, count in sheets.items() if staff[section]}
    names = {section.id: section.name for section in town.sections}
    most = sorted(sheets, key=lambda one: (-rates.get(one, 0), one))
    places = tuple(_place(names[one], sheets[one], rates.get(one)) for one in most)
    rate = _up(max(rates.values(), default=0))
    since = day_of(begins)
    if over := [section for section, used in rates.items() if used > params.number("sheets_per_head")]:
        return failed("many", places=places, count=len(over), rate=rate, since=since)
    if uncounted := _uncounted(seen, server, town, begins):
        return unknown(Reason.NOT_MEASURABLE, f"not counted: {', '.join(uncounted)}"[:300], places=places)
    if empty := [names[section] for section in sorted(sheets) if sheets[section] and not staff[section]]:
        return unknown(Reason.NOT_DECLARED, f"no staff: {', '.join(empty)}"[:300], places=tuple(empty))
    if not reaches(seen, begins):
        note = f"{days} business days are wanted, from {since}; {oldest(seen)}"
        return unknown(Reason.WINDOW_SHORT, note, places=places)
    return passed("ok", places=places, rate=rate, since=since)


def _place(name: str, sheets: int, rate: float | None) -> str:
    return f"{name}: {sheets}" if rate is None else f"{name}: {sheets} ({_up(rate)})"


def _up(rate: float) -> float:
    return math.ceil(rate * 10) / 10


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
    return [*lost, *(f"#{number}" for number in erased(seen, begins))]
