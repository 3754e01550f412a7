"""Runs an audit: collect each target once, judge, and put the result together as one `Run`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from auditor.evidence import Evidence, clean
from auditor.exceptions import Excepted
from auditor.findings import Finding, Reason, Unknown, tally
from auditor.judge import Scene, judge, whole_unknown
from auditor.legs import elements, people_readiness, section_readiness
from auditor.overlays import overlaid
from auditor.plan import Task, unjudged
from auditor.run import Run, TargetCard, TownCard, Undeclared
from auditor.seasons import concerned, orphans
from auditor.targets import Endpoint, Target, Town, sections_of, target_key
from auditor.zones import unlooked

if TYPE_CHECKING:
    from auditor.lanes import Lane

JAPAN = timezone(timedelta(hours=9), "JST")
"""Japan has no daylight saving time, and Windows has no time zone table without an extra package."""

WORKERS = 128
"""Most targets at the same time; how many there are is found while it runs (`auditor.crew`)."""

Collect = Callable[[Task], Evidence | None]
"""Collects one target's evidence; a test or a replay gives its own."""

Progress = Callable[[Target, Reason | None], None]
"""Called once per target as it is finished, in the caller's thread."""


@dataclass(frozen=True, slots=True)
class Audit:
    """A run and the evidence it rests on, in the order of the targets."""

    run: Run
    evidence: tuple[Evidence, ...]


def collect_all(
    tasks: Sequence[Task],
    collect: Collect,
    progress: Progress,
    workers: int = WORKERS,
    *,
    lane: Callable[[Task], "Lane | None"] = lambda _: None,
    hang_ups: Callable[[], int] = lambda: 0,
) -> dict[str, Evidence]:
    """The evidence of every target by its key; one target, one worker, one connection at a time.

    `workers` = the most at a time. Tasks of one `lane` (a server, a jump host, the machine of several
    entrances) run few at a time; `hang_ups` counts how often servers refused to greet, which makes the crew
    smaller.
    """
    from auditor.crew import Crew  # noqa: PLC0415 - psutil is needed only when collecting

    found: dict[str, Evidence] = {}
    crew = Crew(tasks, collect, most=workers, lane=lane, hang_ups=hang_ups)
    for task, collected, error in crew.finished():
        if error is not None and not isinstance(error, Exception):
            raise error
        evidence = _broken(task, error) if isinstance(error, Exception) else collected
        if evidence is not None and evidence.target == target_key(task.target):
            found[evidence.target] = evidence
        progress(task.target, evidence.outcome if evidence is not None else None)
    return found


def _broken(task: Task, error: Exception) -> Evidence:
    """A collector's own fault costs its own target only."""
    note = clean(f"{type(error).__name__}: {error}")
    return Evidence(
        target=target_key(task.target), collected_at=datetime.now(UTC), outcome=Reason.BROKEN, note=note
    )


def judge_all(
    tasks: Sequence[Task], evidence: dict[str, Evidence], scene: Scene, *, started: datetime, version: str
) -> Run:
    """The run that these answers make under the scene's model and day."""
    findings: list[Finding] = []
    broken: list[str] = []
    cards: list[TargetCard] = []
    for task in tasks:
        mine = evidence.get(target_key(task.target))
        rows, faults = judge(task, mine, scene)
        findings += rows
        broken += [*faults, *_bugs(mine)]
        cards.append(_card(task.target, mine, whole_unknown(task, mine, scene), scene.town))
    controls = scene.model.controls
    findings = list(overlaid(findings, scene.covers, controls, scene.today))
    people = people_readiness(scene.town, findings, controls)
    used = {finding.control for finding in findings}
    return Run(
        started=started,
        ended=datetime.now(UTC),
        today=scene.today,
        version=version,
        town=TownCard(
            name=scene.town.name,
            sample=scene.town.sample,
            contact=scene.town.contact,
            sender=scene.town.sender,
            alone=scene.town.alone,
        ),
        model=scene.model.card(),
        plugins=dict(scene.plugins.versions),
        controls=tuple(control for id_, control in sorted(controls.items()) if id_ in used),
        sections=scene.town.sections,
        zones=scene.town.zones if scene.town.flows else (),
        vantages=scene.town.vantages,
        flows=scene.town.flows,
        unlooked=unlooked(scene.town.vantages, scene.town.flows),
        exceptions=_concerned(scene),
        orphans=() if scene.town.partial or scene.town.alone else orphans(scene.town),
        undeclared=tuple(
            Undeclared(control=control.id, title=control.title, kinds=control.targets)
            for control in unjudged(scene.town, scene.model)
        ),
        people=concerned(scene.town),
        targets=tuple(cards),
        findings=tuple(findings),
        readiness=people,
        section_readiness=section_readiness(scene.town, people, findings, cards),
        elements=elements(findings, controls),
        tally=tally(findings),
        broken=tuple(sorted(set(broken))),
    )


def _concerned(scene: Scene) -> tuple[Excepted, ...]:
    """The exceptions on record, of a part of the town those that cover something in it."""
    rows = scene.covers.exceptions.rows
    if not scene.town.partial:
        return rows
    mine = {target_key(target) for target in scene.town.targets}
    return tuple(row for row in rows if not mine.isdisjoint(row.targets))


def _bugs(evidence: Evidence | None) -> list[str]:
    """Probes that failed by their own fault."""
    if evidence is None:
        return []
    bugs = [f"{answer.id}: {answer.note}" for answer in evidence.answers if answer.reason is Reason.BROKEN]
    return bugs or ([f"{evidence.target}: {evidence.note}"] if evidence.outcome is Reason.BROKEN else [])


def _card(target: Target, evidence: Evidence | None, missing: Unknown | None, town: Town) -> TargetCard:
    return TargetCard(
        key=target_key(target),
        kind=target.kind,
        id=target.id,
        name=target.name,
        sections=sections_of(target, town),
        user=target.user if isinstance(target, Endpoint) else "",
        os=target.os if isinstance(target, Endpoint) else "",
        road=str(getattr(target, "road", "")),
        outcome=missing.reason if missing is not None else None,
        note=missing.note if missing is not None else "",
        silent=evidence.silent if evidence is not None else None,
        collected_at=evidence.collected_at if evidence is not None else None,
        details=dict(evidence.details) if evidence is not None else {},
    )


def japan_day(now: datetime) -> datetime:
    """The same moment on Japan's calendar and clock."""
    return now.astimezone(JAPAN)
