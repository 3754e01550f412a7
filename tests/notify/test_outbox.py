"""What the outbox holds through restored histories, damage, changed settings and doubts."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from auditor.history import History
from auditor.notify.declared import Webhook
from auditor.notify.nightly import HOOK, not_run, notify
from auditor.notify.notice import Batch, Kind, Notice, State, Told
from auditor.notify.outbox import Outbox
from auditor.watch import undelivered
from tests.notify.nights import IT, SOUMU, ZEIMU, kept, loaded, mail_to, moment, told
from tests.notify.sink import Sink, free_port, serving, text_of

DAYS = ("11月23日", "11月24日", "11月26日")
"""Of the mails: none about the third night."""


def test_a_restored_history_sends_nothing_again_and_counts_anew(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port:
        where = loaded(tmp_path, replace(mail_to(port), sections={}))
        with History(tmp_path / "auditor.db") as history:
            first = kept(tmp_path, history, 0)
            told(where, history, first)
            told(where, history, kept(tmp_path, history, 1, 900))
        for path in tmp_path.glob("auditor.db*"):
            path.unlink()
        with History(tmp_path / "auditor.db") as history:
            assert kept(tmp_path, history, 0).number == 1
            told(where, history, first)
            told(where, history, kept(tmp_path, history, 2, 900))
    assert len(sink.taken) == 2 + 1
    with Outbox(tmp_path) as outbox:
        assert [one for one in outbox.open() if one.state is not State.SENT] == []


def test_a_doubt_from_before_a_restore_is_told_once_and_not_every_night(tmp_path: Path) -> None:
    """Runs are counted anew, so that the doubtful mail's run stays the higher number for long."""
    sink = Sink(drop="before")
    with serving(sink) as port:
        where = loaded(tmp_path, replace(mail_to(port), sections={}))
        with History(tmp_path / "auditor.db") as history:
            runs = [kept(tmp_path, history, night) for night in range(5)]
            notify(where, runs[-1], history, moment(4), tables=())  # the fifth run's mail is in doubt
        for path in tmp_path.glob("auditor.db*"):
            path.unlink()
        sink.drop = ""
        with History(tmp_path / "auditor.db") as history:
            for night in (5, 6, 7, 8):
                notify(where, kept(tmp_path, history, night), history, moment(night), tables=())
    doubts = ["届いていないかもしれません" in text_of(mail) for mail in sink.mails(IT)]
    assert doubts.count(True) == 1, doubts


def test_a_damaged_outbox_stops_no_night_and_is_told(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, replace(mail_to(port), sections={}))
        told(where, history, kept(tmp_path, history, 0))
        (tmp_path / "outbox.db").write_bytes(b"half a sector of something else" * 300)
        run = kept(tmp_path, history, 1)
        assert "outbox" in [one.code for one in run.silences]
        told(where, history, run)
        assert "outbox" in [one.code for one in kept(tmp_path, history, 2).silences]
        (tmp_path / "outbox-damaged.db").unlink()
        assert "outbox" not in [one.code for one in kept(tmp_path, history, 3).silences]
    assert "送る通知の控えが壊れました" in text_of(sink.mails()[-1])


def test_an_outbox_that_lost_all_it_held_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    """A power cut may leave a file of nothing; what was told before is not known then, and that is said."""
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, replace(mail_to(port), sections={}))
        told(where, history, kept(tmp_path, history, 0))
        (tmp_path / "outbox.db").write_bytes(b"")
        run = kept(tmp_path, history, 1)
        assert "outbox" in [one.code for one in run.silences]
        told(where, history, run)
    assert "送る通知の控えが壊れました" in text_of(sink.mails()[-1])
    assert sorted(path.name for path in tmp_path.glob("*outbox*")) == ["outbox-damaged.db", "outbox.db"]


def test_what_an_outbox_that_is_gone_left_half_done_is_not_played_into_a_new_one(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        outbox.put(Batch(told={"1": Told(run=7)}))
    file, journal = tmp_path / "outbox.db", tmp_path / "outbox.db-journal"
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA cache_size=1")
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            "INSERT INTO told VALUES (?, 1, '', '', ?, '', 0)", ((str(n), "x" * 900) for n in range(2, 99))
        )
        left = journal.read_bytes()
        assert left.startswith(b"\xd9\xd5\x05\xf9")  # as of a process that died here
    file.unlink()
    journal.write_bytes(left)
    with Outbox(tmp_path) as outbox:
        assert outbox.told("1") == Told()
        assert not journal.exists()


def test_what_waits_for_somebody_who_was_taken_out_of_the_settings_is_not_sent(tmp_path: Path) -> None:
    with History(tmp_path / "auditor.db") as history:
        told(loaded(tmp_path, mail_to(free_port())), history, kept(tmp_path, history, 0))
        sink = Sink()
        with serving(sink) as port:
            where = loaded(tmp_path, replace(mail_to(port), sections={"soumu": (SOUMU,)}))
            told(where, history, kept(tmp_path, history, 1))
    assert sorted(one.rcpt_tos[0] for one in sink.taken) == [IT, SOUMU]
    with Outbox(tmp_path) as outbox:
        assert [(one.recipient, one.state) for one in outbox.open()] == [(ZEIMU, State.GIVEN_UP)]


def test_what_waits_is_given_up_and_not_kept_for_ever_once_a_town_sends_nothing(tmp_path: Path) -> None:
    """Years later somebody may declare mail again: nobody wants to read the old ones then."""
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef")
    secret.chmod(0o600)
    hook = Webhook(url=f"http://127.0.0.1:{free_port()}/", secret_file=secret)
    with History(tmp_path / "auditor.db") as history:
        both = loaded(tmp_path, replace(mail_to(free_port()), sections={}))
        told(both, history, kept(tmp_path, history, 0))
        with Outbox(tmp_path) as outbox:
            called = Notice(
                key="1", run=1, kind=Kind.WEBHOOK, recipient=HOOK, queued=moment(0), document=b"{}"
            )
            outbox.put(Batch(notices=(called,)))
        told(loaded(tmp_path, webhook=hook), history, kept(tmp_path, history, 1))
        assert states(tmp_path) == {IT: State.GIVEN_UP, HOOK: State.WAITING}
        told(loaded(tmp_path), history, kept(tmp_path, history, 2))
        assert states(tmp_path) == {IT: State.GIVEN_UP, HOOK: State.GIVEN_UP}


def states(folder: Path) -> dict[str, State]:
    with Outbox(folder) as outbox:
        return {one.recipient: one.state for one in outbox.open()}


@pytest.mark.parametrize("state", [State.DOUBTFUL, State.GIVEN_UP])
def test_what_was_lost_after_a_long_wait_is_shown_as_long_as_any_other(tmp_path: Path, state: State) -> None:
    """The server was down for five weeks; what came of it then must not vanish in the same night."""
    with Outbox(tmp_path) as outbox:
        mail = Notice(key="1", run=1, kind=Kind.MAIL, recipient=IT, queued=moment(0), document=b"text")
        outbox.put(Batch(notices=(mail,)))
        outbox.mark("1", state, moment(35), "550")
        outbox.tidy(moment(64))
        assert [one.state for one in outbox.open()] == [state]
        outbox.tidy(moment(66))
        assert outbox.open() == ()


def test_settings_that_cannot_be_used_take_nothing_out_of_the_outbox(tmp_path: Path) -> None:
    """What they say of addresses may be the very mistake."""
    with History(tmp_path / "auditor.db") as history:
        told(loaded(tmp_path, mail_to(free_port())), history, kept(tmp_path, history, 0))
    not_run(
        loaded(tmp_path, replace(mail_to(free_port()), sections={})), date(2026, 11, 25), "準備", moment(1)
    )
    with Outbox(tmp_path) as outbox:
        assert {one.state for one in outbox.open()} == {State.WAITING}


def test_a_doubtful_mail_about_a_night_that_did_not_run_is_told_in_the_next_one(tmp_path: Path) -> None:
    doubt = "届いていないかもしれません"
    sink = Sink()
    with History(tmp_path / "auditor.db") as history:
        dead = loaded(tmp_path, replace(mail_to(free_port()), sections={}))
        with serving(sink) as port:
            where = loaded(tmp_path, replace(mail_to(port), sections={}))
            told(where, history, kept(tmp_path, history, 0))
            told(where, history, kept(tmp_path, history, 1, 900))
        not_run(dead, date(2026, 11, 25), "履歴", moment(2))
        with Outbox(tmp_path) as outbox:
            (waits,) = outbox.open()
            outbox.mark(waits.key, State.DOUBTFUL, moment(2))
        with serving(sink) as port:
            where = loaded(tmp_path, replace(mail_to(port), sections={}))
            for night in (3, 4):
                told(where, history, kept(tmp_path, history, night, 900))
            told(where, history, kept(tmp_path, history, 5))
    texts = [text_of(mail) for mail in sink.mails(IT)]
    assert [doubt in text for text in texts[:3]] == [False, False, True]
    assert not any(doubt in text for text in texts[3:])


def test_a_damaged_run_of_the_last_mail_stops_no_later_one(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, replace(mail_to(port), sections={}))
        for night, after_s in enumerate((600, 900, 900)):
            told(where, history, kept(tmp_path, history, night, after_s))
        history.db.execute("UPDATE run SET document = x'00' WHERE number = 2")
        told(where, history, kept(tmp_path, history, 3))
    assert "改善 1件" in text_of(sink.mails(IT)[-1])


def half_done(folder: Path) -> None:
    """A process that is killed in the middle of a change, with the old pages in the journal."""
    code = (
        "import os, signal, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size=1')\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "db.execute('UPDATE told SET topics = hex(zeroblob(20000))')\n"
        "db.execute('UPDATE notice SET why = hex(zeroblob(20000))')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder / "outbox.db")], check=False, timeout=30)
    assert (folder / "outbox.db-journal").stat().st_size > 0


def test_an_outbox_that_a_killed_process_left_is_read_as_it_was_and_not_told_as_lost(tmp_path: Path) -> None:
    with History(tmp_path / "auditor.db") as history:
        told(loaded(tmp_path, mail_to(free_port())), history, kept(tmp_path, history, 0))
        half_done(tmp_path)
        before = {path.name: path.read_bytes() for path in tmp_path.glob("outbox*")}
        assert undelivered(tmp_path) == (State.WAITING,) * 3
        assert {path.name: path.read_bytes() for path in tmp_path.glob("outbox*")} == before
        assert "outbox" not in [one.code for one in kept(tmp_path, history, 1).silences]
        told(loaded(tmp_path, mail_to(free_port())), history, kept(tmp_path, history, 2))
    assert not (tmp_path / "outbox-damaged.db").exists()


def test_a_page_of_it_that_is_damaged_stops_no_later_night(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, replace(mail_to(port), sections={}))
        told(where, history, kept(tmp_path, history, 0))
        file = tmp_path / "outbox.db"
        with closing(sqlite3.connect(file)) as db:
            (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'told'").fetchone()
            (size,) = db.execute("PRAGMA page_size").fetchone()
        content = file.read_bytes()
        file.write_bytes(content[: (page - 1) * size] + b"\xff" * size + content[page * size :])
        told(where, history, kept(tmp_path, history, 1, 900))
    assert (tmp_path / "outbox-damaged.db").exists()
    assert len(sink.taken) == 2


def test_a_recovery_after_a_night_in_doubt_is_told(tmp_path: Path) -> None:
    """Nobody is written to because a finding became unknown; the change is counted from the last mail."""
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, replace(mail_to(port), sections={}))
        for night, after_s in enumerate((600, 900, None, 600)):
            told(where, history, kept(tmp_path, history, night, after_s))
    assert [day in text for day, text in zip(DAYS, map(text_of, sink.mails(IT)), strict=True)] == [True] * 3
    assert "改善 1件" in text_of(sink.mails(IT)[-1])
