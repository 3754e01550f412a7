"""What the audit did to others: every contact it made, as values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact that was made: when (UTC), where, and how it ended ("reached" or a reason's code).

    `via` = the vantage or jump host it went through, "" = straight from this machine. `target` = the key of
    what was looked at, `what` = the probe, or the road, that did it.
    """

    host: str
    port: int
    transport: str
    outcome: str
    at: datetime
    via: str = ""
    target: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """Contacts that an audit would make with one port of one target: at most `most` for all of `what`.

    `road` is how the target is reached, `via` the vantage or jump host on the way, "" = straight from here.
    """

    target: str
    name: str
    road: str
    host: str
    port: int
    transport: str
    what: tuple[str, ...]
    most: int
    via: str = ""
