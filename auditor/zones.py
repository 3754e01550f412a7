"""Segments of a town's network as values: zones, the places they are looked at from, and what may pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from auditor.control import Wording
from auditor.register import Place

OPEN, CLOSED = "open", "closed"
"""What a town may expect of a way."""

WAY_WAIT_S = 3.0
WAY_TRIES = 2
"""A silent port is tried once more: routers limit how often they say no, and a packet may be lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """A jump host: the SSH server by which machines of another segment are reached; never audited itself."""

    id: str
    host: str
    port: int = 22
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A segment: one of the layers every town has, or the town's own.

    `outside` = what stands there sees the town as anybody on the internet does.
    """

    id: str
    name: Wording
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vantage:
    """A place to look from, inside `zone`: behind the jump host `jump`, "" = the machine the audit runs on.

    `control` = what is known to be open from there, None = nothing is declared: then nothing that is silent
    there proves a closed way.
    """

    id: str
    name: str
    zone: str
    jump: str = ""
    control: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One way between segments and what the town expects of it, `OPEN` or `CLOSED`.

    It is tried from the vantage `source`, which stands in zone `origin`, to every one of `places` in zone
    `zone`. `control` = a port that is known to be open on the same path.
    `road` "file" = it is tried in a segment that nobody reaches from here, and the evidence is brought.
    """

    id: str
    name: str
    source: str
    origin: str
    zone: str
    places: tuple[Place, ...]
    expect: str
    control: Place | None = None
    road: str = "probe"

    kind: ClassVar[str] = "flow"


@dataclass(frozen=True, slots=True)
class Border:
    """A way that is closed wherever nothing else was agreed, from one zone to another."""

    source: str
    to: str


@cache
def shipped_zones() -> tuple[Zone, ...]:
    """The layers every town has, in the order pages show them (``zones.toml``)."""
    return tuple(
        Zone(id=id_, name=Wording(row["ja"], row["en"]), outside=bool(row.get("outside", False)))
        for id_, row in _data()["zones"].items()
    )


@cache
def shipped_borders() -> tuple[Border, ...]:
    """The ways between those layers that are expected to be closed in every town (``zones.toml``)."""
    return tuple(Border(row["from"], row["to"]) for row in _data()["closed"])


@cache
def _data() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - every probe loads this module, few need the file

    return tomllib.loads(Path(__file__).with_name("zones.toml").read_text("utf-8"))


def unlooked(vantages: Sequence[Vantage], flows: Sequence[Flow]) -> tuple[Border, ...]:
    """The ways that are closed in every town, begin where this town looks from, and are tried by no flow.

    A flow that the town agreed on tries nothing of it: the rest of the way has to be closed all the same.
    """
    origins = {vantage.zone for vantage in vantages}
    tried = {(flow.origin, flow.zone) for flow in flows if flow.expect == CLOSED}
    return tuple(
        border
        for border in shipped_borders()
        if border.source in origins and (border.source, border.to) not in tried
    )


def is_outside(zone: str, zones: Sequence[Zone]) -> bool:
    """True when what stands in that zone sees the town as anybody on the internet does."""
    return any(each.outside for each in zones if each.id == zone)
