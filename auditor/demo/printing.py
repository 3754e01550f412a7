"""What an invented print server tells over IPP: one queue per section, and its jobs of the last weeks."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from auditor.demo.cast import Cast, PrintServerRow, SectionRow

_DAYS = 45
_FRIDAY = 4
_SIDES = ("one-sided", "two-sided-long-edge", "two-sided-short-edge")


def told(cast: Cast, server: PrintServerRow, now: datetime) -> str:
    """The queues and completed jobs of one server, in the form the printing probe writes down."""
    rows = [
        {"printer": _printer(row, server, now), "jobs": list(_jobs(row, server, now))}
        for row in cast.script.sections
        if row.id in cast.script.printing(server)
    ]
    return json.dumps(rows, ensure_ascii=False)


def _printer(row: SectionRow, server: PrintServerRow, now: datetime) -> dict[str, list[str | int]]:
    return {
        "printer-name": [f"{row.id}-mfp"],
        "printer-location": [row.location],
        "printer-make-and-model": ["Sample MFP"],
        "sides-default": [server.sides],
        "sides-supported": list(_SIDES),
        "printer-up-time": [int(now.timestamp())],
        "printer-uri-supported": [f"ipp://localhost/printers/{row.id}-mfp"],
    }


def _jobs(row: SectionRow, server: PrintServerRow, now: datetime) -> Iterator[tuple[int, int, int]]:
    """One job per working day as (number, sheets, completed at)."""
    for ago in range(1, _DAYS + 1):
        day = now - timedelta(days=ago)
        if day.weekday() <= _FRIDAY:
            yield ago, row.staff * server.sheets_per_head, int(day.timestamp())
