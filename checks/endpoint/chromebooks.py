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
    """Policies of a ChromeOS device: guests may sign in, updates come by themselves; None = not told."""

    guest: bool | None
    auto_update: bool | None


@dataclass(frozen=True, slots=True)
class BootMode:
    """How a ChromeOS device starts; in developer mode no policy can be relied on."""

    developer: bool


@fact("mdm.policy", chromeos=CONSOLE)
def chrome_policy(answer: Answer) -> ChromePolicy:
    """Guest mode (DeviceGuestModeEnabled) and automatic updates (DeviceAutoUpdateDisabled).

    The Admin console's list of devices holds neither; they come from a list of their own.
    """
    values = record(answer, "guest", "auto_update")
    policy = ChromePolicy(
        guest=truth(values["guest"], "guest"), auto_update=truth(values["auto_update"], "auto_update")
    )
    if policy == ChromePolicy(None, None):
        raise NotKnown(Reason.NOT_MEASURABLE, "the export does not tell the policies")
    return policy


@fact("mdm.boot", chromeos=CONSOLE)
def chrome_boot(answer: Answer) -> BootMode:
    """``bootMode`` of the Admin console's list of devices: Verified or Dev."""
    mode = word(record(answer, "boot_mode")["boot_mode"], "boot_mode").casefold()
    if mode not in (*DEVELOPER, *VERIFIED):
        raise Garbled(f"{answer.id}: boot mode {mode[:30]!r}")
    return BootMode(developer=mode in DEVELOPER)


@check("EP-20")
def obeys_the_town(
    enrolment: Enrolment | Unknown,
    policy: ChromePolicy | Unknown,
    boot: BootMode | Unknown,
    system: OperatingSystem | Unknown,
    params: Params,
    today: date,
) -> Judgement:
    """Enrolled in the console whose export this is, no guests, updated by itself, and not about to end.

    An export lists the devices of one domain, the town's own; so enrolment in it is the town's domain. How
    it starts is not demanded, but developer mode would undo all the rest.
    """
    until = system.until if isinstance(system, OperatingSystem) else None
    margin = timedelta(days=params.integer("aue_margin_days"))
    found = _disobeys(enrolment, policy, boot)
    if found is not None:
        return found
    if until is not None and until - today < margin:
        return failed("ends", end=until)
    untold = isinstance(boot, Unknown) and boot.reason is Reason.NOT_COLLECTED
    for gap in (enrolment, policy, system, None if untold else boot):
        if isinstance(gap, Unknown):
            return unknown(gap.reason, gap.note)
    gaps = _gaps(enrolment, policy)
    if until is None or gaps:
        wanted = ", ".join([*gaps, *([] if until else ["the end of automatic updates"])])
        return unknown(Reason.NOT_MEASURABLE, f"the export does not tell: {wanted}")
    return passed(until=until - margin, end=until)


def _disobeys(
    enrolment: Enrolment | Unknown, policy: ChromePolicy | Unknown, boot: BootMode | Unknown
) -> Judgement | None:
    """The first thing that is known to be wrong, whatever else is not known."""
    if isinstance(enrolment, Enrolment) and enrolment.enrolled is False:
        return failed("not_enrolled")
    if isinstance(boot, BootMode) and boot.developer:
        return failed("developer")
    if isinstance(policy, Unknown):
        return None
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
