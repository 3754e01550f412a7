"""A real WireGuard server (wireguard-go) in a network namespace of its own: it listens on every address.

Whoever wants to speak to it enters the namespace (`netns.inside`) and finds it on its loopback.
"""

import base64
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.peers.process import need, need_root, started

PORT = 51820
SOCKETS = Path("/var/run/wireguard")


@dataclass(frozen=True, slots=True)
class Pair:
    """A key pair as `wg` writes it: the private key in a file (mode 600), the public one as text."""

    file: Path
    public: str


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it is, and what it says of itself in its log."""

    namespace: str
    port: int
    log: Path


def pair(folder: Path, name: str) -> Pair:
    """A new key pair."""
    key = X25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    return Pair(secret(folder, name, key.private_bytes_raw()), public)


def secret(folder: Path, name: str, key: bytes) -> Path:
    """A key in a file as `wg genkey` and `wg genpsk` print it."""
    path = folder / name
    path.write_bytes(base64.b64encode(key) + b"\n")
    path.chmod(0o600)
    return path


@contextmanager
def wireguard(folder: Path, own: Pair, peer: str, psk: Path | None = None) -> Iterator[Server]:
    """Run one that knows one peer (by public key); the namespace ends with the block."""
    need_root()
    programs = {name: need(name) for name in ("ip", "wg", "wireguard-go")}
    tag = token_hex(3)
    space, device = f"aud-wg-{tag}", f"wg{tag}"

    def run(*words: str) -> None:
        subprocess.run([programs["ip"], *words], check=True, capture_output=True, timeout=20)

    def inside(*words: str) -> list[str]:
        return [programs["ip"], "netns", "exec", space, *words]

    known = ["peer", peer, *(("preshared-key", str(psk)) if psk else ()), "allowed-ips", "192.0.2.2/32"]
    own_words = ["listen-port", str(PORT), "private-key", str(own.file)]
    log = folder / f"{device}.log"
    try:
        run("netns", "add", space)
        run("-n", space, "link", "set", "lo", "up")
        command = inside("env", "LOG_LEVEL=verbose", programs["wireguard-go"], "-f", device)
        with started(command, log=log, ready=(SOCKETS / f"{device}.sock").exists):
            subprocess.run(
                inside(programs["wg"], "set", device, *own_words, *known),
                check=True,
                capture_output=True,
                timeout=20,
            )
            run("-n", space, "link", "set", device, "up")
            yield Server(space, PORT, log)
    finally:
        subprocess.run([programs["ip"], "netns", "del", space], check=False, capture_output=True, timeout=20)
        (SOCKETS / f"{device}.sock").unlink(missing_ok=True)
