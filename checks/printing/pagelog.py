"""The page log of a print server against its own job history: forged, damaged or missing lines are seen.

People and titles stand in the log; only line, job number, queue and count are kept of it.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auditor.api import (
    Answer,
    Folder,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    PrintServer,
    Reason,
    check,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks.printing._history import DAY_S
from checks.printing._logformat import Line, format_of, line_of, pattern_of
from checks.printing._queues import Job, Printing

MAX_LINES = 100_000
COPY_DAYS = 31
"""How old a copy of the log may be."""
LOG, CONF = "page_log", "cupsd.conf"


@dataclass(frozen=True, slots=True)
class PageLog:
    """The lines of all log files with their places (``file:line``), and places of lines of another form."""

    lines: tuple[tuple[str, Line], ...]
    malformed: tuple[str, ...]


@probe("print.page-log", kind="print-server")
def read_log(server: PrintServer, folder: Folder) -> bytes:
    """The page log among the server's records, by the format in the ``cupsd.conf`` beside it.

    The id sorts before the job history's: the log is read first, so that no job in it can be newer than that.
    """
    names = folder.names()
    confs = [name for name in names if name.rpartition("/")[2] == CONF]
    logs = [name for name in names if name.rpartition("/")[2].startswith(LOG)]
    if not confs:
        raise NotKnown(Reason.NOT_COLLECTED, f"no {CONF} among the records of {server.id}")
    format_ = format_of("\n".join(folder.read(name).decode("utf-8", "replace") for name in confs))
    if not format_:
        raise NotKnown(Reason.NOT_MEASURABLE, "PageLogFormat is empty: the server keeps no page log")
    pattern = pattern_of(format_)
    rows: list[list[object]] = []
    malformed: list[str] = []
    for place, text in _texts(folder, logs):
        line = line_of(text, pattern)
        if line is None:
            malformed.append(place)
        else:
            rows.append([place, line.job, line.queue, line.sides, line.whole])
    if not rows and not malformed:
        raise NotKnown(Reason.NOT_COLLECTED, "the page log is empty: that is no proof of no printing")
    return json.dumps({"lines": rows, "malformed": malformed[:MAX_LINES]}, ensure_ascii=False).encode()


def _texts(folder: Folder, logs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every line that is not blank, with its place."""
    count = 0
    for name in logs:
        content = folder.read(name)
        if b"\0" in content or name.endswith((".gz", ".xz", ".bz2", ".zip")):
            raise NotKnown(Reason.UNREADABLE, f"{name} is packed, or no text")
        for number, text in enumerate(content.decode("utf-8", "replace").split("\n"), start=1):
            count += 1
            if count > MAX_LINES:
                raise NotKnown(Reason.NOT_MEASURABLE, f"more than {MAX_LINES} lines")
            if text.strip():
                yield f"{name}:{number}", text.rstrip("\r")


@fact("print.page-log", probe=read_log)
def page_log(answer: Answer) -> PageLog:
    """The lines as they were read."""
    body = answer.json()
    try:
        lines = tuple(
            (str(place), Line(int(job), str(queue), int(sides), whole is True))
            for place, job, queue, sides, whole in body["lines"]
        )
        return PageLog(lines, tuple(map(str, body["malformed"])))
    except (KeyError, TypeError, ValueError) as error:
        raise Garbled(f"print.page-log: {error}"[:200]) from None


@check("PRT-08")
def log_and_history_agree(log: PageLog, seen: Printing, params: Params) -> Judgement:
    """No malformed line, none that the job history contradicts, and none missing between the others.

    Job, queue and printed sides are compared, not people, whom the history is not asked for. Both records
    agree on a raw queue too, whose counts mean nothing.
    """
    jobs = {job.id: job for job in seen.jobs}
    told: dict[int, list[tuple[str, Line]]] = defaultdict(list)
    for place, line in log.lines:
        told[line.job].append((place, line))
    newest = max([*jobs, *seen.active], default=0)
    wrong = [*log.malformed, *(lines[0][0] for number, lines in told.items() if number > newest)]
    lost: list[str] = []
    compared = 0
    for number, lines in sorted(told.items()):
        if number in jobs and jobs[number].queue:
            compared += 1
            wrong += _contradicted(lines, jobs[number])
        elif number <= newest and number >= min(jobs, default=0):
            lost += [place for place, line in lines if number not in seen.active]
    wrong += _missing(told, seen)
    if len(wrong) > params.integer("mismatch"):
        return failed("mismatch", places=tuple(wrong), count=len(wrong))
    if lost:
        return unknown(Reason.NOT_MEASURABLE, "jobs that the history does not tell of", places=tuple(lost))
    if not compared:
        return unknown(Reason.WINDOW_SHORT, "no line of the log is of a job that is still kept")
    if later := _after(told, seen):
        return unknown(Reason.STALE, f"the log ends before #{later[0]}, printed over {COPY_DAYS} days ago")
    return passed("ok", count=compared)


def _contradicted(lines: Sequence[tuple[str, Line]], job: Job) -> list[str]:
    """Places of this job's lines that the history contradicts: another queue, another count, told twice."""
    whole = [(place, line) for place, line in lines if line.whole]
    if len(whole) > 1:
        return [place for place, _ in whole]
    wrong = [place for place, line in lines if line.queue != job.queue]
    place, line = whole[0] if whole else lines[0]
    sides = line.sides if whole else sum(line.sides for _, line in lines)
    if not wrong and job.told is not None and sides != job.told:
        wrong.append(place)
    return wrong


def _after(told: dict[int, list[tuple[str, Line]]], seen: Printing) -> list[int]:
    """Jobs after the log's last one that a copy of the log made in time would tell of; it may have ended."""
    old = seen.now - COPY_DAYS * DAY_S
    jobs = (job for job in seen.jobs if job.id > max(told) and job.done and job.told)
    return sorted(job.id for job in jobs if job.at < old)


def _missing(told: dict[int, list[tuple[str, Line]]], seen: Printing) -> list[str]:
    """Printed jobs, between the first and the last that the log tells of, that have no line."""
    if not told:
        return []
    first, last = min(told), max(told)
    inside = (job for job in seen.jobs if first < job.id < last and job.id not in told)
    return [f"#{job.id}" for job in inside if job.done and job.told]
