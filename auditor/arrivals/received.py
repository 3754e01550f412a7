"""What the history remembers of bundles: how far each machine has counted, and what it said last.

A replay, a gap and a counter that began again can only be told from what was read before, so this is written
in the same transaction as the run that used it.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from auditor.evidence import MAX_KEPT_BYTES, Evidence, decode, encode
from auditor.run import Standing

TABLES = """
    CREATE TABLE bundle (
        machine TEXT NOT NULL,
        context TEXT NOT NULL,
        signed INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        digest TEXT NOT NULL PRIMARY KEY,
        collected_at TEXT NOT NULL,
        arrived TEXT NOT NULL,
        standing TEXT NOT NULL,
        signer TEXT NOT NULL,
        key TEXT NOT NULL,
        run INTEGER NOT NULL,
        forgotten INTEGER NOT NULL DEFAULT 0,
        document BLOB
    );
    CREATE INDEX bundle_last ON bundle(machine, context, signed, sequence);
    CREATE INDEX bundle_document ON bundle(machine, context) WHERE document IS NOT NULL;
    CREATE TABLE refusal (
        machine TEXT NOT NULL PRIMARY KEY,
        standing TEXT NOT NULL,
        note TEXT NOT NULL,
        since TEXT NOT NULL
    ) WITHOUT ROWID;
"""
"""`machine` is a target's key, `arrived` the file's own time, `key` the fingerprint of the key that signed.

A `refusal` stands while the machine has nothing better.
"""

_COUNTED = """CREATE TABLE {name} (
        machine TEXT NOT NULL,
        context TEXT NOT NULL,
        signed INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        digest {digest} NOT NULL PRIMARY KEY,
        collected_at TEXT NOT NULL,
        arrived TEXT NOT NULL,
        standing TEXT NOT NULL,
        signer TEXT NOT NULL,
        key TEXT NOT NULL,
        run INTEGER NOT NULL,
        forgotten INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID"""

SAID = (
    """CREATE TABLE said (
        machine TEXT NOT NULL,
        context TEXT NOT NULL,
        key TEXT NOT NULL,
        document BLOB NOT NULL,
        UNIQUE (machine, context)
    )""",
    """INSERT OR REPLACE INTO said
        SELECT machine, context, key, document FROM bundle WHERE document IS NOT NULL""",
    _COUNTED.format(name="counted", digest="TEXT"),
    """INSERT INTO counted SELECT machine, context, signed, sequence, digest, collected_at, arrived, standing,
        signer, key, run, forgotten FROM bundle""",
    "DROP TABLE bundle",
    "ALTER TABLE counted RENAME TO bundle",
    "CREATE INDEX bundle_last ON bundle(machine, context, signed, sequence)",
)
"""What the newest bundle of a machine and context said: in a table of its own, where it takes one place.

Among the bundles it would leave a hole a night.
"""

SHORT = (
    _COUNTED.format(name="short", digest="BLOB"),
    """INSERT INTO short SELECT machine, context, signed, sequence, short_digest(digest), collected_at,
        arrived, standing, signer, key, run, forgotten FROM bundle""",
    "DROP TABLE bundle",
    "ALTER TABLE short RENAME TO bundle",
    "CREATE INDEX bundle_last ON bundle(machine, context, signed, sequence)",
)
"""Digests as bytes: they stand in the table and in its index, and there are many."""

FORGOTTEN = "forgotten"
"""The `standing` of a refusal that `forget` wrote: nothing from before counts any more."""

Chain = tuple[str, str, bool]
"""Target, context, whether signed: each counts its own sequence, so no unsigned file moves a signed count."""


@dataclass(frozen=True, slots=True)
class Last:
    """How far a chain has counted. `forgotten` = an officer let it begin again; the date still holds."""

    sequence: int
    collected_at: datetime
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What a machine and context said last, and the fingerprint of the key that vouched for it then."""

    evidence: Evidence
    key: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """That nothing of a machine is believed, and why."""

    standing: str
    note: str


def _never(digest: str, *, signed: bool) -> bool:
    del digest, signed
    return False


class SeenBefore(Protocol):
    """Whether a bundle was read before."""

    def __call__(self, digest: str, *, signed: bool) -> bool:
        """True when it was; for a signed one, when it was signed then.

        Who strips the signature off a copy and hands that in first must not keep the signed one out.
        """


@dataclass(frozen=True, slots=True)
class Known:
    """All that was read before; empty for a new history. `seen` tells of a bundle's digest."""

    last: Mapping[Chain, Last] = field(default_factory=dict)
    kept: Mapping[tuple[str, str], Kept] = field(default_factory=dict)
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    seen: SeenBefore = _never


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One bundle that was read. `evidence` None = a newer one of its machine and context came with it."""

    target: str
    context: str
    signed: bool
    sequence: int
    digest: str
    collected_at: datetime
    arrived: datetime
    standing: Standing
    signer: str
    key: str
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What one reading of the inbox adds."""

    rows: tuple[Row, ...] = ()
    refusals: Mapping[str, Refusal] = field(default_factory=dict)


def known(db: sqlite3.Connection, inflate: Callable[[bytes], bytes]) -> Known:
    """What the history remembers; nothing where it is of a version that remembered nothing."""
    if not _has_tables(db):
        return Known()
    last = {
        (machine, context, bool(signed)): Last(
            sequence or 0, datetime.fromisoformat(latest), forgotten=sequence is None
        )
        for machine, context, signed, sequence, latest in db.execute(
            "SELECT machine, context, signed, max(CASE WHEN forgotten = 0 THEN sequence END),"
            " max(collected_at) FROM bundle GROUP BY machine, context, signed"
        )
    }
    documents = db.execute("SELECT machine, context, key, document FROM said")
    kept = {
        (machine, context): Kept(decode(inflate(document), limit_bytes=MAX_KEPT_BYTES), key)
        for machine, context, key, document in documents
    }
    refusals = {
        machine: Refusal(standing, note)
        for machine, standing, note in db.execute("SELECT machine, standing, note FROM refusal")
    }

    def seen(digest: str, *, signed: bool) -> bool:
        wanted = "SELECT 1 FROM bundle WHERE digest IN (?, ?) AND (signed >= ? OR forgotten = 1)"
        either = short_digest(digest), digest  # a history of before is read as it stands
        return db.execute(wanted, (*either, signed)).fetchone() is not None

    return Known(last, kept, refusals, seen)


def short_digest(digest: str) -> bytes | str:
    """A digest as the history keeps it: its bytes; what is none stays as it is."""
    try:
        return bytes.fromhex(digest)
    except ValueError:
        return digest


def _has_tables(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'bundle'").fetchone() is not None


def receive(db: sqlite3.Connection, received: Received, run: int, since: datetime) -> None:
    """Add what run `run` read; the caller's transaction decides whether it counts."""
    for row in received.rows:
        document = zlib.compress(encode(row.evidence), 6) if row.evidence is not None else None
        if document is not None:
            db.execute(
                "INSERT OR REPLACE INTO said (machine, context, key, document) VALUES (?, ?, ?, ?)",
                (row.target, row.context, row.key, document),
            )
        db.execute(
            "INSERT OR REPLACE INTO bundle VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (
                row.target,
                row.context,
                row.signed,
                row.sequence,
                short_digest(row.digest),
                row.collected_at.isoformat(),
                row.arrived.isoformat(),
                row.standing,
                row.signer,
                row.key,
                run,
            ),
        )
        db.execute("DELETE FROM refusal WHERE machine = ?", (row.target,))
    refuse(db, received.refusals, since)


def refuse(db: sqlite3.Connection, refusals: Mapping[str, Refusal], since: datetime) -> None:
    """Remember that nothing of these machines is believed."""
    db.executemany(
        "INSERT OR REPLACE INTO refusal VALUES (?, ?, ?, ?)",
        [(name, one.standing, one.note, since.isoformat()) for name, one in sorted(refusals.items())],
    )


def forget(db: sqlite3.Connection, machines: Iterable[str], since: datetime) -> int:
    """Let these machines count from the beginning again; how many bundles that concerns.

    Their files stay known, so that none of them can be read a second time.
    """
    count = 0
    for machine in machines:
        changed = db.execute(
            "UPDATE bundle SET forgotten = 1 WHERE machine = ? AND forgotten = 0",
            (machine,),
        )
        db.execute("DELETE FROM said WHERE machine = ?", (machine,))
        count += changed.rowcount
        refuse(db, {machine: Refusal(FORGOTTEN, "the next file begins anew")}, since)
    return count
