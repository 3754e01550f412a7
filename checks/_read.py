"""How endpoint answers are read: strictly, and with the habits of PowerShell 5.1's JSON undone."""

from collections.abc import Mapping
from typing import Any

from auditor.api import Answer, Garbled


def record(answer: Answer, *names: str) -> Mapping[str, Any]:
    """The answer as a JSON object that has all of `names` (a value may be null: it does not exist there).

    Raises:
        Garbled: not an object, or a name is missing, which would make a cut-off answer look like "unset".
    """
    value = answer.json()
    return members(value, answer.id, *names)


def members(value: Any, what: str, *names: str) -> Mapping[str, Any]:
    """The same for an object inside an answer.

    Raises:
        Garbled: see `record`.
    """
    if not isinstance(value, dict):
        raise Garbled(f"{what}: not an object")
    if missing := [name for name in names if name not in value]:
        raise Garbled(f"{what}: no {', '.join(missing)}")
    return value


def listed(value: Any) -> tuple[Any, ...]:
    """A list, however PowerShell 5.1 wrote it: a list, one bare element, null, or value and Count.

    Raises:
        Garbled: Count and value disagree.
    """
    if value is None:
        return ()
    if isinstance(value, dict) and set(value) == {"value", "Count"}:
        inner = listed(value["value"])
        if value["Count"] != len(inner):
            raise Garbled("Count and value disagree")
        return inner
    return tuple(value) if isinstance(value, list) else (value,)


def whole(value: Any, what: str) -> int | None:
    """A whole number, written as a number or (REG_SZ) as decimal text; None = not set.

    Raises:
        Garbled: anything else, true and false included.
    """
    if value is None:
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().lstrip("-").isdigit():
        try:
            return int(value)
        except ValueError:
            raise Garbled(f"{what}: not a whole number") from None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Garbled(f"{what}: not a whole number")
    return value


def truth(value: Any, what: str) -> bool | None:
    """True or false, also as 1 or 0; None = not set.

    Raises:
        Garbled: anything else.
    """
    if value is None or isinstance(value, bool):
        return value
    if value in (0, 1) and isinstance(value, int):
        return value == 1
    raise Garbled(f"{what}: neither true nor false")


def word(value: Any, what: str) -> str:
    """Text, stripped; null is "".

    Raises:
        Garbled: not text.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Garbled(f"{what}: not text")
    return value.strip()


def columns(answer: Answer, widths: Mapping[str, int]) -> list[list[str]]:
    """The lines of a tab-separated answer; the first column is a tag of `widths` (tag → number of columns).

    The last column may itself hold tabs. An empty answer has no lines.

    Raises:
        Garbled: a tag nobody knows, or fewer columns than it has.
    """
    rows = []
    for number, line in enumerate(answer.text().splitlines(), start=1):
        if not line:
            continue
        tag = line.partition("\t")[0]
        wanted = widths.get(tag)
        row = line.split("\t", (wanted or 1) - 1)
        if wanted is None or len(row) != wanted or row[0] != tag:
            raise Garbled(f"{answer.id}: line {number} is not understood")
        rows.append(row)
    return rows
