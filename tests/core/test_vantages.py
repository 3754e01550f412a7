"""Looking from other places: what is kept, what counts as closed, and what a run would and did contact."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.access.dial import DirectDial, doors
from auditor.access.jump import gates_to
from auditor.access.pace import BURST, Pace
from auditor.access.vantage import VantageDial
from auditor.collect import collect_task
from auditor.contacts import Contact
from auditor.errors import Unreached
from auditor.evidence import Evidence, decode, encode
from auditor.findings import Reason, Verdict
from auditor.intent import intents
from auditor.judge import Scene, judge
from auditor.model import load_model
from auditor.plan import plan
from auditor.register import Place
from auditor.roads import Roads
from auditor.session import read_controls
from auditor.targets import Gateway, Town, target_key
from auditor.vantages import behind
from auditor.views import control_held
from auditor.zones import Flow, Jump, Vantage
from tests.access.conftest import road_to
from tests.peers.process import free_port
from tests.peers.sshd import sshd

HOST = "127.0.0.1"


@contextmanager
def listening(*, say: bytes = b"") -> Iterator[tuple[int, list[int]]]:
    """A port that accepts, says `say` and closes; the port and a list that grows with every connection."""
    server = socket.create_server((HOST, 0))
    taken: list[int] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                sock = server.accept()[0]
                taken.append(1)
                with sock, suppress(OSError):
                    sock.sendall(say)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], taken
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def town_of(gateway: Gateway, *vantages: Vantage, flows: tuple[Flow, ...] = ()) -> Town:
    jumps = (Jump(id="far", host="far.example", account="a"),)
    return Town(name="t", gateways=(gateway,), vantages=vantages, flows=flows, jumps=jumps)


def roads_of(town: Town) -> Roads:
    return Roads(vantages={row.id: row for row in town.vantages}, zones=town.zones, probe_deadline_s=6)


def judged(town: Town, roads: Roads) -> tuple[dict[str, tuple[Verdict, str]], Evidence]:
    """The verdict and the key or reason of each control on the town's gateway, from kept evidence."""
    plugins, controls = read_controls()
    model = load_model(controls, "base")
    task = next(task for task in plan(town, model, plugins) if isinstance(task.target, Gateway))
    kept = collect_task(task, plugins, roads)
    assert kept is not None
    evidence = decode(encode(kept))
    scene = Scene(
        town=town, model=model, plugins=plugins, now=evidence.collected_at, today=evidence.collected_at.date()
    )
    findings, broken = judge(task, evidence, scene)
    assert broken == ()
    return {row.control: (row.verdict, row.key or str(row.reason)) for row in findings}, evidence


def test_what_a_vantage_saw_is_kept_beside_what_was_seen_directly_and_judged(tmp_path: Path) -> None:
    with listening() as (open_, _), listening() as (control, _):
        here = Vantage(id="here", name="h", zone="lgwan", control=Place(HOST, control))
        gateway = Gateway(id="g", name="g", host=HOST, port=open_, protocol="tcp", unreachable_from=("here",))
        found, evidence = judged(town_of(gateway, here), roads_of(town_of(gateway, here)))
        assert found["GW-72"] == (Verdict.FAIL, "open")
        assert {"gateway.reach", "gateway.reach@here", "gateway.knock@here", "vantage.control@here"} <= {
            answer.id for answer in evidence.answers
        }
        answer = evidence.answer("vantage.control@here")
        assert answer is not None
        assert control_held(answer)
    del tmp_path


@pytest.mark.parametrize(
    ("controlled", "expected"),
    [(True, (Verdict.PASS, "ok")), (False, (Verdict.UNKNOWN, "no_control"))],
)
def test_closed_counts_only_beside_a_port_that_answered_from_the_same_place(
    *, controlled: bool, expected: tuple[Verdict, str]
) -> None:
    with listening() as (control, _):
        place = Place(HOST, control if controlled else free_port())
        here = Vantage(id="here", name="h", zone="lgwan", control=place)
        gateway = Gateway(
            id="g", name="g", host=HOST, port=free_port(), protocol="tcp", unreachable_from=("here",)
        )
        town = town_of(gateway, here)
        assert judged(town, roads_of(town))[0]["GW-72"] == expected


def test_a_port_that_takes_a_connection_and_stays_silent_is_open() -> None:
    with socket.create_server((HOST, 0)) as server, listening() as (control, _):
        here = Vantage(id="here", name="h", zone="lgwan", control=Place(HOST, control))
        port = server.getsockname()[1]
        gateway = Gateway(id="g", name="g", host=HOST, port=port, protocol="tls", unreachable_from=("here",))
        town = town_of(gateway, here)
        assert judged(town, replace(roads_of(town), probe_deadline_s=1))[0]["GW-72"] == (Verdict.FAIL, "open")


def test_an_entrance_that_must_be_reached_and_is_refused_fails_and_udp_is_not_measurable() -> None:
    here = Vantage(id="here", name="h", zone="home")
    gateway = Gateway(id="g", name="g", host=HOST, port=free_port(), protocol="tcp", reachable_from=("here",))
    town = town_of(gateway, here)
    assert judged(town, roads_of(town))[0]["GW-71"] == (Verdict.FAIL, "lost")
    udp = replace(gateway, protocol="openvpn", transport="udp", reachable_from=(), unreachable_from=("here",))
    held = town_of(udp, replace(here, control=Place(HOST, free_port())))
    assert judged(held, roads_of(held))[0]["GW-72"][1] == "not_measurable"


def test_management_is_judged_from_outside_where_the_town_looks_from_there() -> None:
    """What the office reaches of its own equipment is no fault; the vantage stands for the world."""
    with listening() as (own, _), listening() as (management, _):
        gateway = Gateway(
            id="g",
            name="g",
            host=HOST,
            port=own,
            protocol="tcp",
            closed_ports=(management,),
            methods=("vpn",),
        )
        assert judged(town_of(gateway), roads_of(town_of(gateway)))[0]["RA-03"] == (Verdict.FAIL, "open")
        inside = Vantage(id="v", name="v", zone="lgwan")
        outside = Vantage(id="v", name="v", zone="home")
        seen = replace(gateway, reachable_from=("v",))
        for vantage, answers in ((inside, 0), (outside, 1)):
            town = town_of(seen, vantage)
            found, evidence = judged(town, roads_of(town))
            assert found["RA-03"] == (Verdict.FAIL, "open")
            assert len([each for each in evidence.answers if each.id == "gateway.ports@v"]) == answers


def test_through_an_ssh_host_a_probe_gets_a_socket_and_every_end_is_told_apart(tmp_path: Path) -> None:
    with sshd(tmp_path) as server, listening(say=b"hello") as (port, taken):
        dead = free_port()
        road = road_to(server, folder=tmp_path)
        here = Jump(id="j", host=server.host, port=server.port, account=server.account)
        places = {(HOST, port), (HOST, dead), ("nowhere.invalid", 1)}
        gate = gates_to({"j": frozenset(places)}, [here], road, road.traffic)["j"]
        contacts: list[Contact] = []
        allowed = frozenset((host, number, "tcp") for host, number in places)
        dial = VantageDial(
            Vantage(id="v", name="v", zone="lgwan", jump="j"), gate, allowed, 10, contacts.append
        )
        try:
            with dial.tcp(HOST, port) as stream:
                assert stream.sock.recv(100) == b"hello"
                assert stream.sock.recv(100) == b"", "the far end closed"
            ends = [
                reason_of(dial, HOST, dead),
                reason_of(dial, "nowhere.invalid", 1),
                reason_of(dial, HOST, 9),
            ]
            with pytest.raises(Unreached) as caught:
                dial.udp(HOST, port, b"x")
        finally:
            gate.close()
            road.close()
        assert ends == [Reason.REFUSED, Reason.NAME_NOT_FOUND, Reason.NOT_DECLARED]
        assert caught.value.reason is Reason.NOT_MEASURABLE
        assert [(each.port, each.outcome, each.via) for each in contacts] == [
            (port, "reached", "v"),
            (dead, "refused", "v"),
            (1, "name_not_found", "v"),
        ]
        assert len(taken) == 1


def reason_of(dial: VantageDial, host: str, port: int) -> Reason:
    with pytest.raises(Unreached) as caught, dial.tcp(host, port):
        pass
    return caught.value.reason


def test_an_ssh_host_that_does_not_forward_says_nothing_about_the_way_behind_it(tmp_path: Path) -> None:
    with sshd(tmp_path, extra="AllowTcpForwarding no") as server:
        road = road_to(server, folder=tmp_path)
        here = Jump(id="j", host=server.host, port=server.port, account=server.account)
        gate = gates_to({"j": frozenset({(HOST, 9)})}, [here], road, road.traffic)["j"]
        vantage = Vantage(id="v", name="v", zone="lgwan", jump="j")
        dial = VantageDial(vantage, gate, frozenset({(HOST, 9, "tcp")}), 10, lambda _: None)
        try:
            assert reason_of(dial, HOST, 9) is Reason.JUMP_UNREACHED
        finally:
            gate.close()
            road.close()


def test_a_jump_host_is_asked_for_declared_places_of_its_vantages_only() -> None:
    far = Vantage(id="far", name="f", zone="home", jump="far", control=Place("c.example", 443))
    near = Vantage(id="near", name="n", zone="lgwan")
    gateway = Gateway(id="g", name="g", host="g.example", port=500, protocol="ike", transport="udp",
                      closed_ports=(22,), reachable_from=("far",))  # fmt: skip
    flow = Flow(id="f", name="f", source="far", origin="home", zone="mynumber",
                places=(Place("m.example", 445),), expect="closed", control=far.control)  # fmt: skip
    other = replace(flow, id="o", source="near", places=(Place("x.example", 1),))
    assert behind(town_of(gateway, far, near, flows=(flow, other))) == {
        "far": frozenset({("c.example", 443), ("m.example", 445), ("g.example", 22)})
    }


def test_an_undeclared_host_is_never_contacted_whatever_a_server_says() -> None:
    """Private or public, a redirect or a name in a certificate: only what the town declared is dialled."""
    with listening() as (elsewhere, taken):
        moved = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:{elsewhere}/\r\nContent-Length: 0\r\n\r\n"
        with listening(say=moved.encode()) as (port, _):
            gateway = Gateway(id="g", name="g", host=HOST, port=port, protocol="portal")
            town = town_of(gateway)
            roads = roads_of(town)
            judged(town, roads)
        contacts: list[Contact] = []
        dial = DirectDial(doors(gateway), 5, contacts.append)
        for host in ("127.0.0.2", "10.0.0.1", "192.168.1.1", "203.0.113.5", "8.8.8.8"):
            with pytest.raises(Unreached) as caught, dial.tcp(host, elsewhere):
                pass
            assert caught.value.reason is Reason.NOT_DECLARED
        assert contacts == []
        assert taken == []
        assert {(each.host, each.port) for each in roads.contacts} == {(HOST, port)}


def test_the_list_of_what_would_be_contacted_holds_all_that_then_is_and_contacts_nothing() -> None:
    with listening() as (own, taken), listening() as (management, _), listening() as (control, _):
        here = Vantage(id="here", name="h", zone="home", control=Place(HOST, control))
        gateway = Gateway(id="g", name="g", host=HOST, port=own, protocol="tls", closed_ports=(management,),
                          reachable_from=("here",))  # fmt: skip
        town = town_of(gateway, here)
        plugins, controls = read_controls()
        tasks = plan(town, load_model(controls, "base"), plugins)
        listed = intents(town, tasks, plugins)
        assert taken == []
        roads = roads_of(town)
        judged(town, roads)
        made: dict[tuple[str, int, str, str], int] = {}
        for each in roads.contacts:
            key = each.host, each.port, each.transport, each.via
            made[key] = made.get(key, 0) + 1
        most = {(each.host, each.port, each.transport, each.via): each.most for each in listed}
        assert set(made) == set(most)
        assert all(made[key] <= most[key] for key in made), (made, most)
        assert {each.target for each in listed} == {target_key(gateway)}


def test_no_probe_comes_to_a_port_more_often_than_it_said_and_haste_ends_after_a_while() -> None:
    pace = Pace()
    pace.next_probe(2)
    door = (HOST, 443, "tcp")
    pace.wait(door, 1)
    pace.wait(door, 1)
    for other in ((HOST, 22, "tcp"), (HOST, 443, "udp"), ("127.0.0.2", 443, "tcp")):
        pace.wait(other, 1)
    with pytest.raises(Unreached) as caught:
        pace.wait(door, 1)
    assert caught.value.reason is Reason.NOT_MEASURABLE
    pace.next_probe(10 * BURST)
    for _ in range(BURST):
        pace.wait(door, 0)
    assert pace.behind_s > 0, "the next one would have to wait"
