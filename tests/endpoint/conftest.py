"""Judges a control from recorded answers, the way a run does, without a run."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from auditor.answers import Answer, Status
from auditor.control import Params
from auditor.declare import Check, Fact
from auditor.errors import Garbled, NotKnown
from auditor.findings import Judgement, Reason, Unknown, unknown
from auditor.targets import Endpoint, Gateway, Person, Section, Town

AREAS = ("endpoint", "away")
"""The areas whose controls are judged from what an endpoint's script answers."""
MODULES = {
    entry.name: import_module(entry.value) for entry in sorted(entry_points(group="telework_auditor.checks"))
}
SUBJECTS = tuple(name for name in MODULES if name.partition(".")[0] in AREAS)
FOLDERS = {area: Path(import_module(f"checks.{area}").__path__[0]) for area in AREAS}
CORPUS = Path(__file__).parent.parent / "corpus" / "endpoint"
TODAY = date(2026, 11, 25)
REASONS = {
    Status.ABSENT: Reason.NOT_COLLECTED,
    Status.DENIED: Reason.NO_PERMISSION,
    Status.ERROR: Reason.UNREADABLE,
    Status.TIMEOUT: Reason.NO_ANSWER,
}
CONTROLS: Mapping[str, Any] = {
    id_: row
    for folder in FOLDERS.values()
    for id_, row in tomllib.loads((folder / "controls.toml").read_text(encoding="utf-8")).items()
}


def _declared(kind: type, names: Iterable[str]) -> list[Any]:
    """The values of a kind that these modules hold, each once."""
    found = [value for name in names for value in vars(MODULES[name]).values() if isinstance(value, kind)]
    return list({id(value): value for value in found}.values())


FACTS: list[Fact[Any]] = [fact for fact in _declared(Fact, MODULES) if fact.scripts]
"""Every fact of every area that an endpoint's script answers."""
JUDGES: dict[str, Check] = {check.control: check for check in _declared(Check, SUBJECTS)}


def fact_on(id_: str, system: str) -> Fact[Any]:
    """The one fact of that id for that system."""
    (found,) = [fact for fact in FACTS if fact.id == id_ and system in fact.scripts]
    return found


def facts_on(system: str) -> dict[type, Fact[Any]]:
    """The facts of a system by the type they give."""
    return {fact.type: fact for fact in FACTS if system in fact.scripts}


def answer(id_: str, recorded: Mapping[str, Any]) -> Answer:
    """A recorded answer; a body that is not text stands for its JSON."""
    body = recorded.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    return Answer(id_, Status(recorded["status"]), text.encode())


def value_of(fact: Fact[Any], given: Answer) -> Any:
    """The parsed value, or the `Unknown` a run would have."""
    if given.status is not Status.OK and not (given.status is Status.ABSENT and fact.absent_ok):
        return Unknown(REASONS[given.status], given.note)
    try:
        return fact(given)
    except Garbled as error:
        return Unknown(Reason.UNREADABLE, error.note)
    except NotKnown as error:
        return Unknown(error.reason, error.note)


def params_of(control: str, **changed: Any) -> Params:
    """The shipped parameters, some of them changed."""
    rows = CONTROLS[control].get("params", {})
    values = {name: tuple(v) if isinstance(v := row["value"], list) else v for name, row in rows.items()}
    return Params({**values, **changed})


USER = Person(
    id="0101", name="user", section="s1", method="vpn", router_attested_on=TODAY - timedelta(days=90)
)


def town_of(endpoint: Endpoint) -> Town:
    """A town with that endpoint, another one, and an entrance for everybody."""
    other = Endpoint(id="PC-999", serial="OTHER999", name="other", os="windows", section="s1")
    return Town(
        name="town",
        root=Path("/town"),
        sections=(Section(id="s1", name="s1"),),
        staff=(USER,),
        endpoints=(endpoint, other),
        gateways=(Gateway(id="vpn", name="VPN", host="vpn.example.jp", port=443),),
    )


def pc(system: str = "windows", **changed: Any) -> Endpoint:
    """An endpoint of the ledger."""
    row = {"id": "PC-001", "serial": "PF3ABCDE", "name": "pc", "os": system, "section": "s1"}
    return Endpoint(**{**row, "user": USER.id, "method": "vpn", **changed})


def judged(
    control: str,
    answers: Mapping[str, Answer],
    *,
    endpoint: Endpoint | None = None,
    params: Params | None = None,
    today: date = TODAY,
) -> Judgement:
    """The judgement of a control on an endpoint that gave these answers."""
    target = endpoint or pc()
    known = facts_on(target.os)
    given: dict[str, Any] = {}
    for need in JUDGES[control].needs:
        if need.type in (Params, date, Town, Endpoint):
            fixed = {
                Params: params or params_of(control),
                date: today,
                Town: town_of(target),
                Endpoint: target,
            }
            given[need.name] = fixed[need.type]
            continue
        fact = known.get(need.type)
        value = (
            value_of(fact, answers[fact.id])
            if fact is not None and fact.id in answers
            else Unknown(Reason.NOT_COLLECTED, need.type.__name__)
        )
        if isinstance(value, Unknown) and not need.tolerant:
            return unknown(value.reason, value.note)
        given[need.name] = value
    return JUDGES[control](**given)
