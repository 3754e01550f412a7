"""Behaviour monitoring: a sensor runs, and the side that watches has heard it lately."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from importlib.resources import files

from auditor.api import (
    CONSOLE,
    Answer,
    Garbled,
    Judgement,
    Params,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._read import listed, members, record, truth, word

JAPAN = timezone(timedelta(hours=9))
HOUR_S = 3600
COMM_SIGNS = 15
"""So many signs of a name the Linux kernel keeps."""
MAX_NAMES = 20_000


@dataclass(frozen=True, slots=True)
class Sensor:
    """A product of edr.toml and the names it runs under on one system, as `folded`.

    `only_agent` = that it runs proves no monitoring; `built_in` = it is there on every PC, used or not.
    """

    name: str
    runs_as: frozenset[str]
    only_agent: bool
    built_in: bool


@dataclass(frozen=True, slots=True)
class Running:
    """Names of services or processes, as `folded`: those that run, and services that are there but stand.

    `family` = windows, linux or macos: whose names they are.
    """

    family: str
    started: frozenset[str]
    stopped: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ConsoleSight:
    """When (UTC) the console of the monitoring last heard this endpoint."""

    at: datetime


def folded(name: str) -> str:
    """A name as it is compared: no case, as long as the Linux kernel keeps it."""
    return name.strip().casefold()[:COMM_SIGNS]


@cache
def sensors(family: str) -> tuple[Sensor, ...]:
    """The products known on a system; read once."""
    text = files(__package__).joinpath("edr.toml").read_text(encoding="utf-8")
    return tuple(
        Sensor(
            row["name"],
            frozenset(map(folded, row[family])),
            only_agent=row.get("only_agent", False),
            built_in=row.get("built_in", False),
        )
        for row in tomllib.loads(text)["sensor"]
    )


@fact(
    "edr.service",
    windows=r"""
$services = @()
$found = Get-CimInstance -ClassName Win32_Service -Property 'Name', 'Started' `
  -OperationTimeoutSec 15 -ErrorAction Stop
foreach ($one in $found) { $services += @{ name = [string]$one.Name; on = [bool]$one.Started } }
@{ services = $services }
""",
)
def windows_services(answer: Answer) -> Running:
    """Every service and whether it runs (names, never display names; Started, never a localised state)."""
    rows = listed(record(answer, "services")["services"])
    if not 0 < len(rows) <= MAX_NAMES:
        raise Garbled(f"{answer.id}: {len(rows)} services")
    states: dict[str, bool] = {}
    for row in rows:
        one = members(row, answer.id, "name", "on")
        name, on = folded(word(one["name"], "name")), truth(one["on"], "on")
        if not name or on is None:
            raise Garbled(f"{answer.id}: a service without name or state")
        states[name] = states.get(name, False) or on
    started = frozenset(name for name, on in states.items() if on)
    return Running("windows", started, frozenset(states) - started)


@fact(
    "edr.service",
    linux=r"""
[ -r /proc/1/comm ] || exit 11
cat /proc/[0-9]*/comm 2>/dev/null
:
""",
)
def linux_processes(answer: Answer) -> Running:
    """The command names of all processes; denied where other accounts' processes are hidden."""
    return _running("linux", answer.text().splitlines(), answer.id)


@fact("edr.service", macos="ps -A -o comm=")
def macos_processes(answer: Answer) -> Running:
    """The file names of all running programs."""
    return _running("macos", [line.rpartition("/")[2] for line in answer.text().splitlines()], answer.id)


def _running(family: str, lines: list[str], what: str) -> Running:
    names = frozenset(folded(line) for line in lines if line.strip())
    if not 0 < len(names) <= MAX_NAMES:
        raise Garbled(f"{what}: {len(names)} processes")
    return Running(family, names)


@fact("edr.seen", windows=CONSOLE, linux=CONSOLE, macos=CONSOLE)
def console_sight(answer: Answer) -> ConsoleSight:
    """The console's time of the endpoint's last report, with its time zone."""
    text = word(record(answer, "seen_at")["seen_at"], "seen_at")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Garbled(f"{answer.id}: not a time") from None
    if moment.tzinfo is None:
        raise Garbled(f"{answer.id}: no time zone")
    return ConsoleSight(moment)


@check("EP-10")
def monitored(running: Running, seen: ConsoleSight | Unknown, params: Params, today: date) -> Judgement:
    """A known sensor runs and was heard inside the limit; without the console's word it is not proved."""
    known = sensors(running.family)
    on = tuple(one.name for one in known if one.runs_as & running.started and not one.only_agent)
    if not on:
        return _not_running(running, known)
    if isinstance(seen, Unknown):
        return unknown(seen.reason, f"{on[0]} runs; when its console last heard it is not told")
    return _heard(on, seen.at, params.integer("last_seen_h"), today)


def _not_running(running: Running, known: tuple[Sensor, ...]) -> Judgement:
    agents = [one.name for one in known if one.runs_as & running.started]
    if agents:
        note = f"only the management agent of {agents[0]} is seen; it proves no monitoring"
        return unknown(Reason.NOT_MEASURABLE, note)
    stopped = tuple(
        one.name for one in known if one.runs_as & running.stopped and not (one.only_agent or one.built_in)
    )
    return failed("stopped", places=stopped, product=stopped[0]) if stopped else failed("missing")


def _heard(on: tuple[str, ...], at: datetime, limit_h: int, today: date) -> Judgement:
    """The day judged has no hour: it passes by its last moment and fails by its first, else is not known."""
    first = datetime.combine(today, time(0), JAPAN)
    least = (first - at).total_seconds() / HOUR_S
    most = least + 24
    if most < 0:
        return unknown(Reason.UNREADABLE, "heard after the day judged")
    if least > limit_h:
        return failed("silent", product=on[0], hours=int(least))
    if most > limit_h:
        return unknown(Reason.STALE, f"{on[0]}: heard between {int(least)} and {int(most)} hours ago")
    return passed(product=on[0], at=at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M"))
