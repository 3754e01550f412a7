"""Quiet hours: nobody is asked in them, what is left out is told, and the times in town.toml are checked."""

from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from auditor.errors import ConfigError
from auditor.findings import Reason
from auditor.history import open_read_only
from auditor.nightly.hours import Quiet, quiet_of, time_of
from auditor.nightly.night import run_night
from auditor.nights import How
from auditor.town import load_town
from tests.nightly.ground import HERE, ROW, Night, ground_of
from tests.whole.test_faults import TOWN

DAY = Quiet(time(8, 30), time(17, 15))
NIGHT = Quiet(time(22, 0), time(6, 0))


def at(hour: int, minute: int = 0) -> datetime:
    """That time of day in Japan."""
    return datetime(2026, 11, 25, (hour - 9) % 24, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "hour", "minute", "held"),
    [
        (DAY, 8, 29, False),
        (DAY, 8, 30, True),
        (DAY, 17, 14, True),
        (DAY, 17, 15, False),
        (NIGHT, 21, 59, False),
        (NIGHT, 22, 0, True),
        (NIGHT, 2, 0, True),
        (NIGHT, 5, 59, True),
        (NIGHT, 6, 0, False),
    ],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(
    quiet: Quiet, hour: int, minute: int, *, held: bool
) -> None:
    assert quiet.holds(at(hour, minute)) is held


@pytest.mark.parametrize(
    "text", ["", "8:30-17:15", "08:30", "08:30-", "24:00-01:00", "08:30-08:30", "08:30~17:15"]
)
def test_what_is_no_range_of_hours_is_none(text: str) -> None:
    assert quiet_of(text) is None


def test_hours_and_times_are_read_as_they_are_written() -> None:
    assert quiet_of("08:30-17:15") == DAY
    assert time_of("02:05") == time(2, 5)
    assert time_of("2:05") is None


def test_a_start_in_quiet_hours_asks_nobody_and_the_next_report_says_so(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW)
    night = Night()
    with ground_of(folder, night, closed=lambda: True) as ground:
        assert run_night(ground) is None
    assert night.asked == []
    with ground_of(folder, Night(), hours=24) as ground:
        run = run_night(ground)
    assert run is not None
    assert run.nightly is not None
    assert [one.how for one in run.nightly.lapses] == [How.QUIET]


def test_targets_left_when_quiet_hours_begin_are_unknown_and_never_pass(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW)
    asked = iter([False])
    with ground_of(folder, Night(), closed=lambda: next(asked, True)) as ground:
        run = run_night(ground)
    assert run is not None
    assert run.nightly is not None
    assert run.nightly.unasked == 1
    card = run.target("endpoint:PC-1")
    assert card.outcome is Reason.NOT_COLLECTED
    assert {str(row.verdict) for row in run.findings if row.target == "endpoint:PC-1"} <= {
        "unknown",
        "not_applicable",
    }
    with open_read_only(folder / "auditor.db") as history:
        assert history.numbers() == (1,)


def test_wrong_times_in_town_toml_are_all_told_with_their_lines(tmp_path: Path) -> None:
    text = TOWN + (
        '[nightly]\nat = "2時"\njitter_min = 900\nquiet_hours = "8-17"\n'
        'catch_up_at = "x"\nnetworks = ["10.1.0.1/8"]\n'
    )
    folder = HERE(tmp_path / "town", ROW, toml=text)
    with pytest.raises(ConfigError) as caught:
        load_town(folder)
    assert {(one.key, one.line) for one in caught.value.problems} == {
        ("not_time", 9),
        ("jitter_range", 10),
        ("not_hours", 11),
        ("not_time", 12),
        ("not_network", 13),
    }


def test_a_night_that_would_begin_in_its_own_quiet_hours_is_a_mistake(tmp_path: Path) -> None:
    text = TOWN + '[nightly]\nat = "02:00"\nquiet_hours = "22:00-06:00"\n'
    with pytest.raises(ConfigError) as caught:
        load_town(HERE(tmp_path / "town", ROW, toml=text))
    assert [one.key for one in caught.value.problems] == ["in_quiet_hours"]


def test_the_hours_of_a_town_are_its_own(tmp_path: Path) -> None:
    text = TOWN + '[nightly]\nat = "01:30"\nquiet_hours = "08:30-17:15"\n'
    text += 'catch_up_at = "09:30"\nnetworks = ["10.1.0.0/16"]\n'
    hours = load_town(HERE(tmp_path / "town", ROW, toml=text)).settings.hours
    assert (hours.at, hours.quiet, hours.catch_up_at) == (time(1, 30), DAY, time(9, 30))
    assert hours.networks == ("10.1.0.0/16",)
