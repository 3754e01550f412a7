"""Who decides when the one who decides is away: each decision-maker needs a deputy clause."""

import re
from collections.abc import Iterable
from datetime import date
from functools import cache

from auditor.api import Judgement, Params, Reason, check, failed, passed, unknown
from checks.ordinance._positive import Quote, no_verdict, pattern, quotes, right_documents, words
from checks.ordinance._provisions import Part
from checks.ordinance.corpus import Ordinances

_WHOLE = 100


@check("ORD-18")
def each_decision_maker_has_a_deputy(texts: Ordinances, params: Params, today: date) -> Judgement:
    """So many of the titles that decide have a deputy when they alone are away."""
    right = right_documents(texts, ("deputies",), today)
    all_ = tuple(quotes(right.in_force, tables=True))
    deputies = _deputised(all_)
    makers = _makers(all_)
    covered = [title for title in makers if title in deputies]
    unsure = tuple(title for title in _in_tables(all_) if title not in (*makers, *deputies))
    places = tuple(f"{deputies[title].place}: {title}" for title in covered)
    if makers and not unsure and len(covered) * _WHOLE >= params.integer("coverage") * len(makers):
        missing = [title for title in makers if title not in deputies]
        return passed("ok", places=places, covered=len(covered), makers=len(makers), missing=len(missing))
    gap = no_verdict(texts, right, "rule of delegation")
    if gap is not None:
        return gap
    if not makers:
        return unknown(Reason.NOT_MEASURABLE, "no title was recognised that decides")
    if unsure and len(covered) == len(makers):
        return unknown(Reason.NOT_MEASURABLE, "titles in a table that may decide", places=unsure)
    lacking = tuple(title for title in makers if title not in deputies)
    tables = tuple(quote.place for quote in all_ if pattern("deputies", "table").search(quote.sentence))
    if tables:
        return unknown(
            Reason.NOT_MEASURABLE, "deputies stand in a table: a person must read it", places=tables
        )
    return failed("lacking", places=lacking, count=len(lacking), makers=len(makers))


@cache
def _titles() -> re.Pattern[str]:
    return re.compile(f"(?:{words()['deputies']['titles']})")


@cache
def _decides() -> re.Pattern[str]:
    told = words()["deputies"]
    return re.compile(told["decides"].replace("{titles}", told["titles"]))


def _makers(all_: Iterable[Quote]) -> tuple[str, ...]:
    """The titles to which the rule gives something to decide, in its order; a deputy's part is none."""
    found: dict[str, None] = {}
    for quote in all_:
        if pattern("deputies", "acts").search(quote.sentence):
            continue
        for match in _decides().finditer(quote.sentence):
            found[match["title"] or match["subject"]] = None
    return tuple(found)


def _in_tables(all_: Iterable[Quote]) -> tuple[str, ...]:
    """The titles that stand in a table: whether their holders decide there, only a person can read."""
    tables = (quote for quote in all_ if quote.part is Part.TABLE)
    return tuple(dict.fromkeys(title for quote in tables for title in _titles().findall(quote.sentence)))


def _deputised(all_: Iterable[Quote]) -> dict[str, Quote]:
    """Each title that somebody stands in for when it alone is away, with the clause that says so."""
    found: dict[str, Quote] = {}
    for quote in all_:
        acts = pattern("deputies", "acts").search(quote.sentence)
        away = pattern("deputies", "absent").search(quote.sentence)
        if acts is None or away is None or pattern("never").search(quote.sentence):
            continue
        before = quote.sentence[: away.start()]
        if pattern("deputies", "together").search(before):
            continue
        for title in _titles().findall(before):
            found.setdefault(title, quote)
    return found
