"""Runs of the small world, made by the engine itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from auditor.declare import Check
from auditor.engine import Audit, japan_day, judge_all
from auditor.evidence import Evidence
from auditor.plan import plan
from auditor.run import Run
from auditor.targets import Town
from tests.core.world import NOW, TOWN, control, disk, lock, locks, model, ok, plugins, said, scene


def run_of(
    *,
    after_s: int = 600,
    evidence: Sequence[Evidence] | None = None,
    tasks_of: tuple[Check, ...] = (locks,),
    town: Town = TOWN,
    day: int = 0,
) -> Run:
    """The run that the PC's lock of `after_s` makes, `day` days after the first."""
    now = NOW + timedelta(days=day)
    found = plugins(lock, disk, *tasks_of)
    demanded = model(*(control(one.control) for one in tasks_of))
    heard = said(ok("w.lock", str(after_s)), at=now)
    mine = (heard,) if evidence is None else evidence
    where = scene(found, demanded, town, now, japan_day(now).date())
    answered = {one.target: one for one in mine}
    return judge_all(plan(town, demanded, found), answered, where, started=now, version="test")


def audit_of(*, after_s: int = 600, day: int = 0, at: datetime | None = None) -> Audit:
    """The run with the evidence it rests on."""
    heard = said(ok("w.lock", str(after_s)), at=at or NOW + timedelta(days=day))
    return Audit(run_of(evidence=(heard,), day=day), (heard,))
