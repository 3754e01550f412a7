"""Records of sign-ins and administration: how far back they still reach on the machine itself."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from auditor.api import (
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
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import columns, listed, members, record, whole, word
from checks.endpoint.forwarding import Forwarding

JAPAN = timezone(timedelta(hours=9))
QUIET_DAYS = 31
"""A log without any record for so long has stopped: sign-ins and services are written down every day."""
ROTATION = timedelta(days=45)
"""How much further back than its last line the oldest rotated file may reach: a month, and some patience."""
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_ARCHIVED = re.compile(r"system@[0-9a-f]{32}-[0-9a-f]{16}-([0-9a-f]{16})\.journal")
WINDOWS_LOGS = ("Security", "System")


@dataclass(frozen=True, slots=True)
class Reach:
    """One log: its records surely reach back to `proved`, and no further than `possible` (None = unbound)."""

    name: str
    proved: date
    possible: date | None
    newest: date


@dataclass(frozen=True, slots=True)
class Records:
    """The logs that must reach back. `since` = day the machine was installed, None = not told."""

    logs: tuple[Reach, ...]
    since: date | None


def _day(moment: datetime, what: str) -> date:
    if moment < FIRST:
        raise Garbled(f"{what}: before there was such a log")
    try:
        return moment.astimezone(JAPAN).date()
    except (ValueError, OverflowError):
        raise Garbled(f"{what}: not a day") from None


def _epoch(seconds: int, what: str) -> date:
    try:
        return _day(datetime.fromtimestamp(seconds, UTC), what)
    except (ValueError, OverflowError, OSError):
        raise Garbled(f"{what}: not a day") from None


@fact(
    "log.oldest",
    windows=REGISTRY
    + r"""
$logs = @()
$kind = [System.Diagnostics.Eventing.Reader.PathType]::LogName
foreach ($name in 'Security', 'System') {
  $ends = @()
  foreach ($backwards in $false, $true) {
    $query = New-Object System.Diagnostics.Eventing.Reader.EventLogQuery($name, $kind)
    $query.ReverseDirection = $backwards
    $reader = New-Object System.Diagnostics.Eventing.Reader.EventLogReader($query)
    $seen = $null
    try {
      $seen = $reader.ReadEvent([timespan]::FromSeconds(5))
    } finally {
      $reader.Dispose()
    }
    if ($null -eq $seen) { $ends += '' } else { $ends += $seen.TimeCreated.ToUniversalTime().ToString('s') }
  }
  $logs += @{ name = $name; oldest = $ends[0]; newest = $ends[1] }
}
$installed = Read-Value 'LocalMachine' 'SOFTWARE\Microsoft\Windows NT\CurrentVersion' 'InstallDate'
@{ logs = $logs; installed = $installed }
""",
)
def windows_records(answer: Answer) -> Records:
    """The first and last record of the logs Security and System; reading Security needs rights of its own.

    InstallDate (seconds since 1970) is renewed by every feature update: a machine may be older than it says.
    """
    values = record(answer, "logs", "installed")
    logs = tuple(_windows_log(row) for row in listed(values["logs"]))
    if tuple(sorted(log.name for log in logs)) != WINDOWS_LOGS:
        raise Garbled(f"{answer.id}: not the two logs that were asked for")
    installed = whole(values["installed"], "installed")
    since = _epoch(installed & 0xFFFFFFFF, "installed") if installed is not None else None
    return Records(logs, since)


def _windows_log(row: Any) -> Reach:
    one = members(row, "log", "name", "oldest", "newest")
    name = word(one["name"], "name")
    ends = []
    for end in ("oldest", "newest"):
        text = word(one[end], end)
        if not text:
            raise NotKnown(Reason.NOT_MEASURABLE, f"the log {name} gave no record in time")
        try:
            ends.append(_day(datetime.fromisoformat(text).replace(tzinfo=UTC), end))
        except ValueError:
            raise Garbled(f"{name}: not a time") from None
    if ends[0] > ends[1]:
        raise Garbled(f"{name}: ends before it begins")
    return Reach(name, ends[0], ends[0], ends[1])


@fact(
    "log.oldest",
    linux=r"""
id=none
[ -r /etc/machine-id ] && read -r id </etc/machine-id
for d in /var/log/journal "/var/log/journal/$id"; do
  [ ! -d "$d" ] || { [ -r "$d" ] && [ -x "$d" ]; } || exit 11
done
for f in "/var/log/journal/$id"/system.journal; do
  [ -e "$f" ] || continue
  [ -r "$f" ] || exit 11
  printf 'journal\t'
  od -A n -t u8 -j 184 -N 16 "$f"
done
for f in "/var/log/journal/$id"/system@*.journal; do
  [ -e "$f" ] && printf 'archived\t%s\n' "${f##*/}"
done
set --
for f in /var/log/auth.log /var/log/auth.log[.-]* /var/log/secure /var/log/secure[.-]*; do
  [ -s "$f" ] && set -- "$@" "$f"
done
[ -e /etc/machine-id ] && set -- "$@" /etc/machine-id
tab=$(printf '\t')
[ $# -eq 0 ] || stat -c "file$tab%Y$tab%n" "$@"
printf 'end\n'
""",
)
def linux_records(answer: Answer) -> Records:
    """The journal on disk or the log of sign-ins, whichever reaches further back and is still written.

    A journal file's header holds the times of its first and last entry (bytes 184 to 199), an archived one's
    name the time of its first (systemd, journal-def.h). A folder under another id was left by the system
    before, or by the one this was copied from, and nothing cleans it. Of a rotated text file only its last
    line's time is known. The machine's own id is written when it first starts.
    """
    rows = columns(answer, {"journal": 2, "archived": 2, "file": 3, "end": 1})
    if [row for row in rows if row[0] == "end"] != rows[-1:]:
        raise Garbled(f"{answer.id}: incomplete")
    files = {row[2].rpartition("/")[2]: _epoch(_number(row[1]), "file") for row in rows if row[0] == "file"}
    since = files.pop("machine-id", None)
    archived = [row[1] for row in rows if row[0] == "archived"]
    found = [_journal([row[1] for row in rows if row[0] == "journal"], archived)]
    found += [_text_log(base, files) for base in ("auth.log", "secure")]
    logs = [log for log in found if log is not None]
    last = max((log.newest for log in logs), default=None)
    alive = [log for log in logs if last is not None and (last - log.newest).days <= QUIET_DAYS]
    return Records(tuple(sorted(alive, key=lambda log: log.proved)[:1]), since)


def _number(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,20}", text) is None:
        raise Garbled("not a number")
    return int(text)


def _microseconds(value: int) -> date:
    return _epoch(value // 1_000_000, "journal")


def _journal(headers: list[str], archived: list[str]) -> Reach | None:
    ends = [[_number(part) for part in header.split()] for header in headers]
    if any(len(end) != 2 for end in ends):  # noqa: PLR2004 - the first entry and the last
        raise Garbled("journal: not two times")
    names = [_ARCHIVED.fullmatch(name) for name in archived]
    if None in names:
        raise Garbled("journal: an archive of another name")
    ends = [end for end in ends if all(end)]  # a journal that was just begun holds no entry yet
    if not ends:
        return None
    firsts = [_microseconds(end[0]) for end in ends]
    firsts += [_microseconds(int(name[1], 16)) for name in names if name is not None]
    oldest = min(firsts)
    return Reach("journal", oldest, oldest, max(_microseconds(end[1]) for end in ends))


def _text_log(base: str, files: dict[str, date]) -> Reach | None:
    mine = {
        name: day for name, day in files.items() if name == base or name.startswith((f"{base}.", f"{base}-"))
    }
    if base not in mine:
        return None
    days = sorted(mine.values(), reverse=True)
    proved = mine[base]
    for day in days:  # a file after a gap may be left over from another way of rotating
        proved = day if day < proved and proved - day <= ROTATION else proved
    return Reach(base, proved, days[-1] - ROTATION if len(days) > 1 else None, mine[base])


@check("LOG-01")
def kept_long_enough(
    records: Records, forwarding: Forwarding | Unknown, params: Params, today: date
) -> Judgement:
    """Every log reaches back as long as demanded; where they are also sent elsewhere, that place decides."""
    if not records.logs:
        return _elsewhere(forwarding) or failed("none")
    if (gap := _not_alive(records, today)) is not None:
        return gap
    limit = months_before(today, params.integer("retain_months"))
    worst = max(records.logs, key=lambda log: log.proved)
    if worst.proved <= limit:
        return passed(name=worst.name, on=worst.proved)
    if records.since is None or records.since > limit:
        installed = records.since.isoformat() if records.since is not None else "?"
        return unknown(Reason.WINDOW_SHORT, f"installed {installed}")
    if any(log.possible is not None and log.possible > limit for log in records.logs):
        return _elsewhere(forwarding) or failed("short", name=worst.name, on=worst.proved)
    return unknown(Reason.NOT_MEASURABLE, "how far back the oldest file reaches is not told")


def _not_alive(records: Records, today: date) -> Judgement | None:
    """What is said of a log that is not written any more, or whose clock runs ahead."""
    latest = max(log.newest for log in records.logs)
    if latest > today + timedelta(days=1):
        return unknown(Reason.UNREADABLE, f"a record of {latest.isoformat()}, after today")
    for log in records.logs:
        if (today - log.newest).days > QUIET_DAYS:
            return failed("stopped", name=log.name, on=log.newest)
    return None


def _elsewhere(forwarding: Forwarding | Unknown) -> Judgement | None:
    """`unknown` where the records may be kept at another place than this machine."""
    if isinstance(forwarding, Unknown):
        return unknown(forwarding.reason, f"whether they are sent elsewhere: {forwarding.note}"[:300])
    if forwarding.destinations or forwarding.agents:
        return unknown(Reason.NOT_MEASURABLE, "they are sent elsewhere: look at what is kept there")
    return None


def months_before(day: date, months: int) -> date:
    """The same day so many months ago; the 28th where that month may be shorter."""
    total = day.year * 12 + day.month - 1 - months
    return date(total // 12, total % 12 + 1, min(day.day, 28))
