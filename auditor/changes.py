"""What differs between two runs, and since when each finding has been shown as it is."""

from dataclasses import replace

from auditor.engine import japan_day
from auditor.findings import Finding, shown_as
from auditor.run import Change, Changes, Run
from auditor.seasons import Register, heirs, moves
from auditor.targets import Section


def changes(before: Run, after: Run) -> Changes:
    """What differs between two runs, by control and target; things gone and things new included.

    A section that continues others (``formerly``) is compared with them.
    """
    old, new = _inherited(before, after), {_key(row): row for row in after.findings}
    heirless = old.keys() - {key for key in old if key not in new and _followed(key[0], after)}
    keys = sorted(heirless | new.keys())
    shown = {key: (_shown(old.get(key)), _shown(new.get(key))) for key in keys}
    return Changes(
        since=before.number,
        on=japan_day(before.started).date(),
        changed=tuple(
            Change(control=control, target=target, before=was, after=now)
            for (target, control), (was, now) in shown.items()
            if was != now
        ),
        moves=moves(Register.of_run(before), Register.of_run(after)),
    )


def _key(row: Finding) -> tuple[str, str]:
    return row.target, row.control


def _shown(row: Finding | None) -> str:
    return shown_as(row) if row is not None else ""


def _followed(target: str, after: Run) -> bool:
    """True for a section that is gone and continued by another."""
    current = {f"{Section.kind}:{section.id}" for section in after.sections}
    return target not in current and target in heirs(after.sections)


def _inherited(before: Run, after: Run) -> dict[tuple[str, str], Finding]:
    """The findings of before by target and control; a new section has those of the sections it continues.

    Of several the one that has stood longest speaks, so that no deadline begins again by a merger.
    """
    found = {_key(row): row for row in before.findings}
    known = {target for target, _ in found}
    handed = heirs(after.sections)
    heard: dict[tuple[str, str], Finding] = {}
    for row in sorted(before.findings, key=lambda row: row.since or before.today):
        for heir in handed.get(row.target, ()):
            if heir not in known:
                heard.setdefault((heir, row.control), row)
    return heard | found


def dated(before: Run | None, after: Run) -> Run:
    """`after` with `since` in every finding: unchanged ones keep their day, the others begin today.

    A gap in between (not looked at, unknown) ends what was before: what failed again begins again.
    """
    known = _inherited(before, after) if before is not None else {}
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
