"""The clock, to explain findings: who sets it. Times in records and certificates hang on it."""

from dataclasses import dataclass

from auditor.api import Answer, fact
from checks._fragments import REGISTRY
from checks._read import columns, record, whole, word

DISABLED = 4


@dataclass(frozen=True, slots=True)
class ClockSync:
    """`set_by` = domain, server, nobody, "" = not told; `servers` as configured; `synced` = it was."""

    set_by: str
    servers: tuple[str, ...]
    synced: bool | None


@fact(
    "time.sync",
    explains=("EP-03", "EP-09"),
    windows=REGISTRY
    + r"""
$time = 'SYSTEM\CurrentControlSet\Services\W32Time'
@{
  start = (Read-Value 'LocalMachine' $time 'Start')
  type = (Read-Value 'LocalMachine' "$time\Parameters" 'Type')
  server = (Read-Value 'LocalMachine' "$time\Parameters" 'NtpServer')
}
""",
)
def windows_clock(answer: Answer) -> ClockSync:
    """Type: NTP, NT5DS (the domain), AllSync, NoSync; a disabled service sets nothing."""
    values = record(answer, "start", "type", "server")
    how = {"NTP": "server", "NT5DS": "domain", "AllSync": "domain", "NoSync": "nobody"}
    set_by = how.get(word(values["type"], "type"), "")
    if whole(values["start"], "start") == DISABLED:
        set_by = "nobody"
    servers = tuple(one.partition(",")[0] for one in word(values["server"], "server").split())
    return ClockSync(set_by, servers, None)


@fact(
    "time.sync",
    explains=("EP-03", "EP-09"),
    linux=r"""
[ ! -e /run/systemd/timesync/synchronized ] || echo synced
[ ! -d /run/systemd/timesync ] || printf 'by\ttimesyncd\n'
[ ! -d /run/chrony ] || printf 'by\tchrony\n'
[ ! -e /run/ntpd.pid ] || printf 'by\tntpd\n'
set --
for f in /etc/systemd/timesyncd.conf /etc/systemd/timesyncd.conf.d/*.conf /etc/chrony/chrony.conf \
  /etc/chrony.conf /etc/chrony/sources.d/*.sources /etc/ntp.conf; do
  [ ! -f "$f" ] || [ ! -r "$f" ] || set -- "$@" "$f"
done
[ $# -eq 0 ] || awk '
  /^[ \t]*(NTP|FallbackNTP)[ \t]*=/ {
    sub(/^[^=]*=/, "")
    for (n = 1; n <= NF; n++) print "server\t" $n
    next
  }
  $1 == "server" || $1 == "pool" || $1 == "peer" { print "server\t" $2 }' "$@"
:
""",
    macos=r"""
[ "$(id -u)" = 0 ] || exit 11
systemsetup -getusingnetworktime | awk '{ print ($NF == "On") ? "by\tmacos" : "off" }'
systemsetup -getnetworktimeserver | awk '{ print "server\t" $NF }'
""",
)
def unix_clock(answer: Answer) -> ClockSync:
    """A running program that sets the clock, or none; in a container the host's clock is used."""
    rows = columns(answer, {"synced": 1, "by": 2, "server": 2, "off": 1})
    tags = {row[0] for row in rows}
    set_by = "server" if "by" in tags else "nobody" if "off" in tags else ""
    servers = tuple(dict.fromkeys(row[1] for row in rows if row[0] == "server"))
    return ClockSync(set_by, servers, True if "synced" in tags else None)
