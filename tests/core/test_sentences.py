"""Every sentence stands in both languages, and every key in the code has its sentence."""

import ast
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import auditor
from auditor.findings import Reason
from auditor.words import LANGUAGES, sentences

FOLDER = Path(auditor.__file__).parent
ERRORS = {"PluginError", "LockedError", "OutputError", "CarryError"}
TELLERS = {"problem", "_problem", "_wrong", "wrong"}
"""Calls whose last positional text is the key of a problem."""


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    return tuple(
        (path.relative_to(FOLDER).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in sorted(FOLDER.rglob("*.py"))
    )


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def texts(node: ast.expr | None) -> list[str]:
    """The texts an expression may be, as far as they stand there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return texts(node.body) + texts(node.orelse)
    return []


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def calls() -> Iterator[tuple[str, ast.Call]]:
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield f"{file}:{node.lineno}", node


def key_node(call: ast.Call) -> tuple[str, ast.expr | None]:
    """The table and the expression of the key that a call tells."""
    name = name_of(call)
    if name in ("Problem", "Note"):
        named = next((keyword.value for keyword in call.keywords if keyword.arg == "key"), None)
        return "problem", call.args[3] if len(call.args) > 3 else named
    if name in ERRORS:
        return "error", call.args[0] if call.args else None
    if name in TELLERS and call.args:
        return "problem", call.args[-1]
    if name == "note" and len(call.args) == 4:
        return "note", call.args[3]
    return "", None


def told() -> Iterator[tuple[str, str, str, ast.Call]]:
    for where, call in calls():
        table, node = key_node(call)
        for key in texts(node):
            yield where, table, key, call


def given(call: ast.Call) -> set[str] | None:
    """The names of the values a call gives; None = they cannot be seen here."""
    values = call.args[4] if name_of(call) in ("Problem", "Note") and len(call.args) > 4 else None
    if values is not None:
        if not isinstance(values, ast.Dict) or None in values.keys:
            return None
        return {text for key in values.keys for text in texts(key)}
    if any(keyword.arg is None for keyword in call.keywords):
        return None
    return {keyword.arg for keyword in call.keywords if keyword.arg is not None}


def test_both_languages_have_the_same_sentences_with_the_same_fields() -> None:
    japanese, english = (sentences(lang) for lang in LANGUAGES)
    assert set(japanese) == set(english)
    assert {key for key in japanese if fields(japanese[key]) != fields(english[key])} == set()


def test_every_sentence_can_be_filled_in_and_says_something() -> None:
    for lang in LANGUAGES:
        for key, sentence in sentences(lang).items():
            assert all(name.isidentifier() for name in fields(sentence)), (lang, key)
            assert sentence.format_map(dict.fromkeys(fields(sentence), "x")).strip(), (lang, key)


def test_japanese_sentences_are_japanese() -> None:
    kana = {chr(code) for code in range(0x3041, 0x30FF)}
    plain = {key for key, text in sentences("ja").items() if not kana & set(text)}
    named = (
        "hosts.",
        "help.",
        "except.",
        "town.",
        "doctor.",
        "attest.",
        "ordinances.",
        "mail.",
        "status.",
        "nightly.",
        "history.trend_",
    )
    assert {key for key in plain if not key.startswith(named)} <= {
        "data.comma",
        "intent.line",
        "intent.via",
        "data.origin",
        "error.usage",
    }


def test_every_key_told_in_the_code_has_a_sentence() -> None:
    known = sentences("ja")
    found = list(told())
    assert {table for _, table, _, _ in found} == {"problem", "error", "note"}
    assert [
        (where, f"{table}.{key}") for where, table, key, _ in found if f"{table}.{key}" not in known
    ] == []


def test_every_sentence_gets_all_the_values_it_names() -> None:
    known = sentences("ja")
    lacking = [
        (where, f"{table}.{key}", sorted(fields(known[f"{table}.{key}"]) - values))
        for where, table, key, call in told()
        if f"{table}.{key}" in known
        and (values := given(call)) is not None
        and not fields(known[f"{table}.{key}"]) <= values
    ]
    assert lacking == []


def test_every_key_that_the_command_line_says_has_a_sentence_and_its_values() -> None:
    known = sentences("ja")
    wrong = []
    for where, call in calls():
        at = {"speech": 0, "_speech": 0, "say": 1}.get(name_of(call))
        if at is None or len(call.args) <= at:
            continue
        for key in texts(call.args[at]):
            values = given(call)
            if key not in known or (values is not None and not fields(known[key]) <= values):
                wrong.append((where, key))
    assert wrong == []


@cache
def spoken() -> tuple[frozenset[str], frozenset[str]]:
    """All texts in the code, and the fixed ends of those that are put together."""
    whole: set[str] = set()
    ends: set[str] = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            if isinstance(node, ast.JoinedStr):
                ends |= {text for part in (node.values[0], node.values[-1]) for text in texts(part)}
    return frozenset(whole), frozenset(ends)


def _made(end: str, key: str) -> bool:
    """True when a key may be put together around this fixed end."""
    return len(end) > 2 and (
        key.startswith(end) or key.partition(".")[2].startswith(end) or key.endswith(end)
    )


def test_no_sentence_is_left_that_nobody_says() -> None:
    whole, ends = spoken()
    unsaid = [
        key
        for key in sentences("ja")
        if key not in whole
        and key.partition(".")[2] not in whole
        and not any(_made(end, key) for end in ends)
    ]
    assert [key for key in unsaid if key.partition(".")[0] in ("problem", "error", "note")] == []


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_plain_ascii_that_a_sentence_can_be_found_by(reason: Reason) -> None:
    assert reason.value == reason.name.lower()
