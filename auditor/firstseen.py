"""Since when a fault is known, from the history's state intervals."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from auditor.findings import ATTESTED, Verdict

FAULTY = ("fail", "grace", "exception")
"""What a `fail` is shown as; see `auditor.findings.shown_as`."""


Heirs = Mapping[str, Sequence[str]]
"""Who continues a target that is gone (a section merged or split), by its key."""

NOBODY: Heirs = MappingProxyType({})


def first_seen(
    db: sqlite3.Connection, controls: Collection[str], today: date, heirs: Heirs = NOBODY
) -> dict[tuple[str, str], date]:
    """The first day of every fault that no pass has ended, by target and control, as known on `today`.

    Nights without an answer, without a run, and 対象外 in between end nothing. The intervals are read from
    `state`: when they began tells their order. The faults of a target that is gone are those of its heirs
    too, until they or it passed.
    """
    found: dict[tuple[str, str], dict[str, date]] = {}
    rows = db.execute(
        "SELECT target, control, shown_as, first_day FROM state"
        " WHERE control IN (SELECT value FROM json_each(?)) AND first_day <= ? ORDER BY first_run",
        (json.dumps(sorted(controls)), today.isoformat()),
    )
    for target, control, shown, day in rows:
        state = str(shown).removeprefix(ATTESTED)
        for owner in (target, *heirs.get(target, ())):
            mine = found.setdefault((owner, control), {})
            if state == Verdict.PASS.value and owner == target:
                mine.clear()
            elif state == Verdict.PASS.value:
                mine.pop(target, None)
            elif state in FAULTY:
                mine.setdefault(target, date.fromisoformat(day))
    return {key: min(days.values()) for key, days in found.items() if days}
