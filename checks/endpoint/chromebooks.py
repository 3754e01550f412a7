"""Chromebooks: they obey the town, let no guest in, update themselves, and go on doing so for a while."""

from dataclasses import dataclass
from datetime import date, timedelta

from auditor.api import (
    CONSOLE,
    Answer,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._read import record, truth, word
from checks.endpoint.management import Enrolment
from checks.endpoint.support import OperatingSystem

DEVELOPER, VERIFIED = ("dev", "developer"), ("verified",)


@dataclass(frozen=True, slots=True)
class ChromePolicy:
    """Policies of a ChromeOS device: guests may sign in, updates come by themselves; None = not told.

    `developer` = it starts in developer mode, in which no policy can be relied on.
    """

    guest: bool | None
    auto_update: bool | None
    developer: bool | None


@fact("mdm.policy", chromeos=CONSOLE)
def chrome_policy(answer: Answer) -> ChromePolicy:
    """Guest mode (DeviceGuestModeEnabled), automatic updates (DeviceAutoUpdateDisabled) and ``bootMode``.

    The Admin console's list of devices holds only the boot mode; policies come from a list of their own.
    """
    values = record(answer, "guest", "auto_update", "boot_mode")
    mode = word(values["boot_mode"], "boot_mode").casefold()
    if mode and mode not in (*DEVELOPER, *VERIFIED):
        raise Garbled(f"{answer.id}: boot mode {mode[:30]!r}")
    policy = ChromePolicy(
        guest=truth(values["guest"], "guest"),
        auto_update=truth(values["auto_update"], "auto_update"),
        developer=mode in DEVELOPER if mode else None,
    )
    if policy == ChromePolicy(None, None, None):
        raise NotKnown(Reason.NOT_MEASURABLE, "the export does not tell the policies")
    return policy


@check("EP-20")
def obeys_the_town(
    enrolment: Enrolment | Unknown,
    policy: ChromePolicy | Unknown,
    system: OperatingSystem | Unknown,
    params: Params,
    today: date,
) -> Judgement:
    """Enrolled in the console whose export this is, no guests, updated by itself, and not about to end.

    An export lists the devices of one domain, the town's own; so enrolment in it is the town's domain.
    """
    until = system.until if isinstance(system, OperatingSystem) else None
    margin = timedelta(days=params.integer("aue_margin_days"))
    found = _disobeys(enrolment, policy)
    if found is not None:
        return found
    if until is not None and until - today < margin:
        return failed("ends", end=until)
    for fact_ in (enrolment, policy, system):
        if isinstance(fact_, Unknown):
            return unknown(fact_.reason, fact_.note)
    if until is None:
        return unknown(Reason.NOT_MEASURABLE, "the export holds no end of automatic updates")
    if gaps := _gaps(enrolment, policy):
        return unknown(Reason.NOT_MEASURABLE, f"the export does not tell: {', '.join(gaps)}")
    return passed(until=until - margin, end=until)


def _disobeys(enrolment: Enrolment | Unknown, policy: ChromePolicy | Unknown) -> Judgement | None:
    """The first thing that is known to be wrong, whatever else is not known."""
    if isinstance(enrolment, Enrolment) and enrolment.enrolled is False:
        return failed("not_enrolled")
    if isinstance(policy, Unknown):
        return None
    if policy.developer:
        return failed("developer")
    if policy.guest:
        return failed("guest")
    return failed("no_update") if policy.auto_update is False else None


def _gaps(enrolment: Enrolment | Unknown, policy: ChromePolicy | Unknown) -> tuple[str, ...]:
    told = {
        "enrolment": enrolment.enrolled if isinstance(enrolment, Enrolment) else None,
        "guest mode": policy.guest if isinstance(policy, ChromePolicy) else None,
        "automatic updates": policy.auto_update if isinstance(policy, ChromePolicy) else None,
    }
    return tuple(name for name, value in told.items() if value is None)
