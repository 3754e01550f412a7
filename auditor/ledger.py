"""CSV ledgers as Excel on a Japanese Windows saves them, read into rows that know their line.

Excel writes cp932 ("CSV"), UTF-8 with a byte order mark ("CSV UTF-8") or UTF-16 with tabs ("Unicode text"),
ends lines with CRLF, and drops empty cells at the end of a row.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.problems import Told

MAX_LEDGER_BYTES = 16 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 200
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_STRAY = re.compile("[\x80\xa0\uf8f0-\uf8f3]")  # what Python makes of bytes that cp932 does not know
_GAPS = re.compile(r"[\s_・()]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is understood: `key` in the program, `heading` in Japanese, and other spellings of it."""

    key: str
    heading: str
    aliases: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `line` is where it begins in the file, `cells` are by column key, outer blanks removed."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A ledger. `headings` are as the file spells them, by column key; `unknown` = headings kept unread."""

    path: Path
    rows: tuple[Row, ...]
    headings: Mapping[str, str]
    unknown: tuple[str, ...]


def read_sheet(path: Path, columns: Sequence[Column], told: Told) -> Sheet:
    """The rows of a ledger; what is wrong goes to `told`, then the sheet may be empty."""
    text = _text(path, told)
    lines = _lines(path, text, told) if text is not None else None
    nothing = Sheet(path, (), {}, ())
    if lines is None:
        return nothing
    if not lines:
        told.problem(path, None, "", "ledger_empty", columns=", ".join(one.heading for one in columns))
        return nothing
    (line, heading), *body = lines
    keys, unknown = _headings(path, line, heading, columns, told)
    if unknown:
        told.note(path, line, "", "columns_unknown", names=", ".join(unknown))
    if not body:
        told.problem(path, None, "", "ledger_no_rows")
    if any(column.required and column.key not in keys for column in columns):
        return nothing
    rows = tuple(_rows(path, body, keys, len(heading), told))
    return Sheet(path, rows, {key: heading[at].strip() for key, at in keys.items()}, unknown)


def folded(text: str) -> str:
    """Text for comparing: full-width and half-width, case, blanks and brackets make no difference."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _text(path: Path, told: Told) -> str | None:
    try:
        if not path.is_file():  # a pipe would make us wait
            told.problem(path, None, "", "ledger_missing")
            return None
        with path.open("rb") as stream:
            content = stream.read(MAX_LEDGER_BYTES + 1)
    except OSError as error:
        told.problem(path, None, "", "file_unreadable", why=error.strerror or type(error).__name__)
        return None
    if len(content) > MAX_LEDGER_BYTES:
        told.problem(path, None, "", "file_too_large", limit=MAX_LEDGER_BYTES)
        return None
    if not content.startswith(_UTF16) and b"\0" in content:
        told.problem(path, content.count(b"\n", 0, content.index(b"\0")) + 1, "", "ledger_nul")
        return None
    text, wrong_at = decoded(content)
    if text is None:
        told.problem(path, content.count(b"\n", 0, wrong_at) + 1, "", "ledger_encoding")
    return text


def decoded(content: bytes) -> tuple[str | None, int]:
    """The text of a ledger, or None and the offset where no encoding fits.

    UTF-8 with a few damaged bytes is refused, though cp932 could make some text of it: wrong names are
    worse than none.
    """
    marked = content.startswith(codecs.BOM_UTF8)
    if content.startswith(_UTF16):
        return _tried(content, "utf-16")
    if marked or _mostly_utf8(content):
        text, wrong_at = _tried(content.removeprefix(codecs.BOM_UTF8), "utf-8")
        return text, wrong_at + marked * len(codecs.BOM_UTF8)
    text, _ = _tried(content, "utf-8")
    return (text, 0) if text is not None else _tried(content, "cp932")


def _tried(content: bytes, encoding: str) -> tuple[str | None, int]:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        return None, error.start
    if encoding == "cp932" and (stray := _STRAY.search(text)):
        return None, len(text[: stray.start()].encode(encoding))
    return text, 0


def _mostly_utf8(content: bytes) -> bool:
    text = content.decode("utf-8", errors="replace")
    lost = text.count("\ufffd")
    return sum(not char.isascii() for char in text) - lost > lost


def _lines(path: Path, text: str, told: Told) -> list[tuple[int, list[str]]] | None:
    """The rows that hold anything, each with the line it begins on; None = not to be read."""
    first = text.partition("\n")[0]
    tabs = "\t" in first and "," not in first
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs else ",", strict=True)
    lines: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((begins, cells))
            begins = reader.line_num + 1
            if len(lines) > MAX_ROWS or len(cells) > MAX_COLUMNS:
                told.problem(path, begins - 1, "", "ledger_too_long", rows=MAX_ROWS, columns=MAX_COLUMNS)
                return None
    except csv.Error as error:
        told.problem(path, begins, "", "ledger_quotes", why=str(error))
        return None
    return lines


def _headings(
    path: Path, line: int, heading: list[str], columns: Sequence[Column], told: Told
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each known column stands, and the headings that are not known."""
    names = {folded(name): one for one in columns for name in (one.key, one.heading, *one.aliases)}
    at: dict[str, int] = {}
    unknown: list[str] = []
    for index, cell in enumerate(heading):
        column = names.get(folded(cell))
        if column is None:
            unknown += [cell.strip()] if cell.strip() else []
        elif column.key in at:
            told.problem(path, line, cell.strip(), "column_twice", first=heading[at[column.key]].strip())
        else:
            at[column.key] = index
    for column in columns:
        if column.required and column.key not in at:
            told.problem(
                path,
                line,
                column.heading,
                "column_missing",
                name=column.heading,
                found=", ".join(unknown) or "-",
            )
    return at, tuple(unknown)


def _rows(
    path: Path, body: Iterable[tuple[int, list[str]]], keys: Mapping[str, int], width: int, told: Told
) -> Iterable[Row]:
    for line, cells in body:
        if any(cell.strip() for cell in cells[width:]):
            told.problem(path, line, "", "row_too_wide", expected=width, seen=len(cells))
            continue
        yield Row(line, {key: cells[at].strip() if at < len(cells) else "" for key, at in keys.items()})
