"""Disks, shares, clocks, databases and memory fail: the last good state stays, the next night recovers."""

import json
import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.access.hostkeys import read_known_hosts
from auditor.access.private import private_bytes
from auditor.arrivals.signers import read_signers
from auditor.engine import collect_all
from auditor.errors import ConfigError
from auditor.evidence import Evidence
from auditor.findings import Reason
from auditor.history import History
from auditor.keeping.care import back_up, restore
from auditor.nightly.journal import read_journal
from auditor.nightly.spool import read_spool
from auditor.plan import Task
from auditor.targets import Endpoint
from tests.core.disks import small_disk
from tests.core.runs import audit_of
from tests.core.world import PC, TOWN, said
from tests.faults.anvil import Strike
from tests.faults.kit import Anvil, anvil, runs, small_town, soundness

FINE = (0, 4)
posix = pytest.mark.skipif(os.name != "posix", reason="pipes and mounts of POSIX")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    """A town whose first night went well."""
    with anvil(small_town(tmp_path_factory.mktemp("ground") / "town")) as one:
        assert one.run("run-nightly")[0] in FINE, one.said
        yield one


@posix
def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for reading in (
        lambda: read_known_hosts(pipe),
        lambda: private_bytes(pipe),
        lambda: read_signers(pipe, TOWN),
    ):
        with pytest.raises(ConfigError):
            reading()
    (tmp_path / "nightly").mkdir()
    os.mkfifo(tmp_path / "nightly" / "journal.json")
    os.mkfifo(tmp_path / "nightly" / "asked")
    assert read_journal(tmp_path).lost
    assert read_spool(tmp_path) is None


@posix
def test_pipes_all_over_the_town_folder_stop_no_night(first: Anvil) -> None:
    places = ("inbox/a.json", "inbox/b.bundle", "attestations/2026Q4-soumu.json", "passwords.toml")
    (first.folder / "attestations").mkdir(exist_ok=True)
    for place in places:
        os.mkfifo(first.folder / place)
    try:
        before = len(runs(first.folder))
        assert first.run("run-nightly")[0] in FINE, first.said
        assert len(runs(first.folder)) == before + 1
    finally:
        for place in places:
            (first.folder / place).unlink(missing_ok=True)


def test_a_half_written_file_costs_nothing_and_is_read_when_it_is_whole(first: Anvil) -> None:
    file = next(iter(sorted((first.folder / "inbox").glob("*.json"))))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert first.run("run-nightly")[0] in FINE, first.said
    run = runs(first.folder)[-1]
    (half,) = [one for one in run.inbox if one.file == file.name]
    assert half.standing in ("unfinished", "garbled")
    (card,) = [one for one in run.targets if one.key == f"endpoint:{file.stem.removeprefix('endpoint-')}"]
    assert card.silent is not None, "it is judged by what it said last, and that is said"
    again = next(path for path in (first.folder / "inbox").rglob(file.name))
    again.unlink()
    file.write_bytes(whole)
    assert first.run("run-nightly")[0] in FINE
    assert [
        one for one in runs(first.folder)[-1].inbox if one.file == file.name and one.standing.refused
    ] == []


def test_a_full_disk_stops_the_night_and_the_next_start_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "6m") as disk, anvil(small_town(disk / "town")) as one:
        assert one.run("run-nightly")[0] in FINE, one.said
        page = (one.folder / "out" / "latest" / "town.html").read_bytes()
        about = os.statvfs(disk)
        with (disk / "filler").open("wb") as filler:
            filler.write(b"x" * (about.f_bavail * about.f_frsize - 8192))
        code, _ = one.run("run-nightly")
        assert code == 1, one.said
        assert soundness(one.folder) == []
        assert len(runs(one.folder)) >= 1
        assert (one.folder / "out" / "latest" / "town.html").read_bytes() == page
        (disk / "filler").unlink()
        before = len(runs(one.folder))
        assert one.run("run-nightly")[0] in FINE, one.said
        assert len(runs(one.folder)) >= before
        assert soundness(one.folder) == []
        assert "Traceback" not in one.said


def test_a_share_for_pages_that_became_read_only_costs_the_pages_only(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "share", "8m") as share,
        anvil(small_town(tmp_path / "town")) as one,
    ):
        out = ("--out", str(share))
        assert one.run("run-nightly", *out)[0] in FINE, one.said
        page = (share / "latest" / "town.html").read_bytes()
        remounted(share, "ro")
        try:
            assert one.run("run-nightly", *out)[0] == 1
            assert str(share) in one.said
            assert (share / "latest" / "town.html").read_bytes() == page
            assert len(runs(one.folder)) == 2, "the night itself is kept"
        finally:
            remounted(share, "rw")
        assert one.run("run-nightly", *out)[0] in FINE
        assert len(runs(one.folder)) == 2, "what was left is done, nobody is asked again"
        assert (share / "latest" / "town.html").read_bytes() != page


def remounted(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def test_a_corrupt_history_stops_the_night_and_a_backup_brings_it_back(tmp_path: Path) -> None:
    with anvil(small_town(tmp_path / "town")) as one:
        assert one.run("run-nightly")[0] in FINE, one.said
        db, copy = one.folder / "auditor.db", tmp_path / "copy.db"
        back_up(db, copy)
        page = (one.folder / "out" / "latest" / "town.html").read_bytes()
        db.write_bytes(b"not a database" * 1000)
        assert one.run("run-nightly")[0] == 1
        assert "auditor.db" in one.said
        assert db.read_bytes() == b"not a database" * 1000, "nothing wrote over it"
        assert (one.folder / "out" / "latest" / "town.html").read_bytes() == page
        runs_back, aside = restore(db, copy, datetime.now(UTC))
        assert runs_back == 1
        assert aside is not None, "the damaged file is kept"
        assert one.run("run-nightly")[0] in FINE
        assert soundness(one.folder) == []
        assert len(runs(one.folder)) == 2


def test_a_history_that_another_program_holds_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "auditor.db"
    with History(file) as history:
        history.keep(audit_of())
    held = threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            held.set()
            time.sleep(1)
            db.execute("ROLLBACK")

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(5)
    with History(file) as history:
        assert history.keep(audit_of(day=1)).number == 2
    other.join()


def test_a_clock_that_jumps_forth_and_back_loses_no_run_and_no_fault(tmp_path: Path) -> None:
    with History(tmp_path / "auditor.db") as history:
        days = (0, 1, 40, 2, 3)
        for day in days:
            history.keep(audit_of(after_s=1800, day=day))
        assert history.numbers() == (1, 2, 3, 4, 5)
        kept = [history.run(number) for number in history.numbers()]
        newest = kept[-1]
        assert newest is not None
        assert kept[0] is not None
        assert newest.today == kept[0].today + timedelta(days=3)
        assert newest.findings[0].since == kept[0].today, "a fault is as old as it is"
        assert history.number_on(newest.today) == 5
        assert history.number_on(kept[0].today) == 1


def test_a_night_begun_before_the_clock_jumped_back_is_begun_anew_and_kept_once(first: Anvil) -> None:
    journal = first.folder / "nightly" / "journal.json"
    whole = json.loads(journal.read_bytes())
    ahead = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    whole["tonight"]["attempts"] = [{"at": ahead, "step": "scan"}]
    for key in ("ended", "run", "done"):
        whole["tonight"].pop(key, None)
    journal.write_text(json.dumps(whole))
    before = len(runs(first.folder))
    assert first.run("run-nightly")[0] in FINE, first.said
    assert len(runs(first.folder)) == before + 1


def test_a_target_that_takes_all_memory_costs_itself_only() -> None:
    other = Endpoint(id="PC-2", serial="SN2", name="x", os="linux")

    def collect(task: Task) -> Evidence:
        if task.target.id == "PC-2":
            raise MemoryError
        return said(target=f"endpoint:{task.target.id}")

    tasks = [Task(one, ()) for one in (PC, other)]
    found = collect_all(tasks, collect, lambda *_: None)
    assert found["endpoint:PC-1"].outcome is None
    assert found["endpoint:PC-2"].outcome is Reason.BROKEN


def test_the_watch_over_names_sees_what_is_not_on_the_disk_yet(tmp_path: Path) -> None:
    import mmap

    strike = Strike(mmap.mmap(-1, 65536), 0, str(tmp_path))
    file = tmp_path / ".aside"
    file.write_text("x")
    strike.seen("os.rename", (file, tmp_path / "named", -1, -1))
    assert strike.early
    strike.early.clear()
    with file.open("rb") as handle:
        strike.synced(handle.fileno())
    strike.seen("os.rename", (file, tmp_path / "named", -1, -1))
    assert strike.early == []
