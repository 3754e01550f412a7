"""Connections to declared ports of one target out of another segment, each one recorded.

An SSH host of that segment opens them (RFC 4254 §7.2, ``direct-tcpip``); no command ever runs there. What a
probe is given is an ordinary socket: one end of a pair, whose other end is carried through the channel.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from auditor.access.dial import DirectTalk, recorded
from auditor.access.jump import Gate
from auditor.access.keys import Keys
from auditor.access.net import Deadline
from auditor.access.pace import Pace
from auditor.access.thrift import Wire
from auditor.contacts import Contact
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.seams import Lookup, Secret, Stream
from auditor.zones import Vantage

_CHUNK = 16384


class VantageDial:
    """`seams.Dial` out of another segment: TCP only, and names are looked up there.

    `allowed` holds the declared (host, port, "tcp"); anything else is NOT_DECLARED and never asked for. What
    the SSH host itself would not do is JUMP_UNREACHED, which says nothing about the way behind it.
    """

    def __init__(
        self,
        vantage: Vantage,
        gate: Gate,
        allowed: frozenset[tuple[str, int, str]],
        deadline_s: float,
        contacts: Callable[[Contact], object],
        keys: Keys | None = None,
        *,
        pace: Pace | None = None,
    ) -> None:
        self._vantage = vantage
        self._gate = gate
        self._allowed = allowed
        self._deadline = Deadline.after(deadline_s)
        self._contacts = contacts
        self._keys = keys or Keys({})
        self._pace = pace or Pace()

    def secret(self, name: str) -> Secret:
        """A declared key; see `seams.Dial.secret`."""
        return self._keys.secret(name)

    def remaining_s(self) -> float:
        """Seconds left of the deadline, 0 when it has passed."""
        return self._deadline.left_s()

    def lookup(self, host: str) -> Lookup:
        """The name itself, in no time: who looks it up is the SSH host, with the connect.

        Raises:
            Unreached: NOT_DECLARED.
        """
        if host not in {declared for declared, _, _ in self._allowed}:
            raise Unreached(Reason.NOT_DECLARED, host)
        return Lookup((host,), 0.0)

    def at(self, host: str, address: str) -> "VantageDial":
        """The same way out: the SSH host chooses among a name's addresses, and does not tell which.

        Raises:
            Unreached: NOT_DECLARED.
        """
        if (address,) != self.lookup(host).addresses:
            raise Unreached(Reason.NOT_DECLARED, f"{address} of {host}")
        return self

    @contextmanager
    def tcp(self, host: str, port: int, *, wait_s: float | None = None) -> Iterator[Stream]:
        """Let the SSH host connect; see `seams.Dial.tcp`. `took_s` includes the way to the SSH host."""
        if (host, port, "tcp") not in self._allowed:
            raise Unreached(Reason.NOT_DECLARED, f"{host} port {port}/tcp")
        self._gate.ready(self._deadline)  # a login on the SSH host must not count as the far port's silence
        self._pace.wait((host, port, "tcp"), self._deadline.left_s())
        left_s = self._deadline.left_s()
        limit = Deadline.after(left_s if wait_s is None else min(wait_s, left_s))
        with recorded(self._contacts, host, port, "tcp", self._vantage.id):
            began = time.monotonic()
            wire = self._gate.opener(host, port)(limit)
            took_s = time.monotonic() - began
        near, far = socket.socketpair()
        carriers = (
            threading.Thread(target=_inward, args=(wire, far), name="vantage in", daemon=True),
            threading.Thread(target=_outward, args=(far, wire), name="vantage out", daemon=True),
        )
        for carrier in carriers:
            carrier.start()
        try:
            near.settimeout(max(self._deadline.left_s(), 0.001))
            yield Stream(near, host, took_s)
        finally:
            near.close()
            wire.close()
            with suppress(OSError):
                far.shutdown(socket.SHUT_RDWR)
            for carrier in carriers:
                carrier.join(2)
            far.close()

    def udp(self, host: str, port: int, payload: bytes, *, attempts: int = 3, wait_s: float = 1.0) -> bytes:
        """Never possible.

        Raises:
            Unreached: NOT_MEASURABLE.
        """
        del payload, attempts, wait_s
        raise self._no_udp(host, port)

    def talk(
        self, host: str, port: int, *opening: bytes, attempts: int = 3, wait_s: float = 1.0
    ) -> AbstractContextManager[DirectTalk]:
        """Never possible.

        Raises:
            Unreached: NOT_MEASURABLE.
        """
        del opening, attempts, wait_s
        raise self._no_udp(host, port)

    def _no_udp(self, host: str, port: int) -> Unreached:
        note = f"{host} port {port}/udp: an SSH host carries TCP only (vantage {self._vantage.id})"
        return Unreached(Reason.NOT_MEASURABLE, note)


def _inward(wire: Wire, far: socket.socket) -> None:
    """From the channel to the probe, until the far side ends or the probe is gone."""
    with suppress(OSError, EOFError):
        while data := wire.recv(_CHUNK):
            far.sendall(data)
    with suppress(OSError):
        far.shutdown(socket.SHUT_WR)


def _outward(far: socket.socket, wire: Wire) -> None:
    """From the probe to the channel, until the probe is gone."""
    with suppress(OSError, EOFError):
        while data := far.recv(_CHUNK):
            while data:
                data = data[wire.send(data) :]
