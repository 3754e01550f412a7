"""Names and TCP connections under one deadline; what SSH, probes and HTTP have in common."""

import errno
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

from auditor.errors import Unreached
from auditor.findings import Reason

T = TypeVar("T")

_PORTS = range(1, 65536)
_NO_SUCH_NAME = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
)
"""What the name service says of a name; its other errors (EAI_FAIL, EAI_MEMORY, …) are its own or ours."""
TURNED_AWAY = (errno.EHOSTUNREACH, errno.EACCES, errno.EPERM)
"""A router or firewall, on the way or here, says no (ICMP 3/1, 3/10, 3/13), or nobody has that address.

Linux makes one error of all these ICMP messages for TCP. ENETUNREACH is not among them: it also means that
this machine has no way out at all.
"""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on our own (monotonic) clock; every wait of one target is measured against it."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The moment `seconds` from now."""
        return cls(time.monotonic() + seconds)

    def left_s(self) -> float:
        """Seconds left, 0 when it has passed."""
        return max(0.0, self.at - time.monotonic())

    def need_s(self, what: str) -> float:
        """Seconds left.

        Raises:
            Unreached: NO_ANSWER, none are left; `what` goes into the note.
        """
        left = self.left_s()
        if left <= 0:
            raise Unreached(Reason.NO_ANSWER, f"no time left for {what}")
        return left


def bounded(call: Callable[[], T], limit_s: float, name: str) -> T:
    """The result of a call that offers no time limit of its own, run on a daemon thread.

    A call that never returns costs one sleeping thread until the process ends.

    Raises:
        TimeoutError: no result within `limit_s`.
        Exception: whatever the call raised.
    """
    box: SimpleQueue[tuple[T, None] | tuple[None, Exception]] = SimpleQueue()

    def work() -> None:
        try:
            box.put((call(), None))
        except Exception as error:  # noqa: BLE001 - handed to the caller below
            box.put((None, error))

    threading.Thread(target=work, name=name, daemon=True).start()
    try:
        value, error = box.get(timeout=max(limit_s, 0.001))
    except Empty:
        raise TimeoutError(f"{name}: nothing within {limit_s:.1f} s") from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]  # one of the two is set, and it is not the error


def resolve(host: str, deadline: Deadline) -> tuple[str, ...]:
    """The addresses of a name in the order the system prefers; an address stands for itself.

    Raises:
        Unreached: NAME_NOT_FOUND, or NO_ANSWER when the name service was silent or could not find out.
    """
    if address := _written_out(host):
        return (address,)
    try:
        found = bounded(
            lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM),
            deadline.need_s(f"the name {host}"),
            "name service",
        )
    except TimeoutError as error:
        raise Unreached(Reason.NO_ANSWER, f"name service: {error}") from None
    except socket.gaierror as error:
        reason = Reason.NAME_NOT_FOUND if error.errno in _NO_SUCH_NAME else Reason.NO_ANSWER
        raise Unreached(reason, f"{host}: {error}") from None
    except OSError as error:  # EAI_SYSTEM: this machine itself could not ask (no more files, say)
        raise Unreached(Reason.NO_ANSWER, f"name service: {error}") from None
    except UnicodeError as error:
        raise Unreached(Reason.NAME_NOT_FOUND, f"not a host name: {error}") from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _written_out(host: str) -> str:
    """An address that needs no name service, "" = it is a name."""
    try:
        socket.inet_pton(socket.AF_INET, host)  # the usual case, in a tenth of the time
    except (OSError, ValueError):
        try:
            return str(ipaddress.ip_address(host))
        except ValueError:
            return ""
    return host


def _connected(address: str, port: int, limit_s: float) -> socket.socket:
    """A connection to an address; without `socket.create_connection`, which asks for its name once more."""
    place: tuple[object, ...] = (address, port)
    if "%" in address:  # a link's own addresses need its number (RFC 4007 §11)
        place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][4]
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.settimeout(limit_s)
        sock.connect(place)
    except BaseException:
        sock.close()
        raise
    return sock


def connect(addresses: Sequence[str], port: int, deadline: Deadline) -> tuple[socket.socket, str]:
    """A TCP connection to the first address that takes one, and that address.

    A silent address may use only its share of the time, so that the next one is tried too. The socket's
    timeout is what is left.

    Raises:
        Unreached: REFUSED when every address refused, PROHIBITED (see `unreached`), else NO_ANSWER with
            what each one did in the note.
    """
    if port not in _PORTS:
        raise Unreached(Reason.NOT_DECLARED, f"{port} is not a port")
    failures: list[OSError] = []
    for nth, address in enumerate(addresses):
        share_s = deadline.need_s(f"{address} port {port}") / (len(addresses) - nth)
        try:
            sock = _connected(address, port, share_s)
        except OSError as error:
            failures.append(error)
            continue
        sock.settimeout(max(deadline.left_s(), 0.001))
        return sock, address
    raise unreached(failures, [f"{address} port {port}" for address in addresses])


def unreached(failures: Sequence[OSError], places: Sequence[str]) -> Unreached:
    """REFUSED when every place refused, PROHIBITED when each refused or was turned away, else NO_ANSWER.

    The note says what each of them did.
    """
    refused = [isinstance(error, ConnectionRefusedError) for error in failures]
    told = [no or error.errno in TURNED_AWAY for no, error in zip(refused, failures, strict=True)]
    reason = Reason.NO_ANSWER
    if failures and all(told):
        reason = Reason.REFUSED if all(refused) else Reason.PROHIBITED
    note = "; ".join(f"{place}: {error}" for place, error in zip(places, failures, strict=False))
    return Unreached(reason, note)
