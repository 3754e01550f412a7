"""Windows' screen lock: the machine's inactivity limit, and the screen saver of who works there."""

from collections.abc import Mapping
from typing import Any

from auditor.api import USER, Answer, NotKnown, Reason, fact
from checks.endpoint._fragments import REGISTRY, SIGNED_IN
from checks.endpoint._read import members, record, truth, whole, word
from checks.endpoint.lock import OnWaking, OwnLock, ScreenLock, seconds

LIMITS = r"""
$system = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
@{
  machine = (Read-Value 'LocalMachine' $system 'InactivityTimeoutSecs')
  policy = (Read-Saver 'Software\Policies\Microsoft\Windows\Control Panel\Desktop')
  user = (Read-Saver 'Control Panel\Desktop')
"""


@fact(
    "lock.screen",
    windows=SIGNED_IN
    + r"""
function Read-Saver($path) {
  if (-not $loaded) { return $null }
  @{
    active = (Read-Value 'Users' "$daily\$path" 'ScreenSaveActive')
    secure = (Read-Value 'Users' "$daily\$path" 'ScreenSaverIsSecure')
    timeout = (Read-Value 'Users' "$daily\$path" 'ScreenSaveTimeOut')
    program = (Read-Value 'Users' "$daily\$path" 'SCRNSAVE.EXE')
  }
}
"""
    + LIMITS
    + "}",
)
def windows_lock(answer: Answer) -> ScreenLock:
    """InactivityTimeoutSecs locks every session (0 or unset = not), the screen saver the daily user's.

    Whichever locks first counts. The saver's values are text, its policy beats the user's own setting, and
    without a program it never starts. Where nobody's settings could be read, an unset machine policy proves
    nothing.
    """
    values = record(answer, "machine", "policy", "user")
    if values["user"] is None:
        machine = seconds(values["machine"], "machine")
        if not machine:
            note = "no machine policy, and the daily user's settings are not loaded"
            raise NotKnown(Reason.NOT_COLLECTED, note)
        return ScreenLock(machine, asks=True, prescribed=True, partial=True)
    return _first(values)


def _first(values: Mapping[str, Any]) -> ScreenLock:
    """Whichever locks first and asks."""
    machine = seconds(values["machine"], "machine")
    saver = _saver(values["user"], values["policy"])
    if machine and not (saver.asks and saver.after_s is not None and saver.after_s < machine):
        return ScreenLock(machine, asks=True, prescribed=True)
    return saver


def _saver(own: object, prescribed: object) -> ScreenLock:
    names = ("active", "secure", "timeout", "program")
    user, policy = members(own, "user", *names), members(prescribed, "policy", *names)
    value = {name: user[name] if policy[name] is None else policy[name] for name in names}
    timeout = seconds(value["timeout"], "timeout")
    saver = word(value["program"], "program").strip('"').casefold().endswith(".scr")
    if whole(value["active"], "active") != 1 or not saver or not timeout:
        return ScreenLock(None, asks=False)
    return ScreenLock(timeout, asks=whole(value["secure"], "secure") == 1)


@fact(
    "lock.saver",
    context=USER,
    windows=REGISTRY
    + r"""
function Read-Saver($path) {
  @{
    active = (Read-Value 'CurrentUser' $path 'ScreenSaveActive')
    secure = (Read-Value 'CurrentUser' $path 'ScreenSaverIsSecure')
    timeout = (Read-Value 'CurrentUser' $path 'ScreenSaveTimeOut')
    program = (Read-Value 'CurrentUser' $path 'SCRNSAVE.EXE')
  }
}
$sid = [System.Security.Principal.WindowsIdentity]::GetCurrent().User.Value
"""
    + LIMITS
    + """  person = ($sid -match '^S-1-(5-21|12-1)-')
}""",
)
def windows_own(answer: Answer) -> OwnLock:
    """The same values in the session of the person who ran the collector; not those of a service."""
    values = record(answer, "machine", "policy", "user", "person")
    if truth(values["person"], "person") is not True:
        raise NotKnown(Reason.NOT_COLLECTED, "not run by a person who is signed in")
    return OwnLock(_first(values))


@fact(
    "lock.wake",
    windows=REGISTRY
    + r"""
$wake = 'SOFTWARE\Policies\Microsoft\Power\PowerSettings\0e796bdb-100d-47d6-a2d5-f7d2daa51f51'
@{
  ac = (Read-Value 'LocalMachine' $wake 'ACSettingIndex')
  battery = (Read-Value 'LocalMachine' $wake 'DCSettingIndex')
}
""",
)
def windows_waking(answer: Answer) -> OnWaking:
    """The policy "require a password when a computer wakes": 0 = it must not; unset, Windows asks."""
    values = record(answer, "ac", "battery")
    asks = {truth(values[name], name) for name in ("ac", "battery")}
    return OnWaking(False not in asks)
