"""An entrance that is not proven to be what was declared passes nothing that a person's path depends on."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.api import Gateway, Params, Reason, Verdict
from checks.remote import _hello
from checks.remote.ports import ask_ports, closed_ports, management_closed
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.tls import ask_tls, current_versions_only, tls_offer
from tests.peers.certificates import issue
from tests.peers.nginx import ANY_STRENGTH, Block, nginx
from tests.peers.process import free_port
from tests.remote.conftest import Pki, asked, drips, gateway_at, rude_server, says, stays_silent

REACH = Params({"p95_ms": 300})
PORTS = Params({"must_closed": ()})
VERSIONS = Params({"allow": ("1.2", "1.3"), "deny": ("1.0", "1.1")})
ALERT = b"\x15\x03\x03\x00\x02\x02\x46"

WRONG: dict[str, Callable[[socket.socket], object]] = {
    "web": says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "ssh": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "shuts": says(b""),
    "mute": stays_silent,
    "drip": drips(b"\x16\x03\x03\x40\x00" + bytes(64)),
    "noise": says(bytes(range(256)) * 64),
    "long": says(b"\x16\x03\x03\x00\x04\x02\xff\xff\xff"),
}


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("reach", "ports", "tls"):
        monkeypatch.setattr(f"checks.remote.{module}.WAIT_S", 0.4)


@pytest.fixture(params=sorted(WRONG))
def wrong(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """A declared TLS entrance where something else answers."""
    with rude_server(WRONG[request.param]) as port:
        yield gateway_at(port, closed_ports=(free_port(),))


def test_a_wrong_service_is_not_reached(wrong: Gateway) -> None:
    judgement = answers_in_time(reach(asked(ask_reach, wrong)), REACH)
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.reason in (Reason.WRONG_SERVICE, Reason.NO_ANSWER)


def test_a_wrong_service_is_no_control_for_closed_ports(wrong: Gateway) -> None:
    judgement = management_closed(wrong, closed_ports(asked(ask_ports, wrong)), PORTS)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_CONTROL)


def test_a_refusal_in_the_words_of_tls_is_proof_of_a_tls_entrance() -> None:
    with rude_server(says(ALERT)) as port:
        judgement = answers_in_time(reach(asked(ask_reach, gateway_at(port))), REACH)
    assert judgement.verdict is Verdict.PASS


@pytest.mark.parametrize("protocols", ["TLSv1.3", "TLSv1.2", "TLSv1 TLSv1.1"])
def test_a_real_entrance_of_any_version_is_proven(pki: Pki, tmp_path: Path, protocols: str) -> None:
    block = Block(issue(pki.folder, pki.ca), protocols, ANY_STRENGTH)
    with nginx(tmp_path, [block]) as (port,):
        judgement = answers_in_time(reach(asked(ask_reach, gateway_at(port))), REACH)
    assert judgement.verdict is Verdict.PASS


def test_where_only_tcp_is_declared_a_connect_is_all_there_is() -> None:
    with rude_server(stays_silent) as port:
        judgement = answers_in_time(reach(asked(ask_reach, gateway_at(port, protocol="tcp"))), REACH)
    assert judgement.verdict is Verdict.PASS


def hello_12() -> bytes:
    """A ServerHello that chooses TLS 1.2."""
    body = (0x0303).to_bytes(2) + bytes(32) + b"\0" + b"\xc0\x2f" + b"\0"
    message = bytes([_hello.SERVER_HELLO]) + len(body).to_bytes(3) + body
    return b"\x16\x03\x03" + len(message).to_bytes(2) + message


def speaks(times: int) -> Callable[[socket.socket], None]:
    """A server that accepts TLS 1.2, closes without a word on others, and on all after so many `times`."""
    left = [times]

    def behave(sock: socket.socket) -> None:
        heard = sock.recv(4096)
        modern = b"\x00\x2b\x00\x03\x02\x03\x04" in heard
        left[0] -= 1
        if left[0] >= 0 and heard[9:11] == b"\x03\x03" and not modern:
            sock.sendall(hello_12())
        sock.close()

    return behave


def test_a_close_counts_as_a_refusal_while_the_same_entrance_goes_on_to_accept() -> None:
    with rude_server(speaks(100)) as port:
        offer = tls_offer(asked(ask_tls, gateway_at(port)))
    assert (offer.accepted, offer.refused) == (("1.2",), ("1.0", "1.1", "1.3"))
    assert current_versions_only(offer, VERSIONS).verdict is Verdict.PASS


def test_an_entrance_that_shuts_us_out_half_way_refused_nothing() -> None:
    with rude_server(speaks(3)) as port:
        offer = tls_offer(asked(ask_tls, gateway_at(port)))
    assert offer.unclear == ("1.0", "1.1", "1.3")
    assert current_versions_only(offer, VERSIONS).reason is Reason.NOT_MEASURABLE
