"""205 endpoints in one run: one connection and one command each, counted by the server itself."""

from dataclasses import replace
from pathlib import Path

from auditor.access.ssh import collect
from auditor.crew import Crew
from auditor.script import compose, split
from tests.access.conftest import NONCE, endpoint_of, made, road_to
from tests.peers.sshd import sshd

SCRIPT = compose([made("who.am", linux="id -u")], "linux", NONCE)
ENDPOINTS = 205


def test_205_endpoints_make_205_connections_and_205_commands(tmp_path: Path, nothing_left_open: None) -> None:
    with sshd(tmp_path, listen="0.0.0.0") as server:
        key = server.known_hosts.partition(" ")[2]
        hosts = [f"127.1.1.{number}" for number in range(1, ENDPOINTS + 1)]
        pins = "".join(f"[{host}]:{server.port} {key}\n" for host in hosts)
        road = road_to(server, folder=tmp_path, pins=pins)
        endpoints = [replace(endpoint_of(server), id=host, host=host) for host in hosts]
        crew = Crew(endpoints, lambda one: collect(one, SCRIPT, road, 60, NONCE), hang_ups=lambda: 0)
        done = list(crew.finished())
        log = server.log.read_text()
    assert [error for _, _, error in done if error is not None] == []
    assert all(heard and split(heard.output, NONCE, ["who.am"])[0].note == "" for _, heard, _ in done)
    assert sorted(endpoint.host for endpoint, _, _ in done) == sorted(hosts)
    assert (log.count("Accepted publickey"), log.count("Starting session: command")) == (ENDPOINTS, ENDPOINTS)
