"""A history is put back whole, or the one that was there stays whole: its log is a part of it."""

import sqlite3
from pathlib import Path

import pytest

from auditor.errors import OutputError
from auditor.history import History, connected, open_read_only
from auditor.keeping import care
from tests.core.runs import audit_of
from tests.core.world import NOW


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three nights, of which the copy ``copy.db`` has the first; nobody is waited for."""

    def at_once(path: Path, *, writable: bool) -> sqlite3.Connection:
        db = connected(path, writable=writable)
        db.execute("PRAGMA busy_timeout=10")
        return db

    monkeypatch.setattr(care, "connected", at_once)
    path = tmp_path / "auditor.db"
    for day in range(3):
        with History(path) as history:
            history.keep(audit_of(day=day))
        if day == 0:
            care.back_up(path, tmp_path / "copy.db")
    return path


def test_nothing_is_put_in_the_place_of_a_history_whose_log_is_being_read(file: Path) -> None:
    """The log held the newest nights and was taken away first: they were gone if anything went wrong then."""
    with open_read_only(file) as reader:
        reader.db.execute("BEGIN")
        assert reader.numbers() == (1, 2, 3)
        with History(file) as history:
            history.keep(audit_of(day=3))
        with pytest.raises(OutputError) as caught:
            care.restore(file, file.with_name("copy.db"), NOW)
    assert caught.value.key == "restore_busy"
    assert [one.name for one in file.parent.glob("*replaced*")] == []
    with History(file) as history:
        assert history.numbers() == (1, 2, 3, 4)


def test_a_reader_that_reads_nothing_just_now_hinders_nobody(file: Path) -> None:
    with open_read_only(file) as reader:
        assert reader.numbers() == (1, 2, 3)
        runs, aside = care.restore(file, file.with_name("copy.db"), NOW)
    assert runs == 1
    assert aside is not None
    with History(file) as now, History(aside) as before:
        assert (now.numbers(), before.numbers()) == ((1,), (1, 2, 3))


def test_a_disk_that_fills_at_the_last_step_loses_no_night(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target == file:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with open_read_only(file), pytest.raises(OutputError):
        care.restore(file, file.with_name("copy.db"), NOW)
    with History(file) as history:
        assert history.numbers() == (1, 2, 3)
