"""The history is proved, backed up, restored and made smaller; a past date is shown as it was."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from auditor.history import History
from auditor.publish import publish
from tests.whole.command import auditor
from tests.whole.nights import Nights

LAST = 3


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four nights of the sample town, and the pages made of the second."""
    from auditor.discover import report_renderers

    nights = Nights(tmp_path_factory.mktemp("kept") / "town")
    assert nights.recorded
    with History(nights.folder / "auditor.db") as history:
        for night in range(LAST + 1):
            run = nights.keep(night, history)
            if night == 1:
                publish(run, nights.folder / "then", "en", report_renderers())
    return nights.folder


@pytest.fixture
def town(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "town", symlinks=True)
    return tmp_path / "town"


def changed(town: Path, *statements: str) -> None:
    with closing(sqlite3.connect(town / "auditor.db")) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def history(*arguments: str | Path, cwd: Path, code: int = 0) -> str:
    done = auditor("--lang", "en", "history", *map(str, arguments), cwd=cwd)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_report_of_a_past_date_is_the_one_made_that_night(town: Path) -> None:
    done = auditor("--lang", "en", "report", str(town), "--at", "2026-01-06", cwd=town.parent)
    assert done.returncode == 0, done.stderr
    then = tree(town / "then" / "20260106-0002-en")
    assert then
    assert tree(town / "out" / "20260106-0002-en") == then


def test_a_date_without_an_audit_shows_the_one_before_and_says_so(town: Path) -> None:
    done = auditor("--lang", "en", "report", str(town), "--at", "2026-02-01", cwd=town.parent)
    assert done.returncode == 0, done.stderr
    assert "no audit on 2026-02-01" in done.stderr
    assert (town / "out" / "20260108-0004-en" / "run.json").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--at", "2025-12-31"), "no audit up to 2025-12-31"),
        (("--at", "yesterday"), "date"),
        (("--at", "2026-01-06", "--run", "1"), "--at and --run"),
    ],
)
def test_what_cannot_be_shown_is_said_and_nothing_is_written(
    town: Path, options: tuple[str, ...], said: str
) -> None:
    done = auditor("--lang", "en", "report", str(town), *options, cwd=town.parent)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert not (town / "out").exists()


def test_evidence_no_longer_kept_is_unknown_when_judged_again_and_said_so(town: Path) -> None:
    changed(
        town, "UPDATE evidence SET document = NULL, base = NULL WHERE run = 2 AND target LIKE 'endpoint:%'"
    )
    done = auditor("--lang", "en", "report", str(town), "--at", "2026-01-06", "--rejudge", "--json", cwd=town)
    assert done.returncode == 0, done.stderr
    assert "past its keeping time" in done.stderr
    run = json.loads(done.stdout)
    assert run["rejudged"] == 2
    rows = [row for row in run["findings"] if row["target"] == "endpoint:MK-0001" and row["evidence"]]
    assert rows
    assert {row["reason"] for row in rows} == {"not_kept"}


def test_judged_again_under_the_same_model_all_is_as_it_was(town: Path) -> None:
    done = auditor("--lang", "en", "report", str(town), "--at", "2026-01-08", "--rejudge", "--json", cwd=town)
    run = json.loads(done.stdout)
    with closing(History(town / "auditor.db")) as kept:
        before = kept.run(LAST + 1)
    assert before is not None
    told = [(one.target, one.control, one.verdict.value, one.key) for one in before.findings]
    assert [(one["target"], one["control"], one["verdict"], one["key"]) for one in run["findings"]] == told


def test_a_history_as_it_was_written_is_proved_with_its_seal(town: Path) -> None:
    said = history("verify", town, cwd=town)
    seal = next(word for word in said.split() if word.count("-") == 3)
    assert "4 runs" in said
    assert "as it was written" in history("verify", town, "--seal", seal.lower(), cwd=town)
    assert "removed" in history("verify", town, "--seal", "0000-0000-0000-0000", cwd=town, code=3)


TAMPERED = {
    "the document of another night": """
        UPDATE run SET document = (SELECT document FROM run WHERE number = 4) WHERE number = 2""",
    "a digest": "UPDATE run SET plain = zeroblob(32) WHERE number = 2",
    "a seal": "UPDATE run SET seal = zeroblob(32) WHERE number = 2",
    "a removed run": "DELETE FROM run WHERE number = 2",
    "removed evidence": "DELETE FROM evidence WHERE run = 2 AND target LIKE 'endpoint:%'",
    "exchanged evidence": """
        UPDATE evidence SET document = (SELECT e.document FROM evidence e WHERE e.run = 3
        AND e.target = evidence.target) WHERE run = 2 AND target = 'endpoint:MK-0001'""",
    "a state": "UPDATE state SET shown_as = 'pass' WHERE first_run = 2",
    "a figure": "UPDATE daily SET ready = ready + 1 WHERE day = '2026-01-06'",
    "the model in the list of runs": "UPDATE run SET model = 'own' WHERE number = 2",
    "evidence gone before its time": """
        UPDATE evidence SET document = NULL, base = NULL
        WHERE run = 2 AND base IS NOT NULL AND target LIKE 'endpoint:%'""",
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_changed_past_is_noticed_and_the_run_is_named(town: Path, what: str) -> None:
    changed(town, TAMPERED[what])
    said = history("verify", town, cwd=town, code=3)
    assert "2026-01-06" in said or "Runs 2 to 2" in said
    assert "2026-01-05" not in said


def test_a_changed_view_and_a_changed_wording_are_noticed(town: Path) -> None:
    changed(
        town,
        "DROP VIEW v_now",
        "CREATE VIEW v_now AS SELECT * FROM v_change",
        "UPDATE control SET title_ja = '' WHERE id = 'EP-01'",
    )
    said = history("verify", town, cwd=town, code=3)
    assert "v_now, which shows the history" in said
    assert "control EP-01" in said


def test_nights_cut_off_at_the_end_are_noticed_by_the_heartbeat(town: Path) -> None:
    (town / "out").mkdir()
    (town / "out" / "heartbeat.json").write_text('{"run": 6}')
    said = history("verify", town, cwd=town, code=3)
    assert "Runs 5 to 6" in said
    assert "heartbeat.json" in said


def test_a_history_is_proved_where_the_town_s_own_file_cannot_be_read(town: Path) -> None:
    (town / "town.toml").unlink()
    said = history("verify", town, cwd=town)
    assert "as it was written" in said
    assert "last 31 days" in said


def test_a_past_changed_before_compaction_is_still_noticed_after_it(town: Path) -> None:
    changed(town, TAMPERED["removed evidence"])
    history("compact", town, cwd=town)
    assert "run 2 (2026-01-06)" in history("verify", town, cwd=town, code=3)


def test_compaction_and_retention_change_no_seal(town: Path) -> None:
    seal = history("verify", town, cwd=town)
    with (town / "town.toml").open("a", encoding="utf-8") as stream:
        stream.write("\n[history]\nevidence_days = 31\nfault_days = 31\n")
    assert "made smaller" in history("compact", town, cwd=town)
    assert history("verify", town, cwd=town) == seal


def test_a_copy_comes_back_and_the_history_before_is_kept(town: Path) -> None:
    copy = town.parent / "copy.db"
    assert "4 runs" in history("backup", town, "--out", copy, cwd=town)
    assert copy.stat().st_mode & 0o077 == 0
    changed(town, "UPDATE run SET seal = zeroblob(32) WHERE number = 2")
    said = history("restore", town, copy, "--yes", cwd=town)
    (aside,) = town.glob("auditor.db.replaced-*")
    assert aside.name in said
    assert "as it was written" in history("verify", town, cwd=town)


def test_a_copy_overwrites_nothing(town: Path) -> None:
    copy = town.parent / "copy.db"
    copy.write_text("something of mine")
    assert "exists already" in history("backup", town, "--out", copy, cwd=town, code=2)
    assert copy.read_text() == "something of mine"


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_what_is_no_history_is_never_put_in_its_place(town: Path, content: bytes) -> None:
    wrong = town.parent / "wrong.db"
    wrong.write_bytes(content)
    before = (town / "auditor.db").read_bytes()
    history("restore", town, wrong, "--yes", cwd=town, code=1)
    assert (town / "auditor.db").read_bytes() == before
    assert not list(town.glob("auditor.db.replaced-*"))
    assert not list(town.glob(".auditor.db-*"))


def test_a_history_is_restored_where_the_old_one_is_beyond_reading(town: Path) -> None:
    copy = town.parent / "copy.db"
    history("backup", town, "--out", copy, cwd=town)
    (town / "auditor.db").write_bytes(b"\0" * 5000)
    history("verify", town, cwd=town, code=1)
    history("restore", town, copy, "--yes", cwd=town)
    assert "4 runs" in history("verify", town, cwd=town)


def test_days_that_keep_nothing_are_refused_before_anything_runs(town: Path) -> None:
    with (town / "town.toml").open("a", encoding="utf-8") as stream:
        stream.write("\n[history]\nevidence_days = 3\n")
    assert "history.evidence_days" in history("compact", town, cwd=town, code=2)


def trend(town: Path, *options: str) -> list[dict[str, object]]:
    done = auditor("history", "trend", str(town), "--json", *options, cwd=town)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def test_the_trend_of_the_town_shows_what_each_audit_showed(town: Path) -> None:
    with closing(History(town / "auditor.db")) as kept:
        runs = [kept.run(number) for number in range(1, LAST + 2)]
    shown = [
        (run.today.isoformat(), len(run.readiness), run.tally.fail, run.tally.unknown, run.tally.passed)
        for run in runs
        if run is not None
    ]
    names = ("day", "people", "fail", "unknown", "passed")
    days = trend(town, "--by", "day")
    assert [tuple(row[name] for name in names) for row in days] == shown
    assert trend(town) == trend(town, "--by", "week") == days[-1:]
    text = history("trend", town, cwd=town)
    assert f"{shown[-1][4]:,}" in text.splitlines()[-1]


def test_the_trend_of_sections_counts_those_that_they_continue(town: Path) -> None:
    tax, welfare = (trend(town, "--section", name)[0] for name in ("税務課", "福祉課"))
    assert (tax["people"], welfare["people"]) == (6, 6)
    text = (town / "town.toml").read_text("utf-8")
    assert text.count('id = "zeimu"') == 1
    merged = text.replace('id = "zeimu"', 'id = "zeimu"\nformerly = ["fukushi_mae"]')
    (town / "town.toml").write_text(merged, "utf-8")
    changed(town, "UPDATE daily SET section = 'fukushi_mae' WHERE section = 'fukushi'")
    both = trend(town, "--section", "税務課")[0]
    assert both["people"] == 12
    assert both["fail"] == int(str(tax["fail"])) + int(str(welfare["fail"]))


def test_a_trend_of_nothing_says_what_is_missing(town: Path, tmp_path: Path) -> None:
    said = history("trend", town, "--section", "nobody", cwd=town, code=2)
    assert "nobody" in said
    said = history("trend", tmp_path / "empty", cwd=tmp_path, code=2)
    assert "There is no history" in said
