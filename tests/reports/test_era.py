from datetime import UTC, date, datetime

import pytest

from reports.era import day, moment


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2020, 1, 1), "令和2年1月1日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(1926, 12, 24), "1926年12月24日"),
    ],
)
def test_a_japanese_date_bears_its_era_and_the_first_year_is_gannen(value: date, said: str) -> None:
    assert day(value, "ja") == said


def test_an_english_date_is_day_month_year() -> None:
    assert day(date(2026, 11, 25), "en") == "25 November 2026"


def test_a_moment_is_shown_on_the_japanese_clock() -> None:
    assert moment(datetime(2019, 4, 30, 15, 0, tzinfo=UTC), "ja") == "令和元年5月1日 00:00"


def test_the_last_hours_of_the_calendar_stop_no_report() -> None:
    assert moment(datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "en") == "31 December 9999 23:59"
