"""Training and explanation: clauses that take a common room for granted."""

from datetime import date

from auditor.api import Judgement, Params, check
from checks.ordinance._verdict import hits_for, judged
from checks.ordinance.corpus import Ordinances


@check("ORD-05")
def training_clauses_are_decided(texts: Ordinances, params: Params, today: date) -> Judgement:
    """No clause demands training, an explanation or an interview in person."""
    found = hits_for(texts, "ORD-05", params, today)
    return judged(texts, found, params.integer("undecided"))
