"""Lines that several collector fragments begin with.

Read-Value tells "does not exist" ($null) from "denied" (an exception, which the composer maps to denied),
and always reads the 64-bit registry. The registry paths and values it gives are never display text. Where
PowerShell is restricted (constrained language mode) it goes by the registry provider instead of .NET.
"""

REGISTRY = r"""
function Read-Value($hive, $path, $name) {
  if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    if ($env:PROCESSOR_ARCHITEW6432) { throw 'a 32-bit process sees another registry' }
    $roots = @{ LocalMachine = 'HKEY_LOCAL_MACHINE'; CurrentUser = 'HKEY_CURRENT_USER'; Users = 'HKEY_USERS' }
    $place = 'Registry::' + $roots[$hive] + '\' + $path
    try { $item = Get-ItemProperty -LiteralPath $place -ErrorAction Stop } catch {
      if ($_.CategoryInfo.Reason -eq 'ItemNotFoundException') { return $null }
      throw
    }
    return $item.$name
  }
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
