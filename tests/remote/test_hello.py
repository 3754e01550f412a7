from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.remote._hello import VERSIONS, NotTls, client_hello, leaf_in, messages, reply_to_hello
from checks.remote._wire import Ended


def reply_in(stream: bytes) -> object:
    """What `reply_to_hello` makes of a stream that then ends."""
    source = BytesIO(stream)

    def take(size: int) -> bytes:
        part = source.read(size)
        if len(part) < size:
            raise Ended("closed")
        return part

    return reply_to_hello(take)


@pytest.mark.parametrize("version", VERSIONS.values())
def test_a_hello_offers_its_version_and_no_other(version: int) -> None:
    hello = client_hello(version, "gw.example.lg.jp")
    assert int.from_bytes(hello[3:5]) == len(hello) - 5
    assert int.from_bytes(hello[9:11]) == min(version, 0x0303)
    assert (b"\x00\x2b\x00\x03\x02\x03\x04" in hello) == (version == 0x0304)


def test_an_address_is_not_sent_as_a_server_name() -> None:
    assert b"127.0.0.1" not in client_hello(VERSIONS["1.2"], "127.0.0.1")
    assert b"gw.example.lg.jp" in client_hello(VERSIONS["1.2"], "gw.example.lg.jp")


@given(st.binary(max_size=300))
def test_any_bytes_end_as_a_reply_as_not_tls_or_as_the_end(stream: bytes) -> None:
    try:
        reply = reply_in(stream)
    except (NotTls, Ended):
        return
    assert reply is not None


@given(st.binary(max_size=120), st.binary(max_size=20))
def test_any_server_hello_body_ends_as_a_reply_or_as_not_tls(start: bytes, rest: bytes) -> None:
    body = b"\x02" + len(start + rest).to_bytes(3) + start + rest
    record = b"\x16\x03\x03" + len(body).to_bytes(2) + body
    try:
        reply = reply_in(record)
    except NotTls:
        return
    assert reply is not None


@given(st.binary(max_size=400))
def test_looking_for_a_certificate_in_any_bytes_never_fails(stream: bytes) -> None:
    assert leaf_in(stream) in stream


def test_a_message_longer_than_any_server_needs_is_refused() -> None:
    with pytest.raises(NotTls):
        list(messages(b"\x0b\xff\xff\xff" + bytes(10)))


def test_a_certificate_message_cut_into_records_is_put_together() -> None:
    leaf = bytes(range(200))
    chain = len(leaf).to_bytes(3) + leaf
    message = len(chain).to_bytes(3) + chain
    message = b"\x0b" + len(message).to_bytes(3) + message
    halves = (message[:70], message[70:])
    stream = b"".join(b"\x16\x03\x03" + len(half).to_bytes(2) + half for half in halves)
    assert leaf_in(stream + b"\x16\x03\x03\x10\x00cut off") == leaf
