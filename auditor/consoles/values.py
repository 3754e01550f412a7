"""What one cell of an export may say: a moment, a day, a length of time, a serial number."""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone

from auditor.cells import parse_day

MAX_CELL = 200
"""Longer cells are not looked at: nothing that is understood is so long."""

JAPAN = timezone(timedelta(hours=9))
"""Where a time without a zone is taken to be from: of the zones consoles write, it makes a row oldest."""

_YEARS = range(2000, 2101)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH = r"(?P<name>[A-Za-z]{3})[a-z]{0,6}\.?"
_CLOCK = (
    r"(?:[T,\s]+(?:at\s+)?(?:(?P<half_ja>午前|午後)\s*)?(?P<hour>\d{1,2})[:時](?P<minute>\d{2})"
    r"(?:[:分](?P<second>\d{2})?(?:[.,]\d{1,9})?)?秒?(?:\s*(?P<half>[AaPp]\.?[Mm]\.?))?)?"
    r"(?:\s*(?P<zone>Z|UTC|GMT|JST|[+-]\d{2}:?\d{2}))?"
)
"""Nowhere do two runs of blanks meet: a cell full of them would take a thousand times longer."""
_FORMS = tuple(
    re.compile(form + _CLOCK)
    for form in (
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
        r"(?P<year>\d{4})年\s*(?P<month>\d{1,2})月\s*(?P<day>\d{1,2})日",
        r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})",
        r"(?:[A-Za-z]{3,9},?\s+)?" + _MONTH + r"\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})",
        r"(?:[A-Za-z]{3,9},?\s+)?(?P<day>\d{1,2})\s+" + _MONTH + r",?\s+(?P<year>\d{4})",
    )
)
_MONTH_ONLY = tuple(
    re.compile(form)
    for form in (
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})",
        r"(?P<year>\d{4})年\s*(?P<month>\d{1,2})月",
        _MONTH + r"\s+(?P<year>\d{4})",
    )
)
_EPOCH_MS = re.compile(r"\d{13}")
_QUOTED = re.compile(r'="([^"]*)"')
_SERIAL = re.compile(r"[!-~]([ -~]{0,78}[!-~])?")
_DAY_HOURS, _HALF = 24, 12


def plain(text: str) -> str:
    """A cell with full-width letters and digits made plain; "" where it is longer than any value."""
    return unicodedata.normalize("NFKC", text).strip() if len(text) <= MAX_CELL else ""


def folded_serial(text: str) -> str:
    """A serial number as it is compared: width, case and spaces do not matter (as checks compare it)."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def parse_serial(text: str) -> str | None:
    """A serial number; ``="0123"`` is how some exports keep Excel from eating zeros. None = none."""
    found = _QUOTED.fullmatch(plain(text))
    serial = found[1].strip() if found is not None else plain(text)
    if serial.startswith(("=", "+", "@")) or _SERIAL.fullmatch(serial) is None:
        return None
    return serial


def parse_moment(text: str) -> datetime | None:
    """A moment in the zone it is written in; Japan's where it names none, midnight where it names no time.

    Read are ISO 8601, Y/M/D, 年月日 and Japanese eras, US M/D/Y, month names, and milliseconds since 1970.
    """
    cell = plain(text)
    if _EPOCH_MS.fullmatch(cell):
        moment = datetime.fromtimestamp(int(cell) / 1000, UTC)
        return moment if moment.year in _YEARS else None
    for form in _FORMS:
        if (found := form.fullmatch(cell)) is not None:
            return _moment(found)
    day = parse_day(cell)
    return datetime(day.year, day.month, day.day, tzinfo=JAPAN) if day and day.year in _YEARS else None


def parse_last_day(text: str) -> date | None:
    """The day an update promise ends; of a mere month the first day, as the stricter reading."""
    moment = parse_moment(text)
    if moment is not None:
        return moment.date()
    for form in _MONTH_ONLY:
        if (found := form.fullmatch(plain(text))) is not None and (month := _month(found)):
            year = int(found["year"])
            return date(year, month, 1) if year in _YEARS else None
    return None


def _month(found: re.Match[str]) -> int:
    groups = found.groupdict()
    if groups.get("month"):
        month = int(groups["month"])
        return month if month in range(1, 13) else 0
    return _MONTHS.get(groups["name"].lower(), 0)


def _moment(found: re.Match[str]) -> datetime | None:
    month, hour = _month(found), _hour(found)
    year = int(found["year"])
    if not month or hour is None or year not in _YEARS:
        return None
    minute, second = int(found["minute"] or 0), int(found["second"] or 0)
    try:
        return datetime(year, month, int(found["day"]), hour, minute, second, tzinfo=_zone(found["zone"]))
    except ValueError:
        return None


def _hour(found: re.Match[str]) -> int | None:
    hour = int(found["hour"] or 0)
    half = (found["half"] or "").lower()[:1] or {"午前": "a", "午後": "p"}.get(found["half_ja"] or "", "")
    if half and hour > _HALF:
        return None
    if half:
        hour = hour % _HALF + (_HALF if half == "p" else 0)
    return hour if hour < _DAY_HOURS else None


def _zone(text: str | None) -> timezone:
    """The written zone; Japan's where none is.

    Raises:
        ValueError: an offset of a day or more.
    """
    if text is None or text == "JST":
        return JAPAN
    if text in ("Z", "UTC", "GMT"):
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)
