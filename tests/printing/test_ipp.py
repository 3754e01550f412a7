"""IPP messages: what is sent can be read back, and no bytes crash or deceive the decoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Garbled
from checks.printing import _ipp


def test_a_message_comes_back_as_it_was_sent() -> None:
    sent = _ipp.request(
        _ipp.GET_JOBS,
        7,
        [
            (_ipp.KEYWORD, "which", ("a", "b")),
            (_ipp.INTEGER, "limit", (-5,)),
            (_ipp.BOOLEAN, "mine", (True,)),
        ],
    )
    (attributes,) = _ipp.decode(sent, 7).of(_ipp.OPERATION_GROUP)
    assert attributes["which"] == ("a", "b")
    assert attributes["limit"] == (-5,)
    assert attributes["mine"] == (True,)


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_decoder(body: bytes) -> None:
    for message in (body, b"\2\0\0\0\0\0\0\7" + body):
        try:
            decoded = _ipp.decode(message, 7)
        except Garbled:
            continue
        assert message[4:8] == b"\0\0\0\7", "only the reply to this request is read"
        assert decoded.status == int.from_bytes(message[2:4], "big")


@given(st.integers(0, 60))
def test_a_message_cut_anywhere_is_refused(at: int) -> None:
    sent = _ipp.request(_ipp.GET_JOBS, 7, [(_ipp.KEYWORD, "which", ("a", "b"))])
    with pytest.raises(Garbled):
        _ipp.decode(sent[: min(at, len(sent) - 1)], 7)
