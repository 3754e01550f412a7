"""The outbox: every notice is written here before it is sent, and stays until it has been delivered.

A small SQLite file of its own, so that restoring an old history sends nothing again. A notice is named by
the run, its kind and its recipient, and exists once. Each step is on the disk before the next one begins.
A mail that was under way when the process ended is not sent a second time (see `recovered`).
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from auditor.engine import japan_day
from auditor.errors import OutputError
from auditor.notify.boxfile import DAMAGED, FILE, VERSION, connected
from auditor.notify.notice import Batch, Kind, Notice, State, Told

MOST_REFUSED = 5
"""A notice that its recipient's server refused for good on so many days is given up, and shown."""

SHOWN_DAYS = 30
"""What was given up or may not have arrived is shown so long."""

KEPT_DAYS = 400


def opened(folder: Path) -> "Outbox":
    """The outbox for writing; a damaged one is put aside, so that it does not stop every later night.

    Raises:
        OutputError: it cannot be made or written.
    """
    try:
        outbox = Outbox(folder)
        try:
            outbox.check()
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


class Outbox:
    """The outbox of one town folder; only the holder of the town's lock writes."""

    def __init__(self, folder: Path, *, writable: bool = True) -> None:
        self._path = folder / FILE
        with self._faults():
            self._db = connected(self._path, writable=writable)
            try:
                self._prepared()
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

    def _prepared(self) -> None:
        found = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if found > VERSION:
            raise OutputError("outbox_version", path=str(self._path), found=found, known=VERSION)
        if found == 0:
            raise sqlite3.DatabaseError("it holds no outbox")

    def check(self) -> None:
        """Read all of it.

        Raises:
            OutputError: some page or notice of it is damaged.
        """
        with self._faults():
            if (found := self._db.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(str(found))
            self.open()

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
                "SELECT key, run, kind, recipient, queued, document, state, refused, why, tried FROM notice"
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
                    tried=datetime.fromisoformat(row[9]) if row[9] else None,
                )
                for row in rows
            )

    def mark(self, key: str, state: State, now: datetime, why: str = "") -> None:
        """Write where a notice stands now; what was delivered keeps no content."""
        with self._whole():
            self._db.execute(
                "UPDATE notice SET state = ?, tried = ?, why = ?,"
                " document = CASE WHEN ? THEN x'' ELSE document END WHERE key = ?",
                (state, now.isoformat(), why[:300], state is State.SENT, key),
            )

    def refuse(self, one: Notice, now: datetime, why: str) -> None:
        """Its server said no for good; a day counts once, however often the notice is tried on it."""
        again = one.tried is not None and japan_day(one.tried).date() == japan_day(now).date()
        refused = one.refused + (not again)
        state = State.GIVEN_UP if refused >= MOST_REFUSED else State.WAITING
        with self._whole():
            self._db.execute(
                "UPDATE notice SET state = ?, tried = ?, why = ?, refused = ? WHERE key = ?",
                (state, now.isoformat(), why[:300], refused, one.key),
            )

    def tidy(self, now: datetime) -> None:
        """Forget what nobody needs any more.

        What may have gone wrong is shown from when that was known on: it may have waited long before.
        """
        shown = (now - timedelta(days=SHOWN_DAYS)).isoformat()
        kept = (now - timedelta(days=KEPT_DAYS)).isoformat()
        with self._whole():
            self._db.execute("DELETE FROM notice WHERE state = ? AND queued < ?", (State.SENT, kept))
            self._db.execute(
                "DELETE FROM notice WHERE state IN (?, ?) AND max(queued, tried) < ?",
                (State.DOUBTFUL, State.GIVEN_UP, shown),
            )


def _row(one: Notice) -> tuple[object, ...]:
    return one.key, one.run, one.kind, one.recipient, one.queued.isoformat(), one.document, one.state


def _joined(topics: frozenset[str]) -> str:
    return "\n".join(sorted(topics))
