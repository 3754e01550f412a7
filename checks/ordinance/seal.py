"""Seals and signatures: clauses and forms that demand one, and the rule that lifts them all at once."""

from datetime import date

from auditor.api import Judgement, Params, check, failed, not_applicable, passed
from checks.ordinance._special import Special
from checks.ordinance._standing import Decisions
from checks.ordinance._verdict import clauses_decided, special_in_force
from checks.ordinance.corpus import Ordinances


@check("ORD-09")
def seal_clauses_are_decided(
    texts: Ordinances, register: Decisions, params: Params, today: date
) -> Judgement:
    """No clause or form demands a seal or a signature, beyond what a special rule lifts."""
    apply = params.text("umbrella") == "apply"
    return clauses_decided(texts, register, params, today, "ORD-09", special=apply)


@check("ORD-17")
def a_rule_lifts_seals(texts: Ordinances, params: Params, today: date) -> Judgement:
    """A special rule about seals is in force and says what it leaves out."""
    if not params.flag("required"):
        return not_applicable("not_required")
    return special_in_force(texts, "seal", today, _with_exclusions)


def _with_exclusions(special: Special) -> Judgement:
    title = special.document.title
    if not special.excluding:
        return failed("no_exclusion", places=(title + special.citation,), rule=title)
    places = tuple(title + citation for citation in special.excluding)
    return passed("ok", places=places, until=special.ends, rule=title, count=len(places))
