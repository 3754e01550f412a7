"""Over many nights everybody is told what they must know, once, and nothing else."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from auditor.engine import Audit
from auditor.history import History
from auditor.nights import Nightly
from auditor.notify.nightly import not_run
from auditor.watch import with_silences
from tests.core.runs import run_of
from tests.notify.nights import IT, SHARE, SOUMU, ZEIMU, kept, loaded, mail_to, moment, told, town
from tests.notify.sink import Sink, free_port, serving, text_of

FAULT_FROM, MENDED_AT, AGAIN_FROM = 4, 10, 20
MONDAYS = (0, 7, 14, 21, 28)
"""The first night is a Monday."""


def seconds(night: int) -> int:
    return 900 if FAULT_FROM <= night < MENDED_AT or night >= AGAIN_FROM else 600


def test_thirty_nights_with_three_changes(tmp_path: Path) -> None:
    """Weekly signs of life and the three changes; the section without changes hears of neither."""
    sink, arrived = Sink(), {}
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, mail_to(port))
        for night in range(30):
            before = len(sink.taken)
            run = kept(tmp_path, history, night, seconds(night))
            told(where, history, run)
            told(where, history, run)
            arrived[night] = sorted(one.rcpt_tos[0] for one in sink.taken[before:])
    changes = (FAULT_FROM, MENDED_AT, AGAIN_FROM)
    expected: dict[int, list[str]] = {night: [] for night in range(30)}
    expected |= {night: [IT, SOUMU] for night in changes}
    expected |= {night: [IT, SOUMU, ZEIMU] for night in MONDAYS}
    assert arrived == expected
    assert len(sink.taken) == 2 * 3 + 3 * 5
    subjects = dict(zip(sorted((*changes, *MONDAYS)), sink.subjects(IT), strict=True))
    assert "新しい不適合 1件、改善 0件（11月27日）" in subjects[FAULT_FROM]
    assert "新しい不適合 0件、改善 1件（12月3日）" in subjects[MENDED_AT]
    assert "大きな変わりはありません（12月7日）" in subjects[14]
    ids = [str(mail["Message-ID"]) for mail in sink.mails()]
    assert len(set(ids)) == len(ids)


def test_a_mail_holds_counts_and_the_share_and_nothing_of_anybody(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, mail_to(port))
        for night in range(2):
            run = kept(tmp_path, history, night, 600 + 300 * night)
            told(where, history, run)
    text = text_of(sink.mails(IT)[-1])
    assert SHARE in text
    assert "不適合 1件" in text
    personal = [person.name for person in run.people] + [person.id for person in run.people]
    for card in run.targets:
        if card.kind not in ("town", "section"):
            personal += [card.key, card.id, card.name]
    personal += [control.id for control in run.controls]
    assert personal
    for mail in sink.mails():
        shown = f"{mail['Subject']}\n{text_of(mail)}"
        assert [word for word in personal if word and word in shown] == []
        assert list(mail.iter_attachments()) == []
        assert mail["Auto-Submitted"] == "auto-generated"
    assert "税務課" not in text_of(sink.mails(SOUMU)[-1]), "an officer is told of the own section"


def test_a_table_of_counts_goes_along_where_the_town_asks_for_it(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, replace(mail_to(port), counts_attached=True))
        told(where, history, kept(tmp_path, history, 0))
    (table,) = sink.mails(IT)[0].iter_attachments()
    assert table.get_filename() == "点検件数_11月23日.csv"
    assert b"filename*" in sink.contents()[0], "RFC 2231"
    assert b"=?utf-8?" in sink.contents()[0].partition(b"\r\n\r\n")[0], "RFC 2047"
    rows = table.get_content().removeprefix("\ufeff").splitlines()
    assert rows[0].startswith('"課","対象の職員"')
    assert rows[1].startswith('"松風町","1","')


def test_a_dead_server_loses_nothing_and_mail_arrives_later_in_order(tmp_path: Path) -> None:
    sink, port = Sink(), free_port()
    with History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, mail_to(port))
        for night in range(12):
            done = told(where, history, kept(tmp_path, history, night, seconds(night)))
            assert done.sent == 0
        assert done.waiting == 10
        with serving(sink, port=port):
            told(where, history, kept(tmp_path, history, 12, seconds(12)))
    days = [line.rpartition("（")[2].rstrip("）") for line in sink.subjects(IT)]
    assert days == ["11月23日", "11月27日", "11月30日", "12月3日"]
    assert sink.subjects(ZEIMU)[-1].endswith("（11月30日）")
    assert len(sink.taken) == 10, "what was held up is no reason for one more"


def test_a_change_of_a_night_that_was_not_told_is_told_the_next_night(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, mail_to(port))
        told(where, history, kept(tmp_path, history, 1))
        kept(tmp_path, history, 2, 900)
        told(where, history, kept(tmp_path, history, 3, 900))
    assert "新しい不適合 1件" in sink.subjects(SOUMU)[-1]


def test_a_second_run_of_one_day_writes_no_second_mail(tmp_path: Path) -> None:
    """The morning's catch-up: what it found is told with the next night."""
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, mail_to(port))
        told(where, history, kept(tmp_path, history, 0))
        told(where, history, kept(tmp_path, history, 0, 900))
        assert len(sink.subjects(IT)) == 1
        told(where, history, kept(tmp_path, history, 1, 900))
    assert "新しい不適合 1件" in sink.subjects(IT)[1]


def test_an_address_in_several_lists_gets_one_mail(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        both = replace(mail_to(port), sections={"soumu": (IT,), "zeimu": (IT,)})
        told(loaded(tmp_path, both), history, kept(tmp_path, history, 0))
    (mail,) = sink.mails()
    assert all(f"■ {name}" in text_of(mail) for name in ("松風町", "総務課", "税務課"))


def test_the_subject_counts_what_failed_in_each_section_of_an_officer(tmp_path: Path) -> None:
    """総務課 changed nothing; the subject said 0 while 税務課 of the same officer had a new fault."""
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        both = replace(mail_to(port), sections={"zeimu": (SOUMU,), "soumu": (SOUMU,)})
        told(loaded(tmp_path, both), history, kept(tmp_path, history, 0))
        told(loaded(tmp_path, both), history, kept(tmp_path, history, 1, 900))
        told(loaded(tmp_path, both), history, kept(tmp_path, history, 2))
    assert ["新しい不適合 1件、改善 0件" in line for line in sink.subjects(SOUMU)] == [False, True, False]
    assert "新しい不適合 0件、改善 1件" in sink.subjects(SOUMU)[2]
    assert sink.subjects(SOUMU)[1:] == sink.subjects(IT)[1:]


def test_nights_that_did_not_run_are_told_once(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, mail_to(port))
        for night in (0, 4, 5):
            told(where, history, kept(tmp_path, history, night))
    assert len(sink.subjects(IT)) == 2
    assert "届いていないものがあります" in sink.subjects(IT)[1]
    assert "点検が行われなかった夜があります（3回分）" in text_of(sink.mails(IT)[1])


def test_a_morning_s_pass_does_not_tell_again_of_what_its_night_told_the_evening_before(
    tmp_path: Path,
) -> None:
    """A night at 23:00 and its morning lie on two days, so that one mail a day does not hold it back."""
    sink = Sink()
    nights = ((0, 0, 0), (3, 2, 0), (4, 2, 2), (9, 4, 0))
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, replace(mail_to(port), sections={}, weekly=6))
        for at, lapsed, base in nights:
            run = run_of(day=at, town=town(tmp_path))
            known = Nightly(night=run.today, lapsed=lapsed, catches_up=base)
            run = replace(run, ended=run.started, nightly=known)
            run = replace(run, silences=with_silences(run, town(tmp_path), history, ()).silences)
            kept_run = history.keep(Audit(run, ()))
            told(where, history, kept_run)
    lines = ["行われなかった夜" in text_of(mail) for mail in sink.mails(IT)]
    assert lines == [False, True, True], "the evening's and, days later, another one's"


def test_a_doubtful_mail_is_told_of_by_the_next_one_and_once(tmp_path: Path) -> None:
    sink = Sink(drop="before")
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, replace(mail_to(port), sections={}))
        told(where, history, kept(tmp_path, history, 0))
        sink.drop = ""
        for night in (1, 2, 3):
            told(where, history, kept(tmp_path, history, night))
    assert len(sink.taken) == 2
    assert "届いていないかもしれません" in text_of(sink.mails(IT)[1])


def test_an_audit_that_stopped_is_told_to_the_it_staff_once_a_day(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port:
        where = loaded(tmp_path, mail_to(port))
        for _ in range(2):
            not_run(where, date(2026, 11, 26), "履歴", moment(3))
    assert [one.rcpt_tos for one in sink.taken] == [[IT]]
    assert "点検が終わりませんでした（11月26日）" in sink.subjects(IT)[0]
    assert "止まったところ　履歴" in text_of(sink.mails()[0])


def test_the_heartbeat_is_whole_and_holds_counts_only(tmp_path: Path) -> None:
    with History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, mail_to(free_port()))
        run = kept(tmp_path, history, 0)
        told(where, history, run)
    beat = json.loads((tmp_path / "out" / "heartbeat.json").read_text("utf-8"))
    assert (beat["run"], beat["day"], beat["notices"]["waiting"]) == (1, "2026-11-23", 3)
    assert beat["silences"] == [one.code for one in run.silences]
    assert "総務01" not in json.dumps(beat, ensure_ascii=False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["heartbeat.json"]
