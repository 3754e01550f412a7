"""What a request concerns, in few characters: a step, a printer, a provision, or the whole target."""

from collections.abc import Iterable

from auditor.findings import Finding
from auditor.work import DOCUMENT_KINDS, SYSTEM_KINDS
from reports.book import Book
from reports.wording import NAME_LENGTH, plain

PLACED = ("print-server", "section", *DOCUMENT_KINDS, *SYSTEM_KINDS)
"""Kinds that a section knows by their parts rather than by the whole's name."""

JOINT = ": "
"""Between a route and its step, as the checks write it."""


def places(book: Book, finding: Finding) -> tuple[str, ...]:
    """The proofs of a finding, each short, where its target is known by its parts; otherwise none."""
    if finding.whole_target or book.targets[finding.target].kind not in PLACED:
        return ()
    return tuple(short(book.words.place(place)) for place in finding.places)


def names(book: Book, targets: Iterable[str], found: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """For each target its places, its own name where it has none; each once."""
    rows = (found.get(key) or (book.label(key),) for key in targets)
    return tuple(dict.fromkeys(name for row in rows for name in row))


def short(place: str) -> str:
    """A place within `NAME_LENGTH`; of a route and its step both are seen."""
    whole, _, part = plain(place).partition(JOINT)
    if not part or len(whole) + len(JOINT) + len(part) <= NAME_LENGTH:
        return _cut(plain(place), NAME_LENGTH)
    room = NAME_LENGTH - len(JOINT)
    part = _cut(part, max(room // 2, room - len(whole)))
    return f"{_fold(whole, room - len(part))}{JOINT}{part}"


def _fold(text: str, length: int) -> str:
    """Begin and end of a text: a provision's number stands at its end."""
    if len(text) <= length:
        return text
    end = length // 2
    return f"{text[: length - 1 - end]}…{text[len(text) - end :]}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
