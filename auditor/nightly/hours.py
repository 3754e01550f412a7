"""``[nightly]`` of ``town.toml``: when the town is audited by itself, and when nobody may be asked."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone

from auditor.nightly.table import NightlyTable
from auditor.problems import Told
from auditor.tomlfile import TomlFile

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
MAX_JITTER_MIN = 180
_JAPAN = timezone(timedelta(hours=9))


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nobody is asked, from `start` up to `end` in Japan; they may go past midnight."""

    start: time
    end: time

    def holds(self, now: datetime) -> bool:
        """True when that moment lies in them."""
        return self.cover(now.astimezone(_JAPAN).time())

    def cover(self, clock: time) -> bool:
        """True when that time of day in Japan lies in them."""
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When the night's run begins, at most `jitter_min` minutes late; None = there is no such time.

    `networks` = what the service may reach, () = what the town's targets tell.
    """

    at: time = time(2, 0)
    jitter_min: int = 20
    quiet: Quiet | None = None
    catch_up_at: time | None = None
    networks: tuple[str, ...] = ()


def time_of(text: str) -> time | None:
    """HH:MM as a time of day, None = it is none."""
    found = _TIME.fullmatch(text.strip())
    return time(int(found[1]), int(found[2])) if found is not None else None


def quiet_of(text: str) -> Quiet | None:
    """HH:MM-HH:MM as hours of quiet, None = they are none, or no time at all lies between them."""
    first, dash, last = text.partition("-")
    start, end = time_of(first), time_of(last)
    return Quiet(start, end) if dash and start is not None and end is not None and start != end else None


def hours_of(toml: TomlFile, table: NightlyTable, told: Told) -> Hours:
    """What the table says; what is wrong in it goes to `told`."""
    at, again, quiet = time_of(table.at), time_of(table.catch_up_at), quiet_of(table.quiet_hours)
    for key, seen, found in (("at", table.at, at), ("catch_up_at", table.catch_up_at, again)):
        if found is None and (seen or key == "at"):
            told.problems.append(toml.problem(("nightly", key), "not_time", seen=seen[:20]))
    if quiet is None and table.quiet_hours:
        told.problems.append(
            toml.problem(("nightly", "quiet_hours"), "not_hours", seen=table.quiet_hours[:20])
        )
    elif quiet is not None and at is not None and quiet.cover(at):
        told.problems.append(toml.problem(("nightly", "at"), "in_quiet_hours", seen=table.at))
    if not 0 <= table.jitter_min <= MAX_JITTER_MIN:
        told.problems.append(
            toml.problem(("nightly", "jitter_min"), "jitter_range", low=0, high=MAX_JITTER_MIN)
        )
    return Hours(
        at=at or time(2, 0),
        jitter_min=table.jitter_min,
        quiet=quiet,
        catch_up_at=again,
        networks=_networks(toml, table, told),
    )


def _networks(toml: TomlFile, table: NightlyTable, told: Told) -> tuple[str, ...]:
    found = []
    for index, text in enumerate(table.networks):
        try:
            found.append(str(ipaddress.ip_network(text.strip())))
        except ValueError:
            place = ("nightly", "networks", str(index))
            told.problems.append(toml.problem(place, "not_network", seen=text[:50]))
    return tuple(found)
