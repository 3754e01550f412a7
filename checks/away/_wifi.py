"""The lines that tell a Wi-Fi's protection: of the network joined now, and of every profile kept.

Neither keys nor names leave the machine; a profile's file is read, and only its security words are printed.
"""

LINUX = r"""
for radio in /sys/class/net/*/wireless /sys/class/net/*/phy80211; do
  [ -e "$radio" ] || continue
  name=${radio%/*}
  name=${name##*/}
  case " $seen " in *" $name "*) continue ;; esac
  seen="$seen $name"
  printf 'radio\t%s\n' "$name"
  read -r state <"/sys/class/net/$name/operstate"
  [ "$state" = up ] || continue
  if command -v wpa_cli >/dev/null && said=$(wpa_cli -i "$name" status); then
    printf '%s\n' "$said" | awk -F= '
      $1 == "wpa_state" { state = $2 }
      $1 == "key_mgmt" { how = $2 }
      $1 == "pairwise_cipher" { cipher = $2 }
      function told(v) { return v == "" ? "-" : v }
      END { if (state == "COMPLETED") print "joined\t" told(how) "\t" told(cipher) }'
  elif command -v nmcli >/dev/null; then
    nmcli -t -f IN-USE,SECURITY device wifi list ifname "$name" --rescan no |
      awk -F: '$1 == "*" { print "beacon\t" ($2 == "" ? "-" : $2) }'
  else
    printf 'joined\t?\t?\n'
  fi
done
set --
for f in /etc/NetworkManager/system-connections/* /run/NetworkManager/system-connections/* \
  /etc/wpa_supplicant/*.conf /var/lib/iwd/*; do
  [ -f "$f" ] || continue
  if [ -r "$f" ]; then set -- "$@" "$f"; else echo unread; fi
done
for d in /etc/NetworkManager/system-connections /etc/wpa_supplicant /var/lib/iwd; do
  [ ! -d "$d" ] || [ -r "$d" ] || echo unread
done
[ $# -eq 0 ] || awk '
  function clean(v) { gsub(/[" \t]+/, " ", v); sub(/^ /, "", v); sub(/ $/, "", v); return v == "" ? "-" : v }
  function flush() {
    if (kind == "wifi") print "profile\t" clean(how) "\t" clean(proto) "\t" clean(cipher) "\t" clean(eap)
    kind = how = proto = cipher = eap = part = ""
  }
  FNR == 1 {
    flush()
    supplicant = FILENAME ~ /\/wpa_supplicant\//
    if (FILENAME ~ /\/iwd\/.*\.(psk|8021x|open)$/) {
      how = FILENAME; sub(/^.*\./, "iwd-", how); kind = "wifi"
    }
  }
  FILENAME ~ /\/iwd\// { if ($0 ~ /^EAP-Method=/) { eap = $0; sub(/^[^=]*=/, "", eap) } next }
  supplicant && /^[ \t]*network[ \t]*=[ \t]*[{]/ { kind = "wifi"; how = "WPA-PSK WPA-EAP"; next }
  supplicant && /^[ \t]*[}]/ { flush(); next }
  /^[ \t]*[#;]/ { next }
  /^\[/ { part = $0; next }
  {
    at = index($0, "=")
    if (!at) next
    key = substr($0, 1, at - 1); value = substr($0, at + 1)
    gsub(/[ \t]/, "", key)
    if (supplicant) {
      if (kind == "") next
      if (key == "key_mgmt") how = value
      if (key == "proto") proto = value
      if (key == "pairwise") cipher = value
      if (key == "eap") eap = value
    } else {
      if (part == "[connection]" && key == "type" && value ~ /^(wifi|802-11-wireless)$/) kind = "wifi"
      if (part ~ /^\[(wifi|802-11-wireless)-security\]/) {
        if (key == "key-mgmt") how = value
        if (key == "proto") proto = value
        if (key == "pairwise") cipher = value
      }
      if (part == "[802-1x]" && key == "eap") eap = value
    }
  }
  END { flush() }
' "$@"
:
"""

MACOS = r"""
echo unread
system_profiler -json SPAirPortDataType | awk '
  /"spairport_airport_interfaces"/ { print "radio\ten" }
  /"spairport_current_network_information"/ { now = 1 }
  /"spairport_airport_other_local_wireless_networks"/ { now = 0 }
  now && /"spairport_security_mode"/ {
    sub(/^.*"s?pairport_security_mode_/, ""); sub(/".*$/, "")
    print "apple\t" $0
    now = 0
  }'
"""

WINDOWS = r"""
$radio = $false
foreach ($face in [Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()) {
  if ([int]$face.NetworkInterfaceType -eq 71) { $radio = $true }
}
$joined = $null
try {
  $known = 'Windows.Networking.Connectivity.NetworkInformation'
  $class = [Type]::GetType("$known, Windows, ContentType=WindowsRuntime")
  $found = @()
  foreach ($one in $class::GetConnectionProfiles()) {
    if (-not $one.IsWlanConnectionProfile) { continue }
    if ([int]$one.GetNetworkConnectivityLevel() -eq 0) { continue }
    $found += @{
      auth = [string]$one.NetworkSecuritySettings.NetworkAuthenticationType
      cipher = [string]$one.NetworkSecuritySettings.NetworkEncryptionType
      domain = [int]$one.GetDomainConnectivityLevel()
    }
  }
  $joined = $found
} catch { $joined = $null }
$kept = $null
try {
  $kept = @()
  $folder = "$env:ProgramData\Microsoft\Wlansvc\Profiles\Interfaces"
  foreach ($file in [IO.Directory]::GetFiles($folder, '*.xml', 'AllDirectories')) {
    $xml = New-Object System.Xml.XmlDocument
    $xml.XmlResolver = $null
    $xml.LoadXml([IO.File]::ReadAllText($file))
    $row = @{ auth = $null; cipher = $null; eap = @() }
    $auth = $xml.SelectSingleNode("//*[local-name()='authEncryption']/*[local-name()='authentication']")
    $cipher = $xml.SelectSingleNode("//*[local-name()='authEncryption']/*[local-name()='encryption']")
    if ($null -ne $auth) { $row.auth = $auth.InnerText }
    if ($null -ne $cipher) { $row.cipher = $cipher.InnerText }
    foreach ($type in $xml.SelectNodes("//*[local-name()='EapMethod']/*[local-name()='Type']")) {
      $row.eap += $type.InnerText
    }
    $kept += $row
  }
} catch [System.IO.DirectoryNotFoundException] { $kept = @() } catch { $kept = $null }
$policy = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey(
  'SOFTWARE\Policies\Microsoft\Windows\Wireless\GPTWirelessPolicy')
@{ radio = $radio; joined = $joined; profiles = $kept; policy = ($null -ne $policy) }
"""
