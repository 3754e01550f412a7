"""The audit's own account: each workflow system proves whom it takes us for, and shows us its routes."""

from auditor.api import Judgement, Params, Reason, check, failed, passed, unknown
from checks.paperless._identity import Standing

OPEN = {
    "undeclared": (Reason.NOT_DECLARED, "no account or no token is declared"),
    "changed": (Reason.IDENTITY, "another account at the end than at the beginning"),
}


@check("PPL-12")
def account_is_proved(seen: Standing, params: Params) -> Judgement:
    """The system takes us for the declared account, and shows it every approval route, at least one.

    An identity that changed while we looked is open, and so is a system that cannot tell what it hides.
    """
    if seen.outcome in OPEN:
        return unknown(*OPEN[seen.outcome])
    if seen.outcome != "proved":
        return failed(seen.outcome)
    if seen.visible < params.integer("min_visible"):
        return failed("blind", visible=seen.visible)
    if seen.everything is None:
        return unknown(Reason.NOT_MEASURABLE, "whether it shows every route is not told")
    key = "ok" if seen.everything else "narrow"
    return (passed if seen.everything else failed)(key, visible=seen.visible)
