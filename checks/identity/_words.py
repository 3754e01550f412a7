"""What one cell of an export means. None = blank, which is unknown; a word nobody knows is `Garbled`."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from auditor.api import Garbled, folded

JAPAN = timezone(timedelta(hours=9))
MAX_ID = 120
_ID = re.compile(r"[\w.@+/\\#$!&'~-]+")
_QUOTED = re.compile(r'="([^"=]*)"')
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DAY = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,7})?)?)?(.*)"
)
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) \d{1,2}:\d{2}(?::\d{2})? [AP]M")
_ZONE = re.compile(r"Z| ?(?:UTC|GMT)|([+-])(\d{2}):?(\d{2})")


@cache
def known() -> Mapping[str, Any]:
    """``exports.toml``: systems, exports and words; read once."""
    text = files(__package__).joinpath("exports.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def plain(cell: str) -> str:
    """A cell without what a spreadsheet adds: full-width letters, outer blanks, ``="…"`` around a number."""
    text = unicodedata.normalize("NFKC", cell).strip()
    match = _QUOTED.fullmatch(text)
    return match[1] if match else text


def account_id(cell: str) -> str:
    """An account's own id.

    Raises:
        Garbled: blank, too long, a formula, or signs that stand in no log-in name.
    """
    text = plain(cell)
    if not text or len(text) > MAX_ID or text.startswith(_FORMULA) or not _ID.fullmatch(text):
        raise Garbled("no account id")
    return text


def digest(name: str) -> str:
    """A person's name for joining, so that the kept answer does not hold the name itself."""
    text = folded(name)
    return sha256(f"telework-auditor name {text}".encode()).hexdigest()[:24] if text else ""


class Words:
    """The words of the program and those a town added for its own system."""

    def __init__(self, added: Mapping[str, Mapping[str, list[str]]]) -> None:
        tables: dict[str, dict[str, str]] = {}
        for source in (known()["words"], added):
            for column, meanings in source.items():
                table = tables.setdefault(column, {})
                for meaning, words in meanings.items():
                    table |= {folded(word): meaning for word in words}
        self._tables = tables

    def means(self, column: str, cell: str) -> str:
        """The meaning of a word; "" = blank.

        Raises:
            Garbled: nobody knows the word.
        """
        text = folded(plain(cell))
        meaning = self._tables[column].get(text, "")
        if text and not meaning:
            raise Garbled("an unknown word")
        return meaning

    def truth(self, column: str, cell: str) -> bool | None:
        """Yes or no; None = blank."""
        meaning = self.means(column if column in self._tables else "flag", cell)
        return None if not meaning else meaning == "yes"

    def methods(self, cell: str) -> frozenset[str]:
        """What kinds of methods a list names; empty = blank, or an empty list, which tells nothing."""
        text = plain(cell).strip("[]{}")
        parts = [part.strip(" \"'") for part in re.split(r"[,;、|\n]", text)]
        return frozenset(self.means("methods", part) for part in parts if part)


def day(cell: str) -> date | None:
    """The day in Japan of a date or a time; None = blank. A time without a zone is Japan's.

    Raises:
        Garbled: not a date, or one whose month and day could be taken for each other.
    """
    text = plain(cell)
    if not text:
        return None
    if match := _US.fullmatch(text):
        return _made(int(match[3]), int(match[1]), int(match[2]))
    match = _DAY.fullmatch(text)
    zone = _ZONE.fullmatch(match[7]) if match and match[7] else None
    if match is None or (match[7] and (zone is None or match[4] is None)):
        raise Garbled("not a date")
    on = _made(int(match[1]), int(match[2]), int(match[3]))
    if zone is None:
        return on
    away = timedelta()
    if zone[1]:
        away = timedelta(hours=int(zone[2]), minutes=int(zone[3])) * (1 if zone[1] == "+" else -1)
    try:
        moment = datetime(on.year, on.month, on.day, int(match[4]), int(match[5]), tzinfo=timezone(away))
        return moment.astimezone(JAPAN).date()
    except (ValueError, OverflowError):
        raise Garbled("not a time") from None


def _made(year: int, month: int, on: int) -> date:
    try:
        return date(year, month, on)
    except ValueError:
        raise Garbled("not a date") from None


def group_names(cell: str) -> tuple[str, ...]:
    """Groups of a list: plain names, or the first part of distinguished names; () = blank.

    Raises:
        Garbled: the type name that Export-Csv writes where a list was not joined.
    """
    text = plain(cell)
    if "ADPropertyValueCollection" in text or text == "System.String[]":
        raise Garbled("a list that was not written out")
    parts = [part.strip() for part in re.split(r"[;|\n]", text) if part.strip()]
    return tuple(re.sub(r"(?i)^CN=((?:[^,\\]|\\.)*).*$", r"\1", part) for part in parts)
