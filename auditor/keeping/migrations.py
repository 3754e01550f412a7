"""The formats of the history, each made from the one before; a file of any age becomes one of today."""

import contextlib
import sqlite3
from collections.abc import Callable

from auditor.arrivals import received
from auditor.errors import OutputError
from auditor.keeping import states, store, views
from auditor.keeping.documents import read_run, unpacked
from auditor.keeping.seals import digest_of, seal_run

Migration = str | Callable[[sqlite3.Connection], None]

_FIRST = """
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
"""

_EVIDENCE_OF = "CREATE UNIQUE INDEX evidence_of ON evidence(target, run);"

_YEARS = (
    "ALTER TABLE run ADD COLUMN base INTEGER",
    "ALTER TABLE run ADD COLUMN plain BLOB",
    "ALTER TABLE run ADD COLUMN seal BLOB",
    """CREATE TABLE kept (
        target TEXT NOT NULL,
        run INTEGER NOT NULL REFERENCES run(number),
        digest BLOB NOT NULL,
        base INTEGER,
        document BLOB,
        PRIMARY KEY (target, run)
    ) WITHOUT ROWID""",
)
"""`base` = the run whose document this one is the difference from, NULL = it stands on its own.

`plain` is the digest of the run's document, `seal` see `auditor.keeping.seals`. Evidence without a `document`
is no longer kept; its digest tells that and what it was.
"""

_YEARS_AFTER = (
    "DROP TABLE evidence",
    "ALTER TABLE kept RENAME TO evidence",
    "CREATE INDEX evidence_of_run ON evidence(run)",
    "CREATE INDEX state_first ON state(first_run)",
    """CREATE TABLE control (
        id TEXT NOT NULL PRIMARY KEY,
        title_ja TEXT NOT NULL,
        title_en TEXT NOT NULL,
        severity TEXT NOT NULL,
        leg TEXT NOT NULL
    ) WITHOUT ROWID""",
    *received.SAID,
    *views.VIEWS,
)


def _for_years(db: sqlite3.Connection) -> None:
    """Digests and seals for what is there; the documents themselves stay as they are."""
    for statement in _YEARS:
        db.execute(statement)
    rows = db.execute("SELECT target, run, document FROM evidence")
    db.executemany(
        "INSERT INTO kept VALUES (?, ?, ?, NULL, ?)",
        ((target, run, digest_of(unpacked(document, None)), document) for target, run, document in rows),
    )
    for statement in _YEARS_AFTER:
        db.execute(statement)
    for number, document in db.execute("SELECT number, document FROM run ORDER BY number").fetchall():
        seal_run(db, number, digest_of(unpacked(document, None)))


def _town_days(db: sqlite3.Connection) -> None:
    """Digests as bytes; the town's figures and what controls are called, from the last run of each day.

    A day whose last run is not what was kept has no figure of the town, and keeps those of its sections.
    """
    _short_digests(db)
    for view in views.NAMES:
        db.execute(f"DROP VIEW IF EXISTS {view}")
    for statement in views.VIEWS:
        db.execute(statement)
    last = db.execute(
        "SELECT number, plain FROM run WHERE number IN (SELECT max(number) FROM run GROUP BY day)"
        " ORDER BY number"
    )
    for number, digest in last.fetchall():
        with contextlib.suppress(*store.DAMAGED):  # `history verify` names what is damaged
            document = store.run_plain(db, number)
            if document is not None and digest_of(document) == digest:
                run = read_run(document)
                states.count_day(db, run)
                states.name_controls(db, run)


def _short_digests(db: sqlite3.Connection) -> None:
    db.create_function("short_digest", 1, received.short_digest, deterministic=True)
    for statement in received.SHORT:
        db.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (_FIRST, _EVIDENCE_OF, received.TABLES, _for_years, _town_days)


def version_of(db: sqlite3.Connection) -> int:
    """The format of a history; 0 = it holds nothing yet."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: sqlite3.Connection) -> None:
    """Bring a history to the newest format, one format a transaction.

    Raises:
        OutputError: the file is of a format that this program does not know yet.
    """
    version = version_of(db)
    if version > len(MIGRATIONS):
        raise OutputError("history_version", path=path_of(db), found=version, known=len(MIGRATIONS))
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            if isinstance(step, str):
                for statement in step.split(";"):
                    db.execute(statement)
            else:
                step(db)
            db.execute(f"PRAGMA user_version={number}")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def path_of(db: sqlite3.Connection) -> str:
    """The file of a connection, "" = it is in memory."""
    return str(db.execute("PRAGMA database_list").fetchone()[2] or "")
