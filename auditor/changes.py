"""What differs between two runs."""

from collections.abc import Sequence

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
