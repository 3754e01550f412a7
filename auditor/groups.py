"""Who goes which way: the people of the trial by method and entrance, and what each step means for them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from auditor.approving import Carrier, carriers_in, carries
from auditor.findings import Reason
from auditor.lanes import machine_of
from auditor.legs import NEEDS_NO_ENTRANCE
from auditor.rehearsal import Leg, State, Step, Walk
from auditor.targets import Gateway, Person, Town, target_key
from auditor.uses import serves

NEEDS_BROKER = ("vdi",)
"""Methods that get their screen from a broker, so that it must be declared."""


def chosen_people(town: Town, sections: Collection[str]) -> tuple[Person, ...]:
    """The people of the trial; only of these sections where there are any."""
    return tuple(
        person for person in town.staff if person.trial and (not sections or person.section in sections)
    )


def used_by(people: Sequence[Person], town: Town) -> tuple[Gateway, ...]:
    """The entrances that at least one of these people uses."""
    return tuple(one for one in town.gateways if any(serves(one, person) for person in people))


def carriers_of(people: Sequence[Person], town: Town) -> tuple[Carrier, ...]:
    """What carries the approvals of at least one of these people: sets of routes, workflow systems."""
    return tuple(one for one in carriers_in(town) if any(carries(one, person) for person in people))


def without_a_way(
    people: Sequence[Person], gateways: Sequence[Gateway]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Staff ids of those without an entrance that is declared, and of those whose method needs none."""
    rest = [person for person in people if not any(serves(one, person) for one in gateways)]
    unaided = tuple(person.id for person in rest if person.method in NEEDS_NO_ENTRANCE)
    return tuple(person.id for person in rest if person.id not in unaided), unaided


def walks_of(
    people: Sequence[Person],
    town: Town,
    ways: Mapping[str, tuple[Step, ...]],
    servers: Mapping[str, Step],
) -> tuple[Walk, ...]:
    """One walk per method and entrance that somebody uses, in the order the town declared them."""
    found = []
    for gateway in used_by(people, town):
        mine = [person for person in people if serves(gateway, person)]
        for method in sorted({person.method for person in mine}):
            group = [person for person in mine if person.method == method]
            steps = [_for(step, method, group) for step in ways[gateway.id]]
            if any(step.state is State.BREAKS for step in steps):
                steps.append(Step(leg=Leg.APPROVAL, state=State.NOT_WALKED))
            else:
                steps += _approvals(group, town, servers)
            found.append(
                Walk(
                    method=method,
                    gateway=gateway.id,
                    name=gateway.name,
                    people=tuple(person.id for person in group),
                    steps=tuple(steps),
                    part_of=_part_of(gateway, town),
                )
            )
    return tuple(found)


def _part_of(gateway: Gateway, town: Town) -> str:
    """The id of the IKE entrance that L2TP on the same machine goes through, "" = it needs no other."""
    if gateway.protocol != "l2tp":
        return ""
    machine = machine_of(gateway.host)
    below = (one for one in town.gateways if one.protocol == "ike" and machine_of(one.host) == machine)
    return next((one.id for one in below), "")


def _for(step: Step, method: str, group: Sequence[Person]) -> Step:
    """The step as it concerns this group: who does not get past it, and whether it needs a broker."""
    if step.leg is Leg.BROKER and step.state is State.NONE and method in NEEDS_BROKER:
        step = replace(step, state=State.UNKNOWN, reason=Reason.NOT_DECLARED)
    if step.state in (State.BREAKS, State.UNKNOWN):
        return replace(step, people=tuple(person.id for person in group))
    return step


def _approvals(group: Sequence[Person], town: Town, servers: Mapping[str, Step]) -> list[Step]:
    """One step per carrier; people with none are unknown, for nobody told how they get approval.

    `servers` = the step to each carrier, by its key.
    """
    steps = []
    for carrier in carriers_of(group, town):
        step = servers[target_key(carrier)]
        hit = tuple(person.id for person in group if carries(carrier, person))
        steps.append(replace(step, people=hit if step.state in (State.BREAKS, State.UNKNOWN) else ()))
    lost = tuple(person.id for person in group if not carriers_of([person], town))
    if lost:
        gap = Step(leg=Leg.APPROVAL, state=State.UNKNOWN, reason=Reason.NOT_DECLARED, people=lost)
        steps.append(gap)
    return steps
