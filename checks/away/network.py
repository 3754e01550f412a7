"""The network around an endpoint, to explain findings: categories, name service, spoofable names, proxies."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from auditor.api import USER, Answer, Garbled, fact
from checks._fragments import REGISTRY
from checks._read import columns, listed, record, whole, word

PROXY_SET = 2
NETBIOS_OFF = 2
HEADER = 16
MAX_PROXY = 2000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`categories` as Windows counts them (0 public, 1 private, 2 domain), None = no such notion here.

    `dns` = the name servers in use. `spoofable` names the protocols by which a neighbour may answer for a
    name (llmnr, mdns, netbios) that are not switched off. `proxies` = the machine's own, without passwords.
    """

    categories: tuple[int, ...] | None
    dns: tuple[str, ...]
    spoofable: frozenset[str]
    proxies: tuple[str, ...]


@fact(
    "net.state",
    explains=("PATH-01", "NET-11", "EP-03"),
    windows=REGISTRY
    + r"""
$categories = @()
$places = Get-CimInstance -Namespace 'root/StandardCimv2' -ClassName MSFT_NetConnectionProfile `
  -OperationTimeoutSec 15 -ErrorAction Stop
foreach ($place in $places) { $categories += [int]$place.NetworkCategory }
$dns = @()
foreach ($face in [Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()) {
  if ([int]$face.OperationalStatus -ne 1) { continue }
  foreach ($one in $face.GetIPProperties().DnsAddresses) { $dns += [string]$one }
}
$net = 'SYSTEM\CurrentControlSet\Services'
$netbios = @()
$base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
$each = "$net\NetBT\Parameters\Interfaces"
$faces = $base.OpenSubKey($each)
if ($null -ne $faces) {
  foreach ($name in $faces.GetSubKeyNames()) {
    $netbios += @{ option = (Read-Value 'LocalMachine' "$each\$name" 'NetbiosOptions') }
  }
}
$winhttp = Read-Value 'LocalMachine' `
  'SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections' 'WinHttpSettings'
if ($null -ne $winhttp) { $winhttp = [Convert]::ToBase64String([byte[]]$winhttp) }
@{
  categories = $categories
  dns = $dns
  llmnr = (Read-Value 'LocalMachine' 'SOFTWARE\Policies\Microsoft\Windows NT\DNSClient' 'EnableMulticast')
  mdns = (Read-Value 'LocalMachine' "$net\Dnscache\Parameters" 'EnableMDNS')
  netbios = $netbios
  winhttp = $winhttp
}
""",
)
def windows_surroundings(answer: Answer) -> Surroundings:
    """An unset EnableMulticast, EnableMDNS or NetbiosOptions leaves the protocol on."""
    values = record(answer, "categories", "dns", "llmnr", "mdns", "netbios", "winhttp")
    found = [whole(one, "category") for one in listed(values["categories"])]
    spoofable = {name for name in ("llmnr", "mdns") if whole(values[name], name) != 0}
    options = [record_option(row) for row in listed(values["netbios"])]
    if any(option != NETBIOS_OFF for option in options):
        spoofable.add("netbios")
    proxy = winhttp_proxy(values["winhttp"])
    return Surroundings(
        tuple(one for one in found if one is not None),
        tuple(word(one, "dns") for one in listed(values["dns"])),
        frozenset(spoofable),
        (proxy,) if proxy else (),
    )


def record_option(row: Any) -> int | None:
    """NetbiosOptions of one interface: 0 as DHCP says, 1 on, 2 off; None = unset."""
    if not isinstance(row, dict) or set(row) != {"option"}:
        raise Garbled("netbios: not an option")
    return whole(row["option"], "option")


def winhttp_proxy(value: Any) -> str:
    """The proxy in WinHTTP's binary setting, "" = none: flags at byte 8 (2 = one is set), length at 12."""
    if value is None:
        return ""
    try:
        raw = base64.b64decode(word(value, "winhttp"), validate=True)
    except (binascii.Error, ValueError):
        raise Garbled("winhttp: not Base64") from None
    if len(raw) < HEADER or not raw[8] & PROXY_SET:
        return ""
    length = int.from_bytes(raw[12:HEADER], "little")
    if length > min(MAX_PROXY, len(raw) - HEADER):
        raise Garbled("winhttp: cut off")
    return raw[HEADER : HEADER + length].decode("ascii", errors="replace")


@fact(
    "net.state",
    explains=("PATH-01", "NET-11", "EP-03"),
    linux=r"""
set -- /etc/resolv.conf
for f in /etc/systemd/resolved.conf /etc/systemd/resolved.conf.d/*.conf /etc/environment \
  /etc/apt/apt.conf.d/*; do
  [ -r "$f" ] && [ -f "$f" ] && set -- "$@" "$f"
done
[ -e /run/systemd/resolve/stub-resolv.conf ] && echo resolved
exec awk '
  function bare(text,  scheme) { # whatever stands before the last @ may be a password
    scheme = match(text, /^[A-Za-z0-9]+:\/\//) ? substr(text, 1, RLENGTH) : ""
    return sub(/^.*@/, "", text) ? scheme text : text
  }
  FILENAME ~ /resolv\.conf$/ { if ($1 == "nameserver") print "dns\t" $2; next }
  /^[ \t]*[#;]/ || /^[ \t]*\/\// { next }
  FILENAME ~ /resolved/ && /^[ \t]*(LLMNR|MulticastDNS)[ \t]*=/ {
    gsub(/[ \t]/, ""); split($0, part, "="); print "set\t" tolower(part[1]) "\t" tolower(part[2]); next
  }
  FILENAME ~ /environment$/ && tolower($0) ~ /^(export )?(https?|all|ftp)_proxy=/ {
    sub(/^[^=]*=/, ""); gsub(/["\047]/, ""); print "proxy\t" bare($0); next
  }
  FILENAME ~ /apt\.conf\.d/ && /Acquire::https?::[Pp]roxy/ {
    sub(/^[^"]*"/, ""); sub(/".*$/, ""); print "proxy\t" bare($0)
  }' "$@"
""",
    macos=r"""
scutil --dns | awk '$1 ~ /^nameserver\[/ && !seen[$3]++ { print "dns\t" $3 }'
scutil --proxy | awk '$1 ~ /^(HTTP|HTTPS)Enable$/ && $3 == 1 { on[substr($1, 1, index($1, "E") - 1)] = 1 }
  $1 ~ /^(HTTP|HTTPS)Proxy$/ { print "proxy\t" $3 } $1 == "ProxyAutoConfigURLString" {
    sub(/\/\/[^\/]*@/, "//", $3); print "proxy\t" $3
  }'
""",
)
def unix_surroundings(answer: Answer) -> Surroundings:
    """systemd-resolved answers LLMNR unless it is told not to; mDNS where it is told to."""
    rows = columns(answer, {"dns": 2, "set": 3, "proxy": 2, "resolved": 1})
    chosen = {row[1]: row[2] for row in rows if row[0] == "set"}
    spoofable = set()
    if any(row[0] == "resolved" for row in rows):
        if chosen.get("llmnr", "yes") not in ("no", "false", "0"):
            spoofable.add("llmnr")
        if chosen.get("multicastdns", "no") not in ("no", "false", "0"):
            spoofable.add("mdns")
    dns = tuple(dict.fromkeys(row[1] for row in rows if row[0] == "dns"))
    return Surroundings(None, dns, frozenset(spoofable), tuple(row[1] for row in rows if row[0] == "proxy"))


@dataclass(frozen=True, slots=True)
class UserProxy:
    """What the logged-on person's programs go through: `server` and `script` ("" = none)."""

    server: str
    script: str


@fact(
    "net.proxy",
    context=USER,
    explains=("PATH-01", "EP-03"),
    windows=REGISTRY
    + r"""
$path = 'Software\Microsoft\Windows\CurrentVersion\Internet Settings'
@{
  on = (Read-Value 'CurrentUser' $path 'ProxyEnable')
  server = ([string](Read-Value 'CurrentUser' $path 'ProxyServer') -replace '//[^/;]*@', '//')
  script = ([string](Read-Value 'CurrentUser' $path 'AutoConfigURL') -replace '//[^/]*@', '//')
}
""",
)
def windows_user_proxy(answer: Answer) -> UserProxy:
    """ProxyServer counts only while ProxyEnable is 1; a script's address counts by itself."""
    values = record(answer, "on", "server", "script")
    server = word(values["server"], "server") if whole(values["on"], "on") == 1 else ""
    return UserProxy(server, word(values["script"], "script"))
