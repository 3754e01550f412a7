"""The lines that try the declared entrances from where an endpoint is, one after the other, at most 12 s.

A name is given 2 s, a connect 3 s; after 7 s nothing new is begun (``not-tried``). ``# slow`` asks the
composer's watchdog for patience. Nothing is sent over an opened connection, and it is closed at once. Told
besides: the lines out (kind, hash of the next hop's hardware address), the hash of the Wi-Fi's name, never
the name.
"""

LINUX = r"""
# slow
entrances='
@REACH@
'
tool=none
have() { command -v "$1" >/dev/null; }
if have bash && have timeout; then tool=bash
elif have python3; then tool=python3
elif have nc; then tool=nc
elif have curl; then tool=curl; fi
printf 'tool\t%s\n' "$tool"
clock() { read -r now rest </proc/uptime; now=${now%.*}${now#*.}; }
digest() {
  have sha256sum || { echo -; return; }
  sum=$(printf %s "$1" | sha256sum)
  echo "${sum%"${sum#????????????????}"}"
}
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
awk '
  function digit(c) { return index("0123456789ABCDEF", toupper(c)) - 1 }
  function byte(s) { return digit(substr(s, 1, 1)) * 16 + digit(substr(s, 2, 1)) }
  FILENAME ~ /arp$/ { mac[$1] = $4; next }
  FILENAME ~ /ipv6_route$/ {
    if ($1 ~ /^0+$/ && $2 == "00" && $10 != "lo" && !seen[$10]++) print $10, "-"
    next
  }
  FNR > 1 && $2 == "00000000" && $8 == "00000000" && !seen[$1]++ {
    gate = byte(substr($3, 7)) "." byte(substr($3, 5)) "." byte(substr($3, 3)) "." byte($3)
    print $1, (gate in mac) ? mac[gate] : "-"
  }
' $(ls /proc/net/arp /proc/net/route /proc/net/ipv6_route) | while read -r name mac; do
  [ "$mac" = - ] || mac=$(digest "$mac")
  printf 'line\t%s\t%s\n' "$(kind "$name")" "$mac"
  [ "$(kind "$name")" = wireless ] && have iw || continue
  ssid=$(iw dev "$name" link | awk '$1 == "SSID:" { sub(/^[ \t]*SSID: /, ""); print; exit }')
  [ -z "$ssid" ] || printf 'ssid\t%s\n' "$(digest "$ssid")"
done
way() {
  have ip || { echo -; return; }
  set -- $(ip -o route get "$1")
  while [ $# -gt 1 ] && [ "$1" != dev ]; do shift; done
  if [ -n "$2" ] && [ "$2" != lo ]; then kind "$2"; else echo -; fi
}
judge() {
  case $1 in
    *refused*) echo refused ;;
    *unreachable*|*'No route to host'*) echo unreachable ;;
    *'timed out'*|*'in progress'*) echo timeout ;;
    *) echo error ;;
  esac
}
knock() {
  case $tool in
    bash)
      said=$(timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1) && { echo ok; return; }
      case $? in 124|137|143) echo timeout ;; *) judge "$said" ;; esac ;;
    python3)
      said=$(python3 -c '
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).close()
except OSError as error:
    sys.exit(str(error))' "$1" "$2" 2>&1) && { echo ok; return; }
      judge "$said" ;;
    nc) said=$(nc -v -z -w 3 "$1" "$2" 2>&1) && { echo ok; return; }
      judge "$said" ;;
    curl)
      case $1 in *:*) set -- "[$1]" "$2" ;; esac
      curl -s -g --connect-timeout 3 -m 4 "telnet://$1:$2" >/dev/null
      case $? in 0) echo ok ;; 7) echo unreachable ;; 28) echo timeout ;; *) echo error ;; esac ;;
    *) echo no-tool ;;
  esac
}
resolve() {
  case $1 in *:*) echo "$1"; return ;; *[!0-9.]*) ;; *) echo "$1"; return ;; esac
  have getent || { echo "$1"; return; }
  if have timeout; then found=$(timeout 2 getent ahosts "$1"); else found=$(getent ahosts "$1"); fi
  case $? in 0) echo "${found%% *}" ;; 124|137|143) return 2 ;; *) return 1 ;; esac
}
clock
began=$now
printf %s "$entrances" | while read -r id host port; do
  [ -n "$port" ] || continue
  clock
  if [ $((now - began)) -gt 700 ]; then printf 'try\t%s\tnot-tried\t-\t-\t-\n' "$id"; continue; fi
  address=$(resolve "$host")
  case $? in
    0) ;;
    2) printf 'try\t%s\tno-dns\t-\t-\t-\n' "$id"; continue ;;
    *) printf 'try\t%s\tname-not-found\t-\t-\t-\n' "$id"; continue ;;
  esac
  clock
  start=$now
  outcome=$(knock "$address" "$port")
  clock
  printf 'try\t%s\t%s\t%s\t%s\t%s\n' "$id" "$outcome" $(((now - start) * 10)) "$address" "$(way "$address")"
done
:
"""
"""Times have the clock's grain of 10 ms and hold the start of a small program."""

MACOS = r"""
# slow
entrances='
@REACH@
'
printf 'tool\tnc\n'
field() { awk -v name="$1:" '$1 == name { print $2; exit }'; }
kind() { case $1 in utun*|ppp*|ipsec*|tun*|tap*) echo tunnel ;; *) echo other ;; esac; }
gate=$(route -n get default | field gateway)
name=$(route -n get default | field interface)
if [ -n "$name" ]; then
  mac=$(arp -n "$gate" | awk '$3 == "at" && $4 ~ /:/ { print $4 }')
  if [ -n "$mac" ]; then mac=$(printf %s "$mac" | shasum -a 256); fi
  printf 'line\t%s\t%s\n' "$(kind "$name")" "$(printf '%.16s' "${mac:--}")"
fi
resolve() {
  case $1 in *:*) echo "$1"; return ;; *[!0-9.]*) ;; *) echo "$1"; return ;; esac
  dscacheutil -q host -a name "$1" |
    awk '/^ip(v6)?_address: / { print $2; found = 1; exit } END { exit !found }'
}
began=$(date +%s)
printf %s "$entrances" | while read -r id host port; do
  [ -n "$port" ] || continue
  if [ $(($(date +%s) - began)) -gt 7 ]; then printf 'try\t%s\tnot-tried\t-\t-\t-\n' "$id"; continue; fi
  if ! address=$(resolve "$host"); then printf 'try\t%s\tname-not-found\t-\t-\t-\n' "$id"; continue; fi
  start=$(date +%s)
  if said=$(nc -v -z -G 3 -w 3 "$address" "$port" 2>&1); then outcome=ok
  else
    case $said in
      *refused*) outcome=refused ;;
      *unreachable*|*'No route to host'*) outcome=unreachable ;;
      *'timed out'*) outcome=timeout ;;
      *) if [ $(($(date +%s) - start)) -ge 3 ]; then outcome=timeout; else outcome=error; fi ;;
    esac
  fi
  name=$(route -n get "$address" | field interface)
  printf 'try\t%s\t%s\t-\t%s\t%s\n' "$id" "$outcome" "$address" "$(kind "$name")"
done
:
"""

WINDOWS = r"""
$entrances = '
@REACH@
'
$net = 'root/StandardCimv2'
$soft = @{}
$cards = Get-CimInstance -Namespace $net -ClassName MSFT_NetAdapter -OperationTimeoutSec 15 -ErrorAction Stop
foreach ($card in $cards) { $soft[[string]$card.DeviceID] = -not $card.HardwareInterface }
$faces = [Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()
function Get-Kind($face) {
  if ($null -eq $face) { return '' }
  $type = [int]$face.NetworkInterfaceType
  if ($type -eq 23 -or $type -eq 131 -or $soft[[string]$face.Id]) { return 'tunnel' }
  if ($type -eq 71) { return 'wireless' }
  if ($type -eq 6) { return 'wired' }
  return 'other'
}
function Get-Digest($bytes) {
  $sum = [Security.Cryptography.SHA256]::Create().ComputeHash([byte[]]$bytes)
  return [BitConverter]::ToString($sum).Replace('-', '').ToLowerInvariant().Substring(0, 16)
}
function Get-Way($address) {
  $probe = New-Object System.Net.Sockets.UdpClient($address.AddressFamily)
  try {
    $probe.Connect($address, 9)
    $own = [string]$probe.Client.LocalEndPoint.Address
  } catch { return '' } finally { $probe.Close() }
  foreach ($face in $faces) {
    foreach ($one in $face.GetIPProperties().UnicastAddresses) {
      if ([string]$one.Address -eq $own) { return (Get-Kind $face) }
    }
  }
  return ''
}
function Get-Code($failure) {
  $base = $failure.Exception.GetBaseException()
  if ($base -is [Net.Sockets.SocketException]) { return $base.NativeErrorCode }
  return 0
}
$lines = @()
foreach ($face in $faces) {
  if ([int]$face.OperationalStatus -ne 1) { continue }
  foreach ($gate in $face.GetIPProperties().GatewayAddresses) {
    if ([string]$gate.Address -eq '0.0.0.0') { continue }
    $mac = $null
    $where = "IPAddress='" + [string]$gate.Address + "'"
    try {
      $near = Get-CimInstance -Namespace $net -ClassName MSFT_NetNeighbor -Filter $where `
        -OperationTimeoutSec 15 -ErrorAction Stop
      foreach ($one in $near) {
        $text = [string]$one.LinkLayerAddress
        if ($text) { $mac = Get-Digest ([Text.Encoding]::ASCII.GetBytes($text)) }
      }
    } catch { $mac = $null }
    $lines += @{ kind = (Get-Kind $face); gateway = $mac }
  }
}
$categories = @()
$places = Get-CimInstance -Namespace $net -ClassName MSFT_NetConnectionProfile `
  -OperationTimeoutSec 15 -ErrorAction Stop
foreach ($place in $places) { $categories += [int]$place.NetworkCategory }
$ssid = $null
try {
  $known = 'Windows.Networking.Connectivity.NetworkInformation'
  $class = [Type]::GetType("$known, Windows, ContentType=WindowsRuntime")
  foreach ($profile in $class::GetConnectionProfiles()) {
    if ([int]$profile.GetNetworkConnectivityLevel() -eq 0) { continue }
    if (-not $profile.IsWlanConnectionProfile) { continue }
    $name = $profile.WlanConnectionProfileDetails.GetConnectedSsid()
    if ($name) { $ssid = Get-Digest ([Text.Encoding]::UTF8.GetBytes($name)) }
  }
} catch { $ssid = $null }
$codes = @{ 10061 = 'refused'; 10060 = 'timeout'; 10051 = 'unreachable'; 10065 = 'unreachable' }
$clock = [Diagnostics.Stopwatch]::StartNew()
$tries = @()
foreach ($row in $entrances.Split("`n")) {
  $part = $row.Trim().Split(' ')
  if ($part.Count -ne 3) { continue }
  $try = @{ id = $part[0]; outcome = 'not-tried'; ms = $null; address = $null; way = '' }
  $tries += $try
  if ($clock.ElapsedMilliseconds -gt 7000) { continue }
  try {
    $asked = [Net.Dns]::BeginGetHostAddresses($part[1], $null, $null)
    if (-not $asked.AsyncWaitHandle.WaitOne(2000)) { $try.outcome = 'no-dns'; continue }
    $address = [Net.Dns]::EndGetHostAddresses($asked)[0]
  } catch {
    $try.outcome = 'no-dns'
    if ((Get-Code $_) -eq 11001) { $try.outcome = 'name-not-found' }
    continue
  }
  $try.address = [string]$address
  $try.way = Get-Way $address
  $client = New-Object System.Net.Sockets.TcpClient($address.AddressFamily)
  $from = $clock.ElapsedMilliseconds
  try {
    $asked = $client.BeginConnect($address, [int]$part[2], $null, $null)
    if ($asked.AsyncWaitHandle.WaitOne(3000)) {
      $client.EndConnect($asked)
      $try.outcome = 'ok'
    } else { $try.outcome = 'timeout' }
  } catch {
    $try.outcome = $codes[[int](Get-Code $_)]
    if ($null -eq $try.outcome) { $try.outcome = 'error' }
  } finally { $client.Close() }
  $try.ms = $clock.ElapsedMilliseconds - $from
}
@{ tries = $tries; lines = $lines; categories = $categories; ssid = $ssid }
"""
