"""AutoRun: a medium that is plugged in starts nothing by itself."""

from dataclasses import dataclass
from typing import Any

from auditor.api import Answer, Garbled, Judgement, Params, Reason, check, fact, failed, passed, unknown
from checks.endpoint._fragments import SIGNED_IN
from checks.endpoint._read import listed, record, truth, whole

BYTES = 4


@dataclass(frozen=True, slots=True)
class AutoRun:
    """Bit masks of the kinds of drive on which AutoPlay is off, None = not set.

    `machine` binds everybody and hides `daily`, which is set for who signed in last; `daily_read` = that
    person's settings could be read at all. `commands_off` = no medium's own commands are run.
    """

    machine: int | None
    daily: int | None
    daily_read: bool
    commands_off: bool


@fact(
    "usb.autorun",
    windows=SIGNED_IN
    + r"""
$policy = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\Explorer'
$mask = $null
if ($loaded) { $mask = Read-Value 'Users' "$daily\$policy" 'NoDriveTypeAutoRun' }
@{
  machine = (Read-Value 'LocalMachine' $policy 'NoDriveTypeAutoRun')
  commands_off = (Read-Value 'LocalMachine' $policy 'NoAutorun')
  daily = $mask
  daily_read = $loaded
}
""",
)
def windows_autorun(answer: Answer) -> AutoRun:
    """NoDriveTypeAutoRun (a number, or four bytes of which the first counts) and NoAutorun.

    A mask of the machine hides those of its users, so that theirs count only where it is not set.
    """
    values = record(answer, "machine", "commands_off", "daily", "daily_read")
    read = truth(values["daily_read"], "daily_read")
    if read is None:
        raise Garbled(f"{answer.id}: incomplete")
    commands = whole(values["commands_off"], "commands_off")
    return AutoRun(_mask(values["machine"]), _mask(values["daily"]), read, commands_off=commands == 1)


def _mask(value: Any) -> int | None:
    if isinstance(value, list):
        parts = [whole(one, "mask") for one in listed(value)]
        if len(parts) != BYTES or not all(one is not None and 0 <= one <= 255 for one in parts):  # noqa: PLR2004
            raise Garbled("mask: not four bytes")
        return parts[0]
    return whole(value, "mask")


@check("EP-12")
def starts_nothing(autorun: AutoRun, params: Params) -> Judgement:
    """The mask covers every kind of drive; Windows' own value, where none is set, does not."""
    wanted = params.integer("no_drive_type_autorun")
    if autorun.machine is not None:
        return passed() if autorun.machine & wanted == wanted else _open(autorun, autorun.machine)
    if not autorun.daily_read:
        return unknown(
            Reason.NOT_COLLECTED, "not set for the machine, and the daily user's settings are not loaded"
        )
    if autorun.daily is None:
        return failed("commands_only") if autorun.commands_off else failed("unset")
    return passed("daily") if autorun.daily & wanted == wanted else _open(autorun, autorun.daily)


def _open(autorun: AutoRun, mask: int) -> Judgement:
    """Some kinds of drive are left out; without their commands at least nothing runs unasked."""
    return failed("commands_only") if autorun.commands_off else failed("partly", mask=mask & 255)
