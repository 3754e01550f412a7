"""What people attested: which answer counts today, for how long, and the quarters of the forms.

The forms themselves are of `auditor.attestforms`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from auditor.control import Attest, Control
from auditor.findings import Reason, Said, Unknown

if TYPE_CHECKING:
    from auditor.attestforms import Entry, Form

FOLDER = "attestations"
TOWN = "_town"
"""The id under which the town itself answers; no section can be called so."""

YES, NO, NONE, UNSURE = "yes", "no", "none", "unsure"
ANSWERS = (YES, NO, NONE, UNSURE)
_QUARTER = re.compile(r"(20\d\d)Q([1-4])")


@dataclass(frozen=True, slots=True)
class Attested:
    """An answer that counts today: "yes", "no" or "none" (it concerns nobody); `said` = whose it is."""

    answer: str
    said: Said


@dataclass(frozen=True, slots=True)
class Attestations:
    """All that one section (or the town) attested; `form` = its newest one, None = there is none."""

    form: "Form | None" = None
    answers: "Mapping[str, Entry]" = field(default_factory=dict)

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
    import hashlib  # noqa: PLC0415 - start-up time

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
