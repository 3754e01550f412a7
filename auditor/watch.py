"""Looks at what surrounds an audit: the inbox, the disk, the share's clock, the tables and the outbox."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from auditor.errors import OutputError
from auditor.history import History
from auditor.notify.boxfile import DAMAGED, FILE
from auditor.notify.notice import State
from auditor.notify.outbox import Outbox
from auditor.run import Run
from auditor.silence import Around, silences
from auditor.tables import Table, review
from auditor.targets import Town, target_key
from auditor.wholefile import make_folder

OUT = "out"
CARRIED = "file"
"""The road of machines whose evidence somebody brings."""

_MB = 1024 * 1024


def with_silences(run: Run, town: Town, history: History, tables: Iterable[Table]) -> Run:
    """The run, not yet kept, and what did not come by it."""
    around = surroundings(town, run.started, tables, out=OUT)
    return replace(run, silences=silences(run, history.newest(), around))


def surroundings(town: Town, now: datetime, tables: Iterable[Table], *, out: str = "") -> Around:
    """Everything that can be seen from here.

    `out` = the folder beside the town's files in which one is written to read the share's clock, "" =
    nothing is written.
    """
    folder = town.root or Path()
    names = {zone.id: zone.name for zone in town.zones}
    states = undelivered(folder)
    return Around(
        now=now,
        limits=town.limits,
        segments={
            target_key(row): names[row.zone]
            for row in town.endpoints
            if row.road == CARRIED and row.zone in names
        },
        arrived=newest_arrival(folder / "auditor.db", now),
        free_mb=free_mb(folder),
        skew_s=skew_s(folder / out) if out else None,
        stale_tables=stale(tables, now.date()),
        waiting=(states or ()).count(State.WAITING),
        doubtful=(states or ()).count(State.DOUBTFUL),
        given_up=(states or ()).count(State.GIVEN_UP),
        outbox_lost=states is None or (folder / DAMAGED).exists(),
    )


def newest_arrival(path: Path, now: datetime) -> datetime | None:
    """When the newest file arrived that was read from the inbox, None = none is on record.

    A copy bears the time of where it was made: one dated years ahead would hide an empty inbox for so long.
    """
    if not path.exists():
        return None
    with contextlib.suppress(sqlite3.Error, ValueError):
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
        try:
            now_utc = now.astimezone(UTC).isoformat()  # as the times are written, so that they sort
            row = db.execute("SELECT max(arrived) FROM bundle WHERE arrived <= ?", (now_utc,)).fetchone()
        finally:
            db.close()
        return datetime.fromisoformat(row[0]) if row and row[0] else None
    return None


def free_mb(folder: Path) -> int | None:
    """Megabytes left where the town folder lies, None = the system does not tell."""
    try:
        return shutil.disk_usage(folder).free // _MB
    except OSError:
        return None


def skew_s(out: Path) -> float | None:
    """The clock of the disk or share that holds `out` minus ours, None = nothing can be written there.

    A new file bears the time of the file server.
    """
    try:
        make_folder(out, parents=True)
        before = time.time()
        with tempfile.NamedTemporaryFile(prefix=".clock-", dir=out) as file:
            file.write(b"?")
            file.flush()
            made = os.fstat(file.fileno()).st_mtime
        after = time.time()
    except OSError:
        return None
    return made - min(max(made, before), after)


def stale(tables: Iterable[Table], today: date) -> int:
    """How many dated tables were not compared with their sources for too long."""
    return sum(review(table.read(), today, 0).needs_renewal for table in tables)


def undelivered(folder: Path) -> tuple[State, ...] | None:
    """Where each notice stands that was not delivered, None = the outbox cannot be read."""
    if not (folder / FILE).exists():
        return ()
    try:
        with Outbox(folder, writable=False) as outbox:
            return tuple(notice.state for notice in outbox.open())
    except OutputError:
        return None
