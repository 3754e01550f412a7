"""Whatever arrives in a file is hostile until it fits, and one bad file costs only itself."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.answers import MAX_ANSWER_BYTES, Answer, Status
from auditor.errors import Garbled
from auditor.evidence import MAX_FILE_BYTES, Evidence, decode, encode
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
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


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
        {"serial": "x" * 301},
        {"details": {"host_name": "x" * 301}},
        {"sequence": -1},
        {"sequence": 2**53 + 1},
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
