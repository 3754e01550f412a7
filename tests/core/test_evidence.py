"""Whatever arrives in a file is hostile until it fits, and one bad file costs only itself."""

import json
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import evidence as module
from auditor.answers import MAX_ANSWER_BYTES, Answer, Status
from auditor.errors import Garbled
from auditor.evidence import MAX_FILE_BYTES, Evidence, decode, encode, read_inbox
from auditor.findings import Reason
from tests.core.world import NOW, ok, said

GOOD: dict[str, Any] = {
    "schema": 1,
    "target": "endpoint:PC-1",
    "collected_at": "2026-11-23T12:00:00+09:00",
    "answers": [{"id": "w.lock", "status": "ok", "body": "600"}],
}


def document(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def refusal(body: bytes) -> str:
    with pytest.raises(Garbled) as caught:
        decode(body)
    return caught.value.note


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ANSWERS = st.lists(
    st.one_of(
        st.builds(Answer, TEXT, st.just(Status.OK), st.binary(max_size=60), TEXT),
        st.builds(
            Answer,
            TEXT,
            st.sampled_from([status for status in Status if status is not Status.OK]),
            note=TEXT,
            reason=st.none() | st.sampled_from(Reason),
        ),
    ),
    unique_by=lambda answer: answer.id,
    max_size=5,
)
MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(
    st.builds(
        Evidence,
        target=st.from_regex(r"[a-z-]{1,20}:[A-Za-z0-9._@-]{1,80}", fullmatch=True),
        collected_at=MOMENTS,
        answers=ANSWERS.map(tuple),
        serial=TEXT,
        system=TEXT,
        collector=TEXT,
        outcome=st.none() | st.sampled_from(Reason),
        note=TEXT,
        details=st.dictionaries(TEXT, TEXT, max_size=3),
    )
)
def test_what_is_encoded_comes_back_the_same(given_evidence: Evidence) -> None:
    assert decode(encode(given_evidence)) == given_evidence


@given(st.binary(max_size=300))
def test_garbage_is_refused_and_never_crashes(body: bytes) -> None:
    with pytest.raises(Garbled):
        decode(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([*GOOD, "serial", "outcome", "details", "origin", "x"]), JSON)
def test_any_value_in_any_field_is_read_or_refused(field: str, value: object) -> None:
    body = json.dumps({**GOOD, field: value}).encode()
    try:
        found = decode(body)
    except Garbled:
        return
    assert decode(encode(found)) == found


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"schema": "1"},
        {"target": "PC-1"},
        {"target": "endpoint:../../etc"},
        {"target": "endpoint:PC-1\n"},
        {"target": ""},
        {"collected_at": "2026-11-23T12:00:00"},
        {"collected_at": "0001-01-01T00:00:00+09:00"},
        {"collected_at": "9999-12-31T23:59:59-09:00"},
        {"collected_at": 0},
        {"collected_at": "yesterday"},
        {"origin": "scan"},
        {"outcome": "fine"},
        {"answers": {}},
        {"answers": [{"id": "a", "status": "pass"}]},
        {"answers": [{"id": "a", "status": "ok", "body": "1"}, {"id": "a", "status": "ok", "body": "2"}]},
        {"answers": [{"id": "a", "status": "ok", "body": "1", "body64": "MQ=="}]},
        {"answers": [{"id": "a", "status": "ok", "body64": "not base64!"}]},
        {"answers": [{"id": "a", "status": "denied", "body": "600"}]},
        {"answers": [{"id": "a", "status": "ok", "body": "1", "extra": 1}]},
    ],
)
def test_a_document_that_does_not_fit_is_refused(changes: dict[str, Any]) -> None:
    assert refusal(document(**changes))


@pytest.mark.parametrize("padding", [0, MAX_ANSWER_BYTES + 1])
def test_a_duplicate_key_is_refused_in_small_and_in_large_documents(padding: int) -> None:
    """The later one would win, and a reader of the file might see the earlier one."""
    body = document().removesuffix(b"}") + b', "answers": []' + b" " * padding + b"}"
    assert "duplicate" in refusal(body)


@pytest.mark.parametrize("padding", [0, MAX_ANSWER_BYTES + 1])
@pytest.mark.parametrize("note", [rb'"\ud800"', b'"\xff"', b"NaN", b"Infinity"])
def test_text_and_numbers_that_cannot_be_kept_are_refused(note: bytes, padding: int) -> None:
    assert refusal(document().removesuffix(b"}") + b', "note": ' + note + b" " * padding + b"}")


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * (MAX_ANSWER_BYTES + 9)])
def test_deep_nesting_is_refused(body: bytes) -> None:
    assert refusal(body)


def test_a_large_document_that_is_good_is_read_and_a_larger_one_is_not() -> None:
    large = document() + b" " * (MAX_ANSWER_BYTES + 1)
    assert decode(large).answer("w.lock") == ok("w.lock", "600")
    assert "larger" in refusal(document() + b" " * MAX_FILE_BYTES)
    assert decode(document() + b" " * MAX_FILE_BYTES, limit_bytes=2 * MAX_FILE_BYTES).target


def test_times_are_brought_to_utc() -> None:
    assert decode(document()).collected_at == NOW
    japan = datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=9)))
    assert decode(encode(replace(said(), collected_at=japan))).collected_at == NOW


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "good.json").write_bytes(document())
    return folder


def test_a_good_file_is_read_with_its_name(inbox: Path) -> None:
    found, refused = read_inbox(inbox, NOW)
    assert found["endpoint:PC-1"].origin == "good.json"
    assert refused == ()


def test_the_newest_document_of_a_target_wins_whatever_its_file_is_called(inbox: Path) -> None:
    older = document(collected_at="2026-11-22T12:00:00+09:00", serial="older")
    for name in ("a.json", "z.json"):
        (inbox / name).write_bytes(older)
    assert read_inbox(inbox, NOW)[0]["endpoint:PC-1"].serial == ""


def test_a_document_from_the_future_is_refused_and_does_not_hide_an_older_one(inbox: Path) -> None:
    (inbox / "future.json").write_bytes(document(collected_at="2036-11-23T12:00:00+09:00"))
    found, refused = read_inbox(inbox, NOW)
    assert found["endpoint:PC-1"].collected_at == NOW
    assert [(one.file, "future" in one.why) for one in refused] == [("future.json", True)]


def test_ten_minutes_of_clock_drift_are_allowed_and_eleven_are_not(inbox: Path) -> None:
    assert read_inbox(inbox, NOW - timedelta(minutes=10))[0]
    assert not read_inbox(inbox, NOW - timedelta(minutes=11))[0]


def spoil(inbox: Path, what: str, tmp_path: Path) -> None:
    bad = inbox / "bad.json"
    match what:
        case "symlink":
            outside = tmp_path / "outside.json"
            outside.write_bytes(document(target="endpoint:PC-9"))
            bad.symlink_to(outside)
        case "dangling":
            bad.symlink_to(tmp_path / "nowhere")
        case "loop":
            bad.symlink_to(bad)
        case "pipe":
            os.mkfifo(bad)
        case "folder":
            bad.mkdir()
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                os.chdir(inbox)
                server.bind("bad.json")
        case "huge":
            with bad.open("wb") as stream:
                stream.truncate(MAX_FILE_BYTES + 1)
        case "empty":
            bad.touch()
        case _:
            bad.write_bytes(b"\xff\xfe\x00")


@pytest.mark.skipif(os.name == "nt", reason="pipes and links of POSIX")
@pytest.mark.parametrize(
    "what", ["symlink", "dangling", "loop", "pipe", "folder", "socket", "huge", "empty", "binary"]
)
def test_one_bad_entry_is_refused_and_the_rest_is_read(
    inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    spoil(inbox, what, tmp_path)
    found, refused = read_inbox(inbox, NOW)
    assert set(found) == {"endpoint:PC-1"}
    assert [one.file for one in refused] == ["bad.json"]
    assert refused[0].why


@pytest.mark.skipif(os.name == "nt", reason="names of POSIX")
def test_a_hostile_name_or_value_cannot_steer_a_terminal(inbox: Path) -> None:
    (inbox / "\x1b[2J\n\u202e.json").write_bytes(b"{}")
    (inbox / "v.json").write_bytes(document(outcome="\x1b]0;x\x07"))
    os.close(os.open(bytes(inbox) + b"/\xff\xfe.json", os.O_CREAT | os.O_WRONLY, 0o600))
    _, refused = read_inbox(inbox, NOW)
    assert len(refused) == 3
    for one in refused:
        assert one.file.isprintable()
        assert one.why.isprintable()
        assert (one.file + one.why).encode()


def test_too_many_files_are_refused_as_a_whole(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the first ones by name would let a writer of many files choose what is seen."""
    monkeypatch.setattr(module, "MAX_INBOX_FILES", 1)
    (inbox / "a.json").write_bytes(document())
    found, refused = read_inbox(inbox, NOW)
    assert found == {}
    assert "2 files" in refused[0].why


def test_a_missing_inbox_is_empty(tmp_path: Path) -> None:
    assert read_inbox(tmp_path / "nowhere", NOW) == ({}, ())


def test_an_inbox_that_cannot_be_listed_is_said(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    found, refused = read_inbox(inbox, NOW)
    assert (found, refused[0].file) == ({}, "inbox")


def test_a_capital_suffix_is_read_too(inbox: Path) -> None:
    (inbox / "PC-2.JSON").write_bytes(document(target="endpoint:PC-2"))
    assert set(read_inbox(inbox, NOW)[0]) == {"endpoint:PC-1", "endpoint:PC-2"}
