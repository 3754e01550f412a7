"""``[history]`` of ``town.toml``: how long evidence and pages are kept."""

from dataclasses import dataclass

import msgspec

SHORTEST_DAYS = 31
LONGEST_DAYS = 36_500


class HistoryTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[history]``: see `Keep`."""

    evidence_days: int = 400
    fault_days: int = 800
    pages_days: int = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """For how many days evidence is kept; runs, states and figures are never removed.

    `fault_days` = of targets that in that run showed a fault, the excepted and those in their grace included.
    `pages_days` = how long the pages of a run stay in ``out``; they can be written again from the history.
    """

    evidence_days: int = 400
    fault_days: int = 800
    pages_days: int = 400


SHORTEST = Keep(evidence_days=SHORTEST_DAYS, fault_days=SHORTEST_DAYS)
"""The shortest that a town can want."""


def keep_of(table: HistoryTable) -> Keep:
    """What the town wants kept."""
    return Keep(evidence_days=table.evidence_days, fault_days=table.fault_days, pages_days=table.pages_days)


def wrong(table: HistoryTable) -> tuple[str, int, int, int] | None:
    """The key that cannot be used, what it says, and its lowest and highest value; None = all is well."""
    for name, value, low in (
        ("evidence_days", table.evidence_days, SHORTEST_DAYS),
        ("fault_days", table.fault_days, table.evidence_days),
        ("pages_days", table.pages_days, SHORTEST_DAYS),
    ):
        if not low <= value <= LONGEST_DAYS:
            return name, value, low, LONGEST_DAYS
    return None
