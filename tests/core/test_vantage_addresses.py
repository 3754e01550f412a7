"""Looking from other places at hosts with several addresses, and at many silent ports."""

import json
from pathlib import Path

import pytest

from auditor.access.jump import gates_to
from auditor.access.pace import Pace
from auditor.answers import Answer, Status
from auditor.findings import Reason, Verdict
from auditor.probing import probed
from auditor.register import Place
from auditor.roads import Roads
from auditor.targets import Gateway, Town
from auditor.vantages import behind
from auditor.views import control_held
from auditor.zones import WAY_TRIES, WAY_WAIT_S, Flow, Jump, Vantage
from checks.remote.flows import ask_ways, ways
from checks.remote.flows import judged as judged_way
from tests.access.conftest import road_to
from tests.core.test_vantages import HOST, judged, listening, roads_of, town_of
from tests.peers.netns import inside, island
from tests.peers.process import free_port
from tests.peers.sshd import sshd
from tests.remote.conftest import name_has


def test_an_entrance_that_is_not_reached_over_ipv6_is_not_closed_beside_a_control_over_ipv4(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its IPv4 address refuses; over IPv6 nothing leads out of this machine."""
    name, seen = name_has(monkeypatch, "2001:db8::1", HOST), []

    def look() -> None:
        with listening() as (control, _):
            here = Vantage(id="here", name="h", zone="lgwan", control=Place(HOST, control))
            for host in (name, HOST):
                gateway = Gateway(
                    id="g", name="g", host=host, port=free_port(), protocol="tcp", unreachable_from=("here",)
                )
                town = town_of(gateway, here)
                seen.append(judged(town, roads_of(town))[0]["GW-72"])

    with island() as namespace:
        inside(namespace, look, 40)
    assert seen == [(Verdict.UNKNOWN, "no_control"), (Verdict.PASS, "ok")]


def test_there_is_time_for_every_port_of_a_way_to_be_silent() -> None:
    """Behind a border that drops packets each one is waited for as often as it is tried."""
    control = Place(HOST, 443)
    here = Vantage(id="here", name="h", zone="lgwan", control=control)
    places = tuple(Place("198.51.100.7", port) for port in range(1000, 1064))
    flow = Flow(id="f", name="f", source="here", origin="lgwan", zone="mynumber", places=places,
                expect="closed", control=control)  # fmt: skip
    dial = Roads(vantages={"here": here}).lookout.flow_dial(flow, lambda _: None, Pace())
    assert dial.remaining_s() > WAY_WAIT_S * (WAY_TRIES * len(places) + 2)


def test_behind_an_ssh_host_a_name_that_refuses_may_have_another_address(tmp_path: Path) -> None:
    with sshd(tmp_path) as server, listening() as (control, _):
        road, dead = road_to(server, folder=tmp_path), free_port()
        here = Jump(id="j", host=server.host, port=server.port, account=server.account)
        there = Vantage(id="v", name="v", zone="lgwan", jump="j", control=Place(HOST, control))
        found = []
        for host in (HOST, "localhost"):
            flow = Flow(id="f", name="f", source="v", origin="lgwan", zone="mynumber",
                        places=(Place(host, dead),), expect="closed", control=there.control)  # fmt: skip
            town = Town(name="t", vantages=(there,), flows=(flow,), jumps=(here,))
            gates = gates_to(behind(town), [here], road, road.traffic)
            evidence = probed(flow, [ask_ways], Roads(vantages={"v": there}, gates=gates))
            seen = ways(evidence.answers[0])
            found.append(judged_way(flow, seen))
            gates["j"].close()
        road.close()
    assert [(each.verdict, each.reason) for each in found] == [
        (Verdict.PASS, None),
        (Verdict.UNKNOWN, Reason.NOT_MEASURABLE),
    ]


def test_a_control_that_is_not_whole_holds_nothing() -> None:
    reached, lost = {HOST: "reached", "::1": "refused"}, {HOST: "no_answer", "::1": "reached"}
    for body in (
        b"",
        b"[]",
        b'{"before":"reached","after":"reached"}',
        b'{"before":{"127.0.0.1":"reached"}}',
    ):
        assert not control_held(Answer("vantage.control@v", Status.OK, body))
    crossed = json.dumps({"before": reached, "after": lost}).encode()
    assert not control_held(Answer("vantage.control@v", Status.OK, crossed))
    good = json.dumps({"before": reached, "after": reached}).encode()
    assert control_held(Answer("vantage.control@v", Status.OK, good)) == {"IPv4"}
    assert not control_held(Answer("vantage.control@v", Status.ERROR))
