"""The last update that went in is recent."""

import plistlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from xml.parsers.expat import ExpatError

from auditor.api import (
    CONSOLE,
    Answer,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import columns, listed, members, record, whole, word
from checks.endpoint._whole import is_whole

JAPAN = timezone(timedelta(hours=9))
FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
INSTALLED = 112
"""CurrentState of a servicing package that is in force (0x70); one that waits for a restart has 0x60."""
CLOCK_SLACK = timedelta(days=1)
_PLIST_ERRORS = (
    plistlib.InvalidFileException,
    ExpatError,
    AttributeError,  # plistlib's own answer to a date or an element it does not know
    LookupError,  # an encoding nobody knows, among others
    RecursionError,
    OverflowError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class LastUpdate:
    """`updated_on` = day of the last update of the system as a whole, None = no record of one.

    `changed_on` = last day on which any package changed at all, None = not told; it can only show that
    nothing was updated since.
    """

    updated_on: date | None
    changed_on: date | None


def _day(moment: datetime, what: str) -> date:
    try:
        return moment.astimezone(JAPAN).date()
    except (ValueError, OverflowError):
        raise Garbled(f"{what}: not a day") from None


def _epoch_day(text: str) -> date:
    if re.fullmatch(r"[0-9]{1,11}", text) is None:
        raise Garbled("not a time stamp")
    return _day(datetime.fromtimestamp(int(text), JAPAN), "time stamp")


def _filetime_day(ticks: int) -> date:
    """A FILETIME (100 ns since 1601)."""
    if ticks == 0:
        raise Garbled("FILETIME not set")
    try:
        return _day(FILETIME_EPOCH + timedelta(microseconds=ticks // 10), "FILETIME")
    except OverflowError:
        raise Garbled("FILETIME out of range") from None


@fact(
    "patch.last",
    windows=REGISTRY
    + r"""
$path = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages'
$packages = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey($path)
$rollups = @()
if ($null -ne $packages) {
  foreach ($name in $packages.GetSubKeyNames()) {
    if ($name.StartsWith('Package_for_RollupFix~')) {
      $key = $packages.OpenSubKey($name)
      $rollups += @{
        name = $name
        state = $key.GetValue('CurrentState')
        high = $key.GetValue('InstallTimeHigh')
        low = $key.GetValue('InstallTimeLow')
      }
    }
  }
}
$fixes = @()
$found = Get-CimInstance -ClassName Win32_QuickFixEngineering -OperationTimeoutSec 15 -ErrorAction Stop
foreach ($one in $found) {
  $fixes += @{ id = [string]$one.HotFixID; on = [string]$one.CimInstanceProperties['InstalledOn'].Value }
}
@{ rollups = $rollups; fixes = $fixes }
""",
)
def windows_last(answer: Answer) -> LastUpdate:
    """When the newest installed cumulative update went in; the newest hotfix where none is recorded.

    Not the update agent's own last success: it counts the daily malware definitions.
    """
    values = record(answer, "rollups", "fixes")
    rollups = [_rollup(row) for row in listed(values["rollups"])]
    in_force = [(version, on) for version, on in rollups if on is not None]
    if in_force:
        return LastUpdate(max(in_force)[1], None)
    if rollups:
        raise NotKnown(Reason.NOT_MEASURABLE, "no cumulative update is in force")
    days = [day for row in listed(values["fixes"]) if (day := _hotfix_day(row)) is not None]
    if not days:
        raise NotKnown(Reason.NOT_MEASURABLE, "no update is recorded")
    return LastUpdate(max(days), None)


def _rollup(row: Any) -> tuple[tuple[int, ...], date | None]:
    """Version and day of a cumulative update; no day = not in force (superseded, or waits for a restart)."""
    values = members(row, "rollup", "name", "state", "high", "low")
    version = word(values["name"], "name").rpartition("~")[2]
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){1,5}", version) is None:
        raise Garbled("rollup: no version")
    high, low = whole(values["high"], "high"), whole(values["low"], "low")
    if whole(values["state"], "state") != INSTALLED or high is None or low is None:
        return tuple(map(int, version.split("."))), None
    ticks = ((high & 0xFFFFFFFF) << 32) | (low & 0xFFFFFFFF)  # a DWORD arrives signed
    return tuple(map(int, version.split("."))), _filetime_day(ticks)


def _hotfix_day(row: Any) -> date | None:
    """InstalledOn is month/day/year on every Windows, a FILETIME in hexadecimal, or blank.

    Where a shell made a time of it, it comes as ISO text.
    """
    text = word(members(row, "hotfix", "id", "on")["on"], "on")
    if not text:
        return None
    if re.fullmatch(r"[0-9A-Fa-f]{16}", text):
        return _filetime_day(int(text, 16))
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{8}Z)?", text):
        return _iso_day(text[:10])
    match = re.match(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: 0?0:00:00| 12:00:00 AM)?$", text)
    if match is None:
        raise Garbled(f"hotfix: date {text[:30]!r}")
    try:
        return date(int(match[3]), int(match[1]), int(match[2]))
    except ValueError:
        raise Garbled(f"hotfix: date {text[:30]!r}") from None


@fact(
    "patch.last",
    linux=r"""
for f in /var/lib/apt/periodic/update-success-stamp /var/lib/apt/periodic/upgrade-stamp; do
  [ -e "$f" ] && printf 'stamp\t%s\t%s\n' "${f##*/}" "$(stat -c %Y "$f")"
done
for f in /var/lib/dpkg/status /var/lib/rpm/rpmdb.sqlite /usr/lib/sysimage/rpm/rpmdb.sqlite \
  /var/lib/rpm/Packages; do
  [ -e "$f" ] && printf 'changed\t%s\n' "$(stat -c %Y "$f")"
done
for f in /var/log/apt/history.log.1.gz /var/log/apt/history.log; do
  [ -e "$f" ] || continue
  [ -r "$f" ] || exit 11
  zcat -f <"$f" | awk '
    /^Start-Date:/ { day = $2; command = ""; up = 0 }
    /^Commandline:/ { command = substr($0, 14) }
    /^Upgrade:/ { up = 1 }
    /^Error:/ { up = 0 }
    /^End-Date:/ { if (up) print "apt\t" day "\t" command }'
done
f=/var/log/dnf.log
if [ -e "$f" ]; then
  [ -r "$f" ] || exit 11
  awk '
    / DDEBUG Command: / { day = substr($1, 1, 10); command = $0; sub(/.* DDEBUG Command: /, "", command) }
    / (Complete!|Nothing to do\.)$/ { if (command != "") print "dnf\t" day "\t" command; command = "" }' "$f"
fi
:
""",
)
def linux_last(answer: Answer) -> LastUpdate:
    """A finished upgrade of everything in apt's or dnf's own log, or unattended-upgrades after a good list.

    A changed package database alone proves no update, and ``update-stamp`` is touched without a network.
    """
    rows = columns(answer, {"stamp": 3, "changed": 2, "apt": 3, "dnf": 3})
    stamps = {row[1]: _epoch_day(row[2]) for row in rows if row[0] == "stamp"}
    changed = [_epoch_day(row[1]) for row in rows if row[0] == "changed"]
    days = [_iso_day(row[1]) for row in rows if row[0] in ("apt", "dnf") and is_whole(row[2].split())]
    if {"update-success-stamp", "upgrade-stamp"} <= set(stamps):
        days.append(min(stamps.values()))
    if not days and not changed:
        raise NotKnown(Reason.NOT_MEASURABLE, "no package log is known here")
    return LastUpdate(max(days, default=None), max(changed, default=None))


def _iso_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Garbled(f"date {text[:30]!r}") from None


@fact(
    "patch.last",
    macos=r"""
f=/Library/Receipts/InstallHistory.plist
[ -e "$f" ] || exit 10
[ -r "$f" ] || exit 11
cat "$f"
""",
)
def macos_last(answer: Answer) -> LastUpdate:
    """The newest entry named macOS in the installation history (LastSuccessfulDate tells only a search).

    An installer that was only downloaded may bear the same name; its package gives it away.
    """
    try:
        entries = plistlib.loads(answer.body, fmt=plistlib.FMT_XML)
    except _PLIST_ERRORS as error:
        raise Garbled(f"{answer.id}: {type(error).__name__}") from None
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise Garbled(f"{answer.id}: not a list")
    moments = [
        one["date"]
        for one in entries
        if re.match(r"macOS\b", str(one.get("displayName", "")))
        and isinstance(one.get("date"), datetime)
        and "InstallAssistant" not in str(one.get("packageIdentifiers", ""))
    ]
    if not moments:
        raise NotKnown(Reason.NOT_MEASURABLE, "no update of macOS is recorded")
    return LastUpdate(_day(max(moments).replace(tzinfo=UTC), "date"), None)


@fact("patch.last", chromeos=CONSOLE)
def chromeos_last(answer: Answer) -> LastUpdate:
    """The console's time of the last successful system update (``osUpdateStatus.updateTime``)."""
    text = word(record(answer, "updated_at")["updated_at"], "updated_at")
    if not text:
        raise NotKnown(Reason.NOT_MEASURABLE, "the export holds no time of the last update")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Garbled(f"{answer.id}: not a time") from None
    if moment.tzinfo is None:
        raise Garbled(f"{answer.id}: no time zone")
    return LastUpdate(_day(moment, "updated_at"), None)


@check("EP-03")
def updated_lately(last: LastUpdate, params: Params, today: date) -> Judgement:
    """The last update is at most the limit old; "nothing changed since long" is a fail as well."""
    limit = params.integer("max_days")
    for day in (last.updated_on, last.changed_on):
        if day is not None and day > today + CLOCK_SLACK:
            return unknown(Reason.UNREADABLE, f"update dated {day.isoformat()}, after today")
    if last.updated_on is not None:
        age = max((today - last.updated_on).days, 0)
        until = last.updated_on + timedelta(days=limit)
        if age <= limit:
            return passed(until=until, days=age, on=last.updated_on)
        return failed("old", days=age, on=last.updated_on)
    if last.changed_on is not None and (today - last.changed_on).days > limit:
        return failed("old", days=(today - last.changed_on).days, on=last.changed_on)
    return unknown(Reason.NOT_MEASURABLE, "no whole update is recorded")
