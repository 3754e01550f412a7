"""The attestation form: who is asked what for which quarter, where it stands on the sheet, and its digest."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.attested import TOWN, digest_of
from auditor.control import Attest
from auditor.model import Model
from auditor.plan import applies
from auditor.targets import Section, Town
from auditor.words import say

VERSION = "1"
MARK = "telework-auditor attestation"
HIDDEN = "_form"
"""The hidden sheet that tells a form from any other file."""

SECTION_CELL, QUARTER_CELL, POST_CELL, DAY_CELL = "C4", "C5", "C6", "C7"
NUMBER, QUESTION, ANSWER = "A", "B", "C"
"""The columns of the list of questions."""

FIRST_ROW = 10
"""The row of the first question."""

HEAD = ("mark", "version", "town", "section", "quarter", "lang")
"""What the hidden sheet holds first, one per row; then the questions, then the digest of all of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question: the control it answers, and what is asked of whom."""

    control: str
    attest: Attest

    def text(self, lang: str) -> str:
        """The question as it stands on the form."""
        return self.attest.question.in_(lang)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One form for one section (`TOWN` = the town as a whole) and quarter. `town` is the town's name."""

    town: str
    section: str
    name: str
    quarter: str
    lang: str
    questions: tuple[Question, ...]

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """The rows of the hidden sheet, without the digest."""
        head = (MARK, VERSION, self.town, self.section, self.quarter, self.lang)
        asked = ((question.control, digest_of(question.attest)) for question in self.questions)
        return (*zip(HEAD, head, strict=True), *asked)

    @property
    def period(self) -> str:
        """The quarter in words."""
        return period(self.quarter, self.lang)

    def answers(self, question: Question) -> dict[str, str]:
        """What may be answered, by the word on the form."""
        codes = (
            ("yes", "no", "none", "unsure") if question.attest.may_not_concern else ("yes", "no", "unsure")
        )
        return {say(self.lang, f"attest.answer_{code}"): code for code in codes}

    @property
    def posts(self) -> tuple[str, ...]:
        """The posts that may answer."""
        who = "town" if self.section == TOWN else "section"
        return tuple(say(self.lang, f"attest.posts_{who}").split("|"))


def period(quarter: str, lang: str) -> str:
    """A quarter as months: 2026年10月～12月."""
    year, _, number = quarter.partition("Q")
    last = 3 * int(number)
    return say(lang, "attest.period", year=year, first=last - 2, last=last)


def sealed(rows: Sequence[tuple[str, str]]) -> str:
    """The digest of the hidden sheet's rows: any change of one of them makes another."""
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def papers(town: Town, model: Model, quarter: str, lang: str) -> tuple[Paper, ...]:
    """The forms of every section and of the town itself, of those that are asked anything."""
    targets: tuple[Section | Town, ...] = (*town.sections, town)
    found = (paper(town, target, model, quarter, lang) for target in targets)
    return tuple(one for one in found if one.questions)


def paper(town: Town, target: Section | Town, model: Model, quarter: str, lang: str) -> Paper:
    """The form of one section, or of the town."""
    whole = isinstance(target, Town)
    return Paper(
        town=town.name,
        section=TOWN if whole else target.id,
        name=say(lang, "attest.whole_town") if whole else target.name,
        quarter=quarter,
        lang=lang,
        questions=tuple(
            Question(id_, control.attest)
            for id_, control in sorted(model.controls.items())
            if control.attest is not None
            and control.attest.kind == target.kind
            and applies(control, target, model)
        ),
    )
