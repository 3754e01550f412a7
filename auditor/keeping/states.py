"""Since when each control stands where, and how many stand where on each day; small enough to ask at once."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from auditor.findings import shown_as
from auditor.readiness import Ready
from auditor.run import Change, Run

WHOLE = ""
"""The town as a whole among the sections of a day's figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """From when until when (inclusive, Japan) a control of a target was shown as the same without a break.

    `key` names the sentence. Days without a run in between are within; a run without the target is not.
    """

    shown_as: str
    key: str
    first_run: int
    last_run: int
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """How many people were ready and how many measured findings stood where on a day."""

    day: date
    people: int
    ready: int
    fail: int
    unknown: int
    passed: int


def lengthen(db: sqlite3.Connection, run: Run) -> None:
    """Lengthen each interval whose state is the same, begin one where it differs."""
    day = run.today.isoformat()
    open_rows = db.execute(
        "SELECT target, control, first_run, shown_as, key FROM state WHERE last_run = ?",
        (run.number - 1,),
    )
    same = {(target, control): (first, now, key) for target, control, first, now, key in open_rows}
    longer: list[tuple[object, ...]] = []
    begun: list[tuple[object, ...]] = []
    for finding in run.findings:
        before = same.get((finding.target, finding.control))
        if before is not None and before[1:] == (shown_as(finding), finding.key):
            longer.append((run.number, day, finding.target, finding.control, before[0]))
        else:
            named, seen = (finding.target, finding.control), (shown_as(finding), finding.key)
            begun.append((*named, run.number, run.number, day, day, *seen))
    db.executemany(
        "UPDATE state SET last_run = ?, last_day = ? WHERE target = ? AND control = ? AND first_run = ?",
        longer,
    )
    db.executemany("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?)", begun)


def count_day(db: sqlite3.Connection, run: Run) -> None:
    """The figures of the run's day; a later run of a day takes the place of an earlier one.

    What several sections share, a printer or an entrance, is counted with each of them and once in the town.
    """
    day = run.today.isoformat()
    ready = {row.section: row.by_ready.get(Ready.READY, 0) for row in run.section_readiness}
    rows = [(row.section, row.people, ready[row.section], row.tally) for row in run.section_readiness]
    rows.append((WHOLE, sum(row.people for row in run.section_readiness), sum(ready.values()), run.tally))
    db.execute("DELETE FROM daily WHERE day = ?", (day,))  # a section may have been renamed since
    db.executemany(
        "INSERT INTO daily VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (day, section, people, able, counted.fail, counted.unknown, counted.passed)
            for section, people, able, counted in rows
        ),
    )


def name_controls(db: sqlite3.Connection, run: Run) -> None:
    """What the controls are called, as the newest run says."""
    db.executemany(
        "INSERT OR REPLACE INTO control VALUES (?, ?, ?, ?, ?)",
        ((row.id, row.title.ja, row.title.en, row.severity, row.leg.value) for row in run.controls),
    )


def intervals(db: sqlite3.Connection, target: str, control: str) -> tuple[Interval, ...]:
    """All that is known of one control of one target, oldest first."""
    rows = db.execute(
        "SELECT shown_as, key, first_run, last_run, first_day, last_day FROM state"
        " WHERE target = ? AND control = ? ORDER BY first_run",
        (target, control),
    )
    return tuple(
        Interval(
            shown_as=shown,
            key=key,
            first_run=first,
            last_run=last,
            first_day=date.fromisoformat(began),
            last_day=date.fromisoformat(ended),
        )
        for shown, key, first, last, began, ended in rows
    )


def changed_in(db: sqlite3.Connection, number: int) -> tuple[Change, ...]:
    """What a run shows otherwise than the run before it, in order; "" = was not there."""
    begun = db.execute("SELECT target, control, shown_as FROM state WHERE first_run = ?", (number,))
    after = {(target, control): shown for target, control, shown in begun}
    over = db.execute("SELECT target, control, shown_as FROM state WHERE last_run = ?", (number - 1,))
    before = {(target, control): shown for target, control, shown in over}
    return tuple(
        Change(target=key[0], control=key[1], before=before.get(key, ""), after=after.get(key, ""))
        for key in sorted(before.keys() | after.keys())
        if before.get(key, "") != after.get(key, "")
    )


def trend(
    db: sqlite3.Connection, first: date, last: date, sections: Sequence[str] = ()
) -> tuple[DayCount, ...]:
    """The figures of every day with a run, both ends inclusive; of some sections, () = of the town.

    What sections share is counted with each of those asked for.
    """
    rows = db.execute(
        "SELECT day, sum(people), sum(ready), sum(fail), sum(unknown), sum(passed) FROM daily"
        " WHERE day BETWEEN ?1 AND ?2 AND section IN (SELECT value FROM json_each(?3))"
        " GROUP BY day ORDER BY day",
        (first.isoformat(), last.isoformat(), json.dumps(list(sections) or [WHOLE])),
    )
    return tuple(
        DayCount(
            day=date.fromisoformat(day), people=people, ready=ready, fail=fail, unknown=unknown, passed=passed
        )
        for day, people, ready, fail, unknown, passed in rows
    )
