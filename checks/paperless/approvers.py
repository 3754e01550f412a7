"""Who approves: a deputy for everybody, nobody who is gone, a time limit, and not too many at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from auditor.api import Judgement, Params, Reason, Town, check, failed, folded, passed, unknown
from checks.paperless._graph import waits
from checks.paperless._route import Route, Routes, Step
from checks.paperless._steps import is_activity, is_approval
from checks.paperless.routes import hidden, signs

Members = Mapping[str, frozenset[str]]


@dataclass(slots=True)
class _Sorted:
    """Places by what they show: the requirement met, not met, or not known."""

    met: list[str] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def put(self, place: str, answer: bool | None) -> None:  # noqa: FBT001 - the three answers are the point
        {True: self.met, False: self.unmet, None: self.open}[answer].append(place)


def approvals_of(route: Route) -> tuple[Step, ...]:
    """The steps at which a person decides; steps that share an id are all there."""
    return tuple(step for step in route.steps if is_approval(step))


def surveyed(seen: Routes) -> tuple[list[tuple[Route, Step, str]], _Sorted]:
    """Every approval with its route and place; routes in which none is known are open.

    One may stand there under a name nobody thought of.
    """
    found: list[tuple[Route, Step, str]] = []
    answers = _Sorted()
    for route in seen.routes:
        approvals = approvals_of(route)
        found += [(route, step, f"{route.title}: {step.name or step.id}") for step in approvals]
        if not approvals and any(map(is_activity, route.steps)):
            answers.open.append(route.title)
    return found, answers


@check("PPL-04")
def deputies(seen: Routes, params: Params) -> Judgement:
    """Every approval can be given by a group or by enough people; without assignees nothing is known."""
    minimum, members = params.integer("min_candidates"), members_of(seen)
    approvals, found = surveyed(seen)
    for _, step, place in approvals:
        found.put(place, deputised(step, minimum, members))
    if found.unmet:
        return failed("single", places=(*found.unmet, *seen.unread), count=len(found.unmet))
    if gap := hidden(seen, "steps", "assignees"):
        return gap
    if found.open or not found.met:
        return unknown(Reason.NOT_MEASURABLE, "no approver is written", places=tuple(found.open))
    return passed("ok", count=len(found.met))


def deputised(step: Step, minimum: int, members: Members) -> bool | None:
    """True when a group or enough people may take a step, None when the source does not tell.

    A group whose members are known counts as these people. Engines differ on whether candidates may take a
    step that is given to one person. Where as many must approve as there are, one absence holds it up.
    """
    if step.assignee != "none":
        others = len(step.users) > 1 or step.groups or step.computed
        return False if step.assignee == "literal" and not others else None
    people = users(step) | grouped(step, members)
    if step.sign_offs is None:
        return None
    needed = max(minimum, step.sign_offs + 1) if step.sign_offs > 1 else minimum
    if has_unlisted(step, members) or len(people) >= needed:
        return True
    return False if (people or step.groups) and not step.computed else None


@check("PPL-13")
def nobody_gone(seen: Routes, town: Town) -> Judgement:
    """Every approval is given to somebody, and everybody named is on the roster.

    Steps that name nobody by a staff id speak another language than the roster, and so may lists of groups:
    nothing is known of those then.
    """
    roster = {folded(person.id) for person in town.staff}
    members = members_of(seen)
    approvals, found = surveyed(seen)
    named, listed = (
        {user for _, step, _ in approvals for user in users(step)},
        {user for _, step, _ in approvals for user in grouped(step, members)},
    )
    comparable = {user for kind in (named, listed) if kind & roster for user in kind}
    for route, step, place in approvals:
        people = users(step) | grouped(step, members)
        if gone := sorted(people & comparable - roster):
            found.put(f"{place} ({', '.join(gone)})", False)
        elif people:
            found.put(place, True if people <= roster else None)
        else:
            found.put(place, _empty(step, route, seen, members))
    if found.unmet:
        return failed("gone", places=(*found.unmet, *seen.unread), count=len(found.unmet))
    if gap := hidden(seen, "steps", "assignees", "members"):
        return gap
    if found.open or not found.met:
        return unknown(Reason.NOT_MEASURABLE, "not everybody is told by a staff id", places=tuple(found.open))
    return passed("ok", count=len(found.met), people=len(named | listed))


def members_of(seen: Routes) -> Members:
    """The people of each group that the source shows, all in one spelling."""
    members: dict[str, frozenset[str]] = {}
    for group, people in seen.members.items():
        members[folded(group)] = members.get(folded(group), frozenset()) | set(map(folded, people))
    return members


def users(step: Step) -> set[str]:
    """Those a step names itself, in one spelling."""
    return {folded(user) for user in step.users} if step.assignee != "computed" else set()


def grouped(step: Step, members: Members) -> set[str]:
    """Those who are in a step's groups, as far as these are known."""
    return {user for group in step.groups for user in members.get(folded(group), ())}


def has_unlisted(step: Step, members: Members) -> bool:
    """Whether nobody told who is in one of a step's groups."""
    return any(folded(group) not in members for group in step.groups)


def _empty(step: Step, route: Route, seen: Routes, members: Members) -> bool | None:
    """False where nobody can take a step that names nobody, None where the source does not tell.

    A file that assigns nobody anywhere leaves it to the engine; a workflow server shows all there is.
    """
    computed = step.computed or step.assignee == "computed"
    if computed or has_unlisted(step, members) or "assignees" in seen.gaps:
        return None
    assigns = route.one_at_a_time or any(
        one.users or one.groups or one.computed or one.assignee != "none" for one in route.steps
    )
    return False if route.runs and assigns else None


@check("PPL-14")
def in_time(seen: Routes, params: Params) -> Judgement:
    """Every approval has a time limit that is short enough; a drawing without any tells nothing.

    A written length counts in calendar days: so many days never hold more working days than that. A date
    that nothing watches is a limit without a reminder: whether somebody reminds is not in the model.
    """
    most = params.integer("max_days")
    approvals, found = surveyed(seen)
    slow = _Sorted()
    for route, step, place in approvals:
        if step.limited == "no":
            found.put(place, False if route.runs and "limits" not in seen.gaps else None)
        elif step.limit_days is None:
            found.put(place, None)
        elif step.limit_days > most:
            slow.put(place, False)
        else:
            found.put(place, None if step.passive else True)
    if unmet := (*found.unmet, *slow.unmet):
        key = "unlimited" if found.unmet else "slow"
        sign = signs(list(seen.routes))
        return failed(key, places=(*unmet, *seen.unread), count=len(unmet), sign=sign)
    if gap := hidden(seen, "steps", "limits"):
        return gap
    if found.open or not found.met:
        return unknown(
            Reason.NOT_MEASURABLE, "no length of time, or no reminder, is written", places=tuple(found.open)
        )
    return passed("ok", count=len(found.met))


@check("PPL-16")
def few_at_once(seen: Routes, params: Params) -> Judgement:
    """Nowhere must more people approve than the limit says; a drawing that shows it is advice, not a fail."""
    most = params.integer("max_all")
    found = _Sorted()
    for route in seen.routes:
        approvals = approvals_of(route)
        if not approvals and any(map(is_activity, route.steps)):
            found.open.append(route.title)
        for wait in waits(route, approvals):
            place = f"{route.title}: {wait.label}"
            if wait.least > most and route.runs:
                found.put(f"{place} ({wait.least})", False)
            else:
                found.put(place, True if wait.most is not None and wait.most <= most else None)
    if found.unmet:
        return failed("many", places=(*found.unmet, *seen.unread), count=len(found.unmet))
    blind = any(not route.one_at_a_time for route in seen.routes)
    if gap := hidden(seen, "steps", *(("flows",) if blind else ())):
        return gap
    if found.open or not found.met:
        return unknown(Reason.NOT_MEASURABLE, "not written how many approve", places=tuple(found.open))
    return passed("ok", count=len(found.met))
