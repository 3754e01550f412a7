"""The ledgers of procedures (手続一覧) and forms (様式一覧): each row typed, each blank kept blank."""

import re
from collections.abc import Mapping
from datetime import date

import msgspec

from auditor.api import Folder, Garbled, Unreached, folded
from checks._ledgers._headings import (
    LEDGERS,
    columns_of,
    heading_row,
    is_ledger,
    is_log,
    known,
    ledger_headings,
    tables_in,
    width_of,
    words_of,
)
from checks._ledgers._table import MAX_SHEET_COLUMNS, Table

OLD = (".xls", ".xlsb", ".ods")
"""Workbooks that are not read; one whose name says that it is a ledger is missed."""

NEEDS = ("seal", "presence", "paper", "fee")
"""What a procedure may demand of people, each with its own column for the reason."""

MAX_YEARLY = 10_000_000
_LABEL = re.compile(r"(.*?)[-ー:]?(\d{0,3})")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_FORMULA = ("=", "+", "@")
_LEDGER_NAME = re.compile(r"一覧|台帳|ledger", re.IGNORECASE)


class Procedure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row.

    `place` = file and line. `listing` = its ledger has a column for the national lists, so that it is one of
    procedures and not only of forms. `flags` = need, online, printed and fifty_nine by column: yes, no,
    absent, "" (blank) or ? (a word nobody knows); a column that the ledger lacks has no entry. `reasons` =
    which reason cells hold anything. `group` and `label` = the national list's group and number, as `flags`.
    `nth` = the number in the list of the 59, "" = not told.
    `channel` = portal, other or "". `yearly` None = not told. `confirmed` = ISO day, "" = not told.
    """

    place: str
    listing: bool
    number: str
    name: str
    section: str
    rule: str
    clause: str
    file: str
    flags: dict[str, str]
    reasons: list[str]
    group: str = ""
    label: str = ""
    nth: str = ""
    channel: str = ""
    yearly: int | None = None
    confirmed: str = ""

    @property
    def title(self) -> str:
        """How the row is named to people: its name, and the section that owns it."""
        return f"{self.name}({self.section})" if self.section else self.name

    @property
    def ground(self) -> str:
        """The ordinance and clause behind it, as the ledger writes them; "" = none."""
        return f"{self.rule}{self.clause}" if self.rule and self.clause else ""


class Ledgers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All ledgers of a folder. `faults` = cells nobody understands; `unread` = files nobody could read."""

    rows: list[Procedure]
    faults: list[str]
    unread: list[str]

    @property
    def gaps(self) -> tuple[str, ...]:
        """Everything that keeps the ledgers from being whole."""
        return (*self.unread, *self.faults)


def read_ledgers(folder: Folder) -> Ledgers:
    """Every row of every ledger of the folder; a CSV file that is neither ledger nor log is named as unread.

    A workbook without a ledger's headings is taken for a form; in one with a ledger, a sheet that is as wide
    without headings may be where the ledger goes on.
    """
    old = [name for name in folder.names(*OLD) if _LEDGER_NAME.search(name.rpartition("/")[2])]
    found = Ledgers([], [], [f"{name}: save it as xlsx or CSV" for name in old])
    for name in folder.names(*LEDGERS):
        try:
            tables = tables_in(folder, name)
            mine = [table for table in tables if is_ledger(table)]
            for table in mine:
                _read(table, found)
            wide = min(map(width_of, mine), default=0 if name.lower().endswith(".csv") else MAX_SHEET_COLUMNS)
            others = (table for table in tables if table not in mine and not is_log(table))
            found.unread.extend(
                f"{one.name}: no headings of a ledger or a log" for one in others if 2 * width_of(one) >= wide
            )
        except (Garbled, Unreached) as error:
            found.unread.append(f"{name}: {error.note}"[:200])
    return found


def _read(table: Table, found: Ledgers) -> None:
    at = heading_row(table, ledger_headings(), ("name",)) or 0
    columns = columns_of(table, at, ledger_headings())
    width = len(table.rows[at][1])
    for line, cells in table.rows[at + 1 :]:
        place = f"{table.name}:{line}"
        if len(cells) > width and any(cells[width:]):
            found.faults.append(f"{place}: more cells than headings")
            continue
        row = {key: cells[index] if index < len(cells) else "" for key, index in columns.items()}
        found.rows.append(_procedure(_Reader(place, row, found.faults)))
    if not table.rows[at + 1 :]:
        found.faults.append(f"{table.name}: no rows")


class _Reader:
    """One row being read; what is not understood goes to `faults` with its place and column."""

    def __init__(self, place: str, row: Mapping[str, str], faults: list[str]) -> None:
        self.place = place
        self.row = row
        self._faults = faults

    def fault(self, column: str) -> str:
        """Note a cell nobody understands."""
        self._faults.append(f"{self.place} {known()['columns'][column][0]}")
        return "?"

    def text(self, column: str) -> str:
        """A cell of words; a formula is none."""
        cell = self.row.get(column, "")
        if cell.startswith(_FORMULA) or len(cell) > 200:  # noqa: PLR2004 - names and titles are shorter
            self.fault(column)
            return ""
        return " ".join(cell.split())

    def ground(self, column: str) -> str:
        """A cell of words, "" where they only say that there is none."""
        text = self.text(column)
        return text if _told(text) else ""

    def word(self, column: str, table: str) -> str:
        """What a cell means; "" = blank, ? = nobody knows."""
        cell = folded(self.row[column])
        return (words_of(table).get(cell) or self.fault(column)) if cell else ""


def _procedure(reader: _Reader) -> Procedure:
    row = reader.row
    flags = {key: reader.word(key, "need") for key in NEEDS if key in row}
    flags |= {key: reader.word(key, key) for key in ("online", "printed") if key in row}
    nth = ""
    if "fifty_nine" in row:
        nth = folded(row["fifty_nine"]).lstrip("0") if _is_number(row["fifty_nine"], 59) else ""
        flags["fifty_nine"] = "yes" if nth else reader.word(*["fifty_nine"] * 2)
    group, label = _group(reader) if "thirty_one" in row else ("", "")
    name = reader.text("name")
    if not name:
        reader.fault("name")
    return Procedure(
        place=reader.place,
        listing=bool({"thirty_one", "fifty_nine"} & row.keys()),
        number=reader.text("number"),
        name=name,
        section=reader.text("section"),
        rule=reader.ground("rule"),
        clause=reader.ground("clause"),
        file=reader.text("file"),
        flags=flags,
        reasons=[key for key in (*NEEDS, "online") if _told(row.get(f"{key}_reason", ""))],
        group=group,
        label=label,
        nth=nth,
        channel=_channel(row.get("channel", "")),
        yearly=_yearly(reader),
        confirmed=_confirmed(reader),
    )


def _told(cell: str) -> bool:
    """True for a reason; a dash, a question mark and a word for "none" or "not known" is none."""
    word = folded(cell).strip("-ー―－?/.…・")
    return bool(word) and word not in words_of("untold") and not cell.startswith(_FORMULA)


def _is_number(cell: str, most: int) -> bool:
    text = folded(cell)
    return text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= most  # noqa: PLR2004


def _group(reader: _Reader) -> tuple[str, str]:
    cell = folded(reader.row["thirty_one"])
    if not cell:
        return "", ""
    match = _LABEL.fullmatch(cell)
    word, digits = (match[1], match[2]) if match else (cell, "")
    meaning = words_of("thirty_one").get(cell) or words_of("thirty_one").get(word)
    return (meaning, cell if digits else "") if meaning else (reader.fault("thirty_one"), "")


def _channel(cell: str) -> str:
    if not _told(cell):
        return ""
    return words_of("channel").get(folded(cell), "other")


def _yearly(reader: _Reader) -> int | None:
    text = folded(reader.row.get("yearly", "")).replace(",", "").removesuffix("件")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and int(text) <= MAX_YEARLY):  # noqa: PLR2004
        reader.fault("yearly")
        return None
    return int(text)


def _confirmed(reader: _Reader) -> str:
    cell = reader.row.get("confirmed", "")
    day = day_of(cell)
    if cell and day is None:
        reader.fault("confirmed")
    return day.isoformat() if day else ""


def day_of(cell: str) -> date | None:
    """A day written with the year first; None = blank or anything else."""
    match = _DAY.fullmatch(folded(cell).partition("t")[0])
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None
