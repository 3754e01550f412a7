"""What a step's name tells: paper, seal, presence; approval. And whether a route holds together."""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from checks.paperless._bpmn import ACTIVITIES


@dataclass(frozen=True, slots=True)
class _Kind:
    words: tuple[str, ...]
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Terms:
    never: tuple[str, ...]
    approval: tuple[str, ...]
    kinds: Mapping[str, _Kind]


@cache
def _terms() -> _Terms:
    table = tomllib.loads(files("checks.paperless").joinpath("words.toml").read_text("utf-8"))
    kinds = {
        name: _Kind(tuple(map(plain, row["words"])), tuple(map(plain, row["unless"])))
        for name, row in table["kind"].items()
    }
    return _Terms(tuple(map(plain, table["never"])), tuple(map(plain, table["approval"])), kinds)


def plain(text: str) -> str:
    """NFKC, lower case, without any white space between Japanese characters, single blanks elsewhere."""
    words = unicodedata.normalize("NFKC", text).lower().split()
    joined = ""
    for word in words:
        blank = " " if joined and joined[-1].isascii() and word[0].isascii() else ""
        joined += blank + word
    return joined


def paper_kinds(name: str, allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """Which kinds of paper or presence a step's name and documentation demand, () = none."""
    terms = _terms()
    text = plain(name)
    for phrase in (*terms.never, *map(plain, allowed)):
        text = text.replace(phrase, "\n") if phrase else text
    return tuple(
        kind
        for kind, row in terms.kinds.items()
        if any(_stands(word, text) for word in row.words) and not any(word in text for word in row.unless)
    )


def _stands(word: str, text: str) -> bool:
    """True when the word is in the text; a Latin one only as the beginning of a word."""
    if not word.isascii():
        return word in text
    return re.search(rf"(?<![a-z]){re.escape(word)}", text) is not None


def is_approval(node: Mapping[str, Any]) -> bool:
    """True for a step at which a person decides."""
    text = plain(str(node["name"]))
    return node["kind"] in ("task", "userTask", "manualTask") and any(
        _stands(word, text) for word in _terms().approval
    )


def broken_steps(process: Mapping[str, Any]) -> tuple[str, ...]:
    """Dead ends, unreachable steps, loose flows and ids used twice, each as a place.

    A process without start (end) events may begin (end) anywhere; then none is unreachable (a dead end).
    """
    nodes = process["nodes"]
    by_id = {node["id"]: node for node in nodes}
    flows = [(source, target) for source, target in process["flows"] if source in by_id and target in by_id]
    found = [f"{source or '?'} → {target or '?'}" for source, target in _loose(process, by_id)]
    found += [f"{id_} ×{count}" for id_, count in Counter(node["id"] for node in nodes).items() if count > 1]
    leaves = {source for source, _ in flows}
    reached = _reached(nodes, flows)
    for scope in {node["parent"] for node in nodes}:
        inside = [node for node in nodes if node["parent"] == scope]
        kinds = {node["kind"] for node in inside}
        for node in inside:
            label = node["name"] or node["id"]
            stuck = "endEvent" in kinds and node["id"] not in leaves and _must_leave(node)
            lost = "startEvent" in kinds and node["id"] not in reached and _must_be_reached(node)
            if stuck or lost:
                found.append(label)
    return tuple(found)


def _loose(process: Mapping[str, Any], by_id: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(source, target) for source, target in process["flows"] if not {source, target} <= by_id.keys()]


def _must_leave(node: Mapping[str, Any]) -> bool:
    ends = node["kind"] in ("endEvent", "intermediateThrowEvent") or node["compensation"]
    return not (ends or node["event_sub"])


def _must_be_reached(node: Mapping[str, Any]) -> bool:
    return not (node["kind"] in ("startEvent", "boundaryEvent") or node["event_sub"] or node["compensation"])


def _reached(nodes: Iterable[Mapping[str, Any]], flows: Iterable[tuple[str, str]]) -> set[str]:
    """Ids that some start leads to; a boundary event begins where its step is reached."""
    onward: dict[str, list[str]] = {}
    for source, target in flows:
        onward.setdefault(source, []).append(target)
    for node in nodes:
        if node["attached"]:
            onward.setdefault(node["attached"], []).append(node["id"])
    waiting = [node["id"] for node in nodes if node["kind"] == "startEvent"]
    seen = set(waiting)
    while waiting:
        for target in onward.get(waiting.pop(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def is_activity(node: Mapping[str, Any]) -> bool:
    """True for a step at which something is done (not an event or a gateway)."""
    return node["kind"] in ACTIVITIES
