"""One invocation's knowledge: plug-ins, controls, model and town, all checked before anything runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import __version__
from auditor.arrivals.believed import recalled
from auditor.arrivals.door import Door
from auditor.arrivals.inbox import Inbox, read_inbox
from auditor.arrivals.received import Known
from auditor.arrivals.signers import Signers, read_signers
from auditor.catalogue import read_catalogue
from auditor.consoles import consoles_evidence
from auditor.control import Control
from auditor.discover import Plugins, discover
from auditor.engine import WORKERS, Audit, Progress, collect_all, japan_day, judge_all
from auditor.errors import ConfigError, Problem
from auditor.evidence import Evidence, Refused
from auditor.freshness import LastHeard, with_last_heard
from auditor.judge import Scene
from auditor.model import SHIPPED, Model, load_model, no_model
from auditor.plan import Task, plan
from auditor.problems import worded
from auditor.run import Run
from auditor.sightings import sightings_of
from auditor.targets import Section, Town, part_of, target_key
from auditor.town import OWN_MODEL

if TYPE_CHECKING:
    from auditor.roads import Roads


@dataclass(frozen=True, kw_only=True)
class Session:
    """Everything declared, read once and checked.

    `whole` = the town before it was narrowed to some sections, None = it was not: an evidence file of another
    section's machine is still one of this town.
    """

    town: Town
    whole: Town | None = None
    model: Model
    plugins: Plugins
    controls: tuple[Control, ...]


def read_controls(checks_dirs: Sequence[Path] = ()) -> tuple[Plugins, tuple[Control, ...]]:
    """The check modules and the controls they judge.

    Raises:
        PluginError: a module cannot be used.
        ConfigError: a controls file is wrong.
    """
    plugins = discover(checks_dirs)
    return plugins, read_catalogue(plugins)


def model_of(town: Town, controls: tuple[Control, ...]) -> Model:
    """The model a town declared: a shipped one, or ``town`` for the town folder's own ``model.toml``.

    Raises:
        ConfigError: no such model, or its file is wrong.
    """
    if town.model in SHIPPED:
        return load_model(controls, town.model)
    if town.root is None or town.model != OWN_MODEL:
        raise no_model(Path("model"), town.model)
    return load_model(controls, town_file=town.root / "model.toml")


def this_machine_town(section_name: str, town_name: str) -> Town:
    """A town of one section and one endpoint: the machine this runs on."""
    from auditor.access.machine import this_endpoint  # noqa: PLC0415 - psutil is only needed here

    section = Section(id="this-machine", name=section_name)
    endpoint = replace(this_endpoint(), section=section.id)
    return Town(name=town_name, sections=(section,), endpoints=(endpoint,), alone=True)


def narrowed(town: Town, wanted: Sequence[str]) -> Town:
    """The town with only the sections named by id or name.

    Raises:
        ConfigError: no section is called so.
    """
    if not wanted:
        return town
    ids = {name: section.id for section in town.sections for name in (section.id, section.name)}
    file = (town.root or Path()) / "town.toml"
    known = ", ".join(section.name for section in town.sections)
    problems = [
        Problem(file, None, "--section", "no_section", {"name": name, "known": known})
        for name in wanted
        if name not in ids
    ]
    if problems:
        raise ConfigError(problems)
    chosen = {ids[name] for name in wanted}
    part = part_of(town, chosen)
    trial = {person.id for person in part.staff if person.trial}
    # a person's second PC may stand in another section's ledger; without it they would look readier
    mine = tuple(row for row in town.endpoints if row.section in chosen or row.user in trial)
    return replace(part, endpoints=mine)


RoadsMaker = Callable[[Mapping[str, Evidence]], "Roads"]
"""Makes the ways to targets once the inbox is read."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An audit, what lay in the inbox, exports that were not used, and machines that no ledger names."""

    audit: Audit
    inbox: Inbox = field(default_factory=Inbox)
    refused: tuple[Refused, ...] = ()
    unlisted: tuple[Evidence, ...] = ()


def audit(
    session: Session,
    roads: RoadsMaker,
    progress: Progress,
    workers: int = WORKERS,
    last_heard: LastHeard = lambda _: None,
    known: Known | None = None,
) -> Outcome:
    """Collect and judge everything the session's town declares.

    `last_heard` tells what a machine said last that keeps silent now, `known` which bundles were read before.

    Raises:
        ConfigError: a line of ``trusted_signers`` cannot be used; nothing was contacted.
    """
    from auditor.collect import collect_task, lane_of, with_console  # noqa: PLC0415 - start-up time

    town = session.whole or session.town
    started = datetime.now(UTC)
    inbox = read_arrivals(session, started, known or Known())
    news = consoles_evidence(session.town, started)
    ways = replace(roads(inbox.evidence), consoles=news.evidence)
    tasks = plan(session.town, session.model, session.plugins)

    def one(task: Task) -> Evidence | None:
        return collect_task(task, session.plugins, ways)

    try:
        found = collect_all(tasks, one, progress, workers, lane=lane_of, hang_ups=ways.hang_ups)
    finally:
        ways.close()  # an interrupt, too, leaves no connection behind

    def last(key: str) -> Evidence | None:
        return news.recalled(recalled(last_heard(key), inbox.evidence, town))

    evidence = with_last_heard(tasks, found, last)
    for task in tasks:  # what was heard last holds what its console said then; the export of now counts
        quiet = evidence.get(target_key(task.target))
        if quiet is not None and quiet.silent is not None:
            evidence[quiet.target] = with_console(task.target, quiet, session.plugins, ways) or quiet
    strangers = {**{one.target: one for one in news.unlisted}, **inbox.strangers}
    others = {key: one for key, one in strangers.items() if key not in evidence}
    run = judged(session, tasks, {**others, **evidence}, started=started, now=datetime.now(UTC))
    ordered = tuple(evidence[key] for card in run.targets if (key := card.key) in evidence)
    unread = tuple(Refused(one.file.name, worded(one, "en")) for one in news.problems)
    run = replace(run, inbox=inbox.arrivals, arrived=inbox.arrived, contacts=ways.made)
    kept = Audit(run, (*ordered, *others.values()))
    return Outcome(audit=kept, inbox=inbox, refused=unread, unlisted=news.unlisted)


def judged(
    session: Session,
    tasks: Sequence[Task],
    evidence: dict[str, Evidence],
    *,
    started: datetime,
    now: datetime,
    today: date | None = None,
) -> Run:
    """The run that this evidence makes, aged to `now` (UTC); `today` None = the day of `started` in Japan."""
    scene = Scene(
        town=session.town,
        model=session.model,
        plugins=session.plugins,
        now=now,
        today=today or japan_day(started).date(),
        seen=sightings_of(evidence, {target_key(row) for row in session.town.endpoints}),
    )
    return judge_all(tasks, evidence, scene, started=started, version=__version__)


def signers_of(town: Town) -> Signers:
    """The keys whose signatures the town trusts.

    Raises:
        ConfigError: a line cannot be used.
    """
    return read_signers(town.root / "trusted_signers", town) if town.root is not None else Signers()


def read_arrivals(session: Session, now: datetime, known: Known) -> Inbox:
    """What lies in the town's inbox, judged; nothing is moved.

    Raises:
        ConfigError: a line of ``trusted_signers`` cannot be used.
    """
    town = session.whole or session.town
    signers = signers_of(town)
    if town.root is None:
        return Inbox()
    oldest = now - timedelta(days=session.model.freshness_days)
    contexts = {fact.id: fact.context for fact in session.plugins.facts}
    return read_inbox(
        town.root / "inbox", Door(town=town, signers=signers, now=now, oldest=oldest), known, contexts
    )
