"""What the kernel's packet filter does with a packet that nothing allowed, by the rule lists of two tools."""

import ipaddress
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from auditor.api import Garbled, strict_json
from checks.endpoint._read import listed


class Input(StrEnum):
    """What becomes of an unexpected incoming packet. `OPEN` = a filter is there and lets it in."""

    CLOSED = "closed"
    OPEN = "open"
    UNCLEAR = "unclear"
    NO_FILTER = "none"


class Hit(StrEnum):
    """Whether a rule's conditions match the unexpected packet."""

    ALWAYS = "always"
    MAYBE = "maybe"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Rule:
    """`act` = accept, drop, return, jump, goto, or "" for none; `target` = the chain jumped to."""

    hit: Hit
    act: str
    target: str = ""


FAMILIES = {"ip": ("ipv4",), "ip6": ("ipv6",), "inet": ("ipv4", "ipv6")}
ALL_IN = frozenset({"filter_IN_trusted", "filter_INP_trusted"})
"""firewalld's chain of the zone that accepts everything; it exists only while an interface is in it."""
ORDER = (Input.CLOSED, Input.UNCLEAR, Input.OPEN, Input.NO_FILTER)
"""A packet must pass every base chain, so one that is closed closes."""
BOTH = frozenset({"accept", "drop"})
SILENT = frozenset({"counter", "log", "comment"})
"""nft statements that neither ask nor decide."""
ANSWERED = frozenset({"established", "related"})
PINGS = frozenset({"icmp", "icmpv6", "ipv6-icmp", "1", "58"})
"""Protocols without ports: no service can be reached by them."""
MANY_PORTS = 1024
"""A span of ports wider than that is no selection of services."""
NARROW = {4: 17, 6: 17}
"""The shortest prefix, by IP version, that still selects senders; any home is in 192.168.0.0/16."""


@dataclass(slots=True)
class Walk:
    """Where the unexpected packet can end in a chain: accept, drop, or return to where it came from."""

    chains: Mapping[str, Iterable[Rule]]
    seen: dict[str, frozenset[str]] = field(default_factory=dict)

    def through(self, name: str, depth: int = 0) -> frozenset[str]:
        """All ends that are possible; a chain that is missing or calls itself can end anywhere."""
        if name not in self.seen:
            self.seen[name] = BOTH
            if name in self.chains and depth < 64:  # noqa: PLR2004 - far below Python's own limit
                self.seen[name] = self._ends(self.chains[name], depth)
        return self.seen[name]

    def _ends(self, rules: Iterable[Rule], depth: int) -> frozenset[str]:
        ends: set[str] = set()
        for rule in rules:
            if rule.hit is Hit.NEVER or not rule.act:
                continue
            inner = rule.act in ("jump", "goto")
            result = set(self.through(rule.target, depth + 1)) if inner else {rule.act}
            goes_on = rule.act == "jump" and "return" in result
            if rule.act == "jump":
                result.discard("return")
            if rule.hit is Hit.MAYBE:
                ends |= result - {"drop"}
                continue
            ends |= result
            if not goes_on:
                return frozenset(ends)
        return frozenset(ends | {"return"})

    def base(self, name: str, policy: str) -> Input:
        """The same for a base chain, where to return means its policy."""
        ends = {policy if end == "return" else end for end in self.through(name)}
        return Input.UNCLEAR if len(ends) > 1 else Input.CLOSED if ends == {"drop"} else Input.OPEN


def strongest(states: Iterable[Input]) -> Input:
    """What several base chains do together."""
    return min(states, key=ORDER.index)


def nftables(text: str) -> dict[str, Input]:
    """ipv4 and ipv6 by ``nft -j list ruleset``: what the base chains of hook input do, jumps followed.

    Raises:
        Garbled: not what nft prints.
    """
    value = strict_json(text.encode(), "nft")
    if not isinstance(value, dict) or "nftables" not in value:
        raise Garbled("nft: no ruleset")
    items = [item for item in listed(value["nftables"]) if isinstance(item, dict)]
    chains = [item["chain"] for item in items if isinstance(item.get("chain"), dict)]
    rules = [item["rule"] for item in items if isinstance(item.get("rule"), dict)]
    tables = [item["table"] for item in items if isinstance(item.get("table"), dict)]
    asleep = {_place(table, "name") for table in tables if "dormant" in listed(table.get("flags"))}
    result = {"ipv4": Input.NO_FILTER, "ipv6": Input.NO_FILTER}
    trusted = any(chain.get("name") in ALL_IN for chain in chains)
    rewrites = any({"dnat", "redirect", "xt"} & keys for rule in rules for keys in _keys(rule))
    for chain in chains:
        table = _place(chain, "table")
        if chain.get("hook") != "input" or chain.get("type") != "filter" or table in asleep:
            continue
        own: dict[str, list[Rule]] = {
            str(one.get("name")): [] for one in chains if _place(one, "table") == table
        }
        for rule in rules:
            if _place(rule, "table") == table:
                own.setdefault(str(rule.get("chain")), []).extend(_nft_rules(rule, rewrites=rewrites))
        state = Walk(own).base(str(chain.get("name")), "drop" if chain.get("policy") == "drop" else "accept")
        state = Input.OPEN if trusted else state
        for family in FAMILIES.get(str(chain.get("family")), ()):
            result[family] = strongest((result[family], state))
    return result


def _place(item: Mapping[str, Any], name: str) -> tuple[str, str]:
    return str(item.get("family")), str(item.get(name))


def _keys(rule: Mapping[str, Any]) -> list[set[str]]:
    return [set(act) for act in listed(rule.get("expr")) if isinstance(act, dict)]


def _nft_rules(rule: Mapping[str, Any], *, rewrites: bool) -> list[Rule]:
    """A rule of nft; a verdict map is as many rules as it has entries."""
    hits: list[Hit] = []
    found: list[Rule] = []
    for act in listed(rule.get("expr")):
        (key, value), *more = act.items() if isinstance(act, dict) and act else (("?", None),)
        if key in SILENT and not more:
            continue
        if key == "match" and not more:
            hits.append(_match(value, rewrites=rewrites))
        elif key == "vmap":
            found += [Rule(_all([*hits, hit]), *verdict) for hit, verdict in _entries(value, rewrites)]
        elif (verdict := _verdict(act)) is not None:
            found.append(Rule(_all(hits), *verdict))
        elif key == "queue":
            found.append(Rule(_all([*hits, Hit.MAYBE]), "accept"))
        else:
            hits.append(Hit.MAYBE)
    return found


def _all(hits: Iterable[Hit]) -> Hit:
    """Conditions together: one that never matches decides, then one that may."""
    given = set(hits)
    return Hit.NEVER if Hit.NEVER in given else Hit.MAYBE if Hit.MAYBE in given else Hit.ALWAYS


def _verdict(act: Any) -> tuple[str, str] | None:
    if not isinstance(act, dict) or len(act) != 1:
        return None
    ((key, value),) = act.items()
    if key in ("jump", "goto"):
        return key, str(value.get("target")) if isinstance(value, dict) else ""
    if key in ("accept", "drop", "return"):
        return key, ""
    if key == "reject":
        return "drop", ""
    return ("", "") if key == "continue" else None


def _entries(value: Any, rewrites: bool) -> list[tuple[Hit, tuple[str, str]]]:  # noqa: FBT001 - own caller only
    """The entries of a verdict map as conditions and verdicts; one that is not shown may accept."""
    data = value.get("data") if isinstance(value, dict) else None
    pairs = listed(data.get("set")) if isinstance(data, dict) else ()
    result = []
    for pair in pairs or (None,):
        verdict = _verdict(pair[1]) if isinstance(pair, list) and len(pair) == 2 else None  # noqa: PLR2004
        if verdict is None:
            result.append((Hit.MAYBE, ("accept", "")))
            continue
        match = {"op": "==", "left": value.get("key"), "right": pair[0]}
        result.append((_match(match, rewrites=rewrites), verdict))
    return result


def _match(value: Any, *, rewrites: bool) -> Hit:
    """Only a condition that surely shuts the unexpected packet out counts as narrowing."""
    if not isinstance(value, dict) or value.get("op") not in ("==", "in"):
        return Hit.MAYBE
    left, right = value.get("left"), value.get("right")
    elements = listed(right["set"]) if isinstance(right, dict) and set(right) == {"set"} else listed(right)
    left = left if isinstance(left, dict) else {}
    meta, payload, ct = (
        one if isinstance(one := left.get(name), dict) else {} for name in ("meta", "payload", "ct")
    )
    words = {one for one in elements if isinstance(one, str)} if elements else set()
    plain = bool(elements) and all(isinstance(one, str) for one in elements)
    narrow = False
    if meta.get("key") in ("iif", "iifname"):
        narrow = plain and words == {"lo"}
    elif meta.get("key") == "l4proto" or (payload.get("protocol"), payload.get("field")) == (
        "ip",
        "protocol",
    ):
        narrow = bool(elements) and {str(one) for one in elements} <= PINGS
    elif payload.get("protocol") in ("icmp", "icmpv6"):
        narrow = True
    elif payload.get("field") == "dport":
        narrow = bool(elements) and all(_few_ports(one) for one in elements)
    elif payload.get("field") == "saddr" and payload.get("protocol") in ("ip", "ip6"):
        narrow = bool(elements) and all(_some_senders(one) for one in elements)
    elif ct.get("key") == "state":
        narrow = plain and words <= ANSWERED
    elif ct.get("key") == "status":
        narrow = plain and words == {"dnat"} and not rewrites
    return Hit.NEVER if narrow else Hit.MAYBE


def _few_ports(one: Any) -> bool:
    if isinstance(one, dict) and set(one) == {"range"}:
        ends = listed(one["range"])
        return len(ends) == 2 and all(type(end) is int for end in ends) and ends[1] - ends[0] < MANY_PORTS  # noqa: PLR2004
    return type(one) is int


def _some_senders(one: Any) -> bool:
    if isinstance(one, dict) and isinstance(one.get("prefix"), dict):
        one = f"{one['prefix'].get('addr')}/{one['prefix'].get('len')}"
    try:
        network = ipaddress.ip_network(one, strict=False) if isinstance(one, str) else None
    except ValueError:
        return False
    return network is not None and network.prefixlen >= NARROW[network.version]


def iptables(text: str) -> Input:
    """One family by ``iptables-save``: what INPUT does, jumps followed."""
    lines = re.findall(r"(?ms)^\*filter$(.*?)^COMMIT$", text)
    if not lines:
        return Input.NO_FILTER
    policy = re.search(r"(?m)^:INPUT (\S+) ", lines[0])
    if policy is None:
        raise Garbled("iptables: no INPUT")
    chains: dict[str, list[Rule]] = {name: [] for name in re.findall(r"(?m)^:(\S+) ", lines[0])}
    for name, rule in re.findall(r"(?m)^-A (\S+)(.*)$", lines[0]):
        try:
            chains.setdefault(name, []).append(_ipt_rule(shlex.split(rule), chains))
        except ValueError:
            raise Garbled("iptables: a rule is not understood") from None
    return Walk(chains).base("INPUT", "accept" if policy[1] == "ACCEPT" else "drop")


def _ipt_rule(words: list[str], chains: Mapping[str, Any]) -> Rule:
    hits: list[Hit] = []
    negated = False
    while words:
        option, value = words[0], (*words, "")[1]
        if option in ("-j", "-g"):
            acts = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "drop", "RETURN": "return"}
            act = acts.get(value) or (("goto" if option == "-g" else "jump") if value in chains else "")
            if value in ("QUEUE", "NFQUEUE"):
                act, hits = "accept", [*hits, Hit.MAYBE]
            return Rule(_all(hits), act, value)
        if option == "!":
            negated, words = True, words[1:]
            continue
        if option != "--comment" and (option, value) != ("-m", "comment"):
            hits.append(Hit.NEVER if not negated and _ipt_narrow(option, value) else Hit.MAYBE)
        negated, words = False, words[2 if value[:1] not in ("-", "!") or option == "--comment" else 1 :]
    return Rule(Hit.ALWAYS, "")


def _ipt_narrow(option: str, value: str) -> bool:
    if option in ("--dport", "--dports"):
        spans = [re.fullmatch(r"([0-9]{1,5})(?::([0-9]{1,5}))?", one) for one in value.split(",")]
        return all(one is not None and int(one[2] or one[1]) - int(one[1]) < MANY_PORTS for one in spans)
    if option in ("--ctstate", "--state"):
        return {one.lower() for one in value.split(",")} <= ANSWERED
    return (
        (option == "-i" and value == "lo")
        or (option == "-p" and value in PINGS)
        or (option == "-s" and _some_senders(value))
    )
