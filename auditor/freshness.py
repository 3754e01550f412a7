"""The last that was heard of machines that kept silent this time: laptops are off, or at home, at night.

Only silence falls back on older evidence. A changed host key, a refused login or a file that is not trusted
is news of its own and never hidden behind yesterday's good answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from auditor.evidence import Evidence
from auditor.findings import Reason
from auditor.plan import Task
from auditor.targets import Endpoint, target_key

SILENCE = frozenset(
    {Reason.NO_ANSWER, Reason.REFUSED, Reason.PROHIBITED, Reason.NAME_NOT_FOUND, Reason.NOT_COLLECTED}
)

LastHeard = Callable[[str], Evidence | None]
"""The newest kept evidence of a target that answered, None = it never did."""


def with_last_heard(
    tasks: Sequence[Task], found: Mapping[str, Evidence], last_heard: LastHeard
) -> dict[str, Evidence]:
    """`found`, and for each silent endpoint what it said last, marked with why it is silent now.

    How old that is decides its worth when it is judged; here nothing is too old, so that a page can say
    since when nobody heard the machine.
    """
    known = dict(found)
    for task in tasks:
        if not isinstance(task.target, Endpoint) or not any(check.facts for check in task.checks):
            continue
        key = target_key(task.target)
        now = known.get(key)
        last = last_heard(key) if _silent(now) else None
        if last is not None and _same_machine(task.target, last) and _newer(last, now):
            why = (now.outcome if now is not None else None) or Reason.NOT_COLLECTED
            known[key] = replace(last, silent=why, note=now.note if now is not None else "")
    return known


def _silent(now: Evidence | None) -> bool:
    """Nothing came from the machine itself in this run; a file may have, with what it said before."""
    if now is None or now.outcome is None:
        return now is None or now.origin != ""
    return now.outcome in SILENCE


def _newer(last: Evidence, now: Evidence | None) -> bool:
    """True unless a file holds something newer than what was kept."""
    return now is None or now.outcome is not None or last.collected_at > now.collected_at


def _same_machine(row: Endpoint, last: Evidence) -> bool:
    """The ledger's row may have gone to another machine since."""
    return last.system == row.os and (not row.serial or not last.serial or row.serial == last.serial)
