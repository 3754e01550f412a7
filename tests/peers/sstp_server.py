"""A real SSTP server (sstp-server of PyPI), compiled by ``make peers``.

No PPP comes up behind it: what it starts for a call is a program that ends at once.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.certificates import Files
from tests.peers.process import free_port, need, started


@dataclass(frozen=True, slots=True)
class SstpServer:
    """Its port and log."""

    port: int
    log: Path

    def heard(self, words: str) -> int:
        """How often the log says so."""
        return self.log.read_text("utf-8", "replace").count(words)


@contextmanager
def sstp_server(folder: Path, files: Files, name: str = "sstp") -> Iterator[SstpServer]:
    """Run one."""
    program = need("sstpd")
    home = folder.resolve() / name
    home.mkdir(parents=True)
    options, log, port = home / "options", home / "sstpd.log", free_port()
    options.write_text("")
    argv = [program, "-l", "127.0.0.1", "-p", str(port), "-v", "1"]
    argv += ["-c", str(files.chain), "-k", str(files.key), "--pppd", str(shutil.which("true"))]
    argv += ["--pppd-config", str(options), "--local", "10.99.0.1", "--remote", "10.99.0.0/24"]
    with started(argv, log=log, ready=lambda: "Listening on" in log.read_text()):
        yield SstpServer(port, log)
