"""``auditor scan`` without a town folder: this machine, against the base model."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from auditor.findings import Reason
from tests.whole.command import auditor


def newest(out: Path) -> Path:
    found = [path for path in out.iterdir() if path.is_dir() and not path.is_symlink()]
    assert len(found) == 1
    return found[0]


def test_a_scan_of_this_machine_writes_three_kinds_of_page_and_the_document(tmp_path: Path) -> None:
    done = auditor("scan", "--out", "pages", "--fail-on", "none", "--max-unknown", "-1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = newest(tmp_path / "pages")
    assert {path.name for path in folder.iterdir()} == {"town.html", "technical.html", "sections", "run.json"}
    for name in ("town.html", "technical.html", "sections/this-machine.html", "run.json"):
        assert str(Path("pages") / folder.name / name) in done.stdout
    run = json.loads((folder / "run.json").read_text("utf-8"))
    assert [target["kind"] for target in run["targets"]] == ["endpoint", "town"]
    assert run["targets"][0]["details"], "hardware is shown on the technical page"


def test_what_could_not_be_known_is_said_with_its_reason(tmp_path: Path) -> None:
    done = auditor("scan", "--json", "--out", "pages", cwd=tmp_path)
    run = json.loads(done.stdout)
    unknowns = [row for row in run["findings"] if row["verdict"] == "unknown"]
    assert all(row["reason"] in set(Reason) for row in unknowns)
    assert done.returncode == (4 if unknowns else 3 if run["tally"]["fail"] else 0)


@pytest.mark.skipif(sys.platform == "win32", reason="needs setuid")
def test_without_root_what_needs_root_is_unknown_and_the_run_goes_on(tmp_path: Path) -> None:
    probe = subprocess.run(["setpriv", "--version"], capture_output=True, check=False)
    if probe.returncode != 0 or not Path("/etc/shadow").exists():
        pytest.skip("setpriv is missing")
    if os.geteuid() != 0:
        pytest.skip("only root can drop its rights")
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents:
        if parent.name.startswith(("pytest-", "popen-")):
            parent.chmod(0o755)
    done = subprocess.run(
        [
            *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
            *(sys.executable, "-m", "auditor", "scan", "--json", "--out", str(tmp_path / "pages")),
        ],
        cwd="/",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HOME": "/nonexistent",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if "Permission denied" in done.stderr and not done.stdout:
        pytest.skip("the interpreter cannot be read by others here")
    run = json.loads(done.stdout)
    assert any(row["reason"] == "no_permission" for row in run["findings"] if row["verdict"] == "unknown")


def test_two_languages_say_the_same_counts(tmp_path: Path) -> None:
    japanese = json.loads(auditor("scan", "--json", "--out", "ja", cwd=tmp_path, lang="ja").stdout)
    english = json.loads(auditor("scan", "--json", "--out", "en", cwd=tmp_path).stdout)
    assert japanese["tally"] == english["tally"]


def test_an_interrupted_scan_ends_with_one_and_writes_nothing(tmp_path: Path) -> None:
    checks = tmp_path / "checks"
    checks.mkdir()
    (checks / "slow.py").write_text(SLOW_CHECK.replace("FOLDER", str(tmp_path)), "utf-8")
    (checks / "controls.toml").write_text(SLOW_CONTROL, "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "auditor", "--lang", "en", "scan", "--checks-dir", "checks", "--out", "pages"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    marker = tmp_path / "started"
    end = time.monotonic() + 30
    while not marker.exists() and time.monotonic() < end and process.poll() is None:
        time.sleep(0.05)
    assert marker.exists(), process.communicate()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "Interrupted" in errors
    assert not (tmp_path / "pages").exists()


SLOW_CHECK = '''
from dataclasses import dataclass
from auditor.api import Answer, Judgement, check, fact, passed

@dataclass(frozen=True)
class Slow:
    """Never known."""

@fact("town.slow", linux="touch FOLDER/started; sleep 60; echo x")
def slow(answer: Answer) -> Slow:
    """Nothing."""
    return Slow()

@check("TOWN-01")
def judge(slow: Slow) -> Judgement:
    return passed()
'''
SLOW_CONTROL = """
[TOWN-01]
target = "endpoint"
title = { ja = "遅い点検", en = "A slow check" }
plain = { ja = "遅い", en = "slow" }
why = { ja = "遅い", en = "slow" }
fix = { ja = "待つ", en = "wait" }
effort = { ja = "1分", en = "1 minute" }
verify = { ja = "待つ", en = "wait" }
severity = "low"
leg = "none"
element = 1
doer = "it"
due_days = 30
source = "町"
requirement_mark = "I"
[TOWN-01.says]
ok = { ja = "よい", en = "good" }
"""
