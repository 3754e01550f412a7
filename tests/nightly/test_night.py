"""A night goes on where it was ended; nobody is asked, nothing is kept or done twice, and it is told."""

import sqlite3
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.findings import Verdict
from auditor.history import History, open_read_only
from auditor.nightly.journal import STEPS, Journal, Step, path_in, read_journal, write_journal
from auditor.nightly.night import run_night
from auditor.nightly.spool import NAME
from auditor.nights import How
from auditor.run import Run
from tests.nightly.ground import FULL, HERE, ROW, Ended, Night, ground_of, judged_on

TELLINGS = [telling for step in STEPS for telling in (f"step {step}", f"done_{step}")]
AFTER_SCAN = TELLINGS.index("done_scan")
AFTER_HISTORY = TELLINGS.index("done_history")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return HERE(tmp_path / "town", ROW)


def ended(folder: Path, at: str, hours: float = 0) -> Night:
    night = Night()
    with ground_of(folder, night, ends_at=at, hours=hours) as ground, suppress(Ended):
        run_night(ground)
    return night


def whole(folder: Path, hours: float = 0) -> Night:
    return ended(folder, "", hours)


def test_a_night_does_its_steps_in_their_order_and_leaves_a_clean_journal(folder: Path) -> None:
    night = whole(folder)
    assert [line for line in night.told if line in TELLINGS] == TELLINGS
    assert night.did == [("reports", 1), ("notify", 1), ("retention", 1)]
    journal = read_journal(folder)
    assert journal.tonight is not None
    assert (journal.tonight.run, journal.tonight.done) == (1, Step.RETENTION)
    assert journal.tonight.ended is not None
    assert not (folder / "nightly" / NAME).exists()
    with open_read_only(folder / "auditor.db") as history:
        run = history.run()
    assert run is not None
    assert run.nightly is not None
    assert (run.nightly.resumed, run.nightly.lapses) == ((), ())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = HERE(tmp_path_factory.mktemp("twin") / "town", ROW)
    whole(folder)
    return folder


def turned(run: Run, other: Run) -> dict[tuple[str, str], tuple[Verdict, Verdict]]:
    """What one of them passed and the other failed; a machine under load may answer a question too late."""
    before = {(one.target, one.control): one.verdict for one in other.findings}
    pairs = {
        (one.target, one.control): (before[one.target, one.control], one.verdict) for one in run.findings
    }
    return {
        key: pair for key, pair in pairs.items() if pair[0] is not pair[1] and Verdict.UNKNOWN not in pair
    }


@pytest.mark.parametrize("at", TELLINGS)
def test_a_night_ended_anywhere_goes_on_and_its_history_is_that_of_an_undisturbed_one(
    folder: Path, undisturbed: Path, at: str
) -> None:
    first, second = ended(folder, at), whole(folder)
    with open_read_only(folder / "auditor.db") as mine, open_read_only(undisturbed / "auditor.db") as theirs:
        assert mine.numbers() == theirs.numbers() == (1,)
        run, other = mine.run(), theirs.run()
        assert set(mine.evidence(1)) == set(theirs.evidence(1))
    assert run is not None
    assert other is not None
    assert judged_on(run) == judged_on(other)
    assert turned(run, other) == {}
    assert run.nightly is not None
    place = TELLINGS.index(at)
    if place >= AFTER_SCAN:
        asked = [*first.asked, *second.asked]
        assert len(asked) == len(set(asked)), "nobody is asked a second time"
    assert [*first.did, *second.did] == [("reports", 1), ("notify", 1), ("retention", 1)]
    stopped = at.removeprefix("step ").removeprefix("done_")
    assert run.nightly.resumed == ((stopped,) if place < AFTER_HISTORY else ())


def test_what_was_late_is_told_in_the_next_night_s_run(folder: Path) -> None:
    ended(folder, "step reports")
    whole(folder)
    whole(folder, hours=24)
    with open_read_only(folder / "auditor.db") as history:
        assert history.numbers() == (1, 2)
        run = history.run()
    assert run is not None
    assert run.nightly is not None
    assert [(one.how, one.step) for one in run.nightly.lapses] == [(How.LATE, "reports")]


def test_a_night_that_left_no_result_is_given_up_after_half_a_day_and_told(folder: Path) -> None:
    ended(folder, "step judge")
    whole(folder, hours=24)
    with open_read_only(folder / "auditor.db") as history:
        assert history.numbers() == (1,)
        run = history.run()
    assert run is not None
    assert run.nightly is not None
    assert run.nightly.resumed == ()
    assert [(one.how, one.step) for one in run.nightly.lapses] == [(How.STOPPED, "judge")]
    assert run.nightly.lapses[0].night == run.nightly.night - timedelta(days=1)


def test_nights_that_never_began_are_counted_and_named(folder: Path) -> None:
    whole(folder)
    whole(folder, hours=24 * 40)
    with open_read_only(folder / "auditor.db") as history:
        run = history.run()
    assert run is not None
    assert run.nightly is not None
    assert run.nightly.lapsed == 39
    assert len(run.nightly.lapses) == 31
    assert {one.how for one in run.nightly.lapses} == {How.NOT_STARTED}
    assert run.nightly.lapses[-1].night == run.nightly.night - timedelta(days=1)


def test_a_night_s_run_is_told_of_once_and_not_again(folder: Path) -> None:
    for hours in (0, 48, 72):
        whole(folder, hours=hours)
    with open_read_only(folder / "auditor.db") as history:
        lapsed = [run.nightly.lapsed for n in history.numbers() if (run := history.run(n)) and run.nightly]
    assert lapsed == [0, 1, 0]


def test_a_step_that_fails_ends_the_night_and_the_next_start_does_the_rest(folder: Path) -> None:
    night = Night()
    with ground_of(folder, night, fails_at="notify") as ground, pytest.raises(OSError, match="space"):
        run_night(ground)
    assert night.did == [("reports", 1)]
    again = whole(folder)
    assert again.did == [("notify", 1), ("retention", 1)]
    assert again.asked == []


@pytest.mark.parametrize("fault", [FULL, TypeError("a report of the town's own")], ids=["full", "mistake"])
def test_last_night_s_rest_that_cannot_be_done_never_keeps_tonight_from_its_audit(
    folder: Path, fault: Exception
) -> None:
    night = Night()
    with ground_of(folder, night, fails_at="notify", fault=fault) as ground, pytest.raises(type(fault)):
        run_night(ground)
    later = Night()
    with (
        ground_of(folder, later, fails_at="notify", fault=fault, hours=24) as ground,
        pytest.raises(type(fault)),
    ):
        run_night(ground)
    assert "given_up" in later.told
    assert ("reports", 2) in later.did


def test_other_declarations_are_other_questions_and_are_asked(folder: Path) -> None:
    ended(folder, "done_scan")
    HERE(folder, ROW + ROW.replace("PC-1", "PC-2").replace("local", "file"))
    again = whole(folder)
    assert {"PC-1", "PC-2"} <= set(again.asked)


@pytest.mark.parametrize("damage", [b"", b"\0" * 50, b"{", b"not what was written"])
def test_a_damaged_spool_has_everybody_asked_again(folder: Path, damage: bytes) -> None:
    ended(folder, "done_scan")
    (folder / "nightly" / NAME).write_bytes(damage)
    assert "PC-1" in whole(folder).asked
    with History(folder / "auditor.db") as history:
        assert history.numbers() == (1,)


def test_a_lost_journal_begins_anew_and_says_so(folder: Path) -> None:
    ended(folder, "done_scan")
    path_in(folder).write_bytes(b'{"schema": 1, "toni')
    night = whole(folder)
    assert "journal_lost" in night.told
    with open_read_only(folder / "auditor.db") as history:
        run = history.run()
    assert run is not None
    assert run.nightly is not None
    assert run.nightly.journal_lost


def test_an_older_history_put_back_is_not_taken_for_tonight_s(folder: Path) -> None:
    ended(folder, "done_history")
    for file in folder.glob("auditor.db*"):
        file.unlink()
    whole(folder)
    with open_read_only(folder / "auditor.db") as history:
        assert history.numbers() == (1,)
        run = history.run()
    assert run is not None
    assert run.nightly is not None


@pytest.mark.parametrize("hours", [1, 24])
def test_a_damaged_result_of_an_unfinished_night_stops_no_later_one(folder: Path, hours: float) -> None:
    """Killed while it told everybody, and its sector is bad: nothing of it can be finished."""
    ended(folder, "step notify")
    with closing(sqlite3.connect(folder / "auditor.db")) as db, db:
        db.execute("UPDATE run SET document = x'00'")
    night = whole(folder, hours)
    assert "PC-1" in night.asked
    assert night.did == [("reports", 2), ("notify", 2), ("retention", 2)]


def test_a_clock_that_jumped_back_does_not_go_on_with_a_night_to_come(folder: Path) -> None:
    ended(folder, "done_scan", hours=24 * 400)
    night = whole(folder)
    assert "PC-1" in night.asked
    assert "goes_on" not in night.told


def test_a_killed_write_of_the_journal_leaves_the_one_before(folder: Path) -> None:
    write_journal(folder, Journal())
    before = path_in(folder).read_bytes()
    (path_in(folder).parent / ".journal.json-99").write_bytes(b"half")
    assert path_in(folder).read_bytes() == before
    assert not read_journal(folder).lost
