"""Management: a device that leaves the office is enrolled, heard, and so can be found and erased."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from auditor.api import (
    CONSOLE,
    Answer,
    Garbled,
    Judgement,
    Params,
    Reason,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._read import record, truth, word

JAPAN = timezone(timedelta(hours=9))
CLOCK_SLACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an admin console says of a device: `enrolled` None = it does not tell.

    `checked_in_on` = the day in Japan it last heard the device, None = not told. `console` = which one.
    """

    console: str
    enrolled: bool | None
    checked_in_on: date | None


@fact("mdm.console", windows=CONSOLE, macos=CONSOLE, chromeos=CONSOLE, ipados=CONSOLE)
def console_enrolment(answer: Answer) -> Enrolment:
    """The export's state of management and its time of the last check-in (with time zone)."""
    values = record(answer, "console", "enrolled", "last_sync")
    return Enrolment(
        console=word(values["console"], "console"),
        enrolled=truth(values["enrolled"], "enrolled"),
        checked_in_on=_day(word(values["last_sync"], "last_sync"), answer.id),
    )


def _day(text: str, what: str) -> date | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise Garbled(f"{what}: no time zone")
        return moment.astimezone(UTC).astimezone(JAPAN).date()
    except (ValueError, OverflowError):
        raise Garbled(f"{what}: not a time") from None


@check("EP-19")
def can_be_found_and_erased(enrolment: Enrolment, params: Params, today: date) -> Judgement:
    """Enrolled by the console's own word, and heard by it lately: only then would it obey an order."""
    if enrolment.enrolled is None:
        return unknown(Reason.NOT_MEASURABLE, "the export does not tell whether it is enrolled")
    if not enrolment.enrolled:
        return failed("not_enrolled")
    last, limit = enrolment.checked_in_on, params.integer("last_checkin_days")
    if last is None:
        return unknown(Reason.NOT_MEASURABLE, "the export does not tell the last check-in")
    if last > today + CLOCK_SLACK:
        return unknown(Reason.UNREADABLE, f"checked in on {last.isoformat()}, after today")
    days = max((today - last).days, 0)
    if days > limit:
        return failed("silent", days=days, on=last)
    return passed(until=last + timedelta(days=limit), days=days, on=last)
