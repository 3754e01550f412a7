"""What one command and its children cost: wall and CPU time, and the peak of their memory together."""

import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

_SAMPLE_S = 0.05


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of wall and CPU (user + system); `peak_mib` = largest sum of resident sizes seen at once."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def measured(argv: Sequence[str], cwd: str) -> Usage:
    """Run to the end; it must end well. Memory is sampled every 50 ms and counts shared pages per process."""
    before = psutil.Process().cpu_times()
    began = time.monotonic()
    process = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    over = threading.Event()
    peaks = [0.0]
    watcher = threading.Thread(target=_watch, args=(process.pid, over, peaks))
    watcher.start()
    _, errors = process.communicate()
    wall_s = time.monotonic() - began
    over.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"{argv[0]} ended with {process.returncode}: {errors[-500:]!r}")
    after = psutil.Process().cpu_times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Usage(wall_s, cpu_s, peaks[0])


def _watch(pid: int, over: threading.Event, peaks: list[float]) -> None:
    while not over.wait(_SAMPLE_S):
        peaks[0] = max(peaks[0], _resident_mib(pid))


def _resident_mib(pid: int) -> float:
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        return 0.0
    return total / 2**20
