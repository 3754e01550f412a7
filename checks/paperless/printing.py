"""Print servers (CUPS over IPP): where queues stand, what they count, and how much paper each section uses.

Only sheets are counted, never people: job names, users and hosts are not asked for.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from auditor.api import (
    Answer,
    Garbled,
    Http,
    Judgement,
    NotKnown,
    Params,
    PrintServer,
    Reason,
    Town,
    Unreached,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.paperless._ipp import (
    BOOLEAN,
    CUPS_GET_PRINTERS,
    GET_JOBS,
    INTEGER,
    JOB_GROUP,
    KEYWORD,
    PRINTER_GROUP,
    URI,
    Attributes,
    Message,
    decode,
    request,
)

RAW_MODEL = "Local Raw Printer"
"""What CUPS calls a queue without a driver; its counts are copies plus one, whatever was printed."""
MAX_QUEUES = 200
MAX_JOBS = 50_000
OK_STATUS, HTTP_OK = range(0x0100), 200
PRINTER_WANTED = (
    *("printer-name", "printer-location", "printer-make-and-model", "sides-default", "sides-supported"),
    *("printer-up-time", "printer-uri-supported"),
)
JOB_WANTED = ("job-id", "job-media-sheets-completed", "time-at-completed")
DAY_S = 86400
WEEKDAYS = 5


@dataclass(frozen=True, slots=True)
class Queue:
    """A print queue. `sides` are its defaults (several where driver and administrator differ), () = not told.

    `jobs` = (completed at, sheets) in Unix seconds, newest first.
    """

    name: str
    location: str
    raw: bool
    sides: tuple[str, ...]
    sides_supported: tuple[str, ...]
    jobs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Printing:
    """A server's queues; `now` = its own clock when asked, Unix seconds."""

    queues: tuple[Queue, ...]
    now: int


@probe("printing.ipp", kind="print-server")
def ask_printing(server: PrintServer, http: Http) -> bytes:
    """One request for the queues, then one per queue for its completed jobs."""
    printers = _ask(server, http, 1, CUPS_GET_PRINTERS, [(KEYWORD, "requested-attributes", PRINTER_WANTED)])
    groups = printers.of(PRINTER_GROUP)
    if not groups:
        raise NotKnown(Reason.NOT_MEASURABLE, "the server has no print queue")
    if len(groups) > MAX_QUEUES:
        raise NotKnown(Reason.NOT_MEASURABLE, f"more than {MAX_QUEUES} queues")
    rows = []
    for number, printer in enumerate(groups, start=2):
        jobs = _jobs(server, http, number, printer)
        rows.append(
            {"printer": printer, "jobs": [_job(job) for job in jobs if _first(job, "job-id") is not None]}
        )
    return json.dumps(rows, ensure_ascii=False).encode()


def _jobs(server: PrintServer, http: Http, number: int, printer: Attributes) -> tuple[Attributes, ...]:
    uri = _first(printer, "printer-uri-supported")
    if not isinstance(uri, str):
        raise Garbled("a queue without its address")
    parts = urlsplit(server.url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    ours = f"ipp://{host}:{parts.port or 631}{urlsplit(uri).path}"
    wanted = [
        (URI, "printer-uri", (ours,)),
        (KEYWORD, "which-jobs", ("completed",)),
        (BOOLEAN, "my-jobs", (False,)),
        (INTEGER, "limit", (MAX_JOBS,)),
        (KEYWORD, "requested-attributes", JOB_WANTED),
    ]
    return _ask(server, http, number, GET_JOBS, wanted).of(JOB_GROUP)


def _ask(server: PrintServer, http: Http, number: int, operation: int, attributes: list[Any]) -> Message:
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
    if message.status == 0x0406:  # noqa: PLR2004 - client-error-not-found: CUPS says so where nothing is
        return Message(0, ())
    if message.status in (0x0401, 0x0402, 0x0403):
        raise Unreached(Reason.NOT_AUTHORISED, f"IPP status {message.status:#06x}")
    if message.status not in OK_STATUS:
        raise NotKnown(Reason.UNREADABLE, f"IPP status {message.status:#06x}")
    return message


def _first(attributes: Attributes, name: str) -> Any:
    return (attributes.get(name) or (None,))[0]


def _job(job: Attributes) -> list[Any]:
    return [_first(job, name) for name in JOB_WANTED]


@fact("printing.ipp", probe=ask_printing)
def printing(answer: Answer) -> Printing:
    """The queues as they were told; a count that is missing makes the whole answer unusable."""
    rows = answer.json()
    try:
        queues = tuple(_queue(row["printer"], row["jobs"]) for row in rows)
        now = max(_whole(_first(row["printer"], "printer-up-time")) for row in rows)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Garbled(f"printing.ipp: {error}") from None
    return Printing(queues, now)


def _queue(printer: dict[str, list[Any]], jobs: list[list[Any]]) -> Queue:
    done = [(_whole(at), _whole(sheets)) for _, sheets, at in jobs if at is not None]
    return Queue(
        name=str(_first_of(printer, "printer-name") or ""),
        location=str(_first_of(printer, "printer-location") or "").strip(),
        raw=_first_of(printer, "printer-make-and-model") == RAW_MODEL,
        sides=_words(printer, "sides-default"),
        sides_supported=_words(printer, "sides-supported"),
        jobs=tuple(sorted(done, reverse=True)),
    )


def _first_of(printer: dict[str, list[Any]], name: str) -> Any:
    return (printer.get(name) or [None])[0]


def _words(printer: dict[str, list[Any]], name: str) -> tuple[str, ...]:
    return tuple(str(word) for word in printer.get(name, ()) if word)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a count")
    return value


def section_of(queue: Queue, server: PrintServer, town: Town) -> str | None:
    """The section a queue's location stands for, None = nobody knows."""
    if not queue.location:
        return None
    named = {section.name: section.id for section in town.sections}
    return server.locations.get(queue.location) or named.get(queue.location)


@check("PRT-01")
def queues_have_a_section(seen: Printing, server: PrintServer, town: Town, params: Params) -> Judgement:
    """Every queue's location leads to a section."""
    lost = tuple(queue.name for queue in seen.queues if section_of(queue, server, town) is None)
    if len(lost) > params.integer("unmapped_max"):
        return failed("unmapped", places=lost, count=len(lost))
    return passed("ok", count=len(seen.queues))


@check("PRT-04")
def queues_can_be_counted(seen: Printing, params: Params) -> Judgement:
    """No raw queue, whose counts mean nothing."""
    raw = tuple(queue.name for queue in seen.queues if queue.raw)
    if len(raw) > params.integer("raw_max"):
        return failed("raw", places=raw, count=len(raw))
    return passed("ok", count=len(seen.queues))


@check("PRT-05")
def two_sided_by_default(seen: Printing) -> Judgement:
    """Two-sided is the default wherever the queue can do it; a queue that does not say leaves it open."""
    able = [queue for queue in seen.queues if any(side.startswith("two") for side in queue.sides_supported)]
    wrong = tuple(queue.name for queue in able if any(not side.startswith("two") for side in queue.sides))
    if wrong:
        return failed("one_sided", places=wrong, count=len(wrong))
    mute = tuple(
        queue.name for queue in seen.queues if not (queue.sides and queue.sides_supported) or queue.raw
    )
    if mute:
        return unknown(Reason.NOT_MEASURABLE, "the queue does not tell", places=mute)
    return passed("ok", count=len(able)) if able else not_applicable("cannot")


@check("PRT-02")
def sheets_per_head(seen: Printing, server: PrintServer, town: Town, params: Params) -> Judgement:
    """Sheets per person and business day in each section, over a window that the history really covers."""
    days = params.integer("window_days")
    begins = _business_days_before(seen.now, days)
    sheets, uncounted = _sheets(seen, server, town, begins)
    staff = Counter(person.section for person in town.staff)
    names = {section.id: section.name for section in town.sections}
    rates = {
        section: count / staff[section] / days for section, count in sheets.items() if staff.get(section)
    }
    places = tuple(f"{names[section]}: {sheets[section]}" for section in sorted(sheets))
    if over := [section for section, rate in rates.items() if rate > params.number("sheets_per_head")]:
        worst = max(rates.values())
        return failed("many", places=places, count=len(over), rate=math.ceil(worst * 10) / 10)
    if uncounted:
        return unknown(Reason.NOT_MEASURABLE, f"not counted: {', '.join(uncounted)}"[:300], places=places)
    if not _covered(seen, begins):
        return unknown(Reason.WINDOW_SHORT, f"{days} business days are wanted", places=places)
    return passed("ok", places=places, rate=math.ceil(max(rates.values(), default=0) * 10) / 10)


def _sheets(
    seen: Printing, server: PrintServer, town: Town, begins: int
) -> tuple[Counter[str], tuple[str, ...]]:
    """Sheets by section since `begins`, and the queues that cannot be counted."""
    sheets: Counter[str] = Counter()
    uncounted: list[str] = []
    for queue in seen.queues:
        section = section_of(queue, server, town)
        if queue.raw or section is None:
            uncounted.append(queue.name)
        else:
            sheets[section] += sum(count for at, count in queue.jobs if at >= begins)
    return sheets, tuple(uncounted)


def _covered(seen: Printing, begins: int) -> bool:
    """True when the server still remembers a job from before the window."""
    return any(at < begins for queue in seen.queues for at, _ in queue.jobs)


def _business_days_before(now: int, days: int) -> int:
    """The Unix second that lies so many Mondays to Fridays before `now` (holidays count as business days)."""
    at = now
    for day in _days_back(now):
        if days == 0:
            break
        at = int(day.timestamp())
        days -= day.weekday() < WEEKDAYS
    return at


def _days_back(now: int) -> Iterator[datetime]:
    day = datetime.fromtimestamp(now, UTC)
    while True:
        day -= timedelta(seconds=DAY_S)
        yield day
