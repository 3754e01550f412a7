"""Zones, vantages and flows as a town declares them: what is wrong is named by line, nothing is guessed."""

from pathlib import Path

import pytest

from auditor.errors import ConfigError
from auditor.register import Place
from auditor.targets import Town
from auditor.town import load_town
from auditor.zones import Vantage, shipped_borders, shipped_zones
from tests.whole.test_faults import LOCAL, TOWN, town

JUMP = '[ssh]\naccount = "auditor"\n[[ssh.jumps]]\nid = "far"\nhost = "far.example"\n'
ZONE = '[[zones]]\nid = "school"\nname = "学校系"\n'
FAR = '[[vantages]]\nid = "far"\nname = "遠"\nzone = "lgwan"\njump = "far"\ncontrol = "[fd00::1]:443"\n'
HERE = '[[vantages]]\nid = "here"\nname = "近"\nzone = "school"\n'
FLOW = (
    '[[flows]]\nid = "f"\nname = "経路"\nfrom = "far"\nto = "mynumber"\n'
    'hosts = ["m.example", "10.0.0.5"]\nports = [445, 22]\nexpect = "closed"\n'
)
GATEWAY = (
    '[[gateways]]\nid = "g"\nname = "口"\nhost = "g.example"\n'
    'reachable_from = ["here"]\nunreachable_from = ["far"]\n'
)
ALL = JUMP + ZONE + FAR + HERE + FLOW + GATEWAY


def loaded(folder: Path, text: str) -> Town:
    return load_town(town(folder, LOCAL, toml=TOWN.replace("[[sec", f"{text}[[sec", 1))).town


def test_a_flow_is_every_port_of_every_host_and_takes_its_vantage_s_control(tmp_path: Path) -> None:
    found = loaded(tmp_path, ALL)
    assert found.vantages[0] == Vantage(
        id="far", name="遠", zone="lgwan", jump="far", control=Place("fd00::1", 443)
    )
    (flow,) = found.flows
    assert (flow.source, flow.origin, flow.zone, flow.expect) == ("far", "lgwan", "mynumber", "closed")
    assert [str(place) for place in flow.places] == [
        "m.example:445",
        "m.example:22",
        "10.0.0.5:445",
        "10.0.0.5:22",
    ]
    assert flow.control == found.vantages[0].control
    assert [zone.id for zone in found.zones] == [*(zone.id for zone in shipped_zones()), "school"]
    assert (found.gateways[0].reachable_from, found.gateways[0].unreachable_from) == (("here",), ("far",))
    assert flow in found.targets


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('jump = "far"', 'jump = "near"', "unknown_jump_host"),
        ('zone = "lgwan"', 'zone = "moon"', "unknown_zone"),
        ('to = "mynumber"', 'to = "moon"', "unknown_zone"),
        ('expect = "closed"', 'expect = "closed"\nroad = "ssh"', "bad_choice"),
        ('from = "far"', 'from = "nowhere"', "unknown_vantage"),
        ('reachable_from = ["here"]', 'reachable_from = ["gone"]', "unknown_vantage"),
        ('unreachable_from = ["far"]', 'unreachable_from = ["here"]', "vantage_control"),
        ('reachable_from = ["here"]', 'reachable_from = ["far"]', "vantage_both"),
        ('control = "[fd00::1]:443"\n', "", "flow_control"),
        ('expect = "closed"', 'expect = "shut"', "bad_choice"),
        ('expect = "closed"', 'expect = "closed"\ncontrol = "10.0.0.5:22"', "control_asked"),
        ("[fd00::1]:443", "fd00::1", "bad_place"),
        ("ports = [445, 22]", "ports = []", "blank"),
        ("ports = [445, 22]", "ports = [0]", "bad_port"),
        ("ports = [445, 22]", f"ports = {list(range(1, 40))}", "too_many_ways"),
        ('"10.0.0.5"', '"10.0.0.0/24"', "bad_host"),
        ('id = "school"', 'id = "lgwan"', "segment_twice"),
        ('id = "here"', 'id = "far"', "segment_twice"),
        ("[fd00::1]:443", "127.0.0.9:443", "control_here"),
        ("[fd00::1]:443", "[::1]:443", "control_here"),
        ("[fd00::1]:443", "localhost:443", "control_here"),
        ("[fd00::1]:443", "0.0.0.0:443", "control_here"),
        ("[fd00::1]:443", "far.example:443", "control_here"),
        ('expect = "closed"', 'expect = "closed"\ncontrol = "127.0.0.9:443"', "control_here"),
        ('expect = "closed"', 'expect = "closed"\ncontrol = "FAR.example:8443"', "control_here"),
        ('jump = "far"\n', "", "one_machine"),
        ('zone = "school"', 'zone = "school"\njump = "far"', "one_machine"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in ALL
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, ALL.replace(old, new, 1))
    found = {problem.key: problem for problem in caught.value.problems}
    assert key in found
    assert found[key].line


def test_a_control_on_the_machine_that_looks_is_taken_where_all_it_looks_at_is_there_too(
    tmp_path: Path,
) -> None:
    inside = ALL.replace("[fd00::1]:443", "127.0.0.9:443").replace("m.example", "127.0.0.1")
    inside = inside.replace("10.0.0.5", "localhost").replace("g.example", "::1")
    assert loaded(tmp_path, inside).flows[0].control == Place("127.0.0.9", 443)


def test_several_vantages_of_one_machine_may_stand_in_its_one_zone(tmp_path: Path) -> None:
    """They may differ in their control."""
    again = HERE.replace('id = "here"', 'id = "again"')
    assert [each.zone for each in loaded(tmp_path, ALL + again).vantages] == ["lgwan", "school", "school"]


def test_the_shipped_layers_are_the_three_and_their_borders_name_no_other() -> None:
    ids = {zone.id for zone in shipped_zones()}
    assert {"mynumber", "lgwan", "internet"} <= ids
    assert {border.source for border in shipped_borders()} | {
        border.to for border in shipped_borders()
    } <= ids
