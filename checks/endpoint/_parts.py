"""Answers made of parts, each with a status of its own, so that one missing right hides only its own part."""

from collections.abc import Callable
from typing import Any, TypeVar

from auditor.api import Garbled, Reason, Unknown
from checks.endpoint._read import members, whole

PARTS = r"""
function Get-Part($Ask) {
  try { return @{ status = 0; value = (& $Ask) } }
  catch { return @{ status = (Get-FailureStatus $_.Exception); value = $null } }
}
"""
"""Windows: the value of a block, or why it has none (Get-FailureStatus is the collector's own)."""

_REASONS = {1: Reason.UNREADABLE, 10: Reason.NOT_COLLECTED, 11: Reason.NO_PERMISSION, 12: Reason.NO_ANSWER}

T = TypeVar("T")


def part(value: Any, what: str, parse: Callable[[Any], T]) -> T | Unknown:
    """What `parse` makes of a part, or the `Unknown` its status stands for; denied is never "off".

    Raises:
        Garbled: not a part, or a value beside a failure.
    """
    one = members(value, what, "status", "value")
    status = whole(one["status"], what)
    if status == 0:
        return parse(one["value"])
    if status not in _REASONS or one["value"] is not None:
        raise Garbled(f"{what}: not a part")
    return Unknown(_REASONS[status], what)
