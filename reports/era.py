"""Dates for people: the Japanese era on Japanese pages, day month year on English ones."""

import calendar
from datetime import date, datetime, timedelta, timezone

JAPAN = timezone(timedelta(hours=9), "JST")
ERAS = ((date(2019, 5, 1), "令和"), (date(1989, 1, 8), "平成"), (date(1926, 12, 25), "昭和"))
"""First day and name of each era, the newest first (元号法; the era's first day is its year 元年)."""


def day(value: date, lang: str) -> str:
    """``令和8年11月25日`` or ``25 November 2026``; before 昭和 the Western year."""
    if lang != "ja":
        return f"{value.day} {calendar.month_name[value.month]} {value.year}"
    for first, name in ERAS:
        if value >= first:
            year = value.year - first.year + 1
            return f"{name}{'元' if year == 1 else year}年{value.month}月{value.day}日"
    return f"{value.year}年{value.month}月{value.day}日"


def in_japan(value: datetime) -> datetime:
    """The same moment on Japan's clock; the calendar's last nine hours have none and stay as they are."""
    try:
        return value.astimezone(JAPAN)
    except OverflowError:
        return value


def moment(value: datetime, lang: str) -> str:
    """A UTC moment as day and minute in Japan."""
    local = in_japan(value)
    return f"{day(local.date(), lang)} {local:%H:%M}"
