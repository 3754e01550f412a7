"""The steps of a night, from wherever it stands to its end.

Until the history has the run, what was asked lies in a file of its own; reading the inbox and judging change
nothing and are done again. From then on the run is the history's, and what is left (pages, mail, retention)
is done with it whenever the program is started next. So nobody is asked twice, and nothing is kept or sent
twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from auditor.arrivals.aside import put_away
from auditor.engine import WORKERS, Audit, Progress
from auditor.findings import Reason
from auditor.history import History
from auditor.nightly.journal import MAX_ATTEMPTS, Attempt, Journal, Night, Step, missed, write_journal
from auditor.nightly.spool import read_spool, remove_spool, write_spool
from auditor.nights import Nightly
from auditor.overlays import Covers
from auditor.run import Run
from auditor.session import Outcome, RoadsMaker, Session, exceptions_of, faults_since
from auditor.stages import QUIET, Asked, arrive, conclude
from auditor.watch import with_silences

Tell = Callable[..., None]
"""Told what happens: a key of the ``nightly`` sentences and its values."""

Rest = Callable[[Run], Mapping[str, object]]
"""One of the steps after the history; the values it gives are told."""


def _silence(key: str, /, **values: object) -> None:
    del key, values


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """All that a night stands on. `rest` = the steps that follow the history, in order.

    `closed` = nobody may be asked (any more). `now` is the clock.
    """

    folder: Path
    session: Session
    roads: RoadsMaker
    history: History
    rest: Mapping[Step, Rest] = field(default_factory=dict)
    workers: int = WORKERS
    progress: Progress = lambda *_: None
    closed: Callable[[], bool] = lambda: False
    now: Callable[[], datetime] = _utc
    tell: Tell = _silence

    def covers(self) -> Covers:
        """What may lie over fails: exceptions on file, and the time for mending counted from the history."""
        first_seen = faults_since(self.session, self.history)
        return Covers(exceptions=exceptions_of(self.session), first_seen=first_seen)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a night asks, and what it adds to the outcome before that is kept."""

    ask: Callable[[], Asked]
    finish: Callable[[Outcome, Nightly], Run] = lambda outcome, told: replace(outcome.audit.run, nightly=told)


@dataclass(frozen=True, slots=True)
class Steps:
    """One start of the program for one night."""

    ground: Ground
    journal: Journal
    night: Night

    def through(self, plan: Plan) -> Run:
        """Do all steps that are not done; the run as kept.

        Raises:
            OutputError: something could not be written; the next start goes on there.
        """
        ground, night = self.ground, self.night
        self.journal.tonight = night
        first, later = night.attempts[:1], night.attempts[1:]
        night.attempts = [*first, *later[-MAX_ATTEMPTS:], Attempt(ground.now())]  # the first tells its age
        run = ground.history.run(night.run) if night.run else None
        if run is None:
            run = self._until_kept(plan)
        for step, do in ground.rest.items():
            if not night.past(step):
                self._begin(step)
                self._end(step, **do(run))
        night.ended = self.journal.ended = ground.now()
        self._write()
        return run

    def _until_kept(self, plan: Plan) -> Run:
        ground, night = self.ground, self.night
        asked = read_spool(ground.folder) if night.past(Step.SCAN) else None
        if asked is None:
            self._begin(Step.SCAN)
            asked = plan.ask()
            write_spool(ground.folder, asked)
            silent = sum(one.outcome is not None for one in asked.evidence.values())
            self._end(Step.SCAN, heard=len(asked.evidence) - silent, silent=silent)
        self._begin(Step.INBOX)
        arrived = arrive(ground.session, ground.history.known())
        self._end(Step.INBOX, count=len(arrived.inbox.files))
        self._begin(Step.JUDGE)
        outcome = conclude(
            ground.session, asked, arrived, ground.roads({}), ground.history.last_heard, ground.covers()
        )
        for unread in outcome.refused:
            ground.tell("unread", file=unread.file, why=unread.why)
        self._end(Step.JUDGE, fails=outcome.audit.run.tally.fail, unknown=outcome.audit.run.tally.unknown)
        return self._keep(plan.finish(outcome, self._told(asked)), outcome)

    def _keep(self, run: Run, outcome: Outcome) -> Run:
        ground = self.ground
        self._begin(Step.HISTORY)
        said = with_silences(run, ground.session.town, ground.history, ground.session.plugins.tables)
        kept = ground.history.keep(Audit(said, outcome.audit.evidence), outcome.inbox.received)
        for name in put_away(ground.folder / "inbox", outcome.inbox.files, kept.ended):
            ground.tell("left", file=name)
        self.is_kept(kept)
        self._end(Step.HISTORY, number=kept.number)
        remove_spool(ground.folder)
        return kept

    def is_kept(self, run: Run) -> None:
        """The history has this night's run: what it tells need not be told again."""
        self.night.run = run.number
        self.night.done = Step.HISTORY
        self.journal.kept = self.night.night
        self.journal.lapses = []
        self.journal.lost = False

    def _told(self, asked: Asked) -> Nightly:
        night, journal = self.night, self.journal
        lapses, lapsed = missed(journal.kept or self._last(), night.night, journal.lapses)
        return Nightly(
            night=night.night,
            resumed=tuple(str(one.step or "") for one in night.attempts[:-1]),
            lapses=lapses,
            lapsed=lapsed,
            journal_lost=journal.lost,
            unasked=sum(
                one.outcome is Reason.NOT_COLLECTED and one.note == QUIET for one in asked.evidence.values()
            ),
        )

    def _last(self) -> date | None:
        """The night of the newest run, where the journal knows of none; None = it was no nightly one."""
        newest = self.ground.history.newest()
        return newest.nightly.night if newest is not None and newest.nightly is not None else None

    def _begin(self, step: Step) -> None:
        self.night.attempts[-1].step = step
        self._write()
        self.ground.tell("step", step=step)

    def _end(self, step: Step, **values: object) -> None:
        self.night.done = step
        self._write()
        self.ground.tell(f"done_{step}", **values)

    def _write(self) -> None:
        write_journal(self.ground.folder, self.journal)
