"""One run at a time: who holds the folder is named and waited for, and what a dead run left is cleared."""

import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psutil
import pytest

from auditor import lock
from auditor.errors import LockedError
from auditor.lock import LOCK, STALE_S, Holder, locked

HOLD = """
import sys, time
from pathlib import Path
from auditor.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@contextmanager
def holding(folder: Path, seconds: float) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the folder for so long, killed at the latest when the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), str(seconds)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def left_behind(folder: Path, *, renewed_s: float = 0, **changes: object) -> Holder:
    """The note of a run that ended without taking it away, last renewed so long ago."""
    here = Holder(2**22 - 7, platform.node(), datetime(2026, 11, 25, 17, 0, tzinfo=UTC), lock._boot(), 1.0)
    note = msgspec.structs.replace(here, **changes)
    path = folder / LOCK
    path.write_bytes(msgspec.json.encode(note))
    os.utime(path, (time.time() - renewed_s, time.time() - renewed_s))
    return note


def test_a_second_run_is_told_who_holds_the_folder_where_and_since_when(tmp_path: Path) -> None:
    with holding(tmp_path, 60) as process, pytest.raises(LockedError) as caught, locked(tmp_path):
        pass
    values = caught.value.values
    assert (values["pid"], values["host"]) == (process.pid, platform.node())
    assert str(values["since"]).startswith(datetime.now().astimezone().strftime("%Y-%m-%d"))


def test_a_second_run_that_waits_goes_on_when_the_first_has_ended(tmp_path: Path) -> None:
    told: list[LockedError] = []
    with holding(tmp_path, 1.5) as process:
        with locked(tmp_path, 30, told.append) as stale:
            assert process.wait(5) == 0
        assert stale is None
        assert [error.values["pid"] for error in told] == [process.pid]


def test_waiting_ends_after_its_time(tmp_path: Path) -> None:
    with holding(tmp_path, 60):
        began = time.monotonic()
        with pytest.raises(LockedError), locked(tmp_path, 1.0):
            pass
        assert 0.9 < time.monotonic() - began < 10


def test_a_killed_run_s_note_is_taken_over_and_told(tmp_path: Path) -> None:
    with holding(tmp_path, 60) as process:
        pass
    with locked(tmp_path) as stale:
        assert stale is not None
        assert stale.pid == process.pid
    with locked(tmp_path) as stale:
        assert stale is None, "it is told once"


def test_a_note_from_before_the_machine_was_started_anew_is_stale_though_its_number_lives(
    tmp_path: Path,
) -> None:
    left_behind(
        tmp_path, pid=os.getppid(), boot="another start", began=psutil.Process(os.getppid()).create_time()
    )
    with locked(tmp_path) as stale:
        assert stale is not None


def test_a_number_that_another_process_has_by_now_is_not_the_holder(tmp_path: Path) -> None:
    left_behind(tmp_path, pid=os.getppid(), began=1.0)
    with locked(tmp_path) as stale:
        assert stale is not None


def test_a_living_holder_counts_though_the_share_gives_the_lock_to_everybody(tmp_path: Path) -> None:
    left_behind(tmp_path, pid=os.getppid(), began=psutil.Process(os.getppid()).create_time())
    with pytest.raises(LockedError) as caught, locked(tmp_path):
        pass
    assert caught.value.values["pid"] == os.getppid()


def test_another_machine_holds_the_folder_of_a_share_as_long_as_it_renews_its_note(tmp_path: Path) -> None:
    left_behind(tmp_path, host="soumu-pc", renewed_s=STALE_S - 120)
    with pytest.raises(LockedError) as caught, locked(tmp_path):
        pass
    assert caught.value.values["host"] == "soumu-pc"
    left_behind(tmp_path, host="soumu-pc", renewed_s=STALE_S + 60)
    with locked(tmp_path) as stale:
        assert stale is not None
        assert stale.host == "soumu-pc"


def test_a_holder_renews_its_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "RENEW_S", 0.05)
    with locked(tmp_path):
        os.utime(tmp_path / LOCK, (0, 0))
        time.sleep(0.5)
        assert time.time() - (tmp_path / LOCK).stat().st_mtime < 10


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"{", b'{"pid": "x"}', b"an older program's note"])
def test_a_note_that_nobody_can_read_holds_nothing_but_is_no_obstacle_either(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / LOCK).write_bytes(content)
    with locked(tmp_path) as stale:
        assert stale is None


def test_a_holder_whose_note_cannot_be_read_is_a_holder(tmp_path: Path) -> None:
    with locked(tmp_path):
        (tmp_path / LOCK).write_bytes(b"")
        with pytest.raises(LockedError) as caught, locked(tmp_path):
            pass
    assert caught.value.key == "locked_unknown"


def test_of_many_at_once_one_holds_it_at_a_time(tmp_path: Path) -> None:
    inside, most, failed = [0], [0], []

    def enter() -> None:
        try:
            with locked(tmp_path, 60):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.01)
                inside[0] -= 1
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=enter) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert most == [1]


def test_a_note_from_the_future_is_a_living_one(tmp_path: Path) -> None:
    """The other machine's clock runs ahead: that is no reason to break in."""
    left_behind(tmp_path, host="soumu-pc", renewed_s=-timedelta(hours=3).total_seconds())
    with pytest.raises(LockedError), locked(tmp_path):
        pass
