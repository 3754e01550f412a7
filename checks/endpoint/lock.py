"""Screen lock: an unattended PC closes itself and asks who comes back."""

from dataclasses import dataclass

from auditor.api import CONSOLE, Answer, Garbled, Judgement, Params, check, fact, failed, passed


@dataclass(frozen=True, slots=True)
class ScreenLock:
    """When an idle session locks: `after_s` in seconds, None = never; `asks` = authentication on return."""

    after_s: int | None
    asks: bool


@check("EP-07")
def locks_itself(lock: ScreenLock, params: Params) -> Judgement:
    """Set, above zero, within the limit, and the way back asks for a password."""
    if lock.after_s is None:
        return failed("never")
    if lock.after_s > params.integer("lock_max_s"):
        return failed("slow", after_s=lock.after_s)
    return passed(after_s=lock.after_s) if lock.asks else failed("no_password", after_s=lock.after_s)
