"""A run with its parts found by key, for the pages."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from auditor.control import Control
from auditor.findings import Finding
from auditor.readiness import PersonReadiness, Ready, SectionReadiness
from auditor.run import Run, TargetCard
from auditor.targets import Person
from reports.wording import Words


@dataclass(frozen=True)
class Book:
    """A run and its indexes; made once per rendering."""

    run: Run
    words: Words

    def __post_init__(self) -> None:
        """One machine without a town is spoken to in its own words, whoever made the book."""
        object.__setattr__(self, "words", replace(self.words, alone=self.run.town.alone))

    @cached_property
    def notice(self) -> str:
        """What must be read before all else: that this is no audit but a rejudgement; otherwise ""."""
        run, words = self.run, self.words
        if not run.rejudged:
            return ""
        return words(
            "page.rejudged",
            at=words.moment(run.started),
            number=run.rejudged,
            today=words.day(run.today),
            model=run.model.title.in_(words.lang),
        )

    @cached_property
    def addressee(self) -> str:
        """Whom the town's page addresses."""
        return self.words("page.to", head="") if self.run.town.alone else self.run.town.name

    @cached_property
    def controls(self) -> dict[str, Control]:
        """By id."""
        return {control.id: control for control in self.run.controls}

    @cached_property
    def targets(self) -> dict[str, TargetCard]:
        """By key."""
        return {card.key: card for card in self.run.targets}

    @cached_property
    def people(self) -> dict[str, Person]:
        """By id."""
        return {person.id: person for person in self.run.people}

    @cached_property
    def sections(self) -> dict[str, SectionReadiness]:
        """The readiness of each section by its id."""
        return {row.section: row for row in self.run.section_readiness}

    @cached_property
    def section_names(self) -> dict[str, str]:
        """By id."""
        return {section.id: section.name for section in self.run.sections}

    @cached_property
    def findings(self) -> dict[str, tuple[Finding, ...]]:
        """By target key, in order of control."""
        rows: defaultdict[str, list[Finding]] = defaultdict(list)
        for finding in self.run.findings:
            rows[finding.target].append(finding)
        return {key: tuple(found) for key, found in rows.items()}

    @cached_property
    def _pairs(self) -> dict[tuple[str, str], Finding]:
        return {(finding.control, finding.target): finding for finding in self.run.findings}

    @cached_property
    def _people_of(self) -> dict[str, tuple[PersonReadiness, ...]]:
        rows: defaultdict[str, list[PersonReadiness]] = defaultdict(list)
        for person in self.run.readiness:
            rows[person.section].append(person)
        return {section: tuple(found) for section, found in rows.items()}

    @cached_property
    def _cards_of(self) -> dict[str, tuple[TargetCard, ...]]:
        rows: defaultdict[str, list[TargetCard]] = defaultdict(list)
        for card in self.run.targets:
            for section in card.sections:
                rows[section].append(card)
        return {section: tuple(found) for section, found in rows.items()}

    def finding(self, control: str, target: str) -> Finding | None:
        """One finding, None = there is none."""
        return self._pairs.get((control, target))

    def people_of(self, section: str) -> tuple[PersonReadiness, ...]:
        """The readiness of a section's people in the trial."""
        return self._people_of.get(section, ())

    def cards_of(self, section: str) -> tuple[TargetCard, ...]:
        """Every target that concerns a section, its own and those it shares."""
        return self._cards_of.get(section, ())

    def shared(self, key: str) -> bool:
        """True for a target that concerns other sections too (a VPN entrance, the town's ordinances)."""
        card = self.targets.get(key)
        return card is not None and len(card.sections) > 1

    def title(self, control: str) -> str:
        """A control's title, its id where the run does not carry it (a change may name one that is gone)."""
        found = self.controls.get(control)
        return found.title.in_(self.words.lang) if found is not None else control

    def label(self, key: str) -> str:
        """What a section calls a target: the user and the asset number of a PC, the name of the rest."""
        card = self.targets.get(key)
        if card is None:
            return self.person(key.partition(":")[2]) if key.startswith("person:") else key
        if card.kind == "endpoint":
            name = self.person(card.user) if card.user else card.name
            return name if name == card.id else self.words("page.numbered", name=name, number=card.id)
        return card.name

    def labels(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The labels of several targets."""
        return tuple(self.label(key) for key in keys)

    def person(self, id_: str) -> str:
        """A person's name, the number where the name is not known."""
        person = self.people.get(id_)
        return person.name if person else id_

    def names_of(self, section: str, ready: Ready) -> tuple[str, ...]:
        """The names of a section's people whose verdict this is, in the order of the staff list."""
        return tuple(self.person(row.person) for row in self.people_of(section) if row.ready is ready)


def verdict_of(row: SectionReadiness) -> str:
    """The readiness shown for a section; one nobody heard from is never better than 確認が先."""
    if row.ready is None:
        return "nobody"
    if row.heard is False and row.ready is not Ready.BLOCKED:
        return Ready.CHECK_FIRST.value
    return row.ready.value


def partly_blocked(row: SectionReadiness) -> bool:
    """True where somebody may not start and somebody else may; never for a section nobody heard from."""
    may = row.by_ready.get(Ready.READY, 0) + row.by_ready.get(Ready.CONDITIONAL, 0)
    return row.ready is Ready.BLOCKED and may > 0 and row.heard is not False
