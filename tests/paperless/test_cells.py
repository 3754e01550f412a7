"""Cells of an approval log: days and counts as towns write them, and nothing else."""

from datetime import date

import pytest

from checks.paperless._cells import WrongCellError, count, day
from checks.paperless._workdays import workdays


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("2026-11-20", date(2026, 11, 20)),
        ("2026/11/5 9:05", date(2026, 11, 5)),
        ("令和８年１１月２０日", date(2026, 11, 20)),
        ("R8.11.20", date(2026, 11, 20)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("2026-11-19T16:00:00Z", date(2026, 11, 20)),
        ("2026-11-19T16:00:00+09:00", date(2026, 11, 19)),
        ("", None),
        ("－", None),
    ],
)
def test_a_day_is_read_as_towns_write_it(cell: str, found: date | None) -> None:
    assert day(cell) == found


@pytest.mark.parametrize(
    "cell", ["2026-13-01", "11/20/2026", "46345", "昨日", "=TODAY()", "2026-02-30", "S63.1.1"]
)
def test_a_day_that_is_none_is_refused(cell: str) -> None:
    with pytest.raises(WrongCellError):
        day(cell)


@pytest.mark.parametrize("cell", ["-1", "1.5", "多数", "100001", "=9"])
def test_a_count_that_is_none_is_refused(cell: str) -> None:
    with pytest.raises(WrongCellError):
        count(cell)


def test_offices_are_closed_around_new_year() -> None:
    assert workdays(date(2026, 12, 28), date(2027, 1, 4)) == 1
    assert workdays(date(2026, 4, 28), date(2026, 5, 7)) == 3
    assert workdays(date(2026, 11, 26), date(2026, 11, 26)) == 0
