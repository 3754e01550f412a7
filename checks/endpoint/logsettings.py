"""How large logs may grow and what is written into them (explains why records do not reach back)."""

import re
from dataclasses import dataclass
from typing import Any

from auditor.api import Answer, Garbled, fact
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import columns, listed, members, record, whole, word

UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
KEEP_ALL = 0xFFFFFFFF
"""Retention of a log that never overwrites (and stops when it is full)."""


@dataclass(frozen=True, slots=True)
class LogLimit:
    """What ends a log's life. None and "" = not set there; `full_stops` = no new record once it is full.

    `rotations` files are kept of one `period` (daily, weekly, monthly, yearly) each.
    """

    log: str
    size_bytes: int | None = None
    full_stops: bool | None = None
    rotations: int | None = None
    period: str = ""


@dataclass(frozen=True, slots=True)
class LogLimits:
    """The limits of all logs that were looked at."""

    limits: tuple[LogLimit, ...]


@dataclass(frozen=True, slots=True)
class ScriptLogging:
    """What PowerShell records by policy; None = not set. `old_engine` = version 2, which records nothing."""

    blocks: bool | None
    transcripts: bool | None
    modules: bool | None
    old_engine: bool


@dataclass(frozen=True, slots=True)
class AuditDaemon:
    """The Linux audit daemon: `running` now, with so many `rules` written down."""

    running: bool
    rules: int


@fact(
    "log.size",
    explains=("LOG-01",),
    windows=REGISTRY
    + r"""
$logs = @()
foreach ($name in 'Security', 'System', 'Application') {
  $service = "SYSTEM\CurrentControlSet\Services\EventLog\$name"
  $policy = "SOFTWARE\Policies\Microsoft\Windows\EventLog\$name"
  $logs += @{
    name = $name
    bytes = (Read-Value 'LocalMachine' $service 'MaxSize')
    retention = (Read-Value 'LocalMachine' $service 'Retention')
    policy_kb = (Read-Value 'LocalMachine' $policy 'MaxSize')
    policy_retention = (Read-Value 'LocalMachine' $policy 'Retention')
  }
}
@{ logs = $logs }
""",
)
def windows_limits(answer: Answer) -> LogLimits:
    """The policy's size (in kilobytes) before the service's own (in bytes); retention likewise."""
    return LogLimits(tuple(_windows_limit(row) for row in listed(record(answer, "logs")["logs"])))


def _windows_limit(row: Any) -> LogLimit:
    one = members(row, "log", "name", "bytes", "retention", "policy_kb", "policy_retention")
    kilobytes, size = whole(one["policy_kb"], "policy_kb"), whole(one["bytes"], "bytes")
    if kilobytes is not None:
        size = kilobytes * 1024
    if size is not None and size < 0:
        size &= KEEP_ALL  # a DWORD arrives signed
    policy, own = whole(one["policy_retention"], "policy_retention"), whole(one["retention"], "retention")
    stops = policy == 1 if policy is not None else (own & KEEP_ALL) == KEEP_ALL if own is not None else None
    return LogLimit(word(one["name"], "name"), size, stops)


@fact(
    "log.size",
    explains=("LOG-01",),
    linux=r"""
set --
for f in /etc/systemd/journald.conf /etc/systemd/journald.conf.d/*.conf /etc/logrotate.conf \
  /etc/logrotate.d/rsyslog /etc/logrotate.d/syslog; do
  [ -e "$f" ] || continue
  [ -r "$f" ] || exit 11
  set -- "$@" "$f"
done
[ $# -eq 0 ] && exit 10
awk '
  { sub(/^[ \t]+/, ""); sub(/[ \t]+$/, "") }
  FILENAME ~ /journald/ && /^(SystemMaxUse|MaxRetentionSec|Storage)=/ {
    at = index($0, "=")
    print "journal\t" substr($0, 1, at - 1) "\t" substr($0, at + 1)
  }
  FILENAME ~ /logrotate/ && /^rotate[ \t]+[0-9]+$/ { print "rotate\t" FILENAME "\t" $2 }
  FILENAME ~ /logrotate/ && /^(daily|weekly|monthly|yearly)$/ { print "period\t" FILENAME "\t" $1 }
' "$@"
printf 'end\n'
""",
)
def linux_limits(answer: Answer) -> LogLimits:
    """Journald's size, and how many files logrotate keeps of which length, each file's last word."""
    rows = columns(answer, {"journal": 3, "rotate": 3, "period": 3, "end": 1})
    if [row for row in rows if row[0] == "end"] != rows[-1:]:
        raise Garbled(f"{answer.id}: incomplete")
    told = {(row[0], row[1]): row[2] for row in rows if row[0] != "end"}
    size = told.get(("journal", "SystemMaxUse"), "")
    limits = [LogLimit("journal", size_bytes=_size(size))]
    for file in dict.fromkeys(row[1] for row in rows if row[0] in ("rotate", "period")):
        count = told.get(("rotate", file))
        period = told.get(("period", file), "")
        if count is not None and re.fullmatch(r"[0-9]{1,6}", count) is None:
            raise Garbled(f"{answer.id}: not a number of files")
        limits.append(LogLimit(file, rotations=int(count) if count is not None else None, period=period))
    return LogLimits(tuple(limits))


def _size(text: str) -> int | None:
    if not text:
        return None
    match = re.fullmatch(r"([0-9]{1,15})([KMGT]?)", text)
    if match is None:
        raise Garbled("SystemMaxUse: not a size")
    return int(match[1]) * UNITS[match[2]]


@fact(
    "log.powershell",
    explains=("LOG-01",),
    windows=REGISTRY
    + r"""
$policy = 'SOFTWARE\Policies\Microsoft\Windows\PowerShell'
@{
  blocks = (Read-Value 'LocalMachine' "$policy\ScriptBlockLogging" 'EnableScriptBlockLogging')
  transcripts = (Read-Value 'LocalMachine' "$policy\Transcription" 'EnableTranscripting')
  modules = (Read-Value 'LocalMachine' "$policy\ModuleLogging" 'EnableModuleLogging')
  engine = [string](Read-Value 'LocalMachine' 'SOFTWARE\Microsoft\PowerShell\1\PowerShellEngine' `
    'PowerShellVersion')
}
""",
)
def windows_script_logging(answer: Answer) -> ScriptLogging:
    """Three switches of the policy, and whether the engine of version 2 is still there."""
    values = record(answer, "blocks", "transcripts", "modules", "engine")
    switches = {}
    for name in ("blocks", "transcripts", "modules"):
        number = whole(values[name], name)
        if number not in (None, 0, 1):
            raise Garbled(f"{answer.id}: {name} is neither on nor off")
        switches[name] = None if number is None else number == 1
    return ScriptLogging(**switches, old_engine=bool(word(values["engine"], "engine")))


@fact(
    "log.audit",
    explains=("LOG-01",),
    linux=r"""
[ -d /etc/audit ] || exit 10
[ -r /etc/audit ] && [ -x /etc/audit ] || exit 11
f=/etc/audit/audit.rules
running=0
[ -e /run/auditd.pid ] && running=1
count=0
if [ -e "$f" ]; then
  [ -r "$f" ] || exit 11
  count=$(awk '/^[ \t]*-[aAwS]/ { n++ } END { print n + 0 }' "$f")
fi
printf 'audit\t%s\t%s\n' "$running" "$count"
""",
)
def linux_audit(answer: Answer) -> AuditDaemon:
    """The daemon's pid file and the rules it loads at start (Windows' list would need a written file)."""
    rows = columns(answer, {"audit": 3})
    if len(rows) != 1 or rows[0][1] not in ("0", "1") or re.fullmatch(r"[0-9]{1,6}", rows[0][2]) is None:
        raise Garbled(f"{answer.id}: not understood")
    return AuditDaemon(rows[0][1] == "1", int(rows[0][2]))
