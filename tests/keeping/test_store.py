"""Nights lean on a whole one directly; a damaged one costs no other and stops nothing."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from auditor.errors import OutputError
from auditor.history import History, open_read_only
from auditor.keeping import states
from auditor.keeping.store import BASE_RUNS
from auditor.keeping.verify import verified
from auditor.run import Change
from tests.core.runs import audit_of
from tests.core.world import NOW


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "auditor.db"


def nights(file: Path, *, first: int = 0, last: int, slow: tuple[int, ...] = ()) -> None:
    with History(file) as history:
        for day in range(first, last):
            history.keep(audit_of(after_s=1800 if day in slow else 600, day=day))


def changed(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute(statement)
        db.commit()


def test_a_run_stands_on_its_own_once_a_month(file: Path) -> None:
    nights(file, last=BASE_RUNS * 2 + 1)
    with closing(sqlite3.connect(file)) as db:
        bases = [row[0] for row in db.execute("SELECT number FROM run WHERE base IS NULL ORDER BY number")]
        leaning = {row[0] for row in db.execute("SELECT base FROM run WHERE base IS NOT NULL")}
    assert {1, BASE_RUNS + 1, 2 * BASE_RUNS + 1} <= set(bases)
    assert leaning <= set(bases)


def test_a_damaged_night_costs_no_other(file: Path) -> None:
    nights(file, last=5)
    changed(file, "UPDATE run SET document = x'28b52ffd00' WHERE number = 3")
    with History(file) as history:
        with pytest.raises(OutputError):
            history.run(3)
        for number in (1, 2, 4, 5):
            found = history.run(number)
            assert found is not None
            assert found.number == number


@pytest.mark.parametrize("document", [b"\0", b""])
def test_what_was_heard_last_and_is_damaged_is_unknown_and_stops_nothing(file: Path, document: bytes) -> None:
    """Every night with that machine off ended there. What it said before that is no answer either."""
    nights(file, last=3)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE evidence SET document = ? WHERE run = 3", (document,))
    with History(file) as history:
        assert history.last_heard("endpoint:PC-1") is None


def test_a_damaged_list_of_runs_is_told_as_the_history_s_fault(file: Path) -> None:
    """`auditor status` asks for the numbers first; what SQLite raises is no sentence for anybody."""
    nights(file, last=3)
    with closing(sqlite3.connect(file)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'run'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as whole:
        whole.seek((page - 1) * size)
        whole.write(b"\xff" * 200)
    with open_read_only(file) as history, pytest.raises(OutputError):
        history.numbers()


def test_a_damaged_last_night_does_not_stop_the_next(file: Path) -> None:
    nights(file, last=3)
    changed(file, "UPDATE run SET document = x'00' WHERE number = 3")
    nights(file, first=3, last=4)
    with History(file) as history:
        run = history.run()
        assert run is not None
        assert (run.number, run.changes and run.changes.since) == (4, 2)
        assert {(fault.key, fault.run) for fault in verified(history.db).faults} == {("unreadable", 3)}


@pytest.mark.parametrize("table", ["run", "evidence"])
def test_nothing_new_leans_on_a_damaged_night(file: Path, table: str) -> None:
    nights(file, last=3)
    name = "number" if table == "run" else "run"
    changed(file, f"UPDATE {table} SET document = x'28b52ffd00' WHERE {name} = 1")
    nights(file, first=3, last=4)
    with History(file) as history:
        assert history.evidence(4)["endpoint:PC-1"].answers[0].body == b"600"
        found = history.run(4)
        assert found is not None
        assert found.number == 4


def test_what_changed_and_since_when_is_told_at_once(file: Path) -> None:
    nights(file, last=6, slow=(2, 3))
    with History(file) as history:
        turned = Change(control="W-01", target="endpoint:PC-1", before="pass", after="fail")
        assert history.changed(3) == (turned,)
        assert history.changed(4) == ()
        found = history.intervals("endpoint:PC-1", "W-01")
        assert [(one.shown_as, one.first_run, one.last_run) for one in found] == [
            ("pass", 1, 2),
            ("fail", 3, 4),
            ("pass", 5, 6),
        ]


def test_the_state_of_a_day_is_that_of_its_last_run_or_the_one_before(file: Path) -> None:
    with History(file) as history:
        for day in (0, 1, 1, 4):
            history.keep(audit_of(day=day))
        first = NOW.date()
        asked = [history.number_on(first + timedelta(days=day)) for day in (-1, 0, 1, 2, 4, 9)]
    assert asked == [None, 1, 3, 3, 4, 4]


@pytest.mark.parametrize("wrong", [-2000, 9])
def test_a_night_whose_clock_was_wrong_is_not_the_state_of_another_day(file: Path, wrong: int) -> None:
    """An empty battery, or a typing error: the nights around it tell on which days it cannot have been."""
    with History(file) as history:
        for day in (0, 1, 2, wrong, 4, 5):
            history.keep(audit_of(day=day))
        first = NOW.date()
        asked = [history.number_on(first + timedelta(days=day)) for day in (1, 2, 3, 4, 5, 20)]
    assert asked == [2, 3, 3, 5, 6, 6]


def test_a_trend_counts_each_day_once_and_the_sections_asked_for(file: Path) -> None:
    nights(file, last=4, slow=(2,))
    with History(file) as history:
        days = history.trend(NOW.date(), NOW.date() + timedelta(days=2))
        assert [(one.day, one.fail, one.passed) for one in days] == [
            (date(2026, 11, 23), 0, 1),
            (date(2026, 11, 24), 0, 1),
            (date(2026, 11, 25), 1, 0),
        ]
        assert history.trend(NOW.date(), NOW.date(), ("no-such-section",)) == ()


def test_a_section_renamed_during_a_day_is_counted_once(file: Path) -> None:
    with History(file) as history:
        run = history.keep(audit_of())
        (old,) = run.section_readiness
        with history.changing() as db:
            states.count_day(db, replace(run, section_readiness=(replace(old, section="renamed"),)))
        days = history.trend(run.today, run.today, (old.section, "renamed"))
    assert [one.people for one in days] == [old.people]
