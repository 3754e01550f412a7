"""What only the town can tell of an entrance: its register, its sign-on page, and what stands behind it."""

from dataclasses import dataclass
from datetime import date

KEPT_DAYS = 365
"""So long a register counts, unless the model says otherwise; the doctor goes by this."""


@dataclass(frozen=True, slots=True)
class Place:
    """A host and a TCP port that the town declared."""

    host: str
    port: int

    def __str__(self) -> str:
        """As the town wrote it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The town's own word on one entrance; nothing of it can be seen from outside.

    `as_of` = the day somebody looked it up, `source` where ("the maintainer's report"). `software` and
    `version` are what runs there, in the words of the table of end dates ("" = not told). `features` = ways
    of connecting that are in use, None = not told. `idle_min` = minutes until an idle session is cut, 0 =
    never, None = not told. `device_gate` = how unregistered devices are kept out: mac, cert, device_signal or
    none; "" = not told. `seats` = people who can be connected at once (the least of licences, sessions and
    addresses), None = not told.
    """

    as_of: date
    source: str
    software: str = ""
    version: str = ""
    features: tuple[str, ...] | None = None
    idle_min: int | None = None
    device_gate: str = ""
    seats: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOn:
    """What staff see before they sign in: the page's `path`, the statuses that are right, and words on it.

    `shows` "" = any page will do. It is fetched by one GET; nothing is ever filled in.
    """

    path: str = "/"
    status: tuple[int, ...] = (200,)
    shows: str = ""
