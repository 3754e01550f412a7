"""The lines that tell tunnels: what is configured to which server, what is up, and where the internet goes.

Nothing is sent: the system is asked which way a packet to a documentation address would take.
"""

from checks._fragments import SIGNED_IN

LINUX = r"""
kind() {
  read -r type <"/sys/class/net/$1/type"
  case $type in
    512|768|769|776|778|65534) echo tunnel ;;
    1) if [ -d "/sys/class/net/$1/wireless" ] || [ -d "/sys/class/net/$1/phy80211" ]; then echo wireless
       elif [ -e "/sys/class/net/$1/device" ]; then echo wired
       else echo other; fi ;;
    *) echo other ;;
  esac
}
for family in 4 6; do
  target=192.0.2.1
  [ "$family" = 4 ] || target=2001:db8::1
  name=
  if command -v ip >/dev/null; then
    set -- $(ip -o route get "$target")
    while [ $# -gt 1 ] && [ "$1" != dev ]; do shift; done
    name=$2
  elif [ "$family" = 4 ]; then
    name=$(awk 'FNR > 1 && $2 == "00000000" { print $1; exit }' /proc/net/route)
  fi
  [ -z "$name" ] || [ "$name" = lo ] || printf 'way\t%s\t%s\t%s\n' "$family" "$(kind "$name")" "$name"
done
for link in /sys/class/net/*; do
  read -r type <"$link/type" && case $type in 512|65534) printf 'link\t%s\n' "${link##*/}" ;; esac
done
set --
for f in /etc/NetworkManager/system-connections/* /run/NetworkManager/system-connections/* \
  /etc/wireguard/*.conf /etc/openvpn/*.conf /etc/openvpn/client/*.conf; do
  [ -f "$f" ] || continue
  if [ -r "$f" ]; then set -- "$@" "$f"; else echo unread; fi
done
for d in /etc/NetworkManager/system-connections /etc/wireguard /etc/openvpn/client; do
  [ ! -d "$d" ] || [ -r "$d" ] || echo unread
done
[ $# -eq 0 ] || awk '
  function strip(v) {
    sub(/[ \t,;].*$/, "", v)
    if (v ~ /^\[/) { sub(/^\[/, "", v); sub(/\].*$/, "", v) } else if (v !~ /:.*:/) sub(/:[0-9]+$/, "", v)
    return v
  }
  function flush() {
    if (bare) split4 = split6 = "yes"
    if (kind != "") print "tunnel\t" kind "\t" (host == "" ? "-" : host) "\t" (face == "" ? "-" : face) "\t" \
      (split4 == "" ? "-" : split4) "\t" (split6 == "" ? "-" : split6)
    kind = host = face = split4 = split6 = part = bare = ""
  }
  function base(f) { sub(/^.*\//, "", f); sub(/\.conf$/, "", f); return f }
  FNR == 1 {
    flush()
    wg = FILENAME ~ /\/wireguard\//; ovpn = FILENAME ~ /\/openvpn\//
    if (wg) { kind = "wireguard"; face = base(FILENAME); split4 = split6 = "yes" }
  }
  /^[ \t]*[#;]/ { next }
  ovpn {
    if ($1 == "client" || $1 == "tls-client") kind = "openvpn"
    if ($1 == "remote" && host == "") host = $2
    if ($1 == "dev") face = $2
    if ($1 == "redirect-gateway") { split4 = "no"; if ($0 ~ /ipv6/) split6 = "no" }
    if ($1 == "route-nopull" || ($1 == "pull-filter" && $0 ~ /redirect-gateway/)) split4 = split6 = "yes"
    next
  }
  /^\[/ { part = $0; next }
  {
    at = index($0, "=")
    if (!at) next
    key = tolower(substr($0, 1, at - 1)); value = substr($0, at + 1)
    gsub(/^[ \t]+|[ \t]+$/, "", key); gsub(/^[ \t]+|[ \t\r]+$/, "", value)
    if (wg || kind == "wireguard") {
      if (key == "endpoint" && host == "") host = strip(value)
      if (key == "table" && value ~ /^[Oo]ff$/) bare = 1
      if (key == "peer-routes" && value ~ /^(false|no|0)$/) bare = 1
      if (key == "allowedips" || key == "allowed-ips") {
        if (value ~ /(^|[ ,;])0\.0\.0\.0\/0/) split4 = "no"
        if (value ~ /(^|[ ,;])::\/0/) split6 = "no"
        if (value ~ /(^|[ ,;])0\.0\.0\.0\/1/ && value ~ /(^|[ ,;])128\.0\.0\.0\/1/) split4 = "no"
        if (value ~ /(^|[ ,;])::\/1/ && value ~ /(^|[ ,;])8000::\/1/) split6 = "no"
      }
    }
    if (part == "[connection]" && key == "type") {
      if (value == "vpn") { kind = "vpn"; split4 = split6 = "no" }
      if (value == "wireguard") { kind = value; split4 = split6 = "yes" }
    }
    if (part == "[connection]" && key == "interface-name") face = value
    if (part == "[vpn]" && key == "service-type") { sub(/^.*\./, "", value); kind = value }
    if (part == "[vpn]" && key ~ /^(remote|gateway|address|ipsec gateway)$/ && host == "") host = strip(value)
    if (part == "[ipv4]" && key == "never-default" && value ~ /^(true|1)$/) split4 = "yes"
    if (part == "[ipv6]" && key == "never-default" && value ~ /^(true|1)$/) split6 = "yes"
    if (part == "[ipv6]" && key == "method" && value ~ /^(ignore|disabled)$/) split6 = "yes"
  }
  END { flush() }
' "$@"
:
"""

MACOS = r"""
field() { awk -v name="$1:" '$1 == name { print $2; exit }'; }
kind() { case $1 in utun*|ppp*|ipsec*|tun*|tap*) echo tunnel ;; *) echo other ;; esac; }
name=$(route -n get 192.0.2.1 | field interface)
[ -z "$name" ] || printf 'way\t4\t%s\t%s\n' "$(kind "$name")" "$name"
name=$(route -n get -inet6 2001:db8::1 | field interface)
[ -z "$name" ] || printf 'way\t6\t%s\t%s\n' "$(kind "$name")" "$name"
scutil --nc list | awk '
  match($0, /[0-9A-F]+-[0-9A-F]+-[0-9A-F]+-[0-9A-F]+-[0-9A-F]+/) {
    print substr($0, RSTART, RLENGTH), (/\(Connected\)/ ? "up" : "down")
  }' | while read -r id state; do
  scutil --nc show "$id" | awk -v state="$state" '
    $2 == ":" && $1 ~ /^(RemoteAddress|CommRemoteAddress)$/ && host == "" { host = $3 }
    $2 == ":" && $1 == "OverridePrimary" { full = $3 }
    END {
      split4 = full == "1" ? "no" : full == "0" ? "yes" : "-"
      print "service\t" (host == "" ? "-" : host) "\t" state "\t" split4
    }'
done
"""

WINDOWS = (
    SIGNED_IN
    + r"""
$faces = [Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()
function Get-Out($target) {
  $address = [Net.IPAddress]::Parse($target)
  $probe = New-Object System.Net.Sockets.UdpClient($address.AddressFamily)
  try {
    $probe.Connect($address, 9)
    $own = [string]$probe.Client.LocalEndPoint.Address
  } catch { return $null } finally { $probe.Close() }
  foreach ($face in $faces) {
    foreach ($one in $face.GetIPProperties().UnicastAddresses) {
      if ([string]$one.Address -eq $own) { return $face }
    }
  }
  return $null
}
$out4 = Get-Out '192.0.2.1'
$out6 = Get-Out '2001:db8::1'
$soft = @{}
$cards = Get-CimInstance -Namespace 'root/StandardCimv2' -ClassName MSFT_NetAdapter `
  -OperationTimeoutSec 15 -ErrorAction Stop
foreach ($card in $cards) { $soft[[string]$card.DeviceID] = -not $card.HardwareInterface }
function Get-Kind($face) {
  if ($null -eq $face) { return '' }
  $type = [int]$face.NetworkInterfaceType
  if ($type -eq 23 -or $type -eq 131 -or $soft[[string]$face.Id]) { return 'tunnel' }
  if ($type -eq 71) { return 'wireless' }
  if ($type -eq 6) { return 'wired' }
  return 'other'
}
function Add-State($row, $name) {
  $row.up = $false
  foreach ($face in $faces) {
    if ($face.Name -eq $name -and [int]$face.OperationalStatus -eq 1) { $row.up = $true }
  }
  $row.takes4 = ($null -ne $out4 -and $out4.Name -eq $name)
  $row.takes6 = $null
  if ($null -ne $out6) { $row.takes6 = ($out6.Name -eq $name) }
  return $row
}
$pbk = 'Microsoft\Network\Connections\Pbk\rasphone.pbk'
$books = @("$env:ProgramData\$pbk")
$list = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList'
if ($null -ne $daily) {
  $home_folder = Read-Value 'LocalMachine' "$list\$daily" 'ProfileImagePath'
  if ($home_folder) { $books += "$home_folder\AppData\Roaming\$pbk" }
}
$wanted = @('Type', 'VpnStrategy', 'PhoneNumber', 'CacheCredentials')
$wanted += @('IpPrioritizeRemote', 'Ipv6PrioritizeRemote')
$entries = @()
foreach ($book in $books) {
  if (-not [IO.File]::Exists($book)) { continue }
  $row = $null
  foreach ($line in [IO.File]::ReadAllLines($book)) {
    if ($line.StartsWith('[')) {
      $row = @{}
      foreach ($key in $wanted) { $row[$key] = $null }
      $name = $line.Trim()
      $entries += (Add-State $row $name.Substring(1, $name.Length - 2))
      continue
    }
    $at = $line.IndexOf('=')
    if ($at -lt 1 -or $null -eq $row) { continue }
    $key = $line.Substring(0, $at)
    if (($wanted -contains $key) -and ($null -eq $row[$key])) { $row[$key] = $line.Substring($at + 1) }
  }
}
$profiles = $null
try {
  $profiles = @()
  foreach ($one in (Get-VpnConnection -AllUserConnection -ErrorAction Stop)) {
    $row = @{
      server = [string]$one.ServerAddress
      split = [bool]$one.SplitTunneling
      type = [string]$one.TunnelType
      encryption = [string]$one.EncryptionLevel
      remember = [bool]$one.RememberCredential
      methods = @($one.AuthenticationMethod | ForEach-Object { [string]$_ })
    }
    $profiles += (Add-State $row $one.Name)
  }
} catch { $profiles = $null }
@{ way4 = (Get-Kind $out4); way6 = (Get-Kind $out6); entries = $entries; profiles = $profiles }
"""
)
