"""Place of work: everybody in the trial has declared where they work and how onlookers are kept out."""

from datetime import date

from auditor.api import Judgement, Params, Person, Reason, check, passed, unknown
from checks.people.training import months_later


@check("EP-23")
def place_attested(person: Person, params: Params, today: date) -> Judgement:
    """A person's own word: it can hold or be missing, but nobody can measure that it is broken.

    A day to come is no declaration yet. The last valid day is the same day `reattest_months` later.
    """
    attested = person.place_attested_on
    if attested is None or attested > today:
        return unknown(Reason.NOT_DECLARED, "staff.csv holds no declaration of the place of work")
    until = months_later(attested, params.integer("reattest_months"))
    if today > until:
        return unknown(Reason.EXPIRED, f"the place of work was declared on {attested.isoformat()}")
    return passed("ok", until=until, on=attested)
