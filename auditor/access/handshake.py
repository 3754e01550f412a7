"""An SSH connection up to its host key, under one deadline; nobody is logged in yet."""

import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from auditor.access.dial import recorded
from auditor.access.hostkeys import HostKey
from auditor.access.kexinit import Offer, read_offer
from auditor.access.limits import Traffic
from auditor.access.net import Deadline, connect, resolve
from auditor.access.sshlib import paramiko
from auditor.access.thrift import Wire, transport_over
from auditor.contacts import Contact
from auditor.errors import Unreached
from auditor.findings import Reason

ATTEMPTS = 3
"""A server at its MaxStartups limit drops a newcomer before its banner: try again after a random pause."""

_JOIN_S = 2.0
_FIRST = {
    "kex": "curve25519-sha256@libssh.org",  # the others cost up to eight times more
    "ciphers": "aes128-gcm@openssh.com",  # spares the packet authentication in pure Python
}
_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}

Opener = Callable[[Deadline], Wire]
"""Opens one connection to one declared place, directly or through a jump host; raises `Unreached`."""

Contacts = Callable[[Contact], object]
"""Is told of every connect as it ends: one login may need several (see `ATTEMPTS`)."""


def unlogged(_: Contact) -> None:
    """For whoever keeps no log of contacts, or keeps it elsewhere."""


@dataclass(frozen=True, slots=True)
class Line:
    """A negotiated connection, the host key it showed, and the deadline that cuts it."""

    transport: paramiko.Transport
    shown: HostKey
    wire: Wire
    watch: int


def direct(host: str, port: int, contacts: Contacts = unlogged, *, alive_s: float = 0) -> Opener:
    """Straight from this machine; a peer that stays silent `alive_s` seconds to what was sent is given up.

    0 = the system's own limit. Only Linux lets us say so (tcp(7), TCP_USER_TIMEOUT, milliseconds). Every
    connect is one of `contacts`; a name that is not known is none.
    """

    def open_(deadline: Deadline) -> Wire:
        addresses = resolve(host, deadline)
        with recorded(contacts, host, port, "tcp"):
            sock, _ = connect(addresses, port, deadline)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if alive_s and hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(alive_s * 1000))
        return Wire(sock)

    return open_


@contextmanager
def connected(
    opener: Opener, pins: Sequence[HostKey], deadline: Deadline, traffic: Traffic
) -> Iterator[Line]:
    """A negotiated connection, closed with its threads on leaving.

    Only key types that are pinned are negotiated (any, where nothing is pinned), so that a host with
    several keys shows the one we know.

    Raises:
        Unreached: REFUSED, NO_ANSWER, NAME_NOT_FOUND, TOO_OLD, KEY_CHANGED (no key of a pinned type is left),
            NOT_MEASURABLE (no algorithm in common though the server is not old), JUMP_UNREACHED.
    """
    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)  # its outcomes are ours to tell
    transport, wire, watch = _negotiated(opener, pins, deadline, traffic)
    try:
        yield Line(transport, _shown_key(transport, deadline), wire, watch)
    finally:
        _close(transport, wire)
        traffic.release(watch)


def fetch_key(opener: Opener, deadline_s: float, traffic: Traffic) -> HostKey:
    """The host key shown to somebody who knows none yet; trusted only once a person compared it.

    Raises:
        Unreached: as `connected`.
    """
    with connected(opener, (), Deadline.after(deadline_s), traffic) as line:
        return line.shown


def _negotiated(
    opener: Opener, pins: Sequence[HostKey], deadline: Deadline, traffic: Traffic
) -> tuple[paramiko.Transport, Wire, int]:
    note = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(min(random.uniform(0.1, 0.4) * attempt, deadline.left_s()))  # noqa: S311 - jitter
        wire = opener(deadline)
        watch = traffic.watch(deadline, wire.cut)
        transport = _prepared(wire, pins, deadline)
        try:
            _negotiate(transport, deadline)
        except paramiko.ssh_exception.IncompatiblePeer as error:
            _give_up(transport, wire, traffic, watch)
            raise _incompatible(read_offer(opener, deadline), pins, str(error)) from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            _give_up(transport, wire, traffic, watch)
            note = f"no SSH answer: {type(error).__name__}: {error}"
            if deadline.left_s() <= 0:
                break
            traffic.hung_up()
        except BaseException:
            _give_up(transport, wire, traffic, watch)
            raise
        else:
            return transport, wire, watch
    raise Unreached(Reason.NO_ANSWER, note)


def _prepared(wire: Wire, pins: Sequence[HostKey], deadline: Deadline) -> paramiko.Transport:
    """A transport with every time limit set and the algorithms wanted first, not started."""
    transport = transport_over(wire)
    options = transport.get_security_options()
    options.kex = _preferring(_FIRST["kex"], tuple(options.kex))
    options.ciphers = _preferring(_FIRST["ciphers"], tuple(options.ciphers))
    known = {name for pin in pins for name in _algorithms(pin)}
    if usable := tuple(name for name in options.key_types if name in known):
        options.key_types = usable
    left_s = deadline.left_s()
    transport.banner_timeout = transport.handshake_timeout = left_s
    transport.auth_timeout = transport.channel_timeout = transport.clear_to_send_timeout = left_s
    return transport


def _negotiate(transport: paramiko.Transport, deadline: Deadline) -> None:
    """Wait on an event of our own; paramiko's way of waiting wakes up ten times a second."""
    done = threading.Event()
    transport.start_client(event=done)
    done.wait(deadline.left_s())
    if not done.is_set() or not transport.is_active():
        raise transport.get_exception() or paramiko.SSHException("not within the time limit")


def _algorithms(pin: HostKey) -> tuple[str, ...]:
    """The names a key of that type signs under today; RSA never with SHA-1."""
    return _SIGNATURES.get(pin.type, (pin.type,))


@cache
def _preferring(first: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: name != first))


def _shown_key(transport: paramiko.Transport, deadline: Deadline) -> HostKey:
    try:
        key = transport.get_remote_server_key()
    except paramiko.SSHException as error:
        late = "within the time limit" if deadline.left_s() <= 0 else str(error)
        raise Unreached(Reason.NO_ANSWER, f"no SSH handshake: {late}") from None
    return HostKey(key.get_name(), key.asbytes())


def _incompatible(offer: Offer, pins: Sequence[HostKey], note: str) -> Unreached:
    """Why no algorithm is in common: the server is of the SHA-1 era, has other keys now, or is foreign."""
    if offer.too_old:
        return Unreached(Reason.TOO_OLD, f"{note}; offers {offer}")
    if pins and offer.usable_key and not any(set(offer.keys) & set(_algorithms(pin)) for pin in pins):
        return Unreached(Reason.KEY_CHANGED, f"no key of a pinned type any more; offers {offer}")
    return Unreached(Reason.NOT_MEASURABLE, f"{note}; offers {offer}")


def _give_up(transport: paramiko.Transport, wire: Wire, traffic: Traffic, watch: int) -> None:
    _close(transport, wire)
    traffic.release(watch)


def _close(transport: paramiko.Transport, wire: Wire) -> None:
    """Close everything and see the thread end."""
    wire.cut()
    transport.close()
    wire.close()
    if transport.is_alive():
        transport.join(_JOIN_S)
