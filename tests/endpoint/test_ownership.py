"""Private devices: an approval and its safeguards, both recorded and running, or it does not pass."""

from datetime import date
from typing import Any

import pytest

from tests.endpoint.conftest import TODAY, judged, pc

LAST_YEAR = date(2025, 11, 25)


def owned(**told: Any) -> tuple[str, str]:
    judgement = judged("EP-22", {}, endpoint=pc("windows", **told))
    return judgement.verdict.value, judgement.key or str(judgement.reason)


def test_an_issued_device_passes_and_an_empty_cell_is_not_the_towns() -> None:
    assert owned(owner="town") == ("pass", "issued")
    assert owned() == owned(owner="") == ("unknown", "not_declared")


@pytest.mark.parametrize(
    ("approved", "checked", "seen"),
    [
        (None, None, ("fail", "unapproved")),
        (None, TODAY, ("fail", "unapproved")),
        (date(2026, 11, 26), TODAY, ("fail", "planned")),
        (date(2025, 11, 24), TODAY, ("fail", "expired")),
        (LAST_YEAR, None, ("unknown", "not_declared")),
        (LAST_YEAR, date(2026, 11, 26), ("unknown", "not_declared")),
        (LAST_YEAR, date(2025, 11, 24), ("unknown", "expired")),
        (LAST_YEAR, LAST_YEAR, ("pass", "approved")),
        (TODAY, TODAY, ("pass", "approved")),
    ],
)
def test_a_private_device_needs_a_running_approval_and_confirmed_safeguards(
    approved: date | None, checked: date | None, seen: tuple[str, str]
) -> None:
    assert owned(owner="private", approved_on=approved, extra_checked_on=checked) == seen


def test_an_approval_on_the_last_of_february_lasts_to_the_last_of_february() -> None:
    leap = pc("windows", owner="private", approved_on=date(2024, 2, 29), extra_checked_on=date(2024, 2, 29))
    assert judged("EP-22", {}, endpoint=leap, today=date(2025, 2, 28)).key == "approved"
    assert judged("EP-22", {}, endpoint=leap, today=date(2025, 3, 1)).key == "expired"


def test_a_pass_says_how_long_it_lasts() -> None:
    one = pc("windows", owner="private", approved_on=date(2026, 6, 1), extra_checked_on=date(2026, 3, 1))
    assert judged("EP-22", {}, endpoint=one).until == date(2027, 3, 1)
