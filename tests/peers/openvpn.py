"""A real OpenVPN server on an ephemeral loopback port, its control channel wrapped in every way there is.

By default it is the server for one peer, which needs neither root nor a tun device; over TCP it takes one
connection and then starts anew. `many` runs the server for many clients, which needs both.
"""

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.certificates import Files
from tests.peers.process import free_port, need, need_root, started

ONE = ("--dev", "null", "--data-ciphers", "AES-256-GCM")
MANY = ("--mode", "server", "--dev", "tun", "--ifconfig-noexec", "--route-noexec")
UP = "Initialization Sequence Completed"
WAITS = {"udp": "UDPv4 link remote: [AF_UNSPEC]", "tcp": "Listening for incoming TCP connection"}


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What the server is started with, and the file a client has for it (mode 600)."""

    kind: str
    server: tuple[str, ...]
    client_key: Path


def wrapping(folder: Path, kind: str, *, auth: str = "SHA1", direction: int | None = 1) -> Wrapping:
    """Keys made by OpenVPN itself: tls-auth, tls-crypt or tls-crypt-v2; `direction` is the client's."""
    folder.mkdir(parents=True, exist_ok=True)
    secret, client = folder / f"{kind}.key", folder / f"{kind}-client.key"
    if kind == "tls-crypt-v2":
        _genkey("--genkey", "tls-crypt-v2-server", str(secret))
        _genkey("--tls-crypt-v2", str(secret), "--genkey", "tls-crypt-v2-client", str(client))
        return Wrapping(kind, ("--tls-crypt-v2", str(secret)), client)
    _genkey("--genkey", "secret", str(secret))
    if kind == "tls-crypt":
        return Wrapping(kind, ("--tls-crypt", str(secret)), secret)
    side = () if direction is None else (str(1 - direction),)
    return Wrapping(kind, ("--tls-auth", str(secret), *side, "--auth", auth), secret)


def _genkey(*words: str) -> None:
    subprocess.run([need("openvpn"), *words], check=True, capture_output=True, timeout=20)


@contextmanager
def openvpn(
    folder: Path,
    ca: Path,
    files: Files,
    *,
    transport: str = "udp",
    wrapped: Wrapping | bool = False,
    many: bool = False,
    options: Sequence[str] = (),
    name: str = "openvpn",
) -> Iterator[int]:
    """Run one; yields its port. `wrapped` True = it needs a key (tls-crypt) that nobody gets."""
    program = need("openvpn")
    if many:
        need_root()
    home = folder.resolve() / name
    home.mkdir(parents=True)
    port = free_port(socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
    log = home / "openvpn.log"
    if wrapped is True:
        wrapped = wrapping(home, "tls-crypt")
    command = [
        *(program, "--tls-server", "--local", "127.0.0.1", "--port", str(port), "--verb", "3"),
        *("--proto", "udp" if transport == "udp" else "tcp-server", "--dh", "none"),
        *("--ca", str(ca), "--cert", str(files.chain), "--key", str(files.key)),
        *(MANY if many else ONE),
        *(wrapped.server if wrapped else ()),
        *options,
    ]
    ready = UP if many else WAITS[transport]
    with started(command, log=log, ready=lambda: ready in log.read_text(errors="replace")):
        yield port


def client(folder: Path, ca: Path, files: Files, port: int, wrapped: Wrapping | None) -> str:
    """What OpenVPN's own client says until its handshake with a server on loopback (UDP) is complete."""
    log = folder / "client.log"
    command = [
        *(need("openvpn"), "--client", "--dev", "null", "--nobind", "--proto", "udp", "--verb", "3"),
        *("--remote", "127.0.0.1", str(port), "--ca", str(ca), "--cert", str(files.chain)),
        *("--key", str(files.key), "--connect-retry-max", "1"),
        *((f"--{wrapped.kind}", str(wrapped.client_key)) if wrapped else ()),
        *(("1", "--auth", "SHA512") if wrapped and wrapped.kind == "tls-auth" else ()),
    ]
    with started(command, log=log, ready=lambda: "Control Channel: " in log.read_text(errors="replace")):
        return log.read_text(errors="replace")
