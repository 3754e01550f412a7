"""HTTP replies and one exchange over TLS: framing, limits, and servers that misbehave."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.remote import _web
from checks.remote._http import MOST_BODY, MOST_INTERIM, BadHttp, Head, body_of, head_of
from tests.remote.conftest import dial_to, drips, gateway_at, rude_server, says

OK = b"HTTP/1.1 200 OK\r\n"


def read(heard: bytes, *, ended: bool = True) -> tuple[bytes, bool] | None:
    head = head_of(heard)
    assert head is not None
    return body_of(head, head.rest, ended=ended)


def test_a_body_is_as_long_as_it_is_told() -> None:
    assert read(OK + b"Content-Length: 3\r\n\r\nabcdef", ended=False) == (b"abc", True)
    assert read(OK + b"Content-Length: 9\r\n\r\nabc", ended=False) is None
    assert read(OK + b"Content-Length: 9\r\n\r\nabc") == (b"abc", False)


def test_a_body_in_chunks_is_put_together() -> None:
    chunks = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    assert read(OK + chunks, ended=False) == (b"abcde", True)
    assert read(OK + chunks[:-5], ended=False) is None


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    assert read(OK + b"\r\nabc", ended=False) is None
    assert read(OK + b"\r\nabc") == (b"abc", True)


def test_a_body_too_long_is_cut_and_said_to_be() -> None:
    found = read(OK + b"\r\n" + b"x" * (MOST_BODY + 1), ended=False)
    assert found == (b"x" * MOST_BODY, False)


def test_what_announces_a_reply_is_passed_over_but_not_for_ever() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    head = head_of(early * MOST_INTERIM + OK + b"A: b\r\n\r\nrest")
    assert (head and head.status, head and dict(head.headers), head and head.rest) == (
        200,
        {"a": "b"},
        b"rest",
    )
    assert head_of(early) is None
    assert head_of(early + OK) is None
    with pytest.raises(BadHttp):
        head_of(early * (MOST_INTERIM + 1))
    with pytest.raises(BadHttp):
        head_of(early + b"SSH-2.0-x\r\n\r\n")


@pytest.mark.parametrize(
    "head",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20\r\n\r\n",
        b"HTTP/1.1 2\xb200 OK\r\n\r\n",
        OK + b"no colon\r\n\r\n",
        OK + b" folded: x\r\n\r\n",
        OK + b"a: b\r\n" * 101 + b"\r\n",
        OK + b"a: " + b"b" * 20_000,
    ],
)
def test_what_is_no_head_is_refused(head: bytes) -> None:
    with pytest.raises(BadHttp):
        head_of(head)


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"Content-Length: 3, 4\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 100,
    ],
)
def test_a_framing_that_is_none_or_two_is_refused(rest: bytes) -> None:
    with pytest.raises(BadHttp):
        read(OK + rest)


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_break_the_reading(heard: bytes, ended: bool) -> None:  # noqa: FBT001
    try:
        head = head_of(OK + heard)
        found = body_of(head, head.rest, ended=ended) if isinstance(head, Head) else None
    except BadHttp:
        return
    assert found is None or len(found[0]) <= len(heard)


@given(st.binary(max_size=200), st.lists(st.integers(1, 60), max_size=6))
def test_chunks_give_back_what_was_cut(body: bytes, sizes: list[int]) -> None:
    sent, rest = b"", body
    for size in (*sizes, 200):
        part, rest = rest[:size], rest[size:]
        sent += b"%x\r\n%s\r\n" % (len(part), part) if part else b""
    sent += b"0\r\n\r\n"
    assert read(OK + b"Transfer-Encoding: chunked\r\n\r\n" + sent, ended=False) == (body, True)


def test_a_request_names_the_server_and_asks_for_nothing_to_be_kept_open() -> None:
    words = _web.request(gateway_at(8443), "POST", "/", b"ab", X_Some_Thing="1").decode()
    assert words.splitlines()[0] == "POST / HTTP/1.1"
    assert "Host: gw.example.lg.jp:8443\r\n" in words
    assert "X-Some-Thing: 1\r\n" in words
    assert words.endswith("Content-Length: 2\r\nConnection: close\r\n\r\nab")


@pytest.mark.parametrize(
    ("host", "server_name", "named"),
    [
        ("2001:db8::1", "gw.example.lg.jp", "gw.example.lg.jp"),
        ("192.0.2.1", "gw.example.lg.jp", "gw.example.lg.jp"),
        ("2001:db8::1", "", "[2001:db8::1]"),
        ("fe80::1%eth0", "", "[fe80::1]"),
    ],
)
def test_a_server_is_named_as_declared_whatever_address_it_is_reached_at(
    host: str, server_name: str, named: str
) -> None:
    gateway = gateway_at(443, host=host, server_name=server_name)
    assert f"\r\nHost: {named}\r\n" in _web.request(gateway, "GET", "/").decode()


@pytest.mark.parametrize("words", [b"\x16\x03\x03\x40\x00" + bytes(64), b"\x15\x03\x03\x00\x02\x01\x00"])
def test_a_server_that_drips_gains_no_time(words: bytes) -> None:
    with rude_server(drips(words)) as port:
        gateway = gateway_at(port)
        began = time.monotonic()
        with pytest.raises(_web.NoPage):
            _web.exchange(gateway, dial_to(gateway, []), b"GET / HTTP/1.1\r\n\r\n", 0.5)
    assert time.monotonic() - began < 1.5


def test_a_refusal_of_every_version_ends_after_two_connections() -> None:
    with rude_server(says(b"\x15\x03\x03\x00\x02\x02\x46")) as port:
        gateway = gateway_at(port)
        contacts: list[object] = []
        with pytest.raises(_web.NoPage) as caught:
            _web.exchange(gateway, dial_to(gateway, contacts), b"", 2.0, clear=True)  # type: ignore[arg-type]
    assert (caught.value.outcome, len(contacts)) == ("closed", 2)
