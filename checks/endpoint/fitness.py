"""Is the machine fit for work from home: battery, camera, microphone, display. Advice, never a demand."""

import re
from dataclasses import dataclass

from auditor.api import Answer, Garbled, fact
from checks.endpoint._read import columns, listed, members, record, whole

EXPLAINS = ("EP-03",)
MAX_MWH = 1_000_000
MICRO = 1000


@dataclass(frozen=True, slots=True)
class Battery:
    """One battery in milliwatt hours: as made and as it can still be charged; None = it does not tell."""

    design_mwh: int | None
    full_mwh: int | None


@dataclass(frozen=True, slots=True)
class Batteries:
    """All batteries; () = a machine without one."""

    batteries: tuple[Battery, ...]


@dataclass(frozen=True, slots=True)
class Meeting:
    """How many cameras and microphones the machine has; a scanner is no camera."""

    cameras: int
    microphones: int


@dataclass(frozen=True, slots=True)
class Displays:
    """`connected` displays (None = not told), and the widest picture in pixels (None = nobody is at one)."""

    connected: int | None
    width_px: int | None


@fact(
    "hw.battery",
    explains=EXPLAINS,
    windows=r"""
$full = @()
$found = Get-CimInstance -Namespace 'root/wmi' -ClassName BatteryFullChargedCapacity `
  -OperationTimeoutSec 15 -ErrorAction Stop
foreach ($one in $found) {
  $full += @{ name = [string]$one.InstanceName; mwh = [int64]$one.FullChargedCapacity }
}
$design = @()
if ($full.Count -gt 0) {
  $found = Get-CimInstance -Namespace 'root/wmi' -ClassName BatteryStaticData `
    -OperationTimeoutSec 15 -ErrorAction Stop
  foreach ($one in $found) {
    $design += @{ name = [string]$one.InstanceName; mwh = [int64]$one.DesignedCapacity }
  }
}
@{ full = $full; design = $design }
""",
)
def windows_batteries(answer: Answer) -> Batteries:
    """What the driver says in root/wmi (Win32_Battery's own design capacity is usually empty)."""
    values = record(answer, "full", "design")
    told: dict[str, dict[str, int]] = {"full": {}, "design": {}}
    for kind, by_name in told.items():
        for row in listed(values[kind]):
            one = members(row, kind, "name", "mwh")
            size = whole(one["mwh"], "mwh")
            if not isinstance(one["name"], str) or size is None or not 0 <= size <= MAX_MWH:
                raise Garbled(f"{answer.id}: no capacity")
            by_name[one["name"]] = size
    return Batteries(tuple(Battery(told["design"].get(name), full) for name, full in told["full"].items()))


@fact(
    "hw.battery",
    explains=EXPLAINS,
    linux=r"""
for d in /sys/class/power_supply/*; do
  [ -r "$d/type" ] || continue
  read -r kind <"$d/type"
  scope=System
  [ -r "$d/scope" ] && read -r scope <"$d/scope"
  [ "$kind" = Battery ] && [ "$scope" != Device ] || continue
  unit=energy ; full= ; design= ; volt=
  [ -r "$d/charge_full" ] && unit=charge
  [ -r "$d/${unit}_full" ] && read -r full <"$d/${unit}_full"
  [ -r "$d/${unit}_full_design" ] && read -r design <"$d/${unit}_full_design"
  [ -r "$d/voltage_min_design" ] && read -r volt <"$d/voltage_min_design"
  printf 'battery\t%s\t%s\t%s\t%s\n' "$unit" "$design" "$full" "$volt"
done
printf 'end\n'
""",
)
def linux_batteries(answer: Answer) -> Batteries:
    """The kernel's power supplies: energy in microwatt hours, or charge in microampere hours times volts."""
    rows = columns(answer, {"battery": 5, "end": 1})
    if [row for row in rows if row[0] == "end"] != rows[-1:]:
        raise Garbled(f"{answer.id}: incomplete")
    found = []
    for row in rows[:-1]:
        volt = _positive(row[4])
        sizes = [_positive(text) for text in row[2:4]]
        if row[1] == "charge":
            sizes = [None if size is None or volt is None else size * volt // 1_000_000 for size in sizes]
        elif row[1] != "energy":
            raise Garbled(f"{answer.id}: an unknown unit")
        found.append(Battery(*(None if size is None else size // MICRO for size in sizes)))
    return Batteries(tuple(found))


def _positive(text: str) -> int | None:
    if text in ("", "0"):
        return None
    if re.fullmatch(r"[0-9]{1,12}", text) is None:
        raise Garbled("not a number")
    return int(text)


@fact(
    "hw.meeting",
    explains=EXPLAINS,
    windows=r"""
$cameras = 0
$found = Get-CimInstance -ClassName Win32_PnPEntity -Filter "PNPClass='Camera'" -OperationTimeoutSec 15 `
  -ErrorAction Stop
foreach ($one in $found) { $cameras += 1 }
$microphones = 0
$path = 'SOFTWARE\Microsoft\Windows\CurrentVersion\MMDevices\Audio\Capture'
$key = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey($path)
if ($null -ne $key) {
  foreach ($name in $key.GetSubKeyNames()) {
    if ($key.OpenSubKey($name).GetValue('DeviceState') -eq 1) { $microphones += 1 }
  }
}
@{ cameras = $cameras; microphones = $microphones }
""",
)
def windows_meeting(answer: Answer) -> Meeting:
    """Devices of the class Camera, and recording devices whose state is 1 (active)."""
    values = record(answer, "cameras", "microphones")
    counts = [whole(values[name], name) for name in ("cameras", "microphones")]
    if counts[0] is None or counts[1] is None or min(counts[0], counts[1]) < 0:
        raise Garbled(f"{answer.id}: no number")
    return Meeting(counts[0], counts[1])


@fact(
    "hw.meeting",
    explains=EXPLAINS,
    linux=r"""
cameras=0
for d in /sys/class/video4linux/video*; do
  [ -e "$d" ] || continue
  index=0
  [ -r "$d/index" ] && read -r index <"$d/index"
  [ "$index" = 0 ] && cameras=$((cameras + 1))
done
microphones=0
if [ -r /proc/asound/pcm ]; then
  while read -r line; do
    case $line in *capture*) microphones=$((microphones + 1)) ;; esac
  done </proc/asound/pcm
fi
printf 'meeting\t%s\t%s\n' "$cameras" "$microphones"
""",
)
def linux_meeting(answer: Answer) -> Meeting:
    """The first node of every video device, and sound devices that can record."""
    rows = columns(answer, {"meeting": 3})
    if len(rows) != 1 or not all(re.fullmatch(r"[0-9]{1,4}", text) for text in rows[0][1:]):
        raise Garbled(f"{answer.id}: not understood")
    return Meeting(int(rows[0][1]), int(rows[0][2]))


@fact(
    "hw.display",
    explains=EXPLAINS,
    windows=r"""
$widths = @()
$found = Get-CimInstance -ClassName Win32_VideoController -OperationTimeoutSec 15 -ErrorAction Stop
foreach ($one in $found) { $widths += $one.CurrentHorizontalResolution }
@{ widths = @($widths) }
""",
)
def windows_displays(answer: Answer) -> Displays:
    """The widest picture; a session without a display (SSH, SYSTEM) has none."""
    widths = [whole(value, "widths") for value in listed(record(answer, "widths")["widths"])]
    return Displays(None, max((width for width in widths if width), default=None))


@fact(
    "hw.display",
    explains=EXPLAINS,
    linux=r"""
for d in /sys/class/drm/card*-*; do
  [ -r "$d/status" ] || continue
  read -r status <"$d/status"
  [ "$status" = connected ] || continue
  mode=
  [ -r "$d/modes" ] && read -r mode <"$d/modes"
  printf 'display\t%s\n' "$mode"
done
printf 'end\n'
""",
)
def linux_displays(answer: Answer) -> Displays:
    """Connected outputs, and the widest of their preferred modes."""
    rows = columns(answer, {"display": 2, "end": 1})
    if [row for row in rows if row[0] == "end"] != rows[-1:]:
        raise Garbled(f"{answer.id}: incomplete")
    widths = []
    for row in rows[:-1]:
        match = re.fullmatch(r"([0-9]{1,5})x[0-9]{1,5}i?|", row[1])
        if match is None:
            raise Garbled(f"{answer.id}: not a mode")
        widths += [int(match[1])] if match[1] else []
    return Displays(len(rows) - 1, max(widths, default=None))
