"""Looks at gateways and at ways between segments from the vantages that the town declared."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from auditor.access.dial import DirectDial, doors
from auditor.access.jump import Gate
from auditor.access.keys import Keys
from auditor.access.pace import Pace
from auditor.access.vantage import VantageDial
from auditor.addresses import share_s
from auditor.answers import Answer, Status
from auditor.contacts import Contact
from auditor.declare import OUTSIDE, Probe
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.register import Place
from auditor.seams import Dial
from auditor.targets import Gateway, Town
from auditor.views import CONTROL, REACHED, at
from auditor.zones import WAY_TRIES, WAY_WAIT_S, Flow, Vantage, Zone, is_outside

WAIT_S = 4.0
"""Most seconds for one connect; what needs longer is of no use to anybody."""

Allowed = frozenset[tuple[str, int, str]]
Ask = Callable[[Probe, Dial], Answer]


@dataclass(frozen=True, slots=True)
class Lookout:
    """The vantages of a town with the ways to them; `deadline_s` for each probe."""

    vantages: Mapping[str, Vantage]
    zones: tuple[Zone, ...]
    gates: Mapping[str, Gate]
    deadline_s: float

    def flow_dial(self, flow: Flow, contacts: Callable[[Contact], object], pace: Pace) -> Dial:
        """The way out for one flow: to its ports and its control, from its vantage.

        There is time for every port to be silent, and for the known open one before and after.

        Raises:
            Unreached: NOT_DECLARED, there is no way to the vantage.
        """
        deadline_s = self.deadline_s + WAY_WAIT_S * (WAY_TRIES * len(flow.places) + 2)
        return self._dial(flow.source, ways(flow), deadline_s, contacts, Keys({}), pace)

    def gateway_dial(
        self,
        id_: str,
        gateway: Gateway,
        contacts: Callable[[Contact], object],
        keys: Keys,
        pace: Pace,
    ) -> Dial:
        """The way out to one gateway from a vantage that the town says reaches it.

        Raises:
            Unreached: NOT_DECLARED, the town says no such thing, or there is no way to the vantage.
        """
        if id_ not in gateway.reachable_from:
            raise Unreached(Reason.NOT_DECLARED, f"{gateway.id} is not declared reachable from {id_}")
        return self._dial(id_, doors(gateway), self.deadline_s, contacts, keys, pace)

    def seen(
        self,
        gateway: Gateway,
        probes: Iterable[Probe],
        ask: Ask,
        record: Callable[[Contact], object],
        pace: Pace,
    ) -> tuple[Answer, ...]:
        """The answers of the probes that run from this gateway's vantages, one vantage after the other."""
        wanted = tuple(probe for probe in probes if probe.vantages)
        if not wanted:
            return ()
        found: list[Answer] = []
        for id_ in (*gateway.reachable_from, *gateway.unreachable_from):
            found += self._seen_from(id_, gateway, wanted, ask, record, pace)
        return tuple(found)

    def _seen_from(
        self,
        id_: str,
        gateway: Gateway,
        probes: Iterable[Probe],
        ask: Ask,
        record: Callable[[Contact], object],
        pace: Pace,
    ) -> list[Answer]:
        keys = Keys(gateway.keys)

        def answer(probe: Probe) -> Answer:
            pace.next_probe(probe.most)
            try:
                limit_s = self.deadline_s * probe.patience
                dial = self._dial(id_, doors(gateway), limit_s, record, keys, pace)
            except Unreached as error:
                return Answer(probe.id, Status.ERROR, note=error.note, reason=error.reason)
            return ask(probe, dial)

        before = self._control(id_, record, pace)
        answers = [
            _renamed(answer(probe), at(probe.id, id_)) for probe in probes if self.runs(probe, gateway, id_)
        ]
        after = self._control(id_, record, pace)
        if before:
            body = json.dumps({"before": before, "after": after}).encode("ascii")
            answers.append(Answer(at(CONTROL, id_), Status.OK, body))
        return answers

    def runs(self, probe: Probe, gateway: Gateway, vantage: str) -> bool:
        """True when that probe runs from that vantage of this gateway."""
        if probe.vantages != OUTSIDE:
            return bool(probe.vantages)
        there = self.vantages.get(vantage)
        inside = there is None or not is_outside(there.zone, self.zones)
        return not inside and vantage in gateway.reachable_from

    def _control(self, id_: str, record: Callable[[Contact], object], pace: Pace) -> Mapping[str, str]:
        """How the known open port of a vantage answers now, by its host's address; {} = none is declared."""
        vantage = self.vantages.get(id_)
        if vantage is None or vantage.control is None:
            return {}
        place = vantage.control
        pace.next_probe(1)
        allowed = frozenset({(place.host, place.port, "tcp")})
        try:
            dial = self._dial(id_, allowed, self.deadline_s, record, Keys({}), pace)
            addresses = dial.lookup(place.host).addresses
        except Unreached as error:
            return {place.host: error.reason.value}
        wait_s = share_s(WAIT_S, addresses)
        return {each: _knocked(dial.at(place.host, each), place, wait_s) for each in addresses}

    def _dial(
        self,
        id_: str,
        allowed: Allowed,
        deadline_s: float,
        contacts: Callable[[Contact], object],
        keys: Keys,
        pace: Pace,
    ) -> Dial:
        vantage = self.vantages.get(id_)
        if vantage is None:
            raise Unreached(Reason.NOT_DECLARED, f"vantage {id_}")
        if not vantage.jump:
            return DirectDial(allowed, deadline_s, contacts, keys, pace=pace, via=id_)
        gate = self.gates.get(vantage.jump)
        if gate is None:
            raise Unreached(Reason.NOT_DECLARED, f"no way to jump host {vantage.jump}")
        return VantageDial(vantage, gate, allowed, deadline_s, contacts, keys, pace=pace)


def ways(flow: Flow) -> Allowed:
    """All that may be contacted for a flow."""
    control = (flow.control,) if flow.control is not None else ()
    return frozenset((place.host, place.port, "tcp") for place in (*flow.places, *control))


def behind(town: Town) -> Mapping[str, frozenset[tuple[str, int]]]:
    """By jump host that vantages stand behind, what it may be asked to connect to."""
    by_id = {vantage.id: vantage for vantage in town.vantages}
    allowed: dict[str, set[tuple[str, int]]] = {row.jump: set() for row in town.vantages if row.jump}
    wanted = [(flow.source, ways(flow)) for flow in town.flows]
    for gateway in town.gateways:
        wanted += [(id_, doors(gateway)) for id_ in (*gateway.reachable_from, *gateway.unreachable_from)]
    wanted += [
        (row.id, frozenset({(row.control.host, row.control.port, "tcp")}))
        for row in town.vantages
        if row.control is not None
    ]
    for id_, places in wanted:
        if (vantage := by_id.get(id_)) is not None and vantage.jump:
            allowed[vantage.jump] |= {(host, port) for host, port, transport in places if transport == "tcp"}
    return {jump: frozenset(places) for jump, places in allowed.items()}


def _knocked(dial: Dial, place: Place, wait_s: float) -> str:
    try:
        with dial.tcp(place.host, place.port, wait_s=wait_s):
            return REACHED
    except Unreached as error:
        return error.reason.value


def _renamed(answer: Answer, id_: str) -> Answer:
    return Answer(id_, answer.status, answer.body, answer.note, answer.reason, answer.collected_at)
