"""Connections from this machine to the declared hosts and ports of one target, each one recorded."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from auditor.access.net import Deadline, connect, resolve, unreached
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.seams import Lookup, Stream

MAX_DATAGRAM = 65535


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact that was made: when (UTC), where, and how it ended ("reached" or a reason's code)."""

    host: str
    port: int
    transport: str
    outcome: str
    at: datetime


@contextmanager
def recorded(contacts: Callable[[Contact], object], host: str, port: int, transport: str) -> Iterator[None]:
    """Hand one `Contact` to `contacts`, whatever the block does."""
    at = datetime.now(UTC)
    outcome = "reached"
    try:
        yield
    except Unreached as error:
        outcome = error.reason.value
        raise
    finally:
        contacts(Contact(host, port, transport, outcome, at))


class DirectDial:
    """`seams.Dial` straight from this machine.

    `allowed` holds the declared (host, port, "tcp" or "udp"); anything else is NOT_DECLARED and never
    contacted. The deadline starts with the object: make one per probe. Name look-ups are not contacts.
    """

    def __init__(
        self,
        allowed: frozenset[tuple[str, int, str]],
        deadline_s: float,
        contacts: Callable[[Contact], object],
    ) -> None:
        self._allowed = allowed
        self._deadline = Deadline.after(deadline_s)
        self._contacts = contacts

    def remaining_s(self) -> float:
        """Seconds left of the deadline, 0 when it has passed."""
        return self._deadline.left_s()

    def lookup(self, host: str) -> Lookup:
        """Resolve a declared name; an address needs no name service.

        Raises:
            Unreached: NOT_DECLARED, NAME_NOT_FOUND, or NO_ANSWER (the name service was silent).
        """
        if host not in {declared for declared, _, _ in self._allowed}:
            raise Unreached(Reason.NOT_DECLARED, host)
        began = time.monotonic()
        addresses = resolve(host, self._deadline)
        return Lookup(addresses, time.monotonic() - began)

    @contextmanager
    def tcp(self, host: str, port: int, *, wait_s: float | None = None) -> Iterator[Stream]:
        """Connect to the first address that answers; see `seams.Dial.tcp`."""
        self._check(host, port, "tcp")
        addresses = resolve(host, self._deadline)
        left_s = self._deadline.left_s()
        limit = Deadline.after(left_s if wait_s is None else min(wait_s, left_s))
        with recorded(self._contacts, host, port, "tcp"):
            began = time.monotonic()
            sock, address = connect(addresses, port, limit)
            took_s = time.monotonic() - began
        with sock:
            sock.settimeout(max(self._deadline.left_s(), 0.001))
            yield Stream(sock, address, took_s)

    def udp(self, host: str, port: int, payload: bytes, *, attempts: int = 3, wait_s: float = 1.0) -> bytes:
        """Ask until an answer comes; see `seams.Dial.udp`."""
        self._check(host, port, "udp")
        addresses = resolve(host, self._deadline)
        failures: list[OSError] = []
        with recorded(self._contacts, host, port, "udp"):
            for address in addresses:
                self._deadline.need_s(f"{address} port {port}")
                try:
                    return self._ask(address, port, payload, attempts, wait_s)
                except OSError as error:
                    failures.append(error)
            raise unreached(failures, [f"{address} port {port}/udp" for address in addresses])

    def _ask(self, address: str, port: int, payload: bytes, attempts: int, wait_s: float) -> bytes:
        """One address; a connected socket, so that an ICMP refusal is seen as one."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, port))
            for _ in range(attempts):
                left_s = self._deadline.left_s()
                if left_s <= 0:
                    break
                sock.settimeout(min(wait_s, left_s))
                sock.send(payload)
                try:
                    return sock.recv(MAX_DATAGRAM)
                except TimeoutError:
                    continue
        raise TimeoutError("silent")

    def _check(self, host: str, port: int, transport: str) -> None:
        if (host, port, transport) not in self._allowed:
            raise Unreached(Reason.NOT_DECLARED, f"{host} port {port}/{transport}")
