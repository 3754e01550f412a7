"""What the kernel's packet filter does with a packet that nothing allowed, by the rule lists of two tools."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from auditor.api import Garbled, strict_json
from checks.endpoint._read import listed


class Input(StrEnum):
    """What becomes of an unexpected incoming packet. `OPEN` = a filter is there and lets it in."""

    CLOSED = "closed"
    OPEN = "open"
    NO_FILTER = "none"


FAMILIES = {"ip": ("ipv4",), "ip6": ("ipv6",), "inet": ("ipv4", "ipv6")}
ALL_IN = frozenset({"filter_IN_trusted", "filter_INP_trusted"})
"""firewalld's chain of the zone that accepts everything; it exists only while an interface is in it."""


def nftables(text: str) -> dict[str, Input]:
    """ipv4 and ipv6 by ``nft -j list ruleset``: a base chain of hook input that drops, or ends in a refusal.

    Raises:
        Garbled: not what nft prints.
    """
    value = strict_json(text.encode(), "nft")
    if not isinstance(value, dict) or "nftables" not in value:
        raise Garbled("nft: no ruleset")
    items = [item for item in listed(value["nftables"]) if isinstance(item, dict)]
    chains = [item["chain"] for item in items if isinstance(item.get("chain"), dict)]
    rules = [item["rule"] for item in items if isinstance(item.get("rule"), dict)]
    result = {"ipv4": Input.NO_FILTER, "ipv6": Input.NO_FILTER}
    trusted = any(chain.get("name") in ALL_IN for chain in chains)
    for chain in chains:
        if chain.get("hook") != "input" or chain.get("type") != "filter":
            continue
        own = [rule for rule in rules if _place(rule, "chain") == _place(chain, "name")]
        state = Input.CLOSED if _refuses(chain, own) and not trusted else Input.OPEN
        for family in FAMILIES.get(str(chain.get("family")), ()):
            result[family] = _stronger(result[family], state)
    return result


def _place(item: Mapping[str, Any], name: str) -> tuple[Any, Any, Any]:
    return item.get("family"), item.get("table"), item.get(name)


def _stronger(before: Input, after: Input) -> Input:
    """A packet must pass every base chain, so one that is closed closes."""
    return Input.CLOSED if Input.CLOSED in (before, after) else Input.OPEN


def _refuses(chain: Mapping[str, Any], rules: Iterable[Mapping[str, Any]]) -> bool:
    """True when a packet that matches no condition is not accepted."""
    for rule in rules:
        acts = [act for act in listed(rule.get("expr")) if isinstance(act, dict) and "counter" not in act]
        if len(acts) == 1 and set(acts[0]) <= {"accept", "drop", "reject"}:
            return "accept" not in acts[0]
    return chain.get("policy") == "drop"


def iptables(text: str) -> Input:
    """One family by ``iptables-save``: the policy of INPUT, or its first rule without a condition."""
    lines = re.findall(r"(?ms)^\*filter$(.*?)^COMMIT$", text)
    if not lines:
        return Input.NO_FILTER
    policy = re.search(r"(?m)^:INPUT (\S+) ", lines[0])
    if policy is None:
        raise Garbled("iptables: no INPUT")
    first = re.search(r"(?m)^-A INPUT -j (ACCEPT|DROP|REJECT)\b", lines[0])
    target = first[1] if first else policy[1]
    return Input.OPEN if target == "ACCEPT" else Input.CLOSED
