"""What of this night is done, in a file that is whole or not there.

``nightly/journal.json`` in the town folder. A step is begun, then done; between the two the program may end
at any moment. Nothing but the steps themselves is told here: results stand in the history.
"""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from auditor.engine import japan_day
from auditor.errors import Garbled
from auditor.evidence import strict_document
from auditor.nightly.durable import write_durably
from auditor.nights import MAX_LAPSES, How, Lapse
from auditor.plainfile import plain_bytes

FOLDER = "nightly"
SCHEMA = 1
MAX_BYTES = 1024 * 1024
MAX_ATTEMPTS = 20
GOES_ON_H = 12
"""A night that ended on the way goes on so many hours after it began; later it begins anew."""

_HALF_DAY = timedelta(hours=12)


class Step(StrEnum):
    """The steps of a night in their order."""

    SCAN = "scan"
    INBOX = "inbox"
    JUDGE = "judge"
    HISTORY = "history"
    REPORTS = "reports"
    NOTIFY = "notify"
    RETENTION = "retention"


STEPS = tuple(Step)


class Attempt(msgspec.Struct, forbid_unknown_fields=True):
    """One start of the program for a night: when (UTC), and the last step that it began."""

    at: datetime
    step: Step | None = None


class Night(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One night. `done` = its last finished step; `run` = its number once it is kept, 0 = not yet.

    `declared` = a digest of what the town declared when it was asked.
    """

    night: date
    attempts: list[Attempt]
    done: Step | None = None
    run: int = 0
    declared: str = ""
    catch_up: bool = False
    ended: datetime | None = None

    def past(self, step: Step) -> bool:
        """True when `step` is done."""
        return self.done is not None and STEPS.index(self.done) >= STEPS.index(step)

    @property
    def stopped_at(self) -> str:
        """The step in which the last attempt ended, "" = before the first."""
        return str(self.attempts[-1].step or "") if self.attempts else ""


class Journal(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is known of this night (`tonight`), of the last one `kept`, and what is still to be told.

    `ended` = when a night (or its second pass) last came to its end (UTC).
    """

    schema: int = SCHEMA
    tonight: Night | None = None
    kept: date | None = None
    ended: datetime | None = None
    lapses: list[Lapse] = []
    lost: bool = False

    def note(self, lapse: Lapse) -> None:
        """Have the next report tell it, once per night."""
        others = [one for one in self.lapses if one.night != lapse.night]
        self.lapses = sorted([*others, lapse], key=lambda one: one.night)[-MAX_LAPSES:]


def night_of(now: datetime) -> date:
    """The night that a moment belongs to, named by the day of its morning in Japan: noon parts nights."""
    return (japan_day(now) + _HALF_DAY).date()


def path_in(town: Path) -> Path:
    """Where the journal of a town folder lies."""
    return town / FOLDER / "journal.json"


def read_journal(town: Path) -> Journal:
    """The journal, an empty one where there is none; `lost` where it cannot be read: the night is new."""
    try:
        content = plain_bytes(path_in(town), MAX_BYTES + 1)
        journal = msgspec.convert(strict_document(content, "journal"), Journal)
    except FileNotFoundError:
        return Journal()
    except (OSError, msgspec.MsgspecError, Garbled, ValueError):
        return Journal(lost=True)
    whole = len(content) <= MAX_BYTES and journal.schema == SCHEMA and _possible(journal)
    return journal if whole else Journal(lost=True)


def _possible(journal: Journal) -> bool:
    night = journal.tonight
    moments = [one.at for one in night.attempts] if night is not None else []
    moments += [journal.ended] if journal.ended is not None else []
    return all(moment.tzinfo is not None for moment in moments) and (night is None or bool(night.attempts))


def write_journal(town: Path, journal: Journal) -> None:
    """Write the journal so that it outlives a power cut.

    Raises:
        OutputError: it cannot be written.
    """
    write_durably(path_in(town), msgspec.json.format(msgspec.json.encode(journal), indent=1) + b"\n")


def goes_on(night: Night, now: datetime) -> bool:
    """True when a night that was ended on the way is young enough; a clock that jumped back makes it none."""
    age = now - night.attempts[0].at.astimezone(UTC)
    return timedelta(0) <= age < timedelta(hours=GOES_ON_H)


def missed(kept: date | None, night: date, told: list[Lapse]) -> tuple[tuple[Lapse, ...], int]:
    """The nights since the last one `kept` that have something to tell, the newest of them, and how many."""
    known = {one.night: one for one in told if one.night < night}
    count = (night - kept).days - 1 if kept is not None else 0
    first = max(1, count - MAX_LAPSES + 1)
    for back in range(first, count + 1):
        day = (kept or night) + timedelta(days=back)
        known.setdefault(day, Lapse(night=day, how=How.NOT_STARTED))
    rest = max(0, first - 1) if count > 0 else 0
    found = sorted(known.values(), key=lambda one: one.night)
    return tuple(found[-MAX_LAPSES:]), len(found) + rest
