"""Collecting from 100 addresses of one sshd: our client against ``ssh`` under ``xargs`` (P1, P2)."""

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

HOSTS = tuple(f"127.0.1.{last}" for last in range(1, 101))
WORKERS = 32


def against_ssh(folder: Path) -> Result:
    """The same composed script through both; OpenSSH with the cheap key exchange, so its best case."""
    with sshd(folder, extra="ListenAddress 0.0.0.0") as server:
        script = _script()
        road, endpoints = _road(server), _endpoints(server)
        return interleaved(
            f"SSH, {len(HOSTS)} hosts, client CPU : ssh under xargs",
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
    pins = HostKeys({f"[{host}]:{server.port}": (pin,) for host in HOSTS})
    return SshRoad(pins=pins, keys=(load_key(server.client_key),), password=lambda _: None)


def _endpoints(server: SshServer) -> list[Endpoint]:
    return [
        Endpoint(
            id=host,
            serial="",
            name=host,
            os="linux",
            road="ssh",
            host=host,
            port=server.port,
            account=server.account,
        )
        for host in HOSTS
    ]


def _ours(endpoints: list[Endpoint], script: str, road: SshRoad) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        for output in pool.map(lambda endpoint: collect(endpoint, script, road, 120), endpoints):
            if b"end:true" not in output:
                raise RuntimeError("a collection was cut short")


def _theirs(folder: Path, server: SshServer, script: str) -> float:
    known = folder / "known_hosts"
    _, kind, key = server.known_hosts.split()
    known.write_text("".join(f"[{host}]:{server.port} {kind} {key}\n" for host in HOSTS))
    source = folder / "collect.sh"
    source.write_text(script)
    hosts = folder / "hosts"
    hosts.write_text("\n".join(HOSTS))
    command = (
        f"xargs -a {hosts} -P{WORKERS} -I@ sh -c 'ssh -F none -p {server.port} -i {server.client_key}"
        f" -o UserKnownHostsFile={known} -o BatchMode=yes -o KexAlgorithms=curve25519-sha256"
        f" {server.account}@@ sh -s < {source} > /dev/null'"
    )
    return child_cpu_s(["sh", "-c", command])
