"""USB storage: what nobody approved cannot be used."""

import re
from dataclasses import dataclass

from auditor.api import (
    CONSOLE,
    Answer,
    Endpoint,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._fragments import REGISTRY, VIRTUAL
from checks.endpoint._read import columns, listed, record, truth, whole, word

DISABLED = 4
NO_COMMAND = re.compile(r"(/usr)?/s?bin/(true|false|nologin)")


@dataclass(frozen=True, slots=True)
class UsbStorage:
    """What the system does with a USB disk: `read` and `write` = it lets it.

    `elsewhere` names what may restrict it in a way that cannot be seen here ("" = nothing known).
    """

    read: bool
    write: bool
    elsewhere: str = ""


@fact(
    "usb.storage",
    windows=REGISTRY
    + r"""
$services = 'SYSTEM\CurrentControlSet\Services'
$devices = 'SOFTWARE\Policies\Microsoft\Windows\RemovableStorageDevices'
$disks = "$devices\{53f5630d-b6bf-11d0-94f2-00a0c91efb8b}"
$install = 'SOFTWARE\Policies\Microsoft\Windows\DeviceInstall\Restrictions'
$agents = @()
foreach ($view in 'Registry64', 'Registry32') {
  $root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', $view)
  $key = $root.OpenSubKey('SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall')
  if ($null -eq $key) { continue }
  foreach ($name in $key.GetSubKeyNames()) {
    $shown = [string]$key.OpenSubKey($name).GetValue('DisplayName')
    if ($shown -match 'SKYSEA|LANSCOPE|AssetView') { $agents += $shown }
  }
}
@{
  usbstor = (Read-Value 'LocalMachine' "$services\USBSTOR" 'Start')
  uaspstor = (Read-Value 'LocalMachine' "$services\UASPStor" 'Start')
  deny_all = (Read-Value 'LocalMachine' $devices 'Deny_All')
  deny_read = (Read-Value 'LocalMachine' $disks 'Deny_Read')
  deny_write = (Read-Value 'LocalMachine' $disks 'Deny_Write')
  deny_unspecified = (Read-Value 'LocalMachine' $install 'DenyUnspecified')
  agents = $agents
}
""",
)
def windows_usb(answer: Answer) -> UsbStorage:
    """Both storage drivers off, or the policy denies removable disks; an unset value denies nothing.

    USBSTOR alone is not enough: newer disks use UASPStor. DenyUnspecified stops only what is not installed
    yet, and asset-management agents block by a driver of their own: both are named, neither is proof.
    """
    names = ("usbstor", "uaspstor", "deny_all", "deny_read", "deny_write", "deny_unspecified")
    values = record(answer, *names, "agents")
    number = {name: whole(values[name], name) for name in names}
    agents = [word(one, "agents") for one in listed(values["agents"])]
    drivers_off = number["usbstor"] == number["uaspstor"] == DISABLED
    denied = drivers_off or number["deny_all"] == 1
    elsewhere = agents[0] if agents else "DenyUnspecified" if number["deny_unspecified"] == 1 else ""
    return UsbStorage(
        read=not (denied or number["deny_read"] == 1),
        write=not (denied or number["deny_write"] == 1),
        elsewhere=elsewhere,
    )


@fact(
    "usb.storage",
    linux=VIRTUAL
    + r"""
printf 'virtual\t%s\n' "$virtual"
read -r kernel </proc/sys/kernel/osrelease
if [ -e /sys/module/usb_storage ]; then echo loaded; fi
modules=
for d in "/lib/modules/$kernel" "/usr/lib/modules/$kernel"; do
  [ -r "$d/modules.dep" ] && modules=$d && break
done
if [ -n "$modules" ]; then
  awk '
    FILENAME ~ /builtin$/ && /\/usb-storage\.ko/ { print "builtin" }
    FILENAME ~ /dep$/ && /^[^:]*\/usb-storage\.ko/ { print "driver" }
    END { print "modules" }' "$modules/modules.builtin" "$modules/modules.dep"
fi
seen=
for d in /etc/modprobe.d /run/modprobe.d /usr/local/lib/modprobe.d /usr/lib/modprobe.d /lib/modprobe.d; do
  for f in "$d"/*.conf; do
    [ -e "$f" ] || [ -L "$f" ] || continue
    case $seen in *"/${f##*/}/"*) continue ;; esac
    seen="$seen/${f##*/}/"
    [ -e "$f" ] || continue
    [ -r "$f" ] || exit 11
    awk '
      { while (/\\$/) { sub(/\\$/, ""); if ((getline more) <= 0) break; $0 = $0 more } }
      $1 == "install" && ($2 == "usb-storage" || $2 == "usb_storage") {
      sub(/^[ \t]*install[ \t]+[^ \t]+[ \t]*/, "")
      print "install\t" $0 }' "$f"
  done
done
if [ -d /etc/usbguard ]; then echo usbguard; fi
""",
)
def linux_usb(answer: Answer) -> UsbStorage:
    """The driver does not exist, or `install usb-storage` runs nothing and it is not loaded already.

    A ``blacklist`` line is no proof: the driver still comes in as a dependency. A file hides those of its
    name in the folders after its own.
    """
    rows = columns(
        answer,
        {"virtual": 2, "loaded": 1, "modules": 1, "builtin": 1, "driver": 1, "install": 2, "usbguard": 1},
    )
    tags = {row[0] for row in rows}
    virtual = [row[1] for row in rows if row[0] == "virtual"]
    if len(virtual) != 1:
        raise Garbled(f"{answer.id}: incomplete")
    if virtual[0] == "container" or "modules" not in tags:
        raise NotKnown(Reason.NOT_MEASURABLE, "the kernel's drivers are not seen from here")
    commands = [row[1].strip() for row in rows if row[0] == "install"]
    stopped = bool(commands) and all(NO_COMMAND.fullmatch(command) for command in commands)
    usable = "loaded" in tags or "builtin" in tags or ("driver" in tags and not stopped)
    return UsbStorage(read=usable, write=usable, elsewhere="usbguard" if "usbguard" in tags else "")


@fact("usb.storage", chromeos=CONSOLE)
def chromeos_usb(answer: Answer) -> UsbStorage:
    """Policies ExternalStorageDisabled and ExternalStorageReadOnly; unset means allowed."""
    values = record(answer, "external_storage_disabled", "external_storage_read_only")
    disabled = truth(values["external_storage_disabled"], "external_storage_disabled")
    read_only = truth(values["external_storage_read_only"], "external_storage_read_only")
    if disabled is None and read_only is None:
        raise NotKnown(Reason.NOT_MEASURABLE, "the export does not tell the policy")
    return UsbStorage(read=not disabled, write=not (disabled or read_only))


@check("EP-11")
def storage_denied(usb: UsbStorage, endpoint: Endpoint, params: Params) -> Judgement:
    """Nothing can be read or written; the My-Number zone has a sentence of its own for writing."""
    if not usb.read and not usb.write:
        return passed()
    if usb.elsewhere:
        return unknown(Reason.NOT_MEASURABLE, f"may be restricted by {usb.elsewhere}")
    if endpoint.zone == "mynumber" and usb.write and params.text("mynumber") == "block":
        return failed("mynumber")
    return failed("open" if usb.write else "readable")
