"""What the town's register says of an entrance, as long as it may be believed."""

from datetime import date, timedelta

from auditor.api import Gateway, Judgement, Params, Reason, Register, unknown


def told(gateway: Gateway, params: Params, today: date, *needs: str) -> Register | Judgement:
    """The register, or why it does not count: none, too old, of a day still to come, or silent on a need."""
    found = gateway.register
    if found is None:
        return unknown(Reason.NOT_DECLARED, "[gateways.register] is not declared")
    if found.as_of > today:
        return unknown(Reason.NOT_DECLARED, f"register dated {found.as_of.isoformat()}, after the day judged")
    if today > good_until(found, params):
        days = (today - found.as_of).days
        return unknown(Reason.EXPIRED, f"register of {found.as_of.isoformat()}, {days} days old")
    for name in needs:
        if getattr(found, name) in ("", None):
            return unknown(Reason.NOT_DECLARED, f"register.{name} is not declared")
    return found


def good_until(register: Register, params: Params) -> date:
    """The last day on which the register counts."""
    return register.as_of + timedelta(days=params.integer("register_max_days"))
