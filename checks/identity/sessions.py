"""A session ends by itself: whoever finds an open browser is asked to sign in again."""

from datetime import date, timedelta

from auditor.api import Judgement, Params, Reason, check, failed, not_applicable, passed, unknown
from checks.identity.accounts import Accounts


@check("ID-07")
def signed_in_again(seen: Accounts, params: Params, today: date) -> Judgement:
    """The length of a session is set; no export tells it, so the town writes down what it read."""
    if not seen.cloud:
        return not_applicable("local")
    if seen.policy is None or seen.policy.session_h is None:
        return unknown(Reason.NOT_DECLARED, "columns.toml has no policy.session_h")
    on, limit = seen.policy.on, params.integer("export_days")
    if on > today:
        return unknown(Reason.UNREADABLE, f"policy.on is {on.isoformat()}, after today")
    if (today - on).days > limit:
        return unknown(Reason.STALE, f"read on {on.isoformat()}: {(today - on).days} d > {limit} d")
    hours = seen.policy.session_h
    if hours > params.integer("session_h"):
        return failed("long", hours=hours, on=on)
    return passed(until=on + timedelta(days=limit), hours=hours, on=on)
