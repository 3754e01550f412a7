"""What one cell of an export means."""

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import Garbled
from checks.identity._export import named_day
from checks.identity._words import Words, account_id, day
from checks.identity.leavers import weekdays


@given(st.text(alphabet=string.printable + "年月日○はいいいえ０", max_size=40))
def test_any_cell_is_a_value_blank_or_garbled(cell: str) -> None:
    words = Words({})
    for read in (day, account_id, words.methods, lambda text: words.truth("status", text)):
        try:
            read(cell)
        except Garbled:
            continue


@pytest.mark.parametrize(
    ("cell", "seen"),
    [
        ("2026/11/24 08:31:12", date(2026, 11, 24)),
        ("2026-11-24T20:00:00Z", date(2026, 11, 25)),
        ("2026-11-24T20:00:00.1234567+00:00", date(2026, 11, 25)),
        ("2026/11/24 9:12", date(2026, 11, 24)),
        ("11/24/2026 9:12:33 AM", date(2026, 11, 24)),
        ("", None),
    ],
)
def test_a_day_is_japan_s(cell: str, seen: date | None) -> None:
    assert day(cell) == seen


@pytest.mark.parametrize(
    "cell", ["24/11/2026", "11/24/2026", "2026-13-01", "2026/11/24 Z", "R8.11.24 x", "45985"]
)
def test_a_day_that_could_be_another_is_refused(cell: str) -> None:
    with pytest.raises(Garbled):
        day(cell)


def test_the_day_in_a_file_s_name() -> None:
    assert named_day("exportUsers_2026-11-20.csv") == date(2026, 11, 20)
    assert named_day("exportUsers_20261120.csv") == date(2026, 11, 20)
    assert named_day("users2.csv") is None
    assert named_day("2026-13-40.csv") is None


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 60))
def test_weekdays_never_outnumber_days_and_grow_by_five_a_week(first: date, days: int) -> None:
    last = date.fromordinal(first.toordinal() + days)
    assert 0 <= weekdays(first, last) <= days
    assert weekdays(first, date.fromordinal(last.toordinal() + 7)) == weekdays(first, last) + 5
