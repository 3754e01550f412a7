"""Reads BPMN 2.0 files (OMG formal/13-12-09) into plain steps and flows; hostile XML is refused, not parsed.

Files are not validated against the schema: a quarter of real exports would be lost, and nothing needs it.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from auditor.api import Garbled

MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ENGINES = ("camunda", "activiti", "flowable", "operaton", "zeebe")
"""Engines whose namespaces carry assignments; an assignment makes a model one that a machine runs. The mere
namespace does not: drawing tools write it too.
"""

MAX_STEPS = 5000
ACTIVITIES = frozenset(
    {
        *("task", "userTask", "manualTask", "serviceTask", "scriptTask", "sendTask", "receiveTask"),
        *("businessRuleTask", "callActivity", "subProcess", "adHocSubProcess", "transaction"),
    }
)
NODES = ACTIVITIES | {
    *("startEvent", "endEvent", "intermediateThrowEvent", "intermediateCatchEvent", "boundaryEvent"),
    *("exclusiveGateway", "inclusiveGateway", "parallelGateway", "complexGateway", "eventBasedGateway"),
}
_GROUP = re.compile(r"group\s*\(\s*([^)]*)\)", re.IGNORECASE)
_USER = re.compile(r"user\s*\(\s*([^)]*)\)", re.IGNORECASE)


def processes(body: bytes, file: str) -> list[dict[str, Any]]:
    """The processes of one file as JSON-ready dictionaries.

    Each has id, name, executable, engines, nodes (`NODE_KEYS`) and flows (pairs of node ids, "" = lacking).
    A node's `users` and `groups` are literal candidates; `assignee` = none, literal or expression, the one
    person a step is given to; `expression` = who may take it is (also) worked out when the route runs.

    Raises:
        Garbled: not well-formed XML, a DOCTYPE, no BPMN definitions, nested too deeply, too many steps.
    """
    root = _parsed(body, file)
    if root.tag != f"{MODEL}definitions":
        raise Garbled(f"{file}: not a BPMN 2.0 file")
    found = [_process(process, file) for process in root.iter(f"{MODEL}process")]
    if not any(process["nodes"] for process in found):
        raise Garbled(f"{file}: holds no process with steps")
    return found


def _parsed(body: bytes, file: str) -> Any:
    if b"<!doctype" in body.replace(b"\0", b"").lower():
        raise Garbled(f"{file}: a DOCTYPE is not accepted")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Garbled(f"{file}: {error}"[:200]) from None
    if str(getattr(root.getroottree().docinfo, "doctype", "")):
        raise Garbled(f"{file}: a DOCTYPE is not accepted")
    return root


def _process(process: Any, file: str) -> dict[str, Any]:
    elements = [element for element in process.iter() if _kind(element) in NODES]
    if len(elements) > MAX_STEPS:
        raise Garbled(f"{file}: more than {MAX_STEPS} steps")
    flows = [
        [element.get("sourceRef") or "", element.get("targetRef") or ""]
        for element in process.iter(f"{MODEL}sequenceFlow")
    ]
    return {
        "id": process.get("id") or "",
        "name": process.get("name") or "",
        "executable": process.get("isExecutable") == "true",
        "engines": sorted({engine for element in elements for engine, _, _ in _assignments(element)}),
        "nodes": [_node(element) for element in elements],
        "flows": flows,
    }


def _kind(element: Any) -> str:
    tag = element.tag
    return tag.removeprefix(MODEL) if isinstance(tag, str) and tag.startswith(MODEL) else ""


def _node(element: Any) -> dict[str, Any]:
    parent = element.getparent()
    return {
        "id": element.get("id") or "",
        "kind": _kind(element),
        "name": element.get("name") or "",
        "note": " ".join("".join(note.itertext()) for note in element.findall(f"{MODEL}documentation")),
        **_assigned(element),
        "parent": parent.get("id") or "" if _kind(parent) in ACTIVITIES else "",
        "event_sub": element.get("triggeredByEvent") == "true",
        "attached": element.get("attachedToRef") or "",
        "compensation": element.get("isForCompensation") == "true" or _compensates(element),
    }


def _compensates(element: Any) -> bool:
    return element.find(f"{MODEL}compensateEventDefinition") is not None


def _assigned(element: Any) -> dict[str, Any]:
    """Who may do a step. A value with an expression in it is one as a whole: its commas separate nothing."""
    users: list[str] = []
    groups: list[str] = []
    assignee, expression = "none", False
    for name, value in (*((name, value) for _, name, value in _assignments(element)), *_owners(element)):
        if name == "assignee":
            assignee = "expression" if _computed(value) or assignee != "none" else "literal"
        elif _computed(value):
            expression = True
        else:
            (groups if name == "candidateGroups" else users).extend(_parts(value))
    return {"users": users, "groups": groups, "assignee": assignee, "expression": expression}


def _computed(value: str) -> bool:
    return "${" in value or "#{" in value or value.startswith("=")


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _assignments(element: Any) -> list[tuple[str, str, str]]:
    """Engine, attribute name and value of every assignment that says something."""
    found = [(etree.QName(name), value) for name, value in element.attrib.items() if name.startswith("{")]
    for extension in element.findall(f"{MODEL}extensionElements"):
        for child in extension:
            if isinstance(child.tag, str) and etree.QName(child).localname == "assignmentDefinition":
                space = etree.QName(child).namespace
                found += [(etree.QName(space, name), value) for name, value in child.attrib.items()]
    return [
        (_engine(name.namespace), name.localname, value.strip())
        for name, value in found
        if name.localname in _ATTRIBUTES and value.strip() and _engine(name.namespace)
    ]


def _engine(namespace: str | None) -> str:
    """The engine a namespace belongs to, "" = none that is known."""
    return next((name for name in reversed(ENGINES) if name in (namespace or "").lower()), "")


def _owners(element: Any) -> Iterator[tuple[str, str]]:
    """Plain BPMN's performers as the engines' attributes; an owner's bare name may be a group or a user."""
    for owner in element.findall(f"{MODEL}humanPerformer"):
        yield "assignee", _resource(owner)
    for owner in element.findall(f"{MODEL}potentialOwner"):
        text = _resource(owner)
        bare = _GROUP.sub("", _USER.sub("", text)).strip(" ,")
        if _computed(text) or bare:
            yield "candidateUsers", f"={text}"
        else:
            yield from (("candidateUsers", user) for user in _USER.findall(text))
            yield from (("candidateGroups", group) for group in _GROUP.findall(text))


def _resource(owner: Any) -> str:
    """What a performer's expression says; a reference to a resource is settled outside of the model."""
    text = " ".join("".join(owner.itertext()).split())
    return f"={text}" if owner.find(f"{MODEL}resourceRef") is not None or not text else text


_ATTRIBUTES = ("assignee", "candidateUsers", "candidateGroups")
NODE_KEYS = frozenset(
    {
        *("id", "kind", "name", "note", "users", "groups", "assignee", "expression"),
        *("parent", "event_sub", "attached", "compensation"),
    }
)
