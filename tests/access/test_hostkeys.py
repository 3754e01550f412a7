"""Pinned host keys: what ssh-keygen writes is read, the unclear is refused, nothing is replaced."""

import base64
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.handshake import direct, fetch_key
from auditor.access.hostkeys import HostKey, HostKeys, Standing, add_pins, parse_key, read_known_hosts
from auditor.access.limits import Traffic
from auditor.errors import ConfigError, OutputError, Unreached
from auditor.findings import Reason
from tests.peers.process import free_port, need
from tests.peers.sshd import SshServer, make_key, sshd


def key(seed: int = 0, kind: str = "ssh-ed25519") -> HostKey:
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (kind.encode(), bytes([seed]) * 32))
    return HostKey(kind, blob)


def line(names: str, shown: HostKey) -> str:
    return f"{names} {shown.type} {shown.base64} comment with words\n"


@pytest.fixture
def known(tmp_path: Path) -> Path:
    return tmp_path / "known_hosts"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


def problems_of(known: Path) -> list[tuple[int | None, str]]:
    with pytest.raises(ConfigError) as caught:
        read_known_hosts(known)
    return [(problem.line, problem.key) for problem in caught.value.problems]


def test_names_ports_addresses_and_comments_are_read(known: Path) -> None:
    text = (
        "# pinned by the officer\n\n" + line("pc1.example.jp,192.0.2.1", key(1)) + line("[pc1]:2222", key(2))
    )
    known.write_text("\ufeff" + text.replace("\n", "\r\n"), "utf-8")
    table = read_known_hosts(known)
    assert table.standing("PC1.example.jp", 22, key(1)) is Standing.PINNED
    assert table.standing("192.0.2.1", 22, key(1)) is Standing.PINNED
    assert table.standing("pc1", 2222, key(2)) is Standing.PINNED
    assert table.standing("pc1", 22, key(2)) is Standing.UNKNOWN
    assert table.standing("pc1", 2222, key(1)) is Standing.CHANGED
    assert table.standing("elsewhere", 22, key(1)) is Standing.UNKNOWN


def test_a_missing_file_pins_nothing(known: Path) -> None:
    assert read_known_hosts(known) == HostKeys({})


def test_names_hashed_by_ssh_keygen_are_found(known: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "host")
    kind, encoded = (tmp_path / "host.pub").read_text().split()[:2]
    known.write_text(f"pc1.example.jp,192.0.2.1 {kind} {encoded}\n[pc2]:2222 {kind} {encoded}\n")
    subprocess.run([need("ssh-keygen"), "-H", "-f", str(known)], check=True, capture_output=True)
    assert "example" not in known.read_text()
    table = read_known_hosts(known)
    shown = parse_key(kind, encoded)
    for host, port in (("pc1.example.jp", 22), ("192.0.2.1", 22), ("pc2", 2222)):
        assert table.standing(host, port, shown) is Standing.PINNED
        assert table.standing(host, port, key(9)) is Standing.CHANGED
    assert table.standing("pc3", 22, shown) is Standing.UNKNOWN


def test_the_fingerprint_is_the_one_ssh_keygen_shows(tmp_path: Path) -> None:
    make_key(tmp_path / "host")
    listed = subprocess.run(
        [need("ssh-keygen"), "-l", "-f", str(tmp_path / "host.pub")],
        check=True,
        capture_output=True,
        text=True,
    )
    shown = parse_key(*(tmp_path / "host.pub").read_text().split()[:2])
    assert shown.fingerprint == listed.stdout.split()[1]


def test_a_revoked_key_is_never_pinned(known: Path) -> None:
    known.write_text(
        line("pc1", key(1)) + "@revoked " + line("*", key(1)) + "@revoked " + line("pc2", key(2))
    )
    table = read_known_hosts(known)
    assert table.standing("pc1", 22, key(1)) is Standing.REVOKED
    assert table.standing("pc2", 22, key(2)) is Standing.REVOKED
    assert table.standing("pc1", 22, key(2)) is Standing.CHANGED


def test_every_line_that_cannot_be_used_is_named_at_once(known: Path) -> None:
    good = key(1)
    other = base64.b64encode(key(1, "ssh-rsa").blob).decode()
    known.write_text(
        line("pc1", good)
        + "pc2 ssh-ed25519\n"
        + "pc3 ssh-ed25519 not*base64\n"
        + f"pc4 ssh-ed25519 {other}\n"
        + line("*.example.jp", good)
        + line("!pc5,pc6", good)
        + "@cert-authority "
        + line("pc7", good)
        + line("|1|zz|yy", good)
    )
    assert problems_of(known) == [
        (2, "known_hosts_line"),
        (3, "known_hosts_key"),
        (4, "known_hosts_key"),
        (5, "known_hosts_pattern"),
        (6, "known_hosts_pattern"),
        (7, "known_hosts_marker"),
        (8, "known_hosts_line"),
    ]


@given(st.binary(max_size=200))
def test_a_hostile_file_is_read_or_refused_but_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("known") / "known_hosts"
    path.write_bytes(content)
    try:
        table = read_known_hosts(path)
    except ConfigError:
        table = HostKeys({})
    assert table.standing("pc1", 22, key(1)) in (Standing.UNKNOWN, Standing.CHANGED)


def test_twenty_thousand_hosts_are_read_and_asked_in_no_time(known: Path) -> None:
    known.write_text("".join(line(f"pc{nth}.example.jp", key(nth % 256)) for nth in range(20_000)))
    began = time.process_time()
    table = read_known_hosts(known)
    assert time.process_time() - began < 1.5
    began = time.process_time()
    assert all(
        table.standing(f"pc{nth}.example.jp", 22, key(nth % 256)) is Standing.PINNED for nth in range(1000)
    )
    assert time.process_time() - began < 0.2


def test_pins_are_added_once_and_a_new_file_is_ours_alone(known: Path) -> None:
    new = known.with_name("new")
    add_pins(new, [("pc1", 22, key(1))])
    assert new.stat().st_mode & 0o777 == 0o600
    new.unlink()
    known.write_text("# mine\n" + line("pc1", key(1)).rstrip("\n"))
    known.chmod(0o644)
    assert add_pins(known, [("pc1", 22, key(1)), ("pc2", 2222, key(2)), ("pc2", 2222, key(2))]) == 1
    assert known.read_text().startswith("# mine\n")
    assert known.stat().st_mode & 0o777 == 0o644, "whom it was opened to can read it still"
    assert read_known_hosts(known).standing("pc2", 2222, key(2)) is Standing.PINNED
    assert add_pins(known, [("pc2", 2222, key(2))]) == 0
    assert [path.name for path in known.parent.iterdir()] == ["known_hosts"]


def test_a_changed_key_is_never_replaced(known: Path) -> None:
    known.write_text(line("pc1", key(1)))
    before = known.read_bytes()
    with pytest.raises(ConfigError) as caught:
        add_pins(known, [("pc2", 22, key(3)), ("pc1", 22, key(2))])
    assert [(each.field, each.key) for each in caught.value.problems] == [("pc1", "host_key_changed")]
    assert known.read_bytes() == before


def test_a_file_that_cannot_be_written_is_said_and_left_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        add_pins(tmp_path / "missing" / "known_hosts", [("pc1", 22, key(1))])
    assert list(tmp_path.iterdir()) == []


def test_the_key_of_a_real_server_is_fetched_and_then_pinned(server: SshServer, known: Path) -> None:
    shown = fetch_key(direct(server.host, server.port), 8, Traffic())
    assert f"{shown.type} {shown.base64}" == server.known_hosts.partition(" ")[2]
    add_pins(known, [(server.host, server.port, shown)])
    assert known.read_text() == server.known_hosts + "\n"


def test_fetching_a_key_from_a_closed_port_says_refused() -> None:
    with pytest.raises(Unreached) as caught:
        fetch_key(direct("127.0.0.1", free_port()), 5, Traffic())
    assert caught.value.reason is Reason.REFUSED
