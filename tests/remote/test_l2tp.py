"""L2TP outside IPsec: a real server that answers is a finding, and its tunnel is closed again at once."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Gateway, NotKnown, Params, Reason, Status, Unknown, Verdict
from checks.remote import _l2tp
from checks.remote._read import compact
from checks.remote.l2tp import ask_l2tp, only_inside_ipsec, plain_l2tp
from checks.remote.reach import answers_in_time, ask_reach, reach
from tests.peers.certificates import issue
from tests.peers.netns import inside
from tests.peers.process import free_port, wait_until
from tests.peers.strongswan import strongswan
from tests.peers.xl2tpd import xl2tpd
from tests.remote.conftest import Pki, asked, gateway_at, mute_udp
from tests.remote.responder import responder

T = TypeVar("T")
NEW = ("aes256-sha256-prfsha256-modp2048",)
IN_TIME = Params({"p95_ms": 300})


def entrance(port: int = 1701) -> Gateway:
    return gateway_at(port, protocol="l2tp", transport="udp")


def there(namespace: str, act: Callable[[], T]) -> T:
    found: list[T] = []
    inside(namespace, lambda: found.append(act()))
    return found[0]


def test_a_server_that_answers_in_the_clear_fails_and_its_tunnel_is_closed(tmp_path: Path) -> None:
    contacts: list[Contact] = []
    with xl2tpd(tmp_path) as server:
        found = plain_l2tp(asked(ask_l2tp, entrance(server.port), contacts=contacts))
        wait_until(lambda: server.heard("Connection closed to 127.0.0.1") == 1, "the end of the tunnel")
        assert server.heard("Connection established") == 0
    assert len(contacts) == 1
    assert "xelerance.com" in found.device
    judgement = only_inside_ipsec(entrance(), found)
    assert (judgement.verdict, judgement.key, judgement.places) == (Verdict.FAIL, "open", (found.device,))


def test_plain_l2tp_beside_ipsec_fails_and_the_entrance_is_reached_by_its_ipsec(
    pki: Pki, tmp_path: Path
) -> None:
    with (
        strongswan(tmp_path, issue(pki.folder, pki.ca), v2=NEW) as guard,
        xl2tpd(tmp_path, namespace=guard.namespace) as server,
    ):
        found = plain_l2tp(there(guard.namespace, lambda: asked(ask_l2tp, entrance())))
        tunnels = server.heard("Connection closed to")
        reached = reach(there(guard.namespace, lambda: asked(ask_reach, entrance())))
        assert server.heard("Connection closed to") == tunnels, "the reach must not need a tunnel"
        assert guard.half_open() == 0
    assert only_inside_ipsec(entrance(), found).key == "open"
    assert answers_in_time(reached, IN_TIME).verdict is Verdict.PASS


def test_silence_passes_only_next_to_an_ipsec_that_answers(
    pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.remote.l2tp.WAIT_S", 0.6)

    def behind_a_mute_port() -> Answer:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
            mute.bind(("127.0.0.1", 1701))
            return asked(ask_l2tp, entrance())

    with strongswan(tmp_path, issue(pki.folder, pki.ca), v2=NEW) as guard:
        found = plain_l2tp(there(guard.namespace, behind_a_mute_port))
    assert only_inside_ipsec(entrance(), found).key == "silent"
    with mute_udp() as port:
        judgement = only_inside_ipsec(entrance(), plain_l2tp(asked(ask_l2tp, entrance(port))))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_CONTROL)


def test_a_port_that_refuses_passes() -> None:
    found = plain_l2tp(asked(ask_l2tp, entrance(free_port(socket.SOCK_DGRAM))))
    assert only_inside_ipsec(entrance(), found).key == "refused"


def test_a_refusal_in_the_words_of_l2tp_is_no_open_tunnel() -> None:
    def behave(request: bytes) -> list[bytes]:
        ours = _l2tp.read(request).attributes[_l2tp.TUNNEL]
        return [_l2tp.stop(int.from_bytes(ours), 7, 0)]

    with responder(behave) as port:
        assert only_inside_ipsec(entrance(), plain_l2tp(asked(ask_l2tp, entrance(port)))).key == "refused"


@pytest.mark.parametrize("words", [b"", b"SSH-2.0\r\n", b"\xc8\x02\x00\x0c" + bytes(8), bytes(1400)])
def test_what_is_no_answer_to_our_request_is_the_wrong_service(words: bytes) -> None:
    with responder(lambda request: [words or request]) as port:
        found = plain_l2tp(asked(ask_l2tp, entrance(port)))
        judgement = answers_in_time(reach(asked(ask_reach, entrance(port))), IN_TIME)
    assert only_inside_ipsec(entrance(), found).reason is Reason.WRONG_SERVICE
    assert judgement.reason is Reason.WRONG_SERVICE


def test_another_protocols_entrance_is_not_contacted() -> None:
    contacts: list[Contact] = []
    answer = asked(ask_l2tp, gateway_at(1), contacts=contacts)
    assert contacts == []
    with pytest.raises(NotKnown):
        plain_l2tp(answer)
    nothing = Unknown(Reason.NOT_COLLECTED)
    assert only_inside_ipsec(gateway_at(1), nothing).verdict is Verdict.NOT_APPLICABLE
    assert only_inside_ipsec(entrance(), nothing).verdict is Verdict.UNKNOWN


@given(st.binary(max_size=120))
def test_any_bytes_are_a_message_or_none(noise: bytes) -> None:
    for datagram in (noise, _l2tp.request(9)[:-1] + noise, _l2tp.HEADER.pack(0xC802, 12, 1, 0, 0, 0) + noise):
        try:
            message = _l2tp.read(datagram)
        except _l2tp.NotL2tp:
            continue
        assert sum(6 + len(value) for value in message.attributes.values()) <= len(datagram)


def test_a_request_is_read_as_it_was_written() -> None:
    message = _l2tp.read(_l2tp.request(4711))
    assert (message.kind, message.attributes[_l2tp.TUNNEL]) == (_l2tp.REQUEST, (4711).to_bytes(2))


@given(
    st.sampled_from(["outcome", "opened", "declined", "device", "guard"]),
    st.none() | st.integers() | st.just("x"),
)
def test_no_other_answer_is_understood(name: str, wrong: object) -> None:
    value = {"outcome": "silent", "opened": False, "declined": False, "device": "", "guard": "silent"}
    if (name, wrong) == ("device", "x"):
        return
    with pytest.raises(Garbled):
        plain_l2tp(Answer("gateway.l2tp", Status.OK, compact({**value, name: wrong})))
