"""The second factor: everybody has one, nobody's is the telephone, administrators' resist phishing."""

from datetime import date

from auditor.api import (
    Judgement,
    Params,
    Person,
    Reason,
    Town,
    check,
    failed,
    not_applicable,
    passed,
    unknown,
)
from checks.identity._judging import Holders, good, holders, ids, until, untold, unusable
from checks.identity.accounts import Account, Accounts

RIGHTS = ("super", "admin", "unsure")
PERCENT = 100


def rules(seen: Accounts, params: Params, today: date) -> bool:
    """True when rules read off the system are declared, recently enough to count."""
    return seen.policy is not None and 0 <= (today - seen.policy.on).days <= params.integer("export_days")


def usable(seen: Accounts) -> list[Account]:
    """Accounts that can be used, or about which the export does not tell."""
    return [account for account in seen.accounts if account.status is not False]


@check("ID-01")
def second_factor(seen: Accounts, town: Town, params: Params, today: date) -> Judgement:
    """Everybody in the trial has exactly one usable account, and it asks for a second factor."""
    if (gap := unusable(seen, params, today)) is not None:
        return gap
    trial = [person for person in town.staff if person.trial]
    if not trial:
        return not_applicable("nobody")
    demanded = seen.asked or bool(rules(seen, params, today) and seen.policy and seen.policy.mfa_required)
    found = holders(seen, town)
    states = {person.id: _state(person, found, demanded=demanded) for person in trial}
    off = [id_ for id_, state in states.items() if state is False]
    on = [id_ for id_, state in states.items() if state is True]
    left = [id_ for id_, state in states.items() if state is None]
    wanted = params.integer("coverage")
    if (len(trial) - len(off)) * PERCENT < wanted * len(trial):
        accounts = ids(one for id_ in off for one in found.own[id_] if one.status and one.mfa is False)
        return failed(
            "off",
            places=accounts,
            concerns=tuple(off),
            doubts=tuple(left),
            count=len(off),
            people=len(trial),
            exported=seen.exported,
        )
    if len(on) * PERCENT >= wanted * len(trial):
        return passed(until=until(seen, params), people=len(on), exported=seen.exported)
    if not demanded and "mfa" in seen.columns:
        return unknown(
            Reason.NOT_DECLARED, "registered, and nothing tells that it is demanded (policy.mfa_required)"
        )
    gap = untold(seen, ("mfa", "status", "who"), [f"{id_} ({_accounts(found, id_)})" for id_ in left])
    return unknown(gap.reason or Reason.NOT_MEASURABLE, gap.note, places=gap.places, concerns=tuple(left))


def _accounts(found: Holders, person: str) -> str:
    return ", ".join(ids(found.own.get(person, ()))) or "-"


def _state(person: Person, found: Holders, *, demanded: bool) -> bool | None:
    """Whether a person's sign-in asks for a second factor; None = not told, no account, or several."""
    mine = [account for account in found.own.get(person.id, ()) if account.status is not False]
    if any(account.status and account.mfa is False for account in mine):
        return False
    if len(mine) != 1 or mine[0].status is None or not demanded:
        return None
    return mine[0].mfa


@check("ID-02")
def no_telephone(seen: Accounts, town: Town, params: Params, today: date) -> Judgement:
    """No usable account of a cloud service has SMS or a call among its registered methods."""
    if not seen.cloud:
        return not_applicable("local")
    if rules(seen, params, today) and seen.policy and seen.policy.sms_voice_allowed is not None:
        if seen.policy.sms_voice_allowed:
            return failed("allowed", on=seen.policy.on)
        return passed("forbidden", on=seen.policy.on)
    return unusable(seen, params, today) or _phones(seen, town, params)


def _phones(seen: Accounts, town: Town, params: Params) -> Judgement:
    accounts = usable(seen)
    phones = [one for one in accounts if "phone" in one.methods and one.status]
    if len(phones) > params.integer("sms_voice"):
        return failed("phone", places=ids(phones), count=len(phones), exported=seen.exported)
    open_ = [one for one in accounts if not one.methods or (one.status is None and "phone" in one.methods)]
    if open_ or not accounts:
        return untold(seen, ("methods", "status"), ids(open_))
    return good(seen, town, params, len(accounts))


@check("ID-04")
def administrators_resist_phishing(seen: Accounts, town: Town, params: Params, today: date) -> Judgement:
    """Every account with rights of an administrator signs in only in ways that cannot be relayed."""
    if not seen.cloud:
        return not_applicable("local")
    if (gap := unusable(seen, params, today)) is not None:
        return gap
    demanded = bool(rules(seen, params, today) and seen.policy and seen.policy.admins_resistant_required)
    accounts = usable(seen)
    strong = [one for one in accounts if one.admin in RIGHTS or one.super_admin]
    weak = [one for one in strong if one.status and _resists(one, demanded=demanded) is False]
    if weak:
        return failed("weak", places=ids(weak), count=len(weak), exported=seen.exported)
    open_ = [one for one in accounts if not one.admin and one.super_admin is None]
    open_ += [one for one in strong if one.status is None or _resists(one, demanded=demanded) is None]
    if open_ or not strong:
        return untold(seen, ("admin", "methods"), ids(open_))
    return good(seen, town, params, len(strong))


def _resists(account: Account, *, demanded: bool) -> bool | None:
    """Whether a sign-in cannot be relayed; a weaker method beside is a way round unless a rule forbids it."""
    if account.protected:
        return True
    if not account.methods:
        return False if account.mfa is False else None
    if "resistant" not in account.methods:
        return False
    return True if demanded or not {"phone", "plain"} & set(account.methods) else None
