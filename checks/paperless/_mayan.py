"""What Mayan EDMS (REST API v4) tells of its workflows: states, transitions, escalations, who may act.

A role may carry out a transition by a right of its own (global) or by an access control list on the workflow
or on the transition; superusers may always, and are not counted. Its documentation: apps ``document_states``,
``acls`` and ``permissions``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.api import Garbled, NotKnown, Unreached
from checks.paperless._identity import Caller
from checks.paperless._pages import Asker, Hidden, Refused, identity, text, whole_number
from checks.paperless._route import Gap, Route, Routes, Step

API = "/api/v4"
SEES_WORKFLOWS = "document_states.workflow_view"
SEES_TYPES = "documents_types.document_type_view"
SEES_WHO = frozenset(
    {"acls.acl_view", "permissions.role_view", "user_management.group_view", "user_management.user_view"}
)
MAY_ACT = "document_states.workflow_transition"
DAYS = {"days": 1.0, "hours": 1 / 24, "minutes": 1 / 1440}
FINISHED = 100


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its name, its global rights, its groups by number."""

    label: str
    rights: frozenset[str]
    groups: frozenset[int]


@dataclass(frozen=True, slots=True)
class Rights:
    """All roles the account sees, by number, and the global rights it has itself through them."""

    roles: Mapping[int, Role]
    own: frozenset[str]


def caller(ask: Asker) -> Caller:
    """The name and number of the account that asks."""
    path = f"{API}/users/current/"
    user = ask.get(path)
    return Caller(text(user.get("username"), path), identity(user, path))


def rights(ask: Asker, caller: Caller) -> Rights | None:
    """Who has which global right, None = the account may not see that, nor through which role it sees."""
    try:
        own = _numbers(ask, f"{API}/users/{caller.number}/groups/")
        roles = {
            identity(row, "roles"): _role(ask, identity(row, "roles"), text(row.get("label"), "role"))
            for row in ask.numbered(f"{API}/roles/")
        }
    except (Refused, Hidden):
        return None
    held = [role.rights for role in roles.values() if role.groups & own]
    return Rights(roles, frozenset().union(*held)) if held else None


def _role(ask: Asker, number: int, label: str) -> Role:
    path = f"{API}/roles/{number}"
    return Role(label, _rights_at(ask, f"{path}/permissions/"), _numbers(ask, f"{path}/groups/"))


def _rights_at(ask: Asker, path: str) -> frozenset[str]:
    return frozenset(text(row.get("pk"), path) for row in ask.numbered(path, "pk"))


def _numbers(ask: Asker, path: str) -> frozenset[int]:
    return frozenset(identity(row, path) for row in ask.numbered(path))


def workflows(ask: Asker, known: Rights | None) -> Routes:
    """Every workflow that the account sees, as a route; one that cannot be read is named.

    Without the rights to see who may act, that is a gap; without the right to see all workflows, steps are.
    """
    crew = _Crew(ask, known.roles) if known is not None and known.own >= SEES_WHO else None
    routes: list[Route] = []
    unread: list[str] = []
    for row in ask.numbered(f"{API}/workflow_templates/"):
        number, label = identity(row, "workflow"), text(row.get("label"), "workflow")
        try:
            routes.append(_route(ask, number, label, crew))
        except (Unreached, NotKnown, Garbled) as error:
            unread.append(f"{label}: {error.note}"[:200])
    gaps: list[Gap] = [] if crew is not None else ["assignees", "members"]
    if known is None or SEES_WORKFLOWS not in known.own:
        gaps.append("steps")
    members = crew.members if crew is not None else {}
    return Routes(routes=tuple(routes), unread=tuple(unread), members=members, gaps=tuple(gaps))


class _Crew:
    """Who may carry out what; `members` = names of the active users of each role that was needed."""

    def __init__(self, ask: Asker, roles: Mapping[int, Role]) -> None:
        self._ask, self._roles = ask, roles
        self._users: dict[int, frozenset[str]] = {}
        self.members: dict[str, tuple[str, ...]] = {}
        self.everywhere = frozenset(number for number, role in roles.items() if MAY_ACT in role.rights)

    def listed(self, model: str, number: int) -> frozenset[int]:
        """Numbers of the roles that may act by the access control lists of one thing."""
        path = f"{API}/objects/document_states/{model}/{number}/acls/"
        lists = ((identity(row, path), row.get("role")) for row in self._ask.numbered(path))
        allowed = [
            _role_number(role, path)
            for one, role in lists
            if MAY_ACT in _rights_at(self._ask, f"{path}{one}/permissions/")
        ]
        return frozenset(allowed)

    def people(self, roles: Iterable[int]) -> frozenset[str]:
        """Names of the active users who have one of the roles."""
        return frozenset().union(*(self._of(role) for role in roles))

    def named(self, roles: Iterable[int]) -> tuple[str, ...]:
        """The roles by name; their members are noted."""
        for role in roles:
            self.members[self._roles[role].label] = tuple(sorted(self._of(role)))
        return tuple(sorted(self._roles[role].label for role in roles))

    def _of(self, role: int) -> frozenset[str]:
        if role not in self._roles:
            raise Garbled(f"role {role} is not among the roles")
        return frozenset().union(*(self._group(group) for group in self._roles[role].groups))

    def _group(self, group: int) -> frozenset[str]:
        if group not in self._users:
            path = f"{API}/groups/{group}/users/"
            rows = self._ask.numbered(path)
            if any(type(row.get("is_active")) is not bool for row in rows):
                raise Garbled(f"{path}: whether a user is active is not told")
            active = (row for row in rows if row["is_active"])
            self._users[group] = frozenset(text(row.get("username"), path) for row in active)
        return self._users[group]


def _role_number(role: object, path: str) -> int:
    if not isinstance(role, dict):
        raise Garbled(f"{path}: a list without a role")
    return identity(role, path)


@dataclass(frozen=True, slots=True)
class _Way:
    """A transition: from state to state, by whom; `roles` None = not shown."""

    label: str
    origin: int
    target: int
    forward: bool
    conditional: bool
    roles: frozenset[int] | None


def _route(ask: Asker, number: int, label: str, crew: _Crew | None) -> Route:
    path = f"{API}/workflow_templates/{number}"
    states = ask.numbered(f"{path}/states/")
    everybody = crew.everywhere | crew.listed("workflow", number) if crew is not None else frozenset()
    ways = [_way(row, crew, everybody, path) for row in ask.numbered(f"{path}/transitions/")]
    steps = tuple(_step(ask, path, state, ways, crew) for state in states)
    flows = tuple((str(way.origin), str(way.target)) for way in ways)
    return Route(id=str(number), name=label, signs=("mayan",), steps=steps, flows=flows, one_at_a_time=True)


def _way(row: Mapping[str, Any], crew: _Crew | None, everybody: frozenset[int], path: str) -> _Way:
    origin, target = row.get("origin_state"), row.get("destination_state")
    if not isinstance(origin, dict) or not isinstance(target, dict):
        raise Garbled(f"{path}: a transition without its states")
    allowed = None
    if crew is not None:
        allowed = everybody | crew.listed("workflowtransition", identity(row, path))
    before, after = (whole_number(state.get("completion"), path) for state in (origin, target))
    return _Way(
        text(row.get("label"), path),
        identity(origin, path),
        identity(target, path),
        after > before,
        bool(text(row.get("condition"), path, 65_536).strip()),
        allowed,
    )


def _step(ask: Asker, path: str, state: Mapping[str, Any], ways: Iterable[_Way], crew: _Crew | None) -> Step:
    number = identity(state, path)
    out = [way for way in ways if way.origin == number]
    ends = _flag(state, "final", path) or whole_number(state.get("completion"), path) == FINISHED
    limited, days = ("no", None) if ends else _limit(ask, f"{path}/states/{number}/escalations/")
    way = _narrowest(out, crew)
    return Step(
        id=str(number),
        kind="userTask",
        name=text(state.get("label"), path),
        note=" ".join(way.label for way in out),
        begins=_flag(state, "initial", path),
        ends=ends,
        decides=False if ends and not out else None,
        groups=crew.named(way.roles or ()) if crew is not None and way is not None else (),
        computed=way is not None and way.conditional,
        limited=limited,  # type: ignore[arg-type]  # one of its words
        limit_days=days,
    )


def _flag(row: Mapping[str, Any], name: str, path: str) -> bool:
    value = row.get(name)
    if not isinstance(value, bool):
        raise Garbled(f"{path}: {name} is neither true nor false")
    return value


def _narrowest(ways: list[_Way], crew: _Crew | None) -> _Way | None:
    """Of the ways onward (else of all) the one that the fewest people may take."""
    if crew is None or not ways:
        return None
    onward = [way for way in ways if way.forward] or ways
    return min(onward, key=lambda way: len(crew.people(way.roles or ())))


def _limit(ask: Asker, path: str) -> tuple[str, float | None]:
    """Whether a state has a time limit, and the shortest in days; one that is switched off is none."""
    rows = [row for row in ask.numbered(path) if _flag(row, "enabled", path)]
    plain = [row for row in rows if not text(row.get("condition"), path, 65_536).strip()]
    if not plain:
        return ("computed" if rows else "no"), None
    return "yes", min(_days(row, path) for row in plain)


def _days(row: Mapping[str, Any], path: str) -> float:
    unit = row.get("unit")
    if not isinstance(unit, str) or unit not in DAYS:
        raise Garbled(f"{path}: unit of time {str(unit)[:20]!r}")
    return whole_number(row.get("amount"), path) * DAYS[unit]
