"""What people attested: their forms as they are kept in the town folder, and one answer that counts.

One file ``attestations/<quarter>-<section>.json`` holds one form. A section's newest quarter speaks for it:
an older "yes" does not stand in for what was left blank since.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import msgspec

from auditor.control import Attest, Control
from auditor.errors import Garbled, Unreached
from auditor.findings import Reason, Said, Unknown
from auditor.seams import Folder

FOLDER = "attestations"
SCHEMA = 1
TOWN = "_town"
"""The id under which the town itself answers; no section can be called so."""

YES, NO, NONE, UNSURE = "yes", "no", "none", "unsure"
ANSWERS = (YES, NO, NONE, UNSURE)
MAX_ANSWERS = 200
_QUARTER = re.compile(r"(20\d\d)Q([1-4])")


@dataclass(frozen=True, slots=True)
class Attested:
    """An answer that counts today: "yes", "no" or "none" (it concerns nobody); `said` = whose it is."""

    answer: str
    said: Said


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer of a form; `question` is the digest of what was asked, `until` the last day it counts."""

    control: str
    answer: str
    until: date
    question: str


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One form as it was read back. `section` `TOWN` = the town's own; what was left blank is not in it."""

    section: str
    quarter: str
    on: date
    post: str
    answers: tuple[Entry, ...]
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Attestations:
    """All that one section (or the town) attested; `form` = its newest one, None = there is none."""

    form: Form | None = None
    answers: Mapping[str, Entry] = field(default_factory=dict)

    def of(self, control: Control, today: date) -> Attested | Unknown:
        """What was answered to the control's question, or why that does not count today."""
        attest, form, answer = control.attest, self.form, self.answers.get(control.id)
        if attest is None or form is None or answer is None:
            note = "no form was handed in" if form is None else "left blank"
            return Unknown(Reason.NOT_ATTESTED, note)
        until = min(answer.until, last_day(form.on, attest))
        told = f"answered on {form.on.isoformat()}"
        if answer.question != digest_of(attest):
            return Unknown(Reason.STALE, f"{told}; the question has changed since")
        if form.on > today:
            return Unknown(Reason.NOT_ATTESTED, f"dated in the future: {form.on.isoformat()}")
        if today > until or answer.answer == UNSURE:
            return Unknown(Reason.EXPIRED if today > until else Reason.UNSURE, told)
        said = Said(office=form.section, post=form.post, on=form.on, until=until)
        return Attested(answer.answer, said)


def last_day(on: date, attest: Attest) -> date:
    """The last day on which an answer of that day counts."""
    return on + timedelta(days=attest.valid_days)


def digest_of(attest: Attest) -> str:
    """The SHA-256 (hex) of a question in both languages: another wording is another question."""
    return hashlib.sha256(f"{attest.question.ja}\n{attest.question.en}".encode()).hexdigest()


def quarter_of(day: date) -> str:
    """The calendar quarter of a day: 2026Q4."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def days_of(quarter: str) -> tuple[date, date] | None:
    """The first and the last day of a quarter, None = that is none."""
    found = _QUARTER.fullmatch(quarter)
    if found is None:
        return None
    year, month = int(found[1]), 3 * int(found[2]) - 2
    following = date(year + 1, 1, 1) if month == 10 else date(year, month + 3, 1)  # noqa: PLR2004 - October
    return date(year, month, 1), following - timedelta(days=1)


def name_of(section: str, quarter: str) -> str:
    """The file that keeps a section's form of a quarter."""
    return f"{quarter}-{section}.json"


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a probe keeps: whose form was looked for, and the file as it stands ("" = there is none)."""

    section: str
    form: str


def newest(folder: Folder, section: str) -> bytes:
    """The kept form of the section's newest quarter, as a probe's answer.

    Raises:
        Unreached: the folder or the file cannot be read.
    """
    try:
        names = folder.names(".json")
    except Unreached as error:
        if error.reason is not Reason.NOT_COLLECTED:
            raise
        names = ()
    parts = {name: name.removesuffix(".json").partition("-") for name in names}
    mine = {quarter: name for name, (quarter, _, whose) in parts.items() if whose == section}
    quarters = [quarter for quarter in mine if days_of(quarter) is not None]
    text = folder.read(mine[max(quarters)]).decode("utf-8", "replace") if quarters else ""
    return msgspec.json.encode(Kept(section, text))


def parsed(body: bytes) -> Attestations:
    """The attestations in a probe's answer.

    Raises:
        Garbled: not a form of that section as this program writes it.
    """
    try:
        kept = msgspec.json.decode(body, type=Kept)
        form = msgspec.json.decode(kept.form, type=Form) if kept.form else None
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Garbled(f"attestation: {str(error)[:200]}") from None
    if form is None:
        return Attestations()
    answers = {answer.control: answer for answer in form.answers}
    sound = (
        form.schema == SCHEMA
        and form.section == kept.section
        and days_of(form.quarter) is not None
        and len(answers) == len(form.answers) <= MAX_ANSWERS
        and all(answer.answer in ANSWERS for answer in form.answers)
    )
    if not sound:
        raise Garbled(f"attestation: not a form of {kept.section} as this version writes it")
    return Attestations(form, answers)
