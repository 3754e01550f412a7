"""The history of a town: every run, its evidence, and since when each control has stood where.

SQLite with a write-ahead log; one writer (a lock file beside it), any number of readers. A run is written
in one transaction, so a run that dies leaves the state before it. How it stays small and provable for years:
`auditor.keeping`.
"""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Self

from auditor.arrivals import received
from auditor.arrivals.received import Known, Received
from auditor.changes import changes, dated
from auditor.engine import Audit
from auditor.errors import OutputError
from auditor.evidence import Evidence
from auditor.findings import Reason
from auditor.firstseen import Since, first_seen
from auditor.keeping import states, store
from auditor.keeping.clock import days_of
from auditor.keeping.copies import in_memory, set_aside
from auditor.keeping.documents import unpacked
from auditor.keeping.lineage import lineage
from auditor.keeping.migrations import MIGRATIONS, migrate, version_of
from auditor.keeping.reading import read_only
from auditor.keeping.states import DayCount, Interval
from auditor.run import Change, Run
from auditor.targets import Section
from auditor.wholefile import created


def connected(path: Path, *, writable: bool) -> sqlite3.Connection:
    """The file, opened; a new one is for the owner of its folder only."""
    new = not path.exists()
    if not new and not path.is_file():  # a pipe would make us wait
        raise OSError(errno.EINVAL, "this is no plain file")
    if not writable:
        return read_only(path)
    if new:
        with contextlib.suppress(FileExistsError):
            os.close(created(path.resolve()))
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=30)
    try:
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
        with self.faults():
            self._db = connected(path, writable=writable)
            try:
                self._bring_up(writable=writable)
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

    def _bring_up(self, *, writable: bool) -> None:
        """An older format becomes today's: in the file after a copy was put aside, else in memory only."""
        version = version_of(self._db)
        if version > len(MIGRATIONS) or (version == 0 and not writable):
            known = len(MIGRATIONS)
            raise OutputError("history_version", path=str(self._path), found=version, known=known)
        if version == len(MIGRATIONS):
            return
        if not writable:
            only_read, self._db = self._db, in_memory(self._db)
            only_read.close()
        elif version:
            set_aside(self._db, self._path)
        migrate(self._db)

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Whatever is wrong with the file or a document in it, as one error.

        Raises:
            OutputError: something is.
        """
        try:
            yield
        except (sqlite3.Error, OSError, *store.DAMAGED) as error:
            raise OutputError("history", path=str(self._path), why=str(error)) from error

    @property
    def db(self) -> sqlite3.Connection:
        """The open file, for `auditor.keeping`."""
        return self._db

    def numbers(self) -> tuple[int, ...]:
        """The numbers of all runs kept, ascending."""
        with self.faults():
            return tuple(row[0] for row in self._db.execute("SELECT number FROM run ORDER BY number"))

    def number_on(self, day: date) -> int | None:
        """The run in force on a day (Japan): the last of that day or before, None = there was none yet.

        By the days that are believed (`days_of`): a night whose clock stood years back was on no earlier day.
        """
        with self.faults():
            return max(days_of(self._db, day), default=None)

    def run(self, number: int | None = None) -> Run | None:
        """A kept run, None = no such run; without a number the newest."""
        with self.faults():
            return store.run_of(self._db, number)

    def newest(self) -> Run | None:
        """The newest run that can be read, None = there is none; a damaged one stops no later night."""
        with self.faults():
            return store.newest_readable(self._db)

    def evidence(self, number: int) -> dict[str, Evidence]:
        """The evidence of a run by target key, as far as it is still kept."""
        with self.faults():
            return store.evidence_of(self._db, number)

    def evidence_or_why_not(self, run: Run) -> dict[str, Evidence]:
        """The evidence of a run by target key; what is no longer kept says so instead of an answer."""
        gone = {
            target: Evidence(target=target, collected_at=run.started, outcome=Reason.NOT_KEPT)
            for target in self.no_longer_kept(run.number)
        }
        return gone | self.evidence(run.number)

    def day_of(self, number: int) -> date | None:
        """The day (Japan) of a run, None = no such run."""
        with self.faults():
            found = self._db.execute("SELECT day FROM run WHERE number = ?", (number,)).fetchone()
            return date.fromisoformat(found[0]) if found is not None else None

    def no_longer_kept(self, number: int) -> tuple[str, ...]:
        """The targets whose evidence of that run the retention has removed."""
        with self.faults():
            return store.no_longer_kept(self._db, number)

    def last_heard(self, target: str) -> Evidence | None:
        """The newest kept evidence with which the target answered, None = it never did, or it is damaged."""
        with self.faults():
            return store.last_heard(self._db, target)

    def first_seen(
        self, controls: Collection[str], today: date, sections: Sequence[Section] = ()
    ) -> dict[tuple[str, str], Since]:
        """Since which day faults of these controls are known, by target and control; `firstseen` counts.

        `sections` = today's, which may continue others.
        """
        with self.faults():
            former = {
                f"{Section.kind}:{id_}": tuple(f"{Section.kind}:{old}" for old in olds)
                for id_, olds in lineage(self._db, sections).items()
                if olds
            }
            return first_seen(self._db, controls, today, former)

    def with_former(self, sections: Sequence[Section]) -> frozenset[str]:
        """The ids of these sections and of all that they continue."""
        with self.faults():
            return frozenset(lineage(self._db, sections))

    def intervals(self, target: str, control: str) -> tuple[Interval, ...]:
        """All that is known of one control of one target, oldest first."""
        with self.faults():
            return states.intervals(self._db, target, control)

    def changed(self, number: int) -> tuple[Change, ...]:
        """What a run shows otherwise than the run before it."""
        with self.faults():
            return states.changed_in(self._db, number)

    def trend(self, first: date, last: date, sections: Collection[str] = ()) -> tuple[DayCount, ...]:
        """The figures of every day with a run, both ends inclusive; of some sections, () = of the town."""
        with self.faults():
            return states.trend(self._db, first, last, tuple(sections))

    def known(self) -> Known:
        """What was read of bundles so far; asked for a digest while the history is open."""
        with self.faults():
            return received.known(self._db, lambda document: unpacked(document, None))

    def forget(self, machine: str, now: datetime) -> int:
        """Let a machine's bundles be counted from the beginning again; how many there were.

        Raises:
            OutputError: the file cannot be written.
        """
        with self.faults(), self._whole():
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

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """The open file for one change by `auditor.keeping`: all that is written inside, or nothing.

        Raises:
            OutputError: the file cannot be written.
        """
        with self.faults(), self._whole():
            yield self._db

    def keep(self, audit: Audit, news: Received | None = None) -> Run:
        """Write one audit in one transaction; the run as kept, numbered and with its changes.

        `news` = the bundles it read for the first time.

        Raises:
            OutputError: the file cannot be written (disk full, read-only); nothing of the run is kept.
        """
        with self.faults(), self._whole():
            run = self._write(audit)
            received.receive(self._db, news or Received(), run.number, run.started)
        return run

    def _write(self, audit: Audit) -> Run:
        before = store.newest_readable(self._db)
        number = (self._db.execute("SELECT max(number) FROM run").fetchone()[0] or 0) + 1
        run = dated(before, replace(audit.run, number=number))
        run = replace(run, changes=changes(before, run) if before else None)
        digest = store.keep_run(self._db, run)
        store.keep_evidence(self._db, number, audit.evidence)
        store.seal(self._db, number, digest)
        states.lengthen(self._db, run)
        states.name_controls(self._db, run)
        self._days(run)
        return run

    def _days(self, run: Run) -> None:
        states.count_day(self._db, run)


def open_read_only(path: Path) -> History:
    """The history for reading; it must exist.

    Raises:
        OutputError: there is none yet, or it cannot be read.
    """
    if not path.exists():
        raise OutputError("history_missing", path=str(path))
    return History(path, writable=False)
