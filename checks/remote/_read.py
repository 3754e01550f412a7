"""How the probes of entrances write their answers, and how they are read back: strictly."""

import json
import math
from collections.abc import Mapping
from typing import Any

from auditor.api import Garbled


def compact(value: Mapping[str, Any]) -> bytes:
    """An answer's body: JSON without blanks, names in order."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False).encode("ascii")


def members(value: Any, what: str, *names: str) -> Mapping[str, Any]:
    """A JSON object that has exactly `names`.

    Raises:
        Garbled: anything else.
    """
    if not isinstance(value, dict) or set(value) != set(names):
        raise Garbled(f"{what}: not an object of {', '.join(names)}")
    return value


def listed(value: Any, what: str, most: int) -> list[Any]:
    """A list of at most `most` values.

    Raises:
        Garbled: anything else.
    """
    if not isinstance(value, list) or len(value) > most:
        raise Garbled(f"{what}: not a list of at most {most}")
    return value


def one_of(value: Any, what: str, known: tuple[str, ...]) -> str:
    """One of the known words.

    Raises:
        Garbled: anything else.
    """
    if not isinstance(value, str) or value not in known:
        raise Garbled(f"{what}: unknown word")
    return value


def word(value: Any, what: str) -> str:
    """Text.

    Raises:
        Garbled: anything else.
    """
    if not isinstance(value, str):
        raise Garbled(f"{what}: not text")
    return value


def number(value: Any, what: str) -> float:
    """A finite number that is not negative.

    Raises:
        Garbled: anything else, true and false included.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise Garbled(f"{what}: not a number from 0 on")
    return float(value)


def whole(value: Any, what: str, most: int) -> int:
    """A whole number from 0 to `most`.

    Raises:
        Garbled: anything else, true and false included.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Garbled(f"{what}: not a whole number up to {most}")
    return value


def flag(value: Any, what: str) -> bool:
    """True or false.

    Raises:
        Garbled: anything else, 0 and 1 included.
    """
    if not isinstance(value, bool):
        raise Garbled(f"{what}: not true or false")
    return value
