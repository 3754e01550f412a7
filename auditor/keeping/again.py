"""Documents of formats before this one, kept again as this one keeps them."""

import sqlite3
from dataclasses import dataclass

from auditor.evidence import MAX_KEPT_BYTES
from auditor.keeping.documents import OLD, unpacked
from auditor.keeping.seals import digest_of
from auditor.keeping.store import BASE_RUNS, DAMAGED, EVIDENCE_BASE_RUNS, Base, packed


@dataclass(frozen=True, slots=True)
class _Table:
    """Where documents stand: `?1` = whose they are ("" for runs), `?2` = the run."""

    rows: str
    read: str
    write: str
    lasts_runs: int


_TABLES = (
    _Table(
        "SELECT '', number, number IN (SELECT base FROM run) FROM run WHERE base IS NULL ORDER BY number",
        "SELECT document, plain FROM run WHERE ?1 = '' AND number = ?2",
        "UPDATE run SET base = ?3, document = ?4 WHERE ?1 = '' AND number = ?2",
        BASE_RUNS,
    ),
    _Table(
        "SELECT target, run, EXISTS (SELECT 1 FROM evidence l WHERE l.target = e.target AND l.base = e.run)"
        " FROM evidence e WHERE base IS NULL AND document IS NOT NULL ORDER BY target, run",
        "SELECT document, digest FROM evidence WHERE target = ?1 AND run = ?2",
        "UPDATE evidence SET base = ?3, document = ?4 WHERE target = ?1 AND run = ?2",
        EVIDENCE_BASE_RUNS,
    ),
)


def kept_again(db: sqlite3.Connection) -> int:
    """Keep documents of formats 1 to 3 as differences where they can be; how many were written again.

    One that is not what it was stays as it is, and one that others lean on stands on its own.
    """
    return sum(_kept_again(db, table) for table in _TABLES)


def _kept_again(db: sqlite3.Connection, table: _Table) -> int:
    count, before = 0, ""
    base: Base | None = None
    for of, number, leaned_on in db.execute(table.rows).fetchall():
        document, digest = db.execute(table.read, (of, number)).fetchone()
        base = base if of == before else None
        before = of
        plain = _plain(document, digest)
        if plain is None:
            continue
        kept: tuple[int | None, bytes] = (None, document)
        if document.startswith(OLD):
            kept = packed(
                plain, None if leaned_on or base is None or base.too_old(number, table.lasts_runs) else base
            )
            db.execute(table.write, (of, number, *kept))
            count += 1
        if kept[0] is None:
            base = Base(number, plain, len(kept[1]))
    return count


def _plain(document: bytes, digest: bytes) -> bytes | None:
    """The document, None = it is not what was kept."""
    try:
        plain = unpacked(document, None, MAX_KEPT_BYTES)
    except DAMAGED:
        return None
    return plain if digest_of(plain) == digest else None
