"""BitLocker: what protects each volume of a Windows PC, as the machine knows it and as a person sees it."""

import re
from typing import Any

from auditor.api import (
    USER,
    Answer,
    Garbled,
    fact,
)
from checks.endpoint._read import listed, members, record, whole, word
from checks.endpoint.disk import Cover, Disks, SeenDisks, Volume

OF_SYSTEM = 0
"""VolumeType of the volume that Windows runs from."""
CONVERTED = {
    0: Cover.PLAIN,
    1: Cover.PROTECTED,
    2: Cover.CHANGING,
    3: Cover.CHANGING,
    4: Cover.CHANGING,
    5: Cover.CHANGING,
}
"""ConversionStatus while ProtectionStatus is 1."""
SHOWN = {1: Cover.PROTECTED, 2: Cover.PLAIN, 3: Cover.CHANGING, 4: Cover.CHANGING, 5: Cover.SUSPENDED}
"""System.Volume.BitLockerProtection; 6 is locked, 8 waits for its activation, 0 is none of them."""
SHOWN_AT_MOST = 8
KINDS = range(11)
"""Kinds of key protectors that Win32_EncryptableVolume.GetKeyProtectors knows."""


@fact(
    "disk.encryption",
    windows=r"""
$volumes = @()
$found = Get-CimInstance -ClassName Win32_EncryptableVolume -OperationTimeoutSec 15 -ErrorAction Stop `
  -Namespace 'root/cimv2/Security/MicrosoftVolumeEncryption'
foreach ($one in $found) {
  $keys = @()
  try {
    foreach ($kind in 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) {
      $told = Invoke-CimMethod -InputObject $one -MethodName GetKeyProtectors -OperationTimeoutSec 15 `
        -Arguments @{ KeyProtectorType = [uint32]$kind } -ErrorAction Stop
      if ($told.ReturnValue -ne 0) { throw 'not told' }
      if (@($told.VolumeKeyProtectorID).Where({ $_ }).Count -gt 0) { $keys += $kind }
    }
  } catch { $keys = $null }
  $volumes += @{
    id = [string]$one.DeviceID
    type = [int]$one.VolumeType
    protection = [int]$one.ProtectionStatus
    conversion = [int]$one.ConversionStatus
    protectors = @{ kinds = $keys; told = ($null -ne $keys) }
  }
}
$mounted = @()
$found = Get-CimInstance -ClassName Win32_Volume -Filter 'DriveType=3' -OperationTimeoutSec 15 `
  -ErrorAction Stop
foreach ($one in $found) { $mounted += @{ id = [string]$one.DeviceID; name = [string]$one.Name } }
@{ volumes = $volumes; mounted = $mounted }
""",
)
def windows_disks(answer: Answer) -> Disks:
    """Win32_EncryptableVolume's numbers for every fixed volume that has a letter or a folder.

    A volume without either (recovery, EFI) holds nothing of users. One that BitLocker does not know cannot
    be protected by it, and other products are not seen: unclear. Of keys only the kinds are asked.
    """
    values = record(answer, "volumes", "mounted")
    known: dict[str, Volume] = {}
    for row in listed(values["volumes"]):
        one = members(row, answer.id, "id", "type", "protection", "conversion")
        id_ = word(one["id"], "id").casefold()
        if id_ in known:
            raise Garbled(f"{answer.id}: a volume twice")
        system = whole(one["type"], "type") == OF_SYSTEM
        known[id_] = Volume("", _bitlocker(one), system, _protectors(one.get("protectors")))
    volumes = []
    for row in listed(values["mounted"]):
        one = members(row, answer.id, "id", "name")
        name = word(one["name"], "name")
        if not name.startswith("\\\\?\\"):
            found = known.get(word(one["id"], "id").casefold(), Volume("", Cover.UNCLEAR))
            volumes.append(Volume(name, found.cover, found.system, found.protectors))
    if not any(re.fullmatch(r"[A-Z]:\\", volume.name) for volume in volumes):
        raise Garbled(f"{answer.id}: no volume with a letter")
    if known and not any(volume.system for volume in volumes):
        raise Garbled(f"{answer.id}: the volume of the system is missing")
    return Disks(tuple(volumes), virtual=False)


def _bitlocker(one: Any) -> Cover:
    """ProtectionStatus 0 off, 1 on, 2 unknown (locked); off on an encrypted volume means suspended."""
    protection, conversion = whole(one["protection"], "protection"), whole(one["conversion"], "conversion")
    if protection not in (0, 1, 2) or conversion not in CONVERTED:
        raise Garbled("BitLocker state out of range")
    if protection == 2:  # noqa: PLR2004 - the provider's "unknown"
        return Cover.UNCLEAR
    if protection == 0:
        return Cover.SUSPENDED if conversion == 1 else Cover.PLAIN if conversion == 0 else Cover.CHANGING
    return CONVERTED[conversion]


def _protectors(value: Any) -> frozenset[int] | None:
    """The kinds of keys, None = not told (answers of before they were asked for do not tell either)."""
    if value is None:
        return None
    one = members(value, "protectors", "kinds", "told")
    kinds = [whole(kind, "protectors") for kind in listed(one["kinds"])]
    if not isinstance(one["told"], bool) or (kinds and not one["told"]):
        raise Garbled("protectors: told or not")
    found = frozenset(kind for kind in kinds if kind in KINDS and kind is not None)
    if len(found) != len(kinds):
        raise Garbled("protectors: a kind that BitLocker does not have")
    return found if one["told"] else None


@fact(
    "disk.user",
    context=USER,
    windows=r"""
$shell = New-Object -ComObject Shell.Application
$drives = @()
foreach ($one in [System.IO.DriveInfo]::GetDrives()) {
  if ($one.DriveType -ne [System.IO.DriveType]::Fixed) { continue }
  $state = $null
  $place = $shell.NameSpace($one.Name.TrimEnd('\'))
  if ($null -ne $place) { $state = $place.Self.ExtendedProperty('System.Volume.BitLockerProtection') }
  $drives += @{ name = $one.Name; state = $state }
}
$mounted = $null
try {
  $mounted = @()
  $found = Get-CimInstance -ClassName Win32_Volume -Filter 'DriveType=3' -OperationTimeoutSec 15 `
    -ErrorAction Stop
  foreach ($one in $found) { $mounted += [string]$one.Name }
} catch { $mounted = $null }
@{ drives = $drives; mounted = $mounted }
""",
)
def windows_seen(answer: Answer) -> SeenDisks:
    """What the Explorer shows of each fixed drive, by number; the only source without administrator rights.

    A volume in a folder has no such number, so that all are seen only where every one has a letter.
    """
    values = record(answer, "drives", "mounted")
    volumes = []
    for row in listed(values["drives"]):
        one = members(row, "drives", "name", "state")
        state = whole(one["state"], "state")
        if state is not None and not 0 <= state <= SHOWN_AT_MOST:
            raise Garbled(f"{answer.id}: a state out of range")
        volumes.append(Volume(word(one["name"], "name"), SHOWN.get(state or 0, Cover.UNCLEAR)))
    if not volumes or len({volume.name.casefold() for volume in volumes}) != len(volumes):
        raise Garbled(f"{answer.id}: no drive, or one twice")
    places = [word(one, "mounted") for one in listed(values["mounted"])]
    named = {place.casefold() for place in places if not place.startswith("\\\\?\\")}
    return SeenDisks(tuple(volumes), named == {volume.name.casefold() for volume in volumes})
