"""What has to be judged on what: the controls that apply to each target, with their checks."""

from dataclasses import dataclass
from typing import Any

from auditor.control import Control
from auditor.declare import Check, Fact, Probe
from auditor.discover import Plugins
from auditor.model import SHIPPED, Model
from auditor.targets import Endpoint, Gateway, Person, Target, Town
from auditor.zones import Flow


@dataclass(frozen=True, slots=True)
class Task:
    """One target with the checks that concern it, in order of control id."""

    target: Target
    checks: tuple[Check, ...]

    def facts(self, plugins: Plugins) -> tuple[Fact[Any], ...]:
        """The facts to collect that this target's system or probe can give, in order of id."""
        controls = {check.control for check in self.checks}
        found = {id(fact): fact for fact in self.judged_facts(plugins)}
        for fact in plugins.facts:
            if controls.intersection(fact.explains) and gives(fact, self.target):
                found[id(fact)] = fact
        return tuple(sorted(found.values(), key=lambda fact: fact.id))

    def judged_facts(self, plugins: Plugins) -> tuple[Fact[Any], ...]:
        """Those of them that a check asks for."""
        types = {need.type for check in self.checks for need in check.facts}
        found = [fact for fact in plugins.facts if fact.type in types and gives(fact, self.target)]
        return tuple(sorted(found, key=lambda fact: fact.id))

    def probes(self, plugins: Plugins) -> tuple[Probe, ...]:
        """The probes whose answers are needed, each once, in order of id."""
        found = {fact.probe.id: fact.probe for fact in self.facts(plugins) if fact.probe is not None}
        return tuple(found[id_] for id_ in sorted(found))


def gives(fact: Fact[Any], target: Target) -> bool:
    """True when the fact can be learnt from this target at all."""
    if fact.probe is not None:
        return fact.probe.kind == target.kind
    return isinstance(target, Endpoint) and target.os in fact.scripts


def plan(town: Town, model: Model, plugins: Plugins) -> tuple[Task, ...]:
    """One task per declared target, also where no control applies."""
    return tuple(Task(target, _checks(target, model, plugins)) for target in town.targets)


def _checks(target: Target, model: Model, plugins: Plugins) -> tuple[Check, ...]:
    mine = [
        check
        for check in plugins.checks
        if (control := model.controls.get(check.control)) and applies(control, target, model)
    ]
    return tuple(sorted(mine, key=lambda check: check.control))


def unjudged(town: Town, model: Model) -> tuple[Control, ...]:
    """What the model demands and nothing can be judged by, for the town declared no such target; by id."""
    kinds = {target.kind for target in town.targets}
    if town.alone or town.partial:
        return ()
    return tuple(
        control
        for _, control in sorted(model.controls.items())
        if demanded(control, model) and kinds.isdisjoint(control.targets)
    )


def demanded(control: Control, model: Model) -> bool:
    """True when the model asks for the control somewhere."""
    shipped = next((id_ for id_ in reversed(model.chain) if id_ in SHIPPED), "base")
    return not control.applies.models or shipped == "base" or shipped in control.applies.models


def applies(control: Control, target: Target, model: Model) -> bool:
    """True when the control is demanded of this target: kind, model, zone, method and system."""
    where = control.applies
    return (
        target.kind in control.targets
        and not (control.attest is not None and isinstance(target, Town) and target.alone)
        and demanded(control, model)
        and _fits(where.zones, target.zone if isinstance(target, Endpoint | Gateway | Flow) else "")
        and _fits(where.methods, target.method if isinstance(target, Endpoint | Person) else "")
        and _fits(where.os, target.os if isinstance(target, Endpoint) else "")
    )


def _fits(wanted: tuple[str, ...], value: str) -> bool:
    """An undeclared value fits everywhere: a gap in the ledger never hides a control."""
    return not wanted or not value or value in wanted
