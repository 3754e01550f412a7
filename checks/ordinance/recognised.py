"""Rules for records, seals and contracts: whether they take an electronic original for a proper one."""

import re
from datetime import date

from auditor.api import Judgement, Params, Reason, check, failed, passed, unknown
from checks.ordinance._positive import Quote, Right, no_verdict, pattern, quotes, right_documents, words
from checks.ordinance._text import folded, squeezed
from checks.ordinance.corpus import Ordinances

_EVERYWHERE = ("records", "seals", "contracts")


@check("ORD-14")
def electronic_originals_are_recognised(texts: Ordinances, params: Params, today: date) -> Judgement:
    """Each word that is needed stands in the rule where it belongs."""
    found: list[str] = []
    lacking: list[str] = []
    doubts: list[Judgement] = []
    for need in params.texts("need"):
        kinds, find = _sought(need)
        right = right_documents(texts, kinds, today)
        quote = next((each for each in quotes(right.in_force) if _grants(each, find)), None)
        if quote is not None:
            found.append(f"{quote.place}: {need}")
            continue
        gap = no_verdict(texts, right, f"rule about {need}")
        if gap is None:
            lacking.append(f"{_titles(right)}: {need}")
        else:
            doubts.append(gap)
    if lacking:
        return failed("lacking", places=tuple(lacking), count=len(lacking))
    if doubts:
        places = tuple(dict.fromkeys(place for each in doubts for place in each.places))
        return unknown(doubts[0].reason or Reason.NOT_COLLECTED, doubts[0].note, places=places)
    return passed("ok", places=tuple(found), count=len(found))


def _sought(need: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Where a need belongs and by what it is known; a town's own word is sought in all of them."""
    told = words()["recognised"].get(need)
    if told is None:
        return _EVERYWHERE, re.compile(re.escape(squeezed(folded(need))))
    return tuple(told["documents"]), re.compile(told["find"])


def _grants(quote: Quote, find: re.Pattern[str]) -> bool:
    """A definition counts (it is how 文書 comes to include 電磁的記録); what is taken back does not."""
    return find.search(quote.sentence) is not None and pattern("never").search(quote.sentence) is None


def _titles(right: Right) -> str:
    return "、".join(document.title for document in right.in_force)
