"""From findings to readiness: each person's four legs, then sections, then the six elements.

A leg needs proof: at least one finding that passed, and none that failed or is unknown. What the town did
not declare (no device, no entrance, no approval route) is 確認が先, never ready. The path leg is proven by
entrances; what a person's own device found of the way to them can only make it worse.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from auditor.control import Control, Leg
from auditor.findings import Finding, Overlay, Verdict, tally
from auditor.readiness import RANK, Cause, ElementState, PersonReadiness, Ready, SectionReadiness
from auditor.run import LEGS, TargetCard
from auditor.targets import Person, Section, Target, Town, sections_of, target_key
from auditor.uses import serves
from auditor.work import APPROVING, Documents, System

ELEMENTS = range(1, 7)
ACCOUNTS = "accounts"
"""Documents whose findings may name the people they concern."""
NEEDS_NO_ENTRANCE = ("standalone",)
"""Methods that never connect to the office, so that no gateway has to be declared for them."""


def ready_of(finding: Finding) -> Ready | None:
    """What one finding means for starting telework; None = it says nothing (対象外)."""
    if finding.verdict is Verdict.NOT_APPLICABLE:
        return None
    if finding.verdict is Verdict.PASS:
        return Ready.READY
    if finding.verdict is Verdict.UNKNOWN:
        return Ready.CHECK_FIRST
    return Ready.BLOCKED if finding.overlay is Overlay.NONE else Ready.CONDITIONAL


def worst(values: Iterable[Ready]) -> Ready:
    """The worst of them; `READY` when there are none (callers pass at least one where proof is needed)."""
    return max(values, key=RANK.__getitem__, default=Ready.READY)


@dataclass(frozen=True, slots=True)
class _Book:
    """Findings by target, and the leg of each control."""

    by_target: Mapping[str, tuple[Finding, ...]]
    legs: Mapping[str, Leg]


def people_readiness(
    town: Town, findings: Sequence[Finding], controls: Mapping[str, Control]
) -> tuple[PersonReadiness, ...]:
    """The readiness of everybody in the trial, in the order of the staff list."""
    by_target: dict[str, list[Finding]] = {}
    for finding in findings:
        by_target.setdefault(finding.target, []).append(finding)
    book = _Book(
        {key: tuple(rows) for key, rows in by_target.items()},
        {id_: control.leg for id_, control in controls.items()},
    )
    return tuple(_person(person, town, book) for person in town.staff if person.trial)


def _person(person: Person, town: Town, book: _Book) -> PersonReadiness:
    legs: dict[Leg, Ready] = {}
    causes: list[Cause] = []
    for leg in LEGS:
        targets = depends_on(leg, person, town)
        ready, why = _leg(leg, targets, book)
        if leg is Leg.PATH and not targets and person.method in NEEDS_NO_ENTRANCE:
            ready, why = Ready.READY, []
        if leg is Leg.PATH and not person.method:
            why = []  # which entrance is needed is not known before the method is: that is RA-01's finding
        if leg is Leg.PERSON:
            told, beside = _told_of(person, town, book)
            ready, why = worst((ready, told)), [*why, *beside]
        if leg in (Leg.WORK, Leg.PERSON):
            said, beside = _said_by(person, leg, book)
            ready, why = worst((ready, said)), [*why, *beside]
        if leg is Leg.PATH:
            from_here, beside = _seen_from(depends_on(Leg.DEVICE, person, town), book)
            ready, why = worst((ready, from_here)), [*why, *beside]
        legs[leg] = ready
        causes += why
    causes.sort(key=lambda cause: -RANK[cause.ready])
    return PersonReadiness(
        person=person.id,
        section=person.section,
        ready=worst(legs.values()),
        legs=legs,
        causes=tuple(causes),
    )


def depends_on(leg: Leg, person: Person, town: Town) -> list[Target]:
    """What a person depends on in a leg; () = the town declared nothing."""
    match leg:
        case Leg.DEVICE:
            return [endpoint for endpoint in town.endpoints if endpoint.user == person.id]
        case Leg.PATH:
            return [gateway for gateway in town.gateways if serves(gateway, person)]
        case Leg.WORK:
            return [one for kind in (town.systems, town.documents) for one in kind if _carries(one, person)]
        case _:
            return [person]


def _carries(target: System | Documents, person: Person) -> bool:
    return target.kind in APPROVING and (not target.sections or person.section in target.sections)


def _leg(leg: Leg, targets: Sequence[Target], book: _Book) -> tuple[Ready, list[Cause]]:
    """The worst finding of the leg on these targets; a target without proof is 確認が先."""
    if not targets:
        return Ready.CHECK_FIRST, [Cause(leg, "", "", Ready.CHECK_FIRST)]
    results: list[Ready] = []
    causes: list[Cause] = []
    for target in targets:
        key = target_key(target)
        rows = [row for row in book.by_target.get(key, ()) if book.legs.get(row.control) is leg]
        proven = [(row, ready) for row in rows if (ready := ready_of(row)) is not None]
        causes += [Cause(leg, row.control, key, ready) for row, ready in proven if ready is not Ready.READY]
        if not proven:
            causes.append(Cause(leg, "", key, Ready.CHECK_FIRST))
            results.append(Ready.CHECK_FIRST)
        results += [ready for _, ready in proven]
    return worst(results), causes


def _seen_from(endpoints: Sequence[Target], book: _Book) -> tuple[Ready, list[Cause]]:
    """What these endpoints themselves found of the way to the work: it adds to a leg and proves none.

    One that told nothing of it adds nothing; one that is silent as a whole is the device leg's matter.
    """
    proven = [
        (row, ready)
        for endpoint in endpoints
        for row in book.by_target.get(target_key(endpoint), ())
        if book.legs.get(row.control) is Leg.PATH and not row.whole_target
        if (ready := ready_of(row)) is not None
    ]
    causes = [Cause(Leg.PATH, row.control, row.target, ready) for row, ready in proven]
    return worst(ready for _, ready in proven), [cause for cause in causes if cause.ready is not Ready.READY]


def _said_by(person: Person, leg: Leg, book: _Book) -> tuple[Ready, list[Cause]]:
    """What the person's section attested, where a control says that it matters to the leg.

    Somebody's word can make a leg worse; it proves none (ADR 13).
    """
    found = [
        (row, ready)
        for row in book.by_target.get(f"{Section.kind}:{person.section}", ())
        if row.attested is not None and book.legs.get(row.control) is leg
        if (ready := ready_of(row)) is not None
    ]
    causes = [Cause(leg, row.control, row.target, ready) for row, ready in found]
    return worst(ready for _, ready in found), [cause for cause in causes if cause.ready is not Ready.READY]


def _told_of(person: Person, town: Town, book: _Book) -> tuple[Ready, list[Cause]]:
    """What lists of many people say of this one: it adds to the person's leg and proves none."""
    found = [
        (row, ready)
        for documents in town.documents
        if documents.kind == ACCOUNTS and (not documents.sections or person.section in documents.sections)
        for row in book.by_target.get(target_key(documents), ())
        if book.legs.get(row.control) is Leg.PERSON
        if (ready := _said_of(row, person)) is not None
    ]
    causes = [Cause(Leg.PERSON, row.control, row.target, ready) for row, ready in found]
    return worst(ready for _, ready in found), [cause for cause in causes if cause.ready is not Ready.READY]


def _said_of(row: Finding, person: Person) -> Ready | None:
    """What a list's finding means for this person; a fail of others hides nobody who could not be seen."""
    if person.id in row.doubts:
        return Ready.CHECK_FIRST
    return ready_of(row) if not row.concerns or person.id in row.concerns else None


def section_readiness(
    town: Town,
    people: Sequence[PersonReadiness],
    findings: Sequence[Finding],
    cards: Sequence[TargetCard],
) -> tuple[SectionReadiness, ...]:
    """Every section's people and findings counted; a finding of a shared target counts in each of its own."""
    own = {target_key(target): sections_of(target, town) for target in town.targets}
    return tuple(
        _section(
            section.id,
            [person for person in people if person.section == section.id],
            [finding for finding in findings if section.id in own.get(finding.target, ())],
            [card for card in cards if card.kind == "endpoint" and section.id in card.sections],
        )
        for section in town.sections
    )


def _section(
    id_: str, people: Sequence[PersonReadiness], findings: Sequence[Finding], endpoints: Sequence[TargetCard]
) -> SectionReadiness:
    return SectionReadiness(
        section=id_,
        people=len(people),
        by_ready=_count(person.ready for person in people),
        by_leg={leg: _count(person.legs[leg] for person in people) for leg in LEGS},
        ready=worst(person.ready for person in people) if people else None,
        tally=tally(findings),
        heard=any(_answered(card) for card in endpoints) if endpoints else None,
    )


def _answered(card: TargetCard) -> bool:
    return card.outcome is None and card.collected_at is not None


def _count(values: Iterable[Ready]) -> dict[Ready, int]:
    counts = dict.fromkeys(Ready, 0)
    for value in values:
        counts[value] += 1
    return counts


def elements(findings: Sequence[Finding], controls: Mapping[str, Control]) -> tuple[ElementState, ...]:
    """The six elements of the telework plan with their findings counted."""
    return tuple(
        ElementState(
            element=element,
            tally=tally(row for row in findings if controls[row.control].element == element),
        )
        for element in ELEMENTS
    )
