"""What lies over a `fail`: an exception in force, or the time the model allows for mending it.

The verdict beneath is never changed, and nothing but a `fail` is covered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from auditor.control import Control
from auditor.exceptions import Excepted, Exceptions, Term
from auditor.findings import Finding, Overlay, Verdict
from auditor.firstseen import Since

FirstSeen = Mapping[tuple[str, str], Since]
"""Since which day (Japan) a fault is known, by target and control; what is not in it is new today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covers:
    """What may lie over fails. `first_seen` None = no history is kept, so that nobody could count days."""

    exceptions: Exceptions = field(default_factory=Exceptions)
    first_seen: FirstSeen | None = None


def overlaid(
    findings: Iterable[Finding], covers: Covers, controls: Mapping[str, Control], today: date
) -> tuple[Finding, ...]:
    """The findings with what lies over them on this day in Japan."""
    by_control: dict[str, list[Excepted]] = {}
    for row in covers.exceptions.rows:
        by_control.setdefault(row.control, []).append(row)
    return tuple(
        _laid(finding, by_control.get(finding.control, ()), covers, controls[finding.control], today)
        if finding.verdict is Verdict.FAIL
        else finding
        for finding in findings
    )


def _laid(
    fail: Finding, approved: Sequence[Excepted], covers: Covers, control: Control, today: date
) -> Finding:
    """An exception first: it was decided; then the model's own deadline."""
    mine = [row for row in approved if row.covers(fail.control, fail.target)]
    for row in mine:
        if row.term(today) is Term.IN_FORCE:
            return replace(fail, overlay=Overlay.EXCEPTION, exception=row.number, until=row.last)
    if control.grace_days == 0 or covers.first_seen is None:
        return fail
    known = covers.first_seen.get((fail.target, fail.control), Since(today))
    first = min(known.day, today)
    over = [row.last for row in mine if first <= row.last < today]
    moved = known.excepted and bool(approved)  # it left the section whose exception it was
    if over or moved:  # what was excepted had its time: it does not get the model's as well
        return replace(fail, until=max(over, default=None))
    until = first + timedelta(days=control.grace_days)
    return replace(fail, overlay=Overlay.GRACE if today <= until else Overlay.NONE, until=until)
