"""A real L2TP server without IPsec around it, on an ephemeral loopback port."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.process import free_port, need, started

OWN_PORT = 1701
CONFIG = """[global]
port = {port}
listen-addr = 127.0.0.1
access control = no
[lns default]
ip range = 10.88.0.2-10.88.0.20
local ip = 10.88.0.1
require chap = yes
name = gw.example.jp
"""


@dataclass(frozen=True, slots=True)
class Xl2tpd:
    """Its port and log."""

    port: int
    log: Path

    def heard(self, words: str) -> int:
        """How often the log says so."""
        return self.log.read_text("utf-8", "replace").count(words)


@contextmanager
def xl2tpd(folder: Path, name: str = "xl2tpd", *, namespace: str = "") -> Iterator[Xl2tpd]:
    """Run one; in a namespace it has the port of its own that L2TP is known by."""
    program = need("xl2tpd")
    home = folder.resolve() / name
    home.mkdir(parents=True)
    port, log = OWN_PORT if namespace else free_port(socket.SOCK_DGRAM), home / "xl2tpd.log"
    config = home / "xl2tpd.conf"
    config.write_text(CONFIG.format(port=port))
    inside = [need("ip"), "netns", "exec", namespace] if namespace else []
    argv = [*inside, program, "-D", "-c", str(config), "-p", str(home / "pid"), "-C", str(home / "control")]
    with started(argv, log=log, ready=lambda: "Listening on IP address" in log.read_text()):
        yield Xl2tpd(port, log)
