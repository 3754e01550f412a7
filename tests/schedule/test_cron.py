"""The cron line runs the command under flock and the audit's own lock, and nothing while either is held."""

import fcntl
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.lock import locked
from auditor.schedule.cron import table
from auditor.schedule.planned import Planned
from tests.nightly.ground import HERE, ROW
from tests.peers.process import need
from tests.schedule.kit import ODD, planned


def lines(what: Planned, folder: Path) -> list[str]:
    (file,) = table(what, folder=folder).files
    return [line for line in file.content.decode().splitlines() if line and line[0].isdigit()]


def commanded(line: str, fields: int) -> str:
    """What cron hands to the shell: the line after its fields, with escaped percent signs made bare."""
    return line.split(" ", fields)[fields].replace(r"\%", "%")


def test_the_table_has_a_line_for_the_night_and_one_for_the_morning(tmp_path: Path) -> None:
    night, morning = lines(planned(), tmp_path)
    assert night.startswith("30 01 * * * telework-auditor /usr/bin/flock -n /srv/matsukaze/nightly.lock ")
    assert night.endswith("run-nightly /srv/matsukaze --wait 3600 --jitter 15")
    assert morning.startswith("30 09 * * * ")
    assert morning.endswith("--catch-up")
    (file,) = table(planned(), folder=tmp_path).files
    assert file.path.name == "telework-auditor-matsukaze", "cron passes over names with a dot"
    assert file.content.endswith(b"\n"), "cron passes over a last line without its end"


def test_a_user_s_own_table_names_no_account(tmp_path: Path) -> None:
    assert lines(planned(account=""), tmp_path)[0].startswith("30 01 * * * /usr/bin/flock ")


def test_names_with_signs_of_the_shell_or_of_cron_are_themselves(tmp_path: Path) -> None:
    what = planned(folder=Path(ODD), account="", program=("printf", r"%s\n"))
    line = lines(what, tmp_path)[0]
    assert "%" not in line.replace(r"\%", "")
    command = commanded(line, 5).partition("nightly.lock' ")[2]
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert ODD in done.stdout.splitlines()


@pytest.fixture
def line(tmp_path: Path) -> tuple[Path, str]:
    need("flock")
    folder = HERE(tmp_path / "town", ROW)
    what = replace(
        planned(folder=folder, account="", lang="en"), program=(sys.executable, "-I", "-m", "auditor")
    )
    command = commanded(lines(what, tmp_path)[0], 5)
    return folder, command.replace("--wait 3600", "--wait 0").replace("--jitter 15", "")


def run(command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
        timeout=120,
    )


def test_the_line_starts_nothing_while_flock_s_lock_is_held(line: tuple[Path, str]) -> None:
    folder, command = line
    with (folder / "nightly.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        done = run(command)
    assert done.returncode == 1
    assert not (folder / "auditor.db").exists()


def test_the_line_says_who_is_at_work_while_the_audit_s_own_lock_is_held(line: tuple[Path, str]) -> None:
    folder, command = line
    with locked(folder):
        done = run(command)
    assert done.returncode == 2
    assert str(os.getpid()) in done.stderr
    assert not (folder / "out").exists()


def test_the_line_runs_the_night_when_nobody_is_at_work(line: tuple[Path, str]) -> None:
    folder, command = line
    done = run(command)
    assert done.returncode == 0, done.stderr
    assert "7/7" in done.stdout
    assert (folder / "out" / "latest-en" / "town.html").exists()
