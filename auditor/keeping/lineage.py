"""Who continued whom, through all the years: what a section was before, also where the ledgers forgot it."""

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from auditor.keeping import store
from auditor.targets import Section


@dataclass(frozen=True)
class _Sections:
    """The part of a run document that tells."""

    sections: tuple[Section, ...] = ()


def lineage(db: sqlite3.Connection, sections: Sequence[Section]) -> dict[str, tuple[str, ...]]:
    """The ids that each section continues; of former ones, as the last run that knew them said.

    One step at a time: 企画財政課 continues 企画課, and that continued 企画係 while it was there.
    """
    found = {one.id: one.formerly for one in sections}
    wanted = [old for one in sections for old in one.formerly]
    while wanted:
        old = wanted.pop()
        if old not in found:
            found[old] = _formerly(db, old)
            wanted += found[old]
    return found


def _formerly(db: sqlite3.Connection, section: str) -> tuple[str, ...]:
    """What a section continued when it was last there; a night that is damaged tells nothing."""
    query = "SELECT max(r.number) FROM daily d JOIN run r ON r.day = d.day WHERE d.section = ? AND d.day ="
    last = "(SELECT max(day) FROM daily WHERE section = ?)"
    number = db.execute(f"{query} {last}", (section, section)).fetchone()[0]
    with contextlib.suppress(*store.DAMAGED):
        plain = store.run_plain(db, number) if number is not None else None
        if plain is not None:
            then = msgspec.json.decode(plain, type=_Sections).sections
            return next((one.formerly for one in then if one.id == section), ())
    return ()
