"""What new ledgers changed since the run before, and what in them points to nobody, in few lines."""

from collections import defaultdict
from dataclasses import dataclass

from auditor.seasons import Loose, Move, Orphan, Step
from reports.book import Book

UNITS = {"person": "unit.people", "endpoint": "unit.devices", "section": "unit.sections"}
LOOSE_UNITS = {
    Loose.USER: "unit.devices",
    Loose.NO_SECTION: "unit.people",
    Loose.FORM: "unit.items",
    Loose.SIGNER: "unit.items",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of change, or of what points to nobody: `said` without the names, and the names as written."""

    said: str
    names: tuple[str, ...]
    unit: str


def transfers(book: Book) -> tuple[Line, ...]:
    """The changes of the ledgers, sections first; () = none, or there was no run before."""
    rows: defaultdict[tuple[str, Step], list[Move]] = defaultdict(list)
    for move in book.run.changes.moves if book.run.changes is not None else ():
        rows[move.kind, move.step].append(move)
    return tuple(
        Line(
            said=book.words(f"season.{kind}_{step}", count=book.words(UNITS[kind], count=len(found))),
            names=tuple(_named(book, move) for move in found),
            unit=UNITS[kind],
        )
        for (kind, step), found in rows.items()
    )


def strays(book: Book) -> tuple[Line, ...]:
    """What points to nobody, each kind in one line."""
    rows: defaultdict[Loose, list[Orphan]] = defaultdict(list)
    for orphan in book.run.orphans:
        rows[orphan.loose].append(orphan)
    found = []
    for kind, orphans in rows.items():
        unit = LOOSE_UNITS.get(kind, "unit.sections")
        said = book.words(f"season.loose_{kind}", count=book.words(unit, count=len(orphans)))
        found.append(Line(said=said, names=tuple(_owner(book, one) for one in orphans), unit=unit))
    return tuple(found)


def _named(book: Book, move: Move) -> str:
    """A person's name as it is written, a machine's number; of a section that is gone the name it had."""
    if move.kind == "person":
        return book.person(move.id)
    if move.kind == "endpoint":
        return move.id
    if move.step is Step.RENAMED:
        return book.words("season.became", before=move.before, after=move.after)
    return book.section_names.get(move.id, move.before)


def _owner(book: Book, orphan: Orphan) -> str:
    match orphan.loose:
        case Loose.NO_SECTION:
            return book.person(orphan.owner)
        case Loose.SIGNER:
            return orphan.names
        case Loose.USER:
            return book.words("page.numbered", name=orphan.owner, number=orphan.names)
        case _:
            return book.section_names.get(orphan.owner, orphan.owner)
