"""What belongs together: checks and facts, sentences and their fields, controls and parameters."""

import ast
import inspect
import re
import string
from datetime import date
from typing import Any

import pytest

from auditor.control import Params
from auditor.declare import TARGETS
from auditor.targets import Town
from checks.endpoint.software import denied_patterns
from tests.endpoint.conftest import CONTROLS, FACTS, FOLDERS, JUDGES, SUBJECTS, facts_on

OWN = tuple(sorted(CONTROLS))
CATALOGUE = re.compile(r"[a-z]+\.[a-z0-9]+")


def test_every_control_has_its_check_and_every_check_its_control() -> None:
    assert sorted(CONTROLS) == sorted(JUDGES)


def test_every_public_module_is_one_of_the_subjects() -> None:
    written = [f"{area}.{path.stem}" for area, folder in FOLDERS.items() for path in folder.glob("[a-z]*.py")]
    assert sorted(written) == sorted(SUBJECTS)


@pytest.mark.parametrize("control", OWN)
@pytest.mark.parametrize("system", ["linux", "windows"])
def test_every_fact_a_check_asks_for_can_be_learnt(control: str, system: str) -> None:
    known = facts_on(system)
    applies = system in CONTROLS[control]["applies"]["os"]
    someone = {fact.type for fact in FACTS}
    missing = [
        need.type.__name__
        for need in JUDGES[control].facts
        if need.type not in (someone if need.tolerant else known)
    ]
    assert not applies or missing == []


def test_an_id_has_one_type_and_a_system_asks_it_once() -> None:
    types: dict[str, set[Any]] = {}
    asked: list[tuple[str, str]] = []
    for fact in FACTS:
        types.setdefault(fact.id, set()).add(fact.type)
        asked += [(fact.id, system) for system in fact.scripts]
        assert CATALOGUE.fullmatch(fact.id)
    assert all(len(found) == 1 for found in types.values())
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("control", OWN)
def test_every_key_a_check_returns_has_a_sentence_and_every_sentence_a_key(control: str) -> None:
    needs = {need.type for need in JUDGES[control].needs}
    assert needs <= {Params, date, Town, *TARGETS, *(fact.type for fact in FACTS)}
    module = inspect.getmodule(JUDGES[control].judge)
    assert module is not None
    source = inspect.getsource(module)
    for key in CONTROLS[control]["says"]:
        assert f'"{key}"' in source or (key == "ok" and "passed(" in source)
    returned = {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("failed", "passed", "not_applicable")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert returned <= set(CONTROLS[control]["says"])


@pytest.mark.parametrize("control", OWN)
def test_both_languages_use_the_same_fields_and_the_wording_says_what_it_must(control: str) -> None:
    row = CONTROLS[control]
    for words in row["says"].values():
        ja, en = (
            {name for _, name, _, _ in string.Formatter().parse(words[lang]) if name} for lang in ("ja", "en")
        )
        assert ja == en
        assert words["ja"].endswith("。")
    for name in ("title", "plain", "why", "fix", "effort", "verify"):
        assert row[name]["ja"]
        assert row[name]["en"]
        assert not re.search(r"[{}]|等", row[name]["ja"])


def test_the_denied_categories_exist_for_both_families() -> None:
    for category in CONTROLS["EP-14"]["params"]["deny_fail"]["value"]:
        for family in ("windows", "linux"):
            assert len(denied_patterns(category, family)) > 5
