"""Small invented routes for the tests of this folder."""

from itertools import pairwise
from pathlib import Path

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Documents, Params, Status
from checks.paperless import routes as subject
from checks.paperless._route import Routes

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
