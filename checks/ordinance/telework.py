"""The town's telework rule: the nine clauses without which a person at home has no rule to go by."""

import re
from dataclasses import dataclass
from datetime import date

from auditor.api import Judgement, Params, Reason, check, failed, passed, unknown
from checks.ordinance._positive import Quote, no_verdict, pattern, quotes, right_documents, words
from checks.ordinance.corpus import Ordinances


@dataclass(frozen=True, slots=True)
class _Clause:
    """How one kind of clause is known. `heading` and `never` None = there is nothing to know it by."""

    ja: str
    find: re.Pattern[str]
    heading: re.Pattern[str] | None = None
    never: re.Pattern[str] | None = None


@check("ORD-12")
def telework_rule_is_complete(texts: Ordinances, params: Params, today: date) -> Judgement:
    """Each clause stands in a telework rule in force; one that is only put off to another text is unknown."""
    right = right_documents(texts, ("telework",), today)
    all_ = tuple(quotes(right.in_force))
    found: list[str] = []
    missing: list[str] = []
    put_off: list[str] = []
    for key in params.texts("clauses"):
        clause = _clause(key)
        said = [quote for quote in all_ if _is_about(quote, clause)]
        here = next((quote for quote in said if not pattern("elsewhere").search(quote.sentence)), None)
        if here is not None:
            found.append(f"{here.place}: {clause.ja}")
        elif said:
            put_off.append(f"{said[0].place}: {clause.ja}")
        else:
            missing.append(clause.ja)
    if missing:
        gap = no_verdict(texts, right, "telework rule")
        return gap or failed("missing", places=tuple(missing), count=len(missing), rule=_titles(all_))
    if put_off:
        return unknown(Reason.NOT_MEASURABLE, "put off to a text of its own", places=tuple(put_off))
    return passed("ok", places=tuple(found), count=len(found), rule=_titles(all_))


def _clause(key: str) -> _Clause:
    """A clause of positive.toml, or a word of the town's own, searched as it stands."""
    told = words()["telework"].get(key)
    if told is None:
        return _Clause(key, re.compile(re.escape(key)))
    heading, never = told.get("heading"), told.get("never")
    return _Clause(
        told["ja"],
        re.compile(told["find"]),
        re.compile(heading) if heading else None,
        re.compile(never) if never else None,
    )


def _is_about(quote: Quote, clause: _Clause) -> bool:
    """By its heading or its words; a prohibition regulates as well, so that nothing takes it back."""
    if pattern("skipped_headings").search(quote.heading) or pattern("left_open").search(quote.sentence):
        return False
    if clause.never is not None and clause.never.search(quote.heading + quote.sentence):
        return False
    by_heading = clause.heading is not None and clause.heading.search(quote.heading) is not None
    return by_heading or clause.find.search(quote.sentence) is not None


def _titles(all_: tuple[Quote, ...]) -> str:
    return "、".join(dict.fromkeys(quote.document.title for quote in all_))
