"""A night: begun once, and gone on with wherever it was ended."""

import sqlite3

from auditor.errors import OutputError
from auditor.nightly.journal import Journal, Night, Step, goes_on, night_of, read_journal, write_journal
from auditor.nightly.spool import declared_digest, read_spool, remove_spool
from auditor.nightly.steps import Ground, Plan, Steps
from auditor.nights import How, Lapse
from auditor.run import Run
from auditor.stages import ask


def run_night(ground: Ground) -> Run | None:
    """Audit the town for this night, or go on where it was ended; the run as kept, None = quiet hours.

    Raises:
        OutputError: something could not be written; the next start goes on there.
    """
    journal = opened(ground)
    settled = settle(ground, journal)
    if settled is not None:
        return settled
    night = _tonight(ground, journal)
    if ground.closed() and not night.past(Step.SCAN):
        _pass_over(ground, journal)
        return None
    return Steps(ground, journal, night).through(everybody(ground))


def everybody(ground: Ground) -> Plan:
    """Every target that answers for itself is asked, until quiet hours begin."""
    return Plan(
        lambda: ask(ground.session, ground.roads({}), ground.progress, ground.workers, closed=ground.closed)
    )


def opened(ground: Ground) -> Journal:
    """The journal, with a word where it cannot be read."""
    journal = read_journal(ground.folder)
    if journal.lost:
        ground.tell("journal_lost")
    return journal


def settle(ground: Ground, journal: Journal) -> Run | None:
    """Finish what an earlier start left behind; its run where that was this night's, None = a night begins.

    A night before this one never stands in the way: what cannot be finished of it is told and given up.

    Raises:
        OutputError: something of this night could not be written.
    """
    night = journal.tonight
    if night is None or night.ended is not None:
        return None
    _recognise(ground, journal, night)
    young = goes_on(night, ground.now())
    if not night.run:
        if not young and not night.catch_up:
            journal.note(Lapse(night=night.night, how=How.STOPPED, step=night.stopped_at))
        return None
    ground.tell("finishes", night=night.night, step=night.stopped_at)
    journal.note(Lapse(night=night.night, how=How.LATE, step=night.stopped_at))
    try:
        run = Steps(ground, journal, night).through(everybody(ground))
    except Exception:  # whatever it is, a mistake of ours included: it would end every later night, too
        if young:
            raise
        ground.tell("given_up", night=night.night, step=night.stopped_at)
        return None
    return run if young else None


def _recognise(ground: Ground, journal: Journal, night: Night) -> None:
    """A run that was kept just before the program ended is this night's, though the journal does not know."""
    if night.run:
        kept = _unfinished(ground, night.run)
        if kept is None or kept.nightly is None or kept.nightly.night != night.night:
            night.run, night.done = 0, None  # or an older history was put back since
        return
    newest, spooled = ground.history.newest(), read_spool(ground.folder)
    if newest is None or newest.nightly is None or spooled is None:
        return
    if newest.nightly.night == night.night and newest.started == spooled.started:
        Steps(ground, journal, night).is_kept(newest)


def _unfinished(ground: Ground, number: int) -> Run | None:
    """The run of which something is left to be done, None = it is gone, or damaged: nothing can be done."""
    try:
        return ground.history.run(number)
    except OutputError as error:
        if isinstance(error.__cause__, OSError | sqlite3.OperationalError):
            raise  # it is there, and may be read the next time
        return None


def _tonight(ground: Ground, journal: Journal) -> Night:
    """This night's entry: the one that was ended on the way, if it may go on, or a new one."""
    now = ground.now()
    last = journal.tonight
    if last is None or last.ended is not None or last.catch_up or not goes_on(last, now):
        return fresh(ground)
    ground.tell("goes_on", night=last.night, step=last.stopped_at)
    digest = declared_digest(ground.folder)
    if last.declared != digest:
        remove_spool(ground.folder)  # other questions were asked
        last.declared = digest
    last.done = Step.SCAN if last.past(Step.SCAN) else None
    return last


def fresh(ground: Ground, *, catch_up: bool = False) -> Night:
    """A night (or its second pass) that begins now."""
    remove_spool(ground.folder)
    night = night_of(ground.now())
    ground.tell("catches_up" if catch_up else "begins", night=night)
    return Night(night=night, attempts=[], declared=declared_digest(ground.folder), catch_up=catch_up)


def _pass_over(ground: Ground, journal: Journal) -> None:
    """Note that this night is left out because nobody may be asked now."""
    night = night_of(ground.now())
    ground.tell("quiet", night=night)
    if journal.kept != night:
        journal.note(Lapse(night=night, how=How.QUIET))
        write_journal(ground.folder, journal)
