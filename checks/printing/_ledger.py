"""CSV ledgers of a town: columns in any order, Japanese or English headings; bad cells are told of."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from auditor.api import Garbled, folded
from checks._ledgers._table import Table

MAX_FAULTS = 50
MAX_COUNT = 10**10
TOTALS = frozenset(map(folded, ("合計", "計", "総計", "小計", "total", "sum")))
"""Cells that mark a row which only adds up others."""
_ERAS = {"r": 2018, "令和": 2018, "h": 1988, "平成": 1988}
_YEAR = r"(?P<era>令和|平成|r|h)?(?P<year>\d{1,4}|元)"
_MONTH = re.compile(_YEAR + r"[年./-](?P<month>\d{1,2})月?(?:分)?")
_PLAIN_MONTH = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})")
_DAY = re.compile(_YEAR + r"[年./-](?P<month>\d{1,2})[月./-](?P<day>\d{1,2})日?")
_TIME = re.compile(r"[ T]+\d{1,2}:\d{2}(:\d{2})?$")
_COUNT = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,11}")


@dataclass(slots=True)
class Faults:
    """What could not be read, as ``file:row column``."""

    places: list[str] = field(default_factory=list)

    def add(self, name: str, row: int, column: str = "") -> None:
        """Tell of one place."""
        if len(self.places) < MAX_FAULTS:
            self.places.append(f"{name}:{row} {column}".strip())


@dataclass(frozen=True, slots=True)
class Columns:
    """The headings of a ledger: all spellings by key; `needed` = without these it is another ledger."""

    spellings: Mapping[str, Sequence[str]]
    needed: tuple[str, ...]

    def found(self, heading: Sequence[str]) -> dict[str, int] | None:
        """Where each known column stands, in the order of `spellings`; None = this is another ledger.

        Raises:
            Garbled: a column stands there twice.
        """
        keys = {folded(one): key for key, all_ in self.spellings.items() for one in (key, *all_)}
        at: dict[str, int] = {}
        for index, cell in enumerate(heading):
            key = keys.get(folded(cell))
            if key in at:
                raise Garbled(f"two columns {cell.strip()[:40]}")
            if key is not None:
                at[key] = index
        ordered = {key: at[key] for key in self.spellings if key in at}
        return ordered if all(key in at for key in self.needed) else None


def cells_of(table: Table, at: Mapping[str, int], faults: Faults) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row's known cells; a row with more cells than headings is a fault."""
    (_, heading), *body = table.rows
    for row, cells in body:
        if any(cells[len(heading) :]):
            faults.add(table.name, row)
            continue
        yield row, {key: cells[i] if i < len(cells) else "" for key, i in at.items()}


def is_total(cell: str) -> bool:
    """True for a row that only adds up others."""
    return folded(cell) in TOTALS


def count_of(cell: str) -> int | None:
    """A whole number, full-width or with commas; None = blank.

    Raises:
        ValueError: anything else.
    """
    plain = _narrow(cell)
    if not plain:
        return None
    if not _COUNT.fullmatch(plain) or (number := int(plain.replace(",", ""))) > MAX_COUNT:
        raise ValueError(plain[:40])
    return number


def month_of(cell: str) -> int:
    """A month as months since year 0 (2026-11, 2026年11月, 令和8年11月, R8.11, 202611).

    Raises:
        ValueError: anything else.
    """
    plain = _narrow(cell)
    found = _PLAIN_MONTH.fullmatch(plain) or _MONTH.fullmatch(plain)
    if found is None:
        raise ValueError(plain[:40])
    day = date(_year(found), int(found["month"]), 1)
    return day.year * 12 + day.month - 1


def day_of(cell: str) -> date:
    """A day (2026-11-01, 2026年11月1日, 令和8年11月1日, R8.11.1).

    Raises:
        ValueError: anything else.
    """
    plain = _narrow(cell)
    found = _DAY.fullmatch(plain)
    if found is None:
        raise ValueError(plain[:40])
    return date(_year(found), int(found["month"]), int(found["day"]))


def month_of_day(cell: str) -> int:
    """The month (as `month_of`) of a day, or of a day and time (2026-11-01 10:23, 2026-11-01T10:23:05).

    Raises:
        ValueError: anything else.
    """
    day = day_of(_TIME.sub("", unicodedata.normalize("NFKC", cell).strip()))
    return day.year * 12 + day.month - 1


def _year(found: re.Match[str]) -> int:
    """The year of the common era; without an era only four digits are a year."""
    era = found.groupdict().get("era")
    year = 1 if found["year"] == "元" else int(found["year"])
    if era is None and not 2000 <= year < 2100:  # noqa: PLR2004 - no ledger of another century
        raise ValueError(found["year"])
    return year + (_ERAS[era] if era else 0)


def _narrow(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).split()).casefold()
