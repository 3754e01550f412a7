"""Capacity: as many people as use an entrance at once can be connected to it."""

import math
from datetime import date

from auditor.api import (
    Gateway,
    Judgement,
    Params,
    Reason,
    Town,
    check,
    failed,
    not_applicable,
    passed,
    serves,
    unknown,
)
from checks.remote._register import good_until, told


@check("RA-15")
def seats_are_enough(gateway: Gateway, town: Town, params: Params, today: date) -> Judgement:
    """The declared seats are enough for the trial's people whose method passes here, times concurrency.

    Where only a part of the town is looked at, the others' people are not counted: that can still show too
    few seats, and never that they are enough. So can people whose method nobody registered.
    """
    users = sum(serves(gateway, person) for person in town.staff if person.trial)
    if not users and not town.partial:
        return not_applicable("nobody")
    found = told(gateway, params, today, "seats")
    if isinstance(found, Judgement):
        return found
    seats = found.seats or 0
    wanted = _wanted(users, params)
    if seats < wanted:
        return failed("short", seats=seats, wanted=wanted, users=users)
    if town.partial:
        return unknown(Reason.NOT_MEASURABLE, "only a part of the town is looked at")
    open_ = sum(person.trial and not person.method for person in town.staff)
    if seats < _wanted(users + open_, params):
        return unknown(Reason.NOT_DECLARED, f"{open_} people of the trial have no method registered")
    until = good_until(found, params)
    return passed("ok", until=until, seats=seats, wanted=wanted, users=users, as_of=found.as_of)


def _wanted(users: int, params: Params) -> int:
    """Rounded up, for half a person needs a whole seat; the last decimals of a product are not a person."""
    return math.ceil(round(users * params.number("concurrency"), 6))
