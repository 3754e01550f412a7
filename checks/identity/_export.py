"""From the files of one folder to accounts without names: recognised, read, joined by account id."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from auditor.api import Garbled, NotKnown, Reason, folded
from checks.identity._csv import Table, heading
from checks.identity._mapping import Declared
from checks.identity._words import Words, account_id, day, digest, group_names, known, plain

MAX_FAULTS = 200
_STAFF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAMED_DAY = re.compile(r"(?<!\d)(20\d\d)[-_]?([01]\d)[-_]?([0-3]\d)(?!\d)")


@dataclass(slots=True)
class Gathered:
    """What the tables say so far: `rows` by folded account id, `faults` as (column, place)."""

    system: str
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    faults: list[tuple[str, str]] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)


def gather(tables: Iterable[Table], declared: Declared) -> Gathered:
    """All accounts of a folder.

    Raises:
        Garbled: exports of two systems, one export twice, an account twice, or an id that is none.
        NotKnown: a table that is no known export, and ``columns.toml`` does not say what it is.
    """
    gathered: Gathered | None = None
    for table in tables:
        exports = _recognised(table, declared)
        system = exports[0]["system"]
        if gathered is None:
            gathered = Gathered(system)
        if gathered.system != system:
            raise Garbled(f"{table.file}: {system}, beside an export of {gathered.system}")
        for part in {export["part"] for export in exports}:
            if part in gathered.parts:
                raise Garbled(f"{table.file} and {gathered.parts[part]}: the same export twice")
            gathered.parts[part] = table.file
        _take(gathered, table, _columns(table, exports, declared), declared)
    if gathered is None:
        raise NotKnown(Reason.NOT_COLLECTED, "no CSV file")
    return gathered


def _recognised(table: Table, declared: Declared) -> list[Mapping[str, Any]]:
    """The known exports whose headings are all there; more than one where a file was put together."""
    here = {heading(text) for text in table.headings}
    fitting = [
        export
        for export in known()["exports"]
        if (export["system"] == declared.system if declared.system else export["needs"])
        and here.issuperset(heading(need) for need in export["needs"])
    ]
    if not fitting:
        wanted = declared.system or "any system that is known"
        raise NotKnown(Reason.WRONG_SERVICE, f"{table.file}: its headings are not those of {wanted}")
    if len({export["system"] for export in fitting}) > 1:
        raise Garbled(f"{table.file}: headings of two systems")
    return fitting


def _columns(table: Table, exports: list[Mapping[str, Any]], declared: Declared) -> dict[str, int]:
    """Where each column stands; the town's own word wins over the known spellings."""
    at: dict[str, int] = {}
    wanted: dict[str, list[str]] = {}
    for export in exports:
        for key, spellings in export["columns"].items():
            wanted.setdefault(key, []).extend(spellings)
    for key, spelling in declared.columns.items():
        wanted[key] = [spelling]
    folded_headings = [heading(text) for text in table.headings]
    for key, spellings in wanted.items():
        for spelling in map(heading, spellings):
            if folded_headings.count(spelling) > 1:
                raise Garbled(f"{table.file}: the heading of {key} stands twice")
            if spelling in folded_headings:
                at.setdefault(key, folded_headings.index(spelling))
    if "id" not in at:
        raise NotKnown(Reason.NOT_MEASURABLE, f"{table.file}: no column holds the account")
    return at


def _take(gathered: Gathered, table: Table, at: Mapping[str, int], declared: Declared) -> None:
    """Read a table's rows into `gathered`; a cell nobody understands is left out and named."""
    readers = _readers(declared)
    gathered.columns |= {_KEPT.get(key, key) for key in at if key in readers}
    gathered.columns |= {"who"} if declared.by == "email_local" else set()
    seen: set[str] = set()
    for line, cells in table.rows:
        try:
            id_ = account_id(cells[at["id"]])
        except Garbled as error:
            raise Garbled(f"{table.place(line)}: {error.note}") from None
        key = id_.casefold()
        if key in seen:
            raise Garbled(f"{table.place(line)}: an account twice")
        seen.add(key)
        row = gathered.rows.setdefault(key, {"id": id_})
        if declared.by == "email_local":
            row["who"] = id_.partition("@")[0]
        for column, read in readers.items():
            if column not in at:
                continue
            kept = _KEPT.get(column, column)
            try:
                _put(row, kept, read(cells[at[column]]))
            except Garbled:
                _fault(gathered, kept, table.place(line, table.headings[at[column]][:40]))


_KEPT = {"staff": "who", "name": "who"}
"""Columns that join an account to a person are kept under one name, and only the one that joins."""


def _put(row: dict[str, Any], key: str, value: Any) -> None:
    """Keep a value that is told; two files that contradict each other tell nothing."""
    if value is None or value == "" or (value == [] and key != "groups"):
        return
    if row.setdefault(key, value) != value:
        del row[key]
        raise Garbled("two files contradict each other")


def _fault(gathered: Gathered, column: str, place: str) -> None:
    if len(gathered.faults) < MAX_FAULTS:
        gathered.faults.append((column, place))


def _readers(declared: Declared) -> dict[str, Callable[[str], Any]]:
    """How each column's cells are read; names and everything else of a person are never looked at."""
    words = Words(declared.words)

    def iso(cell: str) -> str | None:
        found = day(cell)
        return found.isoformat() if found is not None else None

    def last(cell: str) -> str | None:
        try:
            return words.means("last_sign_in", cell)
        except Garbled:
            return iso(cell)

    def sections(cell: str) -> list[str] | None:
        names = [folded(name) for name in group_names(cell)]
        mine = {declared.groups[name] for name in names if name in declared.groups}
        return sorted(mine) if names else None

    readers: dict[str, Callable[[str], Any]] = {
        "status": lambda cell: words.truth("status", cell),
        "created": iso,
        "last_sign_in": last,
        "mfa": lambda cell: words.truth("mfa", cell),
        "protected": lambda cell: words.truth("protected", cell),
        "methods": lambda cell: sorted(words.methods(cell)),
        "admin": lambda cell: words.means("admin", cell),
        "super_admin": lambda cell: words.truth("super_admin", cell),
        "left_on": iso,
    }
    if declared.groups:
        readers["groups"] = sections
    if declared.by == "staff_id":
        readers["staff"] = _staff
    if declared.by == "name":
        readers["name"] = digest
    return readers


def _staff(cell: str) -> str:
    text = plain(cell)
    if text and not _STAFF.fullmatch(text):
        raise Garbled("no staff id")
    return text


def named_day(file: str) -> date | None:
    """The day that stands in a file's name, as portals write it; None = none."""
    match = _NAMED_DAY.search(file)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
