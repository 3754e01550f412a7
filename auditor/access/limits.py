"""What all logins of one run share: turns at one server, deadlines that cut, and how often servers hung up.

sshd drops newcomers beyond about ten that have not logged in yet (``MaxStartups``), so a server or jump host
never sees more than `PER_PLACE` of us at a time. One thread watches every deadline; it ends when nothing is
left to watch.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from auditor.access.net import Deadline

PER_PLACE = 8
"""Most sessions at a time on one server, and through one jump host."""

Cut = Callable[[], object]


class Traffic:
    """The shared state; every method may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[int, tuple[float, Cut]] = {}
        self._number = 0
        self._watcher: threading.Thread | None = None
        self._turns: dict[str, threading.Semaphore] = {}
        self.hang_ups = 0
        """How often a server closed the connection before its greeting."""

    @contextmanager
    def turn(self, place: str) -> Iterator[None]:
        """One of the `PER_PLACE` turns at a place; waits for it, so a deadline starts inside."""
        with self._changed:
            turns = self._turns.setdefault(place, threading.Semaphore(PER_PLACE))
        with turns:
            yield

    def hung_up(self) -> None:
        """Count one connection that a server closed before its greeting."""
        with self._changed:
            self.hang_ups += 1

    def watch(self, deadline: Deadline, cut: Cut) -> int:
        """Call `cut` when the deadline passes, unless the number returned is released before."""
        with self._changed:
            self._number += 1
            soonest = min((at for at, _ in self._watched.values()), default=float("inf"))
            self._watched[self._number] = (deadline.at, cut)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watching, name="ssh deadlines", daemon=True)
                self._watcher.start()
            elif deadline.at < soonest:
                self._changed.notify()
            return self._number

    def release(self, number: int) -> None:
        """Forget a watched deadline; a second time does nothing."""
        with self._changed:
            if self._watched.pop(number, None) is not None and not self._watched:
                self._changed.notify()

    def cut_all(self) -> None:
        """End every connection that is watched, whatever it is doing."""
        with self._changed:
            cuts = [cut for _, cut in self._watched.values()]
        for cut in cuts:
            cut()

    def _watching(self) -> None:
        with self._changed:
            while self._watched:
                now = time.monotonic()
                due = [number for number, (at, _) in self._watched.items() if at <= now]
                for number in due:
                    self._watched.pop(number)[1]()
                if not due:
                    self._changed.wait(min(at for at, _ in self._watched.values()) - now)
            self._watcher = None
