"""What runs on a real sshd comes back whole, cut, flooded or hung: in time, and with nothing left open."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.access.ssh import SshRoad, collect
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.script import compose, split
from auditor.targets import Endpoint
from tests.access.conftest import NONCE, endpoint_of, made, road_to
from tests.peers.sshd import SshServer, sshd

FACTS = [made("who.am", linux="id -u"), made("raw.bytes", linux=r"printf '\377\376\000'")]
IDS = [each.id for each in FACTS]
SCRIPT = compose(FACTS, "linux", NONCE)
pytestmark = pytest.mark.usefixtures("nothing_left_open")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


def reason_of(endpoint: Endpoint, road: SshRoad, deadline_s: float = 8) -> tuple[Reason, str]:
    with pytest.raises(Unreached) as caught:
        collect(endpoint, SCRIPT, road, deadline_s)
    return caught.value.reason, caught.value.note


def test_reached_with_every_byte_intact(server: SshServer, tmp_path: Path) -> None:
    output = collect(endpoint_of(server), SCRIPT, road_to(server, folder=tmp_path), 10).output
    who, raw = split(output, NONCE, IDS)
    assert who.body == f"{os.getuid()}\n".encode()
    assert raw.body == b"\xff\xfe\x00"


@pytest.mark.parametrize("command", ["/bin/false", "echo no entry >&2; exit 1"])
def test_a_command_that_says_nothing_is_an_unusable_shell(command: str, tmp_path: Path) -> None:
    with sshd(tmp_path, extra=f"ForceCommand {command}") as server:
        reason, note = reason_of(endpoint_of(server), road_to(server, folder=tmp_path))
    assert reason is Reason.SHELL_UNUSABLE
    assert note


def test_a_shell_that_prints_something_else_is_unusable(tmp_path: Path) -> None:
    with sshd(tmp_path, extra="ForceCommand echo This account is currently not available.") as server:
        output = collect(endpoint_of(server), SCRIPT, road_to(server, folder=tmp_path), 10).output
    with pytest.raises(Unreached) as caught:
        split(output, NONCE, IDS)
    assert caught.value.reason is Reason.SHELL_UNUSABLE


@pytest.mark.parametrize(
    "flood",
    ["head -c 4000000 /dev/zero >&2; exec sh -s", "sh -s; head -c 4000000 /dev/zero >&2"],
    ids=["before", "after"],
)
def test_a_flooded_stderr_blocks_nothing(flood: str, tmp_path: Path) -> None:
    with sshd(tmp_path, extra=f"ForceCommand {flood}") as server:
        output = collect(endpoint_of(server), SCRIPT, road_to(server, folder=tmp_path), 15).output
    assert split(output, NONCE, IDS)[0].note == ""


def test_a_flooded_stdout_ends_at_the_limit(tmp_path: Path) -> None:
    with sshd(tmp_path, extra="ForceCommand exec cat /dev/zero") as server:
        output = collect(endpoint_of(server), SCRIPT, road_to(server, folder=tmp_path), 20).output
    assert len(output) == 8 * 1024 * 1024


def test_truncated_output_keeps_its_whole_answers(tmp_path: Path) -> None:
    with sshd(tmp_path, extra="ForceCommand sh -s | head -c 100") as server:
        output = collect(endpoint_of(server), SCRIPT, road_to(server, folder=tmp_path), 10).output
    who, raw = split(output, NONCE, IDS)
    assert who.body == f"{os.getuid()}\n".encode()
    assert (raw.status, raw.reason) == ("error", Reason.NO_ANSWER)


def test_a_hung_command_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    with sshd(tmp_path, extra="ForceCommand exec sleep 30") as server:
        began = time.monotonic()
        reason, _ = reason_of(endpoint_of(server), road_to(server, folder=tmp_path), deadline_s=2)
        assert time.monotonic() - began < 3
    assert reason is Reason.NO_ANSWER


def test_what_came_before_the_deadline_is_kept(tmp_path: Path) -> None:
    with sshd(tmp_path, extra="ForceCommand echo partial; exec sleep 30") as server:
        began = time.monotonic()
        assert (
            collect(endpoint_of(server), SCRIPT, road_to(server, folder=tmp_path), 5).output == b"partial\n"
        )
        assert time.monotonic() - began < 6


def test_a_process_left_behind_does_not_hold_the_collection(tmp_path: Path) -> None:
    with sshd(tmp_path, extra="ForceCommand sh -s; sleep 20 & exit 0") as server:
        began = time.monotonic()
        output = collect(endpoint_of(server), SCRIPT, road_to(server, folder=tmp_path), 15).output
        assert time.monotonic() - began < 10
    assert split(output, NONCE, IDS)[0].note == ""


def test_a_stopped_server_refuses_and_the_others_still_answer(tmp_path: Path) -> None:
    with sshd(tmp_path, name="one") as one, sshd(tmp_path, name="two", client_key=one.client_key) as two:
        road = road_to(one, two, folder=tmp_path)
        two.stop()
        assert reason_of(endpoint_of(two), road)[0] is Reason.REFUSED
        assert collect(endpoint_of(one), SCRIPT, road, 10).output
