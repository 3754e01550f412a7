"""Opens a history for reading only, also where nothing in its folder may be written.

SQLite keeps two files beside a database with a write-ahead log and makes them to read it, too. Who may not
write there reads a copy in memory, taken while nobody writes.
"""

import sqlite3
import time
from pathlib import Path

from auditor.keeping.copies import in_memory

TRIES = 20
WAIT_S = 0.5


def read_only(path: Path) -> sqlite3.Connection:
    """The history as it is now; it is never written, nor anything beside it.

    Raises:
        OSError: it cannot be looked at.
        sqlite3.Error: it cannot be read, or is being written all the time.
    """
    for left in reversed(range(TRIES)):
        try:
            return _beside_a_writer(path)
        except sqlite3.OperationalError:
            if (copy := _still(path)) is not None:
                return copy
            if not left:
                raise
        time.sleep(WAIT_S)
    raise sqlite3.OperationalError("the history is being written all the time")


def _beside_a_writer(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=30)
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _still(path: Path) -> sqlite3.Connection | None:
    """A copy of a file that nobody wrote meanwhile, None = somebody does or did.

    Without a log beside it the file is whole.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return None
    before = path.stat()
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    try:
        copy = in_memory(db)
    finally:
        db.close()
    after = path.stat()
    same = (before.st_ino, before.st_size, before.st_mtime_ns) == (
        after.st_ino,
        after.st_size,
        after.st_mtime_ns,
    )
    if same and not (log.exists() and log.stat().st_size):
        return copy
    copy.close()
    return None
