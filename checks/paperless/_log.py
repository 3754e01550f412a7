"""The approval log a town exports: one row per approval, or per case, or per month and section."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

import msgspec

from auditor.api import Answer, Folder, Garbled, NotKnown, Reason, Unreached
from checks._ledgers._table import unread_books
from checks.paperless._cells import WrongCellError, count, day, meaning, words
from checks.paperless._csv import Row, Sheet, sheet

T = TypeVar("T")
MAX_FAULTS = 200
NOT_TOLD: tuple[bool | None, date | None] = (None, None)


class Entry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """One row; None = blank, so not known.

    `case` = a number that rows of one case share, None = its row is a case of its own. `section` = as the
    log writes it. `count` = how many cases the row stands for. `came` = the day it came to the approver
    (else the day it was drafted), `left` = the day it was decided, `open` = it waits. `seen` = whether the
    one who was deputised for looked at it later, `seen_on` when. `place` = file and row.
    """

    place: str
    section: str
    case: int | None = None
    electronic: bool | None = None
    count: int = 1
    came: date | None = None
    left: date | None = None
    open: bool | None = None
    outside: bool | None = None
    deputy: bool | None = None
    seen: bool | None = None
    seen_on: date | None = None


class Log(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All rows of the folder's logs.

    `columns` = those that every log has. `faults` = rows and cells that say nothing, each with where.
    """

    entries: tuple[Entry, ...]
    columns: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()


def kinds() -> Mapping[str, tuple[Mapping[str, tuple[str, ...]], frozenset[str]]]:
    """What a CSV of the folder may be: a log by its dates, a table of delegations, a list of routes."""
    log, table, routes = (words()[name] for name in ("log", "delegations", "routes"))
    return {
        "log": (log, frozenset({"section", "drafted"})),
        "steps": (log, frozenset({"section", "arrived"})),
        "delegations": (table, frozenset({"class", "route"})),
        "routes": (routes, frozenset({"route", "running"})),
    }


def sheets_of(folder: Folder, *wanted: str) -> tuple[list[Sheet], list[str]]:
    """The folder's CSV files of these kinds, and the files that could not be read."""
    found, unread = [], unread_books(folder)
    for name in folder.names(".csv"):
        try:
            kind, one = sheet(folder.read(name), name, kinds())
        except Unreached as error:
            unread.append(f"{name}: {error.reason.value}")
        except Garbled as error:
            unread.append(error.note)
        else:
            found += [one] if kind in wanted else []
    return found, unread


def log_of(folder: Folder) -> Log:
    """Every log of the folder.

    Raises:
        NotKnown: there is none.
    """
    sheets, faults = sheets_of(folder, "log", "steps")
    if not sheets:
        raise NotKnown(Reason.UNREADABLE if faults else Reason.NOT_COLLECTED, "; ".join(faults)[:200])
    cases: dict[str, int] = {}
    entries = [_entry(row, cases, faults) for one in sheets for row in one.rows]
    columns = frozenset.intersection(*(one.columns for one in sheets))
    return Log(entries=tuple(entries), columns=columns, faults=_few(faults))


def _few(faults: list[str]) -> tuple[str, ...]:
    more = [f"… {len(faults) - MAX_FAULTS}"] if len(faults) > MAX_FAULTS else []
    return (*faults[:MAX_FAULTS], *more)


def _entry(row: Row, cases: dict[str, int], faults: list[str]) -> Entry:
    """One row; a cell that says nothing is told and left unknown."""

    def read(column: str, parse: Callable[[str], T], otherwise: T) -> T:
        try:
            return parse(row.cells.get(column, ""))
        except WrongCellError:
            faults.append(row.place(column))
            return otherwise

    def flag(column: str, yes: str) -> bool | None:
        said = read(column, lambda cell: meaning(cell, column), None)
        return None if said is None else said == yes

    came = read("arrived", day, None) or read("drafted", day, None)
    left = read("decided", day, None)
    seen, seen_on = read("seen", _seen, NOT_TOLD)
    if came and left and left < came:
        faults.append(row.place("decided"))
        came = left = None
    if left and seen_on and seen_on < left:
        faults.append(row.place("seen"))
        seen, seen_on = None, None
    case = row.cells.get("case", "")
    state = flag("state", "open")
    return Entry(
        place=row.place(),
        section=row.cells.get("section", ""),
        case=cases.setdefault(case, len(cases)) if case else None,
        electronic=flag("medium", "electronic"),
        count=read("count", count, 0),
        came=came,
        left=left,
        open=False if left else state,
        outside=flag("outside", "yes"),
        deputy=flag("deputy", "yes"),
        seen=seen,
        seen_on=seen_on,
    )


def _seen(cell: str) -> tuple[bool | None, date | None]:
    """Whether and when it was looked at later: a word, or a day."""
    try:
        said = meaning(cell, "seen")
    except WrongCellError:
        return True, day(cell)
    return (None if said is None else said == "yes"), None


def told_log(answer: Answer) -> Log:
    """What the probe kept.

    Raises:
        Garbled: not the log of this version of the program.
    """
    try:
        return msgspec.json.decode(answer.body, type=Log)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Garbled(f"{answer.id}: not the log of this version: {error}"[:200]) from None
