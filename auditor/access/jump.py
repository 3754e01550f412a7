"""Jump hosts: one shared, pinned connection to each, and channels through it to declared endpoints only."""

import ipaddress
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace

from auditor.access.dial import recorded
from auditor.access.handshake import Contacts, Line, Opener, connected, direct, unlogged
from auditor.access.limits import Traffic
from auditor.access.login import Credentials, log_in
from auditor.access.net import Deadline
from auditor.access.sshlib import paramiko
from auditor.access.thrift import Socketlike, Wire
from auditor.contacts import Contact
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.targets import Endpoint
from auditor.zones import Jump

LOGIN_S = 15.0
"""Most seconds for the login on the jump host; also how long a dead connection to it may stay unnoticed."""

_PAUSE_S = 5.0
_KEEPALIVE_S = 5
_CONNECT_FAILED = 2  # RFC 4254 §5.1
_OPEN_FAILURE = 92
_MOST_WORDS = 200
_WORDS = {
    "Connection refused": Reason.REFUSED,
    "No route to host": Reason.PROHIBITED,
    "Permission denied": Reason.PROHIBITED,
    "Network is unreachable": Reason.NO_ANSWER,
    "Connection timed out": Reason.NO_ANSWER,
}
_FINAL = (Reason.KEY_UNKNOWN, Reason.KEY_CHANGED, Reason.NOT_AUTHORISED, Reason.TOO_OLD)
"""What trying again cannot mend, and might lock the account."""


class Gate:
    """The way through one jump host; opened when first needed, and again when the connection died."""

    def __init__(
        self, jump: Jump, allowed: frozenset[tuple[str, int]], known: Credentials, traffic: Traffic
    ) -> None:
        self._jump = jump
        self._allowed = allowed
        self._known = known
        self._traffic = traffic
        self._opening = threading.Lock()
        self._stack = ExitStack()
        self._line: Line | None = None
        self._failure: tuple[float, Unreached] | None = None
        self._closed = False
        self._refusals = _Refusals()
        self.contacts: list[Contact] = []
        """Every connection made to the jump host itself, also those that it closed again."""

    def opener(self, host: str, port: int, contacts: Contacts = unlogged) -> Opener:
        """Opens ``direct-tcpip`` channels to one declared place; its name is looked up by the jump host.

        Every channel asked for is one of `contacts`; where the jump host itself is not reached there is none.
        """

        def open_(deadline: Deadline) -> Wire:
            if (host, port) not in self._allowed:
                raise Unreached(Reason.NOT_DECLARED, f"{host} port {port} through jump host {self._jump.id}")
            carrier = self._carrier(deadline)
            with recorded(contacts, host, port, "tcp", self._jump.id):
                channel = self._channel(carrier, host, port, deadline)
            return Wire(channel, lost=lambda: not carrier.is_active())

        return open_

    def ready(self, deadline: Deadline) -> None:
        """Have the connection to the jump host, so that opening a channel is all that is left to do.

        Raises:
            Unreached: JUMP_UNREACHED.
        """
        self._carrier(deadline)

    def told(self, why: str) -> Unreached:
        """The outcome of an endpoint that was not reached because of the jump host."""
        return Unreached(Reason.JUMP_UNREACHED, f"jump host {self._jump.id}: {why}")

    def close(self) -> None:
        """Close the connection and everything that goes through it; it is not opened again."""
        self._closed = True
        with self._opening:
            self._line = None
            self._stack.close()

    def _carrier(self, deadline: Deadline) -> paramiko.Transport:
        """The shared connection. Who comes while it is being opened shares the outcome."""
        if not self._opening.acquire(timeout=deadline.need_s(f"jump host {self._jump.id}")):
            raise self.told("no login within the time limit")
        try:
            if self._line is not None and self._line.transport.is_active():
                return self._line.transport
            if self._failure is not None and time.monotonic() < self._failure[0]:
                raise self._failure[1]
            self._line = None
            self._stack.close()
            try:
                self._line = self._entered(deadline)
            except Unreached as error:
                lasting = error.reason in _FINAL
                told = self.told(f"{error.reason.value}: {error.note}")
                self._failure = (float("inf") if lasting else time.monotonic() + _PAUSE_S, told)
                raise told from None
            return self._line.transport
        finally:
            self._opening.release()

    def _entered(self, deadline: Deadline) -> Line:
        if self._closed:
            raise Unreached(Reason.NO_ANSWER, "the run has ended")
        limit = Deadline.after(min(LOGIN_S, deadline.need_s(f"jump host {self._jump.id}")))
        jump = self._jump
        with ExitStack() as stack:
            pins = self._known.pins.pins(jump.host, jump.port)
            opener = direct(jump.host, jump.port, self._note, alive_s=LOGIN_S)
            line = stack.enter_context(connected(opener, pins, limit, self._traffic))
            log_in(line.transport, line.shown, jump, self._known, limit)
            self._refusals.listen(line.transport)
            self._traffic.release(line.watch)  # from here on it lives as long as the run
            line.wire.settimeout(_KEEPALIVE_S)
            line.transport.set_keepalive(_KEEPALIVE_S)
            self._stack = stack.pop_all()
        return line

    def _note(self, contact: Contact) -> None:
        self.contacts.append(replace(contact, target=f"jump:{self._jump.id}", what="ssh"))

    def _channel(self, carrier: paramiko.Transport, host: str, port: int, deadline: Deadline) -> Socketlike:
        left_s = deadline.need_s(f"a channel through jump host {self._jump.id}")
        try:
            return carrier.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=left_s)
        except (paramiko.SSHException, EOFError, OSError) as error:
            refused = self._refusals.of_mine(error)
            if refused is not None and refused[0] == _CONNECT_FAILED:
                raise self._not_connected(host, refused[1]) from None
            if refused is not None:
                raise self.told(f"it does not forward: {refused[1]}") from None
            if not carrier.is_active():
                raise self.told(f"the connection was lost: {error}") from None
            note = f"through jump host {self._jump.id}: no connection within the time limit"
            raise Unreached(Reason.NO_ANSWER, note) from None

    def _not_connected(self, host: str, words: str) -> Unreached:
        """What the jump host met when it connected (sshd sends strerror in the C locale).

        Any other words mean refused where an address was to be reached; a name may be one that is not known
        there, and that must not look like a closed port.
        """
        note = f"jump host {self._jump.id} could not connect: {words or 'it does not say why'}"
        plain = words.removeprefix("connect failed: ")
        if plain in _WORDS:
            return Unreached(_WORDS[plain], note)
        return Unreached(Reason.REFUSED if _is_address(host) else Reason.NAME_NOT_FOUND, note)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class _Refusals:
    """Why a server refused to open a channel, in its own words and for each channel.

    paramiko keeps the words to itself, and the code where the next thread takes it. Should it change inside,
    only its own exception is left.
    """

    def __init__(self) -> None:
        self._heard: dict[int, tuple[int, str]] = {}
        self._mine = threading.local()

    def listen(self, transport: paramiko.Transport) -> None:
        """Stand before paramiko's handler of that message (RFC 4254 §5.1); learn each channel's number."""
        table = getattr(transport, "_handler_table", {})
        numbered = getattr(transport, "_next_channel", None)
        former = table.get(_OPEN_FAILURE)
        if former is None or numbered is None:
            return

        def number() -> int:
            self._mine.number = numbered()
            return int(self._mine.number)

        def heard(message: paramiko.Message) -> None:
            channel, code = message.get_int(), message.get_int()
            words = message.get_binary()[:_MOST_WORDS].decode("ascii", "replace")
            self._heard[channel] = code, words
            message.rewind()
            former(message)

        table[_OPEN_FAILURE] = heard
        transport._next_channel = number  # type: ignore[attr-defined]  # noqa: SLF001 - nobody else tells it

    def of_mine(self, error: Exception) -> tuple[int, str] | None:
        """Code and words for the channel this thread asked for last, None = it was not refused."""
        number = getattr(self._mine, "number", None)
        if number is not None:
            return self._heard.pop(number, None)
        return (error.code, "") if isinstance(error, paramiko.ChannelException) else None


def gates(
    jumps: Iterable[Jump], endpoints: Iterable[Endpoint], known: Credentials, traffic: Traffic
) -> Mapping[str, Gate]:
    """A gate for every declared jump host, by id, to the endpoints that the ledger puts behind it."""
    behind = [endpoint for endpoint in endpoints if endpoint.road == "ssh"]
    allowed = {
        jump.id: frozenset((each.host, each.port) for each in behind if each.jump == jump.id)
        for jump in jumps
    }
    return gates_to(allowed, jumps, known, traffic)


def gates_to(
    allowed: Mapping[str, frozenset[tuple[str, int]]],
    jumps: Iterable[Jump],
    known: Credentials,
    traffic: Traffic,
) -> Mapping[str, Gate]:
    """A gate for each jump host that `allowed` names by id, to the places it holds and nothing else."""
    return {jump.id: Gate(jump, allowed[jump.id], known, traffic) for jump in jumps if jump.id in allowed}
