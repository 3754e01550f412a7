"""Since when a fault is known, from the history's state intervals."""

import json
import sqlite3
from collections.abc import Collection
from datetime import date

from auditor.findings import ATTESTED, Verdict

FAULTY = ("fail", "grace", "exception")
"""What a `fail` is shown as; see `auditor.findings.shown_as`."""


def first_seen(db: sqlite3.Connection, controls: Collection[str], today: date) -> dict[tuple[str, str], date]:
    """The first day of every fault that no pass has ended, by target and control, as known on `today`.

    Nights without an answer, without a run, and 対象外 in between end nothing. The intervals are read from
    `state`: when they began tells their order.
    """
    found: dict[tuple[str, str], date] = {}
    rows = db.execute(
        "SELECT target, control, shown_as, first_day FROM state"
        " WHERE control IN (SELECT value FROM json_each(?)) AND first_day <= ? ORDER BY first_run",
        (json.dumps(sorted(controls)), today.isoformat()),
    )
    for target, control, shown, day in rows:
        state = str(shown).removeprefix(ATTESTED)
        if state == Verdict.PASS.value:
            found.pop((target, control), None)
        elif state in FAULTY:
            found.setdefault((target, control), date.fromisoformat(day))
    return found
