"""The town's governance ledgers (CSV), each cell typed; what nobody understands is named, never guessed.

Titles, tasks and approvers are kept only as "something is written there": evidence holds no text of a ledger
but the names of sections and bodies.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta, timezone
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from auditor.api import Answer, Documents, Folder, Garbled, Unreached, fact, folded, probe
from checks._ledgers._table import Table, csv_table, unread_books

FILLED, NONE, BLANK, NO, BAD = "filled", "none", "", "no", "?"
"""What a cell can be beside a day, a word or a section's name; BAD = it holds what nobody understands."""

MAX_NAME = 100
JAPAN = timezone(timedelta(hours=9))
_DAY = re.compile(
    r"(?:(?:令和|R)(?P<nth>\d{1,2}|元)|(?P<year>\d{4}))[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
)
_REIWA = 2018
_LINK = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:/\S*)?")
_SEPARATED = re.compile(r"[、,/;\n]")


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row: `place` = file and line; `cells` by column, days as ISO text, methods with commas."""

    place: str
    cells: dict[str, str]

    def day(self, column: str) -> date | None:
        """The day in a column, None = blank, or a word instead of a day."""
        try:
            return date.fromisoformat(self.cells[column])
        except ValueError:
            return None


class Ledger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ledger of all its files. `gaps` = files that could not be read and cells nobody understands.

    `written` = the day (Japan) on which the oldest of its files was written, None = not known.
    """

    files: int
    rows: list[Row]
    gaps: list[str]
    written: date | None = None


class Records(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every ledger that is known, by its name in ``records.toml``; one that is not there has 0 files."""

    ledgers: dict[str, Ledger]


@cache
def known() -> Mapping[str, Any]:
    """``records.toml``, read once."""
    return tomllib.loads(files("checks.people").joinpath("records.toml").read_text(encoding="utf-8"))


@cache
def names() -> tuple[str, ...]:
    """The names of the ledgers."""
    return tuple(name for name, table in known().items() if "files" in table)


@probe("records.ledgers", kind="records")
def read_records(documents: Documents, folder: Folder) -> bytes:
    """Every ledger of the folder; a file of another name is not ours."""
    del documents
    found, books = folder.names(".csv"), unread_books(folder)
    ledgers = {name: _ledger(name, found, books, folder) for name in names()}
    return msgspec.json.encode(Records(ledgers))


@fact("records.ledgers", probe=read_records)
def records(answer: Answer) -> Records:
    """The kept answer; its shape is our own."""
    try:
        found = msgspec.json.decode(answer.body, type=Records)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Garbled(str(error)[:200]) from None
    columns = {name: set(known()[name]["columns"]) for name in names()}
    rows = [(name, row) for name, ledger in found.ledgers.items() for row in ledger.rows]
    if set(found.ledgers) != set(columns) or any(set(row.cells) != columns[name] for name, row in rows):
        raise Garbled("not the ledgers of this version of the program")
    return found


def _ledger(name: str, found: tuple[str, ...], books: list[str], folder: Folder) -> Ledger:
    stems = {folded(stem) for stem in known()[name]["files"]}
    mine = [one for one in found if _stem(one) in stems]
    rows: list[Row] = []
    gaps = [one for one in books if _stem(one.partition(":")[0]) in stems]
    written: list[date] = []
    for file in mine:
        try:
            table = csv_table(folder.read(file), file)
            read = list(_rows(table, name))
            written.append(folder.modified(file).astimezone(JAPAN).date())
        except (Garbled, Unreached) as error:
            gaps.append(f"{file}: {error.note}"[:200])
            continue
        rows += read
        gaps += [
            f"{row.place}: {column}" for row in read for column, cell in row.cells.items() if cell == BAD
        ]
    return Ledger(len(mine) + bool(gaps and not mine), rows, gaps, min(written, default=None))


def _stem(file: str) -> str:
    return folded(file.rpartition("/")[2].rpartition(".")[0])


def _rows(table: Table, name: str) -> Iterator[Row]:
    """The rows below the heading.

    Raises:
        Garbled: a column that is needed is missing or stands twice, or a row is wider than the heading.
    """
    if not table.rows:
        raise Garbled(f"{table.name}: empty")
    (_, heading), *body = table.rows
    columns = known()[name]["columns"]
    at = {column: _where(heading, told["headings"], table.name) for column, told in columns.items()}
    for line, cells in body:
        if any(cells[len(heading) :]):
            raise Garbled(f"{table.name}:{line}: more cells than headings")
        values = {
            column: _meaning(cells[at[column]] if at[column] < len(cells) else "", told)
            for column, told in columns.items()
        }
        yield Row(f"{table.name}:{line}", values)


def _where(heading: tuple[str, ...], spellings: list[str], file: str) -> int:
    wanted = {folded(one) for one in spellings}
    found = [index for index, cell in enumerate(heading) if folded(cell) in wanted]
    if len(found) != 1:
        why = "is missing" if not found else "stands twice"
        raise Garbled(f"{file}: the column {spellings[0]} {why}")
    return found[0]


def _meaning(cell: str, told: Mapping[str, Any]) -> str:
    """What a cell means to its column's kind."""
    plain = folded(cell)
    if plain in _words("cells", "blank"):
        return BLANK
    if cell.startswith(("=", "@", "+")):
        return BAD
    if plain in {folded(word) for word in told.get("no", ())}:
        return NO
    return KINDS[told["kind"]](cell)


def _title(cell: str) -> str:
    return NONE if folded(cell) in _words("cells", "none") else FILLED


def _told(cell: str) -> str:
    """As a title; a measure or an approver that is called "none" is not told."""
    return FILLED if _title(cell) == FILLED else BLANK


def _link(cell: str) -> str:
    return FILLED if _LINK.fullmatch(cell) else BAD


def _methods(cell: str) -> str:
    found = [_one_of("methods", part) for part in _SEPARATED.split(cell) if part.strip()]
    return BAD if BAD in found or not found else ",".join(found)


@cache
def _words(table: str, key: str) -> frozenset[str]:
    return frozenset(folded(word) for word in known()[table][key])


def _one_of(table: str, cell: str) -> str:
    """The key of the table whose words hold the cell's."""
    return next((key for key in known()[table] if folded(cell) in _words(table, key)), BAD)


def _day(cell: str) -> str:
    found = _DAY.fullmatch("".join(unicodedata.normalize("NFKC", cell).upper().split()))
    if found is None:
        return BAD
    year = (
        int(found["year"]) if found["year"] else _REIWA + (1 if found["nth"] == "元" else int(found["nth"]))
    )
    try:
        return date(year, int(found["month"]), int(found["day"])).isoformat()
    except ValueError:
        return BAD


KINDS: Mapping[str, Callable[[str], str]] = {
    "day": _day,
    "title": _title,
    "told": _told,
    "link": _link,
    "section": lambda cell: cell[:MAX_NAME],
    "methods": _methods,
    "word": lambda cell: _one_of("words", cell),
    "class": lambda cell: _one_of("classes", cell),
}
"""How a cell of each kind of column is read."""
