"""Approval routes: steps on paper or in person, and routes that do not hold together. Files in BPMN 2.0."""

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
from checks.paperless._bpmn import routes_in
from checks.paperless._graph import broken_steps
from checks.paperless._members import members_in
from checks.paperless._route import Gap, Route, Routes, kept, told
from checks.paperless._steps import is_activity, may_be_paper, nameless_steps, paper_kinds

MODELS = (".bpmn", ".bpmn20.xml", ".bpmn2", ".xml")
GROUPS = (".csv",)
DRAWINGS = (
    ".vsd", ".vsdx", ".drawio", ".pdf", ".xls", ".xlsx", ".xlsm", ".ods", ".doc", ".docx", ".ppt", ".pptx",
    ".jtd", ".zip", ".png", ".jpg", ".jpeg", ".svg", ".tif", ".tiff",
)  # fmt: skip
"""Other files that a route may be drawn in; one beside a model of the same name is its picture."""


@probe("routes.bpmn", kind="routes")
def read_routes(documents: Documents, folder: Folder) -> bytes:
    """Every BPMN file of the folder, and who is in the groups; what cannot be read is named, not skipped."""
    del documents
    seen = routes_below(folder)
    if not seen.routes and not seen.unread:
        raise NotKnown(Reason.NOT_COLLECTED, "no BPMN files in the folder")
    return kept(seen)


def routes_below(folder: Folder) -> Routes:
    """The routes of a folder's files and the members of its groups; files that cannot be read by name."""
    found: list[Route] = []
    members: dict[str, tuple[str, ...]] = {}
    unread: list[str] = []
    models = folder.names(*MODELS)
    drawn = set(map(_stem, models))
    unread += [
        f"{name}: no BPMN"
        for name in folder.names(*DRAWINGS)
        if _stem(name) not in drawn and not name.rpartition("/")[2].startswith((".", "~$"))
    ]
    for name in (*models, *folder.names(*GROUPS)):
        try:
            body = folder.read(name)
            if name in models:
                found += routes_in(body, name)
            else:
                for group, people in members_in(body, name).items():
                    members[group] = tuple(dict.fromkeys((*members.get(group, ()), *people)))
        except Unreached as error:
            unread.append(f"{name}: {error.reason.value}")
        except Garbled as error:
            unread.append(error.note)
    return Routes(routes=tuple(found), unread=tuple(unread), members=members)


def _stem(name: str) -> str:
    """A file's path up to the first dot in its own name."""
    folder, _, base = name.rpartition("/")
    return f"{folder}/{base.partition('.')[0]}"


@fact("routes.bpmn", probe=read_routes)
def routes(answer: Answer) -> Routes:
    """The kept answer; its shape is our own."""
    return told(answer)


def hidden(seen: Routes, *gaps: Gap) -> Judgement | None:
    """That nothing may be passed here: parts could not be read, or the source cannot show what is judged."""
    if seen.unread:
        return unknown(Reason.UNREADABLE, f"{len(seen.unread)} files", places=seen.unread)
    if lacking := [gap for gap in gaps if gap in seen.gaps]:
        return unknown(Reason.NOT_MEASURABLE, f"the source does not show: {', '.join(lacking)}")
    return None


def signs(routes: list[Route]) -> str:
    """Why these are taken for routes that a machine runs."""
    return ", ".join(sorted({sign for route in routes for sign in route.signs}))


@check("PPL-03")
def no_paper(seen: Routes, params: Params) -> Judgement:
    """Nothing in a route names paper, a seal or presence; a step without a name leaves it open.

    Events and gateways count too: an application that arrives by post is paper. What stands beside the steps
    (notes, documents, lanes) is listed: it may speak of what somebody else does.
    """
    allowed = params.texts("allow")
    places = [
        f"{route.title}: {step.name or step.id}"
        for route in seen.routes
        for step in route.steps
        if any(paper_kinds(text, allowed) for text in (step.name, step.note) if text)
    ]
    if len(places) > params.integer("paper_steps"):
        return failed("paper", places=(*places, *seen.unread), count=len(places))
    if gap := hidden(seen, "steps"):
        return gap
    mute = [f"{route.title}: {id_}" for route in seen.routes for id_ in nameless_steps(route)]
    if mute:
        return unknown(Reason.NOT_MEASURABLE, f"{len(mute)} steps without a name", places=tuple(mute))
    steps = [(route, step) for route in seen.routes for step in route.steps if is_activity(step)]
    if not steps:
        return unknown(Reason.NOT_MEASURABLE, "no route holds a step")
    weak = (
        *(f"{route.title}: {step.name}" for route, step in steps if may_be_paper(step, allowed)),
        *(
            f"{route.title}: {remark}"
            for route in seen.routes
            for remark in route.remarks
            if paper_kinds(remark, allowed)
        ),
    )
    key = "weak" if weak else "ok"
    return passed(key, places=weak, weak=len(weak), routes=len(seen.routes), steps=len(steps))


@check("PPL-15")
def whole(seen: Routes, params: Params) -> Judgement:
    """Routes that a machine runs hold together; faults of a mere drawing are advice, not a fail."""
    faults = [(route, place) for route in seen.routes for place in broken_steps(route)]
    places = tuple(f"{route.title}: {place}" for route, place in faults if route.runs)
    if "flows" in seen.gaps:
        return unknown(Reason.NOT_MEASURABLE, "the source does not show: flows")
    if len(places) > params.integer("broken"):
        sign = signs([route for route, _ in faults])
        return failed("broken", places=(*places, *seen.unread), count=len(places), sign=sign)
    if gap := hidden(seen, "steps"):
        return gap
    if sketched := tuple(f"{route.title}: {place}" for route, place in faults if not route.runs):
        return unknown(Reason.NOT_MEASURABLE, "a drawing, not a running route", places=sketched)
    if not any(is_activity(step) for route in seen.routes for step in route.steps):
        return unknown(Reason.NOT_MEASURABLE, "no route holds a step")
    return passed("ok", routes=len(seen.routes))
