"""Lockout: a password cannot be tried without end."""

from auditor.api import Judgement, Params, Unknown, check, failed, passed, unknown
from checks.endpoint.join import JoinState, rules_elsewhere
from checks.endpoint.passwords import PasswordRules


@check("EP-18")
def locks_out(rules: PasswordRules, join: JoinState | Unknown, params: Params) -> Judgement:
    """After a few wrong passwords the account is locked for a while; a domain's are another matter."""
    lock = rules.lock
    if isinstance(lock, Unknown):
        return unknown(lock.reason, lock.note)
    if lock is None:
        return failed("endless")
    minutes = None if lock.for_s is None else lock.for_s // 60
    if lock.tries > params.integer("threshold"):
        return failed("many", tries=lock.tries)
    if minutes is not None and minutes < params.integer("duration_min"):
        return failed("short", tries=lock.tries, minutes=minutes)
    if minutes is None:
        return rules_elsewhere(join, params) or passed("kept", tries=lock.tries)
    return rules_elsewhere(join, params) or passed(tries=lock.tries, minutes=minutes)
