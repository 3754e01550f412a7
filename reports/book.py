"""A run with its parts found by key, for the pages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.control import Control
from auditor.findings import Finding
from auditor.readiness import PersonReadiness, SectionReadiness
from auditor.run import Run, TargetCard
from auditor.targets import Person
from reports.wording import Words


@dataclass(frozen=True, slots=True)
class Book:
    """A run and its indexes; `findings` are by target, in order of control."""

    run: Run
    words: Words
    controls: dict[str, Control]
    targets: dict[str, TargetCard]
    people: dict[str, Person]
    readiness: dict[str, PersonReadiness]
    sections: dict[str, SectionReadiness]
    findings: dict[str, tuple[Finding, ...]]

    def finding(self, control: str, target: str) -> Finding | None:
        """One finding, None = there is none."""
        return next((row for row in self.findings.get(target, ()) if row.control == control), None)

    def name(self, key: str) -> str:
        """What people call a target: with its number and user where that helps."""
        card = self.targets.get(key)
        if card is None:
            return key
        if card.kind == "endpoint":
            user = self.people.get(card.user)
            number = card.name if card.name == card.id else f"{card.name}({card.id})"
            return f"{number} {user.name}" if user else number
        return card.name

    def person(self, id_: str) -> str:
        """A person's name, the number where the name is not known."""
        person = self.people.get(id_)
        return person.name if person else id_

    def of_section(self, section: str) -> tuple[Finding, ...]:
        """The findings on targets of this section only: its endpoints, people, and what is its alone."""
        return tuple(
            finding
            for card in self.run.targets
            if card.sections == (section,)
            for finding in self.findings.get(card.key, ())
        )

    def people_of(self, section: str) -> tuple[PersonReadiness, ...]:
        """The readiness of a section's people in the trial."""
        return tuple(person for person in self.run.readiness if person.section == section)


def opened(run: Run, lang: str) -> Book:
    """The book of a run in a language."""
    findings: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in run.findings:
        findings[finding.target].append(finding)
    return Book(
        run=run,
        words=Words(lang),
        controls={control.id: control for control in run.controls},
        targets={target.key: target for target in run.targets},
        people={person.id: person for person in run.people},
        readiness={person.person: person for person in run.readiness},
        sections={section.section: section for section in run.section_readiness},
        findings={key: tuple(rows) for key, rows in findings.items()},
    )


def shortened(names: Sequence[str], words: Words, limit: int = 6) -> str:
    """The first names, and how many more there are."""
    shown = "、".join(names[:limit]) if words.lang == "ja" else ", ".join(names[:limit])
    more = len(names) - limit
    return shown if more <= 0 else f"{shown} {words('section.who_more', count=more)}"
