"""Ways between segments: what was seen is read strictly, and closed is only believed beside a control."""

import itertools
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import DirectDial
from auditor.access.pace import Pace
from auditor.api import (
    Answer,
    Flow,
    Garbled,
    Judgement,
    Lookup,
    Params,
    Reason,
    Status,
    Stream,
    Unreached,
    Verdict,
)
from auditor.register import Place
from auditor.vantages import ways as opened
from checks.remote.flows import (
    OUTCOMES,
    Ways,
    ask_ways,
    judged,
    lgwan_border_is_as_agreed,
    mynumber_is_out_of_reach,
    only_agreed_clouds,
    other_ways_are_as_agreed,
    ways,
)
from tests.peers.netns import inside, island
from tests.peers.process import free_port
from tests.remote.conftest import HOST, black_hole, name_has

HOSTS = ("a.example", "b.example", "c.example")
GOOD = ("answered", "answered")
PARAMS = Params({"control_fqdn": 3})


def flow(expect: str = "closed", *, origin: str = "home", zone: str = "mynumber", hosts: int = 1) -> Flow:
    places = tuple(Place(host, 445) for host in HOSTS[:hosts])
    return Flow(id="f", name="f", source="v", origin=origin, zone=zone, places=places, expect=expect,
                control=Place("k.example", 443))  # fmt: skip


def seen(*outcomes: str, control: tuple[str, str] = GOOD) -> Ways:
    return Ways({(host, 445): outcome for host, outcome in zip(HOSTS, outcomes, strict=False)}, control)


@pytest.mark.parametrize(
    ("expect", "outcomes", "control", "verdict", "told"),
    [
        ("closed", ("refused",), GOOD, Verdict.PASS, "closed"),
        ("closed", ("silent",), GOOD, Verdict.PASS, "closed"),
        ("closed", ("prohibited",), GOOD, Verdict.PASS, "closed"),
        ("closed", ("answered",), ("silent", "silent"), Verdict.FAIL, "open"),
        ("closed", ("refused", "answered"), GOOD, Verdict.FAIL, "open"),
        ("closed", ("refused",), ("answered", "silent"), Verdict.UNKNOWN, Reason.NO_CONTROL),
        ("closed", ("silent",), ("none", "none"), Verdict.UNKNOWN, Reason.NO_CONTROL),
        ("closed", ("name_not_found",), GOOD, Verdict.UNKNOWN, Reason.NAME_NOT_FOUND),
        ("closed", ("refused", "not_asked"), GOOD, Verdict.UNKNOWN, Reason.NO_ANSWER),
        ("open", ("answered",), ("none", "none"), Verdict.PASS, "open_as_agreed"),
        ("open", ("answered", "refused"), ("none", "none"), Verdict.FAIL, "shut"),
        ("open", ("silent",), GOOD, Verdict.FAIL, "shut"),
        ("open", ("silent",), ("silent", "silent"), Verdict.UNKNOWN, Reason.NO_CONTROL),
        ("open", ("answered", "not_asked"), GOOD, Verdict.UNKNOWN, Reason.NO_ANSWER),
        ("open", ("name_not_found",), GOOD, Verdict.UNKNOWN, Reason.NAME_NOT_FOUND),
    ],
)
def test_each_outcome_means_what_it_can_prove(
    expect: str, outcomes: tuple[str, ...], control: tuple[str, str], verdict: Verdict, told: str | Reason
) -> None:
    judgement = judged(flow(expect, hosts=len(outcomes)), seen(*outcomes, control=control))
    assert (judgement.verdict, judgement.reason or judgement.key) == (verdict, told)


def test_closed_never_passes_unless_every_port_said_no_beside_a_control() -> None:
    for first, second, before, after in itertools.product(OUTCOMES, OUTCOMES, OUTCOMES, OUTCOMES):
        judgement = judged(flow(hosts=2), seen(first, second, control=(before, after)))
        proven = {first, second} <= {"refused", "silent", "prohibited"} and (before, after) == GOOD
        assert (judgement.verdict is Verdict.PASS) == proven


def test_an_answer_about_other_ports_than_are_declared_now_proves_nothing() -> None:
    assert judged(flow(hosts=2), seen("refused")).reason is Reason.NOT_COLLECTED


@pytest.mark.parametrize(
    ("origin", "zone", "expect", "by"),
    [
        ("home", "mynumber", "closed", {"NET-01"}),
        ("lgwan", "mynumber", "closed", {"NET-01"}),
        ("lgwan", "mynumber", "open", {"GW-70"}),
        ("lgwan", "internet", "closed", {"NET-03"}),
        ("internet", "lgwan", "open", {"NET-03"}),
        ("lgwan", "cloud", "closed", {"NET-03", "NET-05"}),
        ("mynumber", "internet", "closed", {"GW-70"}),
        ("school", "lgwan", "closed", {"GW-70"}),
    ],
)
def test_every_way_is_judged_by_somebody(origin: str, zone: str, expect: str, by: set[str]) -> None:
    way, found = flow(expect, origin=origin, zone=zone, hosts=3), seen("answered", "answered", "answered")
    verdicts = {
        "NET-01": mynumber_is_out_of_reach(way, found),
        "NET-03": lgwan_border_is_as_agreed(way, found),
        "NET-05": only_agreed_clouds(way, found, PARAMS),
        "GW-70": other_ways_are_as_agreed(way, found),
    }
    assert {id_ for id_, one in verdicts.items() if one.verdict is not Verdict.NOT_APPLICABLE} == by


def test_too_few_clouds_tried_do_not_prove_that_only_agreed_ones_are_reached() -> None:
    few = only_agreed_clouds(flow(origin="lgwan", zone="cloud", hosts=2), seen("refused", "silent"), PARAMS)
    assert few.reason is Reason.NOT_DECLARED
    three = seen("refused", "silent", "silent")
    enough = only_agreed_clouds(flow(origin="lgwan", zone="cloud", hosts=3), three, PARAMS)
    assert enough.verdict is Verdict.PASS


ROW = {"host": "a.example", "port": 445, "outcome": "refused", "mute": []}
SAID = {"before": "none", "after": "none", "over": []}


@pytest.mark.parametrize(
    "body",
    [
        {"ways": [], **SAID},
        {"ways": [ROW, ROW], **SAID},
        {"ways": [{**ROW, "outcome": "shut"}], **SAID},
        {"ways": [{**ROW, "port": 70000}], **SAID},
        {"ways": [{**ROW, "port": True}], **SAID},
        {"ways": [ROW] * 65, **SAID},
        {"ways": [{**ROW, "mute": ["IPv5"]}], **SAID},
        {"ways": [ROW], **SAID, "before": "perhaps"},
        {"ways": [ROW], **SAID, "over": ["home"]},
        {"ways": [ROW], "before": "none", "after": "none"},
        {"ways": ROW, **SAID},
    ],
)
def test_what_is_not_understood_is_refused(body: object) -> None:
    with pytest.raises(Garbled):
        ways(Answer("flow.ways", Status.OK, json.dumps(body).encode()))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        found = ways(Answer("flow.ways", Status.OK, body))
    except Garbled:
        return
    assert found.tried


def test_the_probe_is_of_flows_and_says_how_often_it_comes() -> None:
    assert (ask_ways.kind, ask_ways.most) == ("flow", 2)


def listeners(stack: ExitStack, *hosts: str) -> int:
    """One port number that all these loopback addresses listen on; none of them accepts."""
    first = stack.enter_context(socket.create_server((hosts[0], 0)))
    port = int(first.getsockname()[1])
    for host in hosts[1:]:
        stack.enter_context(socket.create_server((host, port)))
    return port


def tried(way: Flow, *, deadline_s: float = 20) -> Judgement:
    """The verdict on what the probe saw on loopback, paced as in a scan."""
    pace = Pace()
    pace.next_probe(ask_ways.most)
    dial = DirectDial(opened(way), deadline_s, lambda _: None, pace=pace)
    return judged(way, ways(Answer("flow.ways", Status.OK, ask_ways.collect(way, dial))))


def test_a_control_and_hosts_that_share_a_port_number_are_all_asked() -> None:
    """The number of contacts belongs to one host's port: three clouds at 443 beside a control at 443."""
    hosts = tuple(f"127.0.0.{last}" for last in (11, 12, 13))
    with ExitStack() as stack:
        port = listeners(stack, "127.0.0.9", hosts[2])
        places = tuple(Place(host, port) for host in hosts)
        way = replace(flow(), places=places, control=Place("127.0.0.9", port))
        found = tried(way)
    assert (found.key, found.places) == ("open", (f"{hosts[2]}:{port}",))
    assert found.values["refused"] == 2


def test_names_that_share_their_addresses_are_all_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clouds stand behind the same addresses: what one name used up is not the next one's."""
    shared = ("127.0.0.11", "127.0.0.12")
    monkeypatch.setattr("auditor.access.dial.resolve", lambda host, _: shared if host in HOSTS else (host,))
    with ExitStack() as stack:
        port = listeners(stack, "127.0.0.9")
        places = tuple(Place(host, port) for host in HOSTS)
        way = replace(flow(), places=places, control=Place("127.0.0.9", port))
        assert tried(way).verdict is Verdict.PASS


class Breaks:
    """A dial behind which the first `good` places take a connection; then the way there is gone."""

    def __init__(self, good: int) -> None:
        self.left = good

    def remaining_s(self) -> float:
        return 60.0

    def lookup(self, host: str) -> Lookup:
        return Lookup((host,), 0.0)

    def at(self, host: str, address: str) -> "Breaks":
        del host, address
        return self

    @contextmanager
    def tcp(self, host: str, port: int, *, wait_s: float | None = None) -> Iterator[Stream]:
        if not self.left:
            raise Unreached(Reason.JUMP_UNREACHED, f"{host} {port} {wait_s}")
        self.left -= 1
        with socket.socket() as sock:
            yield Stream(sock, host, 0.0)


def test_an_open_port_stays_found_where_the_way_breaks_afterwards() -> None:
    way = flow(hosts=3)
    body = ask_ways.collect(way, Breaks(2))  # the control, then the first port
    found = judged(way, ways(Answer("flow.ways", Status.OK, body)))
    assert (found.verdict, found.places) == (Verdict.FAIL, ("a.example:445",))
    for stopped, expect in ((1, "closed"), (2, "open")):
        with pytest.raises(Unreached) as caught:
            ask_ways.collect(replace(way, expect=expect), Breaks(stopped))
        assert caught.value.reason is Reason.JUMP_UNREACHED


NO_ROUTE = "2001:db8::1"


@pytest.mark.parametrize("addresses", [(NO_ROUTE, HOST), (HOST, NO_ROUTE)])
def test_what_cannot_be_reached_over_ipv6_is_not_closed_beside_a_control_over_ipv4(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    name, seen = name_has(monkeypatch, *addresses), list[Judgement]()

    def ask() -> None:
        with socket.create_server((HOST, 0)) as control:
            held = Place(HOST, control.getsockname()[1])
            shut = [(Place(host, free_port()),) for host in (name, HOST)]
            seen.extend(tried(replace(flow(), places=places, control=held)) for places in shut)

    with island() as namespace:
        inside(namespace, ask)
    named, plain = seen
    assert (named.verdict, named.reason) == (Verdict.UNKNOWN, Reason.NO_CONTROL)
    assert "IPv6" in named.note
    assert named.places[0].startswith(name)
    assert plain.verdict is Verdict.PASS


def test_a_name_service_that_is_silent_is_no_closed_way() -> None:
    class Silent(Breaks):
        def lookup(self, host: str) -> Lookup:
            if host.startswith("k."):
                return super().lookup(host)
            raise Unreached(Reason.NO_ANSWER, "name service")

    body = ask_ways.collect(flow(), Silent(9))
    found = judged(flow(), ways(Answer("flow.ways", Status.OK, body)))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.NO_ANSWER)


def test_silence_there_was_no_time_for_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.flows.WAY_WAIT_S", 1.0)
    with black_hole() as hole, socket.create_server((HOST, 0)) as control:
        held = Place(HOST, control.getsockname()[1])
        way = replace(flow(), places=(Place(HOST, hole),), control=held)
        assert tried(way, deadline_s=4).verdict is Verdict.PASS
        assert tried(way, deadline_s=1.5).verdict is Verdict.UNKNOWN
