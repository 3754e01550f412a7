"""One invocation's knowledge: plug-ins, controls, model and town, all checked before anything runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import __version__
from auditor.approved import read_exceptions
from auditor.arrivals.door import Door
from auditor.arrivals.inbox import Inbox, read_inbox
from auditor.arrivals.received import Known
from auditor.arrivals.signers import Signers, read_signers
from auditor.catalogue import read_catalogue
from auditor.control import Control
from auditor.discover import Plugins, discover
from auditor.engine import WORKERS, Audit, Progress, japan_day, judge_all
from auditor.errors import ConfigError, Problem
from auditor.evidence import Evidence, Refused
from auditor.exceptions import Exceptions
from auditor.freshness import LastHeard
from auditor.judge import Scene
from auditor.model import SHIPPED, Model, load_model, no_model
from auditor.overlays import Covers, FirstSeen
from auditor.plan import Task
from auditor.run import Run
from auditor.sightings import sightings_of
from auditor.strays import strays
from auditor.targets import Section, Town, part_of, target_key
from auditor.town import OWN_MODEL

if TYPE_CHECKING:
    from auditor.history import History
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
    first_seen: FirstSeen | None = None,
) -> Outcome:
    """Collect and judge everything the session's town declares.

    `last_heard` tells what a machine said last that keeps silent now, `known` which bundles were read before,
    `first_seen` since when faults are known (`faults_since`); None = no history: they fail at once.

    Raises:
        ConfigError: ``exceptions.toml`` or a line of ``trusted_signers`` cannot be used; nobody is asked.
    """
    from auditor.stages import arrive, ask, conclude  # noqa: PLC0415 - they are built on this module

    signers_of(session.whole or session.town)
    covers = Covers(exceptions=exceptions_of(session), first_seen=first_seen)
    ways = roads({})
    asked = ask(session, ways, progress, workers)
    return conclude(session, asked, arrive(session, known), ways, last_heard, covers)


def judged(
    session: Session,
    tasks: Sequence[Task],
    evidence: dict[str, Evidence],
    *,
    started: datetime,
    now: datetime,
    today: date | None = None,
    covers: Covers | None = None,
) -> Run:
    """The run that this evidence makes, aged to `now` (UTC); `today` None = the day of `started` in Japan.

    `covers` = what may lie over fails, None = the exceptions on file and no time for mending.
    """
    scene = Scene(
        town=session.town,
        model=session.model,
        plugins=session.plugins,
        now=now,
        today=today or japan_day(started).date(),
        seen=sightings_of(evidence, {target_key(row) for row in session.town.endpoints}),
        covers=covers or Covers(exceptions=exceptions_of(session)),
    )
    run = judge_all(tasks, evidence, scene, started=started, version=__version__)
    return run if session.town.partial else replace(run, orphans=(*run.orphans, *strays(session.town)))


def exceptions_of(session: Session) -> Exceptions:
    """The exceptions on file as of today, read against the whole town.

    Raises:
        ConfigError: everything wrong in ``exceptions.toml``.
    """
    today = japan_day(datetime.now(UTC)).date()
    return read_exceptions(session.whole or session.town, session.model, session.plugins, today)


def faults_since(session: Session, history: "History", today: date | None = None) -> FirstSeen:
    """Since when the faults are known whose controls allow days for mending; `today` None = now.

    Raises:
        OutputError: the history cannot be read.
    """
    graced = [id_ for id_, control in session.model.controls.items() if control.grace_days]
    until = today or japan_day(datetime.now(UTC)).date()
    return history.first_seen(graced, until, (session.whole or session.town).sections)


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
