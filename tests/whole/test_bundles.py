"""From a real collector's signed file to the page: accepted once, or refused with the reason on the page.

The collector is the frozen script, run by a shell on this machine; the keys and signatures are ssh-keygen's.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.inbox.kit import new_key, outer
from tests.whole.command import auditor
from tests.whole.spoilt import (
    Machine,
    another_machine,
    payload_of,
    stranger,
    tampered,
    tomorrow,
    unsigned,
)

TOWN = """\
[town]
name = "松風町"
model = "base"

[[sections]]
id = "soumu"
name = "総務課"
head = "0101"
officer = "0105"
"""
STAFF = """\
職員番号,氏名,課,方式,試行,研修修了日
0101,髙橋 一郎,総務課,vpn,○,2026-04-01
0105,𠮷田 花,総務課,,×,
"""
HEADING = "資産番号,製造番号,機器名,OS,課,利用者,区分,方式,取得方法"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    folder = tmp_path_factory.mktemp("machine")
    made = auditor("collector", "linux", "--out", "collect.sh", cwd=folder)
    assert made.returncode == 0, made.stderr
    key = new_key(folder, name="ssh_host_ed25519_key")
    drop = folder / "drop"
    drop.mkdir()
    command = ["sh", "collect.sh", "--bundle", str(drop), "--key", str(key.path), "--asset", "PC-001"]
    command += ["--state", str(folder / "state")]
    for _ in range(2):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stderr
    first, second = sorted(drop.iterdir(), key=lambda path: int(payload_of(path)["sequence"]))
    return Machine(key, first, second)


@pytest.fixture
def town(tmp_path: Path, machine: Machine) -> Path:
    folder = tmp_path / "matsukaze"
    (folder / "inbox").mkdir(parents=True)
    row = f"PC-001,{machine.told['serial']},総務01,linux,総務課,0101,internet,vpn,file"
    (folder / "town.toml").write_text(TOWN, "utf-8")
    (folder / "staff.csv").write_text(STAFF, "utf-8")
    (folder / "endpoints.csv").write_text(f"{HEADING}\n{row}\n", "utf-8")
    (folder / "trusted_signers").write_text(f"PC-001 {machine.key.public} root@pc-001\n", "utf-8")
    return folder


def scan(town: Path, lang: str = "en") -> tuple[dict[str, Any], str, str]:
    """The run, the technical page, and all that was said."""
    done = auditor("scan", str(town), "--max-unknown", "-1", "--fail-on", "none", cwd=town.parent, lang=lang)
    assert "Traceback" not in done.stderr, done.stderr
    latest = town / "out" / ("latest-en" if lang == "en" else "latest")
    run = json.loads((latest / "run.json").read_text("utf-8"))
    return (
        run | {"exit": done.returncode},
        (latest / "technical.html").read_text("utf-8"),
        (done.stdout + done.stderr),
    )


def standings(run: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["standing"], one["target"]) for one in run["inbox"]]


def card(run: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in run["targets"] if one["key"] == "endpoint:PC-001")
    return found


def device_findings(run: dict[str, Any]) -> set[str | None]:
    """The reasons of the machine's findings that are unknown as a whole."""
    return {
        row["reason"] for row in run["findings"] if row["target"] == "endpoint:PC-001" and row["whole_target"]
    }


def test_a_bundle_signed_by_the_host_key_is_accepted_judged_and_put_away(
    town: Path, machine: Machine
) -> None:
    shutil.copy(machine.first, town / "inbox")
    run, page, said = scan(town)
    assert standings(run) == [("accepted", "endpoint:PC-001")]
    assert (run["exit"], card(run)["outcome"], device_findings(run)) == (0, None, set())
    judged = [row for row in run["findings"] if row["target"] == "endpoint:PC-001"]
    assert {"pass", "fail"} & {row["verdict"] for row in judged}
    assert card(run)["details"]["signer"] == "PC-001"
    assert "signer=PC-001" in page
    assert "Evidence files: 1. Accepted." in said
    assert [path.name[17:] for path in (town / "inbox" / "read").iterdir()] == [machine.first.name]
    assert not list((town / "inbox").glob("*.json"))


@pytest.mark.parametrize(
    ("spoil", "standing", "english", "japanese"),
    [
        (tampered, "bad_signature", "the signature does not fit the content", "署名が内容と合いません"),
        (stranger, "unknown_signer", "a key the town has not registered", "町が登録していない鍵"),
        (tomorrow, "future", "it is dated in the future", "日付が未来のため"),
        (unsigned, "unsigned", "it is not signed", "署名がないため"),
        (another_machine, "not_ledger", "is not the ledger", "台帳と違うため"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_bundle_that_is_not_so_is_refused_with_the_reason_on_the_page(
    town: Path,
    machine: Machine,
    spoil: Callable[[Machine], bytes],
    standing: str,
    english: str,
    japanese: str,
) -> None:
    (town / "inbox" / "pc-001.json").write_bytes(spoil(machine))
    run, page, said = scan(town)
    assert standings(run) == [(standing, "endpoint:PC-001")]
    assert (card(run)["outcome"], device_findings(run)) == ("untrusted", {"untrusted"})
    assert english in page
    assert "pc-001.json" in page
    assert f"{standing}: pc-001.json" in page
    assert english in said
    assert run["exit"] in (4, 5)
    kept = sorted(path.name[17:] for path in (town / "inbox" / "refused").iterdir())
    assert kept == ["pc-001.json", "pc-001.json.why.json"]
    why = json.loads((town / "inbox" / "refused" / f"{kept_name(town)}.why.json").read_text("utf-8"))
    assert japanese in why["why"]["ja"]


def kept_name(town: Path) -> str:
    return next(path.name for path in (town / "inbox" / "refused").iterdir() if "why" not in path.name)


def test_a_refused_machine_stays_unknown_in_the_next_run_and_is_told_in_japanese(
    town: Path, machine: Machine
) -> None:
    (town / "inbox" / "pc-001.json").write_bytes(tampered(machine))
    scan(town)
    run, page, _ = scan(town, "ja")
    assert (card(run)["outcome"], standings(run)) == ("untrusted", [])
    (town / "inbox" / "zwei.json").write_bytes(tampered(machine))
    _, page, said = scan(town, "ja")
    assert "署名が内容と合いません" in page
    assert "署名が内容と合いません" in said


def test_a_bundle_handed_in_again_is_told_from_a_replay_and_neither_hides_the_good_one(
    town: Path, machine: Machine
) -> None:
    shutil.copy(machine.second, town / "inbox" / "b.json")
    assert standings(scan(town)[0]) == [("accepted", "endpoint:PC-001")]
    shutil.copy(machine.second, town / "inbox" / "again.json")
    run, _, _ = scan(town)
    assert (standings(run), run["exit"]) == ([("already_read", "endpoint:PC-001")], 0)
    shutil.copy(machine.first, town / "inbox" / "older.json")
    run, page, said = scan(town)
    assert (standings(run), run["exit"]) == ([("replayed", "endpoint:PC-001")], 4)
    assert "a file from before one already read was handed in again" in page
    assert "incomplete (exit code 4)" in said
    assert card(run)["outcome"] is None, "a replayed file must not silence the machine"


def test_a_wrong_line_in_trusted_signers_stops_everything_with_its_place(
    town: Path, machine: Machine
) -> None:
    shutil.copy(machine.first, town / "inbox")
    (town / "trusted_signers").write_text(f"# keys\nPC-* {machine.key.public}\n", "utf-8")
    for command in ("scan", "doctor"):
        done = auditor(command, str(town), cwd=town.parent)
        assert done.returncode == 2
        assert "trusted_signers:2" in done.stdout + done.stderr
    assert not (town / "auditor.db").exists()
    assert list((town / "inbox").glob("*.json"))


KILLED = """
import os, sys
from auditor.arrivals import aside
from auditor.cli.app import run
from auditor.history import History
def die(*_): os.kill(os.getpid(), 9)
if sys.argv[1] == "before": History._days = die
else: aside.put_away = die
run(["scan", sys.argv[2]])
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_killed_run_reads_its_files_again_and_calls_none_a_replay(town: Path, machine: Machine) -> None:
    shutil.copy(machine.first, town / "inbox" / "a.json")
    shutil.copy(machine.second, town / "inbox" / "b.json")
    for moment in ("before", "after"):  # the run is kept
        command = [sys.executable, "-c", KILLED, moment, str(town)]
        assert subprocess.run(command, capture_output=True, check=False, timeout=100).returncode == -9
        assert len(list((town / "inbox").glob("*.json"))) == 2
        shown = auditor("inbox", "show", str(town), cwd=town.parent).stdout
        assert shown.count("Accepted." if moment == "before" else "read already (harmless)") == 2
    run, _, _ = scan(town)
    assert standings(run) == [("already_read", "endpoint:PC-001")] * 2
    assert (run["exit"], card(run)["outcome"]) == (0, None)
    assert not list((town / "inbox").glob("*.json"))


def test_a_part_of_the_town_is_shown_and_leaves_the_inbox_as_it_is(town: Path, machine: Machine) -> None:
    shutil.copy(machine.first, town / "inbox")
    done = auditor("scan", str(town), "--section", "soumu", cwd=town.parent)
    assert "Accepted." in done.stdout
    assert [path.name for path in (town / "inbox").iterdir()] == [machine.first.name]


def test_a_segment_s_evidence_is_carried_compared_and_judged(
    town: Path, machine: Machine, tmp_path: Path
) -> None:
    segment = tmp_path / "segment"
    (segment / "inbox").mkdir(parents=True)
    shutil.copy(machine.first, segment / "inbox")
    packed = auditor("export", str(segment), "--out", "carried.zip", cwd=tmp_path)
    code = packed.stdout.strip().rpartition(" ")[2]
    wrong = auditor("import", str(town), "carried.zip", "--code", "0000-0000-0000-0000", cwd=tmp_path)
    assert (wrong.returncode, list((town / "inbox").iterdir())) == (2, [])
    taken = auditor("import", str(town), "carried.zip", "--code", code.lower(), cwd=tmp_path)
    assert (taken.returncode, code in taken.stdout) == (0, True)
    shown = auditor("inbox", "show", str(town), cwd=tmp_path)
    assert (shown.returncode, "Accepted." in shown.stdout) == (0, True)
    assert standings(scan(town)[0]) == [("accepted", "endpoint:PC-001")]
    twice = auditor("import", str(town), "carried.zip", "--code", code, cwd=tmp_path)
    assert "0 files" in twice.stdout
    assert "was brought in before" in twice.stderr


def test_a_reinstalled_machine_counts_again_after_an_officer_said_so(town: Path, machine: Machine) -> None:
    shutil.copy(machine.second, town / "inbox")
    scan(town)
    moment = datetime.now(UTC) + timedelta(minutes=1)
    again = machine.told | {"sequence": 1, "collected_at": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
    body = json.dumps(again).encode()
    (town / "inbox" / "new.json").write_bytes(outer(body, machine.key.sign(body)))
    run, page, _ = scan(town)
    assert standings(run) == [("restarted", "endpoint:PC-001")]
    assert "auditor inbox forget" in page
    assert auditor("inbox", "forget", str(town), "PC-777", "--yes", cwd=town.parent).returncode == 2
    done = auditor("inbox", "forget", str(town), "PC-001", "--yes", cwd=town.parent)
    assert done.returncode == 0, done.stderr
    assert card(scan(town)[0])["outcome"] == "untrusted"
    (town / "inbox" / "new.json").write_bytes(outer(body, machine.key.sign(body)))
    run, _, _ = scan(town)
    assert (standings(run), card(run)["outcome"]) == ([("accepted", "endpoint:PC-001")], None)
