"""The record of exceptions: each has an end, and none that is over stands open.

That an exception has an end, and is no longer than allowed, is demanded of ``exceptions.toml`` before
anything runs. What is left to find is one whose time is over and that nobody closed or had renewed.
"""

from datetime import date, timedelta

from auditor.api import (
    Exceptions,
    Judgement,
    Params,
    Reason,
    Term,
    Town,
    check,
    failed,
    not_applicable,
    passed,
    unknown,
)


@check("GOV-09")
def exceptions(kept: Exceptions, town: Town, params: Params, today: date) -> Judgement:
    """None is over and open; that there is none at all is believed only of a recent word (`checked`)."""
    if town.alone:
        return not_applicable("alone")
    if not kept.kept:
        return unknown(Reason.NOT_DECLARED, "there is no exceptions.toml")
    over = tuple(row.number for row in kept.rows if row.term(today) is Term.ENDED)
    if over:
        return failed("over", places=over, count=len(over))
    open_ = [row for row in kept.rows if row.term(today) is not Term.CLOSED]
    if open_:
        return passed("ok", until=min(row.last for row in open_), count=len(open_))
    return _none(kept, params.integer("vouched_days"), today)


def _none(kept: Exceptions, days: int, today: date) -> Judgement:
    """Whether somebody said lately that there is no exception."""
    if kept.checked is None or kept.checked > today:
        return unknown(Reason.NOT_DECLARED, "nobody vouches that there is no exception")
    until = kept.checked + timedelta(days=days)
    if today > until:
        return unknown(Reason.EXPIRED, f"looked over on {kept.checked.isoformat()}")
    return passed("nothing", until=until, on=kept.checked)
