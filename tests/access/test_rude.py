"""Servers that misbehave: each outcome is told apart, none outlives its deadline, and nothing stays open."""

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from auditor.access.hostkeys import HostKey, HostKeys
from auditor.access.ssh import SshRoad, collect
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.script import compose, split
from auditor.targets import Endpoint
from tests.access.conftest import NONCE, endpoint_of, made, road_to, rude_server
from tests.peers.sshd import SshServer, sshd

FACTS = [made("who.am", linux="id -u")]
SCRIPT = compose(FACTS, "linux", NONCE)
KEY = paramiko.ECDSAKey.generate()
pytestmark = pytest.mark.usefixtures("nothing_left_open")


def failed(endpoint: Endpoint, road: SshRoad, deadline_s: float) -> Unreached:
    """How it ended; it must not outlive its deadline."""
    began = time.monotonic()
    with pytest.raises(Unreached) as caught:
        collect(endpoint, SCRIPT, road, deadline_s, NONCE)
    assert time.monotonic() - began < deadline_s + 1.5
    return caught.value


def at(port: int) -> Endpoint:
    return Endpoint(id="PC", serial="", name="PC", os="linux", host="127.0.0.1", port=port, account="root")


def pinned(port: int, password: str = "x") -> SshRoad:
    shown = HostKey(KEY.get_name(), KEY.asbytes())
    return SshRoad(HostKeys({f"[127.0.0.1]:{port}": (shown,)}), (), lambda _: password)


class Host(paramiko.ServerInterface):
    """Lets everybody in; `on_exec` is done with the channel, in a thread of its own."""

    def __init__(self, on_exec: Callable[[paramiko.Channel], object], auth_s: float = 0) -> None:
        self._on_exec = on_exec
        self._auth_s = auth_s

    def check_auth_password(self, _username: str, _password: str) -> int:
        time.sleep(self._auth_s)
        return paramiko.common.AUTH_SUCCESSFUL

    def get_allowed_auths(self, _username: str) -> str:
        return "password"

    def check_channel_request(self, _kind: str, _chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, _command: bytes) -> bool:
        threading.Thread(target=self._on_exec, args=(channel,), daemon=True, name="rude exec").start()
        return True


def serving(host: Host) -> Callable[[socket.socket], None]:
    def serve(sock: socket.socket) -> None:
        transport = paramiko.Transport(sock)
        transport.name = "rude transport"
        transport.add_server_key(KEY)
        transport.start_server(server=host)
        while transport.is_active():
            time.sleep(0.05)
        transport.close()

    return serve


def test_a_server_without_a_banner_is_silent() -> None:
    with rude_server(lambda _: time.sleep(9)) as port:
        error = failed(at(port), pinned(port), 2)
    assert error.reason is Reason.NO_ANSWER


def test_a_server_that_sends_a_byte_at_a_time_is_silent() -> None:
    def drip(sock: socket.socket) -> None:
        for byte in b"SSH-2.0-OpenSSH_9.2\r\n" * 100:
            sock.sendall(bytes([byte]))
            time.sleep(0.5)

    with rude_server(drip) as port:
        assert failed(at(port), pinned(port), 2).reason is Reason.NO_ANSWER


def test_a_server_that_stalls_at_the_login_is_silent_there() -> None:
    with rude_server(serving(Host(lambda _: None, auth_s=6))) as port:
        error = failed(at(port), pinned(port), 2)
    assert error.reason is Reason.NO_ANSWER
    assert "login" in error.note


def test_a_connection_closed_in_the_middle_of_the_command_is_no_answer() -> None:
    def hang_up(channel: paramiko.Channel) -> None:
        channel.sendall(b"hello")
        time.sleep(0.3)
        channel.get_transport().close()

    with rude_server(serving(Host(hang_up))) as port:
        assert failed(at(port), pinned(port), 8).reason is Reason.NO_ANSWER


def test_whole_answers_before_a_broken_line_are_kept() -> None:
    def answer(channel: paramiko.Channel) -> None:
        channel.sendall(f"\n{NONCE} ask who.am\n0\n{NONCE} got who.am 0\n\n{NONCE} ask x\n".encode())
        time.sleep(0.3)
        channel.get_transport().close()

    with rude_server(serving(Host(answer))) as port:
        heard = collect(at(port), SCRIPT, pinned(port), 8, NONCE)
    (who,) = split(heard.output, NONCE, ["who.am"])
    assert who.body == b"0"
    assert "incomplete" in who.note


def test_a_channel_closed_without_a_status_is_no_usable_shell() -> None:
    with rude_server(serving(Host(lambda channel: channel.close()))) as port:
        error = failed(at(port), pinned(port), 8)
    assert error.reason is Reason.SHELL_UNUSABLE
    assert "exit status None" in error.note or "Channel closed" in error.note


@pytest.mark.parametrize(
    ("flood", "reason"),
    [
        ("head -c 200000000 /dev/zero", Reason.SHELL_UNUSABLE),
        ("head -c 200000000 /dev/zero >&2", Reason.SHELL_UNUSABLE),
    ],
    ids=["stdout", "stderr"],
)
def test_200_megabytes_are_not_read_to_their_end(flood: str, reason: Reason, tmp_path: Path) -> None:
    with sshd(tmp_path, extra=f"ForceCommand {flood}") as server:
        error = failed(endpoint_of(server), road_to(server, folder=tmp_path), 25)
    assert error.reason is reason
    assert "flood" in error.note


def test_a_flood_after_the_answer_costs_nothing(tmp_path: Path) -> None:
    with sshd(tmp_path, extra="ForceCommand sh -s; head -c 200000000 /dev/zero >&2") as server:
        heard = collect(endpoint_of(server), SCRIPT, road_to(server, folder=tmp_path), 25, NONCE)
    assert split(heard.output, NONCE, ["who.am"])[0].note == ""


def test_a_server_that_drops_newcomers_is_tried_again_and_the_drops_are_counted(tmp_path: Path) -> None:
    with sshd(tmp_path, startups="2:100:2", listen="0.0.0.0") as server:
        hosts = [f"127.0.3.{number}" for number in range(1, 25)]
        key = server.known_hosts.partition(" ")[2]
        pins = "".join(f"[{host}]:{server.port} {key}\n" for host in hosts)
        road = road_to(server, folder=tmp_path, pins=pins)

        def one(host: str) -> Reason | None:
            try:
                collect(replace(endpoint_of(server), host=host), SCRIPT, road, 25, NONCE)
            except Unreached as error:
                return error.reason
            return None

        with ThreadPoolExecutor(24) as pool:
            outcomes = list(pool.map(one, hosts))
    assert set(outcomes) <= {None, Reason.NO_ANSWER}
    assert outcomes.count(None) > 2, "some got in at another attempt"
    assert road.traffic.hang_ups > 0


def test_one_server_sees_at_most_eight_at_a_time(tmp_path: Path) -> None:
    times = tmp_path / "times"
    extra = f"ForceCommand echo +1 >> {times}; sh -s; sleep 0.3; echo -1 >> {times}"
    with sshd(tmp_path, extra=extra) as server, ThreadPoolExecutor(20) as pool:
        road = road_to(server, folder=tmp_path)
        list(pool.map(lambda _: collect(endpoint_of(server), SCRIPT, road, 60), range(20)))
    running = most = 0
    for step in times.read_text().split():
        running += int(step)
        most = max(most, running)
    assert 1 < most <= 8


def test_fifty_rude_servers_leave_no_thread_and_no_socket(tmp_path: Path) -> None:
    with sshd(tmp_path) as good, rude_server(lambda _: time.sleep(9)) as silent:
        road = road_to(good, folder=tmp_path)

        def one(number: int) -> bool:
            try:
                return bool(collect(_one_of(number, good, silent), SCRIPT, road, 3, NONCE).output)
            except Unreached:
                return False

        with ThreadPoolExecutor(25) as pool:
            outcomes = list(pool.map(one, range(50)))
    assert outcomes.count(True) >= 1


def _one_of(number: int, good: SshServer, silent: int) -> Endpoint:
    return at(silent) if number % 3 else endpoint_of(good)
