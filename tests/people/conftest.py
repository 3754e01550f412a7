"""A small town whose people are judged, with the shipped parameters."""

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from auditor.control import Params
from auditor.targets import Person, Section, Town

CHECKS = Path(import_module("checks.people").__path__[0])
CONTROLS: Mapping[str, Any] = tomllib.loads((CHECKS / "controls.toml").read_text(encoding="utf-8"))
TODAY = date(2026, 11, 25)


def params_of(control: str, **changed: Any) -> Params:
    """The shipped parameters, some of them changed."""
    rows = CONTROLS[control].get("params", {})
    values = {name: tuple(v) if isinstance(v := row["value"], list) else v for name, row in rows.items()}
    return Params({**values, **changed})


def somebody(id_: str = "0105", **changed: Any) -> Person:
    """A person of section s1 in the trial."""
    row = {"id": id_, "name": f"person {id_}", "section": "s1", "method": "vpn", "trial": True, **changed}
    return Person(**row)


def town_of(*staff: Person, **section: str) -> Town:
    """A town of one section and these people."""
    return Town(name="town", sections=(Section(id="s1", name="s1", **section),), staff=staff)
