"""What a table is by its headings: a ledger of procedures or forms, a log of applications, or none."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from auditor.api import Folder, Garbled, folded
from checks._ledgers._table import Table, csv_table, sheets

WORKBOOKS = (".xlsx", ".xlsm")
LEDGERS = (".csv", *WORKBOOKS)
HEADING_WITHIN = 10
KNOWN_HEADINGS = 3
"""A table is a ledger where one of its first rows holds so many known headings, the name among them."""


@cache
def known() -> Mapping[str, Any]:
    """``ledgers.toml``, read once."""
    return tomllib.loads(files(__package__).joinpath("ledgers.toml").read_text(encoding="utf-8"))


@cache
def ledger_headings() -> Mapping[str, str]:
    rows = {**known()["columns"], **known()["other_columns"]}
    return {folded(name): key for key, names in rows.items() for name in names}


@cache
def application_headings() -> Mapping[str, str]:
    """The columns of a log of applications by their folded headings."""
    return {folded(name): key for key, names in known()["application_columns"].items() for name in names}


@cache
def words_of(column: str) -> Mapping[str, str]:
    rows = known()["words"][column]
    return {folded(word): meaning for meaning, words in rows.items() for word in words}


def tables_in(folder: Folder, name: str) -> tuple[Table, ...]:
    """The tables of one CSV file or workbook.

    Raises:
        Garbled: the file is none.
        Unreached: as `Folder.read`.
    """
    body = folder.read(name)
    return sheets(body, name) if name.lower().endswith(WORKBOOKS) else (csv_table(body, name),)


def heading_row(table: Table, names: Mapping[str, str], wanted: Iterable[str]) -> int | None:
    """Index of the row of headings, None = the table is no such ledger."""
    for index, (_, cells) in enumerate(table.rows[:HEADING_WITHIN]):
        found = {names[folded(cell)] for cell in cells if folded(cell) in names}
        if len(found) >= KNOWN_HEADINGS and found.issuperset(wanted):
            return index
    return None


def is_log(table: Table) -> bool:
    """True for a table with the headings of a log of applications."""
    return heading_row(table, application_headings(), ("day", "way")) is not None


def is_ledger(table: Table) -> bool:
    """True for a table with the headings of a ledger of procedures or forms."""
    return not is_log(table) and heading_row(table, ledger_headings(), ("name",)) is not None


def columns_of(table: Table, at: int, names: Mapping[str, str]) -> dict[str, int]:
    """Where each known column stands.

    Raises:
        Garbled: merged cells at or below the headings, a column twice.
    """
    line, cells = table.rows[at]
    for last, ref in table.merged:
        if last >= line:
            raise Garbled(f"{table.name}: merged cells {ref}")
    found: dict[str, int] = {}
    for index, cell in enumerate(cells):
        key = names.get(folded(cell))
        if key in found:
            raise Garbled(f"{table.name}:{line}: the column {cell[:40]} twice")
        if key is not None:
            found[key] = index
    return found


def width_of(table: Table) -> int:
    """The most cells that are filled in one row."""
    return max((sum(map(bool, cells)) for _, cells in table.rows), default=0)
