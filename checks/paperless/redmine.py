"""Redmine: trackers that sections use as approval routes, as far as its REST API shows them.

The matrix of who may go from which status to which is not part of that API. So flows, approvers and time
limits are gaps; what can be seen is which statuses tickets have, and which form fields ask for a seal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.api import Answer, Garbled, Http, System, fact, probe
from checks.paperless._heard import kept_routes, routes_of, standing_of
from checks.paperless._identity import Caller, Standing, token, watched
from checks.paperless._pages import Asker, Refused, identity, listed, text, whole_number
from checks.paperless._route import Gap, Route, Routes, Step
from checks.paperless._steps import paper_kinds

CONTACTS = 600
MOST_PAIRS = 400
"""Pairs of a tracker and a status that are asked for one by one."""

YES = frozenset({"要", "必要", "有", "有り", "あり", "する", "○", "はい", "yes", "required", "true"})
ALWAYS_HIDDEN: tuple[Gap, ...] = ("assignees", "members", "limits", "flows")


@dataclass(frozen=True, slots=True)
class _Field:
    """A form field that asks whether something is needed; `trackers` = numbers of those that show it."""

    number: int
    name: str
    trackers: frozenset[int]


@probe("redmine.trackers", kind="redmine", most=CONTACTS)
def read_trackers(system: System, http: Http) -> bytes:
    """Every tracker in use, while Redmine takes us for the declared account, first and last."""
    value = token(system, http)
    ask = Asker(http, system.url, {"X-Redmine-API-Key": value} if value else {})
    outcome, routes = watched(system, system.account, lambda: _caller(ask), lambda who: _routes(ask, who))
    visible = len(routes.routes) if routes is not None else 0
    everything = True if routes is not None and "steps" not in routes.gaps else None
    return kept_routes(outcome, routes, visible=visible, everything=everything)


def _caller(ask: Asker) -> Caller:
    """The account that asks. The reply also holds its key in clear; nothing but these values leaves here."""
    path = "/my/account.json"
    user = ask.get(path).get("user")
    if not isinstance(user, dict):
        raise Garbled(f"{path}: no user")
    return Caller(text(user.get("login"), path), identity(user, path), admin=user.get("admin") is True)


def _routes(ask: Asker, who: Caller) -> Routes:
    """What the account sees: an administrator everything, others their own projects and no form fields."""
    used = _trackers_in_use(ask)
    fields = _fields(ask) if who.admin else None
    statuses = {
        identity(row, "status"): text(row.get("name"), "status")
        for row in listed(ask.get("/issue_statuses.json").get("issue_statuses"), "statuses")
    }
    rows = listed(ask.get("/trackers.json").get("trackers"), "trackers")
    trackers = [row for row in rows if identity(row, "tracker") in used]
    if len(trackers) * len(statuses) > MOST_PAIRS:
        raise Garbled(f"{len(trackers)} trackers x {len(statuses)} statuses are more than can be asked for")
    routes = tuple(_route(ask, row, statuses, fields or ()) for row in trackers)
    seen = {step.id for route in routes for step in route.steps}
    unread = [
        f"{name}: no ticket is in this status, and which tracker uses it is not shown"
        for number, name in statuses.items()
        if f"{number}" not in seen and paper_kinds(name)
    ]
    gaps = ALWAYS_HIDDEN if fields is not None else (*ALWAYS_HIDDEN, "steps")
    return Routes(routes=routes, unread=tuple(unread), gaps=gaps)


def _trackers_in_use(ask: Asker) -> frozenset[int]:
    """Numbers of the trackers of all projects that the account sees."""
    found: set[int] = set()
    for project in ask.offset("/projects.json", "projects", include="trackers"):
        found.update(identity(row, "tracker") for row in listed(project.get("trackers"), "trackers"))
    return frozenset(found)


def _fields(ask: Asker) -> tuple[_Field, ...] | None:
    """The fields that ask for a yes or no, None = the account may not see them."""
    try:
        rows = listed(ask.get("/custom_fields.json").get("custom_fields"), "fields")
    except Refused:
        return None
    return tuple(
        _Field(identity(row, "field"), text(row.get("name"), "field"), _trackers_of(row))
        for row in rows
        if row.get("customized_type") == "issue" and _asks(row)
    )


def _trackers_of(row: Mapping[str, Any]) -> frozenset[int]:
    return frozenset(identity(tracker, "tracker") for tracker in listed(row.get("trackers"), "trackers"))


def _asks(row: Mapping[str, Any]) -> bool:
    """True for a field in which one can say that something is needed."""
    if row.get("field_format") == "bool":
        return True
    if row.get("field_format") not in ("list", "enumeration"):
        return False
    values = listed(row.get("possible_values"), "values")
    return any(str(value.get("label", value.get("value"))).strip().lower() in YES for value in values)


def _route(
    ask: Asker, row: Mapping[str, Any], statuses: Mapping[int, str], fields: tuple[_Field, ...]
) -> Route:
    number, name = identity(row, "tracker"), text(row.get("name"), "tracker")
    first = row.get("default_status")
    begins = identity(first, "status") if isinstance(first, dict) else -1
    steps = [
        Step(id=f"{status}", kind="userTask", name=label, begins=status == begins)
        for status, label in statuses.items()
        if status == begins or _has_tickets(ask, number, status)
    ]
    steps += [
        Step(id=f"field {field.number}", kind="exclusiveGateway", name=field.name)
        for field in fields
        if number in field.trackers
    ]
    return Route(id=f"{number}", name=name, signs=("redmine",), steps=tuple(steps), one_at_a_time=True)


def _has_tickets(ask: Asker, tracker: int, status: int) -> bool:
    """Whether a ticket is in that status; what it holds is not kept.

    Raises:
        Garbled: what comes is not what was asked for: a server that ignores the question counts everything.
    """
    path = "/issues.json"
    body = ask.get(path, tracker_id=tracker, status_id=status, limit=1)
    rows = listed(body.get("issues"), path)
    if bool(rows) != bool(whole_number(body.get("total_count"), path)):
        raise Garbled(f"{path}: its count is not that of its rows")
    if any(_number_of(row, "tracker") != tracker or _number_of(row, "status") != status for row in rows):
        raise Garbled(f"{path}: tickets that were not asked for")
    return bool(rows)


def _number_of(row: Mapping[str, Any], part: str) -> int:
    value = row.get(part)
    if not isinstance(value, dict):
        raise Garbled(f"a ticket without {part}")
    return identity(value, part)


@fact("redmine.standing", probe=read_trackers)
def standing(answer: Answer) -> Standing:
    """How the audit stands with this Redmine."""
    return standing_of(answer)


@fact("redmine.routes", probe=read_trackers)
def routes(answer: Answer) -> Routes:
    """Its trackers; not known when the account is not proved."""
    return routes_of(answer)
