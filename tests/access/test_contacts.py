"""The log of contacts holds every connect that a server counts, no more and no fewer."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.access.handshake import ATTEMPTS
from auditor.access.jump import gates
from auditor.access.ssh import SshRoad, collect
from auditor.collect import collect_task
from auditor.contacts import Contact
from auditor.errors import Unreached
from auditor.roads import Roads
from auditor.targets import Endpoint
from auditor.zones import Jump
from tests.access.conftest import NONCE, endpoint_of, road_to, rude_server
from tests.core.world import PC, lock, locks, plugins, task
from tests.peers.process import free_port
from tests.peers.sshd import SshServer, sshd

pytestmark = pytest.mark.usefixtures("nothing_left_open")
HUNG_UP = ["reached"] * ATTEMPTS
THERE = replace(PC, road="ssh", host="127.0.0.1", account="root")


@contextmanager
def hanging_up() -> Iterator[tuple[int, list[str]]]:
    """A server that closes before its banner, as sshd at its limit; its port, and a word per connect."""
    counted: list[str] = []

    def behave(sock: socket.socket) -> None:
        counted.append("connect")
        sock.close()

    with rude_server(behave) as port:
        yield port, counted


def audited(endpoint: Endpoint, road: SshRoad) -> list[Contact]:
    """The log of a run that asks this one machine."""
    roads = Roads(ssh=road, gates=road.gates)
    collect_task(task(endpoint, locks), plugins(lock, locks), roads)
    return list(roads.made)


def behind(jump: Jump, endpoint: Endpoint, road: SshRoad) -> SshRoad:
    return replace(road, gates=gates([jump], [endpoint], road, road.traffic))


def test_every_attempt_at_a_machine_that_hangs_up_is_logged(server: SshServer, tmp_path: Path) -> None:
    road = road_to(server, folder=tmp_path)
    with hanging_up() as (port, counted):
        made = audited(replace(THERE, port=port), road)
    assert [(one.port, one.outcome) for one in made] == [(port, outcome) for outcome in HUNG_UP]
    assert len(made) == len(counted)
    assert {(one.target, one.what, one.via) for one in made} == {(f"endpoint:{PC.id}", "ssh", "")}


def test_every_attempt_at_a_jump_host_that_hangs_up_is_logged(server: SshServer, tmp_path: Path) -> None:
    with hanging_up() as (port, counted):
        endpoint = replace(THERE, port=free_port(), jump="dmz")
        jump = Jump(id="dmz", host="127.0.0.1", port=port, account="root")
        road = behind(jump, endpoint, road_to(server, folder=tmp_path))
        made = audited(endpoint, road)
        road.close()
    assert [(one.target, one.port, one.outcome) for one in made] == [
        ("jump:dmz", port, outcome) for outcome in HUNG_UP
    ]
    assert len(made) == len(counted), "the machine behind it was never contacted"


def test_every_attempt_at_a_machine_behind_a_jump_host_is_logged(server: SshServer, tmp_path: Path) -> None:
    with hanging_up() as (port, counted):
        endpoint = replace(THERE, port=port, jump="dmz")
        jump = Jump(id="dmz", host=server.host, port=server.port, account=server.account)
        road = behind(jump, endpoint, road_to(server, folder=tmp_path))
        made = audited(endpoint, road)
        road.close()
    first, *others = made
    assert (first.target, first.outcome) == ("jump:dmz", "reached")
    assert [(one.port, one.via) for one in others] == [(port, "dmz")] * len(counted)
    assert len(counted) == ATTEMPTS


def test_a_refusal_is_logged_and_a_name_that_is_not_known_is_no_contact(
    server: SshServer, tmp_path: Path
) -> None:
    road = road_to(server, folder=tmp_path)
    refused = replace(endpoint_of(server), port=free_port())
    for endpoint, outcomes in ((refused, ["refused"]), (replace(refused, host="x.invalid"), [])):
        made: list[Contact] = []
        with pytest.raises(Unreached):
            collect(endpoint, "", road, 8, NONCE, contacts=made.append)
        assert [one.outcome for one in made] == outcomes


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running
