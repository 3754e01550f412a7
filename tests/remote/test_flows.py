"""Ways between segments: what was seen is read strictly, and closed is only believed beside a control."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Answer, Flow, Garbled, Params, Reason, Status, Verdict
from auditor.register import Place
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


ROW = {"host": "a.example", "port": 445, "outcome": "refused"}


@pytest.mark.parametrize(
    "body",
    [
        {"ways": [], "before": "none", "after": "none"},
        {"ways": [ROW, ROW], "before": "none", "after": "none"},
        {"ways": [{**ROW, "outcome": "shut"}], "before": "none", "after": "none"},
        {"ways": [{**ROW, "port": 70000}], "before": "none", "after": "none"},
        {"ways": [{**ROW, "port": True}], "before": "none", "after": "none"},
        {"ways": [ROW] * 65, "before": "none", "after": "none"},
        {"ways": [ROW], "before": "perhaps", "after": "none"},
        {"ways": [ROW], "before": "none"},
        {"ways": ROW, "before": "none", "after": "none"},
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
