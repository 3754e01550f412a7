"""What a step's name tells: paper, seal, presence; approval. And whether a route holds together."""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from checks.paperless._bpmn import ACTIVITIES

Pattern = re.Pattern[str]
DECIDED = ("task", "userTask", "manualTask", "callActivity")
"""Kinds of steps a person may decide in; a called route may hide one."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """`words` tell the kind; `unless` is taken out of the text before they are looked for. None = nothing."""

    words: Pattern
    unless: Pattern | None


@dataclass(frozen=True, slots=True)
class _Terms:
    never: Pattern | None
    kinds: Mapping[str, _Kind]
    approval: _Kind


@cache
def _terms() -> _Terms:
    table = tomllib.loads(files("checks.paperless").joinpath("words.toml").read_text("utf-8"))
    kinds = {name: _Kind(_any(row["words"]), _phrases(row["unless"])) for name, row in table["kind"].items()}
    row = table["approval"]
    post, act = (f"(?:{'|'.join(row[key])})" for key in ("posts", "acts"))
    by_post = [rf"{post}(?:の|が|による|にて|へ)?{act}", rf"{act}[(\[]{post}", rf"^{post}$"]
    approval = _Kind(_any([*row["words"], *by_post]), _phrases(row["unless"]))
    return _Terms(_phrases(table["never"]), kinds, approval)


def _any(words: Iterable[str]) -> Pattern:
    """Any of the words; a Latin one only as the beginning of a word."""
    return re.compile(
        "|".join(
            f"(?:(?<![a-z]){word})" if word[0].isascii() and word[0].isalpha() else word for word in words
        )
    )


def _phrases(words: Sequence[str]) -> Pattern | None:
    return _any(words) if words else None


def plain(text: str) -> str:
    """NFKC, lower case, no white space between Japanese characters, single blanks elsewhere; ㊞ as 押印."""
    words = unicodedata.normalize("NFKC", text.replace("㊞", "押印")).lower().split()
    joined = ""
    for word in words:
        blank = " " if joined and joined[-1].isascii() and word[0].isascii() else ""
        joined += blank + word
    return joined


def paper_kinds(text: str, allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """Which kinds of paper or presence a step's name or documentation demands, () = none."""
    terms = _terms()
    rest = plain(text)
    for phrase in filter(None, map(plain, allowed)):
        rest = rest.replace(phrase, "\n")
    rest = _without(terms.never, rest)
    return tuple(name for name, kind in terms.kinds.items() if kind.words.search(_without(kind.unless, rest)))


def _without(phrases: Pattern | None, text: str) -> str:
    """The text with a break for each phrase, so that what stood around it does not grow together."""
    return phrases.sub("\n", text) if phrases else text


def is_approval(node: Mapping[str, Any]) -> bool:
    """True for a step at which a person decides."""
    approval = _terms().approval
    text = _without(approval.unless, plain(str(node["name"])))
    return node["kind"] in DECIDED and approval.words.search(text) is not None


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


def nameless_steps(process: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids of the steps without a name; a frame around other steps needs none."""
    frames = {node["parent"] for node in process["nodes"]} - {""}
    return tuple(
        node["id"] or "?"
        for node in process["nodes"]
        if is_activity(node) and not node["name"].strip() and node["id"] not in frames
    )
