"""The outbox's file: made whole, opened for writing, or only looked at."""

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from auditor.keeping.copies import beside, in_memory

FILE = "outbox.db"
DAMAGED = "outbox-damaged.db"
"""Where an outbox goes that cannot be read any more; what waited in it is lost, and that is said."""

VERSION = 1
_HALF_DONE = "SQLITE_READONLY"
"""What SQLite calls it when a reader would have to undo what a process that died began."""

_TABLES = """
    CREATE TABLE notice (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        run INTEGER NOT NULL,
        kind TEXT NOT NULL,
        recipient TEXT NOT NULL,
        queued TEXT NOT NULL,
        state TEXT NOT NULL,
        refused INTEGER NOT NULL DEFAULT 0,
        tried TEXT NOT NULL DEFAULT '',
        why TEXT NOT NULL DEFAULT '',
        document BLOB NOT NULL
    );
    CREATE INDEX notice_state ON notice(state);
    CREATE TABLE told (
        recipient TEXT PRIMARY KEY,
        run INTEGER NOT NULL,
        started TEXT NOT NULL,
        weekly TEXT NOT NULL,
        topics TEXT NOT NULL,
        noticed TEXT NOT NULL,
        doubt INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE reminded (subject TEXT PRIMARY KEY, step INTEGER NOT NULL) WITHOUT ROWID;
"""


def connected(path: Path, *, writable: bool) -> sqlite3.Connection:
    """The file, opened; a new one is made where it is to be written, an existing one never becomes new.

    Raises:
        sqlite3.Error: it is not there, or cannot be read.
        OSError: it cannot be made.
    """
    if not writable:
        return _looked_at(path)
    if not path.exists():
        _make(path)
    db = _open(path, "rw")
    db.execute("PRAGMA synchronous=EXTRA")
    return db


def _open(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=30
    )


def _make(path: Path) -> None:
    """A new outbox, whole before it has its name: an empty file of that name has lost what it held."""
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)  # of one that is gone: it would be played
    with beside(path) as fresh, closing(_open(fresh, "rw")) as db:
        db.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version={VERSION}; COMMIT;")


def _looked_at(path: Path) -> sqlite3.Connection:
    """For reading only; what a process that died left half done is undone in a copy, in memory."""
    db = _open(path, "ro")
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        db.close()
        if not error.sqlite_errorname.startswith(_HALF_DONE):
            raise
    except BaseException:
        db.close()
        raise
    else:
        return db
    with tempfile.TemporaryDirectory() as folder:
        for name in (path.name, f"{path.name}-journal"):
            shutil.copyfile(path.with_name(name), Path(folder) / name)
        with closing(_open(Path(folder) / path.name, "rw")) as copy:
            return in_memory(copy)
