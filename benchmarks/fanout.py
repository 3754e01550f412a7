"""Collecting 100 times from one sshd: our client against ``ssh`` under ``xargs`` (goals P1, P2)."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from auditor.access.hostkeys import HostKeys, parse_key
from auditor.access.secrets import load_key
from auditor.access.ssh import SshRoad, collect
from auditor.discover import discover
from auditor.script import compose
from auditor.targets import Endpoint
from benchmarks.timing import Result, child_cpu_s, interleaved, own_cpu_s
from tests.peers.sshd import SshServer, sshd

TIMES = 100
WORKERS = 16


def against_ssh(folder: Path) -> Result:
    """The same composed script through both; OpenSSH with the cheap key exchange, so its best case."""
    with sshd(folder) as server:
        script = _script()
        road, endpoints = _road(server), _endpoints(server)
        return interleaved(
            f"SSH, {TIMES} collections, client CPU : ssh under xargs",
            lambda: own_cpu_s(lambda: _ours(endpoints, script, road)),
            lambda: _theirs(folder, server, script),
            0.5,
        )


def _script() -> str:
    facts = [fact for fact in discover().facts if "linux" in fact.scripts]
    return compose(facts, "linux", secrets.token_hex(16))


def _road(server: SshServer) -> SshRoad:
    _, kind, key = server.known_hosts.split()
    pin = parse_key(kind, key)
    pins = HostKeys({f"[{server.host}]:{server.port}": (pin,)})
    return SshRoad(pins=pins, keys=(load_key(server.client_key),), password=lambda _: None)


def _endpoints(server: SshServer) -> list[Endpoint]:
    at = {"host": server.host, "port": server.port, "account": server.account}
    return [
        Endpoint(id=f"PC-{number}", serial="", name="", os="linux", road="ssh", **at)  # type: ignore[arg-type]
        for number in range(TIMES)
    ]


def _ours(endpoints: list[Endpoint], script: str, road: SshRoad) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        for output in pool.map(lambda endpoint: collect(endpoint, script, road, 120), endpoints):
            if b"end:true" not in output:
                raise RuntimeError("a collection was cut short")


def _theirs(folder: Path, server: SshServer, script: str) -> float:
    known = folder / "known_hosts"
    known.write_text(f"{server.known_hosts}\n")
    source = folder / "collect.sh"
    source.write_text(script)
    command = (
        f"seq {TIMES} | xargs -P{WORKERS} -I% sh -c 'ssh -F none -p {server.port} -i {server.client_key}"
        f" -o UserKnownHostsFile={known} -o BatchMode=yes -o KexAlgorithms=curve25519-sha256"
        f" {server.account}@{server.host} sh -s < {source} > /dev/null'"
    )
    return child_cpu_s(["sh", "-c", command])
