"""A network of its own for a test: a line, a router behind it, addresses that answer, refuse or are lost."""

import ctypes
import errno
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from tests.peers.process import need, need_root

HERE, THERE = "198.18.7.2", "198.18.7.1"
CLONE_NEWNET = 0x40000000
CLOSED_PORT = 9  # discard: no test listens there
SETTLE_S = 20
LOST, PROHIBITED = "198.18.9.9", "198.18.9.10"


@dataclass(frozen=True, slots=True)
class Line:
    """The namespace's name and its router's; `port` listens on `THERE`, other ports of it refuse.

    Packets to `LOST` vanish, those to `PROHIBITED` are turned away.
    """

    name: str
    port: int
    far: str = ""

    def argv(self, argv: Sequence[str]) -> list[str]:
        """The command, run inside."""
        return [need("ip"), "netns", "exec", self.name, *argv]


def _ip(*words: str) -> None:
    subprocess.run([need("ip"), *words], check=True, capture_output=True, timeout=20)


@contextmanager
def line() -> Iterator[Line]:
    """A namespace with a default route to a router that stands in another one; both end with the block."""
    need_root()
    tag = token_hex(3)
    near, far = f"aud-near-{tag}", f"aud-far-{tag}"
    try:
        for name in (near, far):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        ends = (f"an{tag}", f"af{tag}")
        _ip("link", "add", ends[0], "netns", near, "type", "veth", "peer", "name", ends[1], "netns", far)
        for name, end, address in ((near, ends[0], HERE), (far, ends[1], THERE)):
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", end)
            _ip("-n", name, "link", "set", end, "up")
        _ip("-n", near, "route", "add", "default", "via", THERE)
        _ip("-n", far, "route", "add", "blackhole", LOST)
        _ip("-n", far, "route", "add", "prohibit", PROHIBITED)
        _ip("netns", "exec", far, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        settle(near, THERE)
        with _listening(far) as port:
            yield Line(near, port, far)
    finally:
        for name in (near, far):
            subprocess.run([need("ip"), "netns", "del", name], check=False, capture_output=True, timeout=20)


@contextmanager
def far_away(addresses: str) -> Iterator[tuple[Line, socket.socket]]:
    """A line, and a listening socket behind its router that has all these addresses."""
    with line() as found:
        _ip("-n", found.far, "route", "add", "local", addresses, "dev", "lo")
        ready: list[socket.socket] = []
        inside(found.far, lambda: ready.append(socket.create_server(("0.0.0.0", 0), backlog=4096)))
        with ready[0]:
            yield found, ready[0]


@contextmanager
def island() -> Iterator[str]:
    """A namespace that has only its own loopback, for servers whose ports are fixed; yields its name."""
    need_root()
    name = f"aud-isle-{token_hex(3)}"
    try:
        _ip("netns", "add", name)
        _ip("-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        subprocess.run([need("ip"), "netns", "del", name], check=False, capture_output=True, timeout=20)


@contextmanager
def _listening(namespace: str) -> Iterator[int]:
    """A socket in the far namespace that accepts and closes."""
    ready: list[socket.socket] = []
    inside(namespace, lambda: ready.append(socket.create_server((THERE, 0))))
    server = ready[0]

    def serve() -> None:
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(server.getsockname()[1])
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def settle(namespace: str, address: str) -> None:
    """Wait until the address is heard from the namespace: a new line may lose what is sent at first.

    Both ends are up before the kernel lets them carry, and a lost question for the neighbour's hardware
    address is asked again only after a second.
    """
    refused: list[bool] = []

    def knock() -> None:
        limit = time.monotonic() + SETTLE_S
        while not refused and time.monotonic() < limit:
            with socket.socket() as sock:
                sock.settimeout(1.5)
                refused.extend([True] * (sock.connect_ex((address, CLOSED_PORT)) == errno.ECONNREFUSED))

    inside(namespace, knock, SETTLE_S + 5)
    assert refused, f"{address} is not heard from {namespace} within {SETTLE_S} s"


def inside(namespace: str, act: Callable[[], None], limit_s: float = 10) -> None:
    """Run `act` in a thread that has entered the namespace (sockets made there stay there)."""
    failure: list[BaseException] = []

    def enter() -> None:
        try:
            with Path(f"/run/netns/{namespace}").open() as handle:
                code = ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET)
            assert code == 0, os.strerror(ctypes.get_errno())
            act()
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            failure.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join(limit_s)
    assert not thread.is_alive(), f"not within {limit_s} s"
    if failure:
        raise failure[0]
