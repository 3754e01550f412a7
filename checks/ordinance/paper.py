"""Paper and presence: clauses that demand a paper, its copies, the post, or somebody at the counter."""

from datetime import date

from auditor.api import Judgement, Params, check, not_applicable, passed
from checks.ordinance._special import Special
from checks.ordinance._standing import Decisions
from checks.ordinance._verdict import clauses_decided, special_in_force
from checks.ordinance.corpus import Ordinances


@check("ORD-10")
def paper_clauses_are_decided(
    texts: Ordinances, register: Decisions, params: Params, today: date
) -> Judgement:
    """No clause demands paper or attendance, beyond what an electronic-procedure ordinance lifts."""
    return clauses_decided(texts, register, params, today, "ORD-10")


@check("ORD-16")
def procedures_may_be_electronic(texts: Ordinances, params: Params, today: date) -> Judgement:
    """An electronic-procedure ordinance is in force."""
    if not params.flag("required"):
        return not_applicable("not_required")
    return special_in_force(texts, "paper", today, _names_it)


def _names_it(special: Special) -> Judgement:
    title = special.document.title
    return passed("ok", places=(title + special.citation,), until=special.ends, rule=title)
