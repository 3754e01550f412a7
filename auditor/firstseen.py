"""Since when a fault is known, from the history's state intervals."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from auditor.findings import ATTESTED, Overlay, Verdict
from auditor.keeping.clock import days_of

FAULTY = ("fail", "grace", "exception")
"""What a `fail` is shown as; see `auditor.findings.shown_as`."""

Lineage = Mapping[str, Sequence[str]]
"""What each target continues (sections merged, split, renumbered), by its key and one step at a time."""

NOBODY: Lineage = MappingProxyType({})

_STATES = """
    SELECT target, control, shown_as, first_run, min(last_run, ?2) FROM state
    WHERE control IN (SELECT value FROM json_each(?1)) AND first_run <= ?2 ORDER BY first_run
"""


@dataclass(frozen=True, slots=True)
class Since:
    """Since which day (Japan) a fault is known; `excepted` = an exception lay over it on some night since."""

    day: date
    excepted: bool = False


@dataclass(slots=True)
class _Standing:
    """One control of one target: the fault since its last pass, that pass, and when it was last there."""

    fault: Since | None = None
    passed_in: int = 0
    last_run: int = 0

    def hear(self, shown: str, day: date, last_run: int) -> None:
        state = shown.removeprefix(ATTESTED)
        if state == Verdict.PASS.value:
            self.fault, self.passed_in = None, last_run
        elif state in FAULTY:
            known = self.fault or Since(day)
            self.fault = Since(known.day, known.excepted or state == Overlay.EXCEPTION.value)
        self.last_run = last_run


@dataclass(frozen=True, slots=True)
class _Lines:
    """All of it, and who continues whom."""

    lineage: Lineage
    standing: dict[tuple[str, str], _Standing] = field(default_factory=dict)

    def since(
        self, target: str, control: str, after: int = 0, above: frozenset[str] = frozenset()
    ) -> Iterator[Since]:
        """The faults that nobody's pass ended; `after` = the run of an heir's last pass.

        A pass of an heir ends what it continues when it came after that was last there. `above` = those
        that lead here, so that a circle ends.
        """
        mine = self.standing.get((target, control), _Standing())
        if mine.fault is not None and (not above or mine.last_run >= after):
            yield mine.fault
        for former in self.lineage.get(target, ()):
            if former not in above and former != target:
                yield from self.since(former, control, max(after, mine.passed_in), above | {target})


def first_seen(
    db: sqlite3.Connection, controls: Collection[str], today: date, lineage: Lineage = NOBODY
) -> dict[tuple[str, str], Since]:
    """The first day of every fault that no pass has ended, by target and control, as known on `today`.

    Nights without an answer, without a run, and 対象外 in between end nothing. The intervals are read from
    `state`: the runs tell their order, and `days_of` the days, for a night's clock may have been wrong. The
    faults of a target that is gone are those of whoever continues it too, until that one or it passed.
    """
    days = days_of(db, today)
    lines = _Lines(lineage)
    oldest = min(days.values(), default=today)
    wanted = (json.dumps(sorted(controls)), max(days, default=0))
    for target, control, shown, first_run, last_run in db.execute(_STATES, wanted):
        found = lines.standing.setdefault((target, control), _Standing())
        found.hear(str(shown), days.get(first_run, oldest), last_run)
    keys = dict.fromkeys((*lines.standing, *_heirs(lines, controls)))
    faults = {key: tuple(lines.since(*key)) for key in keys}
    return {
        key: Since(min(one.day for one in found), any(one.excepted for one in found))
        for key, found in faults.items()
        if found
    }


def _heirs(lines: _Lines, controls: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Who continues somebody may not have been looked at yet."""
    return ((target, control) for target in lines.lineage for control in controls)
