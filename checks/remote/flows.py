"""Ways between segments: each declared port is tried from the declared place, beside one known to be open.

An open port is its own proof. That a way is closed is only believed where the known open port on the same
path answered both before and after: else the place we look from may simply be cut off. Silence over IPv6 says
nothing beside a port that answered over IPv4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.api import (
    CLOSED,
    WAY_TRIES,
    WAY_WAIT_S,
    Answer,
    Dial,
    Flow,
    Garbled,
    Judgement,
    Params,
    Place,
    Reason,
    Unreached,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote._addresses import FAMILIES, NOT_ASKED, families, knock_each, mute, together
from checks.remote._read import compact, listed, members, one_of, whole, word
from checks.remote._wire import ANSWERED, NAME_NOT_FOUND, PROHIBITED, REFUSED, SILENT, outcome_of

MOST_PLACES = 64
MAX_PORT = 65535
NO_CONTROL = "none"
OUTCOMES = (ANSWERED, REFUSED, SILENT, PROHIBITED, NAME_NOT_FOUND, NOT_ASKED)


@dataclass(frozen=True, slots=True)
class Ways:
    """How each port answered, by ``(host, port)``; `control` = the known open one, before and after.

    `apart` = by port, over what (IPv4, IPv6, "" = a name that the SSH host looked up) nobody refused and the
    known open port is not known to answer.
    """

    tried: Mapping[tuple[str, int], str]
    control: tuple[str, str]
    apart: Mapping[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)

    def of(self, outcome: str) -> tuple[tuple[str, int], ...]:
        """The ports that answered so."""
        return tuple(place for place, seen in self.tried.items() if seen == outcome)

    @property
    def counts(self) -> Mapping[str, Any]:
        """How many ports met what, for the sentences."""
        return {
            "asked": len(self.tried),
            "opened": len(self.of(ANSWERED)),
            "refused": len(self.of(REFUSED)),
            "prohibited": len(self.of(PROHIBITED)),
            "silent": len(self.of(SILENT)),
        }


@probe("flow.ways", kind="flow", most=WAY_TRIES)
def ask_ways(flow: Flow, dial: Dial) -> bytes:
    """The known open port, every declared port, the known open port again; nothing is sent to any of them.

    Where something stops us half-way (the SSH host is gone), an open port that must be closed stays found.
    """
    places = flow.places[:MOST_PLACES]
    seen: list[Mapping[str, str]] = []
    before = _control(flow, dial)
    after: Mapping[str, str] = {}
    try:
        for place in places:
            seen += [_outcomes(place, dial)]
        after = _control(flow, dial)
    except Unreached:
        if flow.expect != CLOSED or not any(ANSWERED in each.values() for each in seen):
            raise
        seen += [{place.host: NOT_ASKED} for place in places[len(seen) :]]
    return compact(
        {
            "ways": [_row(place, outcomes) for place, outcomes in zip(places, seen, strict=True)],
            "before": together(before.values()) if before else NO_CONTROL,
            "after": together(after.values()) if after else NO_CONTROL,
            "over": sorted(_answering(before) & _answering(after)),
        }
    )


def _control(flow: Flow, dial: Dial) -> Mapping[str, str]:
    """How the known open port answered, by address; {} = none is declared."""
    return _outcomes(flow.control, dial, tries=1) if flow.control is not None else {}


def _outcomes(place: Place, dial: Dial, tries: int = WAY_TRIES) -> Mapping[str, str]:
    """How a port answered, by address of its host; a name of which nothing is known was not asked."""
    try:
        return knock_each(dial, place.host, place.port, WAY_WAIT_S, tries)
    except Unreached as error:
        outcome = outcome_of(error)
        return {place.host: NOT_ASKED if outcome == SILENT else outcome}


def _answering(control: Mapping[str, str]) -> set[str]:
    """Over what the known open port answered."""
    return set(families([each for each, outcome in control.items() if outcome == ANSWERED]))


def _row(place: Place, outcomes: Mapping[str, str]) -> dict[str, object]:
    outcome = together(outcomes.values())
    return {"host": place.host, "port": place.port, "outcome": outcome, "mute": families(mute(outcomes))}


@fact("flow.ways", probe=ask_ways)
def ways(answer: Answer) -> Ways:
    """The outcomes as they were written down, each port once."""
    value = members(answer.json(), answer.id, "ways", "before", "after", "over")
    over = {one_of(each, "over", FAMILIES) for each in listed(value["over"], "over", len(FAMILIES))} - {""}
    tried: dict[tuple[str, int], str] = {}
    apart: dict[tuple[str, int], tuple[str, ...]] = {}
    for row in listed(value["ways"], "ways", MOST_PLACES):
        way = members(row, "way", "host", "port", "outcome", "mute")
        place = word(way["host"], "host"), whole(way["port"], "port", MAX_PORT)
        if place in tried:
            raise Garbled(f"{answer.id}: {place} stands twice")
        tried[place] = one_of(way["outcome"], "outcome", OUTCOMES)
        silent = [one_of(each, "mute", FAMILIES) for each in listed(way["mute"], "mute", len(FAMILIES))]
        apart[place] = tuple(each for each in silent if each not in over)
    if not tried:
        raise Garbled(f"{answer.id}: no ways")
    known = (*OUTCOMES, NO_CONTROL)
    control = one_of(value["before"], "before", known), one_of(value["after"], "after", known)
    return Ways(tried, control, {place: missed for place, missed in apart.items() if missed})


def judged(flow: Flow, ways: Ways) -> Judgement:
    """Open where it must be closed fails at once; closed needs the control, and every port asked."""
    if set(ways.tried) != {(place.host, place.port) for place in flow.places}:
        return unknown(Reason.NOT_COLLECTED, "other ports were tried than are declared now")
    return _must_be_closed(flow, ways) if flow.expect == CLOSED else _must_be_open(flow, ways)


def _must_be_closed(flow: Flow, ways: Ways) -> Judgement:
    if opened := ways.of(ANSWERED):
        return failed("open", places=_shown(opened), **ways.counts)
    doubt = _untold(ways) or _uncontrolled(flow, ways) or _apart(flow, ways)
    return doubt or passed("closed", **ways.counts)


def _must_be_open(flow: Flow, ways: Ways) -> Judgement:
    shut, silent = (*ways.of(REFUSED), *ways.of(PROHIBITED)), ways.of(SILENT)
    lost = failed("shut", places=_shown((*shut, *silent)), **ways.counts)
    if shut:
        return lost
    if silent:
        return _uncontrolled(flow, ways) or lost
    return _untold(ways) or passed("open_as_agreed", **ways.counts)


def _untold(ways: Ways) -> Judgement | None:
    """That some ports were not tried, or lie behind a name that leads nowhere; None = all were."""
    if names := ways.of(NAME_NOT_FOUND):
        return unknown(Reason.NAME_NOT_FOUND, ", ".join(_shown(names)), places=_shown(names))
    if unasked := ways.of(NOT_ASKED):
        return unknown(Reason.NO_ANSWER, f"not tried: {', '.join(_shown(unasked))}")
    return None


def _uncontrolled(flow: Flow, ways: Ways) -> Judgement | None:
    """That silence proves nothing, None = the known open port answered both times."""
    if ways.control == (ANSWERED, ANSWERED):
        return None
    told = f"{flow.control}: {', '.join(ways.control)}" if flow.control else "none is declared"
    return unknown(Reason.NO_CONTROL, told)


def _apart(flow: Flow, ways: Ways) -> Judgement | None:
    """That some address is not proven closed, None = each refused, or has the known open port beside it."""
    named = tuple(place for place, missed in ways.apart.items() if "" in missed)
    if named:
        note = f"write addresses: an SSH host does not tell which one it tried of {', '.join(_shown(named))}"
        return unknown(Reason.NOT_MEASURABLE, note, places=_shown(named))
    if not ways.apart:
        return None
    places = _shown(tuple(ways.apart))
    over = " and ".join(sorted({each for missed in ways.apart.values() for each in missed}))
    note = f"{flow.control} is not known to answer over {over}, by which {', '.join(places)} did not refuse"
    return unknown(Reason.NO_CONTROL, note, places=places)


def _shown(places: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    return tuple(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in places)


MYNUMBER, LGWAN, CLOUD = "mynumber", "lgwan", "cloud"
BEYOND = frozenset({"internet", CLOUD, "home"})
"""What lies on the other side of the LGWAN layer's border."""


def into_mynumber(flow: Flow) -> bool:
    """True for a way into the My-Number layer that must be closed."""
    return flow.zone == MYNUMBER and flow.origin != MYNUMBER and flow.expect == CLOSED


def over_lgwan_border(flow: Flow) -> bool:
    """True for a way between the LGWAN layer and what lies beyond, agreed or closed."""
    return (flow.origin == LGWAN and flow.zone in BEYOND) or (flow.zone == LGWAN and flow.origin in BEYOND)


@check("NET-01")
def mynumber_is_out_of_reach(flow: Flow, ways: Ways) -> Judgement:
    """No port of the My-Number layer opens from where telework devices or relays stand."""
    return judged(flow, ways) if into_mynumber(flow) else not_applicable("elsewhere")


@check("NET-03")
def lgwan_border_is_as_agreed(flow: Flow, ways: Ways) -> Judgement:
    """What is agreed passes the border of the LGWAN layer, and what is not is closed, as far as declared."""
    return judged(flow, ways) if over_lgwan_border(flow) else not_applicable("elsewhere")


@check("NET-05")
def only_agreed_clouds(flow: Flow, ways: Ways, params: Params) -> Judgement:
    """Allowed clouds are reached from the LGWAN layer; of others, enough were tried and none is."""
    if (flow.origin, flow.zone) != (LGWAN, CLOUD):
        return not_applicable("elsewhere")
    hosts = len({place.host for place in flow.places})
    found = judged(flow, ways)
    wanted = params.integer("control_fqdn")
    if flow.expect == CLOSED and found.key == "closed" and hosts < wanted:
        return unknown(Reason.NOT_DECLARED, f"{hosts} hosts tried that must not be reached, {wanted} wanted")
    return found


@check("GW-70")
def other_ways_are_as_agreed(flow: Flow, ways: Ways) -> Judgement:
    """Every other declared way is open or closed as the town agreed."""
    covered = into_mynumber(flow) or over_lgwan_border(flow)
    return not_applicable("elsewhere") if covered else judged(flow, ways)
