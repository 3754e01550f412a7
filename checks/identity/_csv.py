"""A CSV export as rows that know their line; what a spreadsheet or an attacker put in is refused."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.api import Garbled, decoded, folded

MAX_ROWS = 50_000
MAX_COLUMNS = 200
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SUFFIX = re.compile(r"\[[^\]]*\]\s*$")
_TYPE = "#TYPE "
"""Windows PowerShell's Export-Csv begins with such a line unless it is told not to."""


@dataclass(frozen=True, slots=True)
class Table:
    """One export. `headings` are compared through `heading`; `rows` hold the line each one begins on."""

    file: str
    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def place(self, line: int, column: str = "") -> str:
        """Where a cell stands, for people."""
        return f"{self.file}:{line}{' ' if column else ''}{column}"


def heading(text: str) -> str:
    """A heading for comparing: case, width, blanks and a bracket at the end make no difference."""
    return folded(_SUFFIX.sub("", text))


def read_table(body: bytes, file: str) -> Table:
    """The rows of one export in UTF-8, UTF-16 or cp932, with commas, tabs or semicolons between the cells.

    Raises:
        Garbled: another encoding, NUL, broken quotes, a cell or a table beyond the limits, no heading.
    """
    if not body.startswith(_UTF16) and b"\0" in body:
        raise Garbled(f"{file}: holds a NUL byte")
    text, wrong_at = decoded(body)
    if text is None:
        raise Garbled(f"{file}: neither UTF-8, UTF-16 nor cp932 at byte {wrong_at}")
    if "\0" in text:
        raise Garbled(f"{file}: holds a NUL character")
    rows = list(_rows(text, file))
    if len(rows) < 2:  # noqa: PLR2004 - a heading and somebody
        raise Garbled(f"{file}: no accounts in it")
    (_, headings), *body_rows = rows
    for line, cells in body_rows:
        if len(cells) != len(headings):
            raise Garbled(f"{file}:{line}: {len(cells)} cells where the heading has {len(headings)}")
    return Table(file, headings, tuple(body_rows))


def _rows(text: str, file: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    skipped = 0
    if text.startswith(_TYPE):
        text, skipped = text.partition("\n")[2], 1
    first = text.partition("\n")[0]
    mark = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    begins, count = skipped + 1, 0
    try:
        for cells in reader:
            line, begins = begins, skipped + reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            count += 1
            if count > MAX_ROWS or len(cells) > MAX_COLUMNS:
                raise Garbled(f"{file}:{line}: more than {MAX_ROWS} rows or {MAX_COLUMNS} columns")
            yield line, tuple(cell.strip() for cell in cells)
    except csv.Error as error:
        raise Garbled(f"{file}:{begins}: {error}") from None
