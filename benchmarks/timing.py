"""CPU time of whole processes, interleaved, and the ratio of their medians."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """Medians of ours and of the peer's, seconds unless `unit` is MiB; `goal` = the largest ratio allowed."""

    name: str
    ours_s: float
    peer_s: float
    goal: float
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        """Ours / peer."""
        return self.ours_s / self.peer_s if self.peer_s else float("inf")

    def line(self) -> str:
        """One row of the table."""
        scale = 1000 if self.unit == "ms" else 1
        ours, peer = (f"{value * scale:8.1f} {self.unit:<3}" for value in (self.ours_s, self.peer_s))
        return f"{self.name:<52}{ours} {peer} {self.ratio:8.3f}   <= {self.goal:g}"


def child_cpu_s(argv: Sequence[str]) -> float:
    """User plus system time of one command and its children; it must end well."""
    before = os.times()
    subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def own_cpu_s(call: Callable[[], object]) -> float:
    """CPU time of this process (all threads) during a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def interleaved(
    name: str, ours: Callable[[], float], peer: Callable[[], float], goal: float, rounds: int = 3
) -> Result:
    """Medians of `rounds` pairs, ours and the peer's in turn."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return Result(
        name, statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs), goal
    )
