"""The security model: which controls are demanded, with which parameters; one model extends another.

Shipped: base, alpha, alpha-prime, beta, beta-prime (``auditor/models/``). A town's ``model.toml`` extends
one of them. A looser parameter needs a written reason; nobody may leave the catalogue's strict-side bound.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import msgspec

from auditor.catalogue import GRACE_DAYS, MODELS, within
from auditor.control import Control, Param, Params, ParamValue, Wording
from auditor.controlrows import param_value
from auditor.errors import ConfigError, Problem
from auditor.run import ModelCard
from auditor.tomlfile import TomlFile, convert, read_toml

SHIPPED = MODELS
DAY_LIMIT = 400
FRESHNESS = "freshness_days"
GRACE = "grace_days"


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    ja: str
    en: str


class _Exclusion(msgspec.Struct, forbid_unknown_fields=True):
    control: str
    reason: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    title: _Words
    extends: str = ""
    endpoint_zone: str = ""
    business_zone: str = ""
    freshness_days: int | None = None
    params: dict[str, dict[str, str | int | float | bool | list[str]]] = {}
    grace: dict[str, int] = {}
    reasons: dict[str, str] = {}
    exclude: list[_Exclusion] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is demanded. `controls` carry the parameters in force; `chain` = ids from base to this one.

    `freshness_days` = evidence older than this many days is `unknown: stale`. `excluded` maps a control
    that is not demanded to the written reason.
    """

    id: str
    title: Wording
    chain: tuple[str, ...]
    freshness_days: int
    controls: Mapping[str, Control]
    excluded: Mapping[str, str]

    def params(self, control: str) -> Params:
        """The parameter values a check of this control gets."""
        return Params({name: param.value for name, param in self.controls[control].params.items()})

    def card(self) -> ModelCard:
        """The model as a run document keeps it."""
        demanded = msgspec.json.encode(
            (self.controls, self.excluded, self.freshness_days), order="deterministic"
        )
        return ModelCard(
            id=self.id,
            title=self.title,
            based_on=self.chain[:-1],
            digest=hashlib.sha256(demanded).hexdigest(),
        )


def load_model(controls: tuple[Control, ...], name: str = "base", town_file: Path | None = None) -> Model:
    """The model `name`, or the town's own from `town_file`, laid over all it extends.

    Raises:
        ConfigError: everything wrong in every file of the chain at once.
    """
    layers = _chain(name if town_file is None else "", town_file)
    known = {control.id: control for control in controls}
    problems: list[Problem] = []
    excluded: dict[str, str] = {}
    current = dict(known)
    fresh: int | None = None
    for toml, layer in layers:
        problems += _freshness(toml, layer, fresh)
        fresh = layer.freshness_days if layer.freshness_days is not None else fresh
        problems += _apply(toml, layer, current)
        for index, row in enumerate(layer.exclude):
            place = ("exclude", str(index), "control")
            problems += _unknown_control(toml, place, row.control, known)
            if not row.reason.strip():
                problems.append(_problem(toml, place, "reason_missing", name=row.control))
            excluded[row.control] = row.reason
    if problems:
        raise ConfigError(problems)
    return _model([layer for _, layer in layers], current, excluded, fresh or 1)


def _model(
    layers: list[_File], current: Mapping[str, Control], excluded: dict[str, str], fresh: int
) -> Model:
    chain = tuple(layer.id for layer in layers)
    return Model(
        id=chain[-1],
        title=Wording(layers[-1].title.ja, layers[-1].title.en),
        chain=chain,
        freshness_days=fresh,
        controls={id_: control for id_, control in current.items() if id_ not in excluded},
        excluded=excluded,
    )


def _chain(name: str, town_file: Path | None) -> list[tuple[TomlFile, _File]]:
    """The files from the base to the one asked for."""
    layers: list[tuple[TomlFile, _File]] = []
    toml = read_toml(town_file) if town_file is not None else _shipped(name)
    while True:
        layer = convert(toml, _File)
        layers.insert(0, (toml, layer))
        if town_file is not None and len(layers) == 1 and (not layer.id.strip() or layer.id in SHIPPED):
            raise ConfigError([_problem(toml, ("id",), "model_id", name=layer.id)])
        if not layer.extends:
            if town_file is not None and len(layers) == 1:
                raise ConfigError([_problem(toml, ("extends",), "extends_missing", known=", ".join(SHIPPED))])
            return layers
        if layer.extends not in SHIPPED or len(layers) > len(SHIPPED):
            known = ", ".join(SHIPPED)
            raise ConfigError([_problem(toml, ("extends",), "no_model", name=layer.extends, known=known)])
        toml = _shipped(layer.extends)


@cache
def _shipped(name: str) -> TomlFile:
    if name not in SHIPPED:
        raise no_model(Path("town.toml"), name)
    with as_file(files("auditor.models") / f"{name}.toml") as path:
        return read_toml(path)


def no_model(file: Path, name: str) -> ConfigError:
    """The error that says which models there are."""
    values = {"name": name, "known": ", ".join((*SHIPPED, "town"))}
    return ConfigError([Problem(file, None, "model", "no_model", {**values})])


def _problem(toml: TomlFile, path: tuple[str, ...], key: str, **values: str | float) -> Problem:
    return Problem(toml.path, toml.line_of(path), ".".join(path), key, values)


def _unknown_control(
    toml: TomlFile, place: tuple[str, ...], id_: str, known: Mapping[str, Control]
) -> list[Problem]:
    if id_ in known:
        return []
    near = ", ".join(get_close_matches(id_, known, n=2, cutoff=0.5)) or "-"
    return [_problem(toml, place, "no_control", name=id_, near=near)]


def _apply(toml: TomlFile, layer: _File, current: dict[str, Control]) -> list[Problem]:
    """Lay one file's parameters over the controls in force; the problems met."""
    problems: list[Problem] = []
    used = {FRESHNESS} if layer.freshness_days is not None else set()
    problems += _graces(toml, layer, current, used)
    for id_, changes in layer.params.items():
        if missing := _unknown_control(toml, ("params", id_), id_, current):
            problems += missing
            continue
        control = current[id_]
        for name, raw in changes.items():
            place = ("params", id_, name)
            if name not in control.params:
                near = ", ".join(control.params) or "-"
                problems.append(_problem(toml, place, "no_param", name=name, near=near))
                continue
            used.add(f"{id_}.{name}")
            reason = layer.reasons.get(f"{id_}.{name}", "").strip()
            new, fault = _changed(control.params[name], param_value(raw), reason)
            if fault:
                problems.append(_problem(toml, place, fault, name=f"{id_}.{name}", value=str(raw)))
            control = replace(control, params={**control.params, name: new})
        current[id_] = control
    for key in layer.reasons.keys() - used:
        problems.append(_problem(toml, ("reasons", key), "reason_unused", name=key))
    return problems


def _graces(toml: TomlFile, layer: _File, current: dict[str, Control], used: set[str]) -> list[Problem]:
    """Lay one file's days for mending over the controls; more days than before need a reason."""
    problems: list[Problem] = []
    for id_, days in layer.grace.items():
        place, name = ("grace", id_), f"{id_}.{GRACE}"
        if missing := _unknown_control(toml, place, id_, current):
            problems += missing
            continue
        control = current[id_]
        used.add(name)
        if not 0 <= days <= GRACE_DAYS[control.severity]:
            problems.append(
                _problem(toml, place, "grace_bounds", value=days, most=GRACE_DAYS[control.severity])
            )
        elif days > control.grace_days and not layer.reasons.get(name, "").strip():
            problems.append(_problem(toml, place, "reason_missing", name=name))
        current[id_] = replace(control, grace_days=days)
    return problems


def _freshness(toml: TomlFile, layer: _File, before: int | None) -> list[Problem]:
    """Older evidence than the extended model accepts needs a reason as well."""
    days = layer.freshness_days
    if days is None:
        return []
    if not 1 <= days <= DAY_LIMIT:
        return [_problem(toml, (FRESHNESS,), "param_bounds", value=days)]
    if before is not None and days > before and not layer.reasons.get(FRESHNESS, "").strip():
        return [_problem(toml, (FRESHNESS,), "reason_missing", name=FRESHNESS)]
    return []


def _changed(param: Param, value: ParamValue, reason: str) -> tuple[Param, str]:
    """The parameter with its new value, and the key of what is wrong with it ("" = nothing)."""
    new = replace(param, value=value, reason=reason, mark=param.mark if value == param.value else "I")
    if not _same_type(value, param.value):
        return param, "param_type"
    if beyond_strict_bound(value, param):
        return param, "param_bounds"
    if looser(value, param) and not reason:
        return param, "reason_missing"
    return new, ""


def _same_type(new: ParamValue, old: ParamValue) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return isinstance(old, bool) and isinstance(new, bool)
    if isinstance(old, float):
        return isinstance(new, int | float)
    return type(new) is type(old)


def looser(value: ParamValue, param: Param) -> bool:
    """True when `value` demands less than the parameter in force; where there is no order, any change."""
    if value == param.value:
        return False
    if isinstance(value, int | float) and isinstance(param.value, int | float):
        if param.strict == "low":
            return value > param.value
        if param.strict == "high":
            return value < param.value
    return True


def beyond_strict_bound(value: ParamValue, param: Param) -> bool:
    """True when a number leaves the catalogue's bounds on the side that no reason can excuse.

    That is the strict side (a limit of 0 seconds), either side where the parameter has no order, and what
    is no number: nothing is larger or smaller than it, so every check would pass.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or within(value, param):
        return False
    if not math.isfinite(value):
        return True
    if param.strict == "low":
        return param.low is not None and value < param.low
    if param.strict == "high":
        return param.high is not None and value > param.high
    return True
