"""Tables of a folder, known by their headings, as rows that know where they stand; words that are known."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import msgspec

from auditor.api import (
    Answer,
    Folder,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unreached,
    folded,
    unknown,
)
from checks._ledgers._table import Table, csv_table, unread_books

JAPAN = timezone(timedelta(hours=9))
MAX_FILES = 50
MAX_NOTES = 200
_NAMED_DAY = re.compile(r"(?<!\d)(20\d\d)[-_]?([01]\d)[-_]?([0-3]\d)(?!\d)")
_DAY = re.compile(r"(20\d\d)[-/.年]([01]?\d)[-/.月]([0-3]?\d)日?(?:[ T]\d{1,2}:\d{2}.*)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `cells` by column key, a column that the table lacks has no entry."""

    place: str
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """A cell of plain words; "" = blank, or no such column.

        Raises:
            Garbled: a formula, or signs that nobody could read.
        """
        text = unicodedata.normalize("NFKC", self.cells.get(column, "")).strip()
        if text.startswith(_FORMULA) or not text.isprintable():
            raise Garbled(f"{self.place} {column}: no plain text")
        return text

    def means(self, column: str, table: str = "") -> str:
        """What a cell means; "" = blank, or no known word."""
        return _words(table or column).get(folded(self.cells.get(column, "")), "")

    def word(self, column: str, table: str = "") -> str:
        """What a cell means; "" = blank.

        Raises:
            Garbled: nobody knows the word.
        """
        meaning = self.means(column, table)
        if not meaning and folded(self.cells.get(column, "")):
            raise Garbled(f"{self.place} {column}: an unknown word")
        return meaning

    def told(self, column: str) -> str:
        """Whether a column of free words holds anything: yes, no (it says that there is none), or "".

        Signs alone, and words that only say that nobody knows, are no answer.

        Raises:
            Garbled: as `text`.
        """
        if self.means(column):
            return "no"
        if self.means(column, "untold"):
            return ""
        return "yes" if any(map(str.isalnum, self.text(column))) else ""

    def count(self, column: str) -> int | None:
        """A whole number of things; None = blank.

        Raises:
            Garbled: anything else.
        """
        text = folded(self.cells.get(column, "")).replace(",", "")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004 - more than any disk
            raise Garbled(f"{self.place} {column}: not a number")
        return int(text)

    def day(self, column: str) -> date | None:
        """A day written with the year first; None = blank.

        Raises:
            Garbled: anything else.
        """
        text = unicodedata.normalize("NFKC", self.cells.get(column, "")).strip()
        if not text:
            return None
        match = _DAY.fullmatch(text)
        try:
            return date(int(match[1]), int(match[2]), int(match[3])) if match else _no_day(self.place, column)
        except ValueError:
            return _no_day(self.place, column)


@dataclass(slots=True)
class Found:
    """The tables of one kind. `exported` = the earliest day told by files' names and times."""

    rows: list[Row] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)
    exported: date = date.max

    def saw(self, folder: Folder, name: str) -> None:
        """Note how old a file may be: its own time, or the day in its name."""
        days = [folder.modified(name).astimezone(JAPAN).date(), *named_days(name)]
        self.exported = min(self.exported, *days)


@cache
def known() -> Mapping[str, Any]:
    """``tables.toml``, read once."""
    return tomllib.loads(files(__package__).joinpath("tables.toml").read_text(encoding="utf-8"))


@cache
def _words(table: str) -> Mapping[str, str]:
    return {folded(word): meaning for meaning, words in known()["words"][table].items() for word in words}


def named_days(name: str) -> Iterator[date]:
    """The days that stand in a file's name."""
    for year, month, day in _NAMED_DAY.findall(name):
        try:
            yield date(int(year), int(month), int(day))
        except ValueError:
            continue


def tables(folder: Folder, kind: str) -> Found:
    """All rows of the folder's tables of a kind; a file nobody can read, or of no kind, is named.

    Raises:
        NotKnown: more files than a folder of exports holds.
    """
    found = Found()
    names = folder.names(".csv")
    found.unread += unread_books(folder)
    if len(names) > MAX_FILES:
        raise NotKnown(Reason.NOT_MEASURABLE, f"more than {MAX_FILES} files")
    for name in names:
        try:
            table = csv_table(folder.read(name), name)
            its_kind = kind_of(table)
            if its_kind == kind:
                _take(table, kind, found)
                found.saw(folder, name)
            elif not its_kind:
                found.unread.append(f"{name}: headings nobody knows")
        except (Garbled, Unreached) as error:
            found.unread.append(f"{name}: {error.note}"[:200])
    return found


def kind_of(table: Table) -> str:
    """Which kind a table's headings are those of; "" = none."""
    here = {folded(cell) for cell in table.rows[0][1]} if table.rows else set()
    fitting = {
        kind: len(row["needs"])
        for kind, row in known()["kinds"].items()
        if all(here & {folded(name) for name in row["columns"][need]} for need in row["needs"])
    }
    return max(fitting, key=lambda kind: fitting[kind], default="")


def _take(table: Table, kind: str, found: Found) -> None:
    names = {folded(name): key for key, all_ in known()["kinds"][kind]["columns"].items() for name in all_}
    (_, headings), *body = table.rows
    at: dict[str, int] = {}
    for index, cell in enumerate(headings):
        key = names.get(folded(cell))
        if key in at:
            raise Garbled(f"{table.name}: the column {cell[:40]} twice")
        if key is not None:
            at[key] = index
    if not body:
        raise Garbled(f"{table.name}: no rows")
    for line, cells in body:
        if any(cells[len(headings) :]):
            raise Garbled(f"{table.name}:{line}: more cells than headings")
        row = {key: cells[index] if index < len(cells) else "" for key, index in at.items()}
        found.rows.append(Row(f"{table.name}:{line}", row))
    found.columns |= at.keys()


def _no_day(place: str, column: str) -> date:
    raise Garbled(f"{place} {column}: not a day")


def too_old(exported: date, params: Params, today: date) -> Judgement | None:
    """Why an export of that day tells nothing of today; None = it does."""
    limit = params.integer("export_days")
    age = (today - exported).days
    if age > limit:
        return unknown(Reason.STALE, f"exported {exported.isoformat()}: {age} d > {limit} d")
    if age < -1:
        return unknown(Reason.UNREADABLE, f"exported {exported.isoformat()}, after today")
    return None


T = TypeVar("T", bound=msgspec.Struct)


def kept(answer: Answer, kind: type[T]) -> T:
    """A kept answer, whose shape is our own.

    Raises:
        Garbled: it is of another shape.
    """
    try:
        return msgspec.convert(answer.json(), kind)
    except msgspec.ValidationError as error:
        raise Garbled(f"{answer.id}: not what the probe writes: {error}"[:200]) from None
