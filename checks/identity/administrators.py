"""The highest administrators: enough of them, not too many, and never anybody's daily account."""

from datetime import date

from auditor.api import Judgement, Params, Town, check, failed, not_applicable
from checks.identity._judging import Holders, good, holders, ids, untold, unusable
from checks.identity.accounts import Account, Accounts


@check("ID-03")
def few_and_apart(seen: Accounts, town: Town, params: Params, today: date) -> Judgement:
    """The number is inside the limits, and each account is nobody's own or somebody's second one."""
    if not seen.cloud:
        return not_applicable("local")
    return unusable(seen, params, today) or _counted(seen, town, params)


def _counted(seen: Accounts, town: Town, params: Params) -> Judgement:
    accounts = [one for one in seen.accounts if one.status is not False]
    tops = [one for one in accounts if _top(one)]
    sure = [one for one in tops if one.status]
    if len(sure) > params.integer("max"):
        return failed("many", places=ids(sure), count=len(sure), exported=seen.exported)
    found = holders(seen, town)
    daily = [one for one in sure if _daily(one, found)]
    if daily:
        return failed("daily", places=ids(daily), count=len(daily), exported=seen.exported)
    strangers = {id(one) for one in (*found.nobody, *found.gone)}
    open_ = [one for one in accounts if _top(one) is None]
    open_ += [one for one in tops if one.status is None or id(one) in strangers]
    if open_ or not accounts:
        return untold(seen, ("admin", "who"), ids(open_))
    if len(sure) < params.integer("min"):
        return failed("few", places=ids(sure), count=len(sure), exported=seen.exported)
    return good(seen, town, params, len(sure))


def _top(account: Account) -> bool | None:
    """Whether an account has the highest rights; None = not told, or only that it has some."""
    if account.super_admin is not None:
        return account.super_admin
    return {"super": True, "admin": False, "none": False}.get(account.admin)


def _daily(account: Account, found: Holders) -> bool:
    """True for somebody's only usable account."""
    for mine in found.own.values():
        if any(one is account for one in mine):
            return not any(one is not account and one.status is not False and not _top(one) for one in mine)
    return False
