"""Keyed VPN servers as OpenVPN's own client and nmap see them (docs/gateway-agreement.md)."""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.access.keys import Keys
from auditor.api import Gateway
from checks.remote import _openvpn, _suites
from checks.remote.certificate import ask_certificate, certificate
from checks.remote.openvpn import ask_openvpn, control_channel, inner_tls
from checks.remote.reach import ask_reach, reach
from tests.peers.certificates import Files, issue
from tests.peers.openvpn import Wrapping, client, openvpn, wrapping
from tests.peers.process import free_port, need, need_root
from tests.remote.conftest import HOST, Pki, asked, dial_to, gateway_at

KINDS = ("", "tls-auth", "tls-crypt", "tls-crypt-v2")


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.openvpn.WAIT_S", 0.6)
    monkeypatch.setattr("checks.remote.reach.WAIT_S", 0.6)
    monkeypatch.setattr("checks.remote._openvpn.RESTART_S", 0.1)


@dataclass(frozen=True, slots=True)
class Servers:
    """One server for many over UDP by kind of wrap, and what a client needs of each."""

    ports: dict[str, int]
    wraps: dict[str, Wrapping | None]
    files: Files

    def declared(self, kind: str, *, keyed: bool = True) -> Gateway:
        wrap = self.wraps[kind] if keyed else None
        keys = {"wrap": kind, "key_file": wrap.client_key} if wrap else {}
        return gateway_at(self.ports[kind], protocol="openvpn", transport="udp", **keys)


@pytest.fixture(scope="module")
def servers(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("keyed")
    files = issue(pki.folder, pki.ca)
    wraps = {kind: wrapping(folder / kind, kind, auth="SHA512") if kind else None for kind in KINDS}
    with ExitStack() as stack:
        ports = {
            kind: stack.enter_context(
                openvpn(folder, pki.ca_file, files, wrapped=wrap or False, many=True, name=f"server-{kind}")
            )
            for kind, wrap in wraps.items()
        }
        yield Servers(ports, wraps, files)


@pytest.mark.parametrize("kind", KINDS)
def test_openvpns_own_client_agrees_on_certificate_version_and_suite(
    servers: Servers, pki: Pki, tmp_path: Path, kind: str
) -> None:
    who = issue(pki.folder, pki.ca, names=("audit-client",), client=True)
    log = client(tmp_path, pki.ca_file, who, servers.ports[kind], servers.wraps[kind])
    told = re.search(r"Control Channel: TLSv(\S+), cipher \S+ (\w+),", log)
    verified = re.search(r"VERIFY OK: depth=0, CN=(\S+)", log)
    assert told
    assert verified
    gateway = servers.declared(kind)
    inner = inner_tls(asked(ask_openvpn, gateway))
    assert (inner.version, _suites.names()[inner.suite]) == (told[1], told[2])
    assert certificate(asked(ask_certificate, gateway)).common_name == verified[1]


def test_nmap_cannot_tell_a_keyed_server_from_a_filtered_port_and_neither_do_we_without_the_key(
    servers: Servers,
) -> None:
    """Closed is closed for both; where nmap has to say open|filtered, we answer by the key, or not at all."""
    need_root()
    dead = free_port(socket.SOCK_DGRAM)
    numbers = ",".join(map(str, (*servers.ports.values(), dead)))
    told = subprocess.run(
        [need("nmap"), "-sU", "-Pn", "-n", "-p", numbers, HOST], check=True, capture_output=True, timeout=60
    ).stdout.decode()
    states = {int(port): state for port, state in re.findall(r"(?m)^(\d+)/udp\s+(\S+)", told)}
    assert states == dict.fromkeys(servers.ports.values(), "open|filtered") | {dead: "closed"}
    for kind in KINDS:
        keyless = reach(asked(ask_reach, servers.declared(kind, keyed=False))).tries[-1].outcome
        assert keyless == ("silent" if kind else "answered")
        found = control_channel(asked(ask_openvpn, servers.declared(kind)))
        assert found.in_force is bool(kind)
    gone = gateway_at(dead, protocol="openvpn", transport="udp")
    assert reach(asked(ask_reach, gone)).tries[-1].outcome == "refused"


@pytest.mark.parametrize("kind", KINDS[1:])
def test_no_answer_of_a_keyed_server_holds_a_piece_of_the_key(servers: Servers, kind: str) -> None:
    gateway = servers.declared(kind)
    keys = Keys(gateway.keys)
    keys.secret("wrap")
    for probe in (ask_reach, ask_openvpn, ask_certificate):
        assert not keys.shown_in(asked(probe, gateway).body)
    assert not keys.shown_in(repr((gateway, _openvpn.wraps(gateway, dial_to(gateway, [])))).encode())
