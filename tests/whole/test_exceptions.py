"""``auditor except`` and a whole audit with exceptions, as a town uses them."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.engine import japan_day
from tests.whole.command import auditor

TODAY = japan_day(datetime.now(UTC)).date()
START, END = TODAY.isoformat(), (TODAY + timedelta(days=60)).isoformat()
GIVEN = {
    "control": "EP-05",
    "target": "MK-0022",
    "applicant": "zeimu",
    "reason": 'a drive that cannot be "encrypted" \\ yet',
    "measure": "kept in a safe at night",
    "approver": "総務課",
    "start": START,
    "end": END,
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("excepted") / "town"
    assert auditor("demo", str(folder), cwd=folder.parent).returncode == 0
    return folder


def add(town: Path, given: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    options = [word for name, value in given.items() for word in (f"--{name}", value)]
    return auditor("except", "add", str(town), *options, cwd=town)


def run_of(town: Path, *arguments: str) -> dict[str, Any]:
    done = auditor(*arguments, "--json", cwd=town)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def shown(run: Mapping[str, Any], control: str, target: str) -> tuple[str, str, str]:
    (row,) = (row for row in run["findings"] if (row["control"], row["target"]) == (control, target))
    return row["verdict"], row["overlay"], row["exception"]


def test_add_keeps_what_stands_there_and_the_next_audit_shows_it(sample: Path) -> None:
    file = sample / "exceptions.toml"
    before = file.read_bytes()
    done = add(sample, GIVEN)
    assert done.returncode == 0, done.stderr
    assert file.read_bytes().startswith(before)
    assert [path.name for path in sample.glob(".exceptions*")] == []
    listed = auditor("except", "list", str(sample), cwd=sample).stdout
    assert f"{TODAY.year}-03  in force (60 days left)  EP-05  endpoint:MK-0022" in listed
    assert auditor("except", "check", str(sample), cwd=sample).returncode == 0
    run = run_of(sample, "scan", str(sample))
    assert shown(run, "EP-05", "endpoint:MK-0022") == ("fail", "exception", f"{TODAY.year}-03")
    assert run["tally"]["exception"] == 3
    assert sum(row["overlay"] == "exception" for row in run["findings"]) == 3
    assert shown(run, "EP-14", "endpoint:MK-0019")[1] == "grace"
    out = sample / "out" / "latest-en"
    assert 'id="total-exception">3<' in (out / "town.html").read_text("utf-8")
    assert 'id="total-exception">3<' in (out / "technical.html").read_text("utf-8")
    assert "kept in a safe at night" in (out / "technical.html").read_text("utf-8")
    assert "12 days left" in (out / "sections" / "zaisei.html").read_text("utf-8")


def test_the_day_after_the_last_one_it_fails_and_its_record_with_it(sample: Path) -> None:
    file = sample / "exceptions.toml"
    before = file.read_text("utf-8")
    last = TODAY + timedelta(days=1)
    file.write_text(
        before.replace(f"end = {(TODAY + timedelta(days=12)).isoformat()}", f"end = {last}"), "utf-8"
    )
    try:
        found = [
            run_of(sample, "judge", str(sample), "--date", day.isoformat())
            for day in (last, last + timedelta(days=1))
        ]
    finally:
        file.write_text(before, "utf-8")
    states = [shown(run, "EP-07", "endpoint:MK-0014") for run in found]
    assert states == [("fail", "exception", f"{TODAY.year}-01"), ("fail", "", "")]
    assert [shown(run, "GOV-09", "town:town")[0] for run in found] == ["pass", "fail"]


def test_days_for_mending_run_out(sample: Path) -> None:
    file = sample / "model.toml"
    before = file.read_text("utf-8")
    file.write_text(before.replace("EP-14 = 30", "EP-14 = 2"), "utf-8")
    try:
        found = [
            run_of(sample, "judge", str(sample), "--date", (TODAY + timedelta(days=days)).isoformat())
            for days in (2, 3)
        ]
    finally:
        file.write_text(before, "utf-8")
    assert [shown(run, "EP-14", "endpoint:MK-0019")[:2] for run in found] == [("fail", "grace"), ("fail", "")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"approver": "税務課"}, "own office"),
        ({"end": "2026-13-01"}, "2027-03-31"),
        ({"target": "MK-9999"}, "no target"),
        ({"reason": "TBD"}, "sample text"),
        ({"approver": ""}, "--approver"),
    ],
)
def test_what_would_be_wrong_is_not_written(sample: Path, changes: dict[str, str], said: str) -> None:
    before = (sample / "exceptions.toml").read_bytes()
    done = add(sample, {**GIVEN, "target": "MK-0054", **changes})
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert (sample / "exceptions.toml").read_bytes() == before


def test_a_broken_record_stops_everything_before_anything_runs(sample: Path) -> None:
    file = sample / "exceptions.toml"
    before = file.read_bytes()
    runs = sorted((sample / "out").iterdir())
    file.write_bytes(before.replace(b"approver", b"aprover", 1))
    try:
        for command in ("scan", "judge", "doctor"):
            done = auditor(command, str(sample), cwd=sample)
            assert done.returncode == 2, command
            assert "exceptions.toml:10" in done.stdout + done.stderr, command
        assert auditor("except", "check", str(sample), cwd=sample).returncode == 2
        assert sorted((sample / "out").iterdir()) == runs
    finally:
        file.write_bytes(before)


def test_one_that_is_over_ends_check_with_three_and_one_to_come_is_told(sample: Path) -> None:
    file = sample / "exceptions.toml"
    before = file.read_text("utf-8")
    end = (TODAY + timedelta(days=12)).isoformat()
    late = before.replace(f"end = {end}", f"end = {(TODAY - timedelta(days=1)).isoformat()}")
    start = f"start = {(TODAY - timedelta(days=45)).isoformat()}"
    try:
        file.write_text(late.replace(start, f"start = {(TODAY - timedelta(days=2)).isoformat()}", 1), "utf-8")
        done = auditor("except", "check", str(sample), cwd=sample)
        assert (done.returncode, "ended on" in done.stderr) == (3, True)
        tomorrow = (TODAY + timedelta(days=1)).isoformat()
        file.write_text(before.replace(start, f"start = {tomorrow}", 1), "utf-8")
        done = auditor("except", "check", str(sample), cwd=sample)
        assert (done.returncode, "has not begun" in done.stderr) == (0, True)
    finally:
        file.write_text(before, "utf-8")


def test_at_a_keyboard_what_was_not_given_is_asked_for(sample: Path) -> None:
    answers = ["EP-05", "MK-0054", "税務課", "古い機器のため", "金庫に置く", "総務課", START, END]
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "auditor", "except", "add", str(sample), "--number", "A-1"]
    environment = {**os.environ, "AUDITOR_LANG": "ja", "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        command, stdin=child, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        os.close(child)
        for answer in answers:
            os.write(parent, f"{answer}\n".encode())
        out, asked = process.communicate(timeout=120)
    os.close(parent)
    assert process.returncode == 0, asked
    assert "A-1" in out
    assert 'number = "A-1"' in (sample / "exceptions.toml").read_text("utf-8")
