"""Promulgation: an ordinance that becomes law on a posting board alone needs somebody at the board."""

from datetime import date

from auditor.api import Judgement, Params, Reason, check, failed, not_applicable, passed, unknown
from checks.ordinance._positive import Quote, no_verdict, pattern, quotes, right_documents
from checks.ordinance.corpus import Ordinances


@check("ORD-21")
def promulgation_is_on_the_web_too(texts: Ordinances, params: Params, today: date) -> Judgement:
    """A clause of the ordinance about promulgation publishes on the web; being allowed to is not enough."""
    if not params.flag("required"):
        return not_applicable("not_required")
    right = right_documents(texts, ("promulgation",), today)
    told = [each for each in quotes(right.in_force) if pattern("promulgation", "subject").search(_all(each))]
    web = [each for each in told if pattern("promulgation", "web").search(each.sentence) and _is_ours(each)]
    firm = [each for each in web if not _is_loose(each)]
    if firm:
        return passed("ok", places=_places(firm))
    gap = no_verdict(texts, right, "ordinance about promulgation")
    if gap is not None:
        return gap
    if web:
        return unknown(Reason.NOT_MEASURABLE, "the web is allowed, not said to be used", places=_places(web))
    board = [each for each in told if pattern("promulgation", "board").search(each.sentence)]
    if board and not any(pattern("promulgation", "other").search(each.sentence) for each in told):
        return failed("board_only", places=_places(board))
    return unknown(Reason.NOT_MEASURABLE, "no way of publication was recognised", places=_places(told))


def _all(quote: Quote) -> str:
    return quote.heading + quote.sentence


def _is_ours(quote: Quote) -> bool:
    """It is about ordinances, not about rules and notices alone."""
    text = _all(quote)
    if pattern("promulgation", "ordinance").search(text):
        return True
    return pattern("promulgation", "others").search(text) is None


def _is_loose(quote: Quote) -> bool:
    never = pattern("never").search(quote.sentence)
    return never is not None or pattern("promulgation", "optional").search(quote.sentence) is not None


def _places(found: list[Quote]) -> tuple[str, ...]:
    """Each place once; the items of a paragraph that is named already are none of their own."""
    places = tuple(dict.fromkeys(quote.place for quote in found))
    return tuple(one for one in places if not any(one.startswith(other + "第") for other in places))
