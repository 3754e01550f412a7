"""Finds the clauses that an ordinance should hold, where they belong, and quotes them."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from auditor.api import Judgement, Reason, unknown
from checks.ordinance._days import starts_on
from checks.ordinance._provisions import Document, Part
from checks.ordinance._repeal import is_draft, last_day
from checks.ordinance._search import sentences_of
from checks.ordinance._text import folded, squeezed
from checks.ordinance._verdict import gap_in
from checks.ordinance.corpus import Ordinances

MAX_SENTENCE = 1000
"""Characters of a sentence that are looked at."""

_ARTICLE = re.compile(r"第[0-9]+条(?:の[0-9]+)*")


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence and where it stands. `heading` = its article's, `part` = main part, table or 附則."""

    document: Document
    citation: str
    heading: str
    part: Part
    sentence: str

    @property
    def place(self) -> str:
        """``○○規程第3条第2項``."""
        return self.document.title + self.citation

    @property
    def article(self) -> str:
        """第3条の2, "" = it stands in none."""
        found = _ARTICLE.match(self.citation)
        return found[0] if found else ""


@dataclass(frozen=True, slots=True)
class Right:
    """The ordinances in which a clause belongs: in force, and those of which nobody wrote when they begin."""

    in_force: tuple[Document, ...]
    undated: tuple[Document, ...]
    later: tuple[Document, ...]


@cache
def words() -> Mapping[str, Any]:
    """positive.toml."""
    return tomllib.loads(files("checks.ordinance").joinpath("positive.toml").read_text("utf-8"))


@cache
def pattern(*names: str) -> re.Pattern[str]:
    """The pattern that stands under these names in positive.toml."""
    found: Any = words()
    for name in names:
        found = found[name]
    return re.compile(found)


def right_documents(texts: Ordinances, kinds: Iterable[str], today: date) -> Right:
    """The ordinances of these kinds; an amending one, a draft, one that ended or was repealed is none."""
    in_force: list[Document] = []
    undated: list[Document] = []
    later: list[Document] = []
    titles = [pattern("documents", kind) for kind in kinds]
    for document in texts.documents:
        title = squeezed(folded(document.title))
        amending = pattern("amending").search(title) or is_draft(document)
        if amending or not any(one.search(title) for one in titles):
            continue
        ends, starts = last_day(document, texts.documents), starts_on(document)
        if ends is not None and ends < today:
            continue
        fitting = undated if starts is None else later if starts > today else in_force
        fitting.append(document)
    return Right(tuple(in_force), tuple(undated), tuple(later))


def no_verdict(texts: Ordinances, right: Right, what: str) -> Judgement | None:
    """Why what was not found may still be there; None = the right ordinance is there and lacks it.

    `what` = the ordinance that was looked for.
    """
    gap = gap_in(texts)
    if gap is not None:
        return gap
    if right.undated:
        titles = tuple(document.title for document in right.undated)
        return unknown(Reason.NOT_MEASURABLE, "no day of enforcement", places=titles)
    if not right.in_force:
        titles = tuple(document.title for document in right.later)
        note = f"no {what} among the ordinances" + (" is in force yet" if titles else "")
        return unknown(Reason.NOT_COLLECTED, note, places=titles)
    return None


def quotes(documents: Iterable[Document], *, tables: bool = False) -> Iterator[Quote]:
    """Every sentence of the main part (and of tables); an item is read with the paragraph above it."""
    parts = (Part.MAIN, Part.HEAD, Part.TABLE) if tables else (Part.MAIN, Part.HEAD)
    for document in documents:
        for each in document.provisions:
            if each.part not in parts:
                continue
            lead = squeezed(folded(each.lead))
            heading = squeezed(folded(each.caption))
            for sentence in sentences_of(squeezed(folded(each.text))):
                yield Quote(document, each.citation, heading, each.part, (lead + sentence)[:MAX_SENTENCE])


def says(quote: Quote, find: re.Pattern[str], *, never: re.Pattern[str] | None = None) -> bool:
    """The sentence grants or demands it: found, outside of definitions, and not taken back."""
    if pattern("skipped_headings").search(quote.heading) or find.search(quote.sentence) is None:
        return False
    taken_back = pattern("never").search(quote.sentence) or (never and never.search(quote.sentence))
    return taken_back is None
