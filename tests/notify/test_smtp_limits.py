"""A mail server that never comes to an end holds no night: from connecting on there is a limit."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from smtplib import SMTP
from threading import Event, Thread

import pytest

from auditor.notify import smtp
from auditor.notify.notice import State
from tests.notify.test_smtp import box, letter, mail, states

GIVEN_UP_AFTER_S = 5


@contextmanager
def dripping(first: bytes, then: bytes) -> Iterator[int]:
    """The port of a server that says `first`, then `then` again and again, for longer than anybody waits."""
    ended = Event()
    last = time.monotonic() + 2 * GIVEN_UP_AFTER_S

    def drip(listener: socket.socket) -> None:
        line, _ = listener.accept()
        with line, suppress(OSError):
            line.sendall(first)
            while not ended.wait(0.1) and time.monotonic() < last:
                line.sendall(then)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=drip, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize(
    ("security", "first", "then"),
    [
        ("plain", b"", b"220-please wait\r\n"),
        ("plain", b"220 here\r\n", b"250-please wait\r\n"),
        ("plain", b"", b"2"),
        ("tls", b"", b"\x16"),
    ],
)
def test_a_server_that_never_comes_to_an_end_does_not_hold_the_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str, first: bytes, then: bytes
) -> None:
    monkeypatch.setattr(smtp, "ALL_S", 0.5)
    monkeypatch.setattr(smtp, "STEP_S", 2.0)
    begun = time.monotonic()
    with dripping(first, then) as port, box(tmp_path, letter(1)) as outbox:
        done = smtp.deliver(mail(port, security=security), outbox)
        assert time.monotonic() - begun < GIVEN_UP_AFTER_S
        assert (done.sent, states(outbox)) == (0, [State.WAITING])
        assert done.why


@pytest.mark.parametrize("security", ["plain", "starttls"])
def test_a_server_that_greets_with_a_no_gets_nothing(tmp_path: Path, security: str) -> None:
    with (
        dripping(b"554 5.3.2 not now\r\n250 fine\r\n", b"250 fine\r\n") as port,
        box(tmp_path, letter(1)) as outbox,
    ):
        done = smtp.deliver(mail(port, security=security), outbox)
        assert (done, states(outbox)) == (smtp.Delivered(why="554 5.3.2 not now"), [State.WAITING])


def test_a_delivery_that_took_too_long_is_cut_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a handshake changes one socket into another the first cut meets neither."""
    cut: list[object] = []
    monkeypatch.setattr(smtp, "ALL_S", 0.1)
    monkeypatch.setattr(smtp, "AGAIN_S", 0.05)
    monkeypatch.setattr(smtp, "_cut", cut.append)
    with smtp._guarded(SMTP()):
        time.sleep(0.5)
    assert len(cut) > 1
    before = len(cut)
    time.sleep(0.2)
    assert len(cut) == before
