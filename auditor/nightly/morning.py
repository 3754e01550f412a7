"""The second pass of a night, in the morning: machines that were off are asked once more.

What everybody else said in the night is carried forward, with its own age, into a new run; unless the ledgers
changed meanwhile.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from auditor.arrivals.aside import STAY
from auditor.collect import is_asked
from auditor.evidence import Evidence
from auditor.freshness import SILENCE
from auditor.nightly.journal import Journal, night_of
from auditor.nightly.night import fresh, opened, run_night, settle
from auditor.nightly.spool import declared_digest
from auditor.nightly.steps import Ground, Plan, Steps
from auditor.nights import Nightly
from auditor.plan import Task, plan
from auditor.run import MAX_ARRIVALS, Run, Standing
from auditor.session import Outcome
from auditor.stages import Asked, ask
from auditor.targets import Endpoint, target_key


def catch_up(ground: Ground) -> Run | None:
    """Ask those that kept silent this night; the new run, None = all had answered, or quiet hours.

    Where this night has no run (the auditor's own machine was off), the whole night is made up for.

    Raises:
        OutputError: something could not be written.
    """
    journal = opened(ground)
    settle(ground, journal)
    base, night = ground.history.newest(), night_of(ground.now())
    known = base is not None and base.nightly is not None and base.nightly.night == night
    if base is None or not (known or journal.kept == night):
        return run_night(ground)
    missing = _missing(ground, journal, base)
    if not missing:
        ground.tell("nobody_missing")
        return None
    return Steps(ground, journal, fresh(ground, catch_up=True)).through(_again(ground, base, missing))


def _missing(ground: Ground, journal: Journal, base: Run) -> frozenset[str]:
    """Whom to ask: who kept silent; everybody, where the ledgers say something else than in the night.

    What PC-0123 said in the night may be another machine's today.
    """
    tasks = plan(ground.session.town, ground.session.model, ground.session.plugins)
    night = journal.tonight
    if night is not None and night.declared == declared_digest(ground.folder):
        return silent_in(base, tasks)
    ground.tell("declared_anew")
    return frozenset(target_key(task.target) for task in tasks if is_asked(task))


def silent_in(base: Run, tasks: Sequence[Task]) -> frozenset[str]:
    """The endpoints that told nothing of themselves in that run; a new row of the ledger is one of them."""
    heard = {
        card.key
        for card in base.targets
        if card.silent is None and (card.outcome is None or card.outcome not in SILENCE)
    }
    rows = [task for task in tasks if isinstance(task.target, Endpoint) and any(c.facts for c in task.checks)]
    return frozenset(target_key(task.target) for task in rows) - heard


def _again(ground: Ground, base: Run, missing: frozenset[str]) -> Plan:
    """Only the missing ones are asked; all that was asked in the night is carried forward."""

    def asking() -> Asked:
        news = ask(
            ground.session,
            ground.roads({}),
            ground.progress,
            ground.workers,
            only=lambda task: target_key(task.target) in missing,
        )
        carried = _carried(ground, base, missing)
        return replace(news, evidence={**carried, **news.evidence}, contacts=(*base.contacts, *news.contacts))

    return Plan(asking, lambda outcome, told: _joined(base, outcome, told, missing))


def _carried(ground: Ground, base: Run, missing: frozenset[str]) -> dict[str, Evidence]:
    kept = ground.history.evidence(base.number)
    tasks = plan(ground.session.town, ground.session.model, ground.session.plugins)
    asked = {target_key(task.target) for task in tasks if is_asked(task)}
    return {key: one for key, one in kept.items() if key in asked and key not in missing}


def _joined(base: Run, outcome: Outcome, told: Nightly, missing: frozenset[str]) -> Run:
    """The new run, with what the night said of its own course and of the files that lay in the inbox then."""
    run = outcome.audit.run
    before = base.nightly or told
    heard = sum(card.key in missing and card.outcome is None and card.silent is None for card in run.targets)
    gone = {standing: count for standing, count in base.arrived.items() if _was_moved(standing)}
    before_it = (one for one in base.inbox if one.standing in gone and one not in run.inbox)
    arrivals = (*run.inbox, *before_it)
    return replace(
        run,
        nightly=replace(
            before,
            lapses=(*before.lapses, *told.lapses),
            lapsed=before.lapsed + told.lapsed,
            catches_up=base.number,
            retried=len(missing),
            heard=heard,
        ),
        inbox=arrivals[:MAX_ARRIVALS],
        arrived=dict(sorted((Counter(run.arrived) + Counter(gone)).items())),
    )


def _was_moved(standing: Standing) -> bool:
    """True for files that were refused in the night and lie there no more: somebody still has to look."""
    return standing.refused and standing not in STAY
