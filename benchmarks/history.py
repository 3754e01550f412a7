"""Years of nights: how large the history grows, and how quickly it answers.

Three years of a town of 205 endpoints and 120 controls, written as an audit writes them, against one row per
result (text rows with an index, measured over a month and multiplied). A control changes in 0.27 % of the
nights; four of the 120 carry a date that moves every night. The bundles that brought the evidence are counted
too. Then 400 nights of the sample town through the real pipeline.
"""

import gc
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from auditor.arrivals import received
from auditor.arrivals.received import Received, Row
from auditor.evidence import Evidence
from auditor.findings import Finding, Verdict, tally
from auditor.history import History
from auditor.keeping import states, store
from auditor.keeping.care import compact
from auditor.keeping.retain import removed
from auditor.keeping.table import Keep
from auditor.run import Change, Changes, Run, Standing, TargetCard
from benchmarks.timing import Result
from tests.whole.nights import Nights, dated

NIGHTS, ENDPOINTS, CONTROLS = 1095, 205, 120
CHANGE_RATE = 0.0027
MOVING = 4
PEER_NIGHTS = 30
SHARE, CHANGED_S, TREND_S, NIGHT_S = 0.05, 0.010, 0.050, 1.0
SMALL_SHARE = 0.2
"""The sample town's documents and ordinances weigh more beside its tenth of results."""
MIB = 1024 * 1024


def years(folder: Path) -> Iterator[Result]:
    """Size against a row per result, and the two questions everybody asks."""
    path = folder / "years.db"
    town = _Town(Nights(folder / "town", count=2))
    gc.freeze()  # a town that does not change need not be walked through a thousand times
    with History(path) as history:
        for night in range(NIGHTS):
            with history.changing() as db:
                _write(db, town.run(night), town.evidence(night))
                if night % 30 == 0:
                    removed(db, town.nights.day(night), Keep())
        history.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ours = path.stat().st_size / MIB
    peer = _rows(folder / "rows.db", town) * NIGHTS / PEER_NIGHTS / MIB
    yield Result(f"{NIGHTS} nights x {ENDPOINTS} x {CONTROLS} : row a result", ours, peer, SHARE, "MiB")
    last = town.nights.day(NIGHTS - 1)
    with History(path) as history:
        asked: Sequence[tuple[str, Callable[[], object], float]] = (
            ("changed since yesterday : limit", lambda: history.changed(NIGHTS), CHANGED_S),
            ("13 months by day : limit", lambda: history.trend(last - timedelta(days=396), last), TREND_S),
        )
        for name, ask, limit in asked:
            yield Result(f"{name}, wall", _asked_s(ask), limit, 1.0)
    today = town.nights.day(NIGHTS)
    compact(path, today, Keep())
    yield Result("the same, compacted : row a result", path.stat().st_size / MIB, peer, SHARE, "MiB")


def nights(folder: Path) -> Iterator[Result]:
    """400 nights of the sample town, real pipeline on recorded evidence."""
    town = Nights(folder / "sample")
    path = town.folder / "auditor.db"
    assert town.recorded
    spent: list[float] = []
    with History(path) as history:
        for night in range(town.count):
            audit = town.audit(night, history)
            began = time.perf_counter()
            run = history.keep(audit)
            spent.append(time.perf_counter() - began)
            with history.changing() as db:
                removed(db, run.today, Keep())
        history.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        name = f"{town.count} nights x {len(run.findings)}"
        yield Result(f"{name}, writing one, wall : limit", _median(spent), NIGHT_S, 1.0)
        first = town.day(0)
        changed_s = _asked_s(lambda: history.changed(town.count))
        trend_s = _asked_s(lambda: history.trend(first, run.today))
        yield Result("changed since yesterday : limit, wall", changed_s, CHANGED_S, 1.0)
        yield Result("13 months by day : limit, wall", trend_s, TREND_S, 1.0)
    row_bytes = _rows(folder / "rows.db", _Town(town)) / PEER_NIGHTS / (ENDPOINTS * CONTROLS)
    peer = row_bytes * len(run.findings) * town.count / MIB
    yield Result(f"{name} : row a result", path.stat().st_size / MIB, peer, SMALL_SHARE, "MiB")


class _Town:
    """205 endpoints that answer as those of the sample town do, 120 controls each."""

    def __init__(self, nights: Nights) -> None:
        self.nights = nights
        recorded = [one for key, one in sorted(nights.recorded.items()) if key.startswith("endpoint:")]
        names = [f"endpoint:PC-{number:04d}" for number in range(ENDPOINTS)]
        self._said = [
            replace(recorded[number % len(recorded)], target=name) for number, name in enumerate(names)
        ]
        model = nights.audit(0).run
        self._run = replace(model, targets=(), people=(), readiness=())
        shown = [row for row in model.findings if row.target.startswith("endpoint:") and row.evidence]
        self._findings = [
            replace(shown[(number * 7 + control) % len(shown)], target=name, control=f"CT-{control:03d}")
            for number, name in enumerate(names)
            for control in range(CONTROLS)
        ]
        self._draw = random.Random(6)

    def evidence(self, night: int) -> list[Evidence]:
        """What they say on a night."""
        return [dated(one, night) for one in self._said]

    def run(self, night: int) -> Run:
        """The next night; call it once for each, in order."""
        heard = {one.target: one.collected_at + timedelta(days=night) for one in self._said}
        changed: list[Change] = []
        day = self.nights.day(night)
        for place, row in enumerate(self._findings):
            if night and self._draw.random() < CHANGE_RATE:
                new = Verdict.FAIL if row.verdict is not Verdict.FAIL else Verdict.PASS
                turned = Change(control=row.control, target=row.target, before=row.verdict, after=new)
                changed.append(turned)
                self._findings[place] = replace(row, verdict=new, overlay=type(row.overlay)(""), since=day)
        findings = tuple(self._moved(row, heard, night) for row in self._findings)
        cards = tuple(
            TargetCard(key=key, kind="endpoint", id=key[9:], name=key[9:], collected_at=at)
            for key, at in heard.items()
        )
        return replace(
            self._run,
            number=night + 1,
            started=self.nights.moment(night),
            ended=self.nights.moment(night),
            today=day,
            findings=findings,
            targets=cards,
            tally=tally(findings),
            changes=Changes(since=night, on=day, changed=tuple(changed)) if night else None,
        )

    @staticmethod
    def _moved(row: Finding, heard: dict[str, datetime], night: int) -> Finding:
        values = row.values
        if int(row.control[3:]) < MOVING:
            values = {**values, "on": str(night)}
        return replace(row, values=values, collected_at=heard[row.target])


def _write(db: sqlite3.Connection, run: Run, evidence: list[Evidence]) -> None:
    """As `History.keep` does, without reading the night before."""
    digest = store.keep_run(db, run)
    store.keep_evidence(db, run.number, evidence)
    store.seal(db, run.number, digest)
    states.lengthen(db, run)
    states.count_day(db, run)
    received.receive(db, Received(tuple(_bundle(one, run) for one in evidence)), run.number, run.started)


def _bundle(said: Evidence, run: Run) -> Row:
    return Row(
        target=said.target,
        context="machine",
        signed=True,
        sequence=run.number,
        digest=sha256(f"{said.target}{run.number}".encode()).hexdigest(),
        collected_at=said.collected_at,
        arrived=said.collected_at,
        standing=Standing.ACCEPTED,
        signer=said.target[9:],
        key="SHA256:" + "k" * 43,
        evidence=said,
    )


def _rows(path: Path, town: _Town) -> int:
    """Bytes of `PEER_NIGHTS` nights with one row per result."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE result (day TEXT, target TEXT, control TEXT, shown_as TEXT, key TEXT)")
        db.execute("CREATE INDEX result_of ON result(target, control, day)")
        findings = town.run(0).findings
        for night in range(PEER_NIGHTS):
            day = town.nights.day(night).isoformat()
            rows = ((day, row.target, row.control, row.verdict.value, row.key) for row in findings)
            db.executemany("INSERT INTO result VALUES (?, ?, ?, ?, ?)", rows)
        db.commit()
    return path.stat().st_size


def _asked_s(ask: Callable[[], object]) -> float:
    """Wall time of a question, median of nine."""
    spent = []
    for _ in range(9):
        began = time.perf_counter()
        ask()
        spent.append(time.perf_counter() - began)
    return _median(spent)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
