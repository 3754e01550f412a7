"""Machines behind a jump host share one connection to it, and its faults are told from theirs."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.access.jump import gates
from auditor.access.ssh import SshRoad, collect
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.script import compose, split
from auditor.targets import Endpoint
from auditor.zones import Jump
from tests.access.conftest import NONCE, endpoint_of, made, road_to
from tests.peers.process import free_port, wait_until
from tests.peers.sshd import SshServer, make_key, pin_line, sshd

FACTS = [made("who.am", linux="id -u"), made("raw.bytes", linux=r"printf '\377\376\000'")]
SCRIPT = compose(FACTS, "linux", NONCE)
pytestmark = pytest.mark.usefixtures("nothing_left_open")


@contextmanager
def through(
    jump: SshServer, *servers: SshServer, folder: Path, pins: str | None = None, port: int | None = None
) -> Iterator[tuple[SshRoad, list[Endpoint]]]:
    """A road by way of `jump`, and the servers as endpoints behind it; a `port` is one more of them."""
    road = road_to(jump, *servers, folder=folder, pins=pins)
    endpoints = [replace(endpoint_of(server), jump="dmz", road="ssh") for server in servers]
    if port is not None:
        endpoints.append(Endpoint(id="x", serial="", name="x", os="linux", road="ssh", host="127.0.0.1",
                                  port=port, account="root", jump="dmz"))  # fmt: skip
    here = Jump(id="dmz", host=jump.host, port=jump.port, account=jump.account)
    road = replace(road, gates=gates([here], endpoints, road, road.traffic))
    try:
        yield road, endpoints
    finally:
        road.close()


def reason_of(endpoint: Endpoint, road: SshRoad, deadline_s: float = 15) -> tuple[Reason, str]:
    with pytest.raises(Unreached) as caught:
        collect(endpoint, SCRIPT, road, deadline_s, NONCE)
    return caught.value.reason, caught.value.note


def logins(server: SshServer) -> int:
    return server.log.read_text().count("Accepted publickey")


def sessions_of(server: SshServer) -> list[int]:
    """The processes of the server that each serve one connection."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(server.pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in listed.stdout.split()]


def test_many_behind_one_jump_host_share_one_login_there(tmp_path: Path) -> None:
    with sshd(tmp_path, name="jump") as jump, sshd(tmp_path, name="pc", client_key=jump.client_key) as pc:
        with through(jump, pc, folder=tmp_path) as (road, (behind,)), ThreadPoolExecutor(6) as pool:
            heard = list(pool.map(lambda _: collect(behind, SCRIPT, road, 60, NONCE), range(6)))
        who, raw = split(heard[0].output, NONCE, ["who.am", "raw.bytes"])
        assert who.body == f"{os.getuid()}\n".encode()
        assert raw.body == b"\xff\xfe\x00"
        assert (len(heard), logins(pc), logins(jump)) == (6, 6, 1)
        (contact,) = road.gates["dmz"].contacts
        assert (contact.target, contact.port, contact.outcome) == ("jump:dmz", jump.port, "reached")
        assert "Starting session" not in jump.log.read_text(), "no command ever runs on the jump host"


def test_never_more_than_eight_at_a_time_go_through_it(tmp_path: Path) -> None:
    times = tmp_path / "times"
    extra = f"ForceCommand echo +1 >> {times}; sh -s; sleep 0.3; echo -1 >> {times}"
    with (
        sshd(tmp_path, name="jump") as jump,
        sshd(tmp_path, name="pc", client_key=jump.client_key, extra=extra) as pc,
        through(jump, pc, folder=tmp_path) as (road, (behind,)),
        ThreadPoolExecutor(24) as pool,
    ):
        heard = list(pool.map(lambda _: collect(behind, SCRIPT, road, 150), range(24)))
        wait_until(lambda: len(times.read_text().split()) == 48, "end of every session")
    assert all(NONCE.encode() in one.output for one in heard)
    running = most = 0
    for step in times.read_text().split():
        running += int(step)
        most = max(most, running)
    assert 1 < most <= 8


def test_what_is_not_declared_behind_it_is_never_contacted(tmp_path: Path) -> None:
    with sshd(tmp_path, name="jump") as jump, socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.2)
        with through(jump, folder=tmp_path) as (road, _):
            stranger = Endpoint(id="x", serial="", name="x", os="linux", host="127.0.0.1",
                                port=other.getsockname()[1], account="root", jump="dmz")  # fmt: skip
            assert reason_of(stranger, road)[0] is Reason.NOT_DECLARED
            assert reason_of(replace(stranger, jump="none"), road)[0] is Reason.NOT_DECLARED
        with pytest.raises(TimeoutError):
            other.accept()
        assert logins(jump) == 0


def test_a_refusal_behind_it_is_the_machines_own(tmp_path: Path) -> None:
    with (
        sshd(tmp_path, name="jump") as jump,
        through(jump, folder=tmp_path, port=free_port()) as (road, (behind,)),
    ):
        reason, note = reason_of(behind, road)
    assert reason is Reason.REFUSED, note
    assert "dmz" in note


def test_a_silent_machine_behind_it_is_given_up_at_its_own_deadline(tmp_path: Path) -> None:
    with (
        sshd(tmp_path, name="jump") as jump,
        socket.create_server(("127.0.0.1", 0)) as silent,
        through(jump, folder=tmp_path, port=silent.getsockname()[1]) as (road, (behind,)),
    ):
        began = time.monotonic()
        reason, _ = reason_of(behind, road, deadline_s=3)
        took_s = time.monotonic() - began
    assert reason is Reason.NO_ANSWER
    assert took_s < 4.5


def test_a_jump_host_that_refuses_is_named_and_not_asked_for_each_machine(tmp_path: Path) -> None:
    with (
        sshd(tmp_path, name="jump") as jump,
        sshd(tmp_path, name="pc", client_key=jump.client_key) as pc,
        through(jump, pc, folder=tmp_path) as (road, (behind,)),
    ):
        jump.stop()
        began = time.monotonic()
        outcomes = [reason_of(behind, road) for _ in range(20)]
        assert time.monotonic() - began < 5
    assert {reason for reason, _ in outcomes} == {Reason.JUMP_UNREACHED}
    assert all("dmz" in note and "refused" in note for _, note in outcomes)
    assert logins(pc) == 0
    assert {contact.outcome for contact in road.gates["dmz"].contacts} == {"refused"}


def test_a_jump_host_with_another_key_is_not_used_and_not_tried_again(tmp_path: Path) -> None:
    with sshd(tmp_path, name="jump") as jump, sshd(tmp_path, name="pc", client_key=jump.client_key) as pc:
        other = pin_line(jump.port, make_key(tmp_path / "other").with_name("other.pub"))
        before = jump.log.read_text().count("Connection from")
        with through(jump, pc, folder=tmp_path, pins=f"{other}\n{pc.known_hosts}\n") as (road, (behind,)):
            outcomes = [reason_of(behind, road) for _ in range(3)]
        assert jump.log.read_text().count("Connection from") == before + 1
        assert (logins(jump), logins(pc)) == (0, 0)
    assert {reason for reason, _ in outcomes} == {Reason.JUMP_UNREACHED}
    assert "key_changed" in outcomes[0][1]


def test_a_jump_host_that_forwards_nothing_is_told_from_a_refusal(tmp_path: Path) -> None:
    with (
        sshd(tmp_path, name="jump", extra="AllowTcpForwarding no") as jump,
        sshd(tmp_path, name="pc", client_key=jump.client_key) as pc,
        through(jump, pc, folder=tmp_path) as (road, (behind,)),
    ):
        reason, note = reason_of(behind, road)
    assert reason is Reason.JUMP_UNREACHED
    assert "does not forward" in note


def test_a_connection_that_died_is_opened_again(tmp_path: Path) -> None:
    with sshd(tmp_path, name="jump") as jump, sshd(tmp_path, name="pc", client_key=jump.client_key) as pc:
        with through(jump, pc, folder=tmp_path) as (road, (behind,)):
            assert collect(behind, SCRIPT, road, 30, NONCE).output
            for pid in sessions_of(jump):
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.3)
            assert collect(behind, SCRIPT, road, 30, NONCE).output
        assert (logins(jump), logins(pc)) == (2, 2)


def test_a_jump_host_that_dies_under_a_running_script_is_the_reason(tmp_path: Path) -> None:
    with (
        sshd(tmp_path, name="jump") as jump,
        sshd(tmp_path, name="pc", client_key=jump.client_key, extra="ForceCommand exec sleep 20") as pc,
        through(jump, pc, folder=tmp_path) as (road, (behind,)),
    ):

        def end_it() -> None:
            wait_until(lambda: "Starting session" in pc.log.read_text(), "start of the script")
            for pid in sessions_of(jump):
                os.kill(pid, signal.SIGKILL)

        ender = threading.Thread(target=end_it)
        ender.start()
        began = time.monotonic()
        reason, note = reason_of(behind, road, deadline_s=18)
        took_s = time.monotonic() - began
        ender.join()
    assert reason is Reason.JUMP_UNREACHED, note
    assert "dmz" in note
    assert took_s < 15
