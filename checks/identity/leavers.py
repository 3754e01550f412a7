"""Accounts that should be closed: of people who left or moved, and those that nobody uses any more."""

from datetime import date, timedelta

from auditor.api import Judgement, Params, Town, check, failed
from checks.identity._judging import good, holders, ids, untold, unusable
from checks.identity.accounts import Account, Accounts

FRIDAY = 4


@check("ID-05")
def closed_after_leaving(seen: Accounts, town: Town, params: Params, today: date) -> Judgement:
    """No usable account names somebody outside the staff ledger or is in a group of another section.

    Weekdays stand for business days: a holiday makes the limit shorter, never longer.
    """
    if (gap := unusable(seen, params, today)) is not None:
        return gap
    found, limit = holders(seen, town), params.integer("max_business_days")
    home = {person.id: person.section for person in town.staff}
    own = [(id_, one) for id_, mine in found.own.items() for one in mine]
    left = [one for one in found.gone if one.status and not _in_time(one, seen.exported, limit)]
    left += [one for _, one in own if one.status and _overdue(one, seen.exported, limit)]
    if left:
        return failed("left", places=ids(left), count=len(left), exported=seen.exported)
    moved = [one for id_, one in own if one.status and any(group != home[id_] for group in one.groups or ())]
    if moved:
        return failed("moved", places=ids(moved), count=len(moved), exported=seen.exported)
    open_ = [one for one in (*found.gone, *found.nobody) if one.status is not False]
    open_ += [one for _, one in own if one.status is None or (one.status and one.groups is None)]
    unread = any(column == "left_on" for column, _ in seen.faults)
    if open_ or unread or not own:
        needed = ("status", "who", "groups", *(("left_on",) if unread else ()))
        return untold(seen, needed, ids(open_))
    return good(seen, town, params, len(own))


def weekdays(first: date, last: date) -> int:
    """How many weekdays lie after `first`, up to and with `last`."""
    days = (last - first).days
    return sum((first + timedelta(days=nth)).weekday() <= FRIDAY for nth in range(1, days + 1))


def _in_time(account: Account, exported: date, limit: int) -> bool:
    """True for a leaver whose day is told and whose limit had not passed when the export was made."""
    return account.left_on is not None and not _overdue(account, exported, limit)


def _overdue(account: Account, exported: date, limit: int) -> bool:
    return account.left_on is not None and weekdays(account.left_on, exported) > limit


@check("ID-08")
def none_dormant(seen: Accounts, town: Town, params: Params, today: date) -> Judgement:
    """Every usable account was used lately; one without a day of its last sign-in tells nothing."""
    if (gap := unusable(seen, params, today)) is not None:
        return gap
    limit = params.integer("dormant_days")
    usable = [one for one in seen.accounts if one.status is not False]
    states = [(one, _idle_days(one, seen.exported)) for one in usable]
    dormant = [
        one for one, days in states if one.status and days is not None and days > limit + seen.slack_days
    ]
    if dormant:
        return failed("dormant", places=ids(dormant), count=len(dormant), exported=seen.exported)
    open_ = [one for one, days in states if days is None or days > limit or one.status is None]
    if open_ or not usable:
        return untold(seen, ("last_sign_in", "status"), ids(open_))
    return good(seen, town, params, len(usable))


def _idle_days(account: Account, exported: date) -> int | None:
    """Days without a sign-in; for an account never used, since it was made. None = not told."""
    if account.last_sign_in == "never":
        return (exported - account.created).days if account.created is not None else None
    return (exported - date.fromisoformat(account.last_sign_in)).days if account.last_sign_in else None
