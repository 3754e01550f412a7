"""How the nightly audit stands, as a value: nothing is contacted, nothing is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from auditor import __version__
from auditor.engine import JAPAN
from auditor.errors import OutputError
from auditor.history import open_read_only
from auditor.lock import Holder, holder
from auditor.nightly.hours import Hours
from auditor.notify.boxfile import FILE
from auditor.notify.notice import Notice
from auditor.notify.outbox import Outbox
from auditor.run import Run
from auditor.silence import Silence, silences
from auditor.tables import Table
from auditor.town import Loaded
from auditor.watch import free_mb, surroundings

SCHEMA = 1
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A notice that was not delivered, or perhaps not: without its text. `state` as in the outbox."""

    recipient: str
    run: int
    state: str
    queued: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Times are UTC. `run` 0 = none was ever kept; `next` None = no time is declared.

    `silences` = what does not come, counted from now. `history_mb` = the size of the history. `unread` = why
    nobody knows how the notices stand, "" = they are known.
    """

    schema: int = SCHEMA
    at: datetime
    run: int = 0
    day: str = ""
    started: datetime | None = None
    hours_ago: int | None = None
    next: datetime | None = None
    holder: Holder | None = None
    told: bool = False
    notices: tuple[Undelivered, ...] = ()
    unread: str = ""
    silences: tuple[Silence, ...] = ()
    free_mb: int | None = None
    history_mb: int = 0
    version: str = __version__
    model: str = ""

    @property
    def good(self) -> bool:
        """True when an audit was kept, nothing is silent and every notice is known to be delivered."""
        return self.run > 0 and not self.silences and not self.notices and not self.unread


def status(loaded: Loaded, tables: Iterable[Table], now: datetime) -> Status:
    """How the town folder stands at `now`.

    Raises:
        OutputError: the history cannot be read, or the outbox is of a newer format.
    """
    folder, settings = loaded.settings.folder, loaded.settings
    path = folder / "auditor.db"
    run, before = _newest(path)
    notices, unread = _open(folder)
    around = surroundings(loaded.town, now, tables)
    ago = int((now - run.started) / timedelta(hours=1)) if run is not None else None
    return Status(
        at=now,
        run=run.number if run is not None else 0,
        day=run.today.isoformat() if run is not None else "",
        started=run.started if run is not None else None,
        hours_ago=ago,
        next=next_night(settings.hours, now),
        holder=holder(folder),
        told=settings.mail is not None or settings.webhook is not None,
        notices=tuple(map(_shown, notices)),
        unread=unread,
        silences=silences(run, before, around) if run is not None else (),
        free_mb=free_mb(folder),
        history_mb=sum(one.stat().st_size for one in folder.glob("auditor.db*") if one.is_file()) // _MB,
        model=loaded.town.model,
    )


def next_night(hours: Hours, now: datetime) -> datetime:
    """When the next night's audit is due, had its timer been set up."""
    here = now.astimezone(JAPAN)
    due = here.replace(hour=hours.at.hour, minute=hours.at.minute, second=0, microsecond=0)
    return (due if due > here else due + timedelta(days=1)).astimezone(now.tzinfo)


def _newest(path: Path) -> tuple[Run | None, Run | None]:
    if not path.exists():
        return None, None
    with open_read_only(path) as history:
        numbers = history.numbers()
        run = history.run(numbers[-1]) if numbers else None
        before = history.run(numbers[-2]) if numbers[1:] else None
        return run, before


def _open(folder: Path) -> tuple[tuple[Notice, ...], str]:
    """The notices that were not delivered, and why they cannot be known: the outbox is its owner's only."""
    if not (folder / FILE).exists():
        return (), ""
    try:
        with Outbox(folder, writable=False) as outbox:
            return outbox.open(), ""
    except OutputError as error:
        if error.key != "outbox":
            raise
        return (), str(error.values["why"])


def _shown(one: Notice) -> Undelivered:
    return Undelivered(
        recipient=one.recipient, run=one.run, state=one.state.value, queued=one.queued, why=one.why
    )
