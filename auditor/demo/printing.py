"""What an invented print server tells over IPP: one queue per section, and its jobs of the last weeks."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from auditor.demo.cast import Cast, PrintServerRow, SectionRow

_DAYS = 45
_FRIDAY = 4
_SIDES = ("one-sided", "two-sided-long-edge", "two-sided-short-edge")
_COMPLETED = 9


def told(cast: Cast, server: PrintServerRow, now: datetime) -> str:
    """The queues and completed jobs of one server, in the form the printing probe writes down."""
    rows = [row for row in cast.script.sections if row.id in cast.script.printing(server)]
    body = {
        "printers": [_printer(row, server, now) for row in rows],
        "active": [],
        "jobs": list(_jobs(rows, server, now)),
        "cut": False,
    }
    return json.dumps(body, ensure_ascii=False)


def _printer(row: SectionRow, server: PrintServerRow, now: datetime) -> dict[str, list[str | int]]:
    return {
        "printer-name": [f"{row.id}-mfp"],
        "printer-location": [row.location],
        "printer-make-and-model": ["Sample MFP"],
        "sides-default": [server.sides],
        "sides-supported": list(_SIDES),
        "job-sheets-default": ["none", "none"],
        "printer-up-time": [int(now.timestamp())],
        "printer-uri-supported": [f"ipp://localhost{_path(row)}"],
    }


def _path(row: SectionRow) -> str:
    return f"/printers/{row.id}-mfp"


def _jobs(
    rows: list[SectionRow], server: PrintServerRow, now: datetime
) -> Iterator[tuple[int, int, int, str, str, int]]:
    """One job per section and working day: number, sheets, end, queue, format and state, oldest first.

    The numbers run on without a gap, as a print server gives them.
    """
    days = (now - timedelta(days=ago) for ago in range(_DAYS, 0, -1))
    prints = ((day, row) for day in days if day.weekday() <= _FRIDAY for row in rows)
    for number, (day, row) in enumerate(prints, start=1):
        sheets = row.staff * server.sheets_per_head
        yield number, sheets, int(day.timestamp()), _path(row), "application/pdf", _COMPLETED
