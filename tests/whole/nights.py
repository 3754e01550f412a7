"""Nights of the sample town, time compressed: recorded evidence through the real pipeline, twins alike.

The town is looked at once. Every later night hears the same answers, dated as of that night, with machines
that keep silent and settings that drift for some weeks: all drawn from a seed, so that a second town of the
same seed hears exactly the same, whatever happened to it in between.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from auditor.answers import Answer
from auditor.cli.roads import roads_for
from auditor.demo import write_demo
from auditor.engine import Audit, japan_day
from auditor.evidence import Evidence, decode
from auditor.freshness import with_last_heard
from auditor.history import History
from auditor.plan import plan
from auditor.run import Run
from auditor.session import Session, audit, judged, model_of, read_controls
from auditor.targets import target_key
from auditor.town import load_town

FIRST = datetime(2026, 1, 4, 17, 0, tzinfo=UTC)
"""02:00 in Japan of the first night."""

_MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_FORM = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, slots=True)
class Drift:
    """A machine that answers with another's setting from one night until before another."""

    first: int
    end: int
    target: str
    answer: Answer


@dataclass(frozen=True)
class Nights:
    """The sample town in `folder` and what it hears on each of `count` nights."""

    folder: Path
    seed: int = 6
    count: int = 400

    @cached_property
    def session(self) -> Session:
        """What the town declared, written the first time it is asked for."""
        if not self.folder.exists():
            write_demo(self.folder, self.day(0), FIRST)
        plugins, controls = read_controls()
        town = load_town(self.folder).town
        return Session(town=town, model=model_of(town, controls), plugins=plugins, controls=controls)

    @cached_property
    def recorded(self) -> Mapping[str, Evidence]:
        """What the whole town answered when it was looked at."""
        session = self.session
        roads = roads_for(load_town(self.folder), 5.0)
        found = audit(session, roads, lambda *_: None)
        answered = {one.target: _as_of_first(one) for one in found.audit.evidence}
        arrived = {key: one for key, one in _inbox(self.folder).items() if key in answered}
        return {**answered, **arrived}

    @cached_property
    def drifts(self) -> tuple[Drift, ...]:
        """About one a night; each lasts three weeks or so."""
        draw = random.Random(self.seed)
        spoken = [one for _, one in sorted(self.recorded.items()) if one.answers and one.system]
        found = []
        for first in range(1, self.count):
            mine, other = draw.choice(spoken), draw.choice(spoken)
            answer = draw.choice(other.answers)
            if mine.system == other.system:
                found.append(Drift(first, first + draw.randint(1, 40), mine.target, answer))
        return tuple(found)

    @staticmethod
    def moment(night: int) -> datetime:
        """When that night's audit began (UTC)."""
        return FIRST + timedelta(days=night)

    def day(self, night: int) -> date:
        """That night's day in Japan."""
        return japan_day(self.moment(night)).date()

    def heard(self, night: int) -> dict[str, Evidence]:
        """What answers on that night; silent machines are left out."""
        draw = random.Random(f"{self.seed}:{night}")
        silent = set(draw.sample(sorted(self.recorded), 3))
        drifted: dict[str, dict[str, Answer]] = {}
        for drift in self.drifts:
            if drift.first <= night < drift.end:
                drifted.setdefault(drift.target, {})[drift.answer.id] = drift.answer
        return {
            key: dated(_with(one, drifted.get(key, {})), night)
            for key, one in self.recorded.items()
            if key not in silent
        }

    def audit(self, night: int, history: History | None = None) -> Audit:
        """That night's audit, not yet kept; `history` tells what silent machines said last."""
        now = self.moment(night)
        session = self.session
        tasks = plan(session.town, session.model, session.plugins)
        last = history.last_heard if history is not None else lambda _: None
        evidence = with_last_heard(tasks, self.heard(night), last)
        run = judged(session, tasks, evidence, started=now, now=now)
        run = replace(run, ended=now + timedelta(minutes=5))
        known = {target_key(task.target) for task in tasks}
        return Audit(run, tuple(one for key, one in sorted(evidence.items()) if key in known))

    def keep(self, night: int, history: History) -> Run:
        """That night audited and kept."""
        return history.keep(self.audit(night, history))


def _inbox(folder: Path) -> dict[str, Evidence]:
    """The machines' answers of the sample town, as they were dated when it was written."""
    read = [decode(path.read_bytes()) for path in sorted((folder / "inbox").glob("*.json"))]
    return {one.target: one for one in read}


def _as_of_first(evidence: Evidence) -> Evidence:
    """What was looked at by this clock, as if it had been looked at in the first night."""
    if evidence.collected_at <= FIRST:
        return evidence
    answers = tuple(replace(one, collected_at=one.collected_at and FIRST) for one in evidence.answers)
    return replace(evidence, collected_at=FIRST, answers=answers)


def _with(evidence: Evidence, drifted: Mapping[str, Answer]) -> Evidence:
    if not drifted:
        return evidence
    return replace(evidence, answers=tuple(drifted.get(one.id, one) for one in evidence.answers))


def dated(evidence: Evidence, night: int) -> Evidence:
    """The same answers as of that night: every moment in them moves along."""
    by = timedelta(days=night)

    def moved(found: re.Match[bytes]) -> bytes:
        try:
            return (datetime.strptime(found[0].decode(), _FORM) + by).strftime(_FORM).encode()  # noqa: DTZ007
        except (ValueError, OverflowError):
            return found[0]

    answers = tuple(
        replace(
            one,
            body=_MOMENT.sub(moved, one.body) if evidence.system else one.body,
            collected_at=one.collected_at + by if one.collected_at is not None else None,
        )
        for one in evidence.answers
    )
    return replace(evidence, answers=answers, collected_at=evidence.collected_at + by)
