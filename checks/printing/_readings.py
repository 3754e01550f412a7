"""Meter sheets (検針票) as a town types them into a CSV: what each device's counter stood at on which day."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from auditor.api import Answer, Folder, Garbled, NotKnown, PrintServer, Reason, fact, folded, probe
from checks._ledgers._table import csv_table
from checks.printing._ledger import Columns, Faults, cells_of, count_of, day_of

READINGS = Columns(
    {
        "serial": ("機番", "製造番号", "シリアル番号", "機械番号", "serial number"),
        "date": ("検針日", "確認日", "日付", "read on"),
        "count": ("カウンタ値", "総カウンタ", "カウンター値", "総カウンター", "検針値", "total count"),
        "unit": ("単位", "カウンタの単位"),
    },
    needed=("serial", "date", "count"),
)
UNITS = {
    folded(word): unit
    for unit, words in {
        "impressions": ("面", "ページ", "カウント", "impressions"),
        "sheets": ("枚", "sheets"),
    }.items()
    for word in words
}
"""What a meter may count: printed sides or sheets of paper; another word, or none, cannot be compared."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A counter on one day; `unit` "" = not told, `count` None = the cell is blank."""

    serial: str
    day: date
    count: int | None
    unit: str


@dataclass(frozen=True, slots=True)
class Readings:
    """All readings; `faults` = places that could not be read, as ``file:row column``."""

    rows: tuple[Reading, ...]
    faults: tuple[str, ...]


@probe("printing.readings", kind="print-server")
def read_sheets(server: PrintServer, folder: Folder) -> bytes:
    """The readings in every CSV of the records folder that has a serial number, a day and a count."""
    faults = Faults()
    rows: list[list[object]] = []
    for name in folder.names(".csv"):
        rows += _rows(name, folder.read(name), faults)
    if not rows and not faults.places:
        raise NotKnown(Reason.NOT_COLLECTED, f"no meter sheet among the records of {server.id}")
    return json.dumps({"rows": rows, "faults": faults.places}, ensure_ascii=False).encode()


def _rows(name: str, content: bytes, faults: Faults) -> Iterator[list[object]]:
    try:
        table = csv_table(content, name)
        at = READINGS.found(table.rows[0][1]) if table.rows else None
    except Garbled:
        faults.add(name, 1)
        return
    if at is None:
        return
    for row, cells in cells_of(table, at, faults):
        try:
            key = "date"
            day = day_of(cells["date"])
            key = "count"
            count = count_of(cells["count"])
        except ValueError:
            faults.add(name, row, key)
            continue
        if not cells["serial"] or ((unit := cells.get("unit", "")) and folded(unit) not in UNITS):
            faults.add(name, row, "unit" if cells["serial"] else "serial")
            continue
        yield [cells["serial"], day.isoformat(), count, UNITS.get(folded(unit), "")]


@fact("printing.reading", probe=read_sheets)
def readings(answer: Answer) -> Readings:
    """The readings in order of day."""
    body = answer.json()
    try:
        rows = [
            Reading(serial, date.fromisoformat(day), _count(count), unit)
            for serial, day, count, unit in body["rows"]
        ]
        return Readings(tuple(sorted(rows, key=lambda row: row.day)), tuple(body["faults"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Garbled(f"printing.reading: {error}"[:200]) from None


def _count(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a count")
    return value
