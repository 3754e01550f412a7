"""Lines that several collector fragments begin with.

Read-Value tells "does not exist" ($null) from "denied" (an exception, which the composer maps to denied),
and always reads the 64-bit registry. The registry paths and values it gives are never display text.
"""

REGISTRY = r"""
function Read-Value($hive, $path, $name) {
  $key = [Microsoft.Win32.RegistryKey]::OpenBaseKey($hive, 'Registry64').OpenSubKey($path)
  if ($null -eq $key) { return $null }
  return $key.GetValue($name)
}
"""

SIGNED_IN = (
    REGISTRY
    + r"""
$logon = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\LogonUI'
$daily = Read-Value 'LocalMachine' $logon 'LastLoggedOnUserSID'
$hives = [Microsoft.Win32.RegistryKey]::OpenBaseKey('Users', 'Registry64').GetSubKeyNames()
$loaded = ($null -ne $daily) -and ($hives -contains $daily)
"""
)
"""Adds $daily (SID of who signed in last, or $null) and $loaded (that person's settings can be read now)."""

VIRTUAL = r"""
virtual=none
if [ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -e /run/systemd/container ]; then
  virtual=container
elif grep -q '^flags.* hypervisor' /proc/cpuinfo 2>/dev/null || [ -d /proc/xen ]; then
  virtual=machine
fi
"""
"""Sets $virtual to none, container or machine."""
