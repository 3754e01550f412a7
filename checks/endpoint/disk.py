"""Disk encryption: a lost PC gives nothing away."""

from dataclasses import dataclass
from enum import StrEnum

from auditor.api import (
    CONSOLE,
    Answer,
    Garbled,
    Judgement,
    NotKnown,
    Reason,
    Unknown,
    Verdict,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._blocks import Block, encrypted
from checks.endpoint._fragments import VIRTUAL
from checks.endpoint._read import columns, record, word


class Cover(StrEnum):
    """How a volume is protected. `SUSPENDED` = encrypted, and the key lies open beside it."""

    PROTECTED = "protected"
    SUSPENDED = "suspended"
    CHANGING = "changing"
    PLAIN = "plain"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Volume:
    """A fixed volume that can hold data of users, by drive letter, mount point or swap device.

    `system` = the system starts from it, where that is told. `protectors` = the kinds of BitLocker keys that
    open it (1 TPM, 3 recovery password, 4 TPM and PIN …), None = not told.
    """

    name: str
    cover: Cover
    system: bool = False
    protectors: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Disks:
    """All fixed volumes in use. `virtual` = a virtual machine or container, whose host has the real disk."""

    volumes: tuple[Volume, ...]
    virtual: bool


@dataclass(frozen=True, slots=True)
class SeenDisks:
    """The same as a person's own session is told; `whole` = of every fixed volume."""

    volumes: tuple[Volume, ...]
    whole: bool


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


@dataclass(frozen=True, slots=True)
class Escrow:
    """Which recovery keys FileVault has: a `personal` one, the `institution`'s. Never the key itself."""

    personal: bool
    institution: bool


@fact(
    "disk.escrow",
    explains=("EP-05",),
    macos=r"""
[ "$(id -u)" -eq 0 ] || exit 11
printf 'personal\t%s\n' "$(fdesetup haspersonalrecoverykey)"
printf 'institution\t%s\n' "$(fdesetup hasinstitutionalrecoverykey)"
""",
)
def macos_escrow(answer: Answer) -> Escrow:
    """True or false for each kind of key, as fdesetup tells root only."""
    told = dict(columns(answer, {"personal": 2, "institution": 2}))
    if set(told) != {"personal", "institution"} or not set(told.values()) <= {"true", "false"}:
        raise Garbled(f"{answer.id}: not understood")
    return Escrow(told["personal"] == "true", told["institution"] == "true")


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
def encrypted_at_rest(disks: Disks | Unknown, seen: SeenDisks | Unknown) -> Judgement:
    """Every fixed volume is encrypted with its protection on; a suspended one is open to anybody.

    Where the machine may not tell, what the person's own session sees can show an open volume, and protected
    ones only if it sees them all. Two documents that contradict each other prove nothing.
    """
    machine = unknown(disks.reason, disks.note) if isinstance(disks, Unknown) else _covered(disks)
    if isinstance(seen, Unknown) or machine.verdict is Verdict.FAIL:
        return machine
    own = _covered(Disks(seen.volumes, virtual=False))
    if own.verdict is Verdict.FAIL and machine.verdict is Verdict.PASS:
        return unknown(Reason.NOT_MEASURABLE, "the person's own session sees it open", places=own.places)
    if own.verdict is Verdict.FAIL or (isinstance(disks, Unknown) and seen.whole):
        return own
    return machine


def _covered(disks: Disks) -> Judgement:
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
