"""Reads BPMN 2.0 files (OMG formal/13-12-09) into plain steps and flows; hostile XML is refused, not parsed.

Files are not validated against the schema: a quarter of real exports would be lost, and nothing needs it.
"""

import re
from typing import Any

from lxml import etree

from auditor.api import Garbled

MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ENGINES = ("camunda", "activiti", "flowable", "operaton", "zeebe")
"""Engines whose namespaces carry assignments; their presence makes a model one that a machine runs."""

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
_GROUP = re.compile(r"group\s*\(", re.IGNORECASE)
_USER = re.compile(r"user\s*\(\s*([^)]*)\)", re.IGNORECASE)


def processes(body: bytes, file: str) -> list[dict[str, Any]]:
    """The processes of one file as JSON-ready dictionaries.

    Each has id, name, executable, engines, nodes (id, kind, name, note, users, groups, expression, parent,
    event_sub, attached, compensation, start_sub) and flows (pairs of node ids, "" = lacking).

    Raises:
        Garbled: not well-formed XML, a DOCTYPE, no BPMN definitions, nested too deeply, too many steps.
    """
    root = _parsed(body, file)
    if root.tag != f"{MODEL}definitions":
        raise Garbled(f"{file}: not a BPMN 2.0 file")
    spaces = {uri for element in root.iter() for uri in element.nsmap.values() if isinstance(uri, str)}
    engines = sorted(name for name in ENGINES if any(name in uri.lower() for uri in spaces))
    found = [_process(process, engines, file) for process in root.iter(f"{MODEL}process")]
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


def _process(process: Any, engines: list[str], file: str) -> dict[str, Any]:
    nodes = [_node(element) for element in process.iter() if _kind(element) in NODES]
    if len(nodes) > MAX_STEPS:
        raise Garbled(f"{file}: more than {MAX_STEPS} steps")
    flows = [
        [element.get("sourceRef") or "", element.get("targetRef") or ""]
        for element in process.iter(f"{MODEL}sequenceFlow")
    ]
    return {
        "id": process.get("id") or "",
        "name": process.get("name") or "",
        "executable": process.get("isExecutable") == "true",
        "engines": engines,
        "nodes": nodes,
        "flows": flows,
    }


def _kind(element: Any) -> str:
    tag = element.tag
    return tag.removeprefix(MODEL) if isinstance(tag, str) and tag.startswith(MODEL) else ""


def _node(element: Any) -> dict[str, Any]:
    parent = element.getparent()
    users, groups, expression = _assigned(element)
    return {
        "id": element.get("id") or "",
        "kind": _kind(element),
        "name": element.get("name") or "",
        "note": " ".join("".join(note.itertext()) for note in element.findall(f"{MODEL}documentation")),
        "users": users,
        "groups": groups,
        "expression": expression,
        "parent": parent.get("id") or "" if _kind(parent) in ACTIVITIES else "",
        "event_sub": element.get("triggeredByEvent") == "true",
        "attached": element.get("attachedToRef") or "",
        "compensation": element.get("isForCompensation") == "true" or _compensates(element),
    }


def _compensates(element: Any) -> bool:
    return element.find(f"{MODEL}compensateEventDefinition") is not None


def _assigned(element: Any) -> tuple[list[str], list[str], bool]:
    """Who may do a step: literal users, groups, and whether an expression decides when it runs."""
    users: list[str] = []
    groups: list[str] = []
    expression = False
    for name, value in _assignments(element):
        for part in (part.strip() for part in value.split(",") if part.strip()):
            if part.startswith(("${", "#{", "=")):
                expression = True
            elif "group" in name.lower():
                groups.append(part)
            else:
                users.append(part)
    for owner in (*element.findall(f"{MODEL}potentialOwner"), *element.findall(f"{MODEL}humanPerformer")):
        text = " ".join("".join(owner.itertext()).split())
        if owner.find(f"{MODEL}resourceRef") is not None or "${" in text or "#{" in text:
            expression = True
        elif _GROUP.search(text):
            groups.append(text)
        else:
            users += [user.strip() for user in _USER.findall(text)] or ([text] if text else [])
    return users, groups, expression


def _assignments(element: Any) -> list[tuple[str, str]]:
    """Attribute name and value of every engine's assignment on a step."""
    found = [
        (etree.QName(name).localname, value)
        for name, value in element.attrib.items()
        if name.startswith("{") and etree.QName(name).localname in _ATTRIBUTES
    ]
    for extension in element.findall(f"{MODEL}extensionElements"):
        for child in extension:
            if isinstance(child.tag, str) and etree.QName(child).localname == "assignmentDefinition":
                found += [(str(name), value) for name, value in child.attrib.items() if name in _ATTRIBUTES]
    return found


_ATTRIBUTES = ("assignee", "candidateUsers", "candidateGroups")
