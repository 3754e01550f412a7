"""Firewalls that let everything in by a detour are never judged closed."""

import json
from typing import Any

import pytest

from auditor.findings import Reason
from tests.endpoint.conftest import answer, judged, pc

TCP = {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": {"set": ["tcp", "udp"]}}}
PORT = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}
ANYWHERE = {
    "match": {
        "op": "==",
        "left": {"payload": {"protocol": "ip", "field": "saddr"}},
        "right": {"prefix": {"addr": "0.0.0.0", "len": 0}},
    }
}
ACCEPT: dict[str, Any] = {"accept": None}
DROP: dict[str, Any] = {"drop": None}


def state(*words: str) -> dict[str, Any]:
    return {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": list(words)}}


def chain(name: str = "input", policy: str | None = "drop") -> dict[str, Any]:
    row = {"family": "inet", "table": "t", "name": name}
    hook = {"type": "filter", "hook": "input", "prio": 0, "policy": policy}
    return {"chain": {**row, **(hook if policy else {})}}


def rule(*acts: dict[str, Any], of: str = "input") -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": "t", "chain": of, "expr": list(acts)}}


def verdict(body: str) -> str:
    given = judged(
        "EP-08", {"fw.profiles": answer("fw.profiles", {"status": "ok", "body": body})}, endpoint=pc("linux")
    )
    assert given.verdict != "unknown" or given.reason is Reason.NOT_MEASURABLE
    return given.verdict.value


def nft(*items: dict[str, Any]) -> str:
    return verdict("ipv6\toff\nnft\t" + json.dumps({"nftables": list(items)}) + "\n")


def ipt(*lines: str) -> str:
    rows = ("*filter", ":INPUT DROP [0:0]", *lines, "COMMIT")
    return verdict("ipv6\toff\n" + "".join(f"iptables\t{row}\n" for row in rows))


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((chain(), chain("all", None), rule({"jump": {"target": "all"}}), rule(ACCEPT, of="all")), "fail"),
        ((chain(), rule({"jump": {"target": "missing"}})), "unknown"),
        (
            (
                chain(),
                chain("a", None),
                rule({"jump": {"target": "a"}}),
                rule({"jump": {"target": "a"}}, of="a"),
            ),
            "unknown",
        ),
        ((chain(), rule({"log": {"prefix": "x"}}, ACCEPT)), "fail"),
        ((chain(), rule({"counter": {}}, {"log": None}, ACCEPT)), "fail"),
        ((chain(), rule(TCP, ACCEPT)), "unknown"),
        ((chain(), rule(ANYWHERE, ACCEPT)), "unknown"),
        ((chain(), rule(state("new", "established"), ACCEPT)), "unknown"),
        ((chain(), rule({"xt": None}, ACCEPT)), "unknown"),
        ((chain(), rule({"queue": {"num": 0}})), "unknown"),
        (({"table": {"family": "inet", "name": "t", "flags": "dormant"}}, chain()), "fail"),
        ((chain(policy="accept"), rule({"return": None}), rule(DROP)), "fail"),
        (
            (chain(policy="accept"), chain("all", None), rule({"goto": {"target": "all"}}), rule(DROP)),
            "fail",
        ),
        (
            (
                chain(policy="accept"),
                chain("filter_IN_office", None),
                rule({"goto": {"target": "filter_IN_office"}}),
                rule({"reject": {}}),
                rule(ACCEPT, of="filter_IN_office"),
            ),
            "fail",
        ),
    ],
)
def test_a_detour_in_nftables_is_followed(items: tuple[dict[str, Any], ...], expected: str) -> None:
    assert nft(*items) == expected


def test_a_usual_nftables_ruleset_is_closed() -> None:
    answered = {
        "vmap": {
            "key": {"ct": {"key": "state"}},
            "data": {"set": [["established", ACCEPT], ["invalid", DROP]]},
        }
    }
    lo = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}
    ping = {
        "match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": {"set": ["icmp", "ipv6-icmp"]}}
    }
    rules = (
        rule(state("established", "related"), ACCEPT),
        rule(answered),
        rule(lo, ACCEPT),
        rule(ping, ACCEPT),
    )
    own = (chain("own", None), rule({"jump": {"target": "own"}}), rule(PORT, ACCEPT, of="own"))
    assert nft(chain(policy="accept"), *rules, *own, rule({"reject": {}})) == "pass"


@pytest.mark.parametrize("right", [{"range": [1, 65535]}, "@ports"])
def test_a_port_condition_that_selects_nothing_known_is_unknown(right: object) -> None:
    wide = {"match": {**PORT["match"], "right": right}}
    assert nft(chain(), rule(wide, ACCEPT)) == "unknown"
    assert nft(chain(), rule({"match": {**PORT["match"], "op": "!="}}, ACCEPT)) == "unknown"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((":ALLIN - [0:0]", "-A INPUT -j ALLIN", "-A ALLIN -j ACCEPT"), "fail"),
        ((":ALLIN - [0:0]", "-A INPUT -g ALLIN", "-A ALLIN -j ACCEPT"), "fail"),
        (('-A INPUT -m comment --comment "a -j b" -j ACCEPT',), "fail"),
        (("-A INPUT -p tcp -j ACCEPT", "-A INPUT -p udp -j ACCEPT"), "unknown"),
        (("-A INPUT -i eth0 -j ACCEPT",), "unknown"),
        (("-A INPUT -s 192.168.0.0/16 -j ACCEPT",), "unknown"),
        (("-A INPUT -s 192.168.0.0/16 -p tcp -m tcp --dport 22 -j ACCEPT",), "pass"),
        (("-A INPUT -s 172.16.0.0/12 -j ACCEPT",), "unknown"),
        (("-A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT",), "unknown"),
        (("-A INPUT -p tcp -m tcp ! --dport 22 -j ACCEPT",), "unknown"),
        (("-A INPUT -j NFQUEUE --queue-num 0",), "unknown"),
        (
            (":L - [0:0]", "-A INPUT -j L", "-A L -m addrtype --dst-type LOCAL -j RETURN", "-A L -j DROP"),
            "pass",
        ),
        (
            (
                ":U - [0:0]",
                "-A INPUT -i lo -j ACCEPT",
                "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                "-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT",
                "-A INPUT -s 192.168.10.0/24 -j ACCEPT",
                "-A INPUT -j U",
                '-A U -p tcp -m tcp --dport 22 -m comment --comment "ssh" -j ACCEPT',
                '-A U -m limit --limit 3/min -j LOG --log-prefix "[UFW BLOCK] "',
            ),
            "pass",
        ),
    ],
)
def test_a_detour_in_iptables_is_followed(lines: tuple[str, ...], expected: str) -> None:
    assert ipt(*lines) == expected


def test_whoever_is_on_the_same_line_is_no_selection_of_senders() -> None:
    near = {
        "match": {
            "op": "==",
            "left": {"payload": {"protocol": "ip6", "field": "saddr"}},
            "right": {"prefix": {"addr": "fe80::", "len": 10}},
        }
    }
    assert nft(chain(), rule(near, ACCEPT)) == "unknown"
    assert nft(chain(), rule(near, PORT, ACCEPT)) == "pass"
