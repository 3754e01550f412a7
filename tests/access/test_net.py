"""Addresses need no name service and are connected to as they stand; names do, and say when they fail."""

import socket
from collections.abc import Iterator

import pytest

from auditor.access.net import Deadline, connect, resolve
from auditor.errors import Unreached
from auditor.findings import Reason

WRITTEN_OUT = ["127.0.0.1", "::1", "::1%lo", "2001:db8::7", "203.0.113.9"]


@pytest.fixture
def server() -> Iterator[int]:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as sock:
        yield sock.getsockname()[1]


@pytest.mark.parametrize("host", WRITTEN_OUT)
def test_an_address_stands_for_itself(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("asked the name service"))
    assert resolve(host, Deadline.after(5)) == (host,)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_is_connected_to_as_it_stands(host: str, server: int) -> None:
    sock, address = connect((host,), server, Deadline.after(5))
    with sock:
        assert address == host
        assert sock.getpeername()[1] == server


def test_the_link_of_an_address_is_kept(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def found(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    sock, _ = connect(("fe80::1%lo",), server, Deadline.after(5))
    sock.close()
    assert asked == ["fe80::1%lo"]


@pytest.mark.parametrize("host", ["a\0b", "\ud800", "", "fe80::1%nowhere"])
def test_what_is_no_address_becomes_a_reason_and_no_crash(host: str) -> None:
    with pytest.raises(Unreached) as told:
        connect(resolve(host, Deadline.after(5)), 9, Deadline.after(1))
    assert told.value.reason in (Reason.NAME_NOT_FOUND, Reason.NO_ANSWER, Reason.REFUSED)
