"""A document comes back as it was from what differs from another, and damage never becomes one."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import Garbled
from auditor.keeping.deltas import CompressionError, difference, in_lines, restored, unwhole, whole

LINES = st.lists(st.sampled_from([b"", b"a", b"same", b"x" * 40, b'{"id":1}', "町".encode()]), max_size=30)
DOCUMENTS = st.one_of(st.binary(max_size=300), LINES.map(b"\n".join))
DAMAGE = (Garbled, CompressionError, msgspec.MsgspecError)


@given(DOCUMENTS, DOCUMENTS)
def test_any_document_comes_back_from_what_differs_from_any_other(plain: bytes, base: bytes) -> None:
    assert restored(difference(plain, base), base) == plain


@given(DOCUMENTS)
def test_any_document_comes_back_from_itself_alone(plain: bytes) -> None:
    assert unwhole(whole(plain)) == plain


@given(st.binary(max_size=200), DOCUMENTS)
def test_bytes_that_are_no_difference_are_refused(kept: bytes, base: bytes) -> None:
    with pytest.raises(DAMAGE):
        restored(kept, base)


@pytest.mark.parametrize(
    "steps",
    [[0, 0, 9], [0, -1, 1], [0, 5, 1], [0, 0], [-1, 0, 1], [0, 0, -1], [0, 3, 0, 0, 0, 2], ["a", 0, 0], 7],
)
def test_steps_that_lead_out_of_the_base_are_refused(steps: object) -> None:
    kept = msgspec.msgpack.encode((whole(msgspec.json.encode(steps)), whole(b"")))
    with pytest.raises(DAMAGE):
        restored(kept, b"one\ntwo\nthree")


def test_a_difference_that_grows_without_end_is_refused() -> None:
    steps = [0, 0, 1] + [0, -1, 1] * 200
    kept = msgspec.msgpack.encode((whole(msgspec.json.encode(steps)), whole(b"")))
    with pytest.raises(Garbled):
        restored(kept, b"x" * 1000, limit_bytes=100_000)


def test_a_document_that_unpacks_without_end_is_refused() -> None:
    with pytest.raises(Garbled):
        unwhole(whole(b"0" * 1_000_000), limit_bytes=1000)


def test_a_night_like_the_one_before_takes_next_to_nothing() -> None:
    base = b"\n".join(b'{"control":"CT-%d","value":"%d"}' % (number, number * 7919) for number in range(3000))
    plain = base.replace(b'"CT-77",', b'"CT-77","since":"2026-01-01",')
    assert len(difference(plain, base)) < 200


@given(
    st.recursive(
        st.text() | st.none() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_lines_change_nothing_of_what_a_document_says(value: object) -> None:
    document = msgspec.json.encode([{"a": value}, {"a": [{"b": value}, {"control": "},{"}]}])
    assert msgspec.json.decode(in_lines(document)) == msgspec.json.decode(document)
