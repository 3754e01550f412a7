"""May this person telework tomorrow? The worst of four legs; never an average, and unknown never counts.

A leg is the worst of the findings that concern this person in it. A leg nobody measured is 確認が先.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from auditor.control import Leg
from auditor.findings import Tally


class Ready(StrEnum):
    """開始できます, 条件付き, 確認が先, 開始できません; from best to worst in this order."""

    READY = "ready"
    CONDITIONAL = "conditional"
    CHECK_FIRST = "check_first"
    BLOCKED = "blocked"


RANK = {ready: rank for rank, ready in enumerate(Ready)}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why somebody is not ready: one finding, by its control and target keys.

    An empty `control` says that nothing was declared for the leg (no device, no gateway, no route).
    """

    leg: Leg
    control: str
    target: str
    ready: Ready


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReadiness:
    """One person of the trial: the verdict, each leg's, and what holds it back (worst first)."""

    person: str
    section: str
    ready: Ready
    legs: Mapping[Leg, Ready]
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionReadiness:
    """One section: how many of its people in the trial stand where, and its findings counted.

    `ready` is the worst of its people, None = nobody of it is in the trial. `heard` = at least one of its
    endpoints answered, None = it has none.
    """

    section: str
    people: int
    by_ready: Mapping[Ready, int]
    by_leg: Mapping[Leg, Mapping[Ready, int]]
    ready: Ready | None
    tally: Tally = field(default_factory=Tally)
    heard: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementState:
    """One of the six elements of the telework plan (1 systems … 6 training), with its findings counted."""

    element: int
    tally: Tally
