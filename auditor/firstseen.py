"""Since when a fault is known, from the history's state intervals."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from auditor.findings import ATTESTED, Verdict

FAULTY = ("fail", "grace", "exception")
"""What a `fail` is shown as; see `auditor.findings.shown_as`."""

Lineage = Mapping[str, Sequence[str]]
"""What each target continues (sections merged, split, renumbered), by its key and one step at a time."""

NOBODY: Lineage = MappingProxyType({})

_STATES = """
    SELECT target, control, shown_as, first_day,
           min(last_run, coalesce((SELECT max(number) FROM run WHERE day <= ?2), last_run))
    FROM state WHERE control IN (SELECT value FROM json_each(?1)) AND first_day <= ?2
    ORDER BY first_run
"""


@dataclass(slots=True)
class _Standing:
    """One control of one target: the faults since its last pass, that pass, and when it was last there."""

    faulty_since: date | None = None
    passed_in: int = 0
    last_run: int = 0

    def hear(self, shown: str, day: date, last_run: int) -> None:
        state = shown.removeprefix(ATTESTED)
        if state == Verdict.PASS.value:
            self.faulty_since, self.passed_in = None, last_run
        elif state in FAULTY and self.faulty_since is None:
            self.faulty_since = day
        self.last_run = last_run


@dataclass(frozen=True, slots=True)
class _Lines:
    """All of it, and who continues whom."""

    lineage: Lineage
    standing: dict[tuple[str, str], _Standing] = field(default_factory=dict)

    def since(
        self, target: str, control: str, after: int = 0, above: frozenset[str] = frozenset()
    ) -> Iterator[date]:
        """The first days of the faults that nobody's pass ended; `after` = the run of an heir's last pass.

        A pass of an heir ends what it continues when it came after that was last there. `above` = those
        that lead here, so that a circle ends.
        """
        mine = self.standing.get((target, control), _Standing())
        if mine.faulty_since is not None and (not above or mine.last_run >= after):
            yield mine.faulty_since
        for former in self.lineage.get(target, ()):
            if former not in above and former != target:
                yield from self.since(former, control, max(after, mine.passed_in), above | {target})


def first_seen(
    db: sqlite3.Connection, controls: Collection[str], today: date, lineage: Lineage = NOBODY
) -> dict[tuple[str, str], date]:
    """The first day of every fault that no pass has ended, by target and control, as known on `today`.

    Nights without an answer, without a run, and 対象外 in between end nothing. The intervals are read from
    `state`: when they began tells their order. The faults of a target that is gone are those of whoever
    continues it too, until that one or it passed.
    """
    lines = _Lines(lineage)
    for target, control, shown, day, last_run in db.execute(
        _STATES, (json.dumps(sorted(controls)), today.isoformat())
    ):
        found = lines.standing.setdefault((target, control), _Standing())
        found.hear(str(shown), date.fromisoformat(day), last_run)
    wanted = dict.fromkeys((*lines.standing, *_heirs(lines, controls)))
    days = {key: tuple(lines.since(*key)) for key in wanted}
    return {key: min(found) for key, found in days.items() if found}


def _heirs(lines: _Lines, controls: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Who continues somebody may not have been looked at yet."""
    return ((target, control) for target in lines.lineage for control in controls)
