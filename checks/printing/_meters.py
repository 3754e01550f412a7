"""A device's own meter, asked over SNMP (Printer-MIB, RFC 3805): one reading, taken now."""

import json
import secrets
from dataclasses import dataclass

from auditor.api import (
    Answer,
    Dial,
    Garbled,
    NotKnown,
    PrintServer,
    Reason,
    Unreached,
    fact,
    folded,
    probe,
)
from checks.printing import _snmp

_PRINTER = (1, 3, 6, 1, 2, 1, 43)
SERIAL = (*_PRINTER, 5, 1, 1, 17, 1)
UNIT = (*_PRINTER, 10, 2, 1, 3, 1, 1)
LIFE_COUNT = (*_PRINTER, 10, 2, 1, 4, 1, 1)
ASKED = (SERIAL, UNIT, LIFE_COUNT)
UNITS = {7: "impressions", 8: "sheets"}
"""The units of PrtMarkerCounterUnitTC that can be held against a print log."""
ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Meter:
    """What the device that is declared as `serial` answered; `reason` None = it gave a usable reading.

    `told` = the serial number it gave itself. `unit` is one of `UNITS`, `count` its life count.
    """

    serial: str
    told: str = ""
    unit: str = ""
    count: int = 0
    reason: Reason | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Meters:
    """One answer for each device that has a declared SNMP address."""

    rows: tuple[Meter, ...]


@probe("printing.meters", kind="print-server")
def ask_meters(server: PrintServer, dial: Dial) -> bytes:
    """Serial number, unit and life count of each device, by one GET each.

    A closed agent and a wrong community look alike: silence.
    """
    asked = [(device.serial, device.snmp) for device in server.devices if device.snmp is not None]
    if not asked:
        raise NotKnown(Reason.NOT_DECLARED, "no device has a declared SNMP address")
    community = dial.secret("community").value.strip()
    rows: list[list[object]] = []
    for serial, place in asked:
        number = secrets.randbelow(2**31 - 1) + 1
        sent = _snmp.request(community, number, ASKED)
        try:
            body = dial.udp(place.host, place.port, sent, attempts=ATTEMPTS)
            told, unit, count = _snmp.values(body, community, number, ASKED)
        except (Unreached, NotKnown) as error:
            rows.append([serial, "", None, None, error.reason.value, error.note])
        except Garbled as error:
            rows.append([serial, "", None, None, Reason.UNREADABLE.value, error.note])
        else:
            name = told.decode("utf-8", "replace") if isinstance(told, bytes) else ""
            rows.append([serial, name, unit, count, "", ""] if _whole(unit, count) else _shapeless(serial))
    return json.dumps(rows, ensure_ascii=False).encode()


def _whole(unit: object, count: object) -> bool:
    return all(value is None or isinstance(value, int) for value in (unit, count))


def _shapeless(serial: str) -> list[object]:
    return [serial, "", None, None, Reason.UNREADABLE.value, "unit or count is no number"]


@fact("printing.meter", probe=ask_meters)
def meters(answer: Answer) -> Meters:
    """The readings; one without a unit that can be compared, or of another machine, is none."""
    try:
        return Meters(tuple(_meter(*row) for row in answer.json()))
    except (TypeError, ValueError) as error:
        raise Garbled(f"printing.meter: {error}"[:200]) from None


def _meter(serial: str, told: str, unit: int | None, count: int | None, reason: str, note: str) -> Meter:
    if reason:
        return Meter(serial, reason=Reason(reason), note=note)
    if folded(told) != folded(serial):
        return Meter(serial, told, reason=Reason.NOT_MEASURABLE, note=_another(told.strip()))
    if unit not in UNITS or not isinstance(count, int) or isinstance(count, bool) or count < 0:
        return Meter(serial, told, reason=Reason.NOT_MEASURABLE, note="counts neither sides nor sheets")
    return Meter(serial, told, UNITS[unit], count)


def _another(told: str) -> str:
    return f"the device says it is {told[:40]}" if told else "the device does not tell its serial number"
