"""Reads every declared export: one evidence document per machine, of the ledger or not."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.answers import Answer
from auditor.consoles.answers import CONSOLES_OWN, Heard, Signals, answers_of
from auditor.consoles.layouts import ACTIVITY, TIMES, Layout, layout_of, signal_of
from auditor.consoles.values import folded_serial, parse_serial
from auditor.errors import Garbled, Problem
from auditor.evidence import CLOCK_SLACK, Evidence
from auditor.findings import Reason
from auditor.ledger import Sheet, read_sheet
from auditor.problems import Note, Told, in_order
from auditor.targets import Console, Endpoint, Town, target_key

COLLECTOR = "console"
ZONE_SLACK = timedelta(hours=24)
"""How much later than its export a row may seem to be: neither may name its time zone, or its time of day."""

UNDATED = frozenset({"serial", "system", "edr_seen"})
"""Signals that tell no state which could be older than the export."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
MAX_KEY = 50
_EXPECTED = ("columns_unknown",)
"""What `auditor.ledger` remarks and is ordinary in an export."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What the consoles tell. `evidence` by target key of the ledger; `unlisted` = serials it does not name.

    `read` = the ids of the consoles whose export could be read and lists machines. `problems` = exports that
    cannot be used; `notes` = rows that were not, and what else is worth knowing.
    """

    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    unlisted: tuple[Evidence, ...] = ()
    read: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()

    def recalled(self, last: Evidence | None) -> Evidence | None:
        """What a silent machine said last, None = a console said so, whose list names it no more."""
        return None if last is not None and last.details.get("console") in self.read else last


@dataclass(frozen=True, slots=True)
class _Export:
    """One readable export: `made_at` in UTC, `headings` by signal as the file spells them."""

    console: Console
    layout: Layout
    made_at: datetime
    headings: Mapping[str, str]

    @property
    def tells_times(self) -> bool:
        """True when a column says when a machine was heard."""
        return any(signal in self.headings for signal in (*TIMES, ACTIVITY))


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    serial: str
    evidence: Evidence


def consoles_evidence(town: Town, now: datetime) -> News:
    """Read the exports a town declared, as they stand at `now` (UTC); a bad one costs only itself."""
    told = Told()
    rows: dict[str, list[Evidence]] = {}
    read = set()
    for console in town.consoles:
        for serial, found in _export(console, town, now, told).items():
            rows.setdefault(serial, []).append(found)
            read.add(console.id)
    owners: dict[str, list[Endpoint]] = {}
    for endpoint in town.endpoints:
        owners.setdefault(folded_serial(endpoint.serial), []).append(endpoint)
    evidence: dict[str, Evidence] = {}
    unlisted = []
    for serial, several in rows.items():
        merged = _merged(several)
        for endpoint in owners.get(serial, ()):
            evidence[target_key(endpoint)] = replace(merged, target=target_key(endpoint))
        if serial not in owners and not town.partial:
            unlisted.append(merged)
    return News(
        evidence=evidence,
        unlisted=tuple(sorted(unlisted, key=lambda one: one.target)),
        read=frozenset(read),
        problems=in_order(told.problems),
        notes=in_order(told.notes),
    )


def _merged(several: Sequence[Evidence]) -> Evidence:
    """What several exports say of one machine: of each answer the newest, with its own age.

    The machine was heard when the newest export that knows such times says so; a list without says nothing.
    """
    usable = sorted((one for one in several if one.outcome is None), key=lambda one: one.collected_at)
    if not usable:
        return several[0]
    answers: dict[str, Answer] = {}
    for one in usable:
        for answer in one.answers:
            dated = replace(answer, collected_at=answer.collected_at or one.collected_at)
            answers[answer.id] = _joined(answers.get(answer.id), dated)
    systems = {one.system for one in usable if one.system}
    last = next((one for one in reversed(usable) if "last_sync" in one.details), usable[-1])
    if len(systems) > 1:
        note = f"exports contradict each other: {', '.join(sorted(systems))}"
        return replace(last, answers=(), outcome=Reason.UNREADABLE, note=note)
    return replace(last, answers=tuple(answers[id_] for id_ in sorted(answers)), system="".join(systems))


def _joined(before: Answer | None, after: Answer) -> Answer:
    """The newer answer; what it leaves open is filled in from the one before, and then it is as old as that.

    When a console heard a machine is never put together from two consoles.
    """
    if before is None or before.body == b"" or after.body == b"" or after.id in CONSOLES_OWN:
        return after
    try:
        older, newer = json.loads(before.body), json.loads(after.body)
    except ValueError:
        return after
    if not isinstance(older, dict) or not isinstance(newer, dict):
        return after
    both = {name: older.get(name) if value in (None, "") else value for name, value in newer.items()}
    if both == newer:
        return after
    times = [moment for moment in (before.collected_at, after.collected_at) if moment is not None]
    return replace(after, body=json.dumps(both).encode(), collected_at=min(times, default=None))


def _export(console: Console, town: Town, now: datetime, told: Told) -> dict[str, Evidence]:
    """The machines of one export by folded serial number."""
    mine = Told()
    made_at = _made_at(console, now, mine)
    layout = layout_of(console)
    sheet = read_sheet(console.file, layout.headings(), mine) if made_at is not None else None
    told.problems += mine.problems
    told.notes += [note for note in mine.notes if note.key not in _EXPECTED]
    if sheet is None or made_at is None or mine.problems:
        return {}
    export = _Export(console, layout, made_at, {signal_of(key): name for key, name in sheet.headings.items()})
    if not export.tells_times and set(export.headings) - UNDATED:
        told.note(console.file, None, console.id, "console_no_times", day=made_at.date().isoformat())
    if lacking := _lacking(export):
        told.note(console.file, None, console.id, "console_lacks", names=", ".join(lacking))
    systems = {folded_serial(row.serial): row.os for row in (*town.retired, *town.endpoints) if row.serial}
    return _each_once(export, _rows(export, sheet, systems, told), told)


def _lacking(export: _Export) -> list[str]:
    """Headings that the town mapped, or that a known console is read for, and the file does not have."""
    wanted = {*export.console.columns, "enrolled"} & set(export.layout.columns)
    return sorted(export.layout.columns[signal][0] for signal in wanted - set(export.headings))


def _made_at(console: Console, now: datetime, told: Told) -> datetime | None:
    """When the export was made; None = there is no usable file."""
    try:
        written = datetime.fromtimestamp(console.file.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        told.problem(console.file, None, console.id, "console_missing", name=console.name)
        return None
    made_at = console.exported_at or written
    if made_at > now + CLOCK_SLACK:
        told.problem(console.file, None, console.id, "console_future", seen=made_at.isoformat())
        return None
    if console.exported_at is None:
        told.note(console.file, None, console.id, "console_file_time", seen=written.date().isoformat())
    return made_at


def _rows(export: _Export, sheet: Sheet, systems: Mapping[str, str], told: Told) -> Iterable[_Row]:
    path = export.console.file
    for row in sheet.rows:
        cells = {signal_of(key): text for key, text in row.cells.items()}
        serial = parse_serial(cells.get("serial", ""))
        if serial is None:
            told.note(path, row.line, export.headings["serial"], "console_no_serial")
            continue
        signals = Signals(row.line, cells, export.headings, export.layout)
        folded = folded_serial(serial)
        yield _Row(row.line, folded, _evidence(export, signals, serial, systems.get(folded, "")))


def _evidence(export: _Export, signals: Signals, serial: str, ledger: str) -> Evidence:
    """One row's document; `ledger` = the system the ledger says this machine runs, "" = not listed."""
    layout = export.layout
    system = layout.system_of(signals.cells.get("system", "")[: 2 * MAX_KEY]) or layout.system or ledger
    details = {
        "console": export.console.id,
        "file": export.console.file.name,
        "line": str(signals.line),
        "exported_at": export.made_at.isoformat(),
    }
    evidence = Evidence(
        target=_unlisted_key(serial),
        collected_at=export.made_at,
        serial=serial,
        system=system,
        collector=COLLECTOR,
        details=details,
        origin=export.console.file.name,
    )
    try:
        times = [moment for signal in TIMES if (moment := signals.moment(signal)) is not None]
        activity = signals.moment(ACTIVITY)
    except Garbled as error:
        return replace(evidence, outcome=Reason.UNREADABLE, note=error.note)
    times = times or ([activity] if activity is not None else [])
    if not times and export.tells_times:
        note = f"line {signals.line}: the console has not heard from it"
        return replace(evidence, outcome=Reason.NOT_MEASURABLE, note=note)
    if times and max(times) > export.made_at + ZONE_SLACK:
        note = f"line {signals.line}: heard at {max(times).isoformat()}, after the export"
        return replace(evidence, outcome=Reason.UNREADABLE, note=note)
    heard = Heard(export.console.id, times[0] if times else None)
    return replace(
        evidence,
        answers=tuple(_dated(answer, export) for answer in answers_of(signals, system, heard)),
        collected_at=min([export.made_at, *times]),
        details=details | ({"last_sync": times[0].isoformat()} if times else {}),
    )


def _dated(answer: Answer, export: _Export) -> Answer:
    """When a machine checked in is the console's own knowledge: as old as the export, not as the machine."""
    return replace(answer, collected_at=export.made_at) if answer.id in CONSOLES_OWN else answer


def _unlisted_key(serial: str) -> str:
    """A target key for a machine that the ledger does not name; different serials give different keys."""
    safe = _UNSAFE.sub("-", folded_serial(serial))[:MAX_KEY]
    if safe != folded_serial(serial):
        safe += "-" + hashlib.sha256(folded_serial(serial).encode()).hexdigest()[:8]
    return f"endpoint:unlisted-{safe}"


def _each_once(export: _Export, rows: Iterable[_Row], told: Told) -> dict[str, Evidence]:
    """The newest row of each serial; rows of one time that differ contradict each other."""
    newest: dict[str, _Row] = {}
    for row in rows:
        before = newest.get(row.serial)
        if before is not None:
            path: Path = export.console.file
            told.note(path, row.line, export.headings["serial"], "console_twice", first=before.line)
            row = _newer(before, row)  # noqa: PLW2901 - of two rows one stays
        newest[row.serial] = row
    return {serial: row.evidence for serial, row in newest.items()}


def _said(row: _Row) -> tuple[str, tuple[Answer, ...]]:
    return row.evidence.system, row.evidence.answers


def _newer(before: _Row, after: _Row) -> _Row:
    """One whose age cannot be read may be the newest; one the console never heard from is not."""
    for one, other in ((before, after), (after, before)):
        if one.evidence.outcome is Reason.UNREADABLE or other.evidence.outcome is Reason.NOT_MEASURABLE:
            return one
    if before.evidence.collected_at != after.evidence.collected_at:
        return max(before, after, key=lambda row: row.evidence.collected_at)
    if _said(before) == _said(after):
        return after
    note = f"lines {before.line} and {after.line} contradict each other"
    return replace(after, evidence=replace(after.evidence, answers=(), outcome=Reason.UNREADABLE, note=note))
