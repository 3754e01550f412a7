"""A rehearsal as a value: which way each group of people goes this morning, and where it breaks."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from auditor.contacts import Contact
from auditor.control import Control
from auditor.findings import Finding, Reason
from auditor.run import TownCard
from auditor.targets import Person, Section


class Leg(StrEnum):
    """The steps of the way, in the order they are walked."""

    NAME = "name"
    ENTRANCE = "entrance"
    CERTIFICATE = "certificate"
    SIGN_ON = "sign_on"
    BROKER = "broker"
    SEATS = "seats"
    APPROVAL = "approval"


class State(StrEnum):
    """How a step stands. `none` = no such step on this way, `not_walked` = the way broke before it."""

    HOLDS = "holds"
    WARNS = "warns"
    UNKNOWN = "unknown"
    BREAKS = "breaks"
    NONE = "none"
    NOT_WALKED = "not_walked"


RANK = {State.HOLDS: 0, State.WARNS: 1, State.UNKNOWN: 2, State.BREAKS: 3}
"""What counts for how a whole way stands; the other two say nothing."""


class Fate(StrEnum):
    """What a way that breaks means for somebody, given the other entrances of their method.

    `stopped` = all of them break, `spared` = another one holds, `doubtful` = none is known to hold.
    """

    STOPPED = "stopped"
    SPARED = "spared"
    DOUBTFUL = "doubtful"


FATES = {
    State.HOLDS: Fate.SPARED,
    State.WARNS: Fate.SPARED,
    State.UNKNOWN: Fate.DOUBTFUL,
    State.BREAKS: Fate.STOPPED,
}
"""By the best of somebody's entrances, where at least one breaks."""


def worst(states: Iterable[State]) -> State:
    """The worst of them; `UNKNOWN` where none says anything, for nothing was proven then."""
    return max((state for state in states if state in RANK), key=RANK.__getitem__, default=State.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `finding` = the control judged for it, None = it was asked without one.

    `reason` = why it is unknown, or broke without a finding. `place` = what was asked (name, host:port), ""
    = the entrance. `until` = last day it holds, None = no end is known. `people` = staff ids of those who do
    not get past it, () = nobody is stopped.
    """

    leg: Leg
    state: State
    finding: Finding | None = None
    reason: Reason | None = None
    note: str = ""
    place: str = ""
    until: date | None = None
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The way of those people of the trial who use `method` through one entrance.

    `part_of` = the gateway without which this one is of no use, "" = it stands for itself.
    """

    method: str
    gateway: str
    name: str
    people: tuple[str, ...]
    steps: tuple[Step, ...]
    part_of: str = ""

    @property
    def state(self) -> State:
        """How the whole way stands."""
        return worst(step.state for step in self.steps)

    def state_for(self, person: str) -> State:
        """How it stands for one of its people: what concerns others only does not count."""
        return worst(step.state for step in self.steps if not step.people or person in step.people)

    @property
    def until(self) -> date | None:
        """The last day it holds as it does, None = no end is known."""
        return min((step.until for step in self.steps if step.until is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """All ways walked at `started` (UTC) in `took_s` seconds, for the day `today` in Japan.

    `people` are those of the trial it is about, `sections` their sections; `named` = only some sections were
    asked for, so that people are named. `without` = staff ids of those for whom no entrance is declared (or
    no method registered), `unaided` = of those whose method needs none. `controls` word the findings.
    `vantage` = where it was walked from, "" = the machine it ran on. `contacts` = all that were made.
    """

    town: TownCard
    started: datetime
    today: date
    took_s: float
    walks: tuple[Walk, ...]
    people: tuple[Person, ...]
    sections: tuple[Section, ...]
    controls: tuple[Control, ...]
    named: bool = False
    without: tuple[str, ...] = ()
    unaided: tuple[str, ...] = ()
    vantage: str = ""
    broken: tuple[str, ...] = field(default=())
    contacts: tuple[Contact, ...] = ()

    @property
    def state(self) -> State:
        """The worst of all ways; people without a way make it unknown."""
        more = [State.UNKNOWN] if self.without or not self.walks else []
        return worst((*(walk.state for walk in self.walks), *more))

    @property
    def until(self) -> date | None:
        """The last day on which all of it holds, None = no end is known."""
        return min((walk.until for walk in self.walks if walk.until is not None), default=None)

    @property
    def answered(self) -> bool:
        """True when at least one entrance said anything at all."""
        told = (State.HOLDS, State.WARNS, State.BREAKS)
        asked = (Leg.NAME, Leg.ENTRANCE)
        return any(
            step.state in told
            for walk in self.walks
            for step in walk.steps
            if step.leg is Leg.ENTRANCE or (step.leg in asked and step.state is State.BREAKS)
        )

    def fates(self) -> dict[str, Fate]:
        """By staff id, what it means for everybody of whose ways at least one breaks."""
        entrances: dict[str, dict[str, list[State]]] = {}
        for walk in self.walks:
            for id_ in walk.people:
                mine = entrances.setdefault(id_, {})
                mine.setdefault(walk.part_of or walk.gateway, []).append(walk.state_for(id_))
        found = {}
        for id_, mine in entrances.items():
            stands = [worst(states) for states in mine.values()]
            if State.BREAKS in stands:
                found[id_] = FATES[min(stands, key=RANK.__getitem__)]
        return found

    def those(self, fate: Fate) -> tuple[str, ...]:
        """Staff ids of those with that fate, in the order of the staff list."""
        fates = self.fates()
        return tuple(person.id for person in self.people if fates.get(person.id) is fate)
