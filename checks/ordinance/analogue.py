"""Clauses that demand a body, a place, a day or a medium, and that no rule lifts all at once."""

from datetime import date

from auditor.api import Check, Judgement, Params, check
from checks.ordinance._standing import Decisions
from checks.ordinance._verdict import clauses_decided
from checks.ordinance.corpus import Ordinances


def _deciding(control: str) -> Check:
    @check(control)
    def every_clause_is_decided(
        texts: Ordinances, register: Decisions, params: Params, today: date
    ) -> Judgement:
        """Nobody has to decide on a clause of this kind any more."""
        return clauses_decided(texts, register, params, today, control)

    return every_clause_is_decided


visual_inspections = _deciding("ORD-01")
audits_on_site = _deciding("ORD-02")
inspections_at_fixed_times = _deciding("ORD-03")
training_in_person = _deciding("ORD-05")
full_time_posts = _deciding("ORD-04")
postings_on_paper = _deciding("ORD-06")
inspections_by_visit = _deciding("ORD-07")
named_media = _deciding("ORD-08")
payments_by_stamp_or_cash = _deciding("ORD-15")
