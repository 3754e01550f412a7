"""Telework methods: everybody in the trial has a registered one that the town knows."""

from auditor.api import Judgement, Params, Person, check, failed, passed


@check("RA-01")
def method_registered(person: Person, params: Params) -> Judgement:
    """The ledger holds at most one method per person; an empty cell is no registration."""
    if not person.method:
        return failed("none")
    if person.method not in params.texts("methods"):
        return failed("other", method=person.method)
    return passed("ok")
