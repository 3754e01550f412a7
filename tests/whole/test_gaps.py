"""What the reviewers found: gaps that the doctor must name, and pages that must not pose as an audit."""

import json
from pathlib import Path

from tests.whole.command import auditor
from tests.whole.test_faults import LOCAL, STAFF, TOWN, town


def test_the_doctor_says_who_can_never_start_and_why(tmp_path: Path) -> None:
    staff = (
        STAFF + "102,佐藤 花子,総務課,rdp,○,2026-05-01\r\n103,鈴木 次郎,総務課,standalone,○,2026-05-01\r\n"
    )
    folder = town(tmp_path / "town", LOCAL, staff=staff)
    (folder / "routes").mkdir()
    (folder / "town.toml").write_text(
        TOWN + '[[documents]]\nid = "r"\nname = "経路"\nkind = "routes"\nfolder = "routes"\n', "utf-8"
    )
    done = auditor("doctor", str(folder), cwd=tmp_path)
    assert done.returncode == 0
    assert "2 people of the trial (102, 103) have no device" in done.stdout
    assert "carries the trial's methods rdp, vpn;" in done.stdout
    assert "routes is empty" in done.stdout


def test_a_judgement_of_kept_evidence_says_so_and_keeps_the_time_of_the_audit(tmp_path: Path) -> None:
    folder = town(tmp_path / "town", LOCAL)
    auditor("scan", str(folder), cwd=tmp_path)
    kept = json.loads((folder / "out" / "latest-en" / "run.json").read_text("utf-8"))
    done = auditor("judge", str(folder), "--date", "2099-01-01", "--json", cwd=tmp_path)
    run = json.loads(done.stdout)
    assert (run["rejudged"], run["number"], run["today"]) == (1, 0, "2099-01-01")
    assert run["started"] == kept["started"]


def test_without_a_town_no_roster_is_judged(tmp_path: Path) -> None:
    run = json.loads(auditor("scan", "--json", cwd=tmp_path).stdout)
    assert run["town"]["alone"] is True
    assert {row["target"].partition(":")[0] for row in run["findings"]} == {"endpoint", "town"}


def test_what_is_asked_for_and_does_not_exist_ends_with_two(tmp_path: Path) -> None:
    folder = town(tmp_path / "town", LOCAL)
    assert auditor("report", str(folder), cwd=tmp_path).returncode == 2
    assert auditor("init", str(folder), cwd=tmp_path).returncode == 2
    missing = auditor("scan", "nowhere", cwd=tmp_path)
    assert missing.returncode == 2
    assert missing.stderr.count("nowhere") == 1
    auditor("scan", str(folder), cwd=tmp_path)
    assert auditor("report", str(folder), "--run", "99", cwd=tmp_path).returncode == 2


def test_a_deadline_counts_from_the_first_run(tmp_path: Path) -> None:
    folder = town(tmp_path / "town", LOCAL)
    for _ in range(2):
        auditor("scan", str(folder), cwd=tmp_path)
    run = json.loads((folder / "out" / "latest-en" / "run.json").read_text("utf-8"))
    assert run["number"] == 2
    assert all(row["since"] for row in run["findings"])
