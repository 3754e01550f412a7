import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Judgement, NotKnown, Params, Reason, Status, Unknown, Verdict
from checks.remote._read import compact
from checks.remote.ports import ClosedPorts, ask_ports, closed_ports, management_closed
from tests.peers.certificates import issue
from tests.peers.netns import inside, island
from tests.peers.openvpn import openvpn
from tests.peers.process import free_port
from tests.remote.conftest import (
    HOST,
    Pki,
    asked,
    black_hole,
    gateway_at,
    mute_udp,
    name_has,
    rude_server,
    stays_silent,
)

NOTHING_NAMED = Params({"must_closed": ()})
NAMED = Params({"must_closed": ("22", "3389")})
WELL = ("answered", "answered")


def found(**fields: object) -> ClosedPorts:
    given: dict[str, object] = dict.fromkeys(("opened", "refused", "silent", "unasked"), ())
    given |= {"control": WELL, "transport": "tcp", **fields}
    return ClosedPorts(**given)  # type: ignore[arg-type]  # as the fields above


@contextmanager
def own_port_and(opened: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """An entrance's own port, and `opened` more that answer on the same host."""
    with ExitStack() as stack:
        own = stack.enter_context(rude_server(stays_silent))
        yield own, tuple(stack.enter_context(rude_server(stays_silent)) for _ in range(opened))


def test_refused_and_silent_ports_are_closed_beside_an_answering_own_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checks.remote.ports.WAIT_S", 0.4)
    contacts: list[Contact] = []
    with own_port_and(0) as (own, _), black_hole() as hole:
        gateway = gateway_at(own, protocol="tcp", closed_ports=(free_port(), hole, free_port()))
        ports = closed_ports(asked(ask_ports, gateway, contacts=contacts))
    assert [contact.outcome for contact in contacts] == [
        "reached",
        "refused",
        "no_answer",
        "refused",
        "reached",
    ]
    judgement = management_closed(gateway, ports, NOTHING_NAMED)
    assert (judgement.verdict, judgement.values["count"]) == (Verdict.PASS, 3)


def test_an_open_port_fails_and_is_named() -> None:
    with own_port_and(1) as (own, (opened,)):
        gateway = gateway_at(own, closed_ports=(free_port(), opened))
        judgement = management_closed(gateway, closed_ports(asked(ask_ports, gateway)), NOTHING_NAMED)
    assert (judgement.key, judgement.places) == ("open", (f"{opened}/tcp",))


def test_an_open_port_fails_even_where_the_entrance_itself_is_down() -> None:
    with own_port_and(0) as (opened, _):
        gateway = gateway_at(free_port(), closed_ports=(opened,))
        judgement = management_closed(gateway, closed_ports(asked(ask_ports, gateway)), NOTHING_NAMED)
    assert judgement.verdict is Verdict.FAIL


def test_closed_ports_without_the_own_port_answering_are_unknown() -> None:
    gateway = gateway_at(free_port(), closed_ports=(free_port(),))
    judgement = management_closed(gateway, closed_ports(asked(ask_ports, gateway)), NOTHING_NAMED)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_CONTROL)


@pytest.mark.parametrize("control", [("answered", "silent"), ("silent", "answered"), ("answered", "refused")])
def test_an_own_port_that_answers_only_once_is_no_control(control: tuple[str, str]) -> None:
    judgement = management_closed(gateway_at(443), found(refused=(22,), control=control), NOTHING_NAMED)
    assert judgement.reason is Reason.NO_CONTROL


def test_ports_there_was_no_time_for_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.ports.WAIT_S", 60.0)
    with own_port_and(0) as (own, _):
        gateway = gateway_at(own, protocol="tcp", closed_ports=(free_port(),))
        ports = closed_ports(asked(ask_ports, gateway))
    assert ports.unasked == gateway.closed_ports
    assert management_closed(gateway, ports, NOTHING_NAMED).reason is Reason.NO_ANSWER


def test_no_declared_port_is_unknown_never_closed() -> None:
    contacts: list[Contact] = []
    with pytest.raises(NotKnown) as caught:
        asked(ask_ports, gateway_at(443), contacts=contacts)
    judgement = management_closed(gateway_at(443), Unknown(caught.value.reason), NAMED)
    assert (judgement.verdict, judgement.reason, contacts) == (Verdict.UNKNOWN, Reason.NOT_DECLARED, [])


def test_a_port_that_the_model_names_and_the_town_does_not_is_unknown() -> None:
    judgement = management_closed(gateway_at(443), found(refused=(22,)), NAMED)
    assert (judgement.reason, judgement.note) == (Reason.NOT_DECLARED, "closed_ports lacks 3389")


def test_the_entrance_itself_may_be_one_of_the_named_ports() -> None:
    judgement = management_closed(gateway_at(3389), found(refused=(22,)), NAMED)
    assert judgement.verdict is Verdict.PASS


def test_a_cloud_door_without_declared_ports_is_not_the_towns_to_probe() -> None:
    gateway = gateway_at(443, methods=("cloud", "browser"))
    judgement = management_closed(gateway, Unknown(Reason.NOT_DECLARED), NAMED)
    assert judgement.verdict is Verdict.NOT_APPLICABLE


def test_an_entrance_over_udp_is_the_control_for_ports_that_refuse(pki: Pki, tmp_path: Path) -> None:
    with openvpn(tmp_path, pki.ca_file, issue(pki.folder, pki.ca)) as port:
        gateway = gateway_at(port, protocol="openvpn", transport="udp", closed_ports=(free_port(),))
        ports = closed_ports(asked(ask_ports, gateway))
    assert management_closed(gateway, ports, NOTHING_NAMED).verdict is Verdict.PASS


def test_an_entrance_over_udp_is_no_control_for_ports_that_are_silent() -> None:
    gateway = gateway_at(1194, protocol="openvpn", transport="udp")
    judgement = management_closed(gateway, found(silent=(22,), transport="udp"), NOTHING_NAMED)
    assert judgement.reason is Reason.NO_CONTROL


def test_a_silent_udp_entrance_is_no_control(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.ports.WAIT_S", 0.3)
    with mute_udp() as port:
        gateway = gateway_at(port, protocol="openvpn", transport="udp", closed_ports=(free_port(),))
        ports = closed_ports(asked(ask_ports, gateway))
    assert management_closed(gateway, ports, NOTHING_NAMED).reason is Reason.NO_CONTROL


def test_nothing_is_sent_to_a_port_that_is_open() -> None:
    heard: list[bytes] = []
    with rude_server(lambda sock: heard.append(sock.recv(10))) as opened, own_port_and(0) as (own, _):
        ports = closed_ports(asked(ask_ports, gateway_at(own, closed_ports=(opened,))))
    assert (ports.opened, heard) == ((opened,), [b""])


PORTS = st.lists(st.integers(1, 65535), max_size=3).map(tuple)
OUTCOME = st.sampled_from(["answered", "refused", "silent", "closed", "wrong_service"])


@given(PORTS, PORTS, PORTS, PORTS, st.tuples(OUTCOME, OUTCOME), st.sampled_from(["tcp", "udp"]))
def test_a_pass_needs_every_port_closed_and_the_control_twice(
    opened: tuple[int, ...],
    refused: tuple[int, ...],
    silent: tuple[int, ...],
    unasked: tuple[int, ...],
    control: tuple[str, str],
    transport: str,
) -> None:
    ports = ClosedPorts(opened, refused, silent, unasked, control, transport)
    judgement = management_closed(gateway_at(443), ports, NOTHING_NAMED)
    if judgement.verdict is Verdict.PASS:
        assert not opened
        assert not unasked
        assert control == WELL
    assert (judgement.verdict is Verdict.FAIL) == bool(opened)


@pytest.mark.parametrize(
    "ports",
    [
        [],
        [{"port": 22, "outcome": "perhaps", "mute": []}],
        [{"port": "22", "outcome": "refused", "mute": []}],
        [{"port": True, "outcome": "refused", "mute": []}],
        [{"port": 70000, "outcome": "refused", "mute": []}],
        [{"port": 22}],
        [{"port": 22, "outcome": "refused", "mute": [4]}],
        "22",
    ],
)
def test_no_other_answer_is_understood(ports: object) -> None:
    body = compact(
        {"ports": ports, "before": "answered", "after": "answered", "apart": [], "transport": "tcp"}
    )
    with pytest.raises(Garbled):
        closed_ports(Answer("gateway.ports", Status.OK, body))


NO_ROUTE, SECOND = "2001:db8::1", "127.0.0.2"


def of_name(name: str, own: int, *closed: int) -> Judgement:
    """RA-03 of a plain entrance behind a name, as the engine would see it."""
    gateway = gateway_at(own, host=name, protocol="tcp", closed_ports=closed)
    return management_closed(gateway, closed_ports(asked(ask_ports, gateway)), NOTHING_NAMED)


@pytest.mark.parametrize("addresses", [(NO_ROUTE, HOST), (HOST, NO_ROUTE)])
def test_an_address_that_is_not_reached_from_here_is_not_closed(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    """The own port answers over IPv4 and the others refuse there; over IPv6 nothing leads out."""
    name, seen = name_has(monkeypatch, *addresses), []

    def ask() -> None:
        with own_port_and(0) as (own, _):
            seen.append(of_name(name, own, free_port()))

    with island() as namespace:
        inside(namespace, ask)
    (judgement,) = seen
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_CONTROL)
    assert f"does not answer at {NO_ROUTE}" in judgement.note


def test_each_address_is_asked_and_silence_counts_where_the_own_port_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checks.remote.ports.WAIT_S", 0.6)
    name = name_has(monkeypatch, HOST, SECOND)
    with socket.create_server((HOST, 0)) as first:
        own = first.getsockname()[1]
        assert of_name(name, own, free_port()).verdict is Verdict.PASS, "refused at both"
        with black_hole(SECOND) as hole:
            assert of_name(name, own, hole).reason is Reason.NO_CONTROL
            with socket.create_server((SECOND, own)):
                assert of_name(name, own, hole).verdict is Verdict.PASS
        with socket.create_server((SECOND, 0)) as opened:
            assert of_name(name, own, opened.getsockname()[1]).verdict is Verdict.FAIL


def test_a_name_that_an_ssh_host_looked_up_is_not_closed_where_the_last_address_refused() -> None:
    row = {"port": 22, "outcome": "refused", "mute": ["gw.example.jp"]}
    said = {"before": "answered", "after": "answered", "apart": ["gw.example.jp"], "transport": "tcp"}
    ports = closed_ports(Answer("gateway.ports", Status.OK, compact({"ports": [row], **said})))
    judgement = management_closed(gateway_at(443), ports, NOTHING_NAMED)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)
