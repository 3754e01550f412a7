"""Has the IT staff know by mail that a night did not run, whatever kept it from running."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from auditor.cli.speech import Speech
from auditor.errors import AuditorError
from auditor.nightly.journal import goes_on, night_of, read_journal

if TYPE_CHECKING:
    from auditor.history import History
    from auditor.targets import Town
    from auditor.town import Loaded

QUIET = "quiet"
"""The step at which a night stands that was left out because nobody may be asked."""


def named(step: object, speech: Speech) -> str:
    """What a step of a night is called, "" = before the first."""
    return speech(f"nightly.step_{step or 'none'}")


def overdue(town: "Town", history: "History") -> bool:
    """True when nights were left out one after the other, so that quiet hours keep the audit from running."""
    newest = history.newest()
    return newest is None or (night_of(datetime.now(UTC)) - newest.today).days > town.limits.every_days


def tell_stopped(loaded: "Loaded", step: str = "") -> None:
    """Write to the IT staff which step failed, if that can be told; the error itself is said as ever.

    `step` "" = as the journal has it, if this night had begun. The caller holds the town's lock.
    """
    from auditor.notify.nightly import not_run  # noqa: PLC0415 - start-up time

    now = datetime.now(UTC)
    last = read_journal(loaded.settings.folder).tonight
    begun = last if last is not None and last.ended is None and goes_on(last, now) else None
    at = step or (begun.stopped_at if begun is not None else "")
    with suppress(AuditorError, OSError):
        mail = loaded.settings.mail
        told = named(at, Speech(mail.lang if mail else "ja"))
        not_run(loaded, begun.night if begun is not None else night_of(now), told, now)
