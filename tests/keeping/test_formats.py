"""A history of any earlier format opens, is read as it was, and is brought up with a copy set aside."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from auditor.arrivals.received import Last
from auditor.errors import OutputError
from auditor.history import History, open_read_only
from auditor.keeping import migrations
from auditor.keeping.migrations import MIGRATIONS
from auditor.keeping.verify import verified
from tests.core.runs import audit_of
from tests.core.test_history import STATES, rows

OLD = Path(__file__).parents[1] / "corpus" / "history" / "format-3.db"
"""Four runs and four bundles, written by the program as it was before differences were kept."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "auditor.db"
    path.write_bytes(OLD.read_bytes())
    return path


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return migrations.version_of(db)


def test_reading_an_older_history_shows_all_of_it_and_leaves_the_file_alone(file: Path) -> None:
    with open_read_only(file) as history:
        assert history.numbers() == (1, 2, 3, 4)
        third = history.run(3)
        assert third is not None
        assert [(one.verdict.value, one.key) for one in third.findings] == [("fail", "slow")]
        assert history.evidence(3)["endpoint:PC-1"].answers[0].body == b"1800"
        assert history.known().last[("endpoint:PC-1", "machine", True)].sequence == 4
        assert not verified(history.db).faults
    assert file.read_bytes() == OLD.read_bytes()
    assert [path.name for path in file.parent.iterdir()] == ["auditor.db"]


def test_an_older_history_is_copied_aside_and_goes_on(file: Path) -> None:
    with History(file) as history:
        run = history.keep(audit_of(day=4))
        assert isinstance(history.known().last[("endpoint:PC-1", "machine", True)], Last)
        assert history.known().kept[("endpoint:PC-1", "machine")].evidence.answers[0].body == b"600"
        assert not verified(history.db).faults
    assert (run.number, run.changes and run.changes.since) == (5, 4)
    assert [(row[0], row[1]) for row in rows(file, STATES)] == [(1, 2), (3, 3), (4, 5)]
    aside = file.with_name("auditor.db.format3")
    assert (version(aside), version(file)) == (3, len(MIGRATIONS))
    assert rows(aside, "SELECT count(*) FROM run") == [(4,)]


def test_a_bundle_of_before_stays_known_whatever_the_format(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = [str(digest) for (digest,) in rows(file, "SELECT digest FROM bundle WHERE signed")]
    assert len(digests[0]) == 64
    for upto in (4, len(MIGRATIONS)):
        with open_read_only(file) as history:
            assert all(history.known().seen(digest, signed=True) for digest in digests)
        with monkeypatch.context() as patch:
            patch.setattr(migrations, "MIGRATIONS", MIGRATIONS[:upto])
            History(file).close()
        assert version(file) == upto
    with History(file) as history:
        assert all(history.known().seen(digest, signed=True) for digest in digests)
        assert not history.known().seen("f" * 64, signed=False)
    kept = rows(file, "SELECT typeof(digest), length(digest) FROM bundle")
    assert set(kept) == {("blob", 32)}, "shorter, and the same"
    assert len(kept) >= len(digests)


def test_the_town_s_figures_of_before_are_made_from_its_runs(file: Path) -> None:
    with open_read_only(file) as history:
        runs = [history.run(number) for number in history.numbers()]
    last = {run.today: run.tally.fail for run in runs if run is not None}
    History(file).close()
    rows_ = rows(file, "SELECT day, fail FROM v_town_day ORDER BY day")
    assert rows_ == [(day.isoformat(), fail) for day, fail in sorted(last.items())]
    assert rows(file, "SELECT count(*) FROM v_day WHERE section = ''") == [(0,)]


def test_a_damaged_last_run_changes_no_figure_of_its_day(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", MIGRATIONS[:4])
        History(file).close()
    with closing(sqlite3.connect(file)) as db:
        day, number = db.execute("SELECT day, max(number) FROM run").fetchone()
        db.execute("UPDATE run SET document = x'789c' WHERE number = ?", (number,))
        db.commit()
    before = rows(file, "SELECT * FROM daily WHERE section <> ''")
    History(file).close()
    assert rows(file, "SELECT * FROM daily WHERE section <> '' ORDER BY day") == sorted(before)
    assert rows(file, f"SELECT count(*) FROM v_town_day WHERE day = '{day}'") == [(0,)]


@pytest.mark.parametrize(
    ("lower", "undo"),
    [
        (2, "DROP TABLE bundle; DROP TABLE refusal;"),
        (1, "DROP TABLE bundle; DROP TABLE refusal; DROP INDEX evidence_of;"),
    ],
)
def test_the_formats_before_are_brought_up_too(file: Path, lower: int, undo: str) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.executescript(f"{undo} PRAGMA user_version={lower};")
    with History(file) as history:
        assert history.numbers() == (1, 2, 3, 4)
        assert not verified(history.db).faults


def test_bringing_up_that_is_interrupted_leaves_the_older_format(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(migrations, "seal_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        History(file)
    monkeypatch.undo()
    assert version(file) == 3
    with History(file) as history:
        assert history.numbers() == (1, 2, 3, 4)


def test_without_room_for_the_copy_nothing_is_brought_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor import history as module

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "set_aside", full)
    with pytest.raises(OutputError):
        History(file)
    assert version(file) == 3
