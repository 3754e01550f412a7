"""200 endpoints on loopback: one sshd that answers on as many addresses, and what both clients need."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from auditor.access.hostkeys import HostKey
from auditor.declare import CONSOLE, MACHINE
from auditor.discover import discover
from auditor.script import compose
from tests.peers.sshd import SshServer, sshd

MANY_PINS = 20_000
NONCE = "0" * 32
"""Stands in the scripts for the random mark that each collection puts in."""
_FACTS = (
    "id -u", "uname -sr", "hostname", "cat /etc/os-release", "cat /proc/uptime", "cat /proc/loadavg",
    "head -3 /proc/meminfo", "df -P /", "cat /proc/mounts", "cat /etc/passwd", "cat /etc/group",
    "cat /proc/sys/kernel/randomize_va_space", "cat /proc/sys/net/ipv4/ip_forward", "date -u +%s",
    "cat /etc/resolv.conf", "head -5 /proc/net/route", "head -5 /proc/net/tcp", "cat /proc/cmdline",
    "ls /sys/class/net", "cat /etc/timezone",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fleet:
    """A running sshd, its addresses, and a folder with the keys, pins and scripts of both clients."""

    server: SshServer
    folder: Path
    hosts: tuple[str, ...]

    @property
    def connections(self) -> int:
        """Logins the server has accepted so far."""
        return self.server.log.read_text("utf-8", "replace").count("Accepted publickey")

    @property
    def commands(self) -> int:
        """Commands the server has started so far."""
        return self.server.log.read_text("utf-8", "replace").count("Starting session: command")


@contextmanager
def fleet(folder: Path, size: int) -> Iterator[Fleet]:
    """Start the server and write ``hosts``, ``known_hosts``, ``many_hosts`` and the two scripts."""
    with sshd(folder, listen="0.0.0.0") as server:
        hosts = tuple(f"127.1.{number // 250}.{number % 250 + 1}" for number in range(size))
        kind, key = server.known_hosts.split()[1:]
        pins = [f"[{host}]:{server.port} {kind} {key}\n" for host in hosts]
        others = (
            f"[10.9.{nth // 250}.{nth % 250 + 1}]:22022 {_other_key()}\n" for nth in range(MANY_PINS - size)
        )
        (folder / "hosts").write_text("".join(f"{host}\n" for host in hosts))
        (folder / "known_hosts").write_text("".join(pins))
        (folder / "many_hosts").write_text("".join([*others, *pins]))
        (folder / "small.sh").write_text(small_script())
        facts = [
            fact
            for fact in discover().facts
            if fact.context == MACHINE and fact.scripts.get("linux", CONSOLE) != CONSOLE
        ]
        (folder / "composed.sh").write_text(compose(facts, "linux", NONCE))
        yield Fleet(server, folder, hosts)


def small_script() -> str:
    """About 20 facts whose answers are gathered and written once, as a careful administrator would."""
    asks = "\n".join(f"{fact} 2>/dev/null" for fact in _FACTS)
    frame = f"\\n{NONCE} ask all\\n%.1600s\\n{NONCE} got all 0\\n\\n{NONCE} end:true\\n"
    body = f"o=$(\n{asks}\n)\nprintf '{frame}' \"$o\""
    return f"main() {{\n{body}\n}}\nmain </dev/null\n"


def _other_key() -> str:
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0 " + secrets.token_bytes(32)
    return f"ssh-ed25519 {HostKey('ssh-ed25519', blob).base64}"


def ours(
    fleet_: Fleet, python: str, *, script: str, pins: str, module: str = "benchmarks.client"
) -> list[str]:
    """Our client, or another of ours to compare it with, as a process of its own."""
    server = fleet_.server
    wish = {
        "hosts": str(fleet_.folder / "hosts"),
        "port": server.port,
        "account": server.account,
        "nonce": NONCE,
        "key": str(server.client_key),
        "pins": str(fleet_.folder / pins),
        "script": str(fleet_.folder / script),
    }
    return [python, "-m", module, json.dumps(wish)]


def openssh(fleet_: Fleet, *, script: str) -> list[str]:
    """OpenSSH under xargs at its best: cheap key exchange and cipher pinned, its output thrown away."""
    server, folder = fleet_.server, fleet_.folder
    options = " ".join(
        f"-o {option}"
        for option in (
            f"UserKnownHostsFile={folder / 'known_hosts'}", "BatchMode=yes", "StrictHostKeyChecking=yes",
            "IdentitiesOnly=yes", "KexAlgorithms=curve25519-sha256", "Ciphers=aes128-gcm@openssh.com",
        )
    )  # fmt: skip
    one = (
        f"exec ssh -F none -p {server.port} -i {server.client_key} {options}"
        f" {server.account}@% sh -s < {folder / script} > /dev/null"
    )
    return ["xargs", "-a", str(folder / "hosts"), "-P32", "-I%", "sh", "-c", one]
