"""Texts of a collection that are no rule any more, or not yet one: abolished by another, drafts, patterns."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from checks.ordinance._days import ends_on, starts_on
from checks.ordinance._provisions import Document
from checks.ordinance._text import folded, squeezed

_MARKED = re.compile(
    r"[(〔【\[](?:案|素案|原案|草案|ひな形|ひながた|雛形|見本|記載例|参考例?|旧|廃止|失効|未施行)[^()〔〕【】\[\]]{0,20}[)〕】\]]"
)
_ABOLISHES = "廃止する"


def is_draft(document: Document) -> bool:
    """Its title says so: (案), (ひな形), 【廃止】."""
    return _MARKED.search(folded(document.title)) is not None


def last_day(document: Document, others: Iterable[Document]) -> date | None:
    """The last day in force by its own 附則, or by another ordinance that abolishes it; None = no end is set.

    Of an abolition of which nobody wrote when it begins, the day is taken to be over.
    """
    own = ends_on(document)
    return min((*_abolished(document, others), *([own] if own else [])), default=None)


def _abolished(document: Document, others: Iterable[Document]) -> Iterator[date]:
    """The days before the ordinances come into force that abolish this one, alone or in a list."""
    title, number = (squeezed(folded(text)) for text in (document.title, document.number))
    named = re.compile(
        rf"(?<![一-龯ァ-ヶー]){re.escape(title)}(\([^()]{{0,80}}\))?(?:(?:は、?|を)廃止|[、及並]|。?$)"
    )
    for other in others:
        texts = (each for each in other.provisions if _ABOLISHES in each.lead + each.text)
        found = [match[1] for each in texts for match in named.finditer(squeezed(folded(each.text)))]
        if other is not document and title and any(not bracket or number in bracket for bracket in found):
            starts = starts_on(other)
            yield starts - timedelta(days=1) if starts else date.min
