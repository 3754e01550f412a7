"""200 endpoints in one run: our client against ``ssh`` under ``xargs -P32``, whole processes, interleaved.

Memory is the peak sum of resident sizes of a client's processes, sampled every 50 ms; pages that processes
share are counted in each, for the peer's 32 processes as for our one. Connections and commands are counted in
the server's own log.
"""

import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.fleet import Fleet, fleet, openssh, ours
from benchmarks.timing import Result
from benchmarks.usage import Usage, measured

ENDPOINTS = 200
ROUNDS = 3
SCRIPTS = ("small.sh", "composed.sh")
CPU, WALL, MEMORY, PINS, BARE = 0.45, 1.0, 0.35, 1.1, 1.0


def against_ssh(folder: Path) -> Iterator[Result]:
    """CPU, wall and memory by script, what 20,000 pins cost, and one connection and command per endpoint."""
    with fleet(folder, ENDPOINTS) as running:
        for script in SCRIPTS:
            name = script.removesuffix(".sh")
            commands = {"ours": ours(running, sys.executable, script=script, pins="known_hosts")}
            if script == "small.sh":
                commands["many"] = ours(running, sys.executable, script=script, pins="many_hosts")
                commands["bare"] = ours(
                    running, sys.executable, script=script, pins="known_hosts", module="benchmarks.bare"
                )
            commands["peer"] = openssh(running, script=script)
            used = _rounds(running, commands)
            yield from _results(name, used)


def _rounds(running: Fleet, commands: Mapping[str, Sequence[str]]) -> dict[str, list[Usage]]:
    """Every command once a round, in turn."""
    used: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            before = running.connections, running.commands
            used[name].append(measured(command, str(Path.cwd())))
            made = running.connections - before[0], running.commands - before[1]
            if made != (ENDPOINTS, ENDPOINTS):
                raise RuntimeError(f"{name}: {made} connections and commands for {ENDPOINTS} endpoints")
    return used


def _results(name: str, used: Mapping[str, Sequence[Usage]]) -> Iterator[Result]:
    mine, peer = used["ours"], used["peer"]

    def cpu(rows: Sequence[Usage]) -> float:
        return statistics.median(row.cpu_s for row in rows) / ENDPOINTS

    def wall(rows: Sequence[Usage]) -> float:
        return statistics.median(row.wall_s for row in rows)

    def peak(rows: Sequence[Usage]) -> float:
        return statistics.median(row.peak_mib for row in rows)

    yield Result(f"SSH x{ENDPOINTS}, {name} script, CPU/host : xargs ssh", cpu(mine), cpu(peer), CPU)
    yield Result(f"SSH x{ENDPOINTS}, {name} script, wall : xargs ssh", wall(mine), wall(peer), WALL)
    yield Result(
        f"SSH x{ENDPOINTS}, {name} script, memory : xargs ssh", peak(mine), peak(peer), MEMORY, "MiB"
    )
    if "many" in used:
        yield Result(
            f"SSH x{ENDPOINTS}, {name} script, CPU/host : paramiko alone", cpu(mine), cpu(used["bare"]), BARE
        )
        yield Result("CPU/host, 20,000 pinned keys : 200 of them", cpu(used["many"]), cpu(mine), PINS)
