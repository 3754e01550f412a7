"""The machine itself: the one that answers is the one the asset ledger names."""

import re
import unicodedata
from dataclasses import dataclass

from auditor.api import (
    CONSOLE,
    Answer,
    Endpoint,
    Garbled,
    Judgement,
    NotKnown,
    Reason,
    Town,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import record, word

MAX_SERIAL = 128
MACHINE = re.compile(r"[0-9A-Fa-f]{8}-?([0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}")
PLACEHOLDERS = frozenset(
    {
        "",
        "0",
        "00000000",
        "0123456789",
        "123456789",
        "1234567890",
        "DEFAULTSTRING",
        "INVALID",
        "N/A",
        "NONE",
        "NOTAPPLICABLE",
        "NOTAVAILABLE",
        "NOTSPECIFIED",
        "OEM",
        "SYSTEMSERIALNUMBER",
        "TOBEFILLEDBYO.E.M.",
        "UNKNOWN",
    }
)
"""What firmware holds where the maker wrote no serial number, as `folded`."""


@dataclass(frozen=True, slots=True)
class SerialNumber:
    """The maker's serial number as the firmware tells it."""

    text: str


def folded(serial: str) -> str:
    """A serial number as it is compared: width, case and spaces do not matter."""
    return "".join(unicodedata.normalize("NFKC", serial).upper().split())


def _serial(text: str, what: str) -> SerialNumber:
    if len(text) > MAX_SERIAL or any(unicodedata.category(sign).startswith("C") for sign in text):
        raise Garbled(f"{what}: not a serial number")
    if folded(text) in PLACEHOLDERS or not folded(text).strip("0.-X"):
        raise NotKnown(Reason.NOT_MEASURABLE, f"{what}: the firmware holds no serial number")
    return SerialNumber(text)


@fact(
    "host.id",
    linux=r"""
f=/sys/class/dmi/id/product_serial
[ -e "$f" ] || f=/proc/device-tree/serial-number
[ -e "$f" ] || exit 10
[ -r "$f" ] || exit 11
tr -d '\000' <"$f"
""",
    macos=r"""
ioreg -rd1 -c IOPlatformExpertDevice | awk -F'"' '$2 == "IOPlatformSerialNumber" { print $4 }'
""",
)
def unix_serial(answer: Answer) -> SerialNumber:
    """SMBIOS system serial number (root only on Linux), device tree, or the I/O registry's."""
    return _serial(answer.text().strip(), answer.id)


@fact(
    "host.id",
    windows=r"""
$bios = Get-CimInstance -ClassName Win32_BIOS -OperationTimeoutSec 15 -ErrorAction Stop
@{ serial = [string]$bios.SerialNumber }
""",
    chromeos=CONSOLE,
    ipados=CONSOLE,
)
def managed_serial(answer: Answer) -> SerialNumber:
    """Win32_BIOS.SerialNumber, or ``serialNumber`` of the admin console's device list."""
    return _serial(word(record(answer, "serial")["serial"], answer.id), answer.id)


@dataclass(frozen=True, slots=True)
class MachineId:
    """The system's own id, made when it was installed; copied systems share it."""

    text: str


@fact(
    "host.machine",
    explains=("EP-01",),
    linux=r"""
f=/etc/machine-id
[ -e "$f" ] || exit 10
[ -r "$f" ] || exit 11
cat "$f"
""",
    macos=r"""
ioreg -rd1 -c IOPlatformExpertDevice | awk -F'"' '$2 == "IOPlatformUUID" { print $4 }'
""",
)
def unix_machine(answer: Answer) -> MachineId:
    """machine-id(5), or the I/O registry's IOPlatformUUID."""
    return _machine(answer.text().strip(), answer.id)


@fact(
    "host.machine",
    explains=("EP-01",),
    windows=REGISTRY
    + r"""
@{ id = [string](Read-Value 'LocalMachine' 'SOFTWARE\Microsoft\Cryptography' 'MachineGuid') }
""",
)
def windows_machine(answer: Answer) -> MachineId:
    """MachineGuid of the 64-bit registry."""
    return _machine(word(record(answer, "id")["id"], answer.id), answer.id)


def _machine(text: str, what: str) -> MachineId:
    if MACHINE.fullmatch(text) is None:
        raise Garbled(f"{what}: not a machine id")
    return MachineId(text.lower())


@check("EP-01")
def stands_in_ledger(serial: SerialNumber, endpoint: Endpoint, town: Town) -> Judgement:
    """Exactly one ledger row has this serial number, it is this endpoint's, and it names a section."""
    if town.root is None:
        return unknown(Reason.NOT_DECLARED, "no asset ledger")
    rows = [row for row in town.endpoints if folded(row.serial) == folded(serial.text)]
    if not rows and not endpoint.serial.strip():
        return unknown(Reason.NOT_DECLARED, f"{endpoint.id}: the ledger has no serial number for it")
    if not rows:
        return failed("not_listed", serial=serial.text)
    if len(rows) > 1:
        return failed("twice", serial=serial.text, places=tuple(row.id for row in rows))
    if rows[0].id != endpoint.id:
        return failed("other", serial=serial.text, asset=rows[0].id)
    return passed(serial=serial.text) if rows[0].section else failed("no_section", serial=serial.text)
