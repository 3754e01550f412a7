"""Governance ledgers: policies, deviations and purchases, as far as a ledger can tell.

A ledger that is not there, a cell left blank and a ledger without rows are unknown. That there is nothing to
list is believed only of a row that says so (該当なし) with the day somebody looked.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from auditor.api import (
    Judgement,
    Params,
    Reason,
    Town,
    check,
    failed,
    folded,
    not_applicable,
    passed,
    unknown,
)
from checks.people._records import BLANK, NO, NONE, Ledger, Records, Row, records
from checks.people.training import months_later

__all__ = ["deviations", "policies", "purchases", "records"]
OWN_MODEL = "town"


def gap(ledger: Ledger, needed: Iterable[str], rows: Iterable[Row]) -> Judgement | None:
    """Why the ledger proves nothing: not there, not read, or `needed` cells left blank; None = it does."""
    if not ledger.files:
        return unknown(Reason.NOT_COLLECTED, "the ledger is not in the folder")
    if ledger.gaps:
        return unknown(Reason.UNREADABLE, f"{len(ledger.gaps)} places", places=tuple(ledger.gaps))
    wanted = tuple(needed)
    blank = [f"{row.place}: {column}" for row in rows for column in wanted if row.cells[column] == BLANK]
    if blank:
        return unknown(Reason.NOT_DECLARED, f"{len(blank)} blank cells", places=tuple(blank))
    return None


def vouched(rows: list[Row], days: int, today: date) -> Judgement | None:
    """For rows that say there is nothing to list: passed while that is recent; None = they list something.

    Without any row nobody vouches for it.
    """
    none = [row for row in rows if row.cells["title"] == NONE]
    if rows and not none:
        return None
    checked = none[0].day("checked") if len(none) == len(rows) == 1 else None
    if checked is None or checked > today:
        return unknown(Reason.NOT_DECLARED, "nobody vouches that there is nothing to list")
    until = checked + timedelta(days=days)
    if today > until:
        return unknown(Reason.EXPIRED, f"looked over on {checked.isoformat()}")
    return passed("nothing", until=until, on=checked)


def failing(rows: Iterable[Row], fails: Callable[[Row], bool]) -> tuple[str, ...]:
    """The places of the rows of which `fails` is true."""
    return tuple(row.place for row in rows if fails(row))


def ahead(rows: Iterable[Row], column: str, today: date) -> Judgement | None:
    """Why a day to come in the column proves nothing, None = there is none: it is a plan, or a slip."""
    places = failing(rows, lambda row: (row.day(column) or today) > today)
    return unknown(Reason.NOT_DECLARED, "a day to come", places=places) if places else None


@check("GOV-01")
def policies(seen: Records, params: Params, today: date) -> Judgement:
    """Every body of the town has a policy in force, with its page, reviewed within the limit."""
    ledger = seen.ledgers["policies"]
    months = params.integer("review_max_months")

    def fails(row: Row) -> bool:
        enacted, reviewed = row.day("enacted"), row.day("reviewed")
        last = max((day for day in (enacted, reviewed) if day is not None and day <= today), default=None)
        missing = row.cells["enacted"] == NO or row.cells["link"] == NO
        planned = enacted is not None and enacted > today
        return missing or planned or (last is not None and today > months_later(last, months))

    if places := failing(ledger.rows, fails):
        return failed("missing", places=places, count=len(places))
    if (open_ := gap(ledger, ("body", "enacted", "link"), ledger.rows)) is not None:
        return open_
    bodies = len({folded(row.cells["body"]) for row in ledger.rows})
    if bodies < params.integer("bodies"):
        return unknown(Reason.NOT_DECLARED, f"{bodies} of {params.integer('bodies')} bodies are listed")
    return passed("ok", count=bodies)


@check("GOV-04")
def deviations(seen: Records, town: Town, params: Params, today: date) -> Judgement:
    """Each difference from the standard model has a measure, a risk, an approver, and an end to come."""
    if town.model != OWN_MODEL:
        return not_applicable("shipped")
    ledger = seen.ledgers["deviations"]
    if places := failing(ledger.rows, lambda row: _over(row, params.integer("deviation_max_days"), today)):
        return failed("over", places=places, count=len(places))
    rows = [row for row in ledger.rows if row.cells["title"] != NONE]
    needed = ("title", "measure", "risk", "approver", "approved", "end")
    if (open_ := gap(ledger, needed, rows) or ahead(rows, "approved", today)) is not None:
        return open_
    return vouched(ledger.rows, params.integer("vouched_days"), today) or passed("ok", count=len(rows))


def _over(row: Row, days: int, today: date) -> bool:
    """True for what has no end by its own word, has run out, or runs longer than may be approved."""
    approved, end = row.day("approved"), row.day("end")
    if end is None:
        return row.cells["end"] == NO
    return end < today or (approved is not None and end > approved + timedelta(days=days))


@check("GOV-10")
def purchases(seen: Records, params: Params, today: date) -> Judgement:
    """Every purchase in scope since the effective day applied the selection criteria."""
    effective = params.day("effective")
    if today < effective:
        return not_applicable("before", on=effective)
    ledger = seen.ledgers["purchases"]
    rows = [row for row in ledger.rows if (row.day("on") or effective) >= effective]

    def fails(row: Row) -> bool:
        return row.day("on") is not None and row.cells["scope"] == "yes" and row.cells["applied"] == NO

    if places := failing(rows, fails):
        return failed("without", places=places, count=len(places))
    listed = [row for row in rows if row.cells["title"] != NONE]
    in_scope = [row for row in listed if row.cells["scope"] != NO]
    open_ = gap(ledger, ("title", "on", "scope"), listed) or gap(ledger, ("applied",), in_scope)
    if open_ is not None:
        return open_
    return vouched(rows, params.integer("vouched_days"), today) or passed("ok", count=len(in_scope))
