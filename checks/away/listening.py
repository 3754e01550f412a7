"""What an endpoint lets in, to explain findings: open ports, remote desktop, remote shells, shares, tools."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from auditor.api import Answer, Garbled, fact
from checks._fragments import REGISTRY
from checks._read import columns, listed, members, record, truth, whole, word

MAX_PORT = 65535
DISABLED = 4
DISK, ADMIN_SHARE = 0, 2147483648


@dataclass(frozen=True, slots=True)
class Listeners:
    """The TCP ports that answer others than the machine itself, ascending; loopback of any kind left out."""

    ports: tuple[int, ...]


def _exposed(pairs: list[tuple[str, int]]) -> Listeners:
    ports = set()
    for host, port in pairs:
        if not 0 < port <= MAX_PORT:
            raise Garbled(f"port {port}")
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            raise Garbled(f"{host!r:.60} is no address") from None
        inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        if not (inner or address).is_loopback:
            ports.add(port)
    return Listeners(tuple(sorted(ports)))


@fact(
    "net.listen",
    explains=("EP-08", "EP-14"),
    windows=r"""
$found = @()
$all = [Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties().GetActiveTcpListeners()
foreach ($one in $all) { $found += @{ host = [string]$one.Address; port = $one.Port } }
@{ listeners = $found }
""",
)
def windows_listeners(answer: Answer) -> Listeners:
    """The addresses as .NET writes them."""
    rows = [
        members(row, "listeners", "host", "port") for row in listed(record(answer, "listeners")["listeners"])
    ]
    return _exposed([(word(row["host"], "host"), whole(row["port"], "port") or 0) for row in rows])


@fact(
    "net.listen",
    explains=("EP-08", "EP-14"),
    linux=r"""
set --
for f in /proc/net/tcp /proc/net/tcp6; do [ ! -r "$f" ] || set -- "$@" "$f"; done
[ $# -gt 0 ] || exit 10
exec awk '$4 == "0A" { print "hex\t" $2 }' "$@"
""",
    macos=r"""netstat -an -p tcp | awk '$NF == "LISTEN" { print "dotted\t" $4 }'""",
)
def unix_listeners(answer: Answer) -> Listeners:
    """/proc/net/tcp holds 32-bit words in the machine's (little) byte order; macOS a dot before the port."""
    pairs = []
    for tag, text in columns(answer, {"hex": 2, "dotted": 2}):
        host, separator, port = text.rpartition(":" if tag == "hex" else ".")
        try:
            number = int(port, 16 if tag == "hex" else 10)
            host = _unpacked(host) if tag == "hex" else "0.0.0.0" if host == "*" else host  # noqa: S104
        except ValueError:
            raise Garbled(f"{text!r:.60} is no listener") from None
        if not separator:
            raise Garbled(f"{text!r:.60} is no listener")
        pairs.append((host, number))
    return _exposed(pairs)


def _unpacked(text: str) -> str:
    raw = bytes.fromhex(text)
    words = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return str(ip_address(words))


@dataclass(frozen=True, slots=True)
class Services:
    """Ways in and out that are set up; None = cannot be told.

    `remote_desktop` = sessions are let in, `nla` = they sign in before one is made. `shells` names remote
    shells that start by themselves (winrm, sshd). `root_login` and `password_login` are sshd's words, "" =
    its default. `shares` counts folders shared on purpose. `tools` names remote-control programs found.
    """

    remote_desktop: bool | None
    nla: bool | None
    shells: frozenset[str]
    root_login: str
    password_login: str
    matched: bool
    shares: int | None
    tools: tuple[str, ...]


@fact(
    "net.services",
    explains=("EP-08", "EP-14", "RA-09"),
    windows=REGISTRY
    + r"""
$server = 'SYSTEM\CurrentControlSet\Control\Terminal Server'
$policy = 'SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services'
$services = 'SYSTEM\CurrentControlSet\Services'
$tools = @()
foreach ($name in @('TeamViewer', 'AnyDesk', 'chromoting', 'vncserver', 'SplashtopRemoteService', 'ngrok')) {
  if ($null -ne (Read-Value 'LocalMachine' "$services\$name" 'Start')) { $tools += $name }
}
$shares = $null
try {
  $shares = @()
  $found = Get-CimInstance -ClassName Win32_Share -OperationTimeoutSec 15 -ErrorAction Stop
  foreach ($one in $found) { $shares += [int64]$one.Type }
} catch { $shares = $null }
@{
  deny = (Read-Value 'LocalMachine' $server 'fDenyTSConnections')
  deny_policy = (Read-Value 'LocalMachine' $policy 'fDenyTSConnections')
  nla = (Read-Value 'LocalMachine' "$server\WinStations\RDP-Tcp" 'UserAuthentication')
  nla_policy = (Read-Value 'LocalMachine' $policy 'UserAuthentication')
  winrm = (Read-Value 'LocalMachine' "$services\WinRM" 'Start')
  sshd = (Read-Value 'LocalMachine' "$services\sshd" 'Start')
  shares = $shares
  tools = $tools
}
""",
)
def windows_services(answer: Answer) -> Services:
    """FDenyTSConnections 1 or unset = off; Start 2 = by itself, 3 = on demand, 4 = off; a policy wins."""
    names = ("deny", "deny_policy", "nla", "nla_policy", "winrm", "sshd")
    values = record(answer, "shares", "tools", *names)
    number = {name: whole(values[name], name) for name in names}
    deny = number["deny"] if number["deny_policy"] is None else number["deny_policy"]
    nla = number["nla"] if number["nla_policy"] is None else number["nla_policy"]
    shells = frozenset(
        name for name in ("winrm", "sshd") if number[name] is not None and (number[name] or 0) < DISABLED - 1
    )
    kinds = None if values["shares"] is None else [whole(one, "shares") for one in listed(values["shares"])]
    return Services(
        remote_desktop=deny == 0,
        nla=None if nla is None else truth(nla, "nla"),
        shells=shells,
        root_login="",
        password_login="",
        matched=False,
        shares=None if kinds is None else kinds.count(DISK),
        tools=tuple(word(one, "tools") for one in listed(values["tools"])),
    )


@fact(
    "net.services",
    explains=("EP-08", "EP-14"),
    linux=r"""
for f in /opt/teamviewer /usr/bin/anydesk /usr/local/bin/ngrok /opt/google/chrome-remote-desktop; do
  [ ! -e "$f" ] || printf 'tool\t%s\n' "${f##*/}"
done
set --
for f in /etc/ssh/sshd_config.d/*.conf; do
  [ -f "$f" ] || continue
  if [ -r "$f" ]; then set -- "$@" "$f"; else echo unread; fi
done
config=/etc/ssh/sshd_config
[ ! -f "$config" ] || [ -r "$config" ] || echo unread
[ ! -r "$config" ] || awk -v config="$config" '
  function take(file,   line, word, value) {
    inside = 0
    while ((getline line < file) > 0) {
      sub(/^[ \t]+/, "", line)
      if (line == "" || line ~ /^#/) continue
      sub(/[ \t]*=[ \t]*|[ \t]+/, "\t", line)
      word = tolower(substr(line, 1, index(line, "\t") - 1))
      value = substr(line, index(line, "\t") + 1)
      sub(/[ \t]+$/, "", value); gsub(/"/, "", value)
      if (word == "match") { inside = 1; print "match" }
      if (inside) continue
      if (word == "include") {
        if (value ~ /sshd_config\.d\/\*\.conf$/) { for (n = 1; n < ARGC; n++) take(ARGV[n]); inside = 0 }
        else print "unread"
      }
      if ((word == "permitrootlogin" || word == "passwordauthentication") && !(word in first)) {
        first[word] = 1
        print "sshd\t" word "\t" tolower(value)
      }
    }
    close(file)
  }
  BEGIN { print "shell"; take(config) }' "$@"
set --
for f in /etc/exports /etc/samba/smb.conf; do [ ! -r "$f" ] || set -- "$@" "$f"; done
[ $# -eq 0 ] || awk '
  FILENAME ~ /exports$/ && /^[ \t]*\// { print "share" }
  FILENAME ~ /smb\.conf$/ && /^[ \t]*\[/ {
    if (tolower($0) !~ /^[ \t]*\[(global|homes|printers|print\$)\]/) print "share"
  }
' "$@"
:
""",
)
def linux_services(answer: Answer) -> Services:
    """Sshd takes the first value it meets, also out of what it includes; a Match block may say otherwise."""
    rows = columns(answer, {"tool": 2, "unread": 1, "shell": 1, "match": 1, "sshd": 3, "share": 1})
    tags = [row[0] for row in rows]
    told = {} if "unread" in tags else {row[1]: row[2] for row in rows if row[0] == "sshd"}
    return Services(
        remote_desktop=None,
        nla=None,
        shells=frozenset({"sshd"}) if "shell" in tags else frozenset(),
        root_login=told.get("permitrootlogin", ""),
        password_login=told.get("passwordauthentication", ""),
        matched="match" in tags,
        shares=tags.count("share"),
        tools=tuple(row[1] for row in rows if row[0] == "tool"),
    )
