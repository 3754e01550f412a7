"""Bad ports, each told apart, in networks of their own; nobody outlives a deadline or connects too often."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points

import pytest

from auditor.access.dial import Contact, DirectDial
from auditor.api import Gateway, NotKnown, Params, Probe, Reason, Unreached, Verdict
from auditor.declared import PROTOCOLS, UDP_ONLY
from checks.remote import _hello
from checks.remote.reach import answers_in_time, ask_reach, reach
from tests.peers.netns import LOST, PROHIBITED, THERE, Line, inside, line
from tests.remote.conftest import asked, dial_to, drips, gateway_at, mute_udp, rude_server, says, stays_silent

PARAMS = Params({"p95_ms": 300})
HERE = "127.0.0.1"
SSH_BANNER = b"SSH-2.0-OpenSSH_9.2\r\n"
GARBAGE = bytes(range(256)) * 8
BESIDE_S = 1.5
"""What a busy machine may take beside the deadline itself."""


@pytest.fixture(scope="module")
def network() -> Iterator[Line]:
    with line() as found:
        yield found


def told(gateway: Gateway) -> tuple[str, str, int]:
    """The outcome of the last try, what RA-02 makes of it, and how many contacts were made."""
    contacts: list[Contact] = []
    found = reach(asked(ask_reach, gateway, contacts=contacts))
    judgement = answers_in_time(found, PARAMS)
    said = judgement.reason.value if judgement.reason is not None else judgement.key
    return found.tries[-1].outcome, f"{judgement.verdict.value} {said}", len(contacts)


def in_network(network: Line, gateway: Callable[[], Gateway]) -> tuple[str, str, int]:
    seen: list[tuple[str, str, int]] = []
    inside(network.name, lambda: seen.append(told(gateway())), 30)
    return seen[0]


@pytest.mark.parametrize("protocol", ["tcp", "tls", "ssh", "rdp", "vnc"])
@pytest.mark.parametrize(
    ("host", "port", "outcome", "said"),
    [
        (THERE, 9, "refused", "fail refused"),
        (LOST, 443, "silent", "unknown no_answer"),
    ],
)
def test_refused_and_lost_are_told_apart(
    protocol: str,
    host: str,
    port: int,
    outcome: str,
    said: str,
    network: Line,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if host == LOST:
        monkeypatch.setattr("checks.remote.reach.WAIT_S", 0.8)
    gateway = gateway_at(port, host=host, protocol=protocol)
    assert in_network(network, lambda: gateway) == (outcome, said, 1)


@pytest.mark.parametrize("protocol", ["openvpn", "wireguard"])
@pytest.mark.parametrize(
    ("host", "port", "outcome", "said"),
    [
        (THERE, 9, "refused", "fail refused"),
        (LOST, 1194, "silent", "unknown no_answer"),
    ],
)
def test_over_udp_a_refusal_is_heard_and_a_loss_proves_nothing(
    protocol: str, host: str, port: int, outcome: str, said: str, network: Line
) -> None:
    gateway = gateway_at(port, host=host, protocol=protocol, transport="udp")
    assert in_network(network, lambda: gateway)[:2] == (outcome, said)


def knocked(dial: DirectDial, port: int, transport: str) -> None:
    if transport == "udp":
        dial.udp(PROHIBITED, port, b"?")
    else:
        with dial.tcp(PROHIBITED, port, wait_s=4.0):
            pass


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_router_that_limits_its_refusals_is_asked_again_after_a_rest(network: Line, transport: str) -> None:
    """The first two use up what a Linux router may say at once; without a rest it would not say it again."""
    reasons: list[Reason] = []

    def ask() -> None:
        for port in range(7000, 7003):
            gateway = gateway_at(port, host=PROHIBITED, transport=transport)
            dial = dial_to(gateway, [])
            with pytest.raises(Unreached) as caught:
                knocked(dial, port, transport)
            reasons.append(caught.value.reason)

    inside(network.name, ask, 40)
    assert reasons == [Reason.PROHIBITED] * 3


def test_a_port_that_is_prohibited_is_never_open_and_never_refused(network: Line) -> None:
    gateway = gateway_at(443, host=PROHIBITED, protocol="tcp")
    outcome, said, _ = in_network(network, lambda: gateway)
    assert (outcome, said.split()[0]) == ("prohibited", Verdict.UNKNOWN.value)


BAD = {
    "tarpit": (stays_silent, "silent", "unknown no_answer"),
    "dripping tarpit": (drips(b"\x16\x03\x03\x40\x00" + bytes(60)), "silent", "unknown no_answer"),
    "garbage speaker": (says(GARBAGE), "wrong_service", "unknown wrong_service"),
    "wrong service": (says(SSH_BANNER), "wrong_service", "unknown wrong_service"),
    "hangs up": (says(b""), "closed", "unknown no_answer"),
}


@pytest.mark.parametrize("kind", list(BAD))
def test_a_port_that_accepts_but_is_not_the_service_is_told_apart(
    network: Line, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.remote.reach.WAIT_S", 0.6)
    behave, outcome, said = BAD[kind]
    taken: list[socket.socket] = []
    seen: list[tuple[str, str, int]] = []

    def counted(sock: socket.socket) -> None:
        taken.append(sock)
        behave(sock)

    def ask() -> None:
        with rude_server(counted) as port:
            seen.append(told(gateway_at(port)))

    inside(network.name, ask, 20)
    assert seen == [(outcome, said, 1)]
    assert len(taken) == 1


def probes() -> list[Probe]:
    """Every probe of an entrance that is built in."""
    names = [each.value for each in entry_points(group="telework_auditor.checks")]
    modules = [import_module(name) for name in names if name.startswith("checks.remote.")]
    found = {
        value.id: value for module in modules for value in vars(module).values() if isinstance(value, Probe)
    }
    return [value for value in found.values() if value.kind == "gateway"]


def lasts_s(probe: Probe, gateway: Gateway, deadline_s: float) -> float:
    dial = dial_to(gateway, [], deadline_s)
    began = time.monotonic()
    with suppress(Unreached, NotKnown):
        probe.collect(gateway, dial)
    return time.monotonic() - began


def certificate_for_ever(sock: socket.socket) -> None:
    """A handshake that never ends, as fast as it is read."""
    sock.recv(4096)
    record = b"\x16\x03\x03\x10\x00" + bytes([_hello.CERTIFICATE, 0xFF, 0xFF, 0xFF]) + bytes(4092)
    while True:
        sock.sendall(record)


@pytest.mark.parametrize(
    "behave",
    [stays_silent, drips(b"\x16\x03\x03\x40\x00" + bytes(60)), drips(SSH_BANNER), certificate_for_ever],
    ids=["silent", "drips", "drips a banner", "floods"],
)
def test_no_probe_outlives_its_deadline(behave: Callable[[socket.socket], object]) -> None:
    deadline_s = 1.0
    with rude_server(behave) as port, mute_udp() as silent, ThreadPoolExecutor(24) as pool:
        running = {}
        for protocol in PROTOCOLS:
            transport = "udp" if protocol in UDP_ONLY else "tcp"
            gateway = gateway_at(
                silent if transport == "udp" else port,
                protocol=protocol,
                transport=transport,
                closed_ports=(port + 1,),
                ssh_account="audit" if protocol == "ssh" else "",
            )
            for probe in probes():
                running[probe.id, protocol] = pool.submit(lasts_s, probe, gateway, deadline_s)
        late = {key: each.result() for key, each in running.items()}
    assert {key: took_s for key, took_s in late.items() if took_s > deadline_s + BESIDE_S} == {}
    assert sum(took_s > 0.3 for took_s in late.values()) > 8  # many of them really did wait


def test_no_probe_connects_again_and_again_to_a_port_that_hangs_up() -> None:
    taken: list[int] = []

    def hangs_up(sock: socket.socket) -> None:
        taken.append(1)
        sock.recv(4096)
        sock.close()

    most = (0, "", "")
    with rude_server(hangs_up) as port:
        for protocol in PROTOCOLS:
            if protocol in UDP_ONLY:
                continue
            for probe in probes():
                del taken[:]
                lasts_s(probe, gateway_at(port, protocol=protocol), 5.0)
                most = max(most, (len(taken), probe.id, protocol))
    assert most[0] <= 11, most
