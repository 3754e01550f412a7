"""Two auditors: who may only read renders reports while a run writes, and touches nothing."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.notify.outbox import Outbox
from tests.core.runs import audit_of
from tests.faults.kit import ROOT, small_town
from tests.peers.process import need, need_root

WITHOUT = "-dac_override,-dac_read_search,-fowner"
"""Root without these is held back by the permissions of others' files, as everybody is."""
STRANGER = 65534
WRITER = """
import sys, time
from pathlib import Path
from auditor.history import History
from tests.core.runs import audit_of
day = 0
while True:
    day += 1
    with History(Path(sys.argv[1])) as history:
        for _ in range(3):
            history.keep(audit_of(day=day))
            time.sleep(0.05)
    if day == 2:
        print("writing", flush=True)
"""


@pytest.fixture
def town() -> Iterator[Path]:
    """A folder that belongs to somebody else and may be read by all."""
    need_root()
    need("setpriv")
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    try:
        folder = small_town(base / "town")
        done = subprocess.run(
            [sys.executable, "-m", "auditor", "scan", str(folder)], cwd=ROOT, check=False, capture_output=True
        )
        assert done.returncode in (3, 4), done.stderr
        given_away(folder)
        yield folder
    finally:
        shutil.rmtree(base)


def given_away(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
            os.chown(path, STRANGER, STRANGER)


def reading(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["setpriv", "--bounding-set", WITHOUT, sys.executable, "-m", "auditor", "--lang", "en"]
    return subprocess.run(
        [*command, *arguments], cwd=ROOT, check=False, capture_output=True, text=True, timeout=120
    )


def all_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
    }


def commands(folder: Path, out: Path) -> tuple[tuple[str, ...], ...]:
    return (
        ("report", str(folder), "--out", str(out)),
        ("status", str(folder)),
        ("explain", "EP-01", "MK-0001", str(folder)),
    )


def test_who_may_only_read_renders_explains_and_looks_and_leaves_no_trace(town: Path, tmp_path: Path) -> None:
    before = all_of(town)
    for command in commands(town, tmp_path / "mine"):
        done = reading(*command)
        assert done.returncode in (0, 3, 4), (command, done.stderr)
    assert (tmp_path / "mine" / "latest-en" / "town.html").read_text("utf-8").rstrip().endswith("</html>")
    assert all_of(town) == before


def test_a_status_without_the_outbox_tells_the_rest_and_that_notices_are_not_known(town: Path) -> None:
    with Outbox(town):
        pass
    given_away(town)
    assert "outbox.db" not in reading("status", str(town)).stdout
    (town / "outbox.db").chmod(0o600)
    done = reading("status", str(town))
    assert done.returncode == 4, done.stderr
    assert "Last run: number 1" in done.stdout
    assert "outbox.db cannot be read" in done.stdout
    assert "Nothing is wrong" not in done.stdout
    found = json.loads(reading("status", str(town), "--json").stdout)
    assert (found["run"], found["notices"], bool(found["unread"])) == (1, [], True)


def test_who_may_only_read_cannot_write_and_is_told(town: Path) -> None:
    before = all_of(town)
    done = reading("scan", str(town))
    assert done.returncode == 1
    assert "auditor.db" in done.stderr or "auditor.lock" in done.stderr
    assert "Traceback" not in done.stderr
    assert all_of(town) == before


def test_reports_are_rendered_while_a_run_is_written(town: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(town / "auditor.db")], cwd=ROOT, stdout=subprocess.PIPE
    ) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline()
            for command in commands(town, tmp_path / "mine")[:2]:
                done = reading(*command)
                assert done.returncode in (0, 3, 4), (command, done.stderr)
        finally:
            writer.kill()
    done = reading("report", str(town), "--out", str(tmp_path / "after"))
    assert done.returncode == 0, f"a killed writer left its log behind: {done.stderr}"


def test_a_history_that_is_no_history_is_said_at_once_to_who_may_only_read(tmp_path: Path) -> None:
    from auditor.errors import OutputError
    from auditor.history import History, open_read_only

    file = tmp_path / "auditor.db"
    with History(file) as history:
        history.keep(audit_of())
    file.write_bytes(b"x" * 5000)
    with pytest.raises(OutputError):
        open_read_only(file)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(OutputError):
        open_read_only(file)
