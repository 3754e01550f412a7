"""Real VNC servers on ephemeral loopback ports: TigerVNC with its own display, x11vnc before another one."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.certificates import Files
from tests.peers.process import free_port, listens, need, started
from tests.peers.xvfb import display

RUN = 'exec "$0" -displayfd 3 "$@" 3>/dev/null'


@contextmanager
def tigervnc(
    folder: Path, types: str, files: Files | None = None, *, name: str = "tigervnc"
) -> Iterator[int]:
    """Run one that offers these security types; yields its port. `files` = for those with a certificate."""
    program = need("Xtigervnc")
    home = folder.resolve() / name
    home.mkdir(parents=True)
    port = free_port()
    password = home / "password"
    made = subprocess.run([need("tigervncpasswd"), "-f"], input=b"audited\n", capture_output=True, check=True)
    password.write_bytes(made.stdout)
    shown = ("-X509Cert", str(files.chain), "-X509Key", str(files.key)) if files else ()
    command = [
        *("/bin/sh", "-c", RUN, program, "-rfbport", str(port), "-localhost", "-nolisten", "tcp"),
        *("-SecurityTypes", types, "-PasswordFile", str(password), *shown),
    ]
    with started(command, log=home / "vnc.log", ready=lambda: listens(port)):
        yield port


@contextmanager
def x11vnc(folder: Path, *options: str, name: str = "x11vnc") -> Iterator[int]:
    """Run one before an empty display; yields its port."""
    program = need("x11vnc")
    home = folder.resolve() / name
    home.mkdir(parents=True)
    port = free_port()
    log = home / "vnc.log"
    with display(home) as number:
        command = [
            *(program, "-display", number, "-rfbport", str(port), "-localhost", "-forever", "-shared"),
            *("-noshm", "-noxdamage", *options),
        ]
        with started(command, log=log, ready=lambda: f"PORT={port}" in log.read_text(errors="replace")):
            yield port
