"""Since when a fault is known: nothing but a pass ends it."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from auditor.firstseen import Since, first_seen
from auditor.history import History
from auditor.keeping.clock import first_within
from tests.core.runs import audit_of

FIRST = date(2026, 11, 1)
KEY = ("endpoint:PC-1", "W-01")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with History(tmp_path / "auditor.db") as history:
        yield history.db


def nights(db: sqlite3.Connection, *shown: str, days: Sequence[int] = ()) -> None:
    """One interval a night; "" = a night without a run. `days` = what the clock said, () = the truth."""
    for number, state in enumerate(shown):
        if state:
            day = (FIRST + timedelta(days=days[number] if days else number)).isoformat()
            run = (number + 1, day, day, "m", "", "", b"")
            names = "number, started, day, model, digest, version, document"
            db.execute(f"INSERT INTO run ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", run)
            values = ("endpoint:PC-1", "W-01", number + 1, number + 1, day, day, state, "key")
            db.execute("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)


@pytest.mark.parametrize(
    ("shown", "began"),
    [
        (("fail",), 0),
        (("fail", "unknown", "fail"), 0),
        (("fail", "", "", "fail"), 0),
        (("fail", "unknown", "unknown"), 0),
        (("grace", "grace", "fail"), 0),
        (("exception", "fail"), 0),
        (("fail", "not_applicable", "fail"), 0),
        (("unknown", "fail"), 1),
        (("fail", "pass", "fail"), 2),
        (("fail", "pass", "unknown", "grace"), 3),
        (("attested_fail", "attested_unknown", "attested_grace"), 0),
        (("attested_fail", "attested_pass", "attested_fail"), 2),
        (("fail", "pass"), None),
        (("unknown",), None),
    ],
)
def test_a_gap_or_an_unknown_night_keeps_the_first_day_and_a_pass_ends_it(
    db: sqlite3.Connection, shown: tuple[str, ...], began: int | None
) -> None:
    nights(db, *shown)
    wanted = {} if began is None else {KEY: FIRST + timedelta(days=began)}
    found = first_seen(db, ["W-01"], FIRST + timedelta(days=30))
    assert {key: since.day for key, since in found.items()} == wanted
    assert any(one.excepted for one in found.values()) is ("exception" in shown)


@pytest.mark.parametrize(
    ("days", "began"),
    [
        ((0, 1, 400, 3, 4, 5), 3),
        ((0, 1, 400, 401, 4, 5), 4),
        ((0, 1, -9000, 3, 4, 5), 3),
        ((400, 401, 2, 3, 4, 5), 2),
        ((0, 1, 2, -9000, -8999, 5), 2),
    ],
    ids=["one night ahead", "two nights ahead", "behind", "ahead from the first", "behind after it"],
)
def test_a_night_whose_clock_was_wrong_neither_hides_a_fault_nor_makes_it_old(
    db: sqlite3.Connection, days: tuple[int, ...], began: int
) -> None:
    """It begins in the third night; the day of a wrong one is that of the next that fits."""
    nights(db, "pass", "pass", "fail", "fail", "fail", "fail", days=days)
    found = first_seen(db, ["W-01"], FIRST + timedelta(days=30))
    assert found == {KEY: Since(FIRST + timedelta(days=began))}


def test_a_run_whose_day_is_damaged_has_that_of_the_next(db: sqlite3.Connection) -> None:
    nights(db, "pass", "fail", "fail", "fail")
    db.execute("UPDATE run SET day = 'zz' WHERE number = 2")
    found = first_seen(db, ["W-01"], FIRST + timedelta(days=30))
    assert found == {KEY: Since(FIRST + timedelta(days=2))}
    assert first_within(db, FIRST + timedelta(days=30), 27) == 4
    assert first_within(db, FIRST + timedelta(days=30), 28) == 3


def test_days_for_mending_end_although_the_night_the_fault_began_was_dated_a_year_ahead(
    db: sqlite3.Connection,
) -> None:
    nights(db, *["pass", *["fail"] * 20], days=(0, 366, *range(2, 21)))
    for later in range(2, 21):
        since = first_seen(db, ["W-01"], FIRST + timedelta(days=later))[KEY]
        assert since.day == FIRST + timedelta(days=2)


def test_a_past_day_knows_nothing_of_later_nights(db: sqlite3.Connection) -> None:
    nights(db, "fail", "pass", "fail")
    assert first_seen(db, ["W-01"], FIRST) == {KEY: Since(FIRST)}
    assert first_seen(db, ["W-01"], FIRST + timedelta(days=1)) == {}
    assert first_seen(db, ["W-02"], FIRST) == {}


def test_real_runs_keep_the_first_day_through_a_changed_sentence(tmp_path: Path) -> None:
    with History(tmp_path / "auditor.db") as history:
        history.keep(audit_of(after_s=900, day=0))
        history.keep(audit_of(after_s=1800, day=4))
        found = history.first_seen(["W-01"], date(2026, 12, 31))
        assert found == {KEY: Since(date(2026, 11, 23))}
        history.keep(audit_of(after_s=60, day=5))
        history.keep(audit_of(after_s=900, day=6))
        assert history.first_seen(["W-01"], date(2026, 12, 31)) == {KEY: Since(date(2026, 11, 29))}
