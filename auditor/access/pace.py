"""How fast and how often one target is contacted: a weak gateway can hang under a scanner's haste."""

import time

from auditor.errors import Unreached
from auditor.findings import Reason

BURST = 100
"""So many contacts with one target may follow each other without a pause."""

PER_S = 25.0
"""So many a second from then on."""


class Pace:
    """The rhythm of one target; used by one thread, for the probes of a target take turns.

    `most` = contacts that may be made at one port, None = any number; `next_probe` begins the count anew.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._made: dict[int, int] = {}
        self._left = float(BURST)
        self._at = time.monotonic()

    @property
    def behind_s(self) -> float:
        """Seconds that the next contact has to wait, 0 = it is due."""
        return max(0.0, (1 - self._left) / PER_S)

    def next_probe(self, most: int) -> None:
        """Another probe begins, which may make `most` contacts at one port."""
        self._most = most
        self._made.clear()

    def wait(self, port: int, limit_s: float) -> None:
        """Wait until the next contact is due, but no longer than `limit_s`.

        Raises:
            Unreached: NOT_MEASURABLE, the probe made as many contacts there as it said it would.
        """
        self._made[port] = self._made.get(port, 0) + 1
        if self._most is not None and self._made[port] > self._most:
            raise Unreached(Reason.NOT_MEASURABLE, f"more than {self._most} contacts at port {port}")
        now = time.monotonic()
        self._left = min(float(BURST), self._left + (now - self._at) * PER_S)
        self._at = now
        self._left -= 1
        if self._left < 0:
            time.sleep(min(-self._left / PER_S, limit_s))
