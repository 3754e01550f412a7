"""What a PC's hardware vouches for, and what it leaves in memory when it sleeps: to explain findings."""

import re
from dataclasses import dataclass
from typing import Any

from auditor.api import Answer, Garbled, Reason, Unknown, fact
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._parts import PARTS, part
from checks.endpoint._read import columns, listed, members, record, truth, whole, word

SIP = {
    "System Integrity Protection status: enabled.": True,
    "System Integrity Protection status: disabled.": False,
}
STATES = frozenset({"freeze", "standby", "mem", "disk"})
NOT_ASKED = Unknown(Reason.NOT_MEASURABLE, "not a matter of this system")


@dataclass(frozen=True, slots=True)
class BootTrust:
    """`secure_boot` None = old firmware without it. `tpm` = version of the trust module, "" = none.

    `vbs` = virtualization-based security: 0 off, 1 set up, 2 running. `guards` = of those running: 1 guards
    credentials, 2 the kernel's code. `kernel` = protection of system processes or of the kernel in the
    system's own words: LSA's RunAsPPL, the kernel's lockdown, System Integrity Protection.
    """

    secure_boot: bool | Unknown | None
    tpm: str | Unknown
    vbs: int | Unknown
    guards: tuple[int, ...] | Unknown
    kernel: str | Unknown


@fact(
    "boot.trust",
    explains=("EP-05", "EP-06"),
    windows=REGISTRY
    + PARTS
    + r"""
$control = 'SYSTEM\CurrentControlSet\Control'
@{
  secure_boot = (Read-Value 'LocalMachine' "$control\SecureBoot\State" 'UEFISecureBootEnabled')
  lsa = (Read-Value 'LocalMachine' "$control\Lsa" 'RunAsPPL')
  tpm = (Get-Part {
    $version = $null
    $found = Get-CimInstance -ClassName Win32_Tpm -OperationTimeoutSec 15 -ErrorAction Stop `
      -Namespace 'root/cimv2/Security/MicrosoftTpm'
    foreach ($one in $found) { if ($one.IsEnabled_InitialValue) { $version = [string]$one.SpecVersion } }
    @{ version = $version }
  })
  vbs = (Get-Part {
    $one = Get-CimInstance -ClassName Win32_DeviceGuard -OperationTimeoutSec 15 -ErrorAction Stop `
      -Namespace 'root/Microsoft/Windows/DeviceGuard'
    @{ status = $one.VirtualizationBasedSecurityStatus; running = @($one.SecurityServicesRunning) }
  })
}
""",
)
def windows_trust(answer: Answer) -> BootTrust:
    """Registry values (a missing key of SecureBoot = BIOS), Win32_Tpm and Win32_DeviceGuard where allowed."""
    values = record(answer, "secure_boot", "lsa", "tpm", "vbs")
    vbs = part(values["vbs"], "vbs", _vbs)
    status, guards = (vbs, vbs) if isinstance(vbs, Unknown) else vbs
    return BootTrust(
        truth(values["secure_boot"], "secure_boot"),
        part(
            values["tpm"], "tpm", lambda value: word(members(value, "tpm", "version")["version"], "version")
        ),
        status,
        guards,
        f"RunAsPPL {whole(values['lsa'], 'lsa') or 0}",
    )


def _vbs(value: Any) -> tuple[int, tuple[int, ...]]:
    one = members(value, "vbs", "status", "running")
    status, running = (
        whole(one["status"], "status"),
        [whole(each, "running") for each in listed(one["running"])],
    )
    if status not in (0, 1, 2):
        raise Garbled("vbs: out of range")
    return status, tuple(each for each in running if each)


@fact(
    "boot.trust",
    explains=("EP-05",),
    linux=r"""
if [ -d /sys/firmware/efi ]; then
  printf 'efi\n'
  for f in /sys/firmware/efi/efivars/SecureBoot-*; do
    [ -r "$f" ] && od -An -tu1 "$f" | awk '
      { for (i = 1; i <= NF; i++) last = $i } END { print "secure\t" last }'
  done
fi
f=/sys/class/tpm/tpm0/tpm_version_major
[ -r "$f" ] && read -r version <"$f" && printf 'tpm\t%s\n' "$version"
f=/sys/kernel/security/lockdown
if [ -r "$f" ]; then
  read -r mode <"$f" && printf 'lockdown\t%s\n' "$mode"
elif [ -e "$f" ] || [ ! -x /sys/kernel/security ]; then
  printf 'denied\n'
fi
printf 'end\n'
""",
)
def linux_trust(answer: Answer) -> BootTrust:
    """Efivars' SecureBoot (last byte), the first TPM's major version, and the kernel's lockdown mode."""
    rows = columns(answer, {"efi": 1, "secure": 2, "tpm": 2, "lockdown": 2, "denied": 1, "end": 1})
    told = {row[0]: row[-1] for row in rows}
    if "end" not in told:
        raise Garbled(f"{answer.id}: incomplete")
    secure: bool | Unknown | None = None
    if "efi" in told:
        secure = Unknown(Reason.NOT_COLLECTED, "efivars is not mounted")
    if "secure" in told:
        secure = truth(whole(told["secure"], "secure"), "secure")
    mode = re.search(r"\[([a-z]+)\]", told.get("lockdown", ""))
    reason = Reason.NO_PERMISSION if "denied" in told else Reason.NOT_COLLECTED
    kernel = f"lockdown {mode[1]}" if mode else Unknown(reason, "lockdown")
    return BootTrust(secure, told.get("tpm", ""), NOT_ASKED, NOT_ASKED, kernel)


@fact("boot.trust", explains=("EP-05",), macos="csrutil status")
def macos_trust(answer: Answer) -> BootTrust:
    """System Integrity Protection, which csrutil tells in English on every system."""
    first = answer.text().strip().splitlines()[:1]
    if not first or first[0] not in SIP:
        raise Garbled(f"{answer.id}: not understood")
    kernel = "SIP on" if SIP[first[0]] else "SIP off"
    return BootTrust(NOT_ASKED, NOT_ASKED, NOT_ASKED, NOT_ASKED, kernel)


@dataclass(frozen=True, slots=True)
class Sleep:
    """`hibernates` = memory can be written to disk and switched off; in mere sleep keys stay in memory.

    `asks_ac`, `asks_battery` = a password on waking by policy, None = no policy.
    """

    hibernates: bool | Unknown
    asks_ac: bool | None
    asks_battery: bool | None


@fact(
    "power.sleep",
    explains=("EP-05", "EP-06", "EP-07"),
    windows=REGISTRY
    + r"""
$wake = 'SOFTWARE\Policies\Microsoft\Power\PowerSettings\0e796bdb-100d-47d6-a2d5-f7d2daa51f51'
@{
  hibernate = (Read-Value 'LocalMachine' 'SYSTEM\CurrentControlSet\Control\Power' 'HibernateEnabled')
  ac = (Read-Value 'LocalMachine' $wake 'ACSettingIndex')
  battery = (Read-Value 'LocalMachine' $wake 'DCSettingIndex')
}
""",
)
def windows_sleep(answer: Answer) -> Sleep:
    """HibernateEnabled, and the policy of the power setting "password on waking" by its GUID."""
    values = record(answer, "hibernate", "ac", "battery")
    hibernate = truth(values["hibernate"], "hibernate")
    return Sleep(
        Unknown(Reason.NOT_COLLECTED, "HibernateEnabled is not set") if hibernate is None else hibernate,
        truth(values["ac"], "ac"),
        truth(values["battery"], "battery"),
    )


@fact(
    "power.sleep",
    explains=("EP-05", "EP-07"),
    linux="[ -r /sys/power/state ] || exit 10\ncat /sys/power/state",
)
def linux_sleep(answer: Answer) -> Sleep:
    """The states that the kernel offers; ``disk`` is hibernation."""
    states = set(answer.text().split())
    if not states <= STATES:
        raise Garbled(f"{answer.id}: a state that the kernel does not have")
    return Sleep("disk" in states, None, None)


@fact(
    "power.sleep",
    explains=("EP-05", "EP-07"),
    macos="""pmset -g | awk '$1 == "hibernatemode" { print $2 }'""",
)
def macos_sleep(answer: Answer) -> Sleep:
    """hibernatemode: 0 keeps memory alone, 3 copies it to disk as well, 25 switches it off."""
    mode = whole(answer.text().strip(), answer.id)
    if mode is None or mode < 0:
        raise Garbled(f"{answer.id}: no mode")
    return Sleep(mode not in (0, 1), None, None)
