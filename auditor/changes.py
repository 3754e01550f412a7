"""What differs between two runs, and since when each finding has been shown as it is."""

from collections.abc import Sequence
from dataclasses import replace

from auditor.engine import japan_day
from auditor.findings import Finding, shown_as
from auditor.run import Change, Changes, Run


def changes(before: Run, after: Run) -> Changes:
    """What differs between two runs, by control and target; things gone and things new included."""
    old, new = _standing(before.findings), _standing(after.findings)
    keys = sorted(old.keys() | new.keys())
    return Changes(
        since=before.number,
        on=japan_day(before.started).date(),
        changed=tuple(
            Change(control=control, target=target, before=old.get(key, ""), after=new.get(key, ""))
            for key in keys
            if old.get(key, "") != new.get(key, "")
            for target, control in (key,)
        ),
    )


def _standing(findings: Sequence[Finding]) -> dict[tuple[str, str], str]:
    return {(finding.target, finding.control): shown_as(finding) for finding in findings}


def dated(before: Run | None, after: Run) -> Run:
    """`after` with `since` in every finding: unchanged ones keep their day, the others begin today.

    A gap in between (not looked at, unknown) ends what was before: what failed again begins again.
    """
    known = {(row.target, row.control): row for row in before.findings} if before is not None else {}
    began = before.today if before is not None else after.today
    findings = tuple(
        replace(
            row,
            since=(old.since or began)
            if (old := known.get((row.target, row.control))) is not None and shown_as(old) == shown_as(row)
            else after.today,
        )
        for row in after.findings
    )
    return replace(after, findings=findings)
