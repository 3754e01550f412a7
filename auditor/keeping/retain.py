"""What the history no longer needs is removed: old evidence, and bundles too old to be handed in again."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from auditor.findings import ATTESTED
from auditor.firstseen import FAULTY
from auditor.history import History
from auditor.keeping.clock import first_within
from auditor.keeping.table import Keep
from auditor.model import DAY_LIMIT

ALWAYS_RUNS = 30
"""The evidence of so many newest runs stays whatever the clock says: it may have jumped."""


def _past(older: str, within: str) -> str:
    """Evidence past its keeping time; `older` = than all evidence is kept, `within` = that of faults."""
    return f"""
        run <= (SELECT max(number) FROM run) - :always
        AND {older}
        AND NOT (
            {within}
            AND EXISTS (
                SELECT 1 FROM state WHERE state.target = evidence.target
                AND evidence.run BETWEEN state.first_run AND state.last_run
                AND state.shown_as IN (SELECT value FROM json_each(:faults))
            )
        )
    """  # noqa: S608 - our own words


_COUNTED = _past("run < :evidence", "run >= :fault")
_BY_DAYS = _past(
    "run IN (SELECT number FROM run WHERE day < :evidence_day)",
    "run IN (SELECT number FROM run WHERE day >= :fault_day)",
)
"""As versions before counted: what they took was not too early."""

_EVIDENCE = f"""
    UPDATE evidence SET document = NULL, base = NULL WHERE document IS NOT NULL AND {_COUNTED}
    AND NOT EXISTS (
        SELECT 1 FROM evidence AS leaning WHERE leaning.target = evidence.target
        AND leaning.base = evidence.run AND leaning.run > evidence.run
    )
"""  # noqa: S608 - our own words
"""Evidence that a kept one leans on stays until that one goes."""

_TOO_EARLY = f"""
    SELECT run, (SELECT day FROM run AS r WHERE r.number = evidence.run), min(target), count(*)
    FROM evidence WHERE document IS NULL AND NOT ({_COUNTED}) AND NOT ({_BY_DAYS}) GROUP BY run ORDER BY run
"""  # noqa: S608 - same

_BUNDLES = """
    DELETE FROM bundle WHERE run < :bundle
    AND run <= (SELECT max(number) FROM run) - :always
    AND EXISTS (
        SELECT 1 FROM bundle AS newer WHERE newer.machine = bundle.machine AND newer.context = bundle.context
        AND newer.signed = bundle.signed AND newer.forgotten = bundle.forgotten
        AND newer.sequence > bundle.sequence AND newer.collected_at >= bundle.collected_at
    )
"""
"""How far a chain has counted stays known, and so no file from before can be read again."""


@dataclass(frozen=True, slots=True)
class Retained:
    """How much was removed: documents of evidence, and rows of bundles."""

    evidence: int = 0
    bundles: int = 0


def retain(folder: Path, today: date, keep: Keep) -> Retained:
    """Remove from the town folder's history what it need not keep on `today`; the caller holds the lock.

    Raises:
        OutputError: the history cannot be written; nothing was removed.
    """
    path = folder / "auditor.db"
    if not path.exists():
        return Retained()
    with History(path) as history:
        history.db.execute("PRAGMA secure_delete=ON")  # what is removed is not in the file any more
        with history.changing() as db:
            return removed(db, today, keep)


def removed(db: sqlite3.Connection, today: date, keep: Keep) -> Retained:
    """Remove it in the caller's transaction."""
    past = _limits(db, today, keep)
    evidence = 0
    while gone := db.execute(_EVIDENCE, past).rowcount:  # a base goes once nothing leans on it
        evidence += gone
    bundle = first_within(db, today, max(keep.evidence_days, DAY_LIMIT))
    return Retained(evidence, db.execute(_BUNDLES, {"always": ALWAYS_RUNS, "bundle": bundle}).rowcount)


def gone_early(db: sqlite3.Connection, today: date, keep: Keep) -> Iterator[tuple[int, str | None, str, int]]:
    """Runs whose evidence is missing though no retention up to `today` took it: run, day, a target, count."""
    yield from db.execute(_TOO_EARLY, _limits(db, today, keep))


def _limits(db: sqlite3.Connection, today: date, keep: Keep) -> dict[str, str | int]:
    """What these queries ask for: the first runs that are young enough, and the days as they are written."""
    return {
        "always": ALWAYS_RUNS,
        "evidence": first_within(db, today, keep.evidence_days),
        "fault": first_within(db, today, keep.fault_days),
        "evidence_day": (today - timedelta(days=keep.evidence_days)).isoformat(),
        "fault_day": (today - timedelta(days=keep.fault_days)).isoformat(),
        "faults": json.dumps([before + name for name in FAULTY for before in ("", ATTESTED)]),
    }
