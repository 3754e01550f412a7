"""What the tests of clauses and decisions share: texts from lines, and one control judged on them."""

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from auditor.api import Check, Judgement, Params, Section, Town
from auditor.control import ParamValue
from checks.ordinance import (
    corpus,
    decisions,
    deputies,
    officers,
    promulgation,
    recognised,
    service,
    telework,
)
from checks.ordinance._reader import documents_of
from checks.ordinance._text import plain_page
from checks.ordinance.corpus import Ordinances

TODAY = date(2026, 11, 26)
CONTROLS = Path(corpus.__file__).with_name("controls.toml")
MODULES = (decisions, deputies, officers, promulgation, recognised, service, telework)
CHECKS = {one.control: one for module in MODULES for one in vars(module).values() if isinstance(one, Check)}
START = ("附　則", "この規程は、令和5年4月1日から施行する。")


def texts(*ordinances: Sequence[str], unread: tuple[str, ...] = ()) -> Ordinances:
    """A collection of ordinances, each its lines, in force since 2023."""
    pages = (plain_page("\n".join((*lines, *START))) for lines in ordinances)
    found = tuple(one for page in pages for one in documents_of("x.txt", page))
    return Ordinances(found, unread, Ordinances(found, unread).different)


def rule(title: str, *lines: str) -> tuple[str, ...]:
    """The lines of an ordinance with a title and a number."""
    return (f"○{title}", "令和5年3月20日", "訓令第3号", *lines)


def judge(
    control: str, given: Ordinances, *more: Any, today: date = TODAY, **changed: ParamValue
) -> Judgement:
    """The judgement under the shipped parameters; `more` = the other facts and declarations it asks for."""
    rows = tomllib.loads(CONTROLS.read_text("utf-8"))[control].get("params", {})
    shipped = {
        name: tuple(one["value"]) if isinstance(one["value"], list) else one["value"]
        for name, one in rows.items()
    }
    known: dict[type, Any] = {Ordinances: given, Params: Params({**shipped, **changed}), date: today}
    known |= {type(one): one for one in more}
    check = CHECKS[control]
    return check(**{need.name: known[need.type] for need in check.needs})


def town(*sections: str) -> Town:
    """A town of these sections."""
    return Town(
        name="小船町", sections=tuple(Section(id=f"s{at}", name=name) for at, name in enumerate(sections))
    )
