"""kintone: the process management of its apps as approval routes (REST API, ``/k/v1/app/status.json``).

A token belongs to apps, not to a person, and no call tells whose it is. So the proof is: without the token
the app is refused, with it the app that answers is the one the town declared, first and last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.api import (
    Answer,
    Garbled,
    Http,
    NotKnown,
    Reason,
    System,
    Unreached,
    fact,
    probe,
)
from checks.paperless._heard import kept_routes, routes_of, standing_of
from checks.paperless._identity import Caller, Standing, token, watched
from checks.paperless._pages import Asker, Hidden, Refused, listed, text
from checks.paperless._route import Gap, Route, Routes, Step

REFUSALS = frozenset({"CB_WA01", "CB_AU01", "CB_NO02", "GAIA_IA02", "GAIA_NO01"})
"""What kintone answers (with several statuses) to a token that is missing, wrong, or of another app."""

HIDDEN: tuple[Gap, ...] = ("members", "limits")
"""Groups are named without their members; reminders need the right to change the app."""

MOST_STATES = 1000
COMPUTED = ("FIELD_ENTITY", "CREATOR", "CUSTOM_FIELD")
GROUPS = ("GROUP", "ORGANIZATION")


@probe("kintone.apps", kind="kintone", most=300)
def read_apps(system: System, http: Http) -> bytes:
    """The process management of every declared app that the token opens."""
    value = token(system, http)
    ask = Asker(http, system.url, {"X-Cybozu-API-Token": value} if value else {}, REFUSALS)
    declared = ",".join(map(str, sorted(system.apps)))
    if value and declared:
        _must_be_closed(Asker(http, system.url, {}, REFUSALS), system.apps[0])
    outcome, routes = watched(
        system, declared, lambda: _caller(ask, system.apps), lambda _: _routes(ask, system.apps)
    )
    visible = len(routes.routes) if routes is not None else 0
    return kept_routes(outcome, routes, visible=visible, everything=True)


def _must_be_closed(anonymous: Asker, app: int) -> None:
    """Nothing, if the app is closed to those without a token.

    Raises:
        NotKnown: IDENTITY, it answers anybody, so that an answer says nothing of the token.
    """
    try:
        anonymous.get("/k/v1/app.json", id=app)
    except (NotKnown, Unreached, Garbled):
        return
    raise NotKnown(Reason.IDENTITY, f"app {app} answers without a token too")


def _caller(ask: Asker, apps: tuple[int, ...]) -> Caller:
    """The apps for which the token stands, by their own word."""
    path = "/k/v1/app.json"
    seen = sorted(int(_digits(ask.get(path, id=app).get("appId"), path)) for app in apps)
    return Caller(",".join(map(str, seen)))


def _digits(value: object, path: str) -> str:
    """A number as kintone writes it, in a text."""
    written = text(value, path, 20)
    if not (written.isascii() and written.isdigit()):
        raise Garbled(f"{path}: no number")
    return written


def _routes(ask: Asker, apps: tuple[int, ...]) -> Routes:
    """An app without process management has no route: it is named, for that is not the same as no paper."""
    routes: list[Route] = []
    unread: list[str] = []
    for app in apps:
        try:
            body = ask.get("/k/v1/app/status.json", app=app)
            name = text(ask.get("/k/v1/app.json", id=app).get("name"), f"app {app}")
            if body.get("enable") is True and body.get("states") is not None:
                routes.append(_route(body, app, name))
            elif body.get("enable") in (True, False):
                unread.append(f"{name} ({app}): no process management is set")
            else:
                unread.append(f"{name} ({app}): whether process management is on is not told")
        except (Refused, Hidden, Garbled) as error:
            unread.append(f"{app}: {error.note}"[:200])
    return Routes(routes=tuple(routes), unread=tuple(unread), gaps=HIDDEN)


def _route(body: Mapping[str, Any], app: int, name: str) -> Route:
    states, actions = body.get("states"), listed(body.get("actions"), f"app {app}: actions")
    if not isinstance(states, dict) or not 1 <= len(states) <= MOST_STATES:
        raise Garbled(f"app {app}: no states")
    rows = {key: _row(value, f"app {app}: {key}") for key, value in states.items()}
    order = {key: int(_digits(row.get("index"), key)) for key, row in rows.items()}
    first = min(order.values())
    if list(order.values()).count(first) > 1:
        raise Garbled(f"app {app}: two states are the first")
    ways = [_way(action, app) for action in actions]
    steps = tuple(
        _step(key, rows[key], [way for way in ways if way.origin == key], begins=order[key] == first)
        for key in sorted(order, key=order.__getitem__)
    )
    flows = tuple((way.origin, way.target) for way in ways)
    return Route(id=f"{app}", name=name, signs=("kintone",), steps=steps, flows=flows, one_at_a_time=True)


@dataclass(frozen=True, slots=True)
class _Way:
    """An action: from state to state; `others` = people beside the assignees may take it too."""

    origin: str
    target: str
    name: str
    others: bool


def _way(action: Mapping[str, Any], app: int) -> _Way:
    what = f"app {app}: action"
    origin, target, name = (text(action.get(key), what) for key in ("from", "to", "name"))
    others = action.get("executableUser")
    return _Way(origin, target, name, bool(_row(others, what).get("entities")) if others else False)


def _step(key: str, row: Mapping[str, Any], out: list[_Way], *, begins: bool) -> Step:
    """A state. The first one always reads ONE, and nobody waits there or at the end: neither decides."""
    assignee = _row(row.get("assignee"), key)
    kind, entities = assignee.get("type"), assignee.get("entities")
    if kind not in ("ONE", "ALL", "ANY") or not isinstance(entities, list):
        raise Garbled(f"{key}: assignees of an unknown kind")
    users, groups, computed = _who(entities, key)
    everyone = kind == "ALL" and not begins
    return Step(
        id=key,
        kind="userTask",
        name=text(row.get("name"), key),
        note=" ".join(way.name for way in out),
        begins=begins,
        ends=not out,
        decides=False if begins or not out else None,
        users=users,
        groups=groups,
        computed=computed or any(way.others for way in out),
        sign_offs=_sign_offs(users, groups, computed=computed) if everyone else 1,
    )


def _sign_offs(users: tuple[str, ...], groups: tuple[str, ...], *, computed: bool) -> int | None:
    """How many must approve where all of them must; None = a group's size or a field decides."""
    return None if groups or computed else max(len(users), 1)


def _who(entities: list[Any], key: str) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Users and groups by code, and whether a field or a creator decides besides.

    kintone leaves out users who are deleted or disabled: an empty list is a state in which nobody is left.
    """
    users: dict[str, None] = {}
    groups: dict[str, None] = {}
    computed = False
    for each in entities:
        entity = _row(_row(each, key).get("entity"), key)
        kind = entity.get("type")
        if kind in COMPUTED:
            computed = True
        elif kind == "USER" or kind in GROUPS:
            (users if kind == "USER" else groups)[text(entity.get("code"), key)] = None
        else:
            raise Garbled(f"{key}: an assignee of an unknown kind")
    return tuple(users), tuple(groups), computed


def _row(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Garbled(f"{what}: no object")
    return value


@fact("kintone.standing", probe=read_apps)
def standing(answer: Answer) -> Standing:
    """How the audit stands with these apps."""
    return standing_of(answer)


@fact("kintone.routes", probe=read_apps)
def routes(answer: Answer) -> Routes:
    """Their processes; not known when the token is not proved."""
    return routes_of(answer)
