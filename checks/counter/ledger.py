"""The ledgers of procedures and forms: every remaining seal, visit, paper and fee has reason and clause."""

import msgspec

from auditor.api import (
    Answer,
    Documents,
    Folder,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    check,
    fact,
    failed,
    passed,
    probe,
    unknown,
)  # fmt: skip
from checks._ledgers._headings import known
from checks._ledgers._procedures import NEEDS, Ledgers, Procedure, read_ledgers


@probe("counter.ledgers", kind="counter")
def read_folder(documents: Documents, folder: Folder) -> bytes:
    """All rows of all ledgers; without a row nothing is known of the counter."""
    found = read_ledgers(folder)
    if not found.rows and not found.gaps:
        raise NotKnown(Reason.NOT_COLLECTED, f"no ledger in the folder of {documents.id}")
    return msgspec.json.encode(found)


@fact("counter.ledgers", probe=read_folder)
def ledgers(answer: Answer) -> Ledgers:
    """The kept rows; their shape is our own."""
    answer.json()  # refuses what msgspec lets pass: duplicate keys, lone surrogates
    try:
        return msgspec.json.decode(answer.body, type=Ledgers)
    except (msgspec.DecodeError, ValueError) as error:
        raise Garbled(f"not the ledgers of this version of the program: {error}"[:200]) from None


def heading(column: str) -> str:
    """A column as people know it."""
    return str(known()["columns"][column][0])


def gap(seen: Ledgers) -> Judgement | None:
    """Why nothing may pass, None = the ledgers are whole."""
    if seen.gaps:
        return unknown(Reason.UNREADABLE, f"{len(seen.gaps)} files, rows or cells", places=seen.gaps)
    if not seen.rows:
        return unknown(Reason.NOT_COLLECTED, "a ledger without rows")
    return None


@check("ONL-05")
def requirements_have_grounds(seen: Ledgers, params: Params) -> Judgement:
    """Each need says yes or no, each yes has its reason and clause; a blank is unknown, never "no"."""
    bare = [place for row in seen.rows for place in _bare(row)] if params.flag("reason_required") else []
    if bare:
        return failed("no_reason", places=(*bare, *seen.gaps), count=len(bare), rows=len(seen.rows))
    blank = [place for row in seen.rows for place in _blank(row)]
    if len(blank) > params.integer("blank"):
        return unknown(Reason.BLANK, f"{len(blank)} blank cells", places=tuple(blank))
    whole = gap(seen)
    return whole if whole is not None else passed("ok", rows=len(seen.rows))


def _bare(row: Procedure) -> list[str]:
    needs = [need for need in NEEDS if row.flags.get(need) == "yes"]
    return [
        f"{row.title} {heading(need)} {row.place}"
        for need in needs
        if need not in row.reasons or not row.ground
    ]


def _blank(row: Procedure) -> list[str]:
    """A column that the ledger lacks is blank in each of its rows."""
    return [f"{row.place} {heading(need)}" for need in NEEDS if not row.flags.get(need)]
