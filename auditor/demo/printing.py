"""What an invented print server tells: queues and jobs over IPP, its page log, and its devices' meters."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone

from auditor.demo.cast import Cast, PrintServerRow, SectionRow

_DAYS = 45
_FRIDAY = 4
_SIDES = ("one-sided", "two-sided-long-edge", "two-sided-short-edge")
_COMPLETED = 9
_JAPAN = timezone(timedelta(hours=9))
_READ_AGO = (40, 5)
"""How many days ago the devices' meters were read."""
_METER_BEGAN = 120_000
Job = tuple[int, int, int, str, str, int, int]


def told(cast: Cast, server: PrintServerRow, now: datetime) -> Mapping[str, object]:
    """What each of the printing probes writes down, by its id."""
    rows = [row for row in cast.script.sections if row.id in cast.script.printing(server)]
    jobs = list(_jobs(rows, server, now))
    return {
        "printing.ipp": {
            "printers": [_printer(row, server, now) for row in rows],
            "active": [],
            "jobs": jobs,
            "cut": False,
        },
        "print.page-log": {"lines": list(_lines(jobs, server)), "malformed": []},
        "printing.readings": {"rows": list(_readings(rows, jobs, server, now)), "faults": []},
    }


def answers(cast: Cast, server: PrintServerRow, now: datetime) -> Iterator[tuple[str, bytes]]:
    """The same as the bytes of evidence, in order of id."""
    for id_, body in sorted(told(cast, server, now).items()):
        yield id_, json.dumps(body, ensure_ascii=False).encode()


def devices(cast: Cast, server: PrintServerRow) -> Iterator[tuple[str, str]]:
    """Serial number and queue of every device."""
    for section in cast.script.printing(server):
        yield _serial(section), _queue(section)


def _serial(section: str) -> str:
    return f"SAMPLE-{section.upper()}"


def _queue(section: str) -> str:
    return f"{section}-mfp"


def _printer(row: SectionRow, server: PrintServerRow, now: datetime) -> dict[str, list[str | int | bool]]:
    return {
        "printer-name": [_queue(row.id)],
        "printer-location": [row.location],
        "printer-make-and-model": ["Sample MFP"],
        "sides-default": [server.sides],
        "sides-supported": list(_SIDES),
        "job-sheets-default": ["none", "none"],
        "job-sheets-supported": ["none", "standard"],
        "color-supported": [True],
        "print-color-mode-default": [server.colour],
        "print-color-mode-supported": ["monochrome", "color"],
        "printer-up-time": [int(now.timestamp())],
        "printer-uri-supported": [f"ipp://localhost{_path(row)}"],
    }


def _path(row: SectionRow) -> str:
    return f"/printers/{_queue(row.id)}"


def _jobs(rows: list[SectionRow], server: PrintServerRow, now: datetime) -> Iterator[Job]:
    """One job per section and working day: number, sheets, end, queue, format, state, sides; oldest first.

    The numbers run on without a gap, as a print server gives them.
    """
    days = (now - timedelta(days=ago) for ago in range(_DAYS, 0, -1))
    prints = ((day, row) for day in days if day.weekday() <= _FRIDAY for row in rows)
    per_sheet = 1 if server.sides == "one-sided" else 2
    for number, (day, row) in enumerate(prints, start=1):
        sheets = row.staff * server.sheets_per_head
        at = int(day.timestamp())
        yield number, sheets, at, _path(row), "application/pdf", _COMPLETED, sheets * per_sheet


def _lines(jobs: list[Job], server: PrintServerRow) -> Iterator[tuple[str, int, str, int, bool]]:
    """A line for each job, and (where the server has one) a line that no job stands behind."""
    for at, (number, _, _, path, *_, sides) in enumerate(jobs, start=1):
        yield f"page_log:{at}", number, path.rpartition("/")[2], sides, True
    if server.forged_line:
        number, _, _, path, *_ = jobs[-1]
        yield f"page_log:{len(jobs) + 1}", number + 1, path.rpartition("/")[2], 9999, True


def _readings(
    rows: list[SectionRow], jobs: list[Job], server: PrintServerRow, now: datetime
) -> Iterator[tuple[str, str, int, str]]:
    """Two readings of each device; between them it made `unlogged` percent more than the jobs tell of."""
    first, last = (now - timedelta(days=ago) for ago in _READ_AGO)
    for row in rows:
        between = sum(
            job[6] for job in jobs if job[3] == _path(row) and first.timestamp() < job[2] <= last.timestamp()
        )
        for moment, count in ((first, 0), (last, between * (100 + server.unlogged) // 100)):
            day = moment.astimezone(_JAPAN).date().isoformat()
            yield _serial(row.id), day, _METER_BEGAN + count, "impressions"
