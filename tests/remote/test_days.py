from datetime import UTC, date, datetime

import pytest

from checks.remote._days import in_japan


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 25, 14, 59, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2026, 11, 25, 15, 0, tzinfo=UTC), date(2026, 11, 26)),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), date(9999, 12, 31)),
    ],
)
def test_a_moment_has_its_day_in_japan_and_a_certificate_without_end_has_the_last_one(
    moment: datetime, day: date
) -> None:
    assert in_japan(moment) == day
