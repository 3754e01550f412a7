"""How a PC gets its updates and what stands in their way (explains the age of the last one)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from auditor.api import Answer, Garbled, fact
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import columns, record, truth, whole, word

MAX_TEXT = 300
WINDOWS_NAMES = (
    *("locale", "code_page", "booted", "searched", "installed", "servicing", "update", "rename"),
    *("server", "use_server", "no_auto", "options", "defer_days", "target"),
)
LAST_EPOCH_S = 4_102_444_800
"""1 January 2100: a later start or search is no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patching:
    """What the system says of its own updating. None and "" = it does not tell, never "off".

    `booted_at`, `searched_at` and `installed_at` are UTC; fast start-up does not reset the first, and the
    last counts the daily malware definitions as well. `restart_for` = what waits for a restart: servicing,
    update, rename (a weak sign) or package. `server` = the town's own update server, which may be out of
    reach from home. `automatic` = updates install by themselves. `policy` = further values as they stand.
    """

    locale: str = ""
    code_page: int | None = None
    booted_at: datetime | None = None
    searched_at: datetime | None = None
    installed_at: datetime | None = None
    restart_for: tuple[str, ...] = ()
    server: str = ""
    automatic: bool | None = None
    policy: tuple[tuple[str, str], ...] = ()


def _text(value: Any, what: str) -> str:
    text = word(value, what)
    if len(text) > MAX_TEXT:
        raise Garbled(f"{what}: too long")
    return text


def _epoch(value: Any, what: str) -> datetime | None:
    seconds = whole(value, what)
    if seconds is None:
        return None
    if not 0 < seconds < LAST_EPOCH_S:
        raise Garbled(f"{what}: not a time")
    return datetime.fromtimestamp(seconds, UTC)


@fact(
    "patch.state",
    explains=("EP-03",),
    windows=REGISTRY
    + r"""
$epoch = New-Object DateTime 1970, 1, 1, 0, 0, 0, ([DateTimeKind]::Utc)
function Read-Epoch($time) {
  if ($null -eq $time) { return $null }
  return [int64](([datetime]$time).ToUniversalTime() - $epoch).TotalSeconds
}
function Test-Key($path) {
  return $null -ne [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey($path)
}
$system = Get-CimInstance -ClassName Win32_OperatingSystem -OperationTimeoutSec 15 -ErrorAction Stop
$current = 'SOFTWARE\Microsoft\Windows\CurrentVersion'
$policy = 'SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate'
$searched = $null
$installed = $null
try {
  $results = (New-Object -ComObject Microsoft.Update.AutoUpdate).Results
  if ($null -ne $results.LastSearchSuccessDate) {
    $time = [datetime]::SpecifyKind([datetime]$results.LastSearchSuccessDate, 'Utc')
    $searched = [int64]($time - $epoch).TotalSeconds
  }
  if ($null -ne $results.LastInstallationSuccessDate) {
    $time = [datetime]::SpecifyKind([datetime]$results.LastInstallationSuccessDate, 'Utc')
    $installed = [int64]($time - $epoch).TotalSeconds
  }
} catch { $searched = $null }
$manager = 'SYSTEM\CurrentControlSet\Control\Session Manager'
@{
  locale = [Globalization.CultureInfo]::InstalledUICulture.Name
  code_page = [Text.Encoding]::Default.CodePage
  booted = (Read-Epoch $system.LastBootUpTime)
  searched = $searched
  installed = $installed
  servicing = [bool](Test-Key "$current\Component Based Servicing\RebootPending")
  update = [bool](Test-Key "$current\WindowsUpdate\Auto Update\RebootRequired")
  rename = ($null -ne (Read-Value 'LocalMachine' $manager 'PendingFileRenameOperations'))
  server = [string](Read-Value 'LocalMachine' $policy 'WUServer')
  use_server = (Read-Value 'LocalMachine' "$policy\AU" 'UseWUServer')
  no_auto = (Read-Value 'LocalMachine' "$policy\AU" 'NoAutoUpdate')
  options = (Read-Value 'LocalMachine' "$policy\AU" 'AUOptions')
  defer_days = (Read-Value 'LocalMachine' $policy 'DeferQualityUpdatesPeriodInDays')
  target = [string](Read-Value 'LocalMachine' $policy 'TargetReleaseVersionInfo')
}
""",
)
def windows_patching(answer: Answer) -> Patching:
    """Policies as they stand; an update server counts only where UseWUServer is 1.

    AUOptions 4 installs by schedule, 2 and 3 wait for somebody; unset is not "off" (Windows then decides).
    """
    values = record(answer, *WINDOWS_NAMES)
    options, no_auto = whole(values["options"], "options"), truth(values["no_auto"], "no_auto")
    automatic = False if no_auto else {2: False, 3: False, 4: True}.get(options or 0)
    policy = {
        name: str(number)
        for name in ("options", "defer_days")
        if (number := whole(values[name], name)) is not None
    }
    if target := _text(values["target"], "target"):
        policy["target"] = target
    return Patching(
        locale=_text(values["locale"], "locale"),
        code_page=whole(values["code_page"], "code_page"),
        booted_at=_epoch(values["booted"], "booted"),
        searched_at=_epoch(values["searched"], "searched"),
        installed_at=_epoch(values["installed"], "installed"),
        restart_for=tuple(
            name for name in ("servicing", "update", "rename") if truth(values[name], name) is True
        ),
        server=_text(values["server"], "server") if truth(values["use_server"], "use_server") else "",
        automatic=automatic,
        policy=tuple(policy.items()),
    )


@fact(
    "patch.state",
    explains=("EP-03",),
    linux=r"""
awk '$1 == "btime" { print "booted\t" $2; exit }' /proc/stat
[ -e /run/reboot-required ] && printf 'restart\tpackage\n'
for f in /etc/locale.conf /etc/default/locale; do
  [ -r "$f" ] && awk -F= '$1 == "LANG" { gsub(/"/, "", $2); print "locale\t" $2; exit }' "$f"
done
set --
for f in /etc/apt/apt.conf.d/*; do [ -r "$f" ] && set -- "$@" "$f"; done
[ $# -gt 0 ] && awk '
  /^[ \t]*APT::Periodic::Unattended-Upgrade[ \t]/ { gsub(/[";]/, "", $2); v = $2 }
  END { if (v != "") print "automatic\t" (v == "0" ? 0 : 1) }' "$@"
f=/etc/systemd/system/timers.target.wants
for t in dnf-automatic.timer dnf-automatic-install.timer; do
  [ -e "$f/$t" ] && printf 'policy\t%s\n' "$t"
done
:
""",
    macos=r"""
sysctl -n kern.boottime | awk '{ gsub(/,/, ""); print "booted\t" $4 }'
f='/Library/Preferences/com.apple.SoftwareUpdate'
v=$(defaults read "$f" AutomaticallyInstallMacOSUpdates 2>/dev/null) && printf 'automatic\t%s\n' "$v"
v=$(defaults read "$f" AutomaticCheckEnabled 2>/dev/null) && printf 'policy\tcheck=%s\n' "$v"
:
""",
)
def unix_patching(answer: Answer) -> Patching:
    """/proc/stat or sysctl, apt's periodic setting, dnf-automatic's timers, macOS' own preferences."""
    single: dict[str, str] = {}
    many: dict[str, list[str]] = {"restart": [], "policy": []}
    widths = dict.fromkeys(("booted", "restart", "locale", "automatic", "policy"), 2)
    for tag, value in columns(answer, widths):
        if tag in many:
            many[tag].append(_text(value, tag))
        else:
            single.setdefault(tag, _text(value, tag))
    if re.fullmatch(r"[01]", single.get("automatic", "0")) is None:
        raise Garbled(f"{answer.id}: automatic")
    return Patching(
        locale=single.get("locale", ""),
        booted_at=_epoch(single.get("booted"), "booted"),
        restart_for=tuple(many["restart"]),
        automatic=single["automatic"] == "1" if "automatic" in single else None,
        policy=tuple((name, "on") for name in many["policy"]),
    )
