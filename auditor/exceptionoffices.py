"""The offices that exceptions speak of: sections of today and before, and whom an approver's text names."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from auditor.targets import Section, Town

LONG_NAME = 3
"""A Japanese name this long is known inside other text too; a shorter one may be a part of another word."""
HEADS = (
    "長",
    "課長",
    "係長",
    "室長",
    "局長",
    "次長",
    "補佐",
    "主幹",
    "主査",
    "主任",
    "担当",
    "内",
    "決裁",
    "承認",
)
"""What follows a section's name where somebody of it is meant; 議会運営委員会 is not 議会."""

UNITS = ("係", "係長", "班", "班長", "グループ", "グループ長", "担当")
"""What a part of a section is called: 税務課収納係 is no other office than 税務課."""

_WORD = re.compile(r"[^\W_]+")
_LARGER = "部"
"""総務部長 heads more than the section 総務."""


@dataclass(frozen=True, slots=True)
class Letters:
    """A text's letters and digits in one width and case; `edges` = where a word begins or ends among them."""

    plain: str
    edges: frozenset[int]

    def stands(self, name: str, at: int) -> bool:
        """True where `name` stands at `at` as a word of its own, or with what its people are called."""
        end = at + len(name)
        rest = self.plain[end : min((edge for edge in self.edges if edge >= end), default=end)]
        within = not name[-1:].isascii() and (rest.startswith(HEADS) or rest.endswith(UNITS))
        return self.plain.startswith(name, at) and (not rest or within)

    def holds(self, person: str) -> bool:
        """True for a full name among the words; a Japanese one of some length also within a word."""
        within = len(person) >= LONG_NAME and not person.isascii()
        at = self.plain.find(person)
        while at >= 0:
            if within or self.edges.issuperset((at, at + len(person))):
                return True
            at = self.plain.find(person, at + 1)
        return False


def letters(text: str) -> Letters:
    """What of a text counts when it is compared: no width, case, blank, bracket or other mark."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return Letters("".join(words), frozenset(accumulate(map(len, words), initial=0)))


def says_office(text: str) -> bool:
    """True for a text that could name an office: it holds a letter or a Japanese sign, not numbers alone."""
    return any(unicodedata.category(char) in ("Ll", "Lo") for char in letters(text).plain)


@dataclass(frozen=True, slots=True)
class Offices:
    """A town's sections and staff as exceptions know them.

    `heirs` maps an id to the sections it means today: itself, or those that continue it; `ids` do the same by
    their letters. `names` are the letters of names with the sections they mean, `people` those of
    full names; `town` the town's.
    """

    heirs: Mapping[str, frozenset[str]]
    ids: Mapping[str, frozenset[str]]
    names: tuple[tuple[str, frozenset[str]], ...]
    people: frozenset[str]
    town: str

    @property
    def today(self) -> tuple[str, ...]:
        """The ids of the sections there are."""
        return tuple(id_ for id_, ids in self.heirs.items() if ids == {id_})

    def named(self, approver: str) -> frozenset[str]:
        """The sections whose name the text begins with, the town's name before it or not; the longest counts.

        An id counts only with nothing but its head behind it: "dx" is not DX推進本部.
        () = none: a post of the whole town, or an office that is no section.
        """
        text = letters(approver)
        for head in ("", *HEADS):
            id_ = text.plain.removesuffix(head)
            if id_ in self.ids and id_ + head == text.plain:
                return self.ids[id_]
        begins = {0, len(self.town) if text.plain.startswith(self.town) else 0}
        found = [
            (at + len(name), ids)
            for at in begins
            for name, ids in self.names
            if text.stands(name, at) and not text.plain.startswith(_LARGER, at + len(name))
        ]
        longest = max((end for end, _ in found), default=0)
        return frozenset[str]().union(*(ids for end, ids in found if end == longest))

    def own(self, applicant: str, approver: str) -> bool:
        """True when the applicant's own office approves, its head or whoever else decides there."""
        return not self.heirs.get(applicant, frozenset()).isdisjoint(self.named(approver))

    def person_in(self, approver: str) -> bool:
        """True when the text holds the full name of somebody of the staff."""
        text = letters(approver)
        return any(text.holds(person) for person in self.people)


def heirs(sections: Sequence[Section]) -> dict[str, frozenset[str]]:
    """The sections that each id means today; one that was split means several."""
    found: dict[str, frozenset[str]] = {}
    for section in sections:
        for old in section.formerly:
            found[old] = found.get(old, frozenset()) | {section.id}
    return found | {section.id: frozenset((section.id,)) for section in sections}


def offices_of(town: Town) -> Offices:
    """The offices of a whole town."""
    known = heirs(town.sections)
    names = [(letters(section.name).plain, frozenset((section.id,))) for section in town.sections]
    people = {letters(person.name).plain for person in town.staff}
    return Offices(
        heirs=known,
        names=tuple((name, ids) for name, ids in names if name),
        ids={letters(id_).plain: ids for id_, ids in known.items()},
        people=frozenset(people - {""}),
        town=letters(town.name).plain,
    )
