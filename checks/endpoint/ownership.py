"""Ownership: private devices are not used, unless somebody approved each and its additional safeguards."""

from calendar import monthrange
from datetime import MAXYEAR, date

from auditor.api import Endpoint, Judgement, Params, Reason, check, failed, passed, unknown

TOWN, PRIVATE = "town", "private"


@check("EP-22")
def private_only_with_approval(endpoint: Endpoint, params: Params, today: date) -> Judgement:
    """By the ledger's own words; who owns a device cannot be measured, so an empty cell is never the town's.

    An approval and the confirmation of the additional safeguards both last `approval_months`.
    """
    if endpoint.owner == TOWN:
        return passed("issued")
    if endpoint.owner != PRIVATE:
        return unknown(Reason.NOT_DECLARED, "the ledger does not tell who owns it")
    return _approved(endpoint, params.integer("approval_months"), today)


def _approved(endpoint: Endpoint, months: int, today: date) -> Judgement:
    """A private device needs a running approval first of all."""
    approved = endpoint.approved_on
    if approved is None:
        return failed("unapproved")
    if approved > today:
        return failed("planned", on=approved)
    until = _months_later(approved, months)
    if today > until:
        return failed("expired", on=approved)
    return _safeguarded(endpoint.extra_checked_on, approved, until, months, today)


def _safeguarded(checked: date | None, approved: date, until: date, months: int, today: date) -> Judgement:
    """And somebody's confirmation that the additional safeguards are in place."""
    if checked is None or checked > today:
        return unknown(Reason.NOT_DECLARED, "nobody confirmed the additional safeguards in the ledger")
    lasts = _months_later(checked, months)
    if today > lasts:
        return unknown(Reason.EXPIRED, f"the additional safeguards were confirmed on {checked.isoformat()}")
    return passed("approved", until=min(until, lasts), on=approved, checked=checked)


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last one (民法143条)."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    if year > MAXYEAR:
        return date.max
    return date(year, month, min(day.day, monthrange(year, month)[1]))
