"""Which form files belong to which row of the ledgers, by the file's name alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from auditor.api import folded
from checks._ledgers._procedures import Procedure

Owners = Mapping[str, frozenset[tuple[str, str]]]


def files_by_row(rows: Sequence[Procedure], files: Sequence[str]) -> dict[str, list[str]]:
    """The files of each row by the row's place: those it names, else those with its number or name.

    A number or name that two sections use tells no file, and a file belongs to the longest name in it.
    """
    stems = {file: folded(file.rpartition("/")[2].rpartition(".")[0]) for file in files}
    numbers, names = _owners(rows, "number"), _owners(rows, "name")
    inside = {file: _innermost(stem, names) for file, stem in stems.items()}
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.file:
            wanted = row.file.replace("\\", "/").casefold()
            found[row.place] = [file for file in files if _ends(file.casefold(), wanted)]
            continue
        number, name = folded(row.number), folded(row.name)
        by_number = len(number) > 1 and len(numbers[number]) == 1
        found[row.place] = [
            file
            for file, stem in stems.items()
            if (len(names[name]) == 1 and name in inside[file]) or (by_number and _leads(stem, number))
        ]
    return found


def _owners(rows: Sequence[Procedure], column: str) -> Owners:
    """Who uses each number or name: section and, for a number, the form's name."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        other = folded(row.name) if column == "number" else ""
        found[folded(getattr(row, column))].add((folded(row.section), other))
    return {key: frozenset(users) for key, users in found.items()}


def _innermost(stem: str, names: Owners) -> frozenset[str]:
    """The names in a file's name that are no part of a longer one in it."""
    held = [name for name in names if name and name in stem]
    return frozenset(one for one in held if not any(one != other and one in other for other in held))


def _ends(name: str, wanted: str) -> bool:
    return name == wanted or name.endswith(f"/{wanted}")


def _leads(stem: str, number: str) -> bool:
    """True when a file's name begins with the number, and the number ends there (1-2 is not 1-21)."""
    return stem == number or (stem.startswith(number) and not stem[len(number)].isdigit())
