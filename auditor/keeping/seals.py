"""The chain of seals: each run's covers what it kept and the seal before, so that a changed past shows.

Seals are made of digests that stay when evidence is no longer kept, so compaction and retention change none.
"""

import hashlib
import sqlite3
from collections.abc import Iterable

GROUP = 4
GROUPS = 4


def digest_of(plain: bytes) -> bytes:
    """The SHA-256 of a document as it was before it was compressed."""
    return hashlib.sha256(plain).digest()


def seal_of(before: bytes, number: int, run_digest: bytes, evidence: Iterable[tuple[str, bytes]]) -> bytes:
    """The seal of a run; `evidence` = its targets and the digests of what they said.

    `before` = the seal of the run before, b"" = there is none.
    """
    seal = hashlib.sha256(b"telework-auditor run %d\n%s\n%s\n" % (number, before.hex().encode(), run_digest))
    for target, digest in sorted(evidence):
        seal.update(b"%s\n%s\n" % (target.encode(), digest))
    return seal.digest()


def seal_run(db: sqlite3.Connection, number: int, run_digest: bytes) -> None:
    """Seal a run whose rows are written."""
    found = db.execute("SELECT seal FROM run WHERE number < ? ORDER BY number DESC LIMIT 1", (number,))
    before = found.fetchone()
    rows = db.execute("SELECT target, digest FROM evidence WHERE run = ?", (number,))
    seal = seal_of(before[0] if before is not None else b"", number, run_digest, rows)
    db.execute("UPDATE run SET plain = ?, seal = ? WHERE number = ?", (run_digest, seal, number))


def shown(seal: bytes) -> str:
    """The seal short enough to be written on paper: ``1A2B-3C4D-5E6F-7A8B``."""
    text = seal.hex().upper()
    return "-".join(text[start : start + GROUP] for start in range(0, GROUP * GROUPS, GROUP))
