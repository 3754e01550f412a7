"""What a page says of its own night and of those before it, in sentences; nothing where all went well."""

from collections.abc import Iterator

from auditor.run import Run
from reports.wording import Words

SHOWN = 5
"""So many nights are named; more are counted."""

TOLD = ("not_started", "quiet", "stopped", "late")
"""The kinds of lapses, the worst first."""


def night_line(run: Run, words: Words) -> str:
    """The sentences, "" where the run belongs to no night or there is nothing to say."""
    return ("" if words.lang == "ja" else " ").join(_lines(run, words))


def _lines(run: Run, words: Words) -> Iterator[str]:
    night = run.nightly
    if night is None:
        return
    counted = any(silence.code == "nights" for silence in run.silences)  # told there, and not twice
    for how in TOLD:
        days = [words.day(one.night) for one in night.lapses if one.how == how]
        if days and not (counted and how == "not_started"):
            yield words(f"nightly.{how}", nights=words.listed(days, SHOWN, "unit.nights"))
    if night.lapsed > len(night.lapses):
        yield words("nightly.more", count=night.lapsed - len(night.lapses))
    if night.journal_lost:
        yield words("nightly.journal_lost")
    if night.resumed:
        steps = dict.fromkeys(words(f"nightly.step_{step or 'none'}") for step in night.resumed)
        yield words("nightly.resumed", steps=words("page.comma").join(steps))
    if night.unasked:
        yield words("nightly.unasked", count=night.unasked)
    if night.catches_up:
        yield words("nightly.caught_up", retried=night.retried, heard=night.heard)
