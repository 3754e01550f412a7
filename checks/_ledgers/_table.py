"""Ledgers as rows that know their line: CSV as spreadsheets write it, and the sheets of a workbook (xlsx)."""

import csv
import io
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from auditor.api import Folder, Garbled, decoded
from checks._ledgers._office import Package, local, opened

MAX_ROWS = 20_000
MAX_COLUMNS = 200
MAX_SHEET_COLUMNS = 16_384
MAX_SHEET_CELLS = 2_000_000
"""Of one sheet, blank ones to the left included: forms are often drawn on hundreds of narrow columns."""

MAX_CELL = 2000
BOOKS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
"""Workbooks, where only CSV is read: each is named, for it may be the ledger that counts."""

FORMULA = "="
"""What the text of a formula's cell begins with; formulas are not worked out."""

_REF = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV file or one sheet. `rows` = line and cells, empty rows left out, hidden ones not.

    `merged` = last line and name of each range of merged cells.
    """

    name: str
    rows: tuple[tuple[int, Cells], ...]
    merged: tuple[tuple[int, str], ...] = ()


def unread_books(folder: Folder) -> list[str]:
    """The workbooks of a folder in which only CSV is read, each with what to do; files left open are none."""
    names = folder.names(*BOOKS)
    return [
        f"{name}: save it as CSV" for name in names if not name.rpartition("/")[2].startswith((".", "~$"))
    ]


def csv_table(body: bytes, file: str) -> Table:
    """A CSV file in UTF-8, UTF-16 or cp932.

    Raises:
        Garbled: another encoding, NUL, broken quotes, beyond the limits.
    """
    text, wrong_at = decoded(body)
    if text is None or "\0" in text or (b"\0" in body and not body.startswith(_UTF16)):
        raise Garbled(f"{file}: neither UTF-8, UTF-16 nor cp932 at byte {wrong_at}")
    first = text.partition("\n")[0]
    mark = max(",\t;", key=first.count)
    return Table(file, tuple(_csv_rows(text, mark, file)))


def _csv_rows(text: str, mark: str, file: str) -> Iterator[tuple[int, Cells]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    begins = count = 0
    try:
        for row in reader:
            line, begins = begins + 1, reader.line_num
            cells = tuple(cell.strip() for cell in row)
            if not any(cells):
                continue
            count += 1
            _limit(file, line, count, cells)
            yield line, cells
    except csv.Error as error:
        raise Garbled(f"{file}:{begins + 1}: {error}") from None


def _limit(file: str, line: int, count: int, cells: Cells) -> None:
    if count > MAX_ROWS or len(cells) > MAX_COLUMNS or any(len(cell) > MAX_CELL for cell in cells):
        raise Garbled(f"{file}:{line}: more than {MAX_ROWS} rows, {MAX_COLUMNS} columns or a very long cell")


def sheets(body: bytes, file: str) -> tuple[Table, ...]:
    """Every sheet of a workbook, hidden ones too; what a formula gave when it was saved is not believed.

    Raises:
        Garbled: no workbook, or beyond the limits.
    """
    package = opened(body, file)
    links = {
        link.get("Id"): posixpath.normpath(posixpath.join("/xl", link.get("Target") or "")).lstrip("/")
        for link in package.xml("xl/_rels/workbook.xml.rels")
    }
    shared = _shared(package)
    tables = []
    for sheet in package.xml("xl/workbook.xml").iter("{*}sheet"):
        link = next((value for key, value in sheet.items() if key.endswith("}id")), "")
        part = links.get(link, "")
        if not part:
            raise Garbled(f"{file}: a sheet that is not there")
        if "worksheets/" in part:  # charts and dialogues hold no rows
            tables.append(_sheet(package.xml(part), f"{file}[{sheet.get('name') or ''}]", shared))
    return tuple(tables)


def _shared(package: Package) -> list[str]:
    if "xl/sharedStrings.xml" not in package.names:
        return []
    return [words(item) for item in package.xml("xl/sharedStrings.xml").iter("{*}si")]


def words(item: Any) -> str:
    """The text of a string item without the readings (ふりがな) that Excel keeps beside it."""
    return "".join(
        element.text or ""
        for element in item.iter("{*}t")
        if all(local(above) != "rPh" for above in element.iterancestors())
    )


def _sheet(root: Any, name: str, shared: list[str]) -> Table:
    rows: list[tuple[int, Cells]] = []
    line = size = 0
    for row in root.iter("{*}row"):
        line = _whole(row.get("r"), line + 1, name)
        cells = _cells(row, shared, f"{name}:{line}")
        size += len(cells)
        if size > MAX_SHEET_CELLS or len(rows) > MAX_ROWS:
            raise Garbled(f"{name}:{line}: more than {MAX_ROWS} rows or {MAX_SHEET_CELLS} cells")
        if any(cells):
            rows.append((line, cells))
    if sorted({line for line, _ in rows}) != [line for line, _ in rows]:
        raise Garbled(f"{name}: rows out of order")
    return Table(name, tuple(rows), tuple(_merged(root, name)))


def _cells(row: Any, shared: list[str], place: str) -> Cells:
    found: dict[int, str] = {}
    at = 0
    for cell in row.iterchildren("{*}c"):
        at = _column(cell.get("r"), at + 1, place)
        if at in found:
            raise Garbled(f"{place}: one cell twice")
        found[at] = _text(cell, shared, place).strip()
    return tuple(found.get(index, "") for index in range(1, max(found, default=0) + 1))


def _text(cell: Any, shared: list[str], place: str) -> str:
    if cell.find("{*}f") is not None:
        return FORMULA
    kind, value = cell.get("t", "n"), cell.findtext("{*}v") or ""
    if kind == "s":
        number = _whole(value, -1, place)
        if not 0 <= number < len(shared):
            raise Garbled(f"{place}: a text that is not there")
        return shared[number]
    if kind == "inlineStr":
        return words(cell)
    return value


def _column(ref: str | None, after: int, place: str) -> int:
    if ref is None:
        return after
    match = _REF.fullmatch(ref)
    column = 0
    for letter in match[1] if match else "":
        column = column * 26 + ord(letter) - 64
    if not 1 <= column <= MAX_SHEET_COLUMNS:
        raise Garbled(f"{place}: more than {MAX_SHEET_COLUMNS} columns")
    return column


def _whole(text: str | None, otherwise: int, place: str) -> int:
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) <= 7):  # noqa: PLR2004 - Excel's own limit
        raise Garbled(f"{place}: not a number")
    return int(text)


def _merged(root: Any, name: str) -> Iterator[tuple[int, str]]:
    for merged in root.iter("{*}mergeCell"):
        ref = merged.get("ref") or ""
        last = _REF.fullmatch(ref.rpartition(":")[2])
        if last is None:
            raise Garbled(f"{name}: merged cells nobody can place")
        yield int(last[2]), ref
