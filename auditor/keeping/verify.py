"""Whether the history is what was written: the file, documents, the chain of seals, all made from them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date

from auditor.keeping import states, store, views
from auditor.keeping.migrations import migrate
from auditor.keeping.retain import gone_early
from auditor.keeping.seals import digest_of, seal_of, shown
from auditor.keeping.table import SHORTEST, Keep

MAX_TOLD = 100
"""So much damage of one kind is listed; the file is beyond reading on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is not as it was written. `run` 0 = the file as a whole; `key` names ``history.fault_<key>``."""

    key: str
    run: int = 0
    day: str = ""
    target: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What is known of a history from elsewhere.

    `seal` = one that was noted before, "" = none; `newest` = the newest run that something else names, 0 =
    nothing does. `keep` and `today` tell which evidence may be past its keeping time.
    """

    seal: str = ""
    newest: int = 0
    keep: Keep = SHORTEST
    today: date = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found; `seal` is the newest run's, short as on paper, "" = there is no run."""

    runs: int
    seal: str
    faults: tuple[Fault, ...] = ()


def verified(db: sqlite3.Connection, known: Outside | None = None) -> Verified:
    """Look at all of the history as it is at one moment: a run may be kept meanwhile.

    Raises:
        sqlite3.Error: the file is too damaged to be asked anything.
    """
    db.execute("BEGIN")
    try:
        return _verified(db, known or Outside())
    finally:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")


def _verified(db: sqlite3.Connection, known: Outside) -> Verified:
    faults = list(_file(db))
    if faults:
        return Verified(runs=0, seal="", faults=tuple(faults))
    faults += _chain(db)
    follows = all(fault.key == "seal" for fault in faults)  # what follows from other runs is other, too
    faults += [*_evidence(db), *_gone(db, known), *(_derived(db) if follows else ()), *_views(db)]
    seals = {shown(seal): number for number, seal in db.execute("SELECT number, seal FROM run") if seal}
    if known.seal and known.seal.strip().upper() not in seals:
        faults.append(Fault(key="seal_gone", note=known.seal))
    last = max(seals.values(), default=0)
    if last < known.newest:
        faults.append(Fault(key="newest_gone", run=last + 1, note=str(known.newest)))
    newest = max(seals, key=seals.__getitem__, default="")
    return Verified(runs=len(seals), seal=newest, faults=tuple(faults))


def _file(db: sqlite3.Connection) -> Iterator[Fault]:
    for (said,) in db.execute(f"PRAGMA integrity_check({MAX_TOLD})"):
        if said != "ok":
            yield Fault(key="file", note=said)


def _chain(db: sqlite3.Connection) -> Iterator[Fault]:
    """Every run's document and seal; the chain goes on from what is written, so that one run is named."""
    before, last = b"", 0
    for number, day, plain, seal in db.execute(
        "SELECT number, day, plain, seal FROM run ORDER BY number"
    ).fetchall():
        if number != last + 1:
            yield Fault(key="missing", run=last + 1, note=str(number - 1))
        rows = db.execute("SELECT target, digest FROM evidence WHERE run = ?", (number,))
        if not plain or not seal or seal_of(before, number, plain, rows) != seal:
            yield Fault(key="seal", run=number, day=day)
        try:
            document = store.run_plain(db, number)
            if document is None or digest_of(document) != plain:
                yield Fault(key="document", run=number, day=day)
        except store.DAMAGED as error:
            yield Fault(key="unreadable", run=number, day=day, note=str(error))
        before, last = seal or b"", number


def _evidence(db: sqlite3.Connection) -> Iterator[Fault]:
    days = dict(db.execute("SELECT number, day FROM run"))
    for number, day in days.items():
        digests = dict(db.execute("SELECT target, digest FROM evidence WHERE run = ?", (number,)))
        for target, digest in digests.items():
            try:
                plain = store.one_evidence_plain(db, number, target)
            except store.DAMAGED as error:
                yield Fault(key="unreadable", run=number, day=day, target=target, note=str(error))
                continue
            if plain is not None and digest_of(plain) != digest:
                yield Fault(key="evidence", run=number, day=day, target=target)
    for (number,) in db.execute("SELECT DISTINCT run FROM evidence"):
        if number not in days:
            yield Fault(key="missing", run=number, note=str(number))


def _gone(db: sqlite3.Connection, known: Outside) -> Iterator[Fault]:
    """Evidence that is missing before its keeping time was over, by the latest day that a clock ever told."""
    (last,) = db.execute("SELECT max(day) FROM run").fetchone()
    today = known.today
    with suppress(TypeError, ValueError):  # no run, or no day
        today = max(today, date.fromisoformat(last))
    for run, day, target, count in gone_early(db, today, known.keep):
        yield Fault(key="evidence_gone", run=run, day=day or "", target=target, note=str(count))


def _derived(db: sqlite3.Connection) -> Iterator[Fault]:
    """States, figures by day and names of controls, made again from the runs and compared."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as again:
        migrate(again)
        newest: set[str] = set()
        for number, day in db.execute("SELECT number, day FROM run ORDER BY number").fetchall():
            run = store.run_of(db, number)
            if run is None:
                return
            if store.row_of(run) != db.execute(_ROW, (number,)).fetchone():
                yield Fault(key="columns", run=number, day=day)
            states.lengthen(again, run)
            states.count_day(again, run)
            states.name_controls(again, run)
            newest = {control.id for control in run.controls}
        yield from _differing(db, again)
        yield from _misnamed(db, again, newest)


_ROW = "SELECT number, started, day, model, digest, version FROM run WHERE number = ?"
_STATES = "SELECT target, control, first_run, last_run, first_day, last_day, shown_as, key FROM state"
_DAYS = "SELECT day, section, people, ready, fail, unknown, passed FROM daily"
_CONTROLS = "SELECT id, title_ja, title_en, severity, leg FROM control"


def _differing(db: sqlite3.Connection, again: sqlite3.Connection) -> Iterator[Fault]:
    wrong = set(db.execute(_STATES)) ^ set(again.execute(_STATES))
    for target, control, first, _, day, *_ in sorted(wrong, key=repr)[:MAX_TOLD]:
        yield Fault(key="state", run=first, day=day, target=f"{control} {target}")
    for day, section, *_ in sorted(set(db.execute(_DAYS)) ^ set(again.execute(_DAYS)), key=repr)[:MAX_TOLD]:
        yield Fault(key="figures", day=day, target=section)


def _misnamed(db: sqlite3.Connection, again: sqlite3.Connection, newest: set[str]) -> Iterator[Fault]:
    """Controls called otherwise than in the last run that had them.

    Formats before the fourth named none, so one that the newest run does not have may be missing.
    """
    found, right = set(db.execute(_CONTROLS)), set(again.execute(_CONTROLS))
    missing = {row[0] for row in right - found} & newest
    for control in sorted(missing | {row[0] for row in found - right}, key=repr)[:MAX_TOLD]:
        yield Fault(key="control", target=control)


def _views(db: sqlite3.Connection) -> Iterator[Fault]:
    """Views that are not as this program makes them, and triggers, of which it makes none."""
    made = db.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    found = {name: (sql or "").split() for _, name, sql in made}
    pairs = zip(views.NAMES, views.VIEWS, strict=True)
    wrong = [name for name, view in pairs if found.get(name) != view.split()]
    wrong += [name for kind, name, _ in made if kind == "trigger"]
    for name in wrong[:MAX_TOLD]:
        yield Fault(key="view", target=name)
