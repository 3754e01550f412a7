"""What has to be done, grouped by cause: forty equal failures are one request."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from auditor.control import Leg
from auditor.findings import Finding, Overlay, Reason, Verdict
from auditor.readiness import Cause, Ready
from reports.book import Book, shortened

SEVERITY = {"critical": 0, "high": 1, "medium": 2, "low": 3}
SOON_DAYS = 7
"""How soon something must be looked at that could not be checked; 町の基準."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `what` begins with the act; `names` are whom or what it concerns, each once.

    `people` = how many people of the trial it holds back; `blocks` tells a fail from an open question;
    `doer` is head, officer or it.
    """

    what: str
    names: tuple[str, ...]
    unit: str
    due: date
    effort: str
    why: str
    doer: str
    people: int
    blocks: bool
    title: str


@dataclass(slots=True)
class _Group:
    kind: str
    control: str = ""
    reason: Reason | None = None
    leg: Leg = Leg.NONE
    targets: dict[str, None] = field(default_factory=dict)
    controls: dict[str, None] = field(default_factory=dict)
    people: dict[str, None] = field(default_factory=dict)


def asks(book: Book, section: str) -> tuple[Ask, ...]:
    """All requests of a section: what blocks most people first, then open questions, then improvements."""
    groups: dict[tuple[str, str], _Group] = {}
    for person in book.people_of(section):
        for cause in person.causes:
            _add(groups, _of_cause(book, cause, person.person), person.person)
    for finding in book.of_section(section):
        if finding.verdict in (Verdict.FAIL, Verdict.UNKNOWN) and finding.overlay is Overlay.NONE:
            _add(groups, _of_finding(book, finding), None)
    found = [_ask(book, group) for group in groups.values()]
    return tuple(
        sorted(found, key=lambda ask: (not ask.people, not ask.blocks, -ask.people, _order(book, ask)))
    )


def _order(book: Book, ask: Ask) -> tuple[int, str]:
    severity = next(
        (SEVERITY[c.severity] for c in book.run.controls if c.title.in_(book.words.lang) == ask.title), 2
    )
    return severity, ask.what


def _add(groups: dict[tuple[str, str], _Group], group: _Group, person: str | None) -> None:
    key = (group.kind, group.control or str(group.reason or "") + group.leg.value)
    kept = groups.setdefault(key, group)
    kept.targets.update(group.targets)
    kept.controls.update(group.controls)
    if person is not None:
        kept.people[person] = None


def _of_cause(book: Book, cause: Cause, person: str) -> _Group:
    if cause.control:
        finding = book.finding(cause.control, cause.target)
        if finding is not None:
            return _of_finding(book, finding)
    if cause.target:
        return _Group("unproven", leg=cause.leg, targets={cause.target: None})
    return _Group("undeclared", leg=cause.leg, targets={f"person:{person}": None})


def _of_finding(book: Book, finding: Finding) -> _Group:
    targets = {finding.target: None}
    if finding.whole_target:
        card = book.targets[finding.target]
        return _Group("unheard", reason=finding.reason, leg=_leg_of_kind(card.kind), targets=targets)
    if finding.verdict is Verdict.UNKNOWN:
        return _Group("check", reason=finding.reason, targets=targets, controls={finding.control: None})
    return _Group("fix", control=finding.control, targets=targets)


def _leg_of_kind(kind: str) -> Leg:
    return {"endpoint": Leg.DEVICE, "gateway": Leg.PATH, "routes": Leg.WORK}.get(kind, Leg.NONE)


def _ask(book: Book, group: _Group) -> Ask:
    words, today = book.words, book.run.today
    names = tuple(book.name(key) for key in group.targets)
    unit = "unit.devices" if all(key.startswith("endpoint:") for key in group.targets) else "unit.items"
    soon = today + timedelta(days=SOON_DAYS)
    people = len(group.people)
    if group.kind == "fix":
        control = book.controls[group.control]
        return Ask(
            what=control.fix.in_(words.lang),
            names=names,
            unit=unit,
            due=today + timedelta(days=control.due_days),
            effort=control.effort.in_(words.lang),
            why=control.why.in_(words.lang),
            doer=control.doer,
            people=people,
            blocks=True,
            title=control.title.in_(words.lang),
        )
    what, why, effort, doer, title = _open_question(book, group)
    return Ask(what, names, unit, soon, effort, why, doer, people, blocks=False, title=title)


def _open_question(book: Book, group: _Group) -> tuple[str, str, str, str, str]:
    """What, why, effort, doer and title of something that could not be checked."""
    words = book.words
    reason = words(f"reason.{group.reason.value}") if group.reason is not None else ""
    match group.kind:
        case "undeclared":
            return (
                words(f"request.undeclared_{group.leg.value}"),
                words(f"request.undeclared_why_{group.leg.value}"),
                words("request.undeclared_effort"),
                "it" if group.leg is Leg.PATH else "officer",
                words(f"leg.{group.leg.value}"),
            )
        case "unproven":
            return (
                words("request.unproven"),
                words("request.unproven_why"),
                words("request.undeclared_effort"),
                "officer",
                words(f"leg.{group.leg.value}"),
            )
        case "unheard":
            mine = group.leg is Leg.DEVICE
            return (
                words("request.unheard" if mine else "request.unheard_it"),
                words("request.unheard_why", reason=reason),
                words("request.unheard_effort"),
                "head" if mine else "it",
                reason,
            )
        case _:
            titles = [book.controls[control].title.in_(words.lang) for control in group.controls]
            title = shortened(titles, words, 3)
            return (
                words("request.check", title=title),
                words("request.check_why", reason=reason),
                words("request.check_effort"),
                "it",
                title,
            )


def worst_names(book: Book, section: str, ready: Iterable[Ready]) -> tuple[str, ...]:
    """The names of a section's people whose verdict is one of these, in the order of the staff list."""
    wanted = set(ready)
    return tuple(book.person(person.person) for person in book.people_of(section) if person.ready in wanted)
