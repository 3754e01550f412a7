"""The words of an approval log's cells: a listed one has its meaning, a blank none, any other is a fault."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from typing import Any

from auditor.api import folded
from checks.paperless._csv import FORMULA

JAPAN = timezone(timedelta(hours=9))
_DAY = re.compile(
    r"(?:(?P<era>令和|R)\s*(?P<nth>\d{1,2}|元)|(?P<year>\d{4}))\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*"
    r"(?P<day>\d{1,2})\s*日?(?:[T\s(].{0,40})?",
    re.IGNORECASE,
)
_ZONED = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)", re.IGNORECASE)
_REIWA = 2018
"""令和元年 is this many years and one."""


class WrongCellError(ValueError):
    """A cell that says something nobody listed."""


@cache
def words() -> Mapping[str, Any]:
    """The table of headings and cells."""
    table: dict[str, Any] = tomllib.loads(files("checks.paperless").joinpath("logs.toml").read_text("utf-8"))
    return table


@cache
def _meanings(column: str) -> Mapping[str, str]:
    kinds: dict[str, list[str]] = words()["cells"][column]
    return {folded(word): meaning for meaning, listed in kinds.items() for word in listed}


def meaning(cell: str, column: str) -> str | None:
    """What a cell means (a key of its table), None = blank, which is never "no".

    Raises:
        WrongCellError: a word that is not listed, or a formula.
    """
    word = folded(cell)
    if word in ("", "-", "ー", "‐", "―"):
        return None
    if word not in (known := _meanings(column)):
        raise WrongCellError(column)
    return known[word]


def day(cell: str) -> date | None:
    """The day (in Japan) of a date or a moment, None = blank. Years are Gregorian or of 令和.

    Raises:
        WrongCellError: no such day, another form, or a formula.
    """
    text = unicodedata.normalize("NFKC", cell).strip()
    if not text or text == "-":
        return None
    if text.startswith(FORMULA):
        raise WrongCellError(text[:1])
    try:
        if _ZONED.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(JAPAN).date()
        found = _DAY.fullmatch(text)
        if found is None:
            raise WrongCellError(cell[:1])
        years = 1 if found["nth"] == "元" else int(found["nth"] or 0)
        year = int(found["year"]) if found["year"] else _REIWA + years
        return date(year, int(found["month"]), int(found["day"]))
    except (ValueError, OverflowError):
        raise WrongCellError("date") from None


def count(cell: str) -> int:
    """A number of cases; a blank is one.

    Raises:
        WrongCellError: no whole number from 0 to 100,000.
    """
    text = unicodedata.normalize("NFKC", cell).replace(",", "")
    if not text:
        return 1
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or int(text) > 100_000:  # noqa: PLR2004 - a town's year
        raise WrongCellError("count")
    return int(text)
