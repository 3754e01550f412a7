"""Leftovers: a business PC of the LGWAN zone that leaves the office carries no files of its users."""

import re
from dataclasses import dataclass

from auditor.api import Answer, Garbled, Judgement, Params, Reason, check, fact, failed, passed, unknown
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import listed, members, record, truth, whole, word

EXTENSION = re.compile(r"\.[a-z0-9]{1,8}|other")


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Files in the users' Desktop, Documents and Downloads, counted by extension ("other" = a rare one).

    Never their names. `denied` = folders that could not be opened; `unread` = folders whose place or content
    is not known (the settings of somebody who is not signed in, a link); `cut` = a limit of depth, number
    or time ended the count early. Folders that are redirected to a server are not opened: nothing of them
    leaves the office, except for offline files, which are not seen.
    """

    counts: tuple[tuple[str, int], ...]
    denied: int
    unread: int
    cut: bool
    profiles: int


@fact(
    "data.leftovers",
    windows=REGISTRY
    + r"""
$clock = [System.Diagnostics.Stopwatch]::StartNew()
$list = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList'
$shell = 'Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders'
$places = @{
  'Desktop' = 'Desktop'
  'Personal' = 'Documents'
  '{374DE290-123F-4565-9164-39C4925E467B}' = 'Downloads'
}
$machine = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey($list)
$users = [Microsoft.Win32.RegistryKey]::OpenBaseKey('Users', 'Registry64')
$hives = $users.GetSubKeyNames()
$roots = @{}
$bases = @{}
$kinds = @{}
$profiles = 0
$denied = 0
$unread = 0
$remote = 0
$seen = 0
$cut = $false

foreach ($sid in $machine.GetSubKeyNames()) {
  if (-not ($sid.StartsWith('S-1-5-21-') -or $sid.StartsWith('S-1-12-1-'))) { continue }
  $base = [string]$machine.OpenSubKey($sid).GetValue('ProfileImagePath')
  if ($base -eq '') { continue }
  $profiles++
  $bases[$base.ToLowerInvariant()] = $base
  if ($hives -notcontains $sid) { $unread++; continue }
  $key = $null
  try { $key = $users.OpenSubKey("$sid\$shell") } catch { $denied++; continue }
  if ($null -eq $key) { $unread++; continue }
  foreach ($name in $places.Keys) {
    $where = [string]$key.GetValue($name, '', 'DoNotExpandEnvironmentNames')
    if ($where -eq '') { continue }
    $where = $where.ToLowerInvariant().Replace('%userprofile%', $base)
    if ($where.StartsWith('\\')) { $remote++; continue }
    if ($where.Contains('%') -or $where.Length -lt 4 -or $where.Substring(1, 2) -ne ':\') {
      $unread++
      continue
    }
    $kind = [string]([System.IO.DriveInfo]$where.Substring(0, 3)).DriveType
    if ($kind -eq 'Network') { $remote++; continue }
    if ($kind -ne 'Fixed') { $unread++; continue }
    $roots[$where.ToLowerInvariant()] = $where
  }
}
$parent = [string]$machine.GetValue('ProfilesDirectory')
foreach ($folder in ([System.IO.DirectoryInfo]$parent).GetDirectories()) {
  if (([int]$folder.Attributes -band 1024) -ne 0 -or $folder.Name -eq 'Default') { continue }
  $bases[$folder.FullName.ToLowerInvariant()] = $folder.FullName
}
foreach ($base in $bases.Values) {
  $inside = @()
  try {
    $inside = ([System.IO.DirectoryInfo]$base).GetDirectories()
  } catch {
    $why = $_.Exception.GetBaseException()
    if ($why -is [System.UnauthorizedAccessException]) { $denied++ }
    elseif ($why -isnot [System.IO.DirectoryNotFoundException]) { $unread++ }
  }
  foreach ($folder in $inside) {
    if ($places.Values -notcontains $folder.Name) { continue }
    $roots[$folder.FullName.ToLowerInvariant()] = $folder.FullName
  }
}

$stack = New-Object System.Collections.Stack
foreach ($root in $roots.Values) { $stack.Push(@($root, 0)) }
while ($stack.Count -gt 0) {
  if ($seen -ge 20000 -or $clock.ElapsedMilliseconds -gt 8000) { $cut = $true; break }
  $here = $stack.Pop()
  try {
    foreach ($item in ([System.IO.DirectoryInfo]$here[0]).EnumerateFileSystemInfos()) {
      $seen++
      if ($seen -gt 20000 -or $clock.ElapsedMilliseconds -gt 8000) { $cut = $true; break }
      $bits = [int]$item.Attributes
      if (($bits -band 16) -ne 0) {
        if (($bits -band 1030) -eq 1030) { continue }
        if (($bits -band 1024) -ne 0) { $unread++; continue }
        if ($here[1] -ge 12) { $cut = $true; continue }
        $stack.Push(@($item.FullName, ($here[1] + 1)))
        continue
      }
      if ($item.Name -eq 'desktop.ini' -or $item.Name -eq 'thumbs.db') { continue }
      $kind = $item.Extension.ToLowerInvariant()
      if ($kind -notmatch '^\.[a-z0-9]{1,8}$') { $kind = 'other' }
      if ($kinds.Count -ge 50 -and -not $kinds.ContainsKey($kind)) { $kind = 'other' }
      $kinds[$kind] = 1 + [int]$kinds[$kind]
    }
  } catch {
    $why = $_.Exception.GetBaseException()
    $absent = ($why -is [System.IO.DirectoryNotFoundException]) -and ($here[1] -eq 0)
    if ($why -is [System.UnauthorizedAccessException]) { $denied++ }
    elseif (-not $absent) { $unread++ }
  }
}
$rows = @()
foreach ($kind in $kinds.Keys) { $rows += @{ extension = $kind; count = $kinds[$kind] } }
@{
  kinds = $rows
  profiles = $profiles
  denied = $denied
  unread = $unread
  remote = $remote
  cut = $cut
}
""",
)
def windows_leftovers(answer: Answer) -> Leftovers:
    """Profiles of ProfileList and of its folder, and where their owners' shell folders lead.

    Attribute bits: 16 folder, 1024 link; hidden, system and link together (1030) are the old names that
    Windows keeps in Documents. Only who is signed in has settings that can be read.
    """
    values = record(answer, "kinds", "profiles", "denied", "unread", "remote", "cut")
    rows = [members(row, answer.id, "extension", "count") for row in listed(values["kinds"])]
    counts = [(word(row["extension"], "extension"), _count(row["count"], "count")) for row in rows]
    names = [name for name, _ in counts]
    if len(set(names)) != len(names) or not all(EXTENSION.fullmatch(name) for name in names):
        raise Garbled(f"{answer.id}: extensions")
    cut = truth(values["cut"], "cut")
    if cut is None:
        raise Garbled(f"{answer.id}: cut is not told")
    _count(values["remote"], "remote")
    return Leftovers(
        counts=tuple(sorted(counts)),
        denied=_count(values["denied"], "denied"),
        unread=_count(values["unread"], "unread"),
        cut=cut,
        profiles=_count(values["profiles"], "profiles"),
    )


def _count(value: object, what: str) -> int:
    number = whole(value, what)
    if number is None or number < 0:
        raise Garbled(f"{what}: not a count")
    return number


@check("EP-21")
def nothing_left_behind(left: Leftovers, params: Params) -> Judgement:
    """No more files than allowed, with every folder seen; whether a head confirmed it is not collected."""
    allowed = params.texts("allowed_extensions")
    count = sum(number for extension, number in left.counts if extension not in allowed)
    if count > params.integer("max_files"):
        return failed("left", count=count)
    if left.denied:
        return unknown(Reason.NO_PERMISSION, f"{left.denied} folders of users could not be opened")
    if left.unread or left.cut or not left.profiles:
        note = "more than the limits of the count" if left.cut else f"{left.unread} folders are not known"
        return unknown(Reason.NOT_MEASURABLE, note)
    return passed(count=count)
