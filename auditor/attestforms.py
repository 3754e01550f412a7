"""Attestation forms as they are kept in the town folder: their shape, and the newest of a section.

One file ``attestations/<quarter>-<section>.json`` holds one form. A section's newest quarter speaks for it:
an older "yes" does not stand in for what was left blank since.
"""

from datetime import date

import msgspec

from auditor.attested import ANSWERS, Attestations, days_of
from auditor.errors import Garbled, Unreached
from auditor.findings import Reason
from auditor.seams import Folder

SCHEMA = 1
MAX_ANSWERS = 200


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
