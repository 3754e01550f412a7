"""Working days of a town office in Japan."""

from datetime import date, timedelta

_WEEKEND = (5, 6)
_DAY = timedelta(days=1)
MOST = 3700
"""Calendar days that are counted at most: ten years, beyond which nothing is told apart."""


def is_open(day: date) -> bool:
    """Whether offices are open: no weekend, no public holiday, not from 29 December to 3 January.

    The days around New Year are those that local ordinances on holidays of the office commonly name.
    """
    import jpholiday  # noqa: PLC0415 - start-up time

    new_year = (day.month, day.day) in ((12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3))
    return not (day.weekday() in _WEEKEND or new_year or jpholiday.is_holiday(day))


def workdays(first: date, last: date) -> int:
    """Working days after `first`, up to and with `last`; 0 on the same day."""
    days = min((last - first).days, MOST)
    return sum(is_open(first + nth * _DAY) for nth in range(1, days + 1))
