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
from checks.paperless._bpmn import processes
from checks.paperless._steps import broken_steps, is_activity, is_approval, paper_kinds

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
        return Routes(tuple(body["processes"]), tuple(body["unread"]))
    except (KeyError, TypeError):
        raise Garbled("not the routes of this program") from None


def title(process: dict[str, Any]) -> str:
    """What a route is called: its name, else its id, else its file."""
    return str(process["name"] or process["id"] or process["file"])


def runs(process: dict[str, Any]) -> bool:
    """True for a model that an engine runs, not only a drawing."""
    return bool(process["executable"] or process["engines"])


@check("PPL-03")
def no_paper(seen: Routes, params: Params) -> Judgement:
    """No step of any route names paper, a seal or presence; a file that cannot be read leaves it open."""
    allowed = params.texts("allow")
    places = [
        f"{title(process)}: {node['name']}"
        for process in seen.processes
        for node in process["nodes"]
        if is_activity(node) and paper_kinds(f"{node['name']}\n{node['note']}", allowed)
    ]
    if len(places) > params.integer("paper_steps"):
        return failed("paper", places=(*places, *seen.unread), count=len(places))
    if seen.unread:
        return unknown(Reason.UNREADABLE, f"{len(seen.unread)} files", places=seen.unread)
    steps = [node for process in seen.processes for node in process["nodes"] if is_activity(node)]
    if not any(node["name"].strip() for node in steps):
        return unknown(Reason.NOT_MEASURABLE, "no step has a name")
    return passed("ok", routes=len(seen.processes), steps=len(steps))


@check("PPL-04")
def deputies(seen: Routes, params: Params) -> Judgement:
    """Every approval can be given by a group or by enough people; without assignees nothing is known."""
    single: list[str] = []
    unsaid: list[str] = []
    approvals = 0
    for process in seen.processes:
        for node in process["nodes"]:
            if not is_approval(node):
                continue
            approvals += 1
            place = f"{title(process)}: {node['name']}"
            if node["groups"] or len(set(node["users"])) >= params.integer("min_candidates"):
                continue
            (single if node["users"] and not node["expression"] else unsaid).append(place)
    if single:
        return failed("single", places=(*single, *seen.unread), count=len(single))
    if seen.unread:
        return unknown(Reason.UNREADABLE, f"{len(seen.unread)} files", places=seen.unread)
    if unsaid or not approvals:
        return unknown(Reason.NOT_MEASURABLE, "no assignee is written", places=tuple(unsaid))
    return passed("ok", count=approvals)


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
