"""Small invented routes for the tests of this folder."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Documents, Params, Status
from checks.paperless import routes as subject
from checks.paperless._route import Gap, Route, Routes, Step

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SPACES = (
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'xmlns:flowable="http://flowable.org/bpmn" xmlns:activiti="http://activiti.org/bpmn" '
    'xmlns:operaton="http://operaton.org/schema/1.0/bpmn" xmlns:other="http://example.com/drawing"'
)
LIMITS = Params(
    {"paper_steps": 0, "allow": (), "min_candidates": 2, "broken": 0, "max_days": 3, "max_all": 3}
)


def model(inside: str, *, head: str = 'isExecutable="true"', outside: str = "") -> str:
    """A file of one process, and what stands beside it."""
    return (
        f'<definitions xmlns="{BPMN}" {SPACES}><process id="p" name="起案" {head}>{inside}</process>'
        f"{outside}</definitions>"
    )


def arrow(*ids: str) -> str:
    """Flows from each to the next."""
    return "".join(
        f'<sequenceFlow sourceRef="{source}" targetRef="{target}"/>' for source, target in pairwise(ids)
    )


def one_step(step: str, *, more: str = "", head: str = 'isExecutable="true"') -> str:
    """A route with a start, the step with the id "a", and an end."""
    return model(
        f'<startEvent id="s"/>{step}<endEvent id="e"/>{arrow("s", "a", "e")}{more}',
        head=head,
    )


def seen(folder: Path, **files: str | bytes) -> Routes:
    """What the probe finds in these files (``a_bpmn`` is a.bpmn)."""
    for name, content in files.items():
        body = content.encode() if isinstance(content, str) else content
        (folder / name.replace("_", ".")).write_bytes(body)
    documents = Documents(id="r", name="r", kind="routes", folder=folder)
    body = subject.read_routes.collect(documents, DirectFolder(folder))
    return subject.routes(Answer("routes.bpmn", Status.OK, body))


APPROVAL = '<userTask id="a" name="課長の決裁" {who}>{inside}</userTask>'


def approval(who: str = "", inside: str = "") -> str:
    """A route of one approval."""
    return one_step(APPROVAL.format(who=who, inside=inside))


Members = Mapping[str, tuple[str, ...]]


def kept(*steps: Step, gaps: tuple[Gap, ...] = (), members: Members | None = None) -> Routes:
    """A workflow server's route, as its probe would fill it."""
    route = Route(id="w", name="起案", signs=("mayan",), steps=steps, one_at_a_time=True)
    return Routes(routes=(route,), gaps=gaps, members=dict(members or {}))


def state(**fields: object) -> Step:
    """A state of that server in which somebody approves."""
    return Step(**{"id": "a", "kind": "userTask", "name": "課長決裁", **fields})  # type: ignore[arg-type]
