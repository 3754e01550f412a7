"""What a nightly run tells of itself and of the nights before it: values of the run document."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

MAX_LAPSES = 31
"""So many nights are told one by one; more are counted."""


class How(StrEnum):
    """What became of a night; ``nightly.<code>`` in the words of reports says it."""

    NOT_STARTED = "not_started"
    QUIET = "quiet"
    STOPPED = "stopped"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """A night that did not go as it should.

    `night` is the day its morning belongs to (Japan). `step` = where it stopped, "" = it never began. A
    night that is `LATE` was audited, and what was left of it was done when the program was started next.
    """

    night: date
    how: How
    step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nightly:
    """That a run belongs to a night, and what the reader must know of it.

    `resumed` = the steps at which earlier attempts of this night ended. `lapses` are the newest nights
    since the last run of which something has to be told, `lapsed` counts all. `journal_lost` = what was
    known of those nights could not be read. `unasked` targets were left out because quiet hours began.
    `catches_up` = the run whose silent endpoints were asked once more in the morning, 0 = none; `retried`
    of them were asked and `heard` answered.
    """

    night: date
    resumed: tuple[str, ...] = ()
    lapses: tuple[Lapse, ...] = ()
    lapsed: int = 0
    journal_lost: bool = False
    unasked: int = 0
    catches_up: int = 0
    retried: int = 0
    heard: int = 0
