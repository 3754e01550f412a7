"""A display without a screen, for servers that show one."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.process import need, started

RUN = 'exec "$0" -displayfd 3 -screen 0 640x480x24 -nolisten tcp -noreset 3>"$1"'
HELLO = b"l\0\x0b\0\0\0\0\0\0\0\0\0"
"""A client's first words: little endian, protocol 11.0, no authorisation (X11 protocol, section 8)."""


@contextmanager
def display(folder: Path) -> Iterator[str]:
    """Run one on a number that is free; yields it as the variable DISPLAY wants it."""
    program = need("Xvfb")
    number = folder / "display"
    number.touch()
    command = ["/bin/sh", "-c", RUN, program, str(number)]
    with started(command, log=folder / "xvfb.log", ready=lambda: _takes(number.read_text())):
        yield f":{number.read_text().strip()}"


def _takes(written: str) -> bool:
    """True when the display takes clients; it writes its number a little before."""
    if not written.endswith("\n"):
        return False
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(2)
        try:
            sock.connect(f"/tmp/.X11-unix/X{written.strip()}")
            sock.sendall(HELLO)
            return sock.recv(1) == b"\1"
        except OSError:
            return False
