"""Training: everybody in the trial has completed the telework training, recently enough."""

from calendar import monthrange
from datetime import MAXYEAR, date

from auditor.api import Judgement, Params, Person, Reason, Town, check, failed, passed, unknown


@check("SHR-03")
def trained_recently(person: Person, town: Town, params: Params, today: date) -> Judgement:
    """No record is no training, unless the ledger holds nobody's: then training is kept elsewhere.

    A date to come is a plan. The last valid day is the same day `max_months` later (民法140条: the first day
    does not count).
    """
    if person.trained_on is None:
        if all(member.trained_on is None for member in town.staff):
            return unknown(Reason.NOT_COLLECTED, "staff.csv holds nobody's training date")
        return failed("no_record")
    if person.trained_on > today:
        return failed("planned", on=person.trained_on)
    until = months_later(person.trained_on, params.integer("max_months"))
    if today > until:
        return failed("too_old", on=person.trained_on)
    return passed("ok", until=until, on=person.trained_on)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last one."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    if year > MAXYEAR:
        return date.max
    return date(year, month, min(day.day, monthrange(year, month)[1]))
