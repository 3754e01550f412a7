"""Writes and reads run documents and evidence, each as what differs from an earlier one of its kind.

A document stands on its own once a month or a quarter; the others lean on it directly, never on one
another, so that reading any night takes two documents and a damaged night costs no other.
"""

import contextlib
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from auditor.errors import Garbled
from auditor.evidence import MAX_KEPT_BYTES, Evidence, decode, encode
from auditor.keeping.deltas import CompressionError, difference, in_lines, whole
from auditor.keeping.documents import read_run, run_document, unpacked
from auditor.keeping.seals import digest_of, seal_run
from auditor.run import Run

BASE_RUNS = 30
EVIDENCE_BASE_RUNS = 90
"""After so many runs a document stands on its own again: differences grow, and bases must be kept.

Many lines of a run document differ after a month; a machine says much the same for a quarter.
"""
WORTH = 2
"""A difference is worth keeping when it is so many times smaller than its base."""

DAMAGED = (zlib.error, CompressionError, msgspec.MsgspecError, Garbled, MemoryError)
"""What a document raises that is not what was kept."""


@dataclass(frozen=True, slots=True)
class Base:
    """An earlier document that stands on its own, and what it takes."""

    run: int
    plain: bytes
    size_bytes: int

    def too_old(self, number: int, lasts_runs: int) -> bool:
        """True when run `number` stands on its own again."""
        return number - self.run >= lasts_runs


def keep_run(db: sqlite3.Connection, run: Run) -> bytes:
    """Write the run's row; the digest of its document."""
    plain = run_document(run)
    found = db.execute(
        "SELECT b.number, b.document, b.plain FROM run b WHERE b.number ="
        " (SELECT coalesce(base, number) FROM run ORDER BY number DESC LIMIT 1)"
    ).fetchone()
    base, document = packed(plain, base_of(found, run.number, BASE_RUNS))
    digest = digest_of(plain)
    db.execute(
        "INSERT INTO run (number, started, day, model, digest, version, document, base, plain)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row_of(run), document, base, digest),
    )
    return digest


def row_of(run: Run) -> tuple[int, str, str, str, str, str]:
    """What the list of runs repeats of a run's document: number, started, day, model, digest, version."""
    model = run.model
    return run.number, run.started.isoformat(), run.today.isoformat(), model.id, model.digest, run.version


def keep_evidence(db: sqlite3.Connection, number: int, evidence: Iterable[Evidence]) -> None:
    """Write what the targets of a run said."""
    for item in evidence:
        plain = in_lines(encode(item))
        found = db.execute(
            "SELECT run, document, digest FROM evidence WHERE target = ?1 AND run ="
            " (SELECT coalesce(base, run) FROM evidence WHERE target = ?1 AND document IS NOT NULL"
            "  ORDER BY run DESC LIMIT 1)",
            (item.target,),
        ).fetchone()
        base, document = packed(plain, base_of(found, number, EVIDENCE_BASE_RUNS))
        db.execute(
            "INSERT INTO evidence (target, run, digest, base, document) VALUES (?, ?, ?, ?, ?)",
            (item.target, number, digest_of(plain), base, document),
        )


def seal(db: sqlite3.Connection, number: int, run_digest: bytes) -> None:
    """Seal a run whose row and evidence are written."""
    seal_run(db, number, run_digest)


def base_of(found: tuple[int, bytes | None, bytes] | None, number: int, lasts_runs: int) -> Base | None:
    """The document to lean on, None = there is none, it is old, or it is not what was kept."""
    if found is None or found[1] is None:
        return None
    try:
        plain = unpacked(found[1], None, MAX_KEPT_BYTES)
    except DAMAGED:
        return None
    base = Base(found[0], plain, len(found[1]))
    return None if base.too_old(number, lasts_runs) or digest_of(plain) != found[2] else base


def packed(plain: bytes, base: Base | None) -> tuple[int | None, bytes]:
    """The run it leans on, None = it stands on its own, and what is to be kept."""
    if base is not None:
        document = difference(plain, base.plain)
        if len(document) * WORTH < base.size_bytes:
            return base.run, document
    return None, whole(plain)


def run_plain(db: sqlite3.Connection, number: int) -> bytes | None:
    """A run's document, None = there is no such run."""
    found = db.execute(
        "SELECT r.document, b.document, r.base FROM run r LEFT JOIN run b ON b.number = r.base"
        " WHERE r.number = ?",
        (number,),
    ).fetchone()
    return _plain(*found) if found is not None else None


def _plain(document: bytes, base: bytes | None, base_run: int | None) -> bytes:
    if base_run is not None and base is None:
        raise Garbled(f"the document of run {base_run}, which another leans on, is not kept")
    return unpacked(document, unpacked(base, None, MAX_KEPT_BYTES) if base else None, MAX_KEPT_BYTES)


def run_of(db: sqlite3.Connection, number: int | None) -> Run | None:
    """A kept run, None = no such run; without a number the newest."""
    if number is None:
        number = db.execute("SELECT max(number) FROM run").fetchone()[0]
    plain = run_plain(db, number) if number is not None else None
    return read_run(plain) if plain is not None else None


def newest_readable(db: sqlite3.Connection) -> Run | None:
    """The newest run whose document is whole, None = there is none; one damaged night stops no other."""
    for (number,) in db.execute("SELECT number FROM run ORDER BY number DESC").fetchall():
        with contextlib.suppress(*DAMAGED):
            return run_of(db, number)
    return None


def evidence_plain(db: sqlite3.Connection, number: int) -> Mapping[str, bytes | None]:
    """The evidence documents of a run by target; None = no longer kept."""
    rows = db.execute(
        "SELECT e.target, e.document, b.document, e.base FROM evidence e"
        " LEFT JOIN evidence b ON b.target = e.target AND b.run = e.base WHERE e.run = ?",
        (number,),
    )
    return {
        target: _plain(document, base, base_run) if document is not None else None
        for target, document, base, base_run in rows
    }


def one_evidence_plain(db: sqlite3.Connection, number: int, target: str) -> bytes | None:
    """What a target said in a run, None = nothing, or it is no longer kept."""
    found = db.execute(
        "SELECT e.document, b.document, e.base FROM evidence e"
        " LEFT JOIN evidence b ON b.target = e.target AND b.run = e.base"
        " WHERE e.target = ? AND e.run = ? AND e.document IS NOT NULL",
        (target, number),
    ).fetchone()
    return _plain(*found) if found is not None else None


def evidence_of(db: sqlite3.Connection, number: int) -> dict[str, Evidence]:
    """The evidence of a run by target, as far as it is still kept."""
    return {
        target: decode(plain, limit_bytes=MAX_KEPT_BYTES)
        for target, plain in evidence_plain(db, number).items()
        if plain is not None
    }


def no_longer_kept(db: sqlite3.Connection, number: int) -> tuple[str, ...]:
    """The targets that said something in a run of which the retention left nothing."""
    rows = db.execute(
        "SELECT target FROM evidence WHERE run = ? AND document IS NULL ORDER BY target", (number,)
    )
    return tuple(row[0] for row in rows)


def last_heard(db: sqlite3.Connection, target: str) -> Evidence | None:
    """The newest kept evidence with which the target answered, None = it never did, or that is damaged.

    What it said before a damaged night is no answer: it may have become worse since.
    """
    rows = db.execute(
        "SELECT e.document, b.document, e.base FROM evidence e"
        " LEFT JOIN evidence b ON b.target = e.target AND b.run = e.base"
        " WHERE e.target = ? AND e.document IS NOT NULL ORDER BY e.run DESC",
        (target,),
    )
    with contextlib.suppress(*DAMAGED):  # of one machine: that stops no night of the town
        for row in rows:
            found = decode(_plain(*row), limit_bytes=MAX_KEPT_BYTES)
            if found.outcome is None:
                return found
    return None
