"""What somebody changed without making new seals is found, and what the program itself removes is not."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.history import History
from auditor.keeping import states, store
from auditor.keeping.noted import newest_noted
from auditor.keeping.retain import retain
from auditor.keeping.table import SHORTEST, Keep
from auditor.keeping.verify import Outside, verified
from auditor.nightly.journal import Attempt, Journal, Night, write_journal
from auditor.run import Run
from tests.core.runs import audit_of
from tests.core.world import NOW

NIGHTS = 60
TODAY = (NOW + timedelta(days=NIGHTS - 1)).date()
KEEP = Keep(evidence_days=40, fault_days=45)


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty nights of one PC, its lock too slow in the nineteenth; no evidence leans on another's."""
    file = tmp_path_factory.mktemp("sixty") / "auditor.db"
    with pytest.MonkeyPatch.context() as patched, History(file) as history:
        patched.setattr(store, "EVIDENCE_BASE_RUNS", 1)
        for day in range(NIGHTS):
            history.keep(audit_of(after_s=1800 if day == 18 else 600, day=day))
    return file


@pytest.fixture
def file(sixty: Path, tmp_path: Path) -> Path:
    path = tmp_path / "auditor.db"
    path.write_bytes(sixty.read_bytes())
    return path


def found(file: Path, *statements: str, known: Outside | None = None) -> list[tuple[str, int, str]]:
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)
        return [(fault.key, fault.run, fault.target) for fault in verified(db, known).faults]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("started", "2020-01-01T00:00:00+00:00"),
        ("day", "2026-11-01"),
        ("model", "own"),
        ("digest", "0"),
        ("version", "9"),
    ],
)
def test_what_the_list_of_runs_tells_is_what_the_sealed_result_says(
    file: Path, column: str, value: str
) -> None:
    assert ("columns", 5, "") in found(file, f"UPDATE run SET {column} = '{value}' WHERE number = 5")


@pytest.mark.parametrize(
    "change", ["UPDATE control SET severity = 'low'", "DELETE FROM control", "UPDATE control SET id = 'Z-1'"]
)
def test_controls_are_called_what_the_newest_run_calls_them(file: Path, change: str) -> None:
    assert ("control", 0, "W-01") in found(file, change)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE VIEW v_now AS SELECT target, control, 'pass' AS shown_as, key, first_day AS since FROM state",
        "CREATE TABLE v_now AS SELECT target, control, 'pass' AS shown_as, key FROM state",
        "SELECT 1",
    ],
)
def test_a_view_that_somebody_made_anew_or_took_away_is_named(file: Path, change: str) -> None:
    assert found(file, "DROP VIEW v_now", change) == [("view", 0, "v_now")]


def test_a_trigger_is_nothing_that_the_program_made(file: Path) -> None:
    made = "CREATE TRIGGER quiet AFTER INSERT ON state BEGIN UPDATE state SET shown_as = 'pass'; END"
    assert found(file, made) == [("view", 0, "quiet")]


def test_a_view_of_ones_own_is_no_fault(file: Path) -> None:
    assert found(file, "CREATE VIEW mine AS SELECT * FROM v_now") == []


GONE = "UPDATE evidence SET document = NULL WHERE run = {}"


@pytest.mark.parametrize(
    ("run", "known"),
    [
        pytest.param(NIGHTS - 25, Outside(), id="one of the newest thirty"),
        pytest.param(NIGHTS - 30, Outside(), id="within the shortest time there is"),
        pytest.param(NIGHTS - 35, Outside(keep=KEEP), id="within the time that the town declared"),
        pytest.param(19, Outside(keep=KEEP), id="of a fault, within its longer time"),
    ],
)
def test_evidence_that_is_gone_before_its_time_is_named(file: Path, run: int, known: Outside) -> None:
    assert found(file, GONE.format(run), known=known) == [("evidence_gone", run, "endpoint:PC-1")]


@pytest.mark.parametrize(
    ("run", "known"),
    [
        pytest.param(18, Outside(keep=KEEP), id="past the time that the town declared"),
        pytest.param(NIGHTS - 35, Outside(), id="the town's time is not known"),
        pytest.param(
            NIGHTS - 31, Outside(keep=KEEP, today=TODAY + timedelta(days=10)), id="past its time by now"
        ),
    ],
)
def test_evidence_past_its_time_may_be_gone(file: Path, run: int, known: Outside) -> None:
    assert found(file, GONE.format(run), known=known) == []


@pytest.mark.parametrize("keep", [SHORTEST, KEEP])
@pytest.mark.parametrize("later", [0, 20])
def test_what_the_retention_removed_is_no_fault(file: Path, keep: Keep, later: int) -> None:
    today = TODAY + timedelta(days=later)
    assert retain(file.parent, today, keep).evidence
    assert found(file, known=Outside(keep=keep, today=today)) == []


def test_after_a_clock_that_jumped_what_the_retention_removed_is_no_fault(file: Path) -> None:
    with History(file) as history:
        far = history.keep(audit_of(day=NIGHTS + 1000)).today
        history.keep(audit_of(day=NIGHTS))
    assert retain(file.parent, far, KEEP).evidence
    assert found(file, known=Outside(keep=KEEP, today=TODAY)) == []


def night(run: int) -> Journal:
    return Journal(tonight=Night(night=TODAY, attempts=[Attempt(at=NOW)], run=run))


def test_a_history_that_holds_less_than_other_files_name_has_lost_something(file: Path) -> None:
    assert newest_noted(file.parent) == 0
    write_journal(file.parent, night(7))
    out = file.parent / "out"
    out.mkdir()
    (out / "heartbeat.json").write_text('{"schema": 1, "run": 62}', "utf-8")
    noted = newest_noted(file.parent)
    assert noted == NIGHTS + 2
    assert found(file, known=Outside(newest=noted)) == [("newest_gone", NIGHTS + 1, "")]
    write_journal(file.parent, night(NIGHTS))
    (out / "heartbeat.json").write_text("no heartbeat", "utf-8")
    noted = newest_noted(file.parent)
    assert noted == NIGHTS
    assert found(file, known=Outside(newest=noted)) == []


def test_a_day_that_is_none_is_told_and_stops_nothing(file: Path) -> None:
    assert ("columns", 60, "") in found(file, "UPDATE run SET day = 'zz' WHERE number = 60")


def test_after_a_long_pause_what_a_former_version_removed_is_no_fault(file: Path) -> None:
    """It counted the days of the calendar; this one counts 31 for any pause."""
    with History(file) as history:
        history.keep(audit_of(day=NIGHTS + 300))
    today = (NOW + timedelta(days=NIGHTS + 300)).date()
    known = Outside(keep=Keep(evidence_days=100, fault_days=100), today=today)
    assert found(file, "UPDATE evidence SET document = NULL WHERE run = 3", known=known) == []


def test_a_run_kept_meanwhile_is_no_fault(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = states.count_day

    def and_a_run_is_kept(db: sqlite3.Connection, run: Run) -> None:
        if run.number == NIGHTS:
            monkeypatch.undo()
            with History(file) as history:
                history.keep(audit_of(after_s=1800, day=NIGHTS))
        count(db, run)

    monkeypatch.setattr(states, "count_day", and_a_run_is_kept)
    assert found(file) == []
