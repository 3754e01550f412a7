"""What a CUPS print server tells over IPP: its queues, and the completed jobs it still remembers.

Jobs are asked for once for the whole server, not queue by queue: CUPS keeps one history (``MaxJobs``) for
all queues and drops its oldest job whichever queue that belongs to, so only the server's oldest job tells
how far any figure reaches back. Names of people, documents and hosts are not asked for.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from auditor.api import Answer, Garbled, Http, NotKnown, PrintServer, Reason, Unreached, fact, probe
from checks.printing._ipp import (
    BOOLEAN,
    CUPS_GET_PRINTERS,
    GET_JOBS,
    INTEGER,
    JOB_GROUP,
    KEYWORD,
    PRINTER_GROUP,
    URI,
    Asked,
    Attributes,
    Message,
    decode,
    request,
)

RAW_MODEL = "Local Raw Printer"
"""What CUPS calls a queue without a driver; its counts are copies plus one, whatever was printed."""
RAW_FORMATS = ("application/vnd.cups-raw", "application/octet-stream")
"""Documents that pass by the driver (``lp -o raw``, Windows drivers): counted as 0 or as a wrong number."""
COMMAND_FORMAT, COMPLETED = "application/vnd.cups-command", 9
"""Orders to a printer, which need no paper; and the IPP job state of a job that was really printed."""
MAX_QUEUES = 200
MAX_JOBS = 50_000
PAGE = 500
"""Jobs asked for at once; CUPS never gives more than 500, whatever ``limit`` says."""
HORIZON_S = 120 * 86400
"""Older jobs are not asked for: no window reaches so far back."""
OK_STATUS, HTTP_OK = range(0x0100), 200
NOT_FOUND, NOT_AUTHORISED = 0x0406, (0x0401, 0x0402, 0x0403)
PRINTER_WANTED = (
    *("printer-name", "printer-location", "printer-make-and-model", "sides-default", "sides-supported"),
    *("printer-up-time", "printer-uri-supported", "job-sheets-default", "job-sheets-supported"),
    *("color-supported", "print-color-mode-default", "print-color-mode-supported"),
)
JOB_WANTED = (
    *("job-id", "job-media-sheets-completed", "time-at-completed"),
    *("job-printer-uri", "document-format", "job-state", "job-impressions-completed"),
)


@dataclass(frozen=True, slots=True)
class Queue:
    """A print queue; `model` "" = not told.

    `sides`, `banners` and `colours` are defaults, several where driver and administrator differ; they and
    what is supported: () = not told. `in_colour` = it prints in colour, None = not told.
    """

    name: str
    location: str
    model: str
    sides: tuple[str, ...]
    sides_supported: tuple[str, ...]
    banners: tuple[str, ...]
    banners_supported: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    colours_supported: tuple[str, ...] = ()
    in_colour: bool | None = None

    @property
    def raw(self) -> bool:
        """True for a queue that cannot count."""
        return self.model == RAW_MODEL


@dataclass(frozen=True, slots=True)
class Job:
    """A finished job; `at` in Unix seconds, `queue` "" = one that is gone.

    `sheets` and `impressions` (printed sides): None = not measured. `told` = the sides that the server itself
    says, even where they mean nothing. `done` = it was printed to its end.
    """

    id: int
    at: int
    queue: str
    sheets: int | None
    impressions: int | None = None
    told: int | None = None
    done: bool = True


@dataclass(frozen=True, slots=True)
class Printing:
    """A server's queues and jobs; `now` = its own clock when asked, Unix seconds.

    `active` = numbers of jobs still waiting. `cut` = the server has more jobs than were asked for.
    """

    queues: tuple[Queue, ...]
    jobs: tuple[Job, ...]
    active: frozenset[int]
    now: int
    cut: bool


@probe("printing.ipp", kind="print-server")
def ask_printing(server: PrintServer, http: Http) -> bytes:
    """The queues, the numbers of waiting jobs, then the completed jobs page by page, newest first.

    Waiting jobs are asked for first: a job that ends in between is then seen twice, never missed.
    """
    wanted: list[Asked] = [(KEYWORD, "requested-attributes", PRINTER_WANTED)]
    printers = _ask(server, http, 1, CUPS_GET_PRINTERS, wanted).of(PRINTER_GROUP)
    if not printers:
        raise NotKnown(Reason.NOT_MEASURABLE, "the server has no print queue")
    if len(printers) > MAX_QUEUES:
        raise NotKnown(Reason.NOT_MEASURABLE, f"more than {MAX_QUEUES} queues")
    active, _ = _jobs(server, http, "not-completed", 0)
    times = [_first(printer, "printer-up-time") for printer in printers]
    oldest = max((at for at in times if isinstance(at, int)), default=0) - HORIZON_S
    jobs, cut = _jobs(server, http, "completed", oldest)
    told = {"printers": printers, "active": list(active), "jobs": list(jobs.values()), "cut": cut}
    return json.dumps(told, ensure_ascii=False).encode()


def _jobs(server: PrintServer, http: Http, which: str, oldest: int) -> tuple[dict[int, list[Any]], bool]:
    """Jobs by number, and True when there are more that were not asked for."""
    found: dict[int, list[Any]] = {}
    seen = 0
    while seen < MAX_JOBS:
        page = _ask(server, http, seen + 1, GET_JOBS, _wanted(server, which, seen + 1)).of(JOB_GROUP)
        rows = [_row(job) for job in page]
        fresh = {row[0]: row for row in rows if row[0] not in found}
        found |= fresh
        seen += len(rows)
        if not rows:
            return found, False
        if not fresh:  # the server begins anew instead of going on
            return found, True
        if _newest_first(found) and rows[-1][2] < oldest:
            return found, False
    return found, True


def _newest_first(found: dict[int, list[Any]]) -> bool:
    times = [row[2] for row in found.values()]
    return all(isinstance(at, int) for at in times) and times == sorted(times, reverse=True)


def _wanted(server: PrintServer, which: str, first: int) -> list[Asked]:
    parts = urlsplit(server.url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return [
        (URI, "printer-uri", (f"ipp://{host}:{parts.port or 631}/",)),
        (KEYWORD, "which-jobs", (which,)),
        (BOOLEAN, "my-jobs", (False,)),
        (INTEGER, "limit", (PAGE,)),
        (INTEGER, "first-index", (first,)),
        (KEYWORD, "requested-attributes", JOB_WANTED),
    ]


def _ask(server: PrintServer, http: Http, number: int, operation: int, attributes: list[Asked]) -> Message:
    reply = http.request(
        "POST",
        server.url,
        body=request(operation, number, attributes),
        headers={"Content-Type": "application/ipp"},
    )
    if reply.status in (401, 403):
        raise Unreached(Reason.NOT_AUTHORISED, f"HTTP {reply.status}")
    if reply.status != HTTP_OK or not reply.headers.get("content-type", "").startswith("application/ipp"):
        raise Unreached(Reason.WRONG_SERVICE, f"HTTP {reply.status}, not IPP")
    message = decode(reply.body, number)
    if message.status == NOT_FOUND:  # CUPS says so where there is nothing to list
        return Message(0, ())
    if message.status in NOT_AUTHORISED:
        raise Unreached(Reason.NOT_AUTHORISED, f"IPP status {message.status:#06x}")
    if message.status not in OK_STATUS:
        raise NotKnown(Reason.UNREADABLE, f"IPP status {message.status:#06x}")
    return message


def _row(job: Attributes) -> list[Any]:
    """A job as its number, sheets, end, queue's path, format, state and sides, as they were told."""
    row = [_first(job, name) for name in JOB_WANTED]
    if not isinstance(row[0], int):
        raise Garbled("a job without a number")
    row[3] = _path(row[3])
    return row


def _first(attributes: Attributes, name: str) -> Any:
    return (attributes.get(name) or (None,))[0]


def _path(uri: Any) -> str:
    return urlsplit(str(uri or "")).path


@fact("printing.ipp", probe=ask_printing)
def printing(answer: Answer) -> Printing:
    """Queues and jobs as they were told; a negative or shapeless figure makes the whole answer unusable."""
    body = answer.json()
    try:
        printers = body["printers"]
        now = max(_whole(_first(printer, "printer-up-time")) for printer in printers)
        names = {_path(_first(row, "printer-uri-supported")): str(row["printer-name"][0]) for row in printers}
        return Printing(
            queues=tuple(_queue(printer) for printer in printers),
            jobs=tuple(_job(row, names, now) for row in body["jobs"]),
            active=frozenset(_whole(number) for number in body["active"]),
            now=now,
            cut=body["cut"] is not False,
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Garbled(f"printing.ipp: {error}"[:200]) from None


def _queue(printer: dict[str, Any]) -> Queue:
    return Queue(
        name=str(printer["printer-name"][0]),
        location=str(_first(printer, "printer-location") or "").strip(),
        model=str(_first(printer, "printer-make-and-model") or "").strip(),
        sides=_words(printer, "sides-default"),
        sides_supported=_words(printer, "sides-supported"),
        banners=_words(printer, "job-sheets-default"),
        banners_supported=_words(printer, "job-sheets-supported"),
        colours=_words(printer, "print-color-mode-default"),
        colours_supported=_words(printer, "print-color-mode-supported"),
        in_colour=colour if isinstance(colour := _first(printer, "color-supported"), bool) else None,
    )


def _job(row: list[Any], names: dict[str, str], now: int) -> Job:
    """A job; not measured where its sheets, format or end are not told, or no sheet was needed to print.

    Older evidence does not tell the sides.
    """
    number, sheets, at, path, kind, state, sides = row if len(row) == len(JOB_WANTED) else [*row, None]
    count = None if sheets is None else _whole(sheets)
    printed = None if sides is None else _whole(sides)
    bypassed = kind in RAW_FORMATS or (kind is None and state == COMPLETED)
    nothing = count == 0 and state == COMPLETED and kind != COMMAND_FORMAT
    return Job(
        id=_whole(number),
        at=now if at is None else _whole(at),
        queue=names.get(path, ""),
        sheets=None if bypassed or nothing or at is None else count,
        impressions=None if bypassed or nothing or at is None else printed,
        told=printed,
        done=state == COMPLETED,
    )


def _words(printer: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(word) for word in printer.get(name, ()) if word)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a count")
    return value
