"""Evidence files on the pages: how many came, what became of them, and every one that needs a look."""

from dataclasses import dataclass

from auditor.run import Arrival, Run, Standing
from auditor.words import say
from reports.wording import Words

PLAIN = (Standing.ACCEPTED, Standing.ADMITTED, Standing.ALREADY_READ)
"""Files nobody has to look at; they are only counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """One file with what became of it, in the page's language."""

    arrival: Arrival
    why: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many files came to one standing."""

    count: int
    why: str
    refused: bool


def arrival_lines(run: Run, words: Words) -> tuple[Line, ...]:
    """Every file that is not plainly in order, refused ones first."""
    return tuple(
        Line(one, say(words.lang, f"standing.{one.standing}"))
        for one in run.inbox
        if one.standing not in PLAIN
    )


def arrival_counts(run: Run, words: Words) -> tuple[Count, ...]:
    """All files by what became of them, refused ones first."""
    order = {standing: at for at, standing in enumerate(Standing)}
    rows = sorted(run.arrived.items(), key=lambda row: (not row[0].refused, order[row[0]]))
    return tuple(
        Count(count, say(words.lang, f"standing.{standing}"), standing.refused) for standing, count in rows
    )
