"""Backing up, restoring and compacting a history: each whole or not at all, the file before it never lost."""

import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from auditor.errors import OutputError
from auditor.history import History, connected, open_read_only
from auditor.keeping.again import kept_again
from auditor.keeping.copies import beside, copied
from auditor.keeping.migrations import MIGRATIONS, version_of
from auditor.keeping.retain import Retained, removed
from auditor.keeping.table import Keep

REST = ("-wal", "-shm")
"""What SQLite keeps beside the file while it is in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """What compacting did; sizes of the file in bytes."""

    before_bytes: int
    after_bytes: int
    rewritten: int
    retained: Retained


def back_up(path: Path, out: Path) -> int:
    """Write the history as it is now, a run that is being written apart, to `out`; the number of runs in it.

    Raises:
        OutputError: there is no history, `out` exists, or it cannot be written; nothing half-done is left.
    """
    if out.exists():
        raise OutputError("backup_exists", path=str(out))
    with open_read_only(path) as history:
        try:
            with beside(out) as fresh:
                copied(history.db, fresh)
                _whole(fresh)
        except (OSError, sqlite3.Error) as error:
            raise OutputError("backup_write", path=str(out), why=str(error)) from error
        return len(history.numbers())


def restore(path: Path, source: Path, now: datetime) -> tuple[int, Path | None]:
    """Put the history of `source` in the place of `path`; its number of runs and where the old file is kept.

    None = there was none. The caller holds the lock.

    Raises:
        OutputError: `source` is no whole history, or the folder cannot be written; the old one is in place.
    """
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as db:
            runs = _runs(db, source)
            with beside(path) as fresh:
                copied(db, fresh)
                _whole(fresh)
                aside = _put_aside(path, now)
    except (OSError, sqlite3.Error) as error:
        raise OutputError("restore", path=str(source), why=str(error)) from error
    return runs, aside


def _runs(db: sqlite3.Connection, source: Path) -> int:
    version = version_of(db)
    if not 0 < version <= len(MIGRATIONS):
        raise OutputError("history_version", path=str(source), found=version, known=len(MIGRATIONS))
    return int(db.execute("SELECT count(*) FROM run").fetchone()[0])


def _whole(file: Path) -> None:
    """The copy is a sound database.

    Raises:
        sqlite3.Error: it is not.
    """
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as db:
        said = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if said != "ok":
        raise sqlite3.DatabaseError(said)


def _put_aside(path: Path, now: datetime) -> Path | None:
    """A copy of the file that is about to be replaced, with what SQLite keeps beside it.

    Raises:
        OutputError: somebody reads it, so that its log, which has to go, still holds what the file does not.
    """
    if not path.exists():
        return None
    if _held_open(path):
        raise OutputError("restore_busy", path=str(path))
    aside = path.with_name(f"{path.name}.replaced-{now:%Y%m%d-%H%M%S}")
    for rest in ("", *REST):
        if (old := Path(f"{path}{rest}")).exists():
            with beside(Path(f"{aside}{rest}")) as copy:
                shutil.copyfile(old, copy)
    for rest in REST:  # a log of the old file would be played into the new one
        Path(f"{path}{rest}").unlink(missing_ok=True)
    return aside


def _held_open(path: Path) -> bool:
    """Take what the log holds into the file; True when that could not be done for somebody's sake.

    Of a file that is beyond reading nothing can be taken, and that is what a restore is for.
    """
    with suppress(sqlite3.Error), closing(connected(path, writable=True)) as db:
        try:
            return bool(db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return False


def compact(path: Path, today: date, keep: Keep) -> Compacted:
    """Apply the retention, keep old documents as differences, and give free room back to the disk.

    The caller holds the lock. Seals and digests stay as they are.

    Raises:
        OutputError: the file cannot be written (the disk needs room for a second copy); it is as it was.
    """
    before = path.stat().st_size
    with History(path) as history:
        history.db.execute("PRAGMA secure_delete=ON")
        with history.changing() as db:
            retained = removed(db, today, keep)
            rewritten = kept_again(db)
        with history.faults():
            history.db.execute("VACUUM")
            history.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Compacted(
        before_bytes=before, after_bytes=path.stat().st_size, rewritten=rewritten, retained=retained
    )
