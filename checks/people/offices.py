"""Ledgers by section and by task: officers' meetings, the state of sections, e-approval, telework tasks."""

from collections.abc import Mapping
from datetime import date, timedelta

from auditor.api import Judgement, Params, Reason, Town, Unknown, check, failed, folded, passed, unknown
from checks.people._records import BLANK, NO, Ledger, Records, Row, records
from checks.people.records import ahead, failing, gap

__all__ = ["e_approval", "meetings", "records", "tasks"]


def by_section(ledger: Ledger, town: Town) -> Mapping[str, Row] | Unknown:
    """The row of each of the town's sections, or why they are not known.

    A section that the ledger lacks or names twice, and a name that is no section's, leave all of it open.
    """
    ids = {folded(word): section.id for section in town.sections for word in (section.id, section.name)}
    found: dict[str, Row] = {}
    for row in ledger.rows:
        id_ = ids.get(folded(row.cells["section"]))
        if id_ is None or id_ in found:
            return Unknown(Reason.UNREADABLE, f"{row.place}: no section of the town, or one named twice")
        found[id_] = row
    if lacking := [section.name for section in town.sections if section.id not in found]:
        return Unknown(Reason.NOT_DECLARED, f"not in the ledger: {', '.join(lacking)}"[:200])
    return found


@check("SHR-04")
def meetings(seen: Records, town: Town, params: Params, today: date) -> Judgement:
    """The officers met, and every section's state was updated, within the interval.

    A meeting or an update of a day to come is a plan.
    """
    held, states = seen.ledgers["meetings"], seen.ledgers["statuses"]
    limit = timedelta(days=params.integer("interval_days"))

    def old(row: Row) -> bool:
        updated = row.day("updated")
        return updated is not None and updated + limit < today

    past = [day for row in held.rows if (day := row.day("held")) is not None and day <= today]
    if past and not held.gaps and max(past) + limit < today:
        return failed("no_meeting", on=max(past))
    if places := failing(states.rows, old):
        return failed("old", places=places, count=len(places))
    rows = _states(held, states, past, town, today)
    if isinstance(rows, Judgement):
        return rows
    oldest = min([max(past), *(day for row in rows.values() if (day := row.day("updated")) is not None)])
    return passed("ok", until=oldest + limit, on=max(past))


def _states(
    held: Ledger, states: Ledger, past: list[date], town: Town, today: date
) -> Mapping[str, Row] | Judgement:
    """The state of every section, or why nothing is proven."""
    needed = ("section", "updated")
    if (open_ := gap(held, ("held",), held.rows) or gap(states, needed, states.rows)) is not None:
        return open_
    if not past:
        return unknown(Reason.NOT_DECLARED, "no meeting that was held is listed")
    if (planned := ahead(states.rows, "updated", today)) is not None:
        return planned
    rows = _whole(town, states)
    return unknown(rows.reason, rows.note) if isinstance(rows, Unknown) else rows


def _whole(town: Town, ledger: Ledger) -> Mapping[str, Row] | Unknown:
    """`by_section`, unless the town has no sections, or was narrowed to a few of them."""
    if not town.sections or town.partial:
        return Unknown(Reason.NOT_MEASURABLE, "only the whole town can be compared")
    return by_section(ledger, town)


@check("PPL-01")
def e_approval(seen: Records, town: Town, params: Params, today: date) -> Judgement:
    """Every section of the town can use the e-approval and records system, by an export that is not old."""
    ledger = seen.ledgers["approval-users"]
    until = (ledger.written or date.min) + timedelta(days=params.integer("export_days"))
    if places := failing(ledger.rows, lambda row: row.cells["enabled"] == NO):
        return failed("off", places=places, count=len(places))
    if (open_ := gap(ledger, ("section", "enabled"), ledger.rows)) is not None:
        return open_
    rows = _whole(town, ledger)
    if isinstance(rows, Unknown):
        return unknown(rows.reason, rows.note)
    if today > until:
        return unknown(Reason.STALE, f"written on {ledger.written}")
    return passed("ok", until=until, count=len(rows))


@check("GOV-07")
def tasks(seen: Records, params: Params) -> Judgement:
    """Every task has a class, and no method that is denied to it; whether VPN keeps data is not written.

    A task that may not be done at home (不可) has its method.
    """
    ledger = seen.ledgers["tasks"]
    denied = _pairs(params.texts("deny"))

    def fails(row: Row, pairs: frozenset[tuple[str, str]] = denied) -> bool:
        class_, methods = row.cells["class"], row.cells["methods"].split(",")
        return any((class_, one) in pairs or (class_, "all") in pairs for one in methods if _is_method(one))

    if places := failing(ledger.rows, fails):
        return failed("denied", places=places, count=len(places))
    if (open_ := gap(ledger, ("title", "class", "methods"), ledger.rows)) is not None:
        return open_
    if not ledger.rows:
        return unknown(Reason.NOT_DECLARED, "no task is listed")
    unclear = _pairs(params.texts("unclear"))
    if places := failing(ledger.rows, lambda row: fails(row, unclear)):
        return unknown(Reason.NOT_MEASURABLE, "where the method keeps its data is not written", places=places)
    return passed("ok", count=len(ledger.rows))


def _pairs(rules: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    return frozenset((class_, method) for class_, _, method in (rule.partition(":") for rule in rules))


def _is_method(word: str) -> bool:
    return word not in (BLANK, "none", "?")
