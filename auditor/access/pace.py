"""How fast and how often one target is contacted: a weak gateway can hang under a scanner's haste."""

import time
from collections import Counter

from auditor.errors import Unreached
from auditor.findings import Reason

BURST = 100
"""So many contacts with one target may follow each other without a pause."""

PER_S = 25.0
"""So many a second from then on."""

Door = tuple[str, int, str]
"""A host (or one of its addresses), a port and "tcp" or "udp"."""


class Pace:
    """The rhythm of one target; used by one thread, for the probes of a target take turns.

    `most` = contacts that may be made at one door, None = any number; `next_probe` begins the count anew. A
    door is one port of one host over one transport: hosts that share a number do not share the count.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._made: Counter[Door] = Counter()
        self._left = float(BURST)
        self._at = time.monotonic()

    @property
    def behind_s(self) -> float:
        """Seconds that the next contact has to wait, 0 = it is due."""
        return max(0.0, (1 - self._left) / PER_S)

    def next_probe(self, most: int) -> None:
        """Another probe begins, which may make `most` contacts at one door."""
        self._most = most
        self._made.clear()

    def wait(self, door: Door, limit_s: float) -> None:
        """Wait until the next contact is due, but no longer than `limit_s`.

        Raises:
            Unreached: NOT_MEASURABLE, the probe made as many contacts there as it said it would.
        """
        self._made[door] += 1
        if self._most is not None and self._made[door] > self._most:
            host, port, transport = door
            told = f"more than {self._most} contacts at {host} port {port}/{transport}"
            raise Unreached(Reason.NOT_MEASURABLE, told)
        now = time.monotonic()
        self._left = min(float(BURST), self._left + (now - self._at) * PER_S)
        self._at = now
        self._left -= 1
        if self._left < 0:
            time.sleep(min(-self._left / PER_S, limit_s))
