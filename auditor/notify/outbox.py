"""The outbox: every notice is written here before it is sent, and stays until it has been delivered.

A small SQLite file of its own, so that restoring an old history sends nothing again. A notice is named by
the run, its kind and its recipient, and exists once. Each step is on the disk before the next one begins.
A mail that was under way when the process ended is not sent a second time (see `recovered`).
"""

import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from auditor.errors import OutputError
from auditor.notify.notice import Batch, Kind, Notice, State, Told

FILE = "outbox.db"
DAMAGED = "outbox-damaged.db"
"""Where an outbox goes that cannot be read any more; what waited in it is lost, and that is said."""

VERSION = 1
MOST_REFUSED = 5
"""A notice that its recipient's server refused for good on so many nights is given up, and shown."""

SHOWN_DAYS = 30
"""What was given up or may not have arrived is shown so long."""

KEPT_DAYS = 400
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


def opened(folder: Path) -> "Outbox":
    """The outbox for writing; a damaged one is put aside, so that it does not stop every later night.

    Raises:
        OutputError: it cannot be made or written.
    """
    try:
        outbox = Outbox(folder)
        try:
            outbox.open()
            outbox.reminded()
        except BaseException:
            outbox.close()
            raise
    except OutputError as error:
        if not isinstance(error.__cause__, sqlite3.DatabaseError | ValueError) or isinstance(
            error.__cause__, sqlite3.OperationalError
        ):
            raise
        (folder / FILE).replace(folder / DAMAGED)
        return Outbox(folder)
    return outbox


def _make(path: Path) -> None:
    """A new outbox, whole before it has its name: an empty file of that name has lost what it held."""
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    aside.unlink(missing_ok=True)
    with closing(sqlite3.connect(aside, isolation_level=None)) as db:
        aside.chmod(0o600)
        db.execute("PRAGMA synchronous=EXTRA")
        db.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version={VERSION}; COMMIT;")
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)  # of one that is gone: it would be played
    aside.replace(path)


class Outbox:
    """The outbox of one town folder; only the holder of the town's lock writes."""

    def __init__(self, folder: Path, *, writable: bool = True) -> None:
        self._path = folder / FILE
        with self._faults():
            if writable and not self._path.exists():
                _make(self._path)
            mode = "rw" if writable else "ro"
            self._db = sqlite3.connect(
                f"{self._path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=30
            )
            try:
                self._prepared(writable=writable)
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    def _prepared(self, *, writable: bool) -> None:
        found = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if found > VERSION:
            raise OutputError("outbox_version", path=str(self._path), found=found, known=VERSION)
        if found == 0:
            raise sqlite3.DatabaseError("it holds no outbox")
        if writable:
            self._db.execute("PRAGMA synchronous=EXTRA")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            raise OutputError("outbox", path=str(self._path), why=str(error)) from error

    @contextmanager
    def _whole(self) -> Iterator[None]:
        with self._faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def told(self, recipient: str) -> Told:
        """What the recipient was told last; empty = never anything."""
        with self._faults():
            row = self._db.execute(
                "SELECT run, started, weekly, topics, noticed, doubt FROM told WHERE recipient = ?",
                (recipient,),
            ).fetchone()
        if row is None:
            return Told()
        topics = frozenset(filter(None, row[3].split("\n")))
        return Told(run=row[0], started=row[1], weekly=row[2], topics=topics, noticed=row[4], doubt=row[5])

    def reminded(self) -> Mapping[str, int]:
        """The least step at which each subject was reminded of."""
        with self._faults():
            return dict(self._db.execute("SELECT subject, step FROM reminded"))

    def put(self, batch: Batch) -> int:
        """Add a night's notices; how many were new. One that is there already stays as it is."""
        with self._whole():
            before = self._db.total_changes
            self._db.executemany(
                "INSERT OR IGNORE INTO notice (key, run, kind, recipient, queued, document, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                map(_row, batch.notices),
            )
            added = self._db.total_changes - before
            self._db.executemany(
                "INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    (who, one.run, one.started, one.weekly, _joined(one.topics), one.noticed, one.doubt)
                    for who, one in batch.told.items()
                ),
            )
            for subject, step in batch.reminded.items():
                if step is None:
                    self._db.execute("DELETE FROM reminded WHERE subject = ?", (subject,))
                else:
                    self._db.execute("INSERT OR REPLACE INTO reminded VALUES (?, ?)", (subject, step))
        return added

    def recovered(self) -> int:
        """Settle what a crash left under way; how many mails may or may not have been sent.

        A mail is not sent again: twice is worse than a doubt that the next night's mail tells. A webhook's
        call is, for its receiver knows the delivery's id.
        """
        with self._whole():
            self._db.execute(
                "UPDATE notice SET state = ? WHERE state = ? AND kind = ?",
                (State.WAITING, State.SENDING, Kind.WEBHOOK),
            )
            return self._db.execute(
                "UPDATE notice SET state = ?, why = 'interrupted' WHERE state = ?",
                (State.DOUBTFUL, State.SENDING),
            ).rowcount

    def withdraw(self, kind: Kind, recipients: Collection[str], now: datetime) -> None:
        """Give up what waits for anybody else: who was taken out of the settings is not written to."""
        for one in self.waiting(kind):
            if one.recipient not in recipients:
                self.mark(one.key, State.GIVEN_UP, now, f"not in [{kind}] any more")

    def waiting(self, kind: Kind) -> tuple[Notice, ...]:
        """What is to be sent, in the order it was written."""
        return tuple(one for one in self.open() if one.kind is kind and one.state is State.WAITING)

    def open(self) -> tuple[Notice, ...]:
        """Everything that was not delivered, or perhaps not, or was given up; in order."""
        with self._faults():
            rows = self._db.execute(
                "SELECT key, run, kind, recipient, queued, document, state, refused, why FROM notice"
                " WHERE state != ? ORDER BY number",
                (State.SENT,),
            ).fetchall()
            return tuple(
                Notice(
                    key=row[0],
                    run=row[1],
                    kind=Kind(row[2]),
                    recipient=row[3],
                    queued=datetime.fromisoformat(row[4]),
                    document=row[5],
                    state=State(row[6]),
                    refused=row[7],
                    why=row[8],
                )
                for row in rows
            )

    def mark(self, key: str, state: State, now: datetime, why: str = "", *, refused: bool = False) -> None:
        """Write where a notice stands now; what was delivered keeps no content."""
        with self._whole():
            self._db.execute(
                "UPDATE notice SET state = ?, tried = ?, why = ?, refused = refused + ?,"
                " document = CASE WHEN ? THEN x'' ELSE document END WHERE key = ?",
                (state, now.isoformat(), why[:300], refused, state is State.SENT, key),
            )

    def tidy(self, now: datetime) -> None:
        """Forget what nobody needs any more."""
        shown = (now - timedelta(days=SHOWN_DAYS)).isoformat()
        kept = (now - timedelta(days=KEPT_DAYS)).isoformat()
        with self._whole():
            self._db.execute("DELETE FROM notice WHERE state = ? AND queued < ?", (State.SENT, kept))
            self._db.execute(
                "DELETE FROM notice WHERE state IN (?, ?) AND queued < ?",
                (State.DOUBTFUL, State.GIVEN_UP, shown),
            )


def _row(one: Notice) -> tuple[object, ...]:
    return one.key, one.run, one.kind, one.recipient, one.queued.isoformat(), one.document, one.state


def _joined(topics: frozenset[str]) -> str:
    return "\n".join(sorted(topics))
