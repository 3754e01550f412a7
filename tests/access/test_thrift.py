"""What makes many connections cheap changes no outcome, and steps aside where paramiko changed."""

import subprocess
import sys
import time
from pathlib import Path

import paramiko
import pytest

from auditor.access import thrift
from auditor.access.handshake import connected, direct
from auditor.access.hostkeys import parse_key, read_known_hosts
from auditor.access.limits import Traffic
from auditor.access.net import Deadline
from tests.peers.sshd import sshd


def test_the_cheap_algorithms_are_what_a_modern_server_agrees_to(tmp_path: Path) -> None:
    traffic = Traffic()
    with sshd(tmp_path, extra="LogLevel DEBUG1") as server:
        opener = direct(server.host, server.port)
        with connected(opener, (), Deadline.after(10), traffic) as line:
            assert line.transport.local_cipher == "aes128-gcm@openssh.com"
        assert "kex: algorithm: curve25519-sha256@libssh.org" in server.log.read_text()


def test_a_server_without_them_is_still_reached(tmp_path: Path) -> None:
    extra = "KexAlgorithms ecdh-sha2-nistp256\nCiphers aes256-ctr\nMACs hmac-sha2-256"
    with sshd(tmp_path, extra=extra) as server:
        opener = direct(server.host, server.port)
        with connected(opener, (), Deadline.after(10), Traffic()) as line:
            assert line.transport.local_cipher == "aes256-ctr"


def test_codes_are_compared_in_c_or_paramiko_does_it_by_itself() -> None:
    thrift.quicken()
    compare = paramiko.util.constant_time_bytes_eq
    assert compare(b"same", b"same")
    assert not compare(b"same", b"sama")
    assert not compare(b"same", b"same longer")


def test_a_function_that_is_not_that_loop_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def newer(a: bytes, b: bytes) -> bool:
        return a == b

    monkeypatch.setattr(paramiko.util, "constant_time_bytes_eq", newer)
    assert thrift.quicken() is False
    assert paramiko.util.constant_time_bytes_eq is newer
    monkeypatch.delattr(paramiko.util, "constant_time_bytes_eq")
    assert thrift.quicken() is False


def test_paramiko_is_loaded_without_the_library_it_does_not_need_here() -> None:
    code = (
        "import sys; from auditor.access.sshlib import paramiko;"
        "print(paramiko.Transport.__name__, 'invoke' in sys.modules); import invoke"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (said.stdout.split(), said.stderr) == (["Transport", "False"], "")


def test_one_thread_watches_all_deadlines_and_ends_with_the_last() -> None:
    traffic = Traffic()
    cut: list[int] = []
    late = traffic.watch(Deadline.after(30), lambda: cut.append(3))
    traffic.watch(Deadline.after(0.2), lambda: cut.append(2))
    traffic.watch(Deadline.after(0.1), lambda: cut.append(1))
    released = traffic.watch(Deadline.after(0.05), lambda: cut.append(0))
    traffic.release(released)
    time.sleep(0.5)
    assert cut == [1, 2]
    traffic.cut_all()
    assert cut == [1, 2, 3]
    traffic.release(late)
    traffic.release(late)
    time.sleep(0.1)
    assert traffic._watcher is None


def test_usual_and_unusual_lines_of_known_hosts_give_the_same_keys(tmp_path: Path) -> None:
    key = "AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    (tmp_path / "usual").write_text(f"PC.example ssh-ed25519 {key}\n[10.0.0.1]:22 ssh-ed25519 {key}\n")
    (tmp_path / "unusual").write_text(f"PC.example,[10.0.0.1]:22 ssh-ed25519 {key} a comment\n")
    usual, unusual = (read_known_hosts(tmp_path / name) for name in ("usual", "unusual"))
    for place in (("pc.example", 22), ("10.0.0.1", 22), ("10.0.0.1", 2222), ("other", 22)):
        assert usual.pins(*place) == unusual.pins(*place)
    assert usual.pins("PC.EXAMPLE", 22) == (parse_key("ssh-ed25519", key),)
    assert dict(usual.plain) == dict(unusual.plain)
