"""Connections from this machine to the declared hosts and ports of one target, each one recorded."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime

from auditor.access.keys import Keys
from auditor.access.net import Deadline, connect, resolve, unreached
from auditor.access.pace import Pace
from auditor.contacts import Contact
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.seams import Lookup, Secret, Stream
from auditor.targets import Gateway

__all__ = ["BESIDE", "Contact", "DirectDial", "DirectTalk", "doors", "recorded"]

MAX_DATAGRAM = 65535
FIRST_S, REST_S = 1.9, 2.1
"""How long is asked at first, and the pause after the last word before it is asked again.

A Linux router limits how often it tells a sender that it turns packets away, and a packet a second is enough
to keep it from saying so at all: what it prohibits then looks like silence. After two quiet seconds it does.
"""
RETRANSMITTED_S = 1.0  # when the system sends a connect's first packet again (RFC 6298 §2)
AGAIN_S = RETRANSMITTED_S + REST_S

BESIDE = {("ike", 500): (4500,), ("l2tp", 1701): (500, 4500)}
"""UDP ports that belong to an entrance beside the declared one: IKE begun on port 500 goes on over 4500 (RFC
7296 §2.23), and L2TP stands behind IKE, which proves the line."""


def doors(gateway: Gateway) -> frozenset[tuple[str, int, str]]:
    """All of a gateway that may be contacted: what is declared of it, and what belongs to its protocol."""
    beside = BESIDE.get((gateway.protocol, gateway.port), ()) if gateway.transport == "udp" else ()
    return frozenset(
        {
            (gateway.host, gateway.port, gateway.transport),
            *((gateway.host, port, "tcp") for port in gateway.closed_ports),
            *((gateway.host, port, "udp") for port in beside),
            *((place.host, place.port, "tcp") for place in gateway.brokers),
        }
    )


@contextmanager
def recorded(
    contacts: Callable[[Contact], object], host: str, port: int, transport: str, via: str = ""
) -> Iterator[None]:
    """Hand one `Contact` to `contacts`, whatever the block does."""
    at = datetime.now(UTC)
    outcome = "reached"
    try:
        yield
    except Unreached as error:
        outcome = error.reason.value
        raise
    finally:
        contacts(Contact(host, port, transport, outcome, at, via))


@dataclass(frozen=True, slots=True)
class DirectTalk:
    """`seams.Talk` over one connected socket."""

    _sock: socket.socket
    _deadline: Deadline
    address: str
    first: bytes
    took_s: float

    def send(self, payload: bytes) -> None:
        """Send one datagram; see `seams.Talk.send`."""
        self._deadline.need_s(self.address)
        try:
            self._sock.send(payload)
        except OSError as error:
            raise unreached([error], [f"{self.address}/udp"]) from None

    def receive(self, wait_s: float) -> bytes | None:
        """The next datagram; see `seams.Talk.receive`."""
        left_s = min(wait_s, self._deadline.left_s())
        if left_s <= 0:
            return None
        self._sock.settimeout(left_s)
        try:
            return self._sock.recv(MAX_DATAGRAM)
        except TimeoutError:
            return None
        except OSError as error:
            raise unreached([error], [f"{self.address}/udp"]) from None


def _connected(addresses: Sequence[str], port: int, limit: Deadline) -> tuple[socket.socket, str]:
    """`connect`; where time allows it, silence is believed only after a rest (see `REST_S`)."""
    began = time.monotonic()
    if limit.left_s() < AGAIN_S + 0.3:
        return connect(addresses, port, limit)
    try:
        return connect(addresses, port, Deadline.after(FIRST_S))
    except Unreached as error:
        if error.reason is not Reason.NO_ANSWER or time.monotonic() - began < RETRANSMITTED_S:
            raise
    time.sleep(max(0.0, began + AGAIN_S - time.monotonic()))
    return connect(addresses, port, limit)


class DirectDial:
    """`seams.Dial` straight from this machine.

    `allowed` holds the declared (host, port, "tcp" or "udp"); anything else is NOT_DECLARED and never
    contacted. The deadline starts with the object: make one per probe. Name look-ups are not contacts.
    `pace` tells how fast and how often. `via` names the vantage in the record, "" = none is meant.
    """

    def __init__(
        self,
        allowed: frozenset[tuple[str, int, str]],
        deadline_s: float,
        contacts: Callable[[Contact], object],
        keys: Keys | None = None,
        *,
        pace: Pace | None = None,
        via: str = "",
    ) -> None:
        self._keys = keys or Keys({})
        self._pace = pace or Pace()
        self._via = via
        self._allowed = allowed
        self._hosts = frozenset(host for host, _, _ in allowed)
        self._deadline = Deadline.after(deadline_s)
        self._contacts = contacts
        self._found: dict[str, tuple[str, ...]] = {}
        self._only: dict[str, str] = {}

    def secret(self, name: str) -> Secret:
        """A declared key; see `seams.Dial.secret`."""
        return self._keys.secret(name)

    def remaining_s(self) -> float:
        """Seconds left of the deadline, 0 when it has passed."""
        return self._deadline.left_s()

    def lookup(self, host: str) -> Lookup:
        """Resolve a declared name; an address needs no name service.

        Raises:
            Unreached: NOT_DECLARED, NAME_NOT_FOUND, or NO_ANSWER (the name service was silent).
        """
        if host not in self._hosts:
            raise Unreached(Reason.NOT_DECLARED, host)
        began = time.monotonic()
        addresses = self._found[host] = self._addresses(host)
        return Lookup(addresses, time.monotonic() - began)

    def at(self, host: str, address: str) -> "DirectDial":
        """The same way out to one address of a host; see `seams.Dial.at`."""
        found = self._found.get(host, ())
        if address not in found:
            raise Unreached(Reason.NOT_DECLARED, f"{address} of {host}")
        if len(found) == 1:
            return self
        one = copy(self)
        one._only = {**self._only, host: address}  # noqa: SLF001 - a copy of its own
        return one

    @contextmanager
    def tcp(self, host: str, port: int, *, wait_s: float | None = None) -> Iterator[Stream]:
        """Connect to the first address that answers; see `seams.Dial.tcp`."""
        self._check(host, port, "tcp")
        addresses = self._addresses(host)
        self._paced(host, port, "tcp")
        left_s = self._deadline.left_s()
        limit = Deadline.after(left_s if wait_s is None else min(wait_s, left_s))
        with recorded(self._contacts, host, port, "tcp", self._via):
            began = time.monotonic()
            sock, address = _connected(addresses, port, limit)
            took_s = time.monotonic() - began
        with sock:
            sock.settimeout(max(self._deadline.left_s(), 0.001))
            yield Stream(sock, address, took_s)

    def udp(self, host: str, port: int, payload: bytes, *, attempts: int = 3, wait_s: float = 1.0) -> bytes:
        """Ask until an answer comes; see `seams.Dial.udp`."""
        with self.talk(host, port, payload, attempts=attempts, wait_s=wait_s) as talk:
            return talk.first

    @contextmanager
    def talk(
        self, host: str, port: int, *opening: bytes, attempts: int = 3, wait_s: float = 1.0
    ) -> Iterator[DirectTalk]:
        """Open a conversation with the first address that answers; see `seams.Dial.talk`."""
        self._check(host, port, "udp")
        addresses = self._addresses(host)
        failures: list[OSError] = []
        self._paced(host, port, "udp")
        with ExitStack() as stack:
            with recorded(self._contacts, host, port, "udp", self._via):
                talk = None
                for address in addresses:
                    self._deadline.need_s(f"{address} port {port}")
                    try:
                        talk = self._opened(stack, (address, port), opening, attempts, wait_s)
                        break
                    except OSError as error:
                        failures.append(error)
                if talk is None:
                    raise unreached(failures, [f"{address} port {port}/udp" for address in addresses])
            yield talk

    def _opened(
        self, stack: ExitStack, place: tuple[str, int], opening: Sequence[bytes], attempts: int, wait_s: float
    ) -> DirectTalk:
        """One address; a connected socket, so that an ICMP refusal is seen as one."""
        family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        with ExitStack() as trial:
            sock = trial.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            sock.connect(place)
            began = time.monotonic()
            for nth in range(attempts):
                left_s = self._deadline.left_s()
                if left_s <= 0:
                    break
                pause_s = REST_S if 1.0 <= wait_s < REST_S and nth == attempts - 2 else wait_s
                sock.settimeout(min(pause_s, left_s))
                for payload in opening:
                    sock.send(payload)
                try:
                    first = sock.recv(MAX_DATAGRAM)
                except TimeoutError:
                    continue
                stack.push(trial.pop_all())
                return DirectTalk(sock, self._deadline, place[0], first, time.monotonic() - began)
        raise TimeoutError("silent")

    def _addresses(self, host: str) -> tuple[str, ...]:
        """The one address this way out leads to, else all that the name has."""
        return (self._only[host],) if host in self._only else resolve(host, self._deadline)

    def _paced(self, host: str, port: int, transport: str) -> None:
        named = f"{host} at {self._only[host]}" if host in self._only else host
        self._pace.wait((named, port, transport), self._deadline.left_s())

    def _check(self, host: str, port: int, transport: str) -> None:
        if (host, port, transport) not in self._allowed:
            raise Unreached(Reason.NOT_DECLARED, f"{host} port {port}/{transport}")
