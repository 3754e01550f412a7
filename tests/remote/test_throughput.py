"""Throughput by acknowledged bytes: only where the town opts in, and never by what is merely buffered."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Gateway, NotKnown, Params, Reason, Status, Verdict
from checks.remote.throughput import MOST_BYTES, Throughput, ask_throughput, fast_enough, throughput
from tests.peers.certificates import issue
from tests.peers.nginx import Block, nginx
from tests.remote.conftest import Pki, asked, gateway_at, rude_server

PARAMS = Params({"least_kbps": 2000})
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="SIOCOUTQ of Linux")
TAKES = "client_max_body_size 64m; location /up { return 204; }"


@pytest.fixture(scope="module")
def entrance(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    files = issue(pki.folder, pki.ca)
    with nginx(tmp_path_factory.mktemp("up"), [Block(files, extra=TAKES)]) as (port,):
        yield gateway_at(port, upload_path="/up")


def test_a_near_entrance_takes_all_of_it_and_is_fast_enough(entrance: Gateway) -> None:
    contacts: list[Contact] = []
    found = throughput(asked(ask_throughput, entrance, contacts=contacts))
    assert found.acknowledged > 1_000_000
    assert found.acknowledged <= MOST_BYTES
    assert fast_enough(entrance, found, PARAMS).key == "ok"
    assert len(contacts) == 1


def test_without_an_opt_in_nobody_is_contacted() -> None:
    contacts: list[Contact] = []
    gateway = gateway_at(443)
    answer = asked(ask_throughput, gateway, contacts=contacts)
    assert contacts == []
    with pytest.raises(NotKnown):
        throughput(answer)


def test_what_is_only_buffered_does_not_count(pki: Pki) -> None:
    """A server that shakes hands and then reads almost nothing: the kernel takes data, the peer does not."""
    import ssl

    files = issue(pki.folder, pki.ca)
    how = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    how.load_cert_chain(files.chain, files.key)

    def stall(sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with suppress(OSError), how.wrap_socket(sock, server_side=True):
            time.sleep(6)

    with rude_server(stall) as port:
        began = time.monotonic()
        gateway = gateway_at(port, upload_path="/up")
        found = throughput(asked(ask_throughput, gateway))
    assert time.monotonic() - began < 5
    assert found.acknowledged < 500_000, "the kernel took far more than that"
    assert fast_enough(gateway, found, PARAMS).key == "slow"


def test_a_server_that_speaks_no_tls_is_unknown() -> None:
    with rude_server(lambda sock: sock.close()) as port, pytest.raises(NotKnown) as caught:
        asked(ask_throughput, gateway_at(port, upload_path="/up"))
    assert caught.value.reason is Reason.WRONG_SERVICE


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Throughput(1_000_000, 2.0), Verdict.PASS),
        (Throughput(100_000, 3.0), Verdict.FAIL),
        (Throughput(500_000, 3.0), Verdict.FAIL),
        (Throughput(100_000, 0.1), Verdict.UNKNOWN),
        (Throughput(0, 3.0), Verdict.FAIL),
    ],
)
def test_two_megabits_are_wanted_and_a_page_that_takes_nothing_says_nothing(
    found: Throughput, verdict: Verdict
) -> None:
    assert fast_enough(gateway_at(443, upload_path="/up"), found, PARAMS).verdict is verdict


@given(st.binary(max_size=60))
def test_no_answer_breaks_the_parser(body: bytes) -> None:
    with suppress(Garbled, NotKnown):
        throughput(Answer("gateway.throughput", Status.OK, body))
