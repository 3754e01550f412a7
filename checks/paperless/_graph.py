"""Whether a route holds together, and how many approvals it waits for at the same time."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from checks.paperless._bpmn import ACTIVITIES
from checks.paperless._route import Route, Step

MAX_VISITS = 100_000
"""Steps looked at in one route; a model made to cost more than that is left unknown."""
_FORKS = ("parallelGateway", "inclusiveGateway")


def broken_steps(route: Route) -> tuple[str, ...]:
    """Dead ends, unreachable steps, loose flows and ids used twice, each as a place.

    A drawing or process without a begin (end) may begin (end) anywhere; then none is unreachable (a dead
    end). A state machine ends only where it says so.
    """
    by_id = {step.id: step for step in route.steps}
    flows = [(source, target) for source, target in route.flows if source in by_id and target in by_id]
    found = [f"{s or '?'} → {t or '?'}" for s, t in route.flows if s not in by_id or t not in by_id]
    found += route.twice
    leaves = {source for source, _ in flows}
    reached = _reached(route.steps, flows)
    scopes: dict[str, list[Step]] = {}
    for step in route.steps:
        scopes.setdefault(step.parent, []).append(step)
    for inside in scopes.values():
        ends = route.one_at_a_time or any(step.ends for step in inside)
        begins = any(step.begins for step in inside)
        for step in inside:
            stuck = ends and step.id not in leaves and _must_leave(step)
            lost = begins and step.id not in reached and _must_be_reached(step)
            if stuck or lost:
                found.append(step.name or step.id)
    return tuple(found)


def _must_leave(step: Step) -> bool:
    return not (step.ends or step.kind == "intermediateThrowEvent" or step.compensation or step.event_sub)


def _must_be_reached(step: Step) -> bool:
    return not (step.begins or step.kind == "boundaryEvent" or step.event_sub or step.compensation)


def _reached(steps: Iterable[Step], flows: Iterable[tuple[str, str]]) -> set[str]:
    """Ids that some start leads to; a boundary event begins where its step is reached."""
    onward = _onward(flows)
    for step in steps:
        if step.attached:
            onward.setdefault(step.attached, []).append(step.id)
    waiting = [step.id for step in steps if step.begins]
    seen = set(waiting)
    while waiting:
        for target in onward.get(waiting.pop(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def _onward(flows: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    onward: dict[str, list[str]] = {}
    for source, target in flows:
        onward.setdefault(source, []).append(target)
    return onward


@dataclass(frozen=True, slots=True)
class Wait:
    """A place at which several approvals must all be given: between `least` and `most`, None = not known."""

    label: str
    least: int
    most: int | None


def waits(route: Route, approvals: Sequence[Step]) -> tuple[Wait, ...]:
    """Where one absence holds up many: approvals of several people, and forks with approvals behind them.

    A fork counts once per branch at least (the branch may be a choice between several), and with every
    approval in it at most. What takes only some branches (an inclusive gateway, or a step with several
    arrows, often drawn for a choice) waits for one at least. Where steps share an id nobody can tell.
    """
    found = [Wait(step.name or step.id, step.sign_offs or 1, step.sign_offs) for step in approvals]
    if route.one_at_a_time:
        return tuple(found)
    map_ = _Map(route)
    by_id = {step.id: step for step in approvals}
    for step in route.steps:
        branches = map_.onward.get(step.id, [])
        if len(branches) > 1 and (step.kind in _FORKS or step.kind in ACTIVITIES):
            wait = _fork(step, branches, by_id, map_)
            found += [wait] if wait else []
    return tuple(found)


@dataclass(slots=True)
class _Map:
    """The arrows of a route, and how many steps may still be looked at."""

    route: Route
    steps: dict[str, Step] = field(init=False)
    onward: dict[str, list[str]] = field(init=False)
    entries: Counter[str] = field(init=False)
    visits: int = MAX_VISITS

    def __post_init__(self) -> None:
        self.steps = {step.id: step for step in self.route.steps}
        flows = [(s, t) for s, t in self.route.flows if s in self.steps and t in self.steps]
        self.onward = _onward(flows)
        self.entries = Counter(target for _, target in flows)

    def branch(self, fork: str, first: str) -> set[str]:
        """Ids of a branch, up to the gateway at which as many forks have joined as were opened in it."""
        seen: set[tuple[str, int]] = set()
        waiting = [(first, 0)]
        while waiting and self.visits > 0:
            id_, depth = waiting.pop()
            if id_ == fork or (id_, depth) in seen:
                continue
            seen.add((id_, depth))
            self.visits -= 1
            gateway = self.steps[id_].kind in _FORKS
            further = self.onward.get(id_, [])
            depth -= gateway and self.entries[id_] > 1
            depth += gateway and len(further) > 1
            waiting += [(target, depth) for target in further] if depth >= 0 else []
        return {id_ for id_, _ in seen}


def _fork(fork: Step, branches: list[str], approvals: Mapping[str, Step], map_: _Map) -> Wait | None:
    inside = [map_.branch(fork.id, branch) & approvals.keys() for branch in branches]
    label = fork.name or fork.id
    if map_.visits <= 0 or map_.route.twice:
        return Wait(label, 0, None)
    held = [ids for ids in inside if ids]
    if len(held) < 2:  # noqa: PLR2004 - one branch alone is no waiting for several
        return None
    counts = [approvals[id_].sign_offs for id_ in set().union(*held)]
    known = [count for count in counts if count is not None]
    most = sum(known) if len(known) == len(counts) else None
    must = fork.kind == "parallelGateway"
    shared = set.intersection(*held)
    return Wait(label, len([ids for ids in held if ids - shared]) if must else 1, most)
