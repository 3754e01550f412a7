"""Copies of the history file: made whole beside their place, on the disk for good, then named in one step."""

import contextlib
import itertools
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from auditor.keeping.migrations import version_of
from auditor.wholefile import folder_on_disk, hand_over, on_disk


@contextmanager
def beside(place: Path) -> Iterator[Path]:
    """A file in the folder of `place` that becomes `place` when all went well and vanishes otherwise.

    It has owner, group and mode of the file that it replaces.
    """
    handle, name = tempfile.mkstemp(prefix=f".{place.name}-", dir=place.parent)
    fresh = Path(name)
    try:
        try:
            hand_over(handle, place)
        finally:
            os.close(handle)
        yield fresh
        on_disk(fresh)
        fresh.replace(place)
        folder_on_disk(place.parent)
    finally:
        for rest in ("", "-journal", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                Path(f"{fresh}{rest}").unlink(missing_ok=True)


def copied(db: sqlite3.Connection, fresh: Path) -> None:
    """The whole of a history, as it is at one moment, in one plain file."""
    with closing(sqlite3.connect(fresh, isolation_level=None)) as copy:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def set_aside(db: sqlite3.Connection, path: Path) -> Path:
    """A copy of a history of an older format, made before it is brought up; where it is."""
    name = f"{path.name}.format{version_of(db)}"
    names = (path.with_name(f"{name}-{count}" if count else name) for count in itertools.count())
    aside = next(one for one in names if not one.exists())
    with beside(aside) as fresh:
        copied(db, fresh)
    return aside


def in_memory(db: sqlite3.Connection) -> sqlite3.Connection:
    """A copy that can be brought to a newer format while the file may only be read."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    db.backup(copy)
    return copy
