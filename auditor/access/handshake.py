"""An SSH connection up to its host key, under one deadline; nobody is logged in yet."""

import logging
import random
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import paramiko

from auditor.access.hostkeys import HostKey
from auditor.access.kexinit import Offer, read_offer
from auditor.access.net import Deadline, connect, resolve
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


@contextmanager
def connected(
    host: str, port: int, pins: Sequence[HostKey], deadline: Deadline
) -> Iterator[tuple[paramiko.Transport, HostKey]]:
    """A negotiated connection and the host key shown, closed with its threads on leaving.

    Only key types that are pinned are negotiated (any, where nothing is pinned), so that a host with
    several keys shows the one we know.

    Raises:
        Unreached: REFUSED, NO_ANSWER, NAME_NOT_FOUND, TOO_OLD, KEY_CHANGED (no key of a pinned type is left),
            NOT_MEASURABLE (no algorithm in common though the server is not old).
    """
    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)  # its outcomes are ours to tell
    addresses = resolve(host, deadline)
    transport, guard = _negotiated(addresses, port, pins, deadline)
    try:
        yield transport, _shown_key(transport, deadline)
    finally:
        _close(transport, guard)


def fetch_key(host: str, port: int, deadline_s: float) -> HostKey:
    """The host key shown to somebody who knows none yet; trusted only once a person compared it.

    Raises:
        Unreached: as `connected`.
    """
    with connected(host, port, (), Deadline.after(deadline_s)) as (_, shown):
        return shown


def _negotiated(
    addresses: Sequence[str], port: int, pins: Sequence[HostKey], deadline: Deadline
) -> tuple[paramiko.Transport, threading.Timer]:
    note = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(min(random.uniform(0.1, 0.4) * attempt, deadline.left_s()))  # noqa: S311 - jitter
        sock, _ = connect(addresses, port, deadline)
        transport, guard = _started(sock, pins, deadline)
        try:
            transport.start_client(timeout=deadline.need_s("the SSH handshake"))
        except paramiko.ssh_exception.IncompatiblePeer as error:
            _close(transport, guard)
            raise _incompatible(read_offer(addresses, port, deadline), pins, str(error)) from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            _close(transport, guard)
            note = f"no SSH answer: {type(error).__name__}: {error}"
            if deadline.left_s() <= 0:
                break
        except BaseException:
            _close(transport, guard)
            raise
        else:
            return transport, guard
    raise Unreached(Reason.NO_ANSWER, note)


def _started(
    sock: socket.socket, pins: Sequence[HostKey], deadline: Deadline
) -> tuple[paramiko.Transport, threading.Timer]:
    """A transport over `sock` with every time limit set, and the timer that cuts it at the deadline."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    left_s = deadline.left_s()
    transport = paramiko.Transport(sock)
    options = transport.get_security_options()
    options.kex = _preferring(_FIRST["kex"], tuple(options.kex))
    options.ciphers = _preferring(_FIRST["ciphers"], tuple(options.ciphers))
    known = {name for pin in pins for name in _algorithms(pin)}
    if usable := tuple(name for name in options.key_types if name in known):
        options.key_types = usable
    transport.banner_timeout = transport.handshake_timeout = left_s
    transport.auth_timeout = transport.channel_timeout = transport.clear_to_send_timeout = left_s
    guard = threading.Timer(left_s, _cut, (sock,))
    guard.daemon = True
    guard.start()
    return transport, guard


def _algorithms(pin: HostKey) -> tuple[str, ...]:
    """The names a key of that type signs under today; RSA never with SHA-1."""
    return _SIGNATURES.get(pin.type, (pin.type,))


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


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _close(transport: paramiko.Transport, guard: threading.Timer) -> None:
    """Close everything and see the threads end."""
    guard.cancel()
    if isinstance(transport.sock, socket.socket):
        _cut(transport.sock)
    transport.close()
    transport.sock.close()
    for thread in (guard, transport):
        if thread.is_alive():
            thread.join(_JOIN_S)
    transport.packetizer.complete_handshake()  # else its own timer waits on after a failed handshake
