"""Exit codes and what leads to them; a number that a timer and a script may rely on."""

from collections.abc import Sequence
from enum import IntEnum, StrEnum

from auditor.findings import Tally
from auditor.run import Run

LEDGER_KINDS = ("section", "person", "town")
"""Targets judged from the ledgers alone; they are always "reached"."""


class Exit(IntEnum):
    """What the process says to its caller; where several hold, 1 wins over 5, 5 over 4, 4 over 3."""

    DONE = 0
    FAILED = 1
    REFUSED = 2
    FINDINGS = 3
    INCOMPLETE = 4
    NO_TARGET = 5


class FailOn(StrEnum):
    """The least finding that makes exit code 3: nothing, a fail, or a fail still inside its deadline."""

    NONE = "none"
    FAIL = "fail"
    GRACE = "grace"


def exit_code(run: Run, fail_on: FailOn, max_unknown: int | None) -> Exit:
    """The code a finished run ends with; `max_unknown` None = no limit on 未確認.

    A refused evidence file makes a run incomplete whatever the limit: somebody has to look why.
    """
    if nothing_reached(run):
        return Exit.NO_TARGET
    if (
        run.broken
        or any(standing.refused for standing in run.arrived)
        or (max_unknown is not None and run.tally.unknown + run.tally.attested.unknown > max_unknown)
    ):
        return Exit.INCOMPLETE
    return Exit.FINDINGS if _found(run.tally, fail_on) else Exit.DONE


def nothing_reached(run: Run) -> bool:
    """True when no target was looked at, or none of those that were gave an answer.

    A target that no control concerns is not looked at: a run without any control has seen nothing.
    """
    looked_at = [card for card in run.targets if card.kind not in LEDGER_KINDS]
    answered = any(card.outcome is None and card.collected_at is not None for card in looked_at)
    return not answered or run.tally.total + run.tally.attested.total == 0


def _found(tally: Tally, fail_on: FailOn) -> bool:
    """True when something at or above the threshold was found."""
    counted: Sequence[int] = {
        FailOn.NONE: (),
        FailOn.FAIL: (tally.fail, tally.attested.fail),
        FailOn.GRACE: (tally.fail, tally.grace, tally.attested.fail, tally.attested.grace),
    }[fail_on]
    return sum(counted) > 0
