"""The table of delegations against the routes: each class has one, and no route is outside of it."""

from collections.abc import Iterator, Mapping

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
    folded,
    passed,
    probe,
    unknown,
)
from checks.paperless._cells import WrongCellError, meaning
from checks.paperless._csv import FORMULA, Sheet
from checks.paperless._log import sheets_of
from checks.paperless.routes import routes_below


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A route by its name and, in files, its id; `runs` None = nobody told whether it is in use."""

    name: str
    id: str
    runs: bool | None


class Class(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class of decisions. `route` = the name of its route, "" = on paper, None = blank."""

    place: str
    name: str
    route: str | None


class Delegations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table, the routes beside it, and what could not be read."""

    classes: tuple[Class, ...]
    ways: tuple[Way, ...]
    faults: tuple[str, ...]


def _is_formula(cells: Mapping[str, str]) -> bool:
    return any(cell.startswith(FORMULA) for cell in cells.values())


def _route(cell: str) -> str | None:
    """The name of a route, "" = on paper, None = blank."""
    try:
        return None if meaning(cell, "route") is None else ""
    except WrongCellError:
        return cell


def _listed(lists: list[Sheet], faults: list[str]) -> Iterator[Way]:
    for row in (row for one in lists for row in one.rows):
        try:
            running = meaning(row.cells.get("running", ""), "running")
        except WrongCellError:
            faults.append(row.place("running"))
            running = None
        yield Way(row.cells.get("route", ""), "", None if running is None else running == "yes")


@probe("approvals.delegations", kind="approvals")
def read_table(documents: Documents, folder: Folder) -> bytes:
    """The table of delegations, the list of routes beside it, and the routes of the town's own files."""
    del documents
    tables, faults = sheets_of(folder, "delegations")
    if not tables:
        raise NotKnown(Reason.UNREADABLE if faults else Reason.NOT_COLLECTED, "; ".join(faults)[:200])
    lists, _ = sheets_of(folder, "routes")
    classes = tuple(
        Class(row.place(), row.cells.get("class", ""), _route(row.cells.get("route", "")))
        for table in tables
        for row in table.rows
    )
    faults += [row.place("route") for one in tables for row in one.rows if _is_formula(row.cells)]
    ways = list(_listed(lists, faults))
    for other in folder.beside("routes"):
        seen = routes_below(other)
        ways += [Way(route.title, route.id, route.runs or None) for route in seen.routes]
        faults += seen.unread
    return msgspec.json.encode(Delegations(classes=classes, ways=tuple(ways), faults=tuple(faults[:200])))


@fact("approvals.delegations", probe=read_table)
def delegations(answer: Answer) -> Delegations:
    """The kept table; its shape is our own."""
    try:
        return msgspec.json.decode(answer.body, type=Delegations)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Garbled(f"{answer.id}: not the table of this version: {error}"[:200]) from None


@check("PPL-17")
def classes_have_routes(seen: Delegations, params: Params) -> Judgement:
    """Each class of decisions names a route that is in use, and each route in use is named by a class.

    A route that is only drawn proves nothing; one may be hidden in a file that could not be read, and one
    outside of the table may belong to a class whose route is left blank.
    """
    unmet: list[str] = []
    open_: list[str] = []
    if not seen.classes:
        return unknown(Reason.NOT_COLLECTED, "no class in the table", places=seen.faults)
    if not seen.ways and not seen.faults:
        return unknown(Reason.NOT_DECLARED, "no routes beside the table")
    for row in seen.classes:
        runs = _state(row, seen)
        if runs is not True:
            (unmet if runs is False else open_).append(f"{row.place} {row.name}")
    named = {folded(row.route) for row in seen.classes if row.route}
    blank = any(row.route is None for row in seen.classes)
    for way in seen.ways:
        if way.runs is not False and named.isdisjoint({folded(way.name), folded(way.id)}):
            (open_ if blank or way.runs is None else unmet).append(way.name or way.id)
    if len(unmet) > params.integer("unmatched"):
        return failed("unmatched", places=(*unmet, *seen.faults), count=len(unmet))
    if seen.faults:
        return unknown(Reason.UNREADABLE, f"{len(seen.faults)} places", places=seen.faults)
    if open_:
        return unknown(Reason.NOT_MEASURABLE, "blank, or only drawn", places=tuple(open_))
    return passed(count=len(seen.classes))


def _state(row: Class, seen: Delegations) -> bool | None:
    """Whether the class has a route in use, None = nobody can tell."""
    if row.route is None:
        return None
    if not row.route:
        return False
    states = [way.runs for way in seen.ways if folded(row.route) in (folded(way.name), folded(way.id))]
    if not states:
        return None if seen.faults else False
    return True if True in states else None if None in states else False
