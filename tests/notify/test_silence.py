"""What did not come is said; what came is not."""

import os
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.control import Wording
from auditor.findings import Reason
from auditor.history import History
from auditor.nights import How, Lapse, Nightly
from auditor.run import Run, Standing
from auditor.silence import JAPAN, Around, Limits, Silence, silences
from auditor.tables import Table, TableContent, TableRow
from auditor.watch import free_mb, newest_arrival, skew_s, stale, surroundings, with_silences
from auditor.words import LANGUAGES, sentences
from tests.core.runs import run_of
from tests.core.world import NOW, TODAY
from tests.notify.nights import kept, moment, town

LGWAN = Wording("LGWAN接続系", "LGWAN side")
PC = "endpoint:PC-1"


def codes(run: Run, around: Around, before: Run | None = None) -> list[str]:
    return [one.code for one in silences(run, before, around)]


def around(run: Run, **changes: object) -> Around:
    return replace(Around(now=run.started), **changes)  # type: ignore[arg-type]


def test_a_town_where_everything_came_is_silent_about_nothing() -> None:
    run = run_of()
    whole = around(run, segments={PC: LGWAN}, free_mb=9999, skew_s=1.0, arrived=run.started)
    assert codes(run_of(day=1), replace(whole, now=moment(1)), run) == []


@pytest.mark.parametrize(("nights", "told"), [(1, 0), (2, 1), (8, 7)])
def test_the_nights_between_two_runs_are_counted(nights: int, told: int) -> None:
    before, run = run_of(), run_of(day=nights)
    found = silences(run, before, around(run))
    assert [one.values["nights"] for one in found if one.code == "nights"] == ([told] if told else [])


def test_a_town_audited_once_a_week_misses_no_night_before_the_second_week() -> None:
    weekly = Limits(every_days=7)
    assert "nights" not in codes(run_of(day=7), around(run_of(day=7), limits=weekly), run_of())
    assert "nights" in codes(run_of(day=15), around(run_of(day=15), limits=weekly), run_of())


def test_an_audit_that_stopped_running_is_overdue() -> None:
    run = run_of()
    assert codes(run, Around(now=NOW + timedelta(days=1))) == []
    (late,) = silences(run, None, Around(now=NOW + timedelta(days=3)))
    assert (late.code, late.values) == ("overdue", {"days": 3})


def test_a_section_of_which_nothing_was_heard_is_named(tmp_path: Path) -> None:
    run = run_of(town=town(tmp_path))
    (one,) = silences(run, None, around(run))
    assert one.in_("ja") == "税務課のパソコンから、記録が1件も届いていません"


def heard(run: Run, days: int, outcome: Reason | None = None) -> Run:
    """The run in which the PC was heard so many days before."""
    cards = tuple(
        replace(card, collected_at=run.started - timedelta(days=days), outcome=outcome)
        if card.key == PC
        else card
        for card in run.targets
    )
    return replace(run, targets=cards)


def test_a_segment_that_is_not_carried_in_is_told_after_its_limit() -> None:
    run = run_of()
    carried = around(run, segments={PC: LGWAN}, arrived=run.started)
    assert codes(heard(run, 10), carried) == []
    (one,) = silences(heard(run, 11, Reason.STALE), None, carried)
    assert one.in_("ja") == "LGWAN接続系の記録が、11日間持ち込まれていません"
    assert codes(heard(run, 0, Reason.NO_ANSWER), carried) == ["segment_never"], (
        "the moment of a failed attempt is none of hearing"
    )


def test_an_inbox_that_nobody_fills_is_told_only_where_somebody_should() -> None:
    run = heard(run_of(), 20, Reason.STALE)
    old = run.started - timedelta(days=11)
    assert "inbox" not in codes(run, around(run, arrived=old))
    assert "inbox" in codes(run, around(run, segments={PC: LGWAN}, arrived=old))
    assert "inbox" not in codes(run, around(run, segments={PC: LGWAN}, arrived=run.started))
    never = heard(run_of(), 0, Reason.NO_ANSWER)
    assert "inbox_never" in codes(never, around(never, segments={PC: LGWAN}))


def test_a_clock_that_went_back_is_told() -> None:
    (one,) = silences(run_of(), run_of(day=1), around(run_of()))
    assert (one.code, one.values) == ("clock_back", {"hours": 24})


def test_a_last_run_from_years_ahead_does_not_hide_that_no_night_runs_any_more() -> None:
    """As seen later: its clock was wrong, and no night since would ever be overdue."""
    run = run_of(day=1800)
    run = replace(run, ended=run.started)
    (one,) = silences(run, None, Around(now=run.started - timedelta(days=1790, minutes=1)))
    assert (one.code, one.values) == ("clock_back", {"hours": 1790 * 24 + 1})
    assert codes(run, Around(now=run.started - timedelta(minutes=59))) == []


def test_nights_that_begin_shortly_before_and_after_midnight_are_one_after_the_other() -> None:
    """23:50 and up to 20 minutes more: this night began on the evening's day, the next on its own."""
    evening, morning = run_of(), run_of(day=2)
    evening = replace(evening, nightly=Nightly(night=evening.today + timedelta(days=1)))
    morning = replace(morning, nightly=Nightly(night=morning.today))
    assert codes(morning, around(morning), evening) == []
    later = replace(morning, nightly=Nightly(night=morning.today + timedelta(days=1)))
    assert codes(later, around(later), evening) == ["nights"]


def test_evidence_from_the_future_means_a_wrong_clock() -> None:
    run = replace(run_of(), ended=NOW)
    assert codes(heard(run, 0), around(run)) == []
    assert codes(heard(run, -1), around(run)) == ["clock_ahead"]
    refused = replace(run, arrived={Standing.FUTURE: 2, Standing.ACCEPTED: 3})
    (one,) = silences(refused, None, around(run))
    assert one.values == {"count": 2}


def test_a_file_server_whose_clock_differs_is_told() -> None:
    run = run_of()
    assert codes(run, around(run, skew_s=3600.0)) == []
    (one,) = silences(run, None, around(run, skew_s=-7260.0))
    assert (one.code, one.values) == ("clock_share", {"minutes": 121})


def test_a_disk_that_fills_old_tables_and_held_up_notices_are_told() -> None:
    run = run_of()
    assert codes(run, around(run, free_mb=1023)) == ["disk"]
    assert codes(run, around(run, free_mb=None)) == []
    assert codes(run, around(run, stale_tables=1)) == ["tables"]
    notices = codes(run, around(run, waiting=1, doubtful=2, given_up=1))
    assert notices == ["mail_waiting", "mail_doubtful", "mail_given_up"]


def test_nights_left_out_are_told_although_somebody_audited_by_hand_since() -> None:
    day = run_of().today
    lapses = tuple(Lapse(night=day, how=how) for how in (How.NOT_STARTED, How.STOPPED, How.LATE))
    run = replace(run_of(), nightly=Nightly(night=day, lapses=lapses, lapsed=3))
    (one,) = silences(run, run_of(), around(run))
    assert (one.code, one.values) == ("nights", {"nights": 2})


def test_every_silence_has_a_sentence_in_both_languages() -> None:
    known = {key.removeprefix("silence.") for key in sentences("ja") if key.startswith("silence.")}
    values = {"nights": 1, "days": 2, "hours": 3, "count": 4, "minutes": 5, "free": 6, "wanted": 7}
    for code in known:
        for lang in LANGUAGES:
            assert Silence(code=code, name=LGWAN, values=values).in_(lang)


def test_the_surroundings_are_looked_at_and_left_as_they_are(tmp_path: Path) -> None:
    seen = surroundings(town(tmp_path), NOW, ())
    assert (seen.arrived, seen.stale_tables, seen.waiting) == (None, 0, 0)
    assert seen.free_mb == pytest.approx(free_mb(tmp_path), abs=500)
    assert seen.skew_s is None, "nothing is written where only somebody asks"
    assert list(tmp_path.iterdir()) == []
    assert set(seen.segments) == {"endpoint:PC-1", "endpoint:PC-2"}


def test_the_share_s_clock_is_that_of_a_file_made_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = skew_s(tmp_path / "out")
    assert near is not None
    assert abs(near) < 5
    assert list((tmp_path / "out").iterdir()) == []
    real = os.fstat

    def late(handle: int) -> os.stat_result:
        found = list(real(handle))
        found[8] += 7200
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", late)
    assert skew_s(tmp_path / "out") == pytest.approx(7200, abs=5)
    (tmp_path / "file").write_text("")
    assert skew_s(tmp_path / "file" / "out") is None


def test_the_newest_arrival_is_read_from_the_history(tmp_path: Path) -> None:
    path = tmp_path / "auditor.db"
    assert newest_arrival(path, NOW) is None
    with History(path):
        assert newest_arrival(path, NOW) is None
    db = sqlite3.connect(path)
    names = [row[1] for row in db.execute("PRAGMA table_info(bundle)")]
    values = {"arrived": NOW.isoformat(), "collected_at": NOW.isoformat(), "digest": "d", "run": 1}
    row = [values.get(name, 0 if name in ("signed", "sequence", "forgotten") else "") for name in names]
    db.execute(f"INSERT INTO bundle VALUES ({','.join('?' * len(row))})", row)
    db.commit()
    assert newest_arrival(path, NOW) == NOW
    row[names.index("arrived")] = (NOW + timedelta(days=1800)).isoformat()
    row[names.index("sequence")], row[names.index("digest")] = 1, "e"
    db.execute(f"INSERT INTO bundle VALUES ({','.join('?' * len(row))})", row)
    db.commit()
    db.close()
    assert newest_arrival(path, NOW) == NOW, "a file dated years ahead hides no empty inbox"
    assert newest_arrival(path, NOW.astimezone(JAPAN)) == NOW
    assert newest_arrival(path, NOW - timedelta(seconds=1)) is None
    path.write_bytes(b"no database at all, but long enough to be looked at")
    assert newest_arrival(path, NOW) is None


def test_a_table_that_grew_old_is_counted() -> None:
    row = TableRow(product="OS", release="1", mark="S", source="s")
    content = TableContent(as_of=TODAY, stale_after_days=100, rows=(row,))
    tables = [Table("t", lambda: content)]
    assert stale(tables, TODAY + timedelta(days=100)) == 0
    assert stale(tables, TODAY + timedelta(days=101)) == 1


def test_the_next_run_says_what_was_missed_and_history_keeps_it(tmp_path: Path) -> None:
    with History(tmp_path / "auditor.db") as history:
        kept(tmp_path, history, 0)
        run = kept(tmp_path, history, 5)
        again = history.run(run.number)
        assert again is not None
        assert [one.in_("ja") for one in again.silences if one.code == "nights"] == [
            "点検が行われなかった夜があります（4回分）"
        ]
        calm = with_silences(run_of(town=town(tmp_path), day=6), town(tmp_path), history, ())
        assert "nights" not in [one.code for one in calm.silences]
