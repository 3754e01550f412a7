"""Mail goes out encrypted, once, in order; a server that misbehaves loses nothing and repeats nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from auditor.errors import ConfigError
from auditor.notify import smtp
from auditor.notify.declared import Mail
from auditor.notify.letters import envelope
from auditor.notify.notice import Batch, Kind, Notice, State, key_of
from auditor.notify.outbox import MOST_REFUSED, Outbox
from tests.notify.sink import PASSWORD, USER, Sink, free_port, secret_file, serving, text_of
from tests.peers.certificates import Files, authority, issue

NOW = datetime(2026, 11, 26, 17, 30, tzinfo=UTC)
STARTS = [NOW + timedelta(days=night, hours=hours) for night in range(MOST_REFUSED) for hours in (0, 7)]
"""Each night at half past two in Japan, and once more that morning: a day counts once."""
IT, OFFICER = "it@town.example", "soumu@town.example"


def mail(port: int, **changed: object) -> Mail:
    plain = Mail(host="127.0.0.1", port=port, security="plain", sender="audit@town.example", to=(IT,))
    return replace(plain, **changed)  # type: ignore[arg-type]


def letter(run: int, recipient: str = IT, text: str = "本文\n.先頭の点\n") -> Notice:
    key = key_of(run, NOW, Kind.MAIL, recipient)
    made = envelope(mail(1), recipient, f"第{run}回の点検：松風町", f"{key}@town.example")
    made.set_content(text, charset="utf-8", cte="base64")
    return Notice(key=key, run=run, kind=Kind.MAIL, recipient=recipient, queued=NOW, document=made.as_bytes())


@contextmanager
def box(folder: Path, *notices: Notice) -> Iterator[Outbox]:
    with Outbox(folder) as outbox:
        outbox.put(Batch(notices=notices))
        yield outbox


def states(outbox: Outbox) -> list[State]:
    return [one.state for one in outbox.open()]


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Files]:
    folder = tmp_path_factory.mktemp("ca")
    ours = authority()
    return ours.save(folder / "ca.pem"), issue(folder, ours, names=("127.0.0.1",))


@pytest.mark.parametrize("name", ["総務課の点検機", "a b", ""])
def test_a_machine_whose_name_no_server_would_take_sends_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Windows lets a computer have a Japanese name; SMTP knows letters of ASCII only (RFC 5321 §4.1.3)."""
    monkeypatch.setattr("socket.gethostname", lambda: name)
    sink = Sink()
    with serving(sink) as port, box(tmp_path, letter(1)) as outbox:
        assert smtp.deliver(mail(port), outbox) == smtp.Delivered(sent=1)


def test_what_waits_arrives_whole_and_in_order(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, box(tmp_path, letter(1), letter(2), letter(2, OFFICER)) as outbox:
        assert smtp.deliver(mail(port), outbox) == smtp.Delivered(sent=3)
        assert smtp.deliver(mail(port), outbox) == smtp.Delivered()
    assert sink.subjects(IT) == ["第1回の点検：松風町", "第2回の点検：松風町"]
    assert [one.rcpt_tos for one in sink.taken] == [[IT], [IT], [OFFICER]]
    assert text_of(sink.mails()[0]) == "本文\n.先頭の点\n"
    assert all(content.isascii() for content in sink.contents())


def test_a_line_that_begins_with_a_dot_does_not_end_the_mail(tmp_path: Path) -> None:
    sink = Sink()
    first = letter(1)
    plain = replace(
        first, document=first.document.rpartition(b"\r\n\r\n")[0] + b"\r\n\r\nLi4=\r\n.\r\n.x\r\n"
    )
    with serving(sink) as port, box(tmp_path, plain) as outbox:
        smtp.deliver(mail(port), outbox)
    assert sink.contents()[0].endswith(b"Li4=\r\n.\r\n.x\r\n")


def test_starttls_with_a_log_in_by_a_trusted_certificate(tmp_path: Path, issued: tuple[Path, Files]) -> None:
    sink, (ca, files) = Sink(), issued
    with serving(sink, files, "starttls") as port, box(tmp_path, letter(1)) as outbox:
        server = mail(port, security="starttls", ca_file=ca, user=USER)
        server = replace(server, password_file=secret_file(tmp_path, PASSWORD))
        assert smtp.deliver(server, outbox) == smtp.Delivered(sent=1)
    assert sink.encrypted == [True]


def test_tls_from_the_first_byte(tmp_path: Path, issued: tuple[Path, Files]) -> None:
    sink, (ca, files) = Sink(), issued
    with serving(sink, files, "tls") as port, box(tmp_path, letter(1)) as outbox:
        assert smtp.deliver(mail(port, security="tls", ca_file=ca), outbox).sent == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_untrusted_certificate_gets_nothing(
    tmp_path: Path, issued: tuple[Path, Files], security: str
) -> None:
    sink, (_, files) = Sink(), issued
    other = authority().save(tmp_path / "other.pem")
    with serving(sink, files, security) as port, box(tmp_path, letter(1)) as outbox:
        done = smtp.deliver(mail(port, security=security, ca_file=other), outbox)
        assert (done.sent, states(outbox)) == (0, [State.WAITING])
        assert "CERTIFICATE_VERIFY_FAILED" in done.why
    assert sink.taken == []


def test_a_server_without_starttls_gets_nothing_unencrypted(
    tmp_path: Path, issued: tuple[Path, Files]
) -> None:
    sink = Sink()
    with serving(sink) as port, box(tmp_path, letter(1)) as outbox:
        done = smtp.deliver(mail(port, security="starttls", ca_file=issued[0]), outbox)
        assert (done.sent, states(outbox)) == (0, [State.WAITING])
    assert sink.taken == []


def test_a_refused_log_in_keeps_everything_and_tells_no_password(
    tmp_path: Path, issued: tuple[Path, Files]
) -> None:
    sink, (ca, files) = Sink(), issued
    with serving(sink, files, "starttls") as port, box(tmp_path, letter(1)) as outbox:
        server = mail(port, security="starttls", ca_file=ca, user=USER)
        server = replace(server, password_file=secret_file(tmp_path, "wrong-secret"))
        done = smtp.deliver(server, outbox)
        assert done.why == "log-in refused: 535"
        assert [one.why for one in outbox.open()] == [done.why]
    assert b"wrong-secret" not in (tmp_path / "outbox.db").read_bytes()


def test_a_password_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = secret_file(tmp_path, PASSWORD)
    path.chmod(0o640)
    with pytest.raises(ConfigError):
        smtp.password_of(mail(1, user=USER, password_file=path))


def test_a_password_may_stand_in_the_keyring() -> None:
    asked: list[str] = []

    def keyring(user: str) -> str | None:
        asked.append(user)
        return PASSWORD

    assert smtp.password_of(mail(1, user=USER), keyring) == PASSWORD
    assert asked == [f"smtp:{USER}@127.0.0.1"]
    with pytest.raises(ConfigError):
        smtp.password_of(mail(1, user=USER), lambda _: None)


def test_a_dead_server_keeps_everything_for_the_next_night(tmp_path: Path) -> None:
    sink, port = Sink(), free_port()
    with box(tmp_path, letter(1), letter(2)) as outbox:
        done = smtp.deliver(mail(port), outbox)
        assert (done.sent, states(outbox)) == (0, [State.WAITING] * 2)
        assert done.why
        with serving(sink, port=port):
            assert smtp.deliver(mail(port), outbox).sent == 2
    assert sink.subjects(IT) == ["第1回の点検：松風町", "第2回の点検：松風町"]


def test_greylisting_holds_one_recipient_back_and_keeps_the_order(tmp_path: Path) -> None:
    sink = Sink(at_rcpt={IT: "451 4.7.1 try again later"})
    with serving(sink) as port, box(tmp_path, letter(1), letter(2), letter(1, OFFICER)) as outbox:
        for _ in range(MOST_REFUSED + 2):
            smtp.deliver(mail(port), outbox)
        assert states(outbox) == [State.WAITING] * 2, "no number of greylistings gives a mail up"
        assert "451" in outbox.open()[0].why
        sink.at_rcpt.clear()
        smtp.deliver(mail(port), outbox)
    assert sink.subjects(OFFICER) == ["第1回の点検：松風町"]
    assert sink.subjects(IT) == ["第1回の点検：松風町", "第2回の点検：松風町"]


@pytest.mark.parametrize("at", ["at_rcpt", "at_data"])
def test_a_recipient_refused_for_good_hinders_nobody_and_is_given_up_at_last(tmp_path: Path, at: str) -> None:
    sink = Sink(**{at: {IT: "550 5.1.1 no such user"}})  # type: ignore[arg-type]
    with serving(sink) as port, box(tmp_path, letter(1), letter(1, OFFICER)) as outbox:
        for moment in STARTS[:-1]:
            assert State.GIVEN_UP not in states(outbox), moment
            smtp.deliver(mail(port), outbox, partial(datetime.fromisoformat, moment.isoformat()))
        assert states(outbox) == [State.GIVEN_UP]
        assert "no such user" in outbox.open()[0].why
    assert [one.rcpt_tos for one in sink.taken] == [[OFFICER]]


def test_a_server_that_takes_a_mail_and_drops_the_connection_has_it(tmp_path: Path) -> None:
    sink = Sink(drop="after")
    with serving(sink) as port, box(tmp_path, letter(1), letter(2)) as outbox:
        smtp.deliver(mail(port), outbox)
        assert states(outbox) == [State.WAITING], "the first is sent, the second still waits"
        sink.drop = ""
        smtp.deliver(mail(port), outbox)
        assert states(outbox) == []
    assert sink.subjects(IT) == ["第1回の点検：松風町", "第2回の点検：松風町"]


def test_a_mail_whose_answer_was_lost_is_in_doubt_and_never_sent_again(tmp_path: Path) -> None:
    sink = Sink(drop="before")
    with serving(sink) as port, box(tmp_path, letter(1), letter(2)) as outbox:
        smtp.deliver(mail(port), outbox)
        assert states(outbox) == [State.DOUBTFUL, State.WAITING]
        sink.drop = ""
        smtp.deliver(mail(port), outbox)
        assert states(outbox) == [State.DOUBTFUL]
    assert sink.subjects(IT) == ["第1回の点検：松風町", "第2回の点検：松風町"]


@pytest.mark.parametrize("said", ["251 taken all the same", "200 fine"])
def test_every_yes_is_a_yes(tmp_path: Path, said: str) -> None:
    sink = Sink(at_data={IT: said})
    with serving(sink) as port, box(tmp_path, letter(1)) as outbox:
        smtp.deliver(mail(port), outbox)
        assert states(outbox) == []


@pytest.mark.parametrize("said", ["what?", "25", "354 go on"])
def test_an_answer_that_is_neither_yes_nor_no_is_a_doubt_and_sends_nothing_twice(
    tmp_path: Path, said: str
) -> None:
    sink = Sink(at_data={IT: said})
    with serving(sink) as port, box(tmp_path, letter(1)) as outbox:
        for _ in range(2):
            smtp.deliver(mail(port), outbox)
            assert states(outbox) == [State.DOUBTFUL]


KILLED = """
import sys, time
from pathlib import Path
from auditor.notify import smtp
from auditor.notify.outbox import Outbox, State
from tests.notify.test_smtp import mail
where = sys.argv[3]
with Outbox(Path(sys.argv[1])) as outbox:
    mark = outbox.mark
    def stopped(key, state, now, why="", **more):
        if state.value == where:
            print("here", flush=True)
            time.sleep(60)
        mark(key, state, now, why, **more)
    outbox.mark = stopped
    smtp.deliver(mail(int(sys.argv[2])), outbox)
"""


@pytest.mark.parametrize(
    ("where", "arrived", "left"), [("sending", 0, State.WAITING), ("sent", 1, State.DOUBTFUL)]
)
def test_a_kill_between_sending_and_marking_sends_nothing_twice(
    tmp_path: Path, where: str, arrived: int, left: State
) -> None:
    sink = Sink()
    with serving(sink) as port, box(tmp_path, letter(1)) as outbox:
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(port), where],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        time.sleep(0.2)
        assert len(sink.taken) == arrived
        outbox.recovered()
        assert states(outbox) == [left]
        smtp.deliver(mail(port), outbox)
        assert len(sink.taken) == 1, "once, whatever happened"


def test_what_was_delivered_keeps_its_name_and_loses_its_text(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, box(tmp_path, letter(1)) as outbox:
        smtp.deliver(mail(port), outbox)
        assert outbox.put(Batch(notices=(letter(1),))) == 0, "its name is taken for good"
        assert smtp.deliver(mail(port), outbox).sent == 0
    assert len(sink.taken) == 1
    assert (tmp_path / "outbox.db").stat().st_mode & 0o077 == 0
