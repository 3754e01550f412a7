"""A real OpenVPN server on an ephemeral loopback port.

By default it is the server for one peer, which needs neither root nor a tun device; over TCP it takes one
connection and then starts anew. `many` runs the server for many clients, which needs both.
"""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.certificates import Files
from tests.peers.process import free_port, need, need_root, started

ONE = ("--dev", "null", "--data-ciphers", "AES-256-GCM")
MANY = ("--mode", "server", "--dev", "tun", "--ifconfig-noexec", "--route-noexec")
UP = "Initialization Sequence Completed"
WAITS = {"udp": "UDPv4 link remote: [AF_UNSPEC]", "tcp": "Listening for incoming TCP connection"}


@contextmanager
def openvpn(
    folder: Path,
    ca: Path,
    files: Files,
    *,
    transport: str = "udp",
    wrapped: bool = False,
    many: bool = False,
    name: str = "openvpn",
) -> Iterator[int]:
    """Run one; yields its port. `wrapped` = its control channel needs a key (tls-crypt) that nobody gets."""
    program = need("openvpn")
    if many:
        need_root()
    home = folder.resolve() / name
    home.mkdir(parents=True)
    port = free_port(socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
    log = home / "openvpn.log"
    command = [
        *(program, "--tls-server", "--local", "127.0.0.1", "--port", str(port), "--verb", "3"),
        *("--proto", "udp" if transport == "udp" else "tcp-server", "--dh", "none"),
        *("--ca", str(ca), "--cert", str(files.chain), "--key", str(files.key)),
        *(MANY if many else ONE),
    ]
    if wrapped:
        secret = home / "wrap.key"
        subprocess.run([program, "--genkey", "secret", str(secret)], check=True, capture_output=True)
        command += ["--tls-crypt", str(secret)]
    ready = UP if many else WAITS[transport]
    with started(command, log=log, ready=lambda: ready in log.read_text(errors="replace")):
        yield port
