"""Starts a peer program, waits until it answers, and stops it by pid with everything it started."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

OWN = Path(__file__).parents[2] / ".peers" / "bin"
"""Python programs that have an environment of their own (``make peers``)."""
PLACES = (*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/sbin", str(OWN))


def need(program: str) -> str:
    """The full path of a peer program; skips the test where it is missing, fails it under ``CI=true``."""
    found = shutil.which(program, path=os.pathsep.join(PLACES))
    if found is None:
        message = f"{program} is not installed; `sudo make peers` installs the test peers on Debian"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


def need_root() -> None:
    """Skip (or fail under ``CI=true``) where the peer can only be started by root."""
    if os.geteuid() != 0:
        if os.environ.get("CI") == "true":
            pytest.fail("this peer needs root")
        pytest.skip("this peer needs root")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """An unused loopback port."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """True when a TCP connect succeeds."""
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def listens_at_last(port: int) -> bool:
    """True once a connect succeeds: for programs that take long to load, as `started` does not wait long."""
    wait_until(lambda: listens(port), f"a server at port {port}", within_s=90)
    return True


def wait_until(true: Callable[[], bool], what: str, *, within_s: float = 15.0) -> None:
    """Poll until `true()`; an assertion error names `what` otherwise."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, f"{what} did not happen within {within_s} s"
        time.sleep(0.02)


@contextmanager
def started(
    argv: Sequence[str],
    *,
    log: Path,
    ready: Callable[[], bool],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `argv` in its own process group until the block ends; its output goes to `log`.

    `env` = variables beside those of the tests.
    """
    with log.open("ab") as sink:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    try:
        wait_until(
            lambda: ready() or process.poll() is not None, f"start of {argv[0]} ({log.read_text()[-500:]})"
        )
        assert ready(), f"{argv[0]} stopped: {log.read_text(errors='replace')[-2000:]}"
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and its group: politely, then not."""
    for sign, wait_s in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(wait_s)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
