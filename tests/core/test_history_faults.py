"""Damage, full disks, crashes and second writers leave the history as it was."""

import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
import zlib
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.engine import Audit
from auditor.errors import LockedError, OutputError
from auditor.evidence import MAX_FILE_BYTES
from auditor.findings import Verdict
from auditor.history import History, open_read_only
from auditor.keeping import store
from auditor.keeping.migrations import MIGRATIONS
from auditor.lock import locked
from tests.core.disks import small_disk
from tests.core.runs import audit_of, run_of
from tests.core.test_history import STATES, kept, rows
from tests.core.world import NOW, ok, said


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "auditor.db"


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_the_file_is_for_its_owner_only(file: Path) -> None:
    before = os.umask(0)
    try:
        kept(file, audit_of())
        with History(file):
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}, modes


def test_a_read_only_history_cannot_be_written(file: Path) -> None:
    kept(file, audit_of())
    with open_read_only(file) as history, pytest.raises(OutputError):
        history.keep(audit_of(day=1))
    with open_read_only(file) as history:
        assert history.numbers() == (1,)


def test_a_history_that_does_not_exist_is_not_made_by_reading(file: Path) -> None:
    with pytest.raises(OutputError) as caught:
        open_read_only(file)
    assert caught.value.key == "history_missing"
    assert not file.exists()


def test_a_newer_format_is_refused_and_left_alone(file: Path) -> None:
    kept(file, audit_of())
    with closing(sqlite3.connect(file)) as db:
        db.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    for opened in (History, open_read_only):
        with pytest.raises(OutputError) as caught:
            opened(file)
        assert caught.value.key == "history_version"
    assert rows(file, "SELECT count(*) FROM run") == [(1,)]


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to look at" * 30])
def test_a_file_that_is_no_history_is_said_and_left_alone(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(OutputError) as caught:
        History(file)
    assert caught.value.key == "history"
    assert file.read_bytes() == content


def test_an_empty_file_left_by_a_crash_becomes_a_history(file: Path) -> None:
    file.touch()
    assert [run.number for run in kept(file, audit_of())] == [1]


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        History(tmp_path / "nowhere" / "auditor.db")


def damaged(what: str, body: bytes) -> bytes:
    match what:
        case "cut":
            return body[: len(body) // 2]
        case "garbage":
            return bytes(len(body))
        case "another document":
            return zlib.compress(b'{"schema": 99}')
        case _:
            return b""


@pytest.mark.parametrize("what", ["cut", "garbage", "another document", "empty"])
@pytest.mark.parametrize("table", ["run", "evidence"])
def test_a_damaged_document_is_an_error_and_never_half_a_run(file: Path, what: str, table: str) -> None:
    kept(file, audit_of())
    with closing(sqlite3.connect(file)) as db:
        (body,) = db.execute(f"SELECT document FROM {table}").fetchone()
        db.execute(f"UPDATE {table} SET document = ?", (damaged(what, body),))
        db.commit()
    with open_read_only(file) as history, pytest.raises(OutputError):
        _ = history.run() if table == "run" else history.evidence(1)


def test_a_document_that_unpacks_without_end_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(file, audit_of())
    monkeypatch.setattr(store, "MAX_KEPT_BYTES", 100)
    with open_read_only(file) as history, pytest.raises(OutputError) as caught:
        history.run()
    assert "larger than allowed" in str(caught.value.values["why"])


def test_evidence_larger_than_an_inbox_file_can_still_be_judged_again(file: Path) -> None:
    body = "x" * (MAX_FILE_BYTES // 2 + 1)
    large = said(ok("w.lock", body), ok("w.disk", body))
    with History(file) as history:
        history.keep(Audit(run_of(), (large,)))
        assert history.evidence(1)["endpoint:PC-1"] == large


def test_a_failure_in_the_middle_leaves_the_run_before(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(file, audit_of())

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with History(file) as history:
        monkeypatch.setattr(History, "_days", interrupted)
        with pytest.raises(KeyboardInterrupt):
            history.keep(audit_of(after_s=1800, day=1))
        monkeypatch.undo()
        assert history.numbers() == (1,)
        assert history.keep(audit_of(day=2)).number == 2
    assert [(row[0], row[1]) for row in rows(file, STATES)] == [(1, 2)]


KILLED = """
import os, sys
from pathlib import Path
from auditor.history import History
from tests.core.runs import audit_of
History._days = lambda *_: os.kill(os.getpid(), 9)
with History(Path(sys.argv[1])) as history:
    history.keep(audit_of(after_s=1800, day=1))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_killed_process_leaves_the_run_before(file: Path) -> None:
    kept(file, audit_of())
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(file)], cwd=root, check=False, timeout=60
    )
    assert ended.returncode == -9
    with History(file) as history:
        assert history.numbers() == (1,)
        assert history.run() is not None
        assert history.keep(audit_of(day=2)).changes is not None


def noisy(day: int) -> Audit:
    """Evidence that does not compress well below a small disk."""
    body = os.urandom(400_000).hex()
    return Audit(run_of(day=day), (said(ok("w.disk", body), at=NOW + timedelta(days=day)),))


def test_a_full_file_keeps_the_run_before(file: Path) -> None:
    with History(file) as history:
        history.keep(audit_of())
        history._db.execute("PRAGMA max_page_count=40")
        with pytest.raises(OutputError) as caught:
            history.keep(noisy(1))
        assert "full" in str(caught.value.values["why"])
        assert history.numbers() == (1,)
    with History(file) as history:
        assert history.keep(noisy(2)).number == 2


def test_a_full_disk_keeps_the_run_before(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "512k") as disk:
        file = disk / "auditor.db"
        kept(file, audit_of())
        with pytest.raises(OutputError) as caught:
            kept(file, noisy(1))
        assert caught.value.values["path"] == str(file)
        with History(file) as history:
            assert history.numbers() == (1,)
            before = history.run()
            assert before is not None
            assert before.findings[0].verdict is Verdict.PASS


def test_a_second_run_is_refused_while_the_first_holds_the_folder(tmp_path: Path) -> None:
    with locked(tmp_path):
        with pytest.raises(LockedError) as caught, locked(tmp_path):
            raise AssertionError("two runs at once")
        assert caught.value.key == "locked"
    with locked(tmp_path):
        assert (tmp_path / "auditor.lock").is_file()


def test_a_killed_run_does_not_hold_the_folder(tmp_path: Path) -> None:
    code = "import os,sys; from pathlib import Path; from auditor.lock import locked\n"
    code += "with locked(Path(sys.argv[1])): os._exit(9)\n"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=60)
    with locked(tmp_path):
        assert (tmp_path / "auditor.lock").exists()


def test_a_folder_without_a_place_for_the_lock_is_said(tmp_path: Path) -> None:
    (tmp_path / "auditor.lock").mkdir()
    with pytest.raises(OutputError) as caught, locked(tmp_path):
        pass
    assert caught.value.key == "lock_file"
