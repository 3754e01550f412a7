"""How many targets are collected at the same time: more while all only wait, fewer while servers hang up.

A collection mostly waits for a far machine, so the right number is the rate times the latency, which
nobody knows beforehand. The crew begins with `START` workers. Every `TICK_S` it grows by half while work
waits, every worker is busy and this machine has CPU time to spare; it shrinks by a third, and then stays so
for a while, when servers hung up before their greeting. Workers are daemon threads: an interrupt never waits
for them.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

import psutil

from auditor.lanes import Lane

START = 32
MOST = 128
FEWEST = 4
TICK_S = 0.5
_CALM_TICKS = 10
_IDLE_SHARE = 0.3

J = TypeVar("J")
R = TypeVar("R")


class Crew(Generic[J, R]):
    """Runs `do` on every job once. Jobs that share a lane run at most its width at a time, None = no lane."""

    def __init__(
        self,
        jobs: Sequence[J],
        do: Callable[[J], R],
        *,
        most: int = MOST,
        lane: Callable[[J], Lane | None] = lambda _: None,
        hang_ups: Callable[[], int] = lambda: 0,
    ) -> None:
        self._do = do
        self._hang_ups = hang_ups
        self._seen_hang_ups = hang_ups()
        self._most = most
        self._jobs = len(jobs)
        self._waiting = deque((job, lane(job)) for job in jobs)
        self._busy_lanes: Counter[Lane | None] = Counter()
        self._changed = threading.Condition()
        self._done: SimpleQueue[tuple[J, R | None, BaseException | None]] = SimpleQueue()
        self._wanted = min(START, most)
        self._workers = 0
        self._busy = 0
        self._calm = 0
        self._stopped = False
        self._spare = _SpareTime()

    @property
    def wanted(self) -> int:
        """How many workers there may be at this moment."""
        return self._wanted

    def finished(self) -> Generator[tuple[J, R | None, BaseException | None], None, None]:
        """Each job with its result or its exception, as they end, in the caller's thread."""
        try:
            self._hire()
            for _ in range(self._jobs):
                yield self._next()
        finally:
            self.stop()

    def stop(self) -> None:
        """Start no further job; whoever works ends with the job at hand."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify_all()

    def _next(self) -> tuple[J, R | None, BaseException | None]:
        while True:
            try:
                return self._done.get(timeout=TICK_S)
            except Empty:
                pass
            finally:
                self.reconsider()

    def reconsider(self) -> None:
        """Grow or shrink, at most once a tick."""
        spare = self._spare.share()
        if spare is None:
            return
        seen = self._hang_ups()
        with self._changed:
            if seen > self._seen_hang_ups:
                self._seen_hang_ups = seen
                self._wanted = max(min(FEWEST, self._most), self._wanted * 2 // 3)
                self._calm = _CALM_TICKS
            elif self._calm:
                self._calm -= 1
            elif self._waiting and self._busy >= self._wanted and spare >= _IDLE_SHARE:
                self._wanted = min(self._most, self._wanted * 3 // 2)
        self._hire()

    def _hire(self) -> None:
        """Workers up to the number wanted, never more than there are jobs."""
        with self._changed:
            lacking = min(self._wanted - self._workers, len(self._waiting))
            for _ in range(max(lacking, 0)):
                self._workers += 1
                threading.Thread(target=self._work, name="collect", daemon=True).start()

    def _work(self) -> None:
        while (job := self._take()) is not None:
            result, error = None, None
            try:
                result = self._do(job[0])
            except BaseException as raised:  # noqa: BLE001 - told to the caller, who raises or records it
                error = raised
            with self._changed:
                self._busy -= 1
                self._busy_lanes[job[1]] -= 1
                self._changed.notify()
            self._done.put((job[0], result, error))

    def _take(self) -> tuple[J, Lane | None] | None:
        """The next job whose lane is free; None = this worker is not needed any more."""
        with self._changed:
            while self._waiting and self._workers <= self._wanted and not self._stopped:
                for _ in range(len(self._waiting)):
                    job, lane = self._waiting.popleft()
                    if lane is None or self._busy_lanes[lane] < lane.width:
                        self._busy_lanes[lane] += 1
                        self._busy += 1
                        return job, lane
                    self._waiting.append((job, lane))
                self._changed.wait()
            self._workers -= 1
            self._changed.notify()
            return None


class _SpareTime:
    """The share of this machine's CPU time that nobody used since the last tick."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._idle, self._total = self._times()

    def share(self) -> float | None:
        """Between 0 and 1; None = a tick has not passed yet."""
        now = time.monotonic()
        if now - self._at < TICK_S:
            return None
        self._at = now
        before = self._idle, self._total
        self._idle, self._total = self._times()
        total = self._total - before[1]
        return (self._idle - before[0]) / total if total > 0 else 0.0

    @staticmethod
    def _times() -> tuple[float, float]:
        times = psutil.cpu_times()
        return times.idle + getattr(times, "iowait", 0.0), sum(times)
