"""Approval routes (BPMN 2.0): steps on paper or in person, approvals without a deputy, broken routes."""

import json
from dataclasses import dataclass
from typing import Any

from auditor.api import (
    Answer,
    Documents,
    Folder,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unreached,
    check,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks.paperless._bpmn import NODE_KEYS, processes
from checks.paperless._steps import broken_steps, is_activity, is_approval, nameless_steps, paper_kinds

SUFFIXES = (".bpmn", ".bpmn20.xml", ".bpmn2", ".xml")


@dataclass(frozen=True, slots=True)
class Routes:
    """The processes of a folder, as `_bpmn.processes` gives them, and the files that could not be read."""

    processes: tuple[dict[str, Any], ...]
    unread: tuple[str, ...]


@probe("routes.bpmn", kind="routes")
def read_routes(documents: Documents, folder: Folder) -> bytes:
    """Every BPMN file of the folder; one that cannot be read is named, not skipped."""
    del documents
    found: list[dict[str, Any]] = []
    unread: list[str] = []
    names = folder.names(*SUFFIXES)
    for name in names:
        try:
            rows = processes(folder.read(name), name)
        except (Garbled, Unreached) as error:
            unread.append(f"{name}: {error.note}"[:200])
        else:
            found += [{**row, "file": name} for row in rows]
    if not names:
        raise NotKnown(Reason.NOT_COLLECTED, "the folder holds no BPMN file")
    return json.dumps({"processes": found, "unread": unread}, ensure_ascii=False).encode()


@fact("routes.bpmn", probe=read_routes)
def routes(answer: Answer) -> Routes:
    """The kept answer; its shape is our own."""
    body = answer.json()
    try:
        found = Routes(tuple(body["processes"]), tuple(body["unread"]))
        known = all(node.keys() == NODE_KEYS for process in found.processes for node in process["nodes"])
    except (KeyError, TypeError, AttributeError):
        known = False
    if not known:
        raise Garbled("not the routes of this version of the program")
    return found


def title(process: dict[str, Any]) -> str:
    """What a route is called: its name, else its id, else its file."""
    return str(process["name"] or process["id"] or process["file"])


def runs(process: dict[str, Any]) -> bool:
    """True for a model that an engine runs, not only a drawing."""
    return bool(process["executable"] or process["engines"])


@check("PPL-03")
def no_paper(seen: Routes, params: Params) -> Judgement:
    """Nothing in a route names paper, a seal or presence; a step without a name leaves it open.

    Events and gateways count too: an application that arrives by post is paper.
    """
    allowed = params.texts("allow")
    places = [
        f"{title(process)}: {node['name'] or node['id']}"
        for process in seen.processes
        for node in process["nodes"]
        if any(paper_kinds(text, allowed) for text in (node["name"], node["note"]))
    ]
    if len(places) > params.integer("paper_steps"):
        return failed("paper", places=(*places, *seen.unread), count=len(places))
    if seen.unread:
        return unknown(Reason.UNREADABLE, f"{len(seen.unread)} files", places=seen.unread)
    mute = [f"{title(process)}: {id_}" for process in seen.processes for id_ in nameless_steps(process)]
    if mute:
        return unknown(Reason.NOT_MEASURABLE, f"{len(mute)} steps without a name", places=tuple(mute))
    steps = sum(is_activity(node) for process in seen.processes for node in process["nodes"])
    if not steps:
        return unknown(Reason.NOT_MEASURABLE, "no route holds a step")
    return passed("ok", routes=len(seen.processes), steps=steps)


@check("PPL-04")
def deputies(seen: Routes, params: Params) -> Judgement:
    """Every approval can be given by a group or by enough people; without assignees nothing is known.

    A route in which no step is known as an approval may have one under a name nobody thought of.
    """
    minimum = params.integer("min_candidates")
    answers: dict[bool | None, list[str]] = {True: [], False: [], None: []}
    for process in seen.processes:
        approvals = [node for node in process["nodes"] if is_approval(node)]
        for node in approvals:
            answers[_deputised(node, minimum)].append(f"{title(process)}: {node['name']}")
        if not approvals and any(is_activity(node) for node in process["nodes"]):
            answers[None].append(title(process))
    if single := answers[False]:
        return failed("single", places=(*single, *seen.unread), count=len(single))
    if seen.unread:
        return unknown(Reason.UNREADABLE, f"{len(seen.unread)} files", places=seen.unread)
    if answers[None] or not answers[True]:
        return unknown(Reason.NOT_MEASURABLE, "no approver is written", places=tuple(answers[None]))
    return passed("ok", count=len(answers[True]))


def _deputised(node: dict[str, Any], minimum: int) -> bool | None:
    """True when a group or enough people may take a step, None when the model does not tell.

    Engines differ on whether candidates may take a step that is given to one person.
    """
    if node["assignee"] != "none":
        others = node["users"] or node["groups"] or node["expression"]
        return False if node["assignee"] == "literal" and not others else None
    if node["groups"] or len(set(node["users"])) >= minimum:
        return True
    return False if node["users"] and not node["expression"] else None


@check("PPL-15")
def whole(seen: Routes, params: Params) -> Judgement:
    """Routes that an engine runs hold together; faults of a mere drawing are advice, not a fail."""
    faults = {title(process): broken_steps(process) for process in seen.processes if runs(process)}
    sketched = [
        f"{title(process)}: {place}"
        for process in seen.processes
        if not runs(process)
        for place in broken_steps(process)
    ]
    places = tuple(f"{name}: {place}" for name, found in faults.items() for place in found)
    if len(places) > params.integer("broken"):
        return failed("broken", places=(*places, *seen.unread), count=len(places))
    if seen.unread:
        return unknown(Reason.UNREADABLE, f"{len(seen.unread)} files", places=seen.unread)
    if sketched:
        return unknown(Reason.NOT_MEASURABLE, "a drawing, not a running route", places=tuple(sketched))
    return passed("ok", routes=len(seen.processes))
