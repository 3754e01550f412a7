"""The history keeps every run whole or not at all, and since when each control stands where."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from auditor.engine import Audit
from auditor.history import History, open_read_only
from auditor.run import Change, Run
from tests.core.runs import audit_of, run_of
from tests.core.world import NOW, ok, said


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "auditor.db"


def kept(file: Path, *audits: Audit) -> list[Run]:
    runs = []
    for audit in audits:
        with History(file) as history:
            runs.append(history.keep(audit))
    return runs


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as db:
        return db.execute(query).fetchall()


def test_a_run_comes_back_as_it_was_kept(file: Path) -> None:
    (first,) = kept(file, audit_of())
    with open_read_only(file) as history:
        assert history.run() == first
        assert history.evidence(1) == {"endpoint:PC-1": said(ok("w.lock", "600"))}
        assert (history.numbers(), history.run(2)) == ((1,), None)
    assert (first.number, first.changes) == (1, None)


def test_a_second_run_shows_what_changed_since_the_first(file: Path) -> None:
    _, second, third = kept(file, audit_of(), audit_of(after_s=1800, day=1), audit_of(after_s=1800, day=2))
    assert second.changes is not None
    assert (second.changes.since, second.changes.on) == (1, NOW.date())
    turned = Change(control="W-01", target="endpoint:PC-1", before="pass", after="fail")
    assert second.changes.changed == (turned,)
    assert third.changes is not None
    assert third.changes.changed == ()


def test_a_target_that_went_away_and_one_that_came_are_changes(file: Path) -> None:
    gone = Audit(replace(run_of(day=1), findings=()), ())
    _, second, third = kept(file, audit_of(), gone, audit_of(day=2))
    assert second.changes is not None
    assert third.changes is not None
    assert [(one.before, one.after) for one in second.changes.changed] == [("pass", "")]
    assert [(one.before, one.after) for one in third.changes.changed] == [("", "pass")]


def test_a_pass_that_turned_unknown_is_a_change(file: Path) -> None:
    silent = Audit(run_of(day=1, evidence=()), ())
    _, second = kept(file, audit_of(), silent)
    assert second.changes is not None
    assert [(one.before, one.after) for one in second.changes.changed] == [("pass", "unknown")]


STATES = "SELECT first_run, last_run, first_day, last_day, shown_as FROM state ORDER BY first_run"


def test_an_interval_lengthens_while_nothing_changes_and_ends_when_it_does(file: Path) -> None:
    kept(file, audit_of(), audit_of(day=1), audit_of(after_s=1800, day=2), audit_of(day=3))
    assert rows(file, STATES) == [
        (1, 2, "2026-11-23", "2026-11-24", "pass"),
        (3, 3, "2026-11-25", "2026-11-25", "fail"),
        (4, 4, "2026-11-26", "2026-11-26", "pass"),
    ]


def test_an_interval_does_not_reach_over_a_run_that_did_not_see_the_target(file: Path) -> None:
    gone = Audit(replace(run_of(day=1), findings=()), ())
    kept(file, audit_of(), gone, audit_of(day=2))
    assert [(row[0], row[1]) for row in rows(file, STATES)] == [(1, 1), (3, 3)]


def test_each_day_counts_its_last_run(file: Path) -> None:
    kept(file, audit_of(), audit_of(after_s=1800), audit_of(day=1))
    found = rows(file, "SELECT day, section, people, ready, fail, unknown, passed FROM daily ORDER BY 1, 2")
    first, second = ("2026-11-23", (1, 0, 1, 0, 0)), ("2026-11-24", (1, 0, 0, 0, 1))
    assert found == [
        (day, section, *figures) for day, figures in (first, second) for section in ("", "soumu")
    ]


def test_a_run_document_is_plain_json(file: Path) -> None:
    (run,) = kept(file, audit_of())
    assert msgspec.json.decode(msgspec.json.encode(run), type=Run) == run
