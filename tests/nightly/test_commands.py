"""``auditor run-nightly`` as a timer starts it: plain lines, and exit codes that a timer can trust."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from auditor.lock import locked
from auditor.nightly.journal import path_in
from tests.nightly.ground import HERE, ROW
from tests.whole.command import auditor
from tests.whole.test_faults import TOWN

FILED = "PC-9,,端末9,linux,総務課,101,internet,file,,,\r\n"


def test_a_night_with_findings_is_well_for_a_timer_and_says_each_step_in_a_plain_line(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW)
    done = auditor("run-nightly", str(folder), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    steps = re.findall(r"^\d\d:\d\d:\d\d (\d)/7 ", done.stdout, re.MULTILINE)
    assert steps == ["1", "2", "3", "4", "5", "6", "7"]
    assert "\x1b" not in done.stdout + done.stderr
    run = json.loads((folder / "out" / "latest-en" / "run.json").read_text("utf-8"))
    assert run["tally"]["fail"] + run["tally"]["unknown"] > 0
    assert run["nightly"]["night"]


def test_a_night_in_which_nobody_answered_is_told_to_the_timer(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", FILED)
    assert auditor("run-nightly", str(folder), cwd=tmp_path).returncode == 5


def test_a_refused_file_is_told_to_the_timer(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW)
    strange = folder / "inbox" / "strange.json"
    strange.write_text("{}")
    os.utime(strange, (0, 0))
    assert auditor("run-nightly", str(folder), cwd=tmp_path).returncode == 4


def test_a_dry_run_says_what_would_be_done_and_does_nothing(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW)
    before = sorted(path.name for path in folder.rglob("*"))
    done = auditor("run-nightly", str(folder), "--dry-run", cwd=tmp_path)
    assert done.returncode == 0
    assert "would begin anew" in done.stdout
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_a_dry_run_tells_what_an_earlier_start_left(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW)
    assert auditor("run-nightly", str(folder), cwd=tmp_path).returncode == 0
    journal = json.loads(path_in(folder).read_text())
    del journal["tonight"]["ended"]
    journal["tonight"]["done"] = "history"
    path_in(folder).write_text(json.dumps(journal))
    assert "(from reports)" in auditor("run-nightly", str(folder), "--dry-run", cwd=tmp_path).stdout
    done = auditor("run-nightly", str(folder), cwd=tmp_path)
    assert done.returncode == 0
    assert "1/7" not in done.stdout, "nobody is asked again"
    assert "5/7" in done.stdout
    again = json.loads((folder / "out" / "latest-en" / "run.json").read_text("utf-8"))
    assert again["number"] == 1


def test_what_is_declared_wrongly_stops_the_night_before_it_begins(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW, toml=TOWN + '[nightly]\nat = "25:00"\n')
    done = auditor("run-nightly", str(folder), cwd=tmp_path)
    assert done.returncode == 2
    assert "town.toml:9" in done.stderr
    assert not path_in(folder).exists()
    folder = HERE(tmp_path / "other", ROW)
    assert auditor("run-nightly", str(folder), "--quiet-hours", "8-17", cwd=tmp_path).returncode == 2


def test_a_second_start_says_who_is_at_work_and_leaves(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW)
    with locked(folder):
        done = auditor("run-nightly", str(folder), "--wait", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert f"process {os.getpid()}" in done.stderr
    assert "Waiting at most 1 s" in done.stderr


def test_in_quiet_hours_the_timer_is_content_and_nobody_is_asked(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW)
    done = auditor("run-nightly", str(folder), "--quiet-hours", "00:00-23:59", cwd=tmp_path)
    assert done.returncode == 0
    assert "quiet hours" in done.stdout
    assert "1/7" not in done.stdout


def test_a_module_that_lies_in_the_town_folder_is_never_loaded(tmp_path: Path) -> None:
    """The timer's command runs there, and evidence from a share may lie there."""
    folder = HERE(tmp_path / "town", ROW)
    (folder / "json.py").write_text("raise SystemExit('loaded')\n")
    done = subprocess.run(
        [sys.executable, "-I", "-m", "auditor", "--lang", "en", "run-nightly", str(folder), "--dry-run"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
