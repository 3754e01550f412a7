"""Reads BPMN 2.0 files (OMG formal/13-12-09) into plain routes; hostile XML is refused, not parsed.

Files are not validated against the schema: a quarter of real exports would be lost, and nothing needs it.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from auditor.api import Garbled
from checks.paperless._assigned import NO_PARTS, PARTS, Parts, assigned, parts_of, sign_offs
from checks.paperless._limits import TIMER, Limits
from checks.paperless._route import Route, Step

MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
MAX_BYTES = 8 * 1024 * 1024
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
_TAGS = {MODEL + name: name for name in NODES}
_SORTS = {
    **dict.fromkeys(_TAGS, "nodes"),
    f"{MODEL}sequenceFlow": "flows",
    **{
        MODEL + name: "remarks"
        for name in ("textAnnotation", "dataObjectReference", "dataStoreReference", "lane")
    },
    **dict.fromkeys(PARTS, "parts"),
    TIMER: "timers",
}
"""All that is read of a process, and in which list of `_Inside` it is put."""
_HARDENED: Mapping[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "collect_ids": False,
    "remove_blank_text": True,  # most of a file's nodes are its indentation
    "remove_comments": True,  # a comment inside of a word would break it in two
    "remove_pis": True,
}
_JAPANESE = re.compile(
    rb"""\s*<\?xml[^>]{0,80}encoding\s*=\s*["'](?:windows-31j|ms932|cp932|x-sjis|shift_jis|sjis)["']""",
    re.IGNORECASE,
)
"""Names that Japanese tools give to Windows' own encoding, which the parser knows not at all or narrower."""


@dataclass(slots=True)
class _Inside:
    """The elements of one process, found in one go, in the order of the file."""

    process: Any
    nodes: list[Any] = field(default_factory=list)
    flows: list[Any] = field(default_factory=list)
    remarks: list[Any] = field(default_factory=list)
    parts: list[Any] = field(default_factory=list)
    timers: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        lists = {tag: getattr(self, sort) for tag, sort in _SORTS.items()}
        for element in self.process.iter(*_SORTS):
            lists[element.tag].append(element)

    def ids(self) -> list[str]:
        """Those that elements may be pointed at by; each as often as it is given."""
        named = (self.process, *self.nodes, *self.flows, *self.remarks)
        return [id_ for one in named if (id_ := one.get("id"))]


def routes_in(body: bytes, file: str) -> list[Route]:
    """The processes of one file, in its order.

    Raises:
        Garbled: not well-formed XML, a DOCTYPE, no BPMN definitions, nested too deeply, too many steps.
    """
    root = _parsed(body, file)
    if root.tag != f"{MODEL}definitions":
        raise Garbled(f"{file}: not a BPMN 2.0 file")
    processes = [_Inside(process) for process in root.iterchildren(f"{MODEL}process")]
    ids = Counter(id_ for inside in processes for id_ in inside.ids())
    found = [_route(inside, file, ids) for inside in processes]
    if not any(route.steps for route in found):
        raise Garbled(f"{file}: holds no process with steps")
    return found


def _parsed(body: bytes, file: str) -> Any:
    if len(body) > MAX_BYTES:
        raise Garbled(f"{file}: larger than {MAX_BYTES} bytes")
    if b"<!DOCTYPE" in (body.replace(b"\0", b"") if b"\0" in body else body):  # XML knows no other case
        raise Garbled(f"{file}: a DOCTYPE is not accepted")
    try:
        if _JAPANESE.match(body):
            parser = etree.XMLParser(encoding="utf-8", **_HARDENED)
            root = etree.fromstring(body.decode("cp932").encode(), parser)
        else:
            root = etree.fromstring(body, etree.XMLParser(**_HARDENED))
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Garbled(f"{file}: {error}"[:200]) from None
    if str(getattr(root.getroottree().docinfo, "doctype", "")):
        raise Garbled(f"{file}: a DOCTYPE is not accepted")
    return root


def _route(inside: _Inside, file: str, ids: Mapping[str, int]) -> Route:
    process, nodes = inside.process, inside.nodes
    if len(nodes) > MAX_STEPS:
        raise Garbled(f"{file}: more than {MAX_STEPS} steps")
    limits, parts = Limits(inside.timers), parts_of(inside.parts)
    engines: set[str] = set()
    steps = tuple(_step(node, parts.get(node, NO_PARTS), limits, engines) for node in nodes)
    arrows = ((flow.get("sourceRef") or "", flow.get("targetRef") or "") for flow in inside.flows)
    signs = ["isExecutable"] if process.get("isExecutable") in ("true", "1") else []
    return Route(
        id=process.get("id") or "",
        name=_line(process.get("name")),
        file=file,
        signs=(*signs, *sorted(engines)),
        steps=steps,
        flows=(*arrows, *_links(nodes)),
        remarks=tuple(dict.fromkeys(filter(None, map(_remark, inside.remarks)))),
        twice=tuple(f"{id_} ×{ids[id_]}" for id_ in dict.fromkeys(inside.ids()) if ids[id_] > 1),
    )


def _step(element: Any, parts: Parts, limits: Limits, engines: set[str]) -> Step:
    """One node; adds the engine whose attributes give it to somebody to `engines`."""
    kind, said = _TAGS[element.tag], dict(element.attrib)
    frame = element.getparent()
    common: dict[str, Any] = {
        "id": said.get("id", ""),
        "kind": kind,
        "name": _line(said.get("name")),
        "note": " ".join(text for note in parts.notes for text in note.itertext()),
        "parent": frame.get("id") or "" if _TAGS.get(frame.tag) in ACTIVITIES else "",
    }
    if kind in ACTIVITIES:
        who = assigned(said, parts)
        engines |= who.engines
        limit = limits.of(element, said, parts.extensions)
        called = kind == "callActivity"  # who decides in it, and how many, stands in another route
        return Step(
            **common,
            users=who.users,
            groups=who.groups,
            assignee=who.assignee,
            computed=who.computed or called,
            sign_offs=None if called else sign_offs(parts),
            limited=limit.limited,
            limit_days=limit.days,
            passive=limit.passive,
            event_sub=said.get("triggeredByEvent") == "true",
            compensation=said.get("isForCompensation") == "true",
        )
    return Step(
        **common,
        begins=kind == "startEvent",
        ends=kind == "endEvent",
        attached=said.get("attachedToRef", ""),
        compensation=bool(parts.compensations),
    )


def _remark(element: Any) -> str:
    return _line(element.get("name") or element.findtext(f"{MODEL}text"))


def _line(text: str | None) -> str:
    """A name in one line: modelling tools break names to fit their boxes."""
    return " ".join((text or "").split())


def _links(elements: list[Any]) -> list[tuple[str, str]]:
    """Jumps by name: from each thrown link event to the one that catches it, as if an arrow were drawn."""
    ends: dict[str, dict[str, list[str]]] = {"intermediateThrowEvent": {}, "intermediateCatchEvent": {}}
    for element in elements:
        if (named := ends.get(_TAGS[element.tag])) is None:
            continue
        for link in element.iterchildren(f"{MODEL}linkEventDefinition"):
            name = link.get("name") or element.get("name") or ""
            named.setdefault(name, []).append(element.get("id") or "")
    catches = ends["intermediateCatchEvent"]
    return [
        (thrown, caught)
        for name, sources in ends["intermediateThrowEvent"].items()
        for thrown in sources
        for caught in catches.get(name, ())
    ]
