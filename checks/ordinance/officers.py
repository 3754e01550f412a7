"""The organisation rule: whether it places a digital officer in each section of the town."""

import re
from collections.abc import Iterable
from datetime import date

from auditor.api import Judgement, Params, Reason, Town, check, failed, not_applicable, passed, unknown
from checks.ordinance._positive import Quote, Right, no_verdict, pattern, quotes, right_documents
from checks.ordinance._text import folded, squeezed
from checks.ordinance.corpus import Ordinances


@check("ORD-20")
def each_section_has_an_officer_by_rule(
    texts: Ordinances, params: Params, today: date, town: Town
) -> Judgement:
    """The rule places an officer in every section that the town declared."""
    if not params.flag("required"):
        return not_applicable("not_required")
    right = right_documents(texts, ("organisation",), today)
    rules = tuple(quotes(right.in_force))
    placing = [quote for quote in rules if _places(quote)]
    names = tuple(squeezed(folded(section.name)) for section in town.sections)
    if placing and names:
        left = [name for name in names if not any(_in(quote, name, rules) for quote in placing)]
        if not left:
            return passed("ok", places=_where(placing), sections=len(names))
        return _not_all(texts, left, placing)
    return no_verdict(texts, right, "organisation rule") or _not_placed(right, rules, placing)


def _not_placed(right: Right, rules: tuple[Quote, ...], placing: list[Quote]) -> Judgement:
    """The clause is missing or not firm, or there are no sections to compare it with."""
    loose = [quote for quote in rules if _names_officer(quote)]
    if loose and not placing:
        return unknown(Reason.NOT_MEASURABLE, "placed with exceptions, or only allowed", places=_where(loose))
    if placing:
        return unknown(Reason.NOT_DECLARED, "no sections are declared", places=_where(placing))
    return failed("missing", places=tuple(document.title for document in right.in_force))


def _not_all(texts: Ordinances, left: list[str], placing: list[Quote]) -> Judgement:
    """Sections that are none by their name (室, 局) often have an organisation rule of their own."""
    others = [name for name in left if not name.endswith("課")]
    sections = [name for name in left if name.endswith("課")]
    if sections and not texts.unread:
        return failed("not_all", places=(*_where(placing), *sections), count=len(sections))
    return unknown(
        Reason.NOT_MEASURABLE,
        "the clause does not name these sections",
        places=(*_where(placing), *sections, *others),
    )


def _names_officer(quote: Quote) -> bool:
    officer = pattern("officers", "officer").search(quote.sentence)
    return officer is not None and pattern("officers", "placed").search(quote.sentence) is not None


def _places(quote: Quote) -> bool:
    """It says so firmly and of all whom it names."""
    loose = pattern("never").search(quote.sentence) or pattern("officers", "optional").search(quote.sentence)
    return _names_officer(quote) and loose is None


def _in(quote: Quote, name: str, rules: Iterable[Quote]) -> bool:
    """The clause reaches the section: by its name, or by 各課 where the section is a 課 or taken for one."""
    if re.search(rf"(?<![一-龯]){re.escape(name)}(?!長)", quote.sentence):
        return True
    each = pattern("officers", "each").search(quote.sentence)
    if each is None:
        return False
    if name.endswith("課"):
        return True
    rest = (each["rest"] or "") + (each["more"] or "")
    wide = "".join(
        found["kinds"] for rule in rules for found in pattern("officers", "wide").finditer(rule.sentence)
    )
    return name[-1] in rest or name in wide or name[-1] in wide


def _where(placing: Iterable[Quote]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(quote.place for quote in placing))
