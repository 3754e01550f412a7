"""The evidence document: all answers of one target at one time, kept so that it can be judged again.

The same document is what an inbox file holds. Whatever arrives in a file is hostile until it fits here.
"""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from auditor.answers import MAX_ANSWER_BYTES, Answer, Status, strict_json
from auditor.errors import Garbled
from auditor.findings import Reason

SCHEMA = 1
MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_KEPT_BYTES = 512 * 1024 * 1024
MAX_NOTE = 300
MAX_SEQUENCE = 2**53
CLOCK_SLACK = timedelta(minutes=10)
YEARS = range(1970, 2101)
"""What a machine's clock may show, a dead battery's 1970 included."""

MACHINE = "host.machine"
"""The answer whose text holds the system's own id, on every system."""
_MACHINE = re.compile(rb"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}")
_TARGET = re.compile(r"[a-z-]{1,20}:[A-Za-z0-9._@-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one target said. `outcome` = why nothing usable came, None = it answered.

    `collected_at` is UTC; `collector` names what wrote it (``scan``, ``demo`` …); `origin` is the inbox file
    it came from, "" = collected in this run. `note` and `details` are for the technical page.
    `context` = who ran the collector, machine or user ("" = both, merged); `machine_id` = the system's own id
    (MachineGuid, machine-id, IOPlatformUUID), "" = not told; `sequence` counts a machine's bundles of one
    context, 0 = not a bundle. `silent` = why the machine said nothing newer in the run that keeps this,
    None = it was heard then. `signer` = in whose name the file was signed and verified, "" = it was not (or
    came by another road).
    """

    target: str
    collected_at: datetime
    answers: tuple[Answer, ...] = ()
    serial: str = ""
    system: str = ""
    collector: str = "scan"
    outcome: Reason | None = None
    note: str = ""
    details: dict[str, str] = field(default_factory=dict)
    origin: str = ""
    context: str = "machine"
    machine_id: str = ""
    sequence: int = 0
    silent: Reason | None = None
    signer: str = ""

    def answer(self, id_: str) -> Answer | None:
        """The answer of that id, None = there is none."""
        return next((answer for answer in self.answers if answer.id == id_), None)


def machine_of(answers: Sequence[Answer]) -> str:
    """The system's own id among these answers, in lower case; "" = not told."""
    for answer in answers:
        if answer.id == MACHINE and (found := _MACHINE.search(answer.body[:MAX_NOTE])) is not None:
            return found[0].decode("ascii").lower()
    return ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not used; `why` is for IT staff, in English technical words."""

    file: str
    why: str


class _AnswerRow(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    id: str
    status: Status
    body: str = ""
    body64: str = ""
    note: str = ""
    reason: Reason | None = None
    collected_at: datetime | None = None


class _Document(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    schema: int
    target: str
    collected_at: datetime
    answers: list[_AnswerRow]
    serial: str = ""
    system: str = ""
    collector: str = ""
    outcome: Reason | None = None
    note: str = ""
    details: dict[str, str] = {}
    context: str = "machine"
    machine_id: str = ""
    sequence: int = 0
    silent: Reason | None = None
    signer: str = ""


def encode(evidence: Evidence) -> bytes:
    """The evidence as a JSON document; bodies that are not UTF-8 travel as Base64."""
    return msgspec.json.encode(
        _Document(
            schema=SCHEMA,
            target=evidence.target,
            collected_at=evidence.collected_at,
            answers=[_row(answer) for answer in evidence.answers],
            serial=evidence.serial,
            system=evidence.system,
            collector=evidence.collector,
            outcome=evidence.outcome,
            note=evidence.note,
            details=evidence.details,
            context=evidence.context,
            machine_id=evidence.machine_id,
            sequence=evidence.sequence,
            silent=evidence.silent,
            signer=evidence.signer,
        )
    )


def _row(answer: Answer) -> _AnswerRow:
    row = _AnswerRow(
        id=answer.id,
        status=answer.status,
        note=answer.note,
        reason=answer.reason,
        collected_at=answer.collected_at,
    )
    try:
        row.body = answer.body.decode("utf-8")
    except UnicodeDecodeError:
        row.body64 = base64.b64encode(answer.body).decode("ascii")
    return row


def decode(document: bytes, origin: str = "", limit_bytes: int = MAX_FILE_BYTES) -> Evidence:
    """Read an evidence document.

    Raises:
        Garbled: not our schema, too large, an id twice, a body that is not Base64, or no usable time
            (see `moment_of`).
    """
    if len(document) > limit_bytes:
        raise Garbled(f"larger than {limit_bytes} bytes")
    try:
        row = msgspec.convert(strict_document(document, "evidence"), _Document)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Garbled(str(error)[:300]) from None
    if row.schema != SCHEMA:
        raise Garbled(f"schema {row.schema}, this program reads {SCHEMA}")
    collected_at = moment_of(row.collected_at, "collected_at")
    if not _TARGET.fullmatch(row.target):
        raise Garbled("target is not kind:id")
    names = (row.serial, row.system, row.machine_id, row.collector, row.details.get("host_name", ""))
    if max(map(len, names)) > MAX_NOTE or not 0 <= row.sequence <= MAX_SEQUENCE:
        raise Garbled("a name longer than any, or a number beyond any count")
    if row.context not in ("", "machine", "user"):
        raise Garbled("context is neither machine nor user")
    ids = [answer.id for answer in row.answers]
    if len(set(ids)) != len(ids):
        raise Garbled("an answer stands twice")
    return Evidence(
        target=row.target,
        collected_at=collected_at,
        answers=tuple(_answer(answer) for answer in row.answers),
        serial=row.serial,
        system=row.system,
        collector=row.collector,
        outcome=row.outcome,
        note=row.note,
        details=row.details,
        origin=origin,
        context=row.context,
        machine_id=row.machine_id,
        sequence=row.sequence,
        silent=row.silent,
        signer=row.signer,
    )


def strict_document(document: bytes, what: str) -> Any:
    """JSON of any size without its traps (a duplicate key could hide an answer).

    Raises:
        Garbled: see `auditor.answers.strict_json`.
    """
    if len(document) <= MAX_ANSWER_BYTES:
        return strict_json(document, what)
    try:
        json.loads(document, object_pairs_hook=_each_once)
        return msgspec.json.decode(document)  # refuses NaN and lone surrogates by itself
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Garbled(f"{what}: {error}"[:MAX_NOTE]) from None


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("duplicate key")


def _answer(row: _AnswerRow) -> Answer:
    if row.body64 and row.body:
        raise Garbled(f"{row.id}: two bodies")
    try:
        body = base64.b64decode(row.body64, validate=True) if row.body64 else row.body.encode()
    except (binascii.Error, ValueError):
        raise Garbled(f"{row.id}: not Base64") from None
    if row.status is not Status.OK and body:
        raise Garbled(f"{row.id}: a body without status ok")
    told = row.collected_at
    at = moment_of(told, f"{row.id}: collected_at") if told is not None else None
    return Answer(row.id, row.status, body, row.note, row.reason, at)


def moment_of(written: datetime, what: str) -> datetime:
    """A moment in UTC that may be when something was collected.

    Raises:
        Garbled: no time zone, or outside of `YEARS`: the calendar's last hours are none on Japan's clock, and
            one such file would stop every report.
    """
    if written.tzinfo is None:
        raise Garbled(f"{what} has no time zone")
    if written.year not in YEARS:
        raise Garbled(f"{what} lies outside of {YEARS[0]} to {YEARS[-1]}")
    return written.astimezone(UTC)


def clean(note: object) -> str:
    """A note that a document can carry: a file name may hold bytes that are no text."""
    return str(note)[:MAX_NOTE].encode(errors="backslashreplace").decode()
