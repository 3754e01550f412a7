"""The sample town goes through the very same pipeline, and one weakened fact turns exactly what it should."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.whole.command import auditor
from tests.whole.matsukaze import readiness, standing


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    assert auditor("demo", "town", cwd=tmp_path).returncode == 0
    return tmp_path / "town"


def scanned(sample: Path) -> dict[str, Any]:
    done = auditor("scan", str(sample), cwd=sample.parent)
    assert done.returncode == 4, done.stderr
    return dict(json.loads((sample / "out" / "latest-en" / "run.json").read_text("utf-8")))


def sections(run: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {row["section"]: row for row in run["section_readiness"]}


def test_it_is_the_town_that_was_promised(sample: Path) -> None:
    run = scanned(sample)
    staff = (sample / "staff.csv").read_bytes().count(b"\r\n") - 1
    assert (staff, len(run["sections"]), len(run["readiness"])) == (205, 17, 80)
    assert all(section["head"] and section["officer"] for section in run["sections"])
    systems = {card["os"] for card in run["targets"] if card["os"]}
    assert systems == {"windows", "linux", "macos", "chromeos", "ipados"}
    assert run["broken"] == []


def test_one_section_is_perfect_one_in_trouble_and_one_silent(sample: Path) -> None:
    rows = sections(scanned(sample)).values()
    assert [row["section"] for row in rows if row["heard"] is False and row["ready"] == "check_first"]
    assert [row for row in rows if row["people"] and row["by_ready"]["ready"] == row["people"]]
    trouble = max(rows, key=lambda row: int(row["tally"]["fail"]))
    assert trouble["by_ready"]["blocked"] == trouble["people"]
    assert trouble["tally"]["fail"] >= 5


def test_every_page_says_that_it_is_a_sample(sample: Path) -> None:
    scanned(sample)
    pages = list((sample / "out" / "latest-en").rglob("*.html"))
    assert len(pages) == 20
    for page in pages:
        assert page.read_text("utf-8").count("SAMPLE") >= 2


def test_the_section_page_names_the_route_with_the_seal_and_the_lone_approver(sample: Path) -> None:
    scanned(sample)
    page = (sample / "out" / "latest-en" / "sections" / "zeimu.html").read_text("utf-8")
    for place in ("減免申請の受付から通知まで: 決裁書に押印", "減免申請の受付から通知まで: 課長の承認"):
        assert place in page


def test_a_second_scan_shows_no_change(sample: Path) -> None:
    scanned(sample)
    assert scanned(sample)["changes"]["changed"] == []


def test_a_lock_of_1800_seconds_turns_its_control_its_person_and_its_section_only(sample: Path) -> None:
    before = scanned(sample)
    perfect = next(
        id_
        for id_, row in sections(before).items()
        if row["people"] and row["by_ready"]["ready"] == row["people"]
    )
    card = next(
        card
        for card in before["targets"]
        if card["kind"] == "endpoint" and card["sections"] == [perfect] and card["os"] == "windows"
    )
    path = next(path for path in (sample / "inbox").iterdir() if path.stem == f"endpoint-{card['id']}")
    document = json.loads(path.read_text("utf-8"))
    for answer in document["answers"]:
        if answer["id"] == "lock.screen":
            assert "600" in answer["body"]
            answer["body"] = answer["body"].replace("600", "1800")
    path.write_text(json.dumps(document), "utf-8")
    after = scanned(sample)
    changed = [key for key, value in standing(after).items() if standing(before)[key] != value]
    assert changed == [("EP-07", card["key"])]
    assert standing(after)["EP-07", card["key"]] == ("fail", "slow")
    people = [id_ for id_, ready in readiness(after).items() if readiness(before)[id_] != ready]
    assert people == [card["user"]]
    assert [id_ for id_, row in sections(after).items() if sections(before)[id_] != row] == [perfect]
    assert [(row["control"], row["target"]) for row in after["changes"]["changed"]] == changed


def test_evidence_of_a_month_ago_is_unknown_and_says_so(sample: Path) -> None:
    before = scanned(sample)
    key = next(
        card["key"] for card in before["targets"] if card["kind"] == "endpoint" and not card["outcome"]
    )
    path = sample / "inbox" / f"endpoint-{key.partition(':')[2]}.json"
    document = json.loads(path.read_text("utf-8"))
    document["collected_at"] = "2026-01-05T00:00:00Z"
    path.write_text(json.dumps(document), "utf-8")
    kept = scanned(sample)
    assert next(card for card in kept["targets"] if card["key"] == key)["silent"] == "not_collected"
    for file in sample.glob("auditor.db*"):
        file.unlink()
    after = scanned(sample)
    mine = [row for row in after["findings"] if row["target"] == key and row["evidence"]]
    assert mine
    assert {(row["verdict"], row["reason"]) for row in mine} == {("unknown", "stale")}


def test_unsigned_evidence_is_refused_where_the_town_did_not_accept_it(sample: Path) -> None:
    text = (sample / "town.toml").read_text("utf-8")
    assert "unsigned_inbox = true" in text
    (sample / "town.toml").write_text(
        text.replace("unsigned_inbox = true", "unsigned_inbox = false"), "utf-8"
    )
    done = auditor("scan", str(sample), cwd=sample.parent)
    assert done.returncode == 5 or "untrusted" in (sample / "out/latest-en/run.json").read_text("utf-8")
    run = json.loads((sample / "out" / "latest-en" / "run.json").read_text("utf-8"))
    told = ("chromeos", "ipados")  # by exported lists, which somebody of the town put there
    pcs = [card for card in run["targets"] if card["kind"] == "endpoint" and card["os"] not in told]
    reasons = {card["outcome"] for card in pcs}
    assert reasons <= {"untrusted", "not_collected"}
    assert "ready" not in readiness(run).values()


def test_damaged_and_hostile_inbox_files_are_named_and_the_rest_goes_on(sample: Path) -> None:
    before = scanned(sample)
    inbox = sample / "inbox"
    (inbox / "garbage.json").write_bytes(b"\xff\xfe{")
    (inbox / "deep.json").write_bytes(b"[" * 100_000)
    (inbox / "future.json").write_text(
        '{"schema":1,"target":"endpoint:x","collected_at":"2099-01-01T00:00:00Z","answers":[]}', "utf-8"
    )
    (inbox / "link.json").symlink_to("/etc/passwd")
    done = auditor("scan", str(sample), cwd=sample.parent)
    for name in ("garbage.json", "deep.json", "future.json", "link.json"):
        assert name in done.stderr
    run = json.loads((sample / "out" / "latest-en" / "run.json").read_text("utf-8"))
    assert run["tally"] == before["tally"]
