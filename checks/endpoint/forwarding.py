"""Records leave the machine: whoever breaks into it cannot erase what was already sent."""

import ipaddress
import re
from dataclasses import dataclass

from auditor.api import Answer, Garbled, Judgement, Params, Reason, check, fact, failed, passed, unknown
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import columns, listed, members, record, whole, word

SUBSCRIBED, CONNECTED = 100, 104
"""Events of the forwarding log: a subscription was taken up; the collector was reached."""
SUBSCRIPTION, CONNECTION = (100, 101, 102, 103), (104, 105)
LOG_PORTS = frozenset({514, 601, 1514, 2514, 5140, 5514, 6514, 10514, 19532, 20514})
"""Ports where a connection to a collector known only by name can be nothing else."""
_SERVER = re.compile(r"Server=https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]+)?/", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")


@dataclass(frozen=True, slots=True)
class Destination:
    """A place records are sent to. `age_s` = seconds since it last surely took them, None = no proof."""

    host: str
    age_s: int | None


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Where records go; `agents` = programs that may send them in a way that cannot be seen here."""

    destinations: tuple[Destination, ...]
    agents: tuple[str, ...]


@fact(
    "log.forwarding",
    windows=REGISTRY
    + r"""
$path = 'SOFTWARE\Policies\Microsoft\Windows\EventLog\EventForwarding\SubscriptionManager'
$targets = @()
$key = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey($path)
if ($null -ne $key) {
  foreach ($name in $key.GetValueNames()) { $targets += [string]$key.GetValue($name) }
}
$agents = @()
$known = 'winlogbeat', 'nxlog', 'SplunkForwarder', 'WazuhSvc', 'OssecSvc', 'Elastic Agent', 'fluent-bit',
  'fluentdwinsvc', 'HealthService', 'AzureMonitorAgent'
foreach ($name in $known) {
  $start = Read-Value 'LocalMachine' "SYSTEM\CurrentControlSet\Services\$name" 'Start'
  if (($null -ne $start) -and ($start -ne 4)) { $agents += $name }
}
$events = @()
if ($targets.Count -gt 0) {
  $log = 'Microsoft-Windows-Forwarding/Operational'
  $kind = [System.Diagnostics.Eventing.Reader.PathType]::LogName
  foreach ($range in '100 and EventID<=103', '104 and EventID<=105') {
    $filter = "*[System[(EventID>=$range)]]"
    $query = New-Object System.Diagnostics.Eventing.Reader.EventLogQuery($log, $kind, $filter)
    $query.ReverseDirection = $true
    $reader = New-Object System.Diagnostics.Eventing.Reader.EventLogReader($query)
    $seen = $null
    try {
      $seen = $reader.ReadEvent([timespan]::FromSeconds(5))
    } finally {
      $reader.Dispose()
    }
    if ($null -ne $seen) {
      $age = [int64]([datetime]::UtcNow - $seen.TimeCreated.ToUniversalTime()).TotalSeconds
      $events += @{ id = [int]$seen.Id; age_s = $age }
    }
  }
}
@{ targets = $targets; agents = $agents; events = $events }
""",
)
def windows_forwarding(answer: Answer) -> Forwarding:
    """The collectors of the policy, and the forwarding log's last word on subscription and connection.

    Proof is a subscription that was taken up and not lost since, and the collector reached lately; with
    several collectors the log does not tell which one answered.
    """
    values = record(answer, "targets", "agents", "events")
    hosts = []
    for value in listed(values["targets"]):
        found = _SERVER.search(word(value, "targets"))
        if found is None:
            raise Garbled(f"{answer.id}: a collector without an address")
        hosts.append(found[1].strip("[]"))
    last: dict[tuple[int, ...], tuple[int, int]] = {}
    for row in listed(values["events"]):
        one = members(row, "event", "id", "age_s")
        id_, age_s = whole(one["id"], "id"), whole(one["age_s"], "age_s")
        kind = next((ids for ids in (SUBSCRIPTION, CONNECTION) if id_ in ids), None)
        if id_ is None or age_s is None or kind is None or kind in last:
            raise Garbled(f"{answer.id}: an event nobody asked for")
        last[kind] = (id_, age_s)
    connected = last.get(CONNECTION, (0, 0))
    sound = last.get(SUBSCRIPTION, (0, 0))[0] == SUBSCRIBED and connected[0] == CONNECTED
    age = connected[1] if sound and len(hosts) == 1 else None
    agents = tuple(word(one, "agents") for one in listed(values["agents"]))
    return Forwarding(tuple(Destination(host, age) for host in hosts), agents)


@fact(
    "log.forwarding",
    linux=r"""
set --
for f in /etc/rsyslog.conf /etc/rsyslog.d/*.conf /etc/syslog-ng/syslog-ng.conf /etc/syslog-ng/conf.d/*.conf \
  /etc/systemd/journal-upload.conf /etc/systemd/journal-upload.conf.d/*.conf; do
  [ -e "$f" ] || continue
  [ -r "$f" ] || exit 11
  set -- "$@" "$f"
done
for d in /etc/rsyslog.d /etc/syslog-ng; do
  [ ! -d "$d" ] || { [ -r "$d" ] && [ -x "$d" ]; } || exit 11
done
for d in /etc/filebeat /etc/fluent-bit /etc/td-agent /etc/fluent /etc/vector /etc/promtail /etc/alloy \
  /opt/splunkforwarder /var/ossec /opt/nxlog /etc/otelcol /etc/otelcol-contrib /opt/Elastic; do
  [ -e "$d" ] && printf 'agent\t%s\n' "$d"
done
printf 'files\t%s\n' "$#"
[ $# -eq 0 ] && exit 0
for f in /proc/net/tcp /proc/net/tcp6; do
  [ -r "$f" ] && set -- "$@" "$f"
done
awk '
  function found(host, port, over) {
    if (host ~ /^\[.*\]$/) host = substr(host, 2, length(host) - 2)
    print "to\t" host "\t" port "\t" over
    wanted[sprintf("%04X", port)] = 1
    any = 1
  }
  function between(text, name,    rest) {
    if (!match(tolower(text), name "[ \t]*=[ \t]*\"")) return ""
    rest = substr(text, RSTART + RLENGTH)
    return substr(rest, 1, index(rest, "\"") - 1)
  }
  function legacy(word,    over, host, port) {
    over = (word ~ /^@@/) ? "tcp" : "udp"
    sub(/^@@?/, "", word)
    sub(/^\([^)]*\)/, "", word)
    sub(/;.*$/, "", word)
    host = word
    port = 514
    if (match(word, /:[0-9]+$/) && (word ~ /^\[/ || word !~ /:.*:/)) {
      port = substr(word, RSTART + 1)
      host = substr(word, 1, RSTART - 1)
    }
    found(host, port, over)
  }
  function actions(text,    one, kind, port, over) {
    while (match(text, /action[ \t]*\([^)]*\)/)) {
      one = substr(text, RSTART, RLENGTH)
      text = substr(text, RSTART + RLENGTH)
      kind = tolower(between(one, "type"))
      if (kind != "omfwd" && kind != "omrelp") continue
      port = between(one, "port")
      over = tolower(between(one, "protocol"))
      if (kind == "omrelp") over = "tcp"
      if (port !~ /^[0-9]+$/) port = 514
      found(between(one, "target"), port, over == "" ? "udp" : over)
    }
  }
  function blocks(text,    one, over, host, port) {
    while (match(text, /(network|syslog|tcp6?|udp6?)[ \t]*\([ \t]*"[^"]*"[^;]*;/)) {
      one = substr(text, RSTART, RLENGTH)
      text = substr(text, RSTART + RLENGTH)
      over = (one ~ /^udp/ || one ~ /transport[ \t]*\([ \t]*"?udp/) ? "udp" : "tcp"
      host = one
      sub(/^[^"]*"/, "", host)
      sub(/".*$/, "", host)
      port = (one ~ /^syslog/) ? 601 : 514
      if (match(one, /port[ \t]*\([ \t]*[0-9]+/)) {
        port = substr(one, RSTART, RLENGTH)
        sub(/^[^0-9]*/, "", port)
      }
      found(host, port, over)
    }
  }
  function close_file() {
    if (file ~ /rsyslog/) actions(whole)
    if (file ~ /syslog-ng/) blocks(whole)
    whole = ""
  }
  FNR == 1 { close_file(); file = FILENAME }
  FILENAME ~ /^\/proc/ {
    if (any && $4 == "01") {
      split($3, peer, ":")
      if (peer[2] in wanted) print "peer\t" peer[1] "\t" peer[2]
    }
    next
  }
  { sub(/^[ \t]+/, "") }
  /^#/ || /^$/ { next }
  FILENAME ~ /journal-upload/ {
    if ($0 ~ /^URL[ \t]*=/) {
      sub(/^URL[ \t]*=[ \t]*/, "")
      sub(/^[a-z]+:\/\//, "")
      sub(/\/.*$/, "")
      port = 19532
      if (match($0, /:[0-9]+$/)) { port = substr($0, RSTART + 1); $0 = substr($0, 1, RSTART - 1) }
      if ($0 != "") found($0, port, "tcp")
    }
    next
  }
  FILENAME ~ /rsyslog/ {
    if (($0 ~ /^\$IncludeConfig/ || $0 ~ /^include[ \t]*\(/) && $0 !~ /\/etc\/rsyslog\.d\/\*\.conf/)
      print "agent\tinclude"
    for (i = 1; i <= NF; i++) {
      if ($i ~ /^@@?[A-Za-z0-9[(]/) legacy($i)
      if ($i ~ /^:omrelp:/) { split($i, part, ":"); split(part[4], p, ";"); found(part[3], p[1] + 0, "tcp") }
    }
  }
  { sub(/[ \t]#.*$/, ""); whole = whole " " $0 }
  END { close_file() }
' "$@"
""",
)
def linux_forwarding(answer: Answer) -> Forwarding:
    """Where rsyslog, syslog-ng and systemd-journal-upload send to, and which of it is connected now.

    An established TCP connection to the collector is as near to a receipt as the machine itself can tell;
    UDP never is. What else may send is named, not judged.
    """
    rows = columns(answer, {"agent": 2, "files": 2, "to": 4, "peer": 3})
    if len([row for row in rows if row[0] == "files"]) != 1:
        raise Garbled(f"{answer.id}: incomplete")
    peers = {(_address(row[1]), int(row[2], 16)) for row in rows if row[0] == "peer" and _is_port(row[2])}
    found = [_destination(row, peers) for row in rows if row[0] == "to"]
    agents = dict.fromkeys(row[1] for row in rows if row[0] == "agent")
    best: dict[str, Destination] = {}
    for one in found:
        if one.host not in best or one.age_s is not None:
            best[one.host] = one
    return Forwarding(tuple(best.values()), tuple(agents))


def _is_port(text: str) -> bool:
    if re.fullmatch(r"[0-9A-F]{4}", text) is None:
        raise Garbled("peer: not a port")
    return True


def _address(text: str) -> str:
    """An address of /proc/net/tcp or tcp6: words of 32 bits in the machine's own (little-endian) order."""
    if re.fullmatch(r"[0-9A-F]{8}|[0-9A-F]{32}", text) is None:
        raise Garbled("peer: not an address")
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _destination(row: list[str], peers: set[tuple[str, int]]) -> Destination:
    host, port, over = row[1:]
    if not _HOST.fullmatch(host) or not port.isdigit() or not 0 < int(port[:6]) <= 65_535:  # noqa: PLR2004
        raise Garbled("a destination without host or port")
    if over != "tcp":
        return Destination(host, None)
    try:
        wanted = str(ipaddress.ip_address(host))
    except ValueError:
        wanted = ""
    outside = {peer for peer in peers if not ipaddress.ip_address(peer[0]).is_loopback}
    if wanted:
        sent = (wanted, int(port)) in outside
    else:
        sent = int(port) in LOG_PORTS and any(peer[1] == int(port) for peer in outside)
    return Destination(host, 0 if sent else None)


@check("LOG-02")
def sent_away(forwarding: Forwarding, params: Params) -> Judgement:
    """Records surely reached a collector lately; a destination alone proves nothing."""
    wanted = params.text("syslog_host").casefold()
    hosts = tuple(one.host for one in forwarding.destinations)
    fitting = [one for one in forwarding.destinations if not wanted or one.host.casefold() == wanted]
    for one in fitting:
        if one.age_s is not None and 0 <= one.age_s <= params.integer("last_received_h") * 3600:
            return passed(host=one.host)
    if fitting:
        return unknown(Reason.NOT_MEASURABLE, "set, but nothing here proves that it arrives", places=hosts)
    if forwarding.agents:
        note = f"may be sent by {forwarding.agents[0]}"
        return unknown(Reason.NOT_MEASURABLE, note, places=forwarding.agents)
    if hosts:
        return failed("other", places=hosts, host=hosts[0])
    return failed("none")
