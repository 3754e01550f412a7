"""A town's CSV as rows that know their line, under headings in Japanese or English, in any order."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from auditor.api import Garbled, decoded, folded

MAX_ROWS = 200_000
MAX_COLUMNS = 100
MAX_CELL = 1000
FORMULA = ("=", "+", "@")
"""What a cell that a spreadsheet would run begins with; such a cell is no value."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
Headings = Mapping[str, tuple[str, ...]]
"""Spellings by column key."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. A column that is not there, and an empty cell, is ""."""

    file: str
    line: int
    cells: Mapping[str, str]

    def place(self, column: str = "") -> str:
        """Where it stands, for people."""
        return f"{self.file}:{self.line}{' ' if column else ''}{column}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file; `columns` = the keys that it has a column for."""

    file: str
    columns: frozenset[str]
    rows: tuple[Row, ...]


def sheet(body: bytes, file: str, kinds: Mapping[str, tuple[Headings, frozenset[str]]]) -> tuple[str, Sheet]:
    """The rows of a file and the first of `kinds` (headings, columns it must have) that its heading is.

    Raises:
        Garbled: neither UTF-8, UTF-16 nor cp932, broken quotes, beyond the limits, another heading, a column
            twice, a row wider than its heading.
    """
    text, wrong_at = decoded(body)
    if text is None or "\0" in text or (b"\0" in body and not body.startswith(_UTF16)):
        raise Garbled(f"{file}: neither UTF-8, UTF-16 nor cp932 at byte {wrong_at}")
    rows = _rows(text, file)
    line, heading = next(rows, (1, ()))
    for kind, (headings, needed) in kinds.items():
        keys = _keys(heading, headings, f"{file}:{line}")
        if needed <= set(keys):
            return kind, Sheet(file, frozenset(keys) - {""}, tuple(_keyed(rows, keys, file)))
    raise Garbled(f"{file}:{line}: not a heading that is known here")


def _keys(heading: tuple[str, ...], headings: Headings, place: str) -> tuple[str, ...]:
    """The key of each column, "" = not known."""
    names = {folded(name): key for key, spellings in headings.items() for name in (key, *spellings)}
    keys = tuple(names.get(folded(cell), "") for cell in heading)
    known = [key for key in keys if key]
    if len(set(known)) < len(known):
        raise Garbled(f"{place}: one column twice")
    return keys


def _keyed(rows: Iterator[tuple[int, tuple[str, ...]]], keys: tuple[str, ...], file: str) -> Iterator[Row]:
    for line, cells in rows:
        if any(cells[len(keys) :]):
            raise Garbled(f"{file}:{line}: more cells than the heading has")
        yield Row(file, line, {key: cell for key, cell in zip(keys, cells, strict=False) if key})


def _rows(text: str, file: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    mark = max(",\t;", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    begins, count = 1, 0
    try:
        for row in reader:
            line, begins = begins, reader.line_num + 1
            cells = tuple(cell.strip() for cell in row)
            if not any(cells):
                continue
            count += 1
            if count > MAX_ROWS or len(cells) > MAX_COLUMNS or max(map(len, cells)) > MAX_CELL:
                raise Garbled(
                    f"{file}:{line}: more than {MAX_ROWS} rows, {MAX_COLUMNS} columns or a long cell"
                )
            yield line, cells
    except csv.Error as error:
        raise Garbled(f"{file}:{begins}: {error}") from None
