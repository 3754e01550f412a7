"""Whether the history is what was written: the file, documents, the chain of seals, states and figures."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from auditor.keeping import states, store
from auditor.keeping.migrations import migrate
from auditor.keeping.seals import digest_of, seal_of, shown

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
class Verified:
    """What was found; `seal` is the newest run's, short as on paper, "" = there is no run."""

    runs: int
    seal: str
    faults: tuple[Fault, ...] = ()


def verified(db: sqlite3.Connection, known_seal: str = "") -> Verified:
    """Look at all of the history; `known_seal` = one that was noted before, "" = none.

    Raises:
        sqlite3.Error: the file is too damaged to be asked anything.
    """
    faults = list(_file(db))
    if faults:
        return Verified(runs=0, seal="", faults=tuple(faults))
    faults += _chain(db)
    follows = all(fault.key == "seal" for fault in faults)  # what follows from other runs is other, too
    faults += [*_evidence(db), *(_derived(db) if follows else ())]
    seals = {shown(seal): number for number, seal in db.execute("SELECT number, seal FROM run") if seal}
    if known_seal and known_seal.strip().upper() not in seals:
        faults.append(Fault(key="seal_gone", note=known_seal))
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


def _derived(db: sqlite3.Connection) -> Iterator[Fault]:
    """States and figures by day, made again from the runs and compared."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as again:
        migrate(again)
        for number, day in db.execute("SELECT number, day FROM run ORDER BY number").fetchall():
            run = store.run_of(db, number)
            if run is None:
                return
            if (run.number, run.today.isoformat()) != (number, day):
                yield Fault(key="document", run=number, day=day)
            states.lengthen(again, run)
            states.count_day(again, run)
        yield from _differing(db, again)


_STATES = "SELECT target, control, first_run, last_run, first_day, last_day, shown_as, key FROM state"
_DAYS = "SELECT day, section, people, ready, fail, unknown, passed FROM daily"


def _differing(db: sqlite3.Connection, again: sqlite3.Connection) -> Iterator[Fault]:
    wrong = set(db.execute(_STATES)) ^ set(again.execute(_STATES))
    for target, control, first, _, day, *_ in sorted(wrong)[:MAX_TOLD]:
        yield Fault(key="state", run=first, day=day, target=f"{control} {target}")
    for day, section, *_ in sorted(set(db.execute(_DAYS)) ^ set(again.execute(_DAYS)))[:MAX_TOLD]:
        yield Fault(key="figures", day=day, target=section)
