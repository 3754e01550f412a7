"""The history of a town: every run, its evidence, and since when each control has stood where.

SQLite with a write-ahead log; one writer (a lock file beside it), any number of readers. A run is written
in one transaction, so a run that dies leaves the state before it.
"""

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Self

import msgspec

from auditor.arrivals import received
from auditor.arrivals.received import Known, Received
from auditor.changes import changes, dated
from auditor.engine import Audit
from auditor.errors import Garbled, OutputError
from auditor.evidence import MAX_KEPT_BYTES, Evidence, decode, encode
from auditor.findings import shown_as
from auditor.run import Run

MIGRATIONS = (
    """
    CREATE TABLE run (
        number INTEGER PRIMARY KEY,
        started TEXT NOT NULL,
        day TEXT NOT NULL,
        model TEXT NOT NULL,
        digest TEXT NOT NULL,
        version TEXT NOT NULL,
        document BLOB NOT NULL
    );
    CREATE TABLE evidence (
        run INTEGER NOT NULL REFERENCES run(number),
        target TEXT NOT NULL,
        document BLOB NOT NULL,
        PRIMARY KEY (run, target)
    ) WITHOUT ROWID;
    CREATE TABLE state (
        target TEXT NOT NULL,
        control TEXT NOT NULL,
        first_run INTEGER NOT NULL,
        last_run INTEGER NOT NULL,
        first_day TEXT NOT NULL,
        last_day TEXT NOT NULL,
        shown_as TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (target, control, first_run)
    ) WITHOUT ROWID;
    CREATE INDEX state_last ON state(last_run);
    CREATE TABLE daily (
        day TEXT NOT NULL,
        section TEXT NOT NULL,
        people INTEGER NOT NULL,
        ready INTEGER NOT NULL,
        fail INTEGER NOT NULL,
        unknown INTEGER NOT NULL,
        passed INTEGER NOT NULL,
        PRIMARY KEY (day, section)
    ) WITHOUT ROWID;
    """,
    """
    CREATE UNIQUE INDEX evidence_of ON evidence(target, run);
    """,
    received.TABLES,
)


def _connected(path: Path, *, writable: bool) -> sqlite3.Connection:
    new = not path.exists()
    mode = "rwc" if writable else "ro"
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=30)
    try:
        if writable:
            if new:
                path.chmod(0o600)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                db.execute(f"PRAGMA {pragma}")
    except BaseException:
        db.close()
        raise
    return db


class History:
    """The history file of one town folder. Close it, or use it as a context manager."""

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self._path = path
        with self._faults():
            self._db = _connected(path, writable=writable)
            try:
                self._migrate(path, writable=writable)
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

    def _migrate(self, path: Path, *, writable: bool) -> None:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS) or (version == 0 and not writable):
            raise OutputError("history_version", path=str(path), found=version, known=len(MIGRATIONS))
        if not writable:  # an older version holds all that can be read; the next run brings it up
            return
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            self._db.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version={number}; COMMIT;")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Whatever is wrong with the file or a document in it, as one error."""
        try:
            yield
        except (sqlite3.Error, OSError, zlib.error, msgspec.MsgspecError, Garbled) as error:
            raise OutputError("history", path=str(self._path), why=str(error)) from error

    def numbers(self) -> tuple[int, ...]:
        """The numbers of all runs kept, ascending."""
        return tuple(row[0] for row in self._db.execute("SELECT number FROM run ORDER BY number"))

    def run(self, number: int | None = None) -> Run | None:
        """A kept run, None = no such run; without a number the newest."""
        wanted = "SELECT document FROM run WHERE number = coalesce(?, (SELECT max(number) FROM run))"
        with self._faults():
            found = self._db.execute(wanted, (number,)).fetchone()
            return msgspec.json.decode(_inflate(found[0]), type=Run) if found is not None else None

    def evidence(self, number: int) -> dict[str, Evidence]:
        """The evidence of a run by target key."""
        with self._faults():
            rows = self._db.execute("SELECT target, document FROM evidence WHERE run = ?", (number,))
            return {
                target: decode(_inflate(document), limit_bytes=MAX_KEPT_BYTES) for target, document in rows
            }

    def last_heard(self, target: str) -> Evidence | None:
        """The newest kept evidence with which the target answered, None = it never did."""
        with self._faults():
            rows = self._db.execute(
                "SELECT document FROM evidence WHERE target = ? ORDER BY run DESC", (target,)
            )
            for (document,) in rows:
                found = decode(_inflate(document), limit_bytes=MAX_KEPT_BYTES)
                if found.outcome is None:
                    return found
        return None

    def known(self) -> Known:
        """What was read of bundles so far; asked for a digest while the history is open."""
        with self._faults():
            return received.known(self._db, _inflate)

    def forget(self, machine: str, now: datetime) -> int:
        """Let a machine's bundles be counted from the beginning again; how many there were.

        Raises:
            OutputError: the file cannot be written.
        """
        with self._faults(), self._whole():
            return received.forget(self._db, (machine,), now)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """All that is written inside, or nothing of it."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def keep(self, audit: Audit, news: Received | None = None) -> Run:
        """Write one audit in one transaction; the run as kept, numbered and with its changes.

        `news` = the bundles it read for the first time.

        Raises:
            OutputError: the file cannot be written (disk full, read-only); nothing of the run is kept.
        """
        with self._faults(), self._whole():
            run = self._write(audit)
            received.receive(self._db, news or Received(), run.number, run.started)
        return run

    def _write(self, audit: Audit) -> Run:
        before = self.run()
        number = before.number + 1 if before is not None else 1
        run = dated(before, replace(audit.run, number=number))
        run = replace(run, changes=changes(before, run) if before else None)
        self._db.execute(
            "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                run.started.isoformat(),
                run.today.isoformat(),
                run.model.id,
                run.model.digest,
                run.version,
                zlib.compress(msgspec.json.encode(run), 6),
            ),
        )
        self._db.executemany(
            "INSERT INTO evidence VALUES (?, ?, ?)",
            ((number, item.target, zlib.compress(encode(item), 6)) for item in audit.evidence),
        )
        self._states(run)
        self._days(run)
        return run

    def _states(self, run: Run) -> None:
        """Lengthen each interval whose state is the same, begin one where it differs."""
        day = run.today.isoformat()
        open_rows = self._db.execute(
            "SELECT target, control, first_run, shown_as, key FROM state WHERE last_run = ?",
            (run.number - 1,),
        )
        same = {(target, control): (first, now, key) for target, control, first, now, key in open_rows}
        longer: list[tuple[object, ...]] = []
        begun: list[tuple[object, ...]] = []
        for finding in run.findings:
            before = same.get((finding.target, finding.control))
            if before is not None and before[1:] == (shown_as(finding), finding.key):
                longer.append((run.number, day, finding.target, finding.control, before[0]))
            else:
                named, seen = (finding.target, finding.control), (shown_as(finding), finding.key)
                begun.append((*named, run.number, run.number, day, day, *seen))
        self._db.executemany(
            "UPDATE state SET last_run = ?, last_day = ? WHERE target = ? AND control = ? AND first_run = ?",
            longer,
        )
        self._db.executemany("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?)", begun)

    def _days(self, run: Run) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO daily VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    run.today.isoformat(),
                    row.section,
                    row.people,
                    sum(count for ready, count in row.by_ready.items() if ready == "ready"),
                    row.tally.fail,
                    row.tally.unknown,
                    row.tally.passed,
                )
                for row in run.section_readiness
            ),
        )


def _inflate(document: bytes) -> bytes:
    """Decompress with a limit, so that a damaged file cannot fill the memory."""
    stream = zlib.decompressobj()
    plain = stream.decompress(document, MAX_KEPT_BYTES)
    if not stream.eof:
        raise Garbled("a document in it is cut off or larger than allowed")
    return plain


def open_read_only(path: Path) -> History:
    """The history for reading; it must exist.

    Raises:
        OutputError: there is none yet, or it cannot be read.
    """
    if not path.exists():
        raise OutputError("history_missing", path=str(path))
    return History(path, writable=False)
