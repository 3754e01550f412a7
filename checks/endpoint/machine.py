"""The hardware and how full it is: what IT staff need to know before they upgrade or replace a PC."""

import re
from dataclasses import dataclass
from typing import Any

from auditor.api import Answer, Garbled, fact
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import columns, listed, members, record, whole, word

MAX_TEXT = 200
MAX_VOLUMES = 200
KIB = 1024
HEALTH = {0: "healthy", 1: "warning", 2: "failing"}
"""MSFT_PhysicalDisk.HealthStatus; 5 is "unknown"."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A fixed volume and its room in bytes."""

    name: str
    size_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the machine is. "" and None = it does not tell.

    `made_on` = date of the firmware as its maker writes it, the cheapest hint at the machine's age.
    `disks` = the word of each physical disk on its own health: healthy, warning, failing or unknown; ()
    where only an administrator is told.
    """

    model: str
    made_on: str
    cpu: str
    cpus: int | None
    memory_bytes: int | None
    volumes: tuple[Volume, ...]
    disks: tuple[str, ...]


def _hardware(values: dict[str, Any], volumes: tuple[Volume, ...], disks: tuple[str, ...]) -> Hardware:
    texts = {name: " ".join(word(values[name], name).split()) for name in ("model", "made_on", "cpu")}
    cpus, memory = whole(values["cpus"], "cpus"), whole(values["memory"], "memory")
    numbers = (("cpus", cpus), ("memory", memory))
    wrong = [name for name, number in numbers if number is not None and number <= 0]
    wrong += [name for name, text in texts.items() if len(text) > MAX_TEXT]
    wrong += [one.name for one in volumes if not 0 <= one.free_bytes <= one.size_bytes]
    if wrong or len(volumes) > MAX_VOLUMES:
        raise Garbled(f"hardware: {', '.join(wrong) or 'too many volumes'}")
    return Hardware(texts["model"], texts["made_on"], texts["cpu"], cpus, memory, volumes, disks)


@fact(
    "hw.summary",
    explains=("EP-02",),
    windows=REGISTRY
    + r"""
$cpu = 'HARDWARE\DESCRIPTION\System\CentralProcessor\0'
$machine = Get-CimInstance -ClassName Win32_ComputerSystem -OperationTimeoutSec 15 -ErrorAction Stop
$product = Get-CimInstance -ClassName Win32_ComputerSystemProduct -OperationTimeoutSec 15 -ErrorAction Stop
$bios = Get-CimInstance -ClassName Win32_BIOS -OperationTimeoutSec 15 -ErrorAction Stop
$made = ''
if ($null -ne $bios.ReleaseDate) {
  $made = $bios.ReleaseDate.ToString('yyyy-MM-dd', [Globalization.CultureInfo]::InvariantCulture)
}
$volumes = @()
$found = Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType=3' `
  -OperationTimeoutSec 15 -ErrorAction Stop
foreach ($one in $found) {
  $volumes += @{ name = [string]$one.DeviceID; size = [int64]$one.Size; free = [int64]$one.FreeSpace }
}
$disks = $null
try {
  $disks = @()
  $found = Get-CimInstance -Namespace 'root/Microsoft/Windows/Storage' -ClassName MSFT_PhysicalDisk `
    -OperationTimeoutSec 15 -ErrorAction Stop
  foreach ($one in $found) { $disks += [int]$one.HealthStatus }
} catch { $disks = $null }
@{
  model = [string]$machine.Manufacturer + ' ' + [string]$machine.Model + ' ' + [string]$product.Version
  made_on = $made
  cpu = [string](Read-Value 'LocalMachine' $cpu 'ProcessorNameString')
  cpus = [int]$machine.NumberOfLogicalProcessors
  memory = [int64]$machine.TotalPhysicalMemory
  volumes = $volumes
  disks = $disks
}
""",
)
def windows_hardware(answer: Answer) -> Hardware:
    """Win32_ComputerSystem, its product's Version (where some makers write the model), volumes, disks."""
    names = ("model", "made_on", "cpu", "cpus", "memory", "volumes", "disks")
    values = dict(record(answer, *names))
    volumes = []
    for row in listed(values["volumes"]):
        one = members(row, "volumes", "name", "size", "free")
        size, free = whole(one["size"], "size"), whole(one["free"], "free")
        if size is None or free is None:
            raise Garbled(f"{answer.id}: a volume without size")
        volumes.append(Volume(word(one["name"], "name"), size, free))
    states = [whole(state, "disks") for state in listed(values["disks"])]
    return _hardware(values, tuple(volumes), tuple(_health(state) for state in states))


def _health(state: int | None) -> str:
    return "unknown" if state is None else HEALTH.get(state, "unknown")


@fact(
    "hw.summary",
    explains=("EP-02",),
    linux=r"""
one() { [ -r "$2" ] && IFS= read -r value <"$2" && printf '%s\t%s\n' "$1" "$value"; }
one model /sys/class/dmi/id/product_name
one made_on /sys/class/dmi/id/bios_date
awk '
  FILENAME ~ /meminfo/ && /^MemTotal:/ { printf "memory\t%.0f\n", $2 * 1024 }
  FILENAME ~ /cpuinfo/ && /^processor/ { cpus++ }
  FILENAME ~ /cpuinfo/ && cpu == "" && /^(model name|Model)/ { cpu = $0; sub(/^[^:]*:[ \t]*/, "", cpu) }
  END { print "cpu\t" cpu; if (cpus) print "cpus\t" cpus }' /proc/meminfo /proc/cpuinfo
df -Pk / 2>/dev/null | awk 'NR > 1 && $2 > 0 { print "volume\t" $6 "\t" $2 "\t" $4 }'
:
""",
    macos=r"""
printf 'model\t%s\n' "$(sysctl -n hw.model)"
printf 'cpu\t%s\n' "$(sysctl -n machdep.cpu.brand_string)"
printf 'cpus\t%s\n' "$(sysctl -n hw.ncpu)"
printf 'memory\t%s\n' "$(sysctl -n hw.memsize)"
df -Pk / 2>/dev/null | awk 'NR > 1 && $2 > 0 { print "volume\t" $6 "\t" $2 "\t" $4 }'
:
""",
)
def unix_hardware(answer: Answer) -> Hardware:
    """SMBIOS names, /proc or sysctl, and df of the root volume."""
    values: dict[str, Any] = dict.fromkeys(("model", "made_on", "cpu", "cpus", "memory"))
    volumes = []
    widths = {**dict.fromkeys(values, 2), "volume": 4}
    for row in columns(answer, widths):
        if row[0] != "volume":
            values[row[0]] = row[1].strip()
            continue
        if not all(re.fullmatch(r"[0-9]{1,18}", number) for number in row[2:]):
            raise Garbled(f"{answer.id}: df")
        volumes.append(Volume(row[1], int(row[2]) * KIB, int(row[3]) * KIB))
    if values["memory"] is None:
        raise Garbled(f"{answer.id}: no memory")
    return _hardware(values, tuple(volumes), ())
