"""Reads ``controls.toml`` files into `Control` values; every mistake names file, line and field."""

import math
import string
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from auditor.control import Attest, Control, Param, Wording
from auditor.controlrows import Row, control_of
from auditor.declare import SYSTEMS, Check
from auditor.discover import Plugins
from auditor.errors import ConfigError, Problem
from auditor.rosters import METHODS, ZONES
from auditor.tomlfile import TomlFile, convert, read_toml
from auditor.work import DOCUMENT_KINDS, SYSTEM_KINDS

MODELS = ("base", "alpha", "alpha-prime", "beta", "beta-prime")

KINDS = (
    "town",
    "section",
    "person",
    "endpoint",
    "gateway",
    "flow",
    "print-server",
    *SYSTEM_KINDS,
    *DOCUMENT_KINDS,
)
SEVERITIES = ("critical", "high", "medium", "low")
DOERS = ("head", "officer", "it")
MARKS = ("S", "S2", "M", "I")
ELEMENTS = ("1", "2", "3", "4", "5", "6")
MAX_DUE_DAYS = 400
GRACE_DAYS = {"critical": 0, "high": 30, "medium": 90, "low": 180}
"""The longest time a model may allow for mending, by severity; 町の基準. What is critical never waits."""
ATTESTING = ("section", "town")


def read_catalogue(plugins: Plugins) -> tuple[Control, ...]:
    """The controls of every check module, in order of id.

    Raises:
        ConfigError: all that is wrong in all files: unknown fields, bad values, an id twice, a control that
            no check judges, a check without its control or with a fact that its targets cannot give.
    """
    controls: dict[str, Control] = {}
    where: dict[str, tuple[Path, int | None]] = {}
    problems: list[Problem] = []
    for path in dict.fromkeys(plugins.controls):
        toml = read_toml(path)
        for control in _controls_of(toml):
            line = toml.line_of((control.id,))
            if control.id in controls:
                first = f"{where[control.id][0]}:{where[control.id][1]}"
                problems.append(
                    Problem(path, line, control.id, "control_twice", {"name": control.id, "first": first})
                )
                continue
            controls[control.id] = control
            where[control.id] = (path, line)
            problems += _faults(control, toml)
    problems += _unmatched(plugins, controls, where)
    if problems:
        raise ConfigError(problems)
    return tuple(controls[id_] for id_ in sorted(controls))


def _controls_of(toml: TomlFile) -> Iterable[Control]:
    rows = convert(toml, dict[str, Row])
    return tuple(control_of(id_, row) for id_, row in rows.items())


def _faults(control: Control, toml: TomlFile) -> list[Problem]:
    """What the types cannot say: closed vocabularies, bounds, and the fields sentences may use."""
    allowed: tuple[tuple[str, Iterable[str], tuple[str, ...]], ...] = (
        ("target", control.targets or ("",), KINDS),
        ("severity", [control.severity], SEVERITIES),
        ("doer", [control.doer], DOERS),
        ("requirement_mark", [control.requirement_mark], MARKS),
        ("element", [str(control.element)], ELEMENTS),
        ("applies.models", control.applies.models, MODELS),
        ("applies.zones", control.applies.zones, ZONES),
        ("applies.methods", control.applies.methods, METHODS),
        ("applies.os", control.applies.os, SYSTEMS),
    )
    problems = [
        _problem(toml, (control.id, *name.split(".")), "not_one_of", value=value, expected=", ".join(known))
        for name, values, known in allowed
        for value in values
        if value not in known
    ]
    if not 0 <= control.due_days <= MAX_DUE_DAYS:
        problems.append(_problem(toml, (control.id, "due_days"), "param_bounds", value=control.due_days))
    if control.severity in GRACE_DAYS and not 0 <= control.grace_days <= GRACE_DAYS[control.severity]:
        problems.append(_problem(toml, (control.id, "grace_days"), "param_bounds", value=control.grace_days))
    if control.attest is not None:
        problems += _attest_faults(control.id, control.attest, control.targets, toml)
    return [*problems, *_param_faults(control, toml), *_wording_faults(control, toml)]


def _attest_faults(id_: str, attest: Attest, targets: tuple[str, ...], toml: TomlFile) -> Iterable[Problem]:
    """An answer is asked of what the control is judged on, and never counts for ever."""
    place = (id_, "attest")
    if attest.kind not in ATTESTING or attest.kind not in targets:
        known = ", ".join(ATTESTING)
        yield _problem(toml, (*place, "kind"), "not_one_of", value=attest.kind, expected=known)
    if not 1 <= attest.valid_days <= MAX_DUE_DAYS:
        yield _problem(toml, (*place, "valid_days"), "param_bounds", value=attest.valid_days)
    if not attest.question.ja.strip() or not attest.question.en.strip():
        yield _problem(toml, (*place, "question"), "blank")


def _param_faults(control: Control, toml: TomlFile) -> Iterable[Problem]:
    for name, param in control.params.items():
        place = (control.id, "params", name)
        if param.strict not in ("", "low", "high") or param.mark not in MARKS:
            yield _problem(toml, place, "param_shape")
        elif isinstance(param.value, int | float) and not within(param.value, param):
            yield _problem(toml, place, "param_bounds", value=param.value)


def _wording_faults(control: Control, toml: TomlFile) -> Iterable[Problem]:
    """Blank wording, and sentences that could not be rendered."""
    for name in ("title", "plain", "why", "fix", "effort", "verify"):
        words: Wording = getattr(control, name)
        if not words.ja.strip() or not words.en.strip():
            yield _problem(toml, (control.id, name), "blank")
    for key, words in control.says.items():
        place = (control.id, "says", key)
        try:
            named = fields_of(words.ja), fields_of(words.en)
        except ValueError as error:
            yield _problem(toml, place, "says_shape", why=str(error))
            continue
        if named[0] != named[1]:
            yield _problem(toml, place, "says_differ")
        elif not words.ja.strip() or not words.en.strip():
            yield _problem(toml, place, "blank")


def within(value: float, param: Param) -> bool:
    """True when a number is one, and lies inside the parameter's bounds."""
    return (
        math.isfinite(value)
        and (param.low is None or value >= param.low)
        and (param.high is None or value <= param.high)
    )


def fields_of(sentence: str) -> frozenset[str]:
    """The names of the values a sentence needs.

    Raises:
        ValueError: unbalanced braces, or a field that is not a plain name.
    """
    names = frozenset(name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None)
    for name in names:
        if not name.isidentifier():
            raise ValueError(f"{{{name}}} is not the name of a value")
    return names


def _problem(toml: TomlFile, path: tuple[str, ...], key: str, **values: Any) -> Problem:
    return Problem(toml.path, toml.line_of(path), ".".join(path), key, values)


def _unmatched(
    plugins: Plugins, controls: Mapping[str, Control], where: Mapping[str, tuple[Path, int | None]]
) -> list[Problem]:
    judged = {check.control: check for check in plugins.checks}
    problems = [
        Problem(where[id_][0], where[id_][1], id_, "control_unjudged")
        for id_ in controls
        if id_ not in judged
    ]
    problems += [
        Problem(_file_of(judged[id_]), None, id_, "control_missing")
        for id_ in sorted(judged.keys() - set(controls))
    ]
    for id_ in sorted(judged.keys() & set(controls)):
        problems += [
            Problem(*where[id_], f"{id_}.target", "fact_elsewhere", {"name": name, "target": target})
            for target in controls[id_].targets
            for name in _unlearnable(judged[id_], target, plugins)
        ]
    return problems


def _file_of(check: Check) -> Path:
    """Where the control of a check should stand."""
    return Path(check.judge.__code__.co_filename).with_name("controls.toml")


def _unlearnable(check: Check, target: str, plugins: Plugins) -> list[str]:
    """The facts of a check that no target of its control's kind can give."""
    return [
        need.type.__name__
        for need in check.facts
        if not any(
            fact.probe.kind == target if fact.probe is not None else target == "endpoint"
            for fact in plugins.facts_for(need.type)
        )
    ]
