"""The stages of an audit, each alone: ask the targets, read what came by file, judge both together.

A scan runs them one after the other. A nightly run keeps what the first one heard, so that a night that was
killed afterwards need not ask anybody again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from auditor.arrivals.believed import recalled
from auditor.arrivals.inbox import Inbox
from auditor.arrivals.received import Known
from auditor.collect import ask_task, complete, is_asked, with_console
from auditor.consoles import News, consoles_evidence
from auditor.contacts import Contact
from auditor.engine import WORKERS, Audit, Progress, collect_all
from auditor.evidence import Evidence, Refused
from auditor.findings import Reason
from auditor.freshness import LastHeard, with_last_heard
from auditor.lanes import lane_of
from auditor.overlays import Covers
from auditor.plan import Task, plan
from auditor.problems import worded
from auditor.roads import Roads
from auditor.session import Outcome, Session, judged, read_arrivals
from auditor.targets import Endpoint, Gateway, target_key
from auditor.work import PrintServer, System
from auditor.zones import Flow

FAR = Endpoint | Gateway | PrintServer | System | Flow
"""Targets that somebody is contacted for; all others are read from the town folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What targets answered by their keys, when the asking began (UTC), and all contacts made for it."""

    started: datetime
    evidence: Mapping[str, Evidence]
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came by file: evidence at the door, and what consoles exported."""

    inbox: Inbox
    news: News


def ask(
    session: Session,
    ways: Roads,
    progress: Progress,
    workers: int = WORKERS,
    *,
    only: Callable[[Task], bool] = lambda _: True,
    closed: Callable[[], bool] = lambda: False,
) -> Asked:
    """Ask every target (or `only` some) that answers for itself; nobody any more once it is `closed`."""
    started = datetime.now(UTC)
    tasks = [task for task in plan(session.town, session.model, session.plugins) if only(task)]

    def one(task: Task) -> Evidence | None:
        if isinstance(task.target, FAR) and is_asked(task) and closed():
            return _left(task)
        return ask_task(task, session.plugins, ways)

    try:
        found = collect_all(tasks, one, progress, workers, lane=lane_of, hang_ups=ways.hang_ups)
    finally:
        ways.close()  # an interrupt, too, leaves no connection behind
    return Asked(started=started, evidence=found, contacts=ways.made)


QUIET = "quiet hours had begun; nobody was asked"


def _left(task: Task) -> Evidence:
    return Evidence(
        target=target_key(task.target),
        collected_at=datetime.now(UTC),
        outcome=Reason.NOT_COLLECTED,
        note=QUIET,
    )


def arrive(session: Session, known: Known | None = None) -> Arrived:
    """What came by file, as it lies there now: the inbox and the consoles' exports; nothing is moved."""
    now = datetime.now(UTC)
    return Arrived(read_arrivals(session, now, known or Known()), consoles_evidence(session.town, now))


def conclude(
    session: Session, asked: Asked, arrived: Arrived, ways: Roads, last_heard: LastHeard, covers: Covers
) -> Outcome:
    """Judge what was asked and what came by file together; nobody is contacted."""
    town = session.whole or session.town
    inbox, news = arrived.inbox, arrived.news
    ways = replace(ways, inbox=inbox.evidence, consoles=news.evidence)
    tasks = plan(session.town, session.model, session.plugins)
    found: dict[str, Evidence] = {}
    for task in tasks:
        said = complete(task, asked.evidence.get(target_key(task.target)), session.plugins, ways)
        if said is not None and said.target == target_key(task.target):
            found[said.target] = said

    def last(key: str) -> Evidence | None:
        return news.recalled(recalled(last_heard(key), inbox.evidence, town))

    evidence = with_last_heard(tasks, found, last)
    for task in tasks:  # what was heard last holds what its console said then; the export of now counts
        quiet = evidence.get(target_key(task.target))
        if quiet is not None and quiet.silent is not None:
            evidence[quiet.target] = with_console(task.target, quiet, session.plugins, ways) or quiet
    strangers = {**{one.target: one for one in news.unlisted}, **inbox.strangers}
    others = {key: one for key, one in strangers.items() if key not in evidence}
    everything = {**others, **evidence}
    run = judged(session, tasks, everything, started=asked.started, now=datetime.now(UTC), covers=covers)
    ordered = tuple(evidence[key] for card in run.targets if (key := card.key) in evidence)
    unread = tuple(Refused(one.file.name, worded(one, "en")) for one in news.problems)
    run = replace(run, inbox=inbox.arrivals, arrived=inbox.arrived, contacts=asked.contacts)
    kept = Audit(run, (*ordered, *others.values()))
    return Outcome(audit=kept, inbox=inbox, refused=unread, unlisted=news.unlisted)
