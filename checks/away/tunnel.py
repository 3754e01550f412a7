"""Tunnels to the town: which are set up and up, and whether anything goes beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.api import (
    Answer,
    Endpoint,
    Garbled,
    Judgement,
    Params,
    Reason,
    Town,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    unknown,
)
from checks._read import columns, listed, members, record, truth, whole, word
from checks.away import _tunnels

VPN = 2
"""Type of a phonebook entry ([MS-RRASM] 2.2.2.2): 1 telephone, 2 virtual private network, 5 broadband."""
PPTP_ONLY = 1
STRATEGIES = {
    0: "automatic",
    1: "pptp",
    2: "pptp",
    3: "l2tp",
    4: "l2tp",
    5: "sstp",
    6: "sstp",
    7: "ikev2",
    8: "ikev2",
}
ENTRY = (
    "Type",
    "VpnStrategy",
    "IpPrioritizeRemote",
    "Ipv6PrioritizeRemote",
    "PhoneNumber",
    "CacheCredentials",
)
PROFILE = ("server", "split", "type", "encryption", "remember", "methods")
STATE = ("up", "takes4", "takes6")
NO_SAFE_WAY_IN = frozenset({"Pap", "Chap", "MSChapv2"})


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One tunnel that is set up: to `server` (lower case, "" = not told), of which `kind`.

    `up` None = cannot be told. `split` = its profile lets other traffic pass beside it, None = not told.
    `takes4`, `takes6` = now the internet's traffic goes into it; None = not told, or no such way out at all.
    `weak` names what its profile allows: pptp, unencrypted, password, remembered.
    """

    server: str
    kind: str
    up: bool | None
    split: bool | None
    takes4: bool | None
    takes6: bool | None
    weak: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tunnels:
    """All of them, whoever's they are; `way4`, `way6` = the kind of line a packet to the internet takes.

    `unread` = there are profiles that this account may not read.
    """

    all: tuple[Tunnel, ...]
    way4: str
    way6: str
    unread: bool = False

    @property
    def unresolved(self) -> tuple[str, ...]:
        """What this account could not see."""
        return ("profiles",) if self.unread else ()

    def of(self, town: Town) -> tuple[Tunnel, ...]:
        """Those that lead to a declared entrance; another programme's tunnel is none of the town's."""
        hosts = {gateway.host.casefold().rstrip(".") for gateway in town.gateways if gateway.host}
        return tuple(tunnel for tunnel in self.all if tunnel.server in hosts)


@fact("net.vpn", explains=("PATH-01",), windows=_tunnels.WINDOWS)
def windows_tunnels(answer: Answer) -> Tunnels:
    """Phonebook entries ([MS-RRASM]; IpPrioritizeRemote 1 = all traffic) and the profiles of all users."""
    values = record(answer, "way4", "way6", "entries", "profiles")
    found = []
    for row in listed(values["entries"]):
        one = members(row, "entries", *ENTRY, *STATE)
        if whole(one["Type"], "Type") == VPN:
            found.append(_entry(one))
    found += [_profile(members(row, "profiles", *PROFILE, *STATE)) for row in listed(values["profiles"])]
    return Tunnels(tuple(found), word(values["way4"], "way4"), word(values["way6"], "way6"))


def _entry(one: Mapping[str, Any]) -> Tunnel:
    strategy = whole(one["VpnStrategy"], "VpnStrategy")
    first, second = (whole(one[name], name) for name in ("IpPrioritizeRemote", "Ipv6PrioritizeRemote"))
    split = None if first is None else first != 1 or second not in (None, 1)
    weak = ["pptp"] if strategy == PPTP_ONLY else []
    if whole(one["CacheCredentials"], "CacheCredentials") == 1:
        weak.append("remembered")
    server = word(one["PhoneNumber"], "PhoneNumber")
    up, *takes = _state(one)
    return Tunnel(
        _host(server), STRATEGIES.get(strategy or 0, ""), up, split, takes[0], takes[1], tuple(weak)
    )


def _profile(one: Mapping[str, Any]) -> Tunnel:
    methods = {word(name, "methods") for name in listed(one["methods"])}
    kind, encryption = word(one["type"], "type"), word(one["encryption"], "encryption")
    weak = [
        *(["pptp"] if kind == "Pptp" else []),
        *(["unencrypted"] if encryption in ("NoEncryption", "Optional") else []),
        *(["password"] if methods & NO_SAFE_WAY_IN and "Eap" not in methods else []),
        *(["remembered"] if truth(one["remember"], "remember") else []),
    ]
    split = truth(one["split"], "split")
    up, *takes = _state(one)
    return Tunnel(
        _host(word(one["server"], "server")), kind.casefold(), up, split, takes[0], takes[1], tuple(weak)
    )


def _state(one: Mapping[str, Any]) -> list[bool | None]:
    return [truth(one[name], name) for name in STATE]


def _host(text: str) -> str:
    return text.strip().casefold().rstrip(".")


@fact("net.vpn", explains=("PATH-01",), linux=_tunnels.LINUX, macos=_tunnels.MACOS)
def unix_tunnels(answer: Answer) -> Tunnels:
    """Profiles of NetworkManager, WireGuard and OpenVPN, or macOS' services, and the ways of two packets.

    A tunnel interface is a profile's only where the profile names it.
    """
    rows = columns(answer, {"way": 4, "link": 2, "tunnel": 6, "service": 4, "unread": 1})
    ways = {row[1]: (row[2], row[3]) for row in rows if row[0] == "way"}
    links = {row[1] for row in rows if row[0] == "link"}
    found = [_configured(row[1:], ways, links) for row in rows if row[0] == "tunnel"]
    found += [_service(row[1:], ways) for row in rows if row[0] == "service"]
    unread = any(row[0] == "unread" for row in rows)
    return Tunnels(tuple(found), ways.get("4", ("", ""))[0], ways.get("6", ("", ""))[0], unread)


def _configured(row: list[str], ways: Mapping[str, tuple[str, str]], links: set[str]) -> Tunnel:
    kind, host, face, split4, split6 = row
    known = face not in ("-", "tun", "tap")
    up = face in links if known else None
    takes = [ways[family][1] == face if known and family in ways else None for family in ("4", "6")]
    sides = {_split(split4), _split(split6)} if "6" in ways else {_split(split4)}
    split = True if True in sides else None if None in sides else False
    return Tunnel(_host(host) if host != "-" else "", kind, up, split, takes[0], takes[1], _weak(kind))


def _weak(kind: str) -> tuple[str, ...]:
    return ("pptp",) if kind == "pptp" else ()


def _split(text: str) -> bool | None:
    if text not in ("yes", "no", "-"):
        raise Garbled(f"split is {text!r:.20}")
    return None if text == "-" else text == "yes"


def _service(row: list[str], ways: Mapping[str, tuple[str, str]]) -> Tunnel:
    """MacOS names no interface: while connected, a tunnel that takes the internet may be another's."""
    host, state, split = row
    if state not in ("up", "down"):
        raise Garbled(f"state is {state!r:.20}")
    takes = [False if family in ways and ways[family][0] != "tunnel" else None for family in ("4", "6")]
    return Tunnel(_host(host) if host != "-" else "", "", state == "up", _split(split), takes[0], takes[1])


@check("RA-10")
def nothing_goes_beside(tunnels: Tunnels, endpoint: Endpoint, town: Town, params: Params) -> Judgement:
    """While connected, the way a packet would take; else what the profile says. The worse of both counts."""
    mine = tunnels.of(town)
    if not endpoint.method and not tunnels.all and not tunnels.unread:
        return not_applicable("no_vpn")
    if not mine:
        reason = Reason.NO_PERMISSION if tunnels.unread else Reason.NOT_MEASURABLE
        return unknown(reason, "no readable VPN profile leads to a declared entrance")
    now = any(one.up and (one.takes4 is False or one.takes6 is False) for one in mine)
    profiles = sum(one.split is True for one in mine)
    if now or profiles:
        if params.flag("split_cloud" if endpoint.zone == "internet" else "split_lgwan"):
            return passed("allowed")
        return failed("now") if now else failed("profile", count=profiles)
    return _all_through(mine, unread=tunnels.unread)


def _all_through(mine: tuple[Tunnel, ...], *, unread: bool) -> Judgement:
    if unread:
        return unknown(Reason.NO_PERMISSION, "further profiles cannot be read")
    if any(one.split is None and not (one.up and one.takes4) for one in mine):
        return unknown(Reason.NOT_MEASURABLE, "the profile does not tell, and it is not connected")
    return passed("now_all" if any(one.up and one.takes4 for one in mine) else "ok")
