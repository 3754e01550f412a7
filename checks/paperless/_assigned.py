"""Who may take a BPMN step: the engines' attributes, zeebe's elements, and plain BPMN's performers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ENGINES = ("camunda", "activiti", "flowable", "operaton", "zeebe")
"""Engines whose namespaces carry assignments; an assignment makes a model one that a machine runs. The mere
namespace does not: drawing tools write it too.
"""

PARTS = {
    f"{MODEL}documentation": "notes",
    f"{MODEL}extensionElements": "extensions",
    f"{MODEL}humanPerformer": "performers",
    f"{MODEL}potentialOwner": "owners",
    f"{MODEL}multiInstanceLoopCharacteristics": "loops",
    f"{MODEL}compensateEventDefinition": "compensations",
}
"""The children of a step that are read, and the field of `Parts` for each."""
_ATTRIBUTES = frozenset({"assignee", "candidateUsers", "candidateGroups"})
_GROUP = re.compile(r"group\s*\(\s*([^)]*)\)", re.IGNORECASE)
_USER = re.compile(r"user\s*\(\s*([^)]*)\)", re.IGNORECASE)
_MAX_LOOPS = 1_000_000


@dataclass(frozen=True, slots=True)
class Assigned:
    """As in `_route.Step`; `engines` = those whose words these are."""

    users: tuple[str, ...]
    groups: tuple[str, ...]
    assignee: Literal["none", "literal", "computed"]
    computed: bool
    engines: frozenset[str]


NOBODY = Assigned((), (), "none", computed=False, engines=frozenset())


@dataclass(slots=True)
class Parts:
    """What is read inside of a step, event or gateway: `extensions` are those of an engine's maker."""

    notes: list[Any] = field(default_factory=list)
    extensions: list[Any] = field(default_factory=list)
    performers: list[Any] = field(default_factory=list)
    owners: list[Any] = field(default_factory=list)
    loops: list[Any] = field(default_factory=list)
    compensations: list[Any] = field(default_factory=list)


NO_PARTS = Parts()


def parts_of(elements: Iterable[Any]) -> Mapping[Any, Parts]:
    """Whose parts the elements are: those of each parent that has any."""
    found: dict[Any, Parts] = {}
    for element in elements:
        sort = PARTS[element.tag]
        parts = found.setdefault(element.getparent(), Parts())
        getattr(parts, sort).extend(element if sort == "extensions" else (element,))
    return found


def assigned(said: Mapping[str, str], parts: Parts) -> Assigned:
    """Who may take a step with these attributes.

    A value with an expression in it is one whole: its commas separate nothing.
    """
    found = [*_engine_words(said, parts), *_owners(parts)]
    listens = any(_is_listener(child.tag) for child in parts.extensions)
    if not found:
        return Assigned((), (), "none", computed=True, engines=frozenset()) if listens else NOBODY
    users: dict[str, None] = {}
    groups: dict[str, None] = {}
    assignee: Literal["none", "literal", "computed"] = "none"
    computed = listens
    for _, name, value in found:
        if name == "assignee":
            users |= {} if is_computed(value) else {value: None}
            assignee = "computed" if is_computed(value) or assignee != "none" else "literal"
        elif is_computed(value):
            computed = True
        else:
            (groups if name == "candidateGroups" else users).update(dict.fromkeys(_parts(value)))
    engines = frozenset(engine for engine, _, _ in found if engine)
    return Assigned(tuple(users), tuple(groups), assignee, computed, engines)


def is_computed(value: str) -> bool:
    """Whether an attribute's value is worked out when the route runs."""
    return "${" in value or "#{" in value or value.startswith("=")


def engine_of(namespace: str) -> str:
    """The engine a namespace belongs to, "" = none that is known."""
    space = namespace.lower()
    return next((name for name in reversed(ENGINES) if name in space), "")


def split_name(name: str) -> tuple[str, str]:
    """Namespace and local part of a qualified name; ("", name) where it has no namespace."""
    space, brace, local = name.rpartition("}")
    return (space[1:], local) if brace else ("", name)


def sign_offs(parts: Parts) -> int | None:
    """How many people a step waits for: 1, the literal cardinality of a multi-instance, None = not known."""
    if not parts.loops:
        return 1
    loop = parts.loops[0]
    cardinality = (loop.findtext(f"{MODEL}loopCardinality") or "").strip()
    literal = cardinality.isascii() and cardinality.isdigit() and len(cardinality) <= len(str(_MAX_LOOPS))
    ends_early = loop.find(f"{MODEL}completionCondition") is not None
    return int(cardinality) if literal and not ends_early else None


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _engine_words(said: Mapping[str, str], parts: Parts) -> Iterator[tuple[str, str, str]]:
    """Engine, attribute and value of every assignment that says something."""
    for name, value in said.items():
        if name[0] == "{":
            space, local = split_name(name)
            if local in _ATTRIBUTES and value.strip() and (engine := engine_of(space)):
                yield engine, local, value.strip()
    for child in parts.extensions:
        space, local = split_name(child.tag)
        if local == "assignmentDefinition" and (engine := engine_of(space)):
            for name, value in child.attrib.items():
                if name in _ATTRIBUTES and value.strip():
                    yield engine, name, value.strip()


def _is_listener(tag: str) -> bool:
    """A listener's program may give the step to anybody."""
    space, local = split_name(tag)
    return local == "taskListener" and bool(engine_of(space))


def _owners(parts: Parts) -> Iterator[tuple[str, str, str]]:
    """Plain BPMN's performers as the engines' attributes; an owner's bare name may be a group or a user."""
    for owner in parts.performers:
        yield "", "assignee", _resource(owner)
    for owner in parts.owners:
        text = _resource(owner)
        bare = _GROUP.sub("", _USER.sub("", text)).strip(" ,")
        if is_computed(text) or bare:
            yield "", "candidateUsers", f"={text}"
        else:
            yield from (("", "candidateUsers", user) for user in _USER.findall(text))
            yield from (("", "candidateGroups", group) for group in _GROUP.findall(text))


def _resource(owner: Any) -> str:
    """What a performer's expression says; a reference to a resource is settled outside of the model."""
    text = " ".join(" ".join(owner.itertext()).split())
    return f"={text}" if owner.find(f"{MODEL}resourceRef") is not None or not text else text
