"""Roster: every section has a head and a digital officer who are on the staff list."""

from auditor.api import Judgement, Reason, Section, Town, check, failed, passed, unknown


@check("GOV-06")
def roles_filled(section: Section, town: Town) -> Judgement:
    """A vacancy is told before a name that is no longer on the list; an empty staff list proves nothing."""
    if not section.head and not section.officer:
        return failed("nobody")
    if not section.head:
        return failed("no_head")
    if not section.officer:
        return failed("no_officer")
    if not town.staff:
        return unknown(Reason.NOT_DECLARED, "staff.csv names nobody")
    staff = {person.id for person in town.staff}
    if gone := tuple(id_ for id_ in dict.fromkeys((section.head, section.officer)) if id_ not in staff):
        return failed("gone", places=gone)
    return passed("ok")
