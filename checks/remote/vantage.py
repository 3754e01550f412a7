"""Where an entrance answers and where it does not: what the town's vantages saw of it.

An entrance that must be reached from a place and is refused there fails at once. Silence, in either
direction, only counts beside a port that is known to be open from the same place.
"""

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
    Views,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote._read import compact, members, one_of
from checks.remote._wire import (
    ANSWERED,
    NAME_NOT_FOUND,
    PROHIBITED,
    REFUSED,
    SILENT,
    WRONG_SERVICE,
    knock,
)
from checks.remote.reach import Reach

WAIT_S = 3.0
TRIES = 2
OUTCOMES = (ANSWERED, REFUSED, SILENT, PROHIBITED, NAME_NOT_FOUND)

SAID_NO = frozenset({REFUSED, PROHIBITED, NAME_NOT_FOUND, WRONG_SERVICE})
"""Somebody said that our people do not get in from there."""

SHUT = frozenset({REFUSED, PROHIBITED, SILENT})
"""Nothing took a connection from there."""


@dataclass(frozen=True, slots=True)
class Knock:
    """How a bare TCP connect ended: what takes it and then stays silent is open all the same."""

    outcome: str


@probe("gateway.knock", kind="gateway", vantages=EVERY, most=TRIES)
def ask_knock(gateway: Gateway, dial: Dial) -> bytes:
    """One connect, a second one after silence, closed at once; none where nothing is said of it.

    Raises:
        NotKnown: NOT_DECLARED, or NOT_MEASURABLE (over UDP silence never means closed).
    """
    if not gateway.unreachable_from:
        raise NotKnown(Reason.NOT_DECLARED, "unreachable_from names no vantage")
    if gateway.transport != "tcp":
        raise NotKnown(Reason.NOT_MEASURABLE, "UDP: silence does not mean closed")
    outcome = SILENT
    for _ in range(TRIES):
        outcome, _ms = knock(dial, gateway.host, gateway.port, WAIT_S)
        if outcome != SILENT:
            break
    return compact({"outcome": outcome})


@fact("gateway.knock", probe=ask_knock)
def knocked(answer: Answer) -> Knock:
    """The outcome as it was written down."""
    value = members(answer.json(), answer.id, "outcome")
    return Knock(one_of(value["outcome"], "outcome", OUTCOMES))


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
        elif seen.outcome not in SHUT:
            gaps.append(Unknown(Reason.NAME_NOT_FOUND, f"{id_}: {seen.outcome}"))
        elif id_ not in views.controlled:
            gaps.append(Unknown(Reason.NO_CONTROL, f"{id_}: {seen.outcome}"))
    if opened:
        return failed("open", places=tuple(opened), count=len(opened))
    if gaps:
        return unknown(gaps[0].reason, gaps[0].note, places=tuple(gap.note for gap in gaps))
    return passed("ok", count=len(gateway.unreachable_from))
