"""Rules of service: whether they tie work to the town hall, and whether telework is excepted."""

import re
from collections.abc import Iterable
from datetime import date

from auditor.api import Judgement, Params, Reason, check, failed, passed, unknown
from checks.ordinance._positive import Quote, no_verdict, pattern, quotes, right_documents
from checks.ordinance._text import folded, squeezed
from checks.ordinance.corpus import Ordinances


@check("ORD-13")
def service_is_not_tied_to_the_hall(texts: Ordinances, params: Params, today: date) -> Judgement:
    """No clause ties service to a place, or telework is excepted from each of them."""
    right = right_documents(texts, ("service",), today)
    rules = tuple(quotes((*right.in_force, *right.undated)))
    own = [re.compile(re.escape(squeezed(folded(word)))) for word in params.texts("words") if word.strip()]
    bound = [quote for quote in rules if _is_bound(quote, own)]
    others = right_documents(texts, ("telework",), today)
    lifting = [quote for quote in (*quotes(right.in_force), *quotes(others.in_force)) if _lifts(quote)]
    left = [quote for quote in bound if not any(_reaches(each, quote) for each in lifting)]
    if len(left) > params.integer("remaining"):
        return failed("bound", places=tuple(dict.fromkeys(each.place for each in left)), count=len(left))
    gap = no_verdict(texts, right, "rule of service")
    if gap is not None:
        return gap
    if bound:
        excepting = dict.fromkeys(each.place for each in lifting if any(_reaches(each, one) for one in bound))
        return passed("excepted", places=tuple(excepting), count=len(bound) - len(left))
    return _unless_mentioned(rules, right.in_force[0].title)


def _unless_mentioned(rules: Iterable[Quote], title: str) -> Judgement:
    """No clause was recognised; one that speaks of attendance all the same must be read by a person."""
    weak = pattern("service", "weak")
    told = tuple(
        dict.fromkeys(
            quote.place for quote in rules if weak.search(quote.sentence) and not _is_digital(quote)
        )
    )
    if told:
        return unknown(Reason.NOT_MEASURABLE, "attendance is spoken of: a person must read it", places=told)
    return passed("free", rule=title)


def _is_bound(quote: Quote, own: Iterable[re.Pattern[str]]) -> bool:
    """The sentence ties service to a place and names no electronic way instead."""
    if _is_digital(quote) or _lifts(quote):
        return False
    bound = pattern("service", "bound").search(quote.sentence)
    return bound is not None or any(word.search(quote.sentence) for word in own)


def _is_digital(quote: Quote) -> bool:
    """A system takes the attendance, and no seal beside it."""
    if pattern("service", "digital").search(quote.sentence) is None:
        return False
    sealed = pattern("service", "seal").search(quote.sentence) is not None
    return not sealed or pattern("service", "either").search(quote.sentence) is not None


def _lifts(quote: Quote) -> bool:
    telework = pattern("service", "telework").search(quote.heading + quote.sentence)
    return telework is not None and pattern("service", "lifting").search(quote.sentence) is not None


def _reaches(exception: Quote, bound: Quote) -> bool:
    """The exception stands in the same article, or names the article (and from outside, the rule)."""
    if exception.document is bound.document:
        if exception.article and exception.article == bound.article:
            return True
        return bool(bound.article) and _names(exception.sentence, bound.article)
    title = squeezed(folded(bound.document.title))
    return title in exception.sentence and (
        _names(exception.sentence, bound.article) or not re.search(r"第[0-9]+条", exception.sentence)
    )


def _names(sentence: str, article: str) -> bool:
    return bool(article) and re.search(re.escape(article) + r"(?!の[0-9])", sentence) is not None
