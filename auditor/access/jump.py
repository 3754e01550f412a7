"""Jump hosts: one shared, pinned connection to each, and channels through it to declared endpoints only."""

import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack

from auditor.access.handshake import Line, Opener, connected, direct
from auditor.access.limits import Traffic
from auditor.access.login import Credentials, log_in
from auditor.access.net import Deadline
from auditor.access.sshlib import paramiko
from auditor.access.thrift import Socketlike, Wire
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.targets import Endpoint, Jump

LOGIN_S = 15.0
"""Most seconds for the login on the jump host; also how long a dead connection to it may stay unnoticed."""

_PAUSE_S = 5.0
_KEEPALIVE_S = 5
_CONNECT_FAILED = 2  # RFC 4254 §5.1
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

    def opener(self, host: str, port: int) -> Opener:
        """Opens ``direct-tcpip`` channels to one declared place; its name is looked up by the jump host."""

        def open_(deadline: Deadline) -> Wire:
            if (host, port) not in self._allowed:
                raise Unreached(Reason.NOT_DECLARED, f"{host} port {port} through jump host {self._jump.id}")
            carrier = self._carrier(deadline)
            channel = self._channel(carrier, host, port, deadline)
            return Wire(channel, lost=lambda: not carrier.is_active())

        return open_

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
            opener = direct(jump.host, jump.port, alive_s=LOGIN_S)
            line = stack.enter_context(connected(opener, pins, limit, self._traffic))
            log_in(line.transport, line.shown, jump, self._known, limit)
            self._traffic.release(line.watch)  # from here on it lives as long as the run
            line.wire.settimeout(_KEEPALIVE_S)
            line.transport.set_keepalive(_KEEPALIVE_S)
            self._stack = stack.pop_all()
        return line

    def _channel(self, carrier: paramiko.Transport, host: str, port: int, deadline: Deadline) -> Socketlike:
        left_s = deadline.need_s(f"a channel through jump host {self._jump.id}")
        try:
            return carrier.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=left_s)
        except paramiko.ChannelException as error:
            if error.code != _CONNECT_FAILED:
                raise self.told(f"it does not forward: {error.text}") from None
            note = f"jump host {self._jump.id} could not connect: refused, no way, or no such name there"
            raise Unreached(Reason.REFUSED, note) from None  # paramiko keeps the server's own words to itself
        except (paramiko.SSHException, EOFError, OSError) as error:
            if not carrier.is_active():
                raise self.told(f"the connection was lost: {error}") from None
            note = f"through jump host {self._jump.id}: no connection within the time limit"
            raise Unreached(Reason.NO_ANSWER, note) from None


def gates(
    jumps: Iterable[Jump], endpoints: Iterable[Endpoint], known: Credentials, traffic: Traffic
) -> Mapping[str, Gate]:
    """A gate for every declared jump host, by id, to the endpoints that the ledger puts behind it."""
    behind = [endpoint for endpoint in endpoints if endpoint.road == "ssh"]
    return {
        jump.id: Gate(
            jump,
            frozenset((each.host, each.port) for each in behind if each.jump == jump.id),
            known,
            traffic,
        )
        for jump in jumps
    }
