"""Reads BPMN 2.0 files (OMG formal/13-12-09) into plain routes; hostile XML is refused, not parsed.

Files are not validated against the schema: a quarter of real exports would be lost, and nothing needs it.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from lxml import etree

from auditor.api import Garbled
from checks.paperless._assigned import assigned, parts_of, sign_offs
from checks.paperless._limits import Limits
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
_REMARKS = tuple(
    MODEL + name for name in ("textAnnotation", "dataObjectReference", "dataStoreReference", "lane")
)
_FLOW = f"{MODEL}sequenceFlow"
_HARDENED: Mapping[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "collect_ids": False,
}
_JAPANESE = re.compile(
    rb"""\s*<\?xml[^>]{0,80}encoding\s*=\s*["'](?:windows-31j|ms932|cp932|x-sjis|shift_jis|sjis)["']""",
    re.IGNORECASE,
)
"""Names that Japanese tools give to Windows' own encoding, which the parser knows not at all or narrower."""


def routes_in(body: bytes, file: str) -> list[Route]:
    """The processes of one file, in its order.

    Raises:
        Garbled: not well-formed XML, a DOCTYPE, no BPMN definitions, nested too deeply, too many steps.
    """
    root = _parsed(body, file)
    if root.tag != f"{MODEL}definitions":
        raise Garbled(f"{file}: not a BPMN 2.0 file")
    processes = [
        (process, list(process.iter(_FLOW, *_TAGS, *_REMARKS))) for process in root.iter(f"{MODEL}process")
    ]
    ids = Counter(
        id_ for process, inside in processes for one in (process, *inside) if (id_ := one.get("id"))
    )
    found = [_route(process, inside, file, ids) for process, inside in processes]
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


def _route(process: Any, inside: list[Any], file: str, ids: Mapping[str, int]) -> Route:
    elements = [element for element in inside if element.tag in _TAGS]
    flows = [element for element in inside if element.tag == _FLOW]
    remarks = [element for element in inside if element.tag in _REMARKS]
    if len(elements) > MAX_STEPS:
        raise Garbled(f"{file}: more than {MAX_STEPS} steps")
    limits = Limits(process)
    engines: set[str] = set()
    steps = tuple(_step(element, limits, engines) for element in elements)
    own = dict.fromkeys(one.get("id") or "" for one in (process, *inside))
    signs = ["isExecutable"] if process.get("isExecutable") in ("true", "1") else []
    return Route(
        id=process.get("id") or "",
        name=_line(process.get("name")),
        file=file,
        signs=(*signs, *sorted(engines)),
        steps=steps,
        flows=(*((f.get("sourceRef") or "", f.get("targetRef") or "") for f in flows), *_links(elements)),
        remarks=tuple(dict.fromkeys(filter(None, map(_remark, remarks)))),
        twice=tuple(f"{id_} ×{ids[id_]}" for id_ in own if ids.get(id_, 0) > 1),
    )


def _step(element: Any, limits: Limits, engines: set[str]) -> Step:
    """One node; adds the engine whose attributes give it to somebody to `engines`."""
    kind, parts = _TAGS[element.tag], parts_of(element)
    frame = element.getparent()
    common: dict[str, Any] = {
        "id": element.get("id") or "",
        "kind": kind,
        "name": _line(element.get("name")),
        "note": " ".join("".join(note.itertext()) for note in parts.notes),
        "parent": frame.get("id") or "" if _TAGS.get(frame.tag) in ACTIVITIES else "",
    }
    if kind in ACTIVITIES:
        who = assigned(element, parts)
        engines |= who.engines
        limit = limits.of(element, parts.extensions)
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
            event_sub=element.get("triggeredByEvent") == "true",
            compensation=element.get("isForCompensation") == "true",
        )
    return Step(
        **common,
        begins=kind == "startEvent",
        ends=kind == "endEvent",
        attached=element.get("attachedToRef") or "",
        compensation=parts.compensates,
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
