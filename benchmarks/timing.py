"""CPU time of whole processes, interleaved, and the ratio of their medians."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """Medians in seconds of ours and of the peer's; `goal` = the largest ours / peer that will do."""

    name: str
    ours_s: float
    peer_s: float
    goal: float

    @property
    def ratio(self) -> float:
        """Ours / peer."""
        return self.ours_s / self.peer_s if self.peer_s else float("inf")

    def line(self) -> str:
        """One row of the table."""
        ours, peer = f"{self.ours_s * 1000:9.1f}", f"{self.peer_s * 1000:9.1f}"
        return f"{self.name:<52}{ours} ms {peer} ms {self.ratio:8.3f}   <= {self.goal:g}"


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
