"""Disk encryption: a lost PC gives nothing away."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from auditor.api import (
    CONSOLE,
    Answer,
    Garbled,
    Judgement,
    NotKnown,
    Reason,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._blocks import Block, encrypted
from checks.endpoint._fragments import VIRTUAL
from checks.endpoint._read import columns, listed, members, record, whole, word


class Cover(StrEnum):
    """How a volume is protected. `SUSPENDED` = encrypted, and the key lies open beside it."""

    PROTECTED = "protected"
    SUSPENDED = "suspended"
    CHANGING = "changing"
    PLAIN = "plain"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Volume:
    """A fixed volume that can hold data of users, by drive letter, mount point or swap device."""

    name: str
    cover: Cover


@dataclass(frozen=True, slots=True)
class Disks:
    """All fixed volumes in use. `virtual` = a virtual machine or container, whose host has the real disk."""

    volumes: tuple[Volume, ...]
    virtual: bool


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
FILE_SYSTEMS = frozenset(
    {
        "btrfs",
        "ext2",
        "ext3",
        "ext4",
        "f2fs",
        "jfs",
        "ntfs",
        "ntfs3",
        "fuseblk",
        "reiserfs",
        "vfat",
        "exfat",
        "xfs",
    }
)
IMAGES = frozenset({"cramfs", "devtmpfs", "erofs", "iso9660", "squashfs", "udf"})
"""Read-only images and the tree of devices: nothing of users is written there."""
WORST = (Cover.PLAIN, Cover.UNCLEAR, Cover.PROTECTED)
STARTING = ("/boot", "/boot/efi", "/efi")
"""Mount points that the firmware must be able to read; they hold nothing of users."""
VISITING = ("/media/", "/run/media/", "/mnt/")


@fact(
    "disk.encryption",
    windows=r"""
$volumes = @()
$found = Get-CimInstance -ClassName Win32_EncryptableVolume -OperationTimeoutSec 15 -ErrorAction Stop `
  -Namespace 'root/cimv2/Security/MicrosoftVolumeEncryption'
foreach ($one in $found) {
  $volumes += @{
    id = [string]$one.DeviceID
    type = [int]$one.VolumeType
    protection = [int]$one.ProtectionStatus
    conversion = [int]$one.ConversionStatus
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
    be protected by it, and other products are not seen: unclear.
    """
    values = record(answer, "volumes", "mounted")
    covers: dict[str, Cover] = {}
    systems = set()
    for row in listed(values["volumes"]):
        one = members(row, answer.id, "id", "type", "protection", "conversion")
        id_ = word(one["id"], "id").casefold()
        if id_ in covers:
            raise Garbled(f"{answer.id}: a volume twice")
        covers[id_] = _bitlocker(one)
        if whole(one["type"], "type") == OF_SYSTEM:
            systems.add(id_)
    volumes, seen = [], set()
    for row in listed(values["mounted"]):
        one = members(row, answer.id, "id", "name")
        name = word(one["name"], "name")
        if not name.startswith("\\\\?\\"):
            id_ = word(one["id"], "id").casefold()
            volumes.append(Volume(name, covers.get(id_, Cover.UNCLEAR)))
            seen.add(id_)
    if not any(re.fullmatch(r"[A-Z]:\\", volume.name) for volume in volumes):
        raise Garbled(f"{answer.id}: no volume with a letter")
    if covers and not systems & seen:
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


@fact(
    "disk.encryption",
    linux=VIRTUAL
    + r"""
printf 'virtual\t%s\n' "$virtual"
for d in /sys/class/block/*; do
  [ -e "$d/dev" ] || continue
  uuid= ; label= ; removable=0 ; below=
  [ -r "$d/dm/uuid" ] && read -r uuid <"$d/dm/uuid"
  [ -r "$d/dm/name" ] && read -r label <"$d/dm/name"
  for s in "$d"/slaves/*; do
    [ -e "$s" ] && below="$below ${s##*/}"
  done
  real=$(cd -P "$d" && pwd -P)
  up=$d
  [ -e "$d/partition" ] && up=${real%/*}
  [ -r "$up/removable" ] && read -r removable <"$up/removable"
  case $real in */usb[0-9]*) removable=1 ;; esac
  read -r number <"$d/dev"
  printf 'block\t%s\t%s\t%s\t%s\t%s\t%s\n' "${d##*/}" "$number" "$removable" "$uuid" "$label" "$below"
done
awk '{ for (i = 7; i <= NF && $i != "-"; i++); print "mount\t" $3 "\t" $(i + 1) "\t" $(i + 2) "\t" $5 }' \
  /proc/self/mountinfo
for d in /sys/fs/btrfs/*/devices; do
  [ -d "$d" ] || continue
  set -- "$d"/*
  [ $# -lt 2 ] && continue
  for s in "$@"; do printf 'spread\t%s\n' "${s##*/}"; done
done
awk 'NR > 1 { print "swap\t" $2 "\t" $1 }' /proc/swaps
""",
)
def linux_disks(answer: Answer) -> Disks:
    """Every mounted file system on a block device, and swap, walked down to an encrypting mapping."""
    rows = columns(answer, {"virtual": 2, "block": 7, "mount": 5, "swap": 3, "spread": 2})
    virtual = [row[1] for row in rows if row[0] == "virtual"]
    blocks = {
        row[1]: Block(row[1], row[4], row[5], tuple(row[6].split()), row[3] == "1")
        for row in rows
        if row[0] == "block"
    }
    numbers = {row[2]: row[1] for row in rows if row[0] == "block"}
    if len(virtual) != 1 or not any(row[0] == "mount" for row in rows):
        raise Garbled(f"{answer.id}: incomplete")
    spread = {row[1] for row in rows if row[0] == "spread"}
    found = []
    for row in rows:
        if row[0] == "mount" and (volume := _mounted(row, blocks, numbers, spread)) is not None:
            found.append(volume)
        elif row[0] == "swap" and row[1] == "partition" and not _name(row[2], blocks).startswith("zram"):
            found.append(Volume(row[2], _cover(_name(row[2], blocks), blocks)))
    if not found:
        raise NotKnown(Reason.NOT_MEASURABLE, "no file system on a block device")
    covers: dict[str, Cover] = {}
    for one in found:  # of two at one place the worse counts
        covers[one.name] = min(covers.get(one.name, one.cover), one.cover, key=WORST.index)
    volumes = tuple(Volume(name, cover) for name, cover in covers.items())
    return Disks(volumes, virtual=virtual[0] != "none")


def _mounted(
    row: list[str], blocks: dict[str, Block], numbers: dict[str, str], spread: set[str]
) -> Volume | None:
    """The volume of a mount line; None = no block device, read-only image, start partition, or a visitor.

    A file system of another type, or one over several devices, may keep its data elsewhere: unclear.
    """
    number, system, source, place = row[1:]
    if system == "zfs":
        return Volume(place, Cover.UNCLEAR)
    known, device = system in FILE_SYSTEMS, source.startswith("/dev/") or number in numbers
    if not (known or device) or system in IMAGES or place in STARTING:
        return None
    name = numbers.get(number) or _name(source, blocks)
    block = blocks.get(name)
    if block is not None and block.outside and place.startswith(VISITING):
        return None
    cover = _cover(name, blocks) if known else Cover.UNCLEAR
    return Volume(place, Cover.UNCLEAR if name in spread and cover is Cover.PROTECTED else cover)


def _name(source: str, blocks: dict[str, Block]) -> str:
    """The kernel's name of a device file, "" = not known; btrfs mounts carry a number of their own."""
    last = source.rpartition("/")[2]
    labelled = [block.name for block in blocks.values() if block.label == last]
    return last if last in blocks else labelled[0] if labelled else ""


def _cover(name: str, blocks: dict[str, Block]) -> Cover:
    match encrypted(name, blocks):
        case True:
            return Cover.PROTECTED
        case False:
            return Cover.PLAIN
        case None:
            return Cover.UNCLEAR


@fact("disk.encryption", macos="fdesetup status")
def macos_disks(answer: Answer) -> Disks:
    """FileVault of the start volume; the command answers in English on every system."""
    lines = answer.text().strip().splitlines()
    if any(line.startswith(("Encryption in progress", "Decryption in progress")) for line in lines):
        return Disks((Volume("/", Cover.CHANGING),), virtual=False)
    match lines[:1]:
        case ["FileVault is On."] if len(lines) == 1:
            return Disks((Volume("/", Cover.PROTECTED),), virtual=False)
        case ["FileVault is Off."]:
            return Disks((Volume("/", Cover.PLAIN),), virtual=False)
    raise Garbled(f"{answer.id}: not understood")


@fact("disk.encryption", chromeos=CONSOLE)
def chromeos_disks(answer: Answer) -> Disks:
    """The device signal ``diskEncryption`` of the admin console's export."""
    signal = word(record(answer, "disk_encryption")["disk_encryption"], "disk_encryption")
    covers = {
        "ENCRYPTED": Cover.PROTECTED,
        "UNENCRYPTED": Cover.PLAIN,
        "UNSPECIFIED": Cover.UNCLEAR,
        "": Cover.UNCLEAR,
    }
    if signal not in covers:
        raise Garbled(f"{answer.id}: {signal[:30]!r}")
    return Disks((Volume("/", covers[signal]),), virtual=False)


@check("EP-05")
def encrypted_at_rest(disks: Disks) -> Judgement:
    """Every fixed volume is encrypted with its protection on; a suspended one is open to anybody."""
    for cover, key in ((Cover.SUSPENDED, "suspended"), (Cover.CHANGING, "changing"), (Cover.PLAIN, "plain")):
        places = tuple(volume.name for volume in disks.volumes if volume.cover is cover)
        if places and disks.virtual:
            return unknown(Reason.NOT_MEASURABLE, "virtual: the disk of its host decides", places=places)
        if places:
            return failed(key, places=places, count=len(places))
    unclear = tuple(volume.name for volume in disks.volumes if volume.cover is Cover.UNCLEAR)
    if unclear or not disks.volumes:
        return unknown(Reason.NOT_MEASURABLE, "the encryption of a volume is not told", places=unclear)
    return passed(count=len(disks.volumes))
