"""The season of transfers: what new ledgers changed since the last run, and what in them points to nobody.

People, machines and sections are the same by their id and by nothing else: 髙橋 and 高橋, or two names that
look alike, tell nothing. What a section was before it was split or merged stands in ``formerly``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from auditor.targets import Endpoint, Person, Section, Town

if TYPE_CHECKING:
    from auditor.run import Run


class Step(StrEnum):
    """What became of a person, a machine or a section."""

    NEW = "new"
    GONE = "gone"
    MOVED = "moved"
    HANDED = "handed"
    RENAMED = "renamed"
    FOLLOWS = "follows"


class Loose(StrEnum):
    """What points to nobody, or to nothing."""

    USER = "user"
    HEAD = "head"
    OFFICER = "officer"
    NO_HEAD = "no_head"
    NO_OFFICER = "no_officer"
    NO_SECTION = "no_section"
    FORM = "form"
    SIGNER = "signer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One change of the ledgers. `kind` is person, endpoint or section; `id` is its own.

    `before` and `after` are section ids (moved), staff ids (handed; "" = shared), names (renamed) or the
    ids of the sections it continues, joined by blanks (follows).
    """

    kind: str
    id: str
    step: Step
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """Something that points to nobody: `owner` = the machine, section, person or form it stands in.

    `names` = the id it gives, "" = it gives none.
    """

    loose: Loose
    owner: str
    names: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """Who and what an audit is about: section and name by id; a machine's section and user by its id."""

    sections: Mapping[str, str]
    people: Mapping[str, str]
    endpoints: Mapping[str, tuple[str, str]]
    formerly: Mapping[str, tuple[str, ...]]

    @classmethod
    def of_run(cls, run: "Run") -> Self:
        """As a run knew it."""
        machines = (card for card in run.targets if card.kind == Endpoint.kind)
        return cls(
            sections={one.id: one.name for one in run.sections},
            people={one.id: one.section for one in run.people},
            endpoints={one.id: ("".join(one.sections[:1]), one.user) for one in machines},
            formerly={one.id: one.formerly for one in run.sections},
        )

    @classmethod
    def of_town(cls, town: Town) -> Self:
        """As it is declared now."""
        return cls(
            sections={one.id: one.name for one in town.sections},
            people={one.id: one.section for one in concerned(town)},
            endpoints={one.id: (one.section, one.user) for one in town.endpoints},
            formerly={one.id: one.formerly for one in town.sections},
        )


def concerned(town: Town) -> tuple[Person, ...]:
    """The people an audit is about: those in the trial, and those whom pages address by name."""
    named = {id_ for section in town.sections for id_ in (section.head, section.officer)}
    named |= {endpoint.user for endpoint in town.endpoints}
    return tuple(person for person in town.staff if person.trial or person.id in named)


def moves(before: Register, after: Register) -> tuple[Move, ...]:
    """What differs, in the order sections, people, machines; the same id is the same whatever its name."""
    return (*_sections(before, after), *_people(before, after), *_endpoints(before, after))


def _sections(before: Register, after: Register) -> Iterable[Move]:
    kind = Section.kind
    for id_, name in after.sections.items():
        old = tuple(one for one in after.formerly.get(id_, ()) if one in before.sections and one != id_)
        if id_ not in before.sections:
            step = Step.FOLLOWS if old else Step.NEW
            yield Move(kind=kind, id=id_, step=step, before=" ".join(old), after=name)
        elif before.sections[id_] != name:
            yield Move(kind=kind, id=id_, step=Step.RENAMED, before=before.sections[id_], after=name)
    for id_, name in before.sections.items():
        if id_ not in after.sections:
            yield Move(kind=kind, id=id_, step=Step.GONE, before=name)


def _people(before: Register, after: Register) -> Iterable[Move]:
    kind = Person.kind
    yield from _come_and_gone(kind, before.people, after.people)
    for id_, section in after.people.items():
        if id_ in before.people and before.people[id_] != section:
            yield Move(kind=kind, id=id_, step=Step.MOVED, before=before.people[id_], after=section)


def _endpoints(before: Register, after: Register) -> Iterable[Move]:
    kind = Endpoint.kind
    yield from _come_and_gone(kind, before.endpoints, after.endpoints)
    for id_, (section, user) in after.endpoints.items():
        if id_ not in before.endpoints:
            continue
        old_section, old_user = before.endpoints[id_]
        if old_user != user:
            yield Move(kind=kind, id=id_, step=Step.HANDED, before=old_user, after=user)
        if old_section != section:
            yield Move(kind=kind, id=id_, step=Step.MOVED, before=old_section, after=section)


def _come_and_gone(kind: str, before: Iterable[str], after: Iterable[str]) -> Iterable[Move]:
    old, new = dict.fromkeys(before), dict.fromkeys(after)
    yield from (Move(kind=kind, id=id_, step=Step.NEW) for id_ in new if id_ not in old)
    yield from (Move(kind=kind, id=id_, step=Step.GONE) for id_ in old if id_ not in new)


def orphans(town: Town) -> tuple[Orphan, ...]:
    """What in the ledgers points to nobody. An empty staff list tells nothing of anybody."""
    staff = {person.id for person in town.staff}
    found: list[Orphan] = []
    for section in town.sections:
        for id_, loose, none in (
            (section.head, Loose.HEAD, Loose.NO_HEAD),
            (section.officer, Loose.OFFICER, Loose.NO_OFFICER),
        ):
            if not id_:
                found.append(Orphan(loose=none, owner=section.id))
            elif staff and id_ not in staff:
                found.append(Orphan(loose=loose, owner=section.id, names=id_))
    found += [Orphan(loose=Loose.NO_SECTION, owner=one.id) for one in town.staff if not one.section]
    found += [
        Orphan(loose=Loose.USER, owner=one.id, names=one.user)
        for one in town.endpoints
        if one.user and staff and one.user not in staff
    ]
    return tuple(found)


def heirs(sections: Sequence[Section]) -> dict[str, tuple[str, ...]]:
    """The keys of today's sections by the key of the section each continues (``section:old``)."""
    found: dict[str, tuple[str, ...]] = {}
    for section in sections:
        for old in section.formerly:
            key = f"{Section.kind}:{old}"
            found[key] = (*found.get(key, ()), f"{Section.kind}:{section.id}")
    return found


def renamed(sections: Sequence[Section]) -> dict[str, str]:
    """The one section that continues a former id; an id that two continue, or still in use, tells nothing."""
    current = {section.id for section in sections}
    owners: dict[str, set[str]] = {}
    for section in sections:
        for old in section.formerly:
            owners.setdefault(old, set()).add(section.id)
    return {old: next(iter(ids)) for old, ids in owners.items() if len(ids) == 1 and old not in current}
