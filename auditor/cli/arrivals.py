"""What the command line says about evidence files."""

from collections.abc import Sequence

from auditor.cli.speech import Speech
from auditor.run import Arrival, Run, Standing

SHOWN = 50
"""So many refused files are named; the technical page has more."""


def tell_refused(run: Run, speech: Speech) -> None:
    """Name every file that was not used, and why; also one that may still be on its way."""
    unused = [one for one in run.inbox if one.standing.refused or one.standing is Standing.UNFINISHED]
    for arrival in unused[:SHOWN]:
        speech.note(speech("inbox.refused", **values(arrival, speech)))
    if (count := refused_count(run)) > SHOWN:
        speech.note(speech("inbox.more", count=count - SHOWN))


def tell_left(names: Sequence[str], speech: Speech) -> None:
    """Name the files that could not be put away."""
    for name in names[:SHOWN]:
        speech.note(speech("inbox.left", file=name))


def refused_count(run: Run) -> int:
    """How many files were not used."""
    return sum(count for standing, count in run.arrived.items() if standing.refused)


def values(arrival: Arrival, speech: Speech) -> dict[str, str]:
    """What a sentence about one file may say."""
    note = ", ".join(part for part in (arrival.signer, arrival.note) if part)
    return {
        "file": arrival.file,
        "target": arrival.target or speech("inbox.nobody"),
        "why": speech(f"standing.{arrival.standing}"),
        "note": f"({note})" if note else "",
    }
