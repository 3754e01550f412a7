"""From this endpoint, where it is now: do the entrances that its user needs answer?"""

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from auditor.api import (
    Answer,
    Endpoint,
    Garbled,
    Gateway,
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
from checks._read import columns, listed, members, record, whole, word
from checks.away import _reach

OK, REFUSED, TIMEOUT, UNREACHABLE = "ok", "refused", "timeout", "unreachable"
NO_NAME, NO_DNS, NOT_TRIED, NO_TOOL, ERROR = "name-not-found", "no-dns", "not-tried", "no-tool", "error"
OUTCOMES = frozenset((OK, REFUSED, TIMEOUT, UNREACHABLE, NO_NAME, NO_DNS, NOT_TRIED, NO_TOOL, ERROR))
KINDS = frozenset(("wired", "wireless", "tunnel", "other", ""))
DOMAIN = 2
"""NetworkCategory of Windows: 0 public, 1 private, 2 the domain was met on it."""
CLOSED = tuple(
    ip_network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "127.0.0.0/8")
)
"""Addresses that no home line can mean: a name that leads there was asked inside."""
MAX_MS = 60_000
DIGEST = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Try:
    """One connect; `took_ms` None = not timed, `address` "" = no name led there, `way` = the line's kind."""

    id: str
    outcome: str
    took_ms: int | None
    address: str
    way: str


@dataclass(frozen=True, slots=True)
class FromHere:
    """What an endpoint reached, and from which network it tried.

    `lines` = the kinds of its ways out with a default route, each with a hash of the next hop's hardware
    address ("" = not told); none = offline. `categories` = Windows' word on the networks it is on, None =
    the system has no such notion. `ssid` = a hash of the Wi-Fi's name, "" = none or not told.
    """

    tries: tuple[Try, ...]
    lines: tuple[tuple[str, str], ...]
    categories: tuple[int, ...] | None
    ssid: str


@fact("path.reach", windows=_reach.WINDOWS)
def windows_reach(answer: Answer) -> FromHere:
    """Error codes of Winsock, numbers of NetworkInterfaceType and NetworkCategory."""
    values = record(answer, "tries", "lines", "categories", "ssid")
    tries = []
    for row in listed(values["tries"]):
        one = members(row, "tries", "id", "outcome", "ms", "address", "way")
        took, address = whole(one["ms"], "ms"), word(one["address"], "address")
        tries.append(_try(one["id"], one["outcome"], took, address, one["way"]))
    lines = [members(row, "lines", "kind", "gateway") for row in listed(values["lines"])]
    categories = tuple(whole(row, "category") for row in listed(values["categories"]))
    if any(category not in (0, 1, DOMAIN) for category in categories):
        raise Garbled(f"{answer.id}: a network category that is not known")
    return FromHere(
        _once(tries),
        tuple((_kind(row["kind"]), _digest(row["gateway"])) for row in lines),
        tuple(category for category in categories if category is not None),
        _digest(values["ssid"]),
    )


@fact("path.reach", linux=_reach.LINUX, macos=_reach.MACOS)
def unix_reach(answer: Answer) -> FromHere:
    """One line per entrance and per way out; neither system tells whether a network is the office's."""
    rows = columns(answer, {"tool": 2, "try": 6, "line": 3, "ssid": 2})
    if [row[0] for row in rows].count("tool") != 1:
        raise Garbled(f"{answer.id}: incomplete")
    tries = []
    for row in rows:
        if row[0] == "try":
            took = None if row[3] == "-" else whole(row[3], "ms")
            tries.append(_try(row[1], row[2], took, _given(row[4]), _given(row[5])))
    lines = tuple((_kind(row[1]), _digest(_given(row[2]))) for row in rows if row[0] == "line")
    ssids = [_digest(row[1]) for row in rows if row[0] == "ssid"]
    return FromHere(_once(tries), lines, None, ssids[0] if ssids else "")


def _given(text: str) -> str:
    return "" if text == "-" else text


def _try(id_: Any, outcome: Any, took_ms: int | None, address: str, way: Any) -> Try:
    outcome = word(outcome, "outcome")
    if outcome not in OUTCOMES:
        raise Garbled(f"outcome {outcome!r:.30} is not known")
    if took_ms is not None and not 0 <= took_ms <= MAX_MS:
        raise Garbled(f"{took_ms} ms")
    if address:
        _parsed(address)
    return Try(word(id_, "id"), outcome, took_ms, address, _kind(way))


def _parsed(address: str) -> Any:
    try:
        return ip_address(address.partition("%")[0])
    except ValueError:
        raise Garbled(f"{address!r:.60} is no address") from None


def _kind(value: Any) -> str:
    if (kind := word(value, "kind")) not in KINDS:
        raise Garbled(f"kind {kind!r:.30} is not known")
    return kind


def _digest(value: Any) -> str:
    if (text := word(value, "digest")) and not DIGEST.fullmatch(text):
        raise Garbled("a digest that is none")
    return text


def _once(tries: list[Try]) -> tuple[Try, ...]:
    if len({one.id for one in tries}) != len(tries):
        raise Garbled("an entrance stands twice")
    return tuple(tries)


@check("PATH-01")
def reaches_its_entrances(here: FromHere, endpoint: Endpoint, town: Town, params: Params) -> Judgement:
    """All entrances of the user's method and section answer; a slow one is told and still answers.

    One connect, timed with the start of a small program, is no ground for keeping somebody from work.

    A failure needs proof that the network itself worked. What was tried inside the office, or through a
    tunnel, says nothing about the line at home: 対象外, for it is neither proof nor obstacle.
    """
    gateways = entrances(endpoint, town)
    if not gateways:
        return not_applicable("no_entrance")
    if _inside(here, town):
        return not_applicable("office")
    tries = {one.id: one for one in here.tries}
    if missing := [gateway.id for gateway in gateways if gateway.id not in tries]:
        return unknown(Reason.NOT_COLLECTED, f"not tried: {', '.join(missing)}")
    mine = [(gateway, tries[gateway.id]) for gateway in gateways]
    if any(one.way == "tunnel" for _, one in mine):
        return not_applicable("tunnel")
    return _judged(here, mine, town, params.integer("limit_ms"))


def entrances(endpoint: Endpoint, town: Town) -> list[Gateway]:
    """The TCP entrances that the endpoint's method and section use; an unregistered method uses none."""
    user = next((person for person in town.staff if person.id == endpoint.user), None)
    method = endpoint.method or (user.method if user is not None else "")
    section = user.section if user is not None else endpoint.section
    return [
        gateway
        for gateway in town.gateways
        if method
        and gateway.host
        and gateway.transport == "tcp"
        and (not gateway.methods or method in gateway.methods)
        and (not gateway.sections or section in gateway.sections)
    ]


def _inside(here: FromHere, town: Town) -> bool:
    """The domain was met, or a declared name leads to an address that only the inside knows."""
    named = {gateway.id for gateway in town.gateways if not _literal(gateway.host)}
    return DOMAIN in (here.categories or ()) or any(
        any(_parsed(one.address) in net for net in CLOSED)
        for one in here.tries
        if one.address and one.id in named
    )


def _literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _judged(here: FromHere, mine: list[tuple[Gateway, Try]], town: Town, limit_ms: int) -> Judgement:
    bad = [(gateway, one) for gateway, one in mine if one.outcome != OK]
    if not bad:
        slow = [(gateway, one) for gateway, one in mine if (one.took_ms or 0) > limit_ms]
        if slow:
            worst = max(one.took_ms or 0 for _, one in slow)
            return passed("slow", places=tuple(gateway.name for gateway, _ in slow), took_ms=worst)
        return passed("ok" if here.categories else "somewhere", count=len(mine))
    outcomes = {one.outcome for _, one in bad}
    told = outcomes & {REFUSED, TIMEOUT, UNREACHABLE, NO_NAME}
    if not told:
        return _untold(outcomes)
    if not here.lines and all(one.outcome != OK for one in here.tries):
        return unknown(Reason.NO_ANSWER, "offline: no way out")
    if not _network_worked(here, town):
        return unknown(Reason.NO_CONTROL, "nothing proves that the network itself worked")
    key = "refused" if REFUSED in told else "no_name" if told == {NO_NAME} else "silent"
    places = tuple(gateway.name for gateway, one in bad if one.outcome in told)
    return failed(key, places=places, count=len(places), asked=len(mine))


def _untold(outcomes: set[str]) -> Judgement:
    if NO_TOOL in outcomes:
        return unknown(Reason.NOT_MEASURABLE, "no program here can try a connection")
    if NO_DNS in outcomes:
        return unknown(Reason.NO_ANSWER, "the name service does not answer")
    return unknown(Reason.NOT_COLLECTED, f"no usable outcome: {', '.join(sorted(outcomes))}")


def _network_worked(here: FromHere, town: Town) -> bool:
    """Another entrance answered; or there is a way out and the name service gave an address."""
    named = {gateway.id for gateway in town.gateways if not _literal(gateway.host)}
    answered = any(one.outcome == OK for one in here.tries)
    return answered or (bool(here.lines) and any(one.address for one in here.tries if one.id in named))
