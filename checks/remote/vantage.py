"""Where an entrance answers and where it does not: what the town's vantages saw of it.

An entrance that must be reached from a place and is refused there fails at once. Silence, in either
direction, only counts beside a port that is known to be open from the same place.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.api import (
    EVERY,
    Answer,
    Dial,
    Gateway,
    Judgement,
    NotKnown,
    Reason,
    Unknown,
    Unreached,
    Views,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote._addresses import FAMILIES, NOT_ASKED, families, knock_each, mute, together
from checks.remote._read import compact, listed, members, one_of
from checks.remote._wire import (
    ANSWERED,
    NAME_NOT_FOUND,
    PROHIBITED,
    REFUSED,
    SILENT,
    WRONG_SERVICE,
)
from checks.remote.reach import Reach

WAIT_S = 3.0
TRIES = 2
OUTCOMES = (ANSWERED, REFUSED, SILENT, PROHIBITED, NAME_NOT_FOUND, NOT_ASKED)

SAID_NO = frozenset({REFUSED, PROHIBITED, NAME_NOT_FOUND, WRONG_SERVICE})
"""Somebody said that our people do not get in from there."""

SHUT = frozenset({REFUSED, PROHIBITED, SILENT})
"""Nothing took a connection from there."""


@dataclass(frozen=True, slots=True)
class Knock:
    """How a bare TCP connect ended: what takes it and then stays silent is open all the same.

    `mute` = over what (IPv4, IPv6, "" = a name that the SSH host looked up) nobody refused.
    """

    outcome: str
    mute: tuple[str, ...] = ()


@probe("gateway.knock", kind="gateway", vantages=EVERY, most=TRIES)
def ask_knock(gateway: Gateway, dial: Dial) -> bytes:
    """One connect to each address, again after silence, closed at once; none where nothing is said of it.

    Raises:
        NotKnown: NOT_DECLARED, or NOT_MEASURABLE (over UDP silence never means closed).
    """
    if not gateway.unreachable_from:
        raise NotKnown(Reason.NOT_DECLARED, "unreachable_from names no vantage")
    if gateway.transport != "tcp":
        raise NotKnown(Reason.NOT_MEASURABLE, "UDP: silence does not mean closed")
    outcomes = _knocked(gateway, dial)
    return compact({"outcome": together(outcomes.values()), "mute": families(mute(outcomes))})


def _knocked(gateway: Gateway, dial: Dial) -> Mapping[str, str]:
    try:
        return knock_each(dial, gateway.host, gateway.port, WAIT_S, TRIES)
    except Unreached as error:
        if error.reason is not Reason.NAME_NOT_FOUND:
            raise
        return {gateway.host: NAME_NOT_FOUND}


@fact("gateway.knock", probe=ask_knock)
def knocked(answer: Answer) -> Knock:
    """The outcome as it was written down."""
    value = members(answer.json(), answer.id, "outcome", "mute")
    silent = (one_of(each, "mute", FAMILIES) for each in listed(value["mute"], "mute", len(FAMILIES)))
    return Knock(one_of(value["outcome"], "outcome", OUTCOMES), tuple(silent))


def _outcome(seen: Reach) -> str:
    """The last try's outcome: the first that is not answered is the last."""
    return seen.tries[-1].outcome


@check("GW-71")
def reached_from_where_it_must(gateway: Gateway, direct: Reach | Unknown, views: Views) -> Judgement:
    """It answers from every place that the town says it must be reached from."""
    del direct  # named so that the probe runs; what it saw is judged elsewhere
    if not gateway.reachable_from:
        return not_applicable("undeclared")
    lost: list[str] = []
    gaps: list[Unknown] = []
    for id_ in gateway.reachable_from:
        seen = views.of(Reach).get(id_, Unknown(Reason.NOT_COLLECTED, "no answer"))
        if isinstance(seen, Unknown):
            gaps.append(Unknown(seen.reason, f"{id_}: {seen.note}"))
        elif (outcome := _outcome(seen)) in SAID_NO or (outcome != ANSWERED and id_ in views.controlled):
            lost.append(f"{id_}: {outcome}")
        elif outcome != ANSWERED:
            gaps.append(Unknown(Reason.NO_CONTROL, f"{id_}: {outcome}"))
    if lost:
        return failed("lost", places=tuple(lost), count=len(lost))
    if gaps:
        return unknown(gaps[0].reason, gaps[0].note, places=tuple(gap.note for gap in gaps))
    return passed("ok", count=len(gateway.reachable_from))


def _doubt(seen: Knock, over: frozenset[str]) -> tuple[Reason, str] | None:
    """Why what was seen proves no closed way, None = it does; `over` = what the known open port answers."""
    if seen.outcome not in SHUT:
        reason = Reason.NO_ANSWER if seen.outcome == NOT_ASKED else Reason.NAME_NOT_FOUND
        return reason, seen.outcome
    if not over:
        return Reason.NO_CONTROL, seen.outcome
    if "" in seen.mute:
        told = "declare its address: an SSH host does not tell which one of a name it tried"
        return Reason.NOT_MEASURABLE, f"{seen.outcome}; {told}"
    missed = [each for each in seen.mute if each not in over]
    told = f"{seen.outcome}; control is not known to answer over {', '.join(missed)}"
    return (Reason.NO_CONTROL, told) if missed else None


@check("GW-72")
def not_reached_from_where_it_must_not(gateway: Gateway, direct: Knock | Unknown, views: Views) -> Judgement:
    """It takes no connection from any place that the town says it must not be reached from."""
    del direct
    if not gateway.unreachable_from:
        return not_applicable("undeclared")
    opened: list[str] = []
    gaps: list[Unknown] = []
    for id_ in gateway.unreachable_from:
        seen = views.of(Knock).get(id_, Unknown(Reason.NOT_COLLECTED, "no answer"))
        if isinstance(seen, Unknown):
            gaps.append(Unknown(seen.reason, f"{id_}: {seen.note}"))
        elif seen.outcome == ANSWERED:
            opened.append(id_)
        elif doubt := _doubt(seen, views.controlled.get(id_, frozenset())):
            gaps.append(Unknown(doubt[0], f"{id_}: {doubt[1]}"))
    if opened:
        return failed("open", places=tuple(opened), count=len(opened))
    if gaps:
        return unknown(gaps[0].reason, gaps[0].note, places=tuple(gap.note for gap in gaps))
    return passed("ok", count=len(gateway.unreachable_from))
