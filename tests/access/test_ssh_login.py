"""Every way a login on a real server ends is told apart, in time, and leaves nothing open."""

import socket
import threading
import time
from collections.abc import Iterator
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
from tests.peers.process import free_port
from tests.peers.sshd import SshServer, make_key, pin_line, sshd

FACTS = [made("who.am", linux="id -u"), made("raw.bytes", linux=r"printf '\377\376\000'")]
IDS = [each.id for each in FACTS]
SCRIPT = compose(FACTS, "linux", NONCE)
pytestmark = pytest.mark.usefixtures("nothing_left_open")
NO_PINS = SshRoad(HostKeys({}), (), lambda _: None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


def reason_of(endpoint: Endpoint, road: SshRoad, deadline_s: float = 8) -> tuple[Reason, str]:
    with pytest.raises(Unreached) as caught:
        collect(endpoint, SCRIPT, road, deadline_s)
    return caught.value.reason, caught.value.note


def place(port: int, host: str = "127.0.0.1") -> Endpoint:
    return Endpoint(id="PC", serial="", name="PC", os="linux", host=host, port=port, account="root")


def test_an_unknown_key_is_told_before_anybody_logs_in(server: SshServer) -> None:
    reason, note = reason_of(endpoint_of(server), NO_PINS)
    assert reason is Reason.KEY_UNKNOWN
    assert "SHA256:" in note
    assert "Accepted" not in server.log.read_text()[-300:]


def test_a_changed_key_is_told(server: SshServer, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other")
    pins = pin_line(server.port, other.with_name("other.pub"))
    assert (
        reason_of(endpoint_of(server), road_to(server, folder=tmp_path, pins=pins))[0] is Reason.KEY_CHANGED
    )


def test_a_host_whose_pinned_kind_of_key_is_gone_has_changed(server: SshServer, tmp_path: Path) -> None:
    make_key(tmp_path / "other", "ecdsa")
    pins = pin_line(server.port, tmp_path / "other.pub")
    reason, note = reason_of(endpoint_of(server), road_to(server, folder=tmp_path, pins=pins))
    assert reason is Reason.KEY_CHANGED
    assert "ssh-ed25519" in note


def test_a_revoked_key_is_not_trusted(server: SshServer, tmp_path: Path) -> None:
    pins = f"{server.known_hosts}\n@revoked * {server.known_hosts.partition(' ')[2]}\n"
    reason, note = reason_of(endpoint_of(server), road_to(server, folder=tmp_path, pins=pins))
    assert reason is Reason.KEY_CHANGED
    assert note.startswith("revoked")


def test_a_host_with_several_keys_shows_the_pinned_one(tmp_path: Path) -> None:
    make_key(tmp_path / "rsa", "rsa")
    with sshd(tmp_path, extra=f"HostKey {tmp_path / 'rsa'}") as server:
        road = road_to(server, folder=tmp_path, pins=pin_line(server.port, tmp_path / "rsa.pub"))
        assert split(collect(endpoint_of(server), SCRIPT, road, 10).output, NONCE, IDS)[0].body


def test_a_key_the_host_does_not_take_is_not_authorised(server: SshServer, tmp_path: Path) -> None:
    road = road_to(server, folder=tmp_path)
    stranger = paramiko.Ed25519Key.from_private_key_file(str(make_key(tmp_path / "stranger")))
    refused = SshRoad(road.pins, (stranger,), lambda _: None)
    assert reason_of(endpoint_of(server), refused)[0] is Reason.NOT_AUTHORISED
    assert reason_of(endpoint_of(server), SshRoad(road.pins, (), lambda _: None))[0] is Reason.NOT_AUTHORISED
    second = SshRoad(road.pins, (stranger, *road.keys), lambda _: None)
    assert collect(endpoint_of(server), SCRIPT, second, 10).output


def test_a_demand_for_a_second_factor_is_not_authorised(tmp_path: Path) -> None:
    extra = "AuthenticationMethods publickey,password\nPasswordAuthentication yes"
    with sshd(tmp_path, extra=extra) as server:
        reason, note = reason_of(endpoint_of(server), road_to(server, folder=tmp_path))
    assert reason is Reason.NOT_AUTHORISED
    assert "further factor" in note


def test_no_account_means_nobody_is_contacted() -> None:
    nobody = Endpoint(id="PC", serial="", name="PC", os="linux", host="127.0.0.1", port=free_port())
    assert reason_of(nobody, NO_PINS)[0] is Reason.NOT_AUTHORISED


def test_a_closed_port_refuses() -> None:
    assert reason_of(place(free_port()), NO_PINS)[0] is Reason.REFUSED


def test_a_name_nobody_knows_is_not_found() -> None:
    assert reason_of(place(22, "no such host.invalid"), NO_PINS)[0] is Reason.NAME_NOT_FOUND


def test_a_silent_port_is_given_up_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        reason, note = reason_of(place(silent.getsockname()[1]), NO_PINS, deadline_s=1.5)
    assert reason is Reason.NO_ANSWER
    assert time.monotonic() - began < 2.5
    assert note


def test_a_dripping_banner_is_given_up_at_the_deadline() -> None:
    def drip(sock: socket.socket) -> None:
        while True:
            sock.sendall(b"hello\r\n")
            time.sleep(0.2)

    with rude_server(drip) as port:
        began = time.monotonic()
        assert reason_of(place(port), NO_PINS, deadline_s=1.5)[0] is Reason.NO_ANSWER
        assert time.monotonic() - began < 2.5


def test_a_server_that_hangs_up_is_tried_again_and_then_called_silent() -> None:
    seen: list[socket.socket] = []

    def hang_up(sock: socket.socket) -> None:
        seen.append(sock)
        sock.shutdown(socket.SHUT_RDWR)

    with rude_server(hang_up) as port:
        reason, note = reason_of(place(port), NO_PINS)
    assert (reason, len(seen)) == (Reason.NO_ANSWER, 3)
    assert "banner" in note


def test_a_web_server_is_no_ssh_answer() -> None:
    def refuse(sock: socket.socket) -> None:
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        sock.shutdown(socket.SHUT_RDWR)

    with rude_server(refuse) as port:
        assert reason_of(place(port), NO_PINS)[0] is Reason.NO_ANSWER


@pytest.mark.parametrize(
    "extra",
    ["KexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group1-sha1", "HostKeyAlgorithms ssh-rsa"],
)
def test_a_server_of_the_sha1_era_is_too_old(extra: str, tmp_path: Path) -> None:
    with sshd(tmp_path, extra=extra, kind="rsa") as server:
        reason, note = reason_of(endpoint_of(server), road_to(server, folder=tmp_path))
    assert reason is Reason.TOO_OLD
    assert "sha1" in note or "ssh-rsa" in note


def test_a_server_with_only_foreign_algorithms_is_not_called_old(tmp_path: Path) -> None:
    with sshd(tmp_path, extra="KexAlgorithms sntrup761x25519-sha512@openssh.com") as server:
        reason, _ = reason_of(endpoint_of(server), road_to(server, folder=tmp_path))
    assert reason is Reason.NOT_MEASURABLE


class PasswordServer(paramiko.ServerInterface):
    """Takes one password, and says which command was asked for."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.command = b""

    def check_auth_password(self, username: str, password: str) -> int:
        good = (username, password) == ("root", "ひみつ")
        return paramiko.common.AUTH_SUCCESSFUL if good else paramiko.common.AUTH_FAILED

    def get_allowed_auths(self, _username: str) -> str:
        return "password"

    def check_channel_request(self, _kind: str, _chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, _channel: paramiko.Channel, command: bytes) -> bool:
        self.command = command
        self.asked.set()
        return True


@pytest.mark.parametrize(
    ("system", "starts"), [("linux", b"sh -s"), ("windows", b"powershell.exe -NoProfile")]
)
def test_a_password_is_looked_up_only_when_needed(system: str, starts: bytes) -> None:
    server = PasswordServer()

    def serve(sock: socket.socket) -> None:
        transport = paramiko.Transport(sock)
        transport.name = "rude transport"
        transport.add_server_key(key)
        transport.start_server(server=server)
        channel = transport.accept(5)
        server.asked.wait(5)
        if channel is not None:
            channel.sendall(b"hello")
            channel.close()

    key = paramiko.ECDSAKey.generate()
    with rude_server(serve) as port:
        pinned = HostKeys({f"[127.0.0.1]:{port}": (_shown(key),)})
        endpoint = Endpoint(
            id="a", serial="", name="a", os=system, host="127.0.0.1", port=port, account="root"
        )
        assert reason_of(endpoint, SshRoad(pinned, (), lambda _: "wrong"))[0] is Reason.NOT_AUTHORISED
        assert collect(endpoint, SCRIPT, SshRoad(pinned, (), lambda _: "ひみつ"), 8).output == b"hello"
    assert server.command.startswith(starts)


def _shown(key: paramiko.PKey) -> HostKey:
    return HostKey(key.get_name(), key.asbytes())
