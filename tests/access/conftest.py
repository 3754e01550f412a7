"""What the tests of the access layer share: facts made on the spot, a road to a real sshd, rude servers."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from auditor.access.hostkeys import read_known_hosts
from auditor.access.secrets import load_key
from auditor.access.ssh import SshRoad
from auditor.api import Answer, Fact, fact
from auditor.targets import Endpoint
from tests.peers.process import need, wait_until
from tests.peers.sshd import SshServer

NONCE = "0123456789abcdef" * 2

SHELLS = [("dash",), ("bash",), ("bash", "--posix"), ("busybox", "sh")]


@pytest.fixture(params=SHELLS, ids=" ".join)
def shell(request: pytest.FixtureRequest) -> tuple[str, ...]:
    program, *options = request.param
    return (need(program), *options)


def made(id_: str, **scripts: str) -> Fact[str]:
    """A fact whose answer is its text."""

    @fact(id_, probe=None, absent_ok=False, explains=(), context="machine", **scripts)
    def text(answer: Answer) -> str:
        return answer.text()

    return text


def road_to(*servers: SshServer, folder: Path, pins: str | None = None) -> SshRoad:
    """Pinned to the servers (or to the known_hosts text `pins`), with the first one's client key."""
    known = folder / "known_hosts"
    known.write_text(pins if pins is not None else "".join(f"{each.known_hosts}\n" for each in servers))
    return SshRoad(read_known_hosts(known), (load_key(servers[0].client_key),), lambda _: None)


def endpoint_of(server: SshServer, os: str = "linux") -> Endpoint:
    return Endpoint(
        id="PC-1", serial="", name="PC-1", os=os, host=server.host, port=server.port, account=server.account
    )


@contextmanager
def rude_server(behave: Callable[[socket.socket], object]) -> Iterator[int]:
    """A TCP server that does `behave` with every connection; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_sockets: list[socket.socket] = []

    def serve(sock: socket.socket) -> None:
        with suppress(OSError):
            behave(sock)

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            open_sockets.append(sock)
            threading.Thread(target=serve, args=(sock,), daemon=True, name="rude").start()

    thread = threading.Thread(target=accept, daemon=True, name="rude listener")
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2)  # before the sockets are closed: it may just have taken one more
        for sock in open_sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


@pytest.fixture
def nothing_left_open() -> Iterator[None]:
    """No thread of ours and no descriptor survives a collection, however it ended."""
    threads = set(threading.enumerate())
    descriptors = _descriptors()
    yield
    wait_until(lambda: _ours(threads) == [], "end of every thread", within_s=1)
    wait_until(lambda: _descriptors() <= descriptors, "closing of every descriptor", within_s=1)


def _ours(before: set[threading.Thread]) -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each not in before and "rude" not in each.name]


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
