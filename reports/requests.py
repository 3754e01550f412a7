"""What has to be done, grouped by cause: forty equal failures are one request."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from auditor.control import Control, Leg
from auditor.findings import Finding, Overlay, Reason, Verdict
from auditor.readiness import Cause, Ready
from auditor.work import APPROVING, DOCUMENT_KINDS
from reports.book import Book
from reports.places import names, places

SEVERITY = {"critical": 0, "high": 1, "medium": 2, "low": 3}
SOON_DAYS = 7
"""How soon something must be looked at that could not be checked; 町の基準."""

HEAD_REASONS = (Reason.NO_ANSWER, Reason.NOT_COLLECTED, Reason.STALE)
"""A silent PC with these reasons answers once its user switches it on in the office."""

OFFICER_REASONS = (
    Reason.NOT_DECLARED,
    Reason.NOT_ATTESTED,
    Reason.UNSURE,
    Reason.EXPIRED,
    Reason.IMAGE_ONLY,
    Reason.BLANK,
)
"""What is unknown for these reasons is known once the section declares it or hands it in."""

LEG_OF_KIND = {
    "endpoint": Leg.DEVICE,
    "gateway": Leg.PATH,
    "person": Leg.PERSON,
    **dict.fromkeys(APPROVING, Leg.WORK),
}
ADDRESSED = "ください"
"""A control's act says so (in Japanese) when it asks the reader; otherwise it tells what others do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request or piece of work. `what` begins with the act; `names` are what it concerns, each once.

    `mine` = the section's head is asked; otherwise the digital section does it. `doer` is head, officer or
    it. `people` = how many people of the trial it holds back, `blocks` tells a fail from an open question.
    `due` = None where no day can be promised; `overdue` = that day is past. `order` tells equal ranks apart,
    alike in every language.
    `leg` is set for a target shared with other sections: it belongs beside that leg, not among requests.
    `aside` = nothing of it is a condition for starting; `element` = which of the six it belongs to.
    """

    what: str
    names: tuple[str, ...]
    unit: str
    due: date | None
    overdue: bool
    effort: str
    why: str
    doer: str
    mine: bool
    people: int
    blocks: bool
    severity: int
    order: str
    leg: Leg | None
    aside: bool
    element: int


@dataclass(slots=True)
class _Group:
    """Findings or gaps of one cause. `act` is one of those that `_said` knows, or fix."""

    act: str
    control: str = ""
    reason: Reason | None = None
    leg: Leg = Leg.NONE
    shared: bool = False
    targets: dict[str, None] = field(default_factory=dict)
    items: dict[str, None] = field(default_factory=dict)
    people: dict[str, None] = field(default_factory=dict)
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    due: date | None = None

    @property
    def key(self) -> tuple[object, ...]:
        return self.act, self.control, self.reason, self.leg, self.shared


def asks(book: Book, section: str) -> tuple[Ask, ...]:
    """Everything to be done for a section: what blocks most people first, then questions, then the rest.

    What is no condition for starting comes last.
    """
    groups: dict[tuple[object, ...], _Group] = {}
    for person in book.people_of(section):
        for cause in person.causes:
            if (group := _of_cause(book, cause, person.person)) is not None:
                _add(groups, group, person.person)
    for card in book.cards_of(section):
        if len(card.sections) == 1:
            for finding in book.findings.get(card.key, ()):
                if (group := _of_finding(book, finding)) is not None:
                    _add(groups, group, None)
    found = [_ask(book, group) for group in groups.values()]
    return tuple(sorted(found, key=_rank))


def _rank(ask: Ask) -> tuple[object, ...]:
    """The wording has no part in it, so that both languages number requests alike."""
    due = ask.due or date.max
    return ask.aside, not ask.people, not ask.blocks, -ask.people, ask.severity, due, ask.order


def _add(groups: dict[tuple[object, ...], _Group], group: _Group, person: str | None) -> None:
    kept = groups.setdefault(group.key, group)
    kept.targets.update(group.targets)
    kept.items.update(group.items)
    for key, found in group.places.items():
        kept.places[key] = tuple(dict.fromkeys((*kept.places.get(key, ()), *found)))
    if group.due is not None:
        kept.due = min(group.due, kept.due or group.due)
    if person is not None:
        kept.people[person] = None


def _of_cause(book: Book, cause: Cause, person: str) -> _Group | None:
    finding = book.finding(cause.control, cause.target) if cause.control else None
    if finding is not None and person not in finding.doubts:  # else it failed for others
        group = _of_finding(book, finding)
        if group is not None and finding.concerns:  # a list of many: this person's own matter
            group.shared, group.targets = False, {f"person:{person}": None}
        return group
    if cause.ready is Ready.READY:
        return None
    if cause.target:
        shared = book.shared(cause.target)
        return _Group("unproven", leg=cause.leg, shared=shared, targets={cause.target: None})
    return _Group("undeclared", leg=cause.leg, targets={f"person:{person}": None})


def _of_finding(book: Book, finding: Finding) -> _Group | None:
    """The group of something that is not in order, None = nothing needs doing (or an exception covers it)."""
    targets, shared = {finding.target: None}, book.shared(finding.target)
    where = {finding.target: places(book, finding)}
    if finding.verdict is Verdict.UNKNOWN:
        act = "measure" if finding.reason is Reason.NOT_MEASURABLE else "check"
        act = "attest" if finding.attested is not None else act
        return _Group(
            "unheard" if finding.whole_target else act,
            reason=finding.reason,
            leg=LEG_OF_KIND.get(book.targets[finding.target].kind, Leg.NONE),
            shared=shared,
            targets=targets,
            items={finding.control: None},
            places=where,
            due=due_of(book, finding),
        )
    if finding.verdict is not Verdict.FAIL or finding.overlay is Overlay.EXCEPTION:
        return None
    control = book.controls[finding.control]
    return _Group(
        "fix",
        control.id,
        leg=control.leg,
        shared=shared,
        targets=targets,
        items={control.id: None},
        places=where,
        due=due_of(book, finding),
    )


def due_of(book: Book, finding: Finding) -> date:
    """When something not in order is to be settled: counted from the day since when it is so."""
    if finding.verdict is Verdict.FAIL and finding.until is not None:  # the model's own day, also when past
        return finding.until
    control = book.controls.get(finding.control) if finding.verdict is Verdict.FAIL else None
    days = control.due_days if control is not None else SOON_DAYS
    return (finding.since or book.run.today) + timedelta(days=days)


def _ask(book: Book, group: _Group) -> Ask:
    control = book.controls.get(group.control)
    doer, mine = _doer(group, control)
    what, why, effort = _said(book, group, control, mine=mine)
    soon = book.run.today + timedelta(days=SOON_DAYS)
    due = None if group.act == "measure" else group.due or soon
    return Ask(
        what=what,
        names=names(book, group.targets, group.places),
        unit=_unit(group),
        due=due,
        overdue=due is not None and due < book.run.today,
        effort=effort,
        why=why,
        doer=doer,
        mine=mine,
        people=len(group.people),
        blocks=group.act == "fix",
        severity=SEVERITY.get(control.severity if control is not None else "", len(SEVERITY)),
        order=" ".join((min(group.items, default="~"), *map(str, group.key))),
        leg=group.leg if group.shared and not mine else None,
        aside=_aside(book, group),
        element=min((book.controls[item].element for item in group.items), default=1),
    )


def _aside(book: Book, group: _Group) -> bool:
    """True where nothing of it is a condition for starting."""
    legs = {book.controls[item].leg for item in group.items}
    return not group.people and legs == {Leg.NONE}


def _unit(group: _Group) -> str:
    if any(group.places.values()):
        return "unit.places" if all(group.places.get(key) for key in group.targets) else "unit.items"
    kinds = {key.partition(":")[0] for key in group.targets}
    return {"endpoint": "unit.devices", "person": "unit.people"}.get("+".join(kinds), "unit.items")


def _is_owed(group: _Group) -> bool:
    """Whether the section itself can hand in what is lacking: an answer, or a part of its own files."""
    if group.reason is Reason.NOT_COLLECTED:
        return all(key.partition(":")[0] in DOCUMENT_KINDS for key in group.targets)
    return group.reason in OFFICER_REASONS


def _doer(group: _Group, control: Control | None) -> tuple[str, bool]:
    """Who acts, and whether the section's head is asked for anything."""
    if control is not None:
        return control.doer, ADDRESSED in control.fix.ja or control.doer != "it"
    match group.act:
        case "unheard":
            doer = "head" if group.leg is Leg.DEVICE and group.reason in HEAD_REASONS else "it"
        case "check":
            doer = "officer" if _is_owed(group) and not group.shared else "it"
        case "attest":
            doer = "officer"
        case "unproven" | "measure":
            doer = "it"
        case _:
            doer = "it" if group.leg is Leg.PATH else "officer"
    return doer, doer != "it"


def _said(book: Book, group: _Group, control: Control | None, *, mine: bool) -> tuple[str, str, str]:
    """The act, the reason for it, and its cost."""
    words, lang = book.words, book.words.lang
    if control is not None:
        return control.fix.in_(lang), control.why.in_(lang), control.effort.in_(lang)
    by = "" if mine else "_it"
    effort = words("request.section_effort" if mine else "request.it_effort")
    reason = words(f"reason.{group.reason.value}") if group.reason is not None else ""
    leg = group.leg.value
    match group.act:
        case "unheard":
            each = words("request.unheard_effort") if mine else effort
            return words(f"request.unheard{by}"), words("request.unheard_why", reason=reason), each
        case "check" | "attest":
            titles = words.listed([book.title(item) for item in group.items], 3)
            act = "check_table" if group.reason is Reason.TABLE_OLD else f"{group.act}{by}"
            what = words(f"request.{act}", titles=titles)
            return what, words(f"request.{group.act}_why", reason=reason), effort
        case "measure":
            titles = words.listed([book.title(item) for item in group.items], 3)
            on = "_device" if group.leg is Leg.DEVICE else ""
            return (
                words(f"request.measure{on}", titles=titles),
                words("request.check_why", reason=reason),
                effort,
            )
        case "unproven":
            return words("request.unproven", leg=words(f"leg.{leg}")), words("request.unproven_why"), effort
        case _:
            return words(f"request.undeclared_{leg}"), words(f"request.undeclared_why_{leg}"), effort
