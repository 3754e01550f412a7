"""Since when a fault is known: nothing but a pass ends it."""

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from auditor.firstseen import first_seen
from auditor.history import History
from tests.core.runs import audit_of

FIRST = date(2026, 11, 1)
KEY = ("endpoint:PC-1", "W-01")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with History(tmp_path / "auditor.db") as history:
        yield history.db


def nights(db: sqlite3.Connection, *shown: str) -> None:
    """One interval a night; "" = a night without a run."""
    for number, state in enumerate(shown):
        if state:
            day = (FIRST + timedelta(days=number)).isoformat()
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
    assert first_seen(db, ["W-01"], FIRST + timedelta(days=30)) == wanted


def test_a_past_day_knows_nothing_of_later_nights(db: sqlite3.Connection) -> None:
    nights(db, "fail", "pass", "fail")
    assert first_seen(db, ["W-01"], FIRST) == {KEY: FIRST}
    assert first_seen(db, ["W-01"], FIRST + timedelta(days=1)) == {}
    assert first_seen(db, ["W-02"], FIRST) == {}


def test_real_runs_keep_the_first_day_through_a_changed_sentence(tmp_path: Path) -> None:
    with History(tmp_path / "auditor.db") as history:
        history.keep(audit_of(after_s=900, day=0))
        history.keep(audit_of(after_s=1800, day=4))
        found = history.first_seen(["W-01"], date(2026, 12, 31))
        assert found == {KEY: date(2026, 11, 23)}
        history.keep(audit_of(after_s=60, day=5))
        history.keep(audit_of(after_s=900, day=6))
        assert history.first_seen(["W-01"], date(2026, 12, 31)) == {KEY: date(2026, 11, 29)}
