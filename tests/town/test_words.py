"""Everything this part says exists in both languages and can be rendered."""

import string
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from auditor.errors import Problem
from auditor.problems import worded
from auditor.words import sentences


def written(lang: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((files("auditor.words") / f"town.{lang}.toml").read_text("utf-8"))


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    ja, en = written("ja"), written("en")
    assert {table: list(entries) for table, entries in ja.items()} == {
        table: list(entries) for table, entries in en.items()
    }
    for table, entries in ja.items():
        for key, sentence in entries.items():
            assert fields(sentence) == fields(en[table][key]), key


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_sentence_renders(lang: str) -> None:
    merged = sentences(lang)
    for table, entries in written(lang).items():
        for key, sentence in entries.items():
            assert merged[f"{table}.{key}"].format(**dict.fromkeys(fields(sentence), "x"))


def test_a_problem_is_one_line_with_its_place() -> None:
    problem = Problem(Path("/town/staff.csv"), 3, "試行", "bad_flag", {"seen": "△"})
    assert worded(problem, "ja", root=Path("/town")).startswith("staff.csv:3: 試行: 「△」は")
    assert worded(problem, "en").startswith("/town/staff.csv:3: 試行: △ is neither")
