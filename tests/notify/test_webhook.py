"""Calls go to the declared address alone, signed, and again only as long as that may help."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ConfigError
from auditor.history import History
from auditor.notify import webhook
from auditor.notify.declared import Webhook
from auditor.notify.notice import Batch, Kind, Notice, State, key_of
from auditor.notify.outbox import MOST_REFUSED, Outbox
from tests.notify.hook import Hook, hooked
from tests.notify.nights import kept, loaded, told
from tests.notify.sink import secret_file

NOW = datetime(2026, 11, 26, 17, 30, tzinfo=UTC)
SECRET = "a-secret-of-the-town-2026"


def declared(url: str, folder: Path, template: str = "counts") -> Webhook:
    return Webhook(url=url, secret_file=secret_file(folder, SECRET), template=template)


def call(run: int) -> Notice:
    key = key_of(run, NOW, Kind.WEBHOOK, "webhook")
    document = json.dumps({"run": run}).encode()
    return Notice(key=key, run=run, kind=Kind.WEBHOOK, recipient="webhook", queued=NOW, document=document)


@contextmanager
def box(folder: Path, *notices: Notice) -> Iterator[Outbox]:
    with Outbox(folder) as outbox:
        outbox.put(Batch(notices=notices))
        yield outbox


def deliver(where: Webhook, outbox: Outbox, waits: list[float] | None = None, now: datetime = NOW) -> str:
    waited = waits if waits is not None else []
    return webhook.deliver(where, outbox, lambda: now, pause=waited.append).why


def states(outbox: Outbox) -> list[State]:
    return [one.state for one in outbox.open()]


def test_a_call_is_signed_over_time_and_document(tmp_path: Path) -> None:
    hook = Hook()
    with hooked(hook) as url, box(tmp_path, call(1)) as outbox:
        assert deliver(declared(url, tmp_path), outbox) == ""
        assert states(outbox) == []
    ((headers, body),) = hook.calls
    at = int(NOW.timestamp())
    proof = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Auditor-Signature"] == f"t={at},v1={proof}"
    assert headers["X-Auditor-Delivery"] == call(1).key
    assert SECRET not in json.dumps(headers) + body.decode()


def test_a_server_in_trouble_is_asked_again_with_growing_pauses_and_then_left_alone(tmp_path: Path) -> None:
    hook = Hook(answers=[503, 0, 500])
    waits: list[float] = []
    with hooked(hook) as url, box(tmp_path, call(1), call(2)) as outbox:
        assert deliver(declared(url, tmp_path), outbox, waits) == "HTTP 500"
        assert states(outbox) == [State.WAITING] * 2, "the second waits behind the first"
        assert waits == list(webhook.PAUSES_S)
        assert len(hook.calls) == 3
        assert len({headers["X-Auditor-Delivery"] for headers, _ in hook.calls}) == 1
        assert deliver(declared(url, tmp_path), outbox) == ""
    assert [json.loads(body)["run"] for _, body in hook.calls] == [1, 1, 1, 1, 2]


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    hook = Hook(answers=[307])
    with hooked(hook) as url, box(tmp_path, call(1)) as outbox:
        assert deliver(declared(url, tmp_path), outbox) == "HTTP 307"
        assert states(outbox) == [State.WAITING]
    assert len(hook.calls) == 1


def test_a_refusal_for_good_is_given_up_at_last(tmp_path: Path) -> None:
    hook = Hook(answers=[410] * 9)
    waits: list[float] = []
    with hooked(hook) as url, box(tmp_path, call(1)) as outbox:
        for night in range(MOST_REFUSED):
            assert states(outbox) == [State.WAITING], night
            deliver(declared(url, tmp_path), outbox, waits, NOW + timedelta(days=night))
        assert states(outbox) == [State.GIVEN_UP]
    assert (len(hook.calls), waits) == (MOST_REFUSED, [])


def test_a_dead_server_keeps_the_call(tmp_path: Path) -> None:
    with hooked(Hook()) as url:
        pass
    with box(tmp_path, call(1)) as outbox:
        assert deliver(declared(url, tmp_path), outbox).startswith("refused")
        assert states(outbox) == [State.WAITING]


def test_a_call_that_a_crash_left_under_way_is_made_again(tmp_path: Path) -> None:
    """Its receiver knows the delivery's id; a mail's reader would not."""
    hook = Hook()
    with hooked(hook) as url, box(tmp_path, call(1)) as outbox:
        outbox.mark(call(1).key, State.SENDING, NOW)
        assert outbox.recovered() == 0
        deliver(declared(url, tmp_path), outbox)
    assert len(hook.calls) == 1


def test_a_short_or_readable_secret_is_refused(tmp_path: Path) -> None:
    short = Webhook(url="http://127.0.0.1/", secret_file=secret_file(tmp_path, "short"))
    with pytest.raises(ConfigError):
        webhook.secret_of(short)
    readable = declared("http://127.0.0.1/", tmp_path)
    readable.secret_file.chmod(0o644)
    with pytest.raises(ConfigError):
        webhook.secret_of(readable)


def test_a_night_s_call_holds_counts_only_and_one_line_for_chat(tmp_path: Path) -> None:
    hook = Hook()
    with hooked(hook) as url, History(tmp_path / "auditor.db") as history:
        counts = loaded(tmp_path, webhook=declared(url, tmp_path))
        told(counts, history, kept(tmp_path, history, 0))
        run = kept(tmp_path, history, 1, 900)
        told(counts, history, run)
        told(counts, history, run)
        chat = replace(counts, settings=replace(counts.settings, webhook=declared(url, tmp_path, "text")))
        told(chat, history, kept(tmp_path, history, 2))
    first, second, third = (json.loads(body) for _, body in hook.calls)
    assert (first["new_fail"], second["new_fail"], second["fail"]) == (0, 1, 1)
    assert second["silences"] == ["section"]
    assert set(third) == {"text"}
    assert "改善 1件" in third["text"]
    everything = json.dumps([first, second, third], ensure_ascii=False)
    assert all(word not in everything for word in ("PC-1", "総務01", "髙橋", "0101", "W-01"))


def test_the_receiver_s_few_lines_in_the_manual_know_a_genuine_call() -> None:
    page = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text("utf-8")
    lines = page.partition("```python\n")[2].partition("```")[0]
    scope: dict[str, Any] = {"hmac": hmac, "hashlib": hashlib}
    exec(lines, scope)
    secret, body, at = SECRET.encode(), b'{"run": 1}', 1_795_000_000
    header = webhook.signature(secret, at, body)
    assert scope["genuine"](secret, header, body, at + 299)
    assert not scope["genuine"](secret, header, body, at + 300)
    assert not scope["genuine"](secret, header, body + b" ", at)
    assert not scope["genuine"](b"another", header, body, at)
