"""WireGuard by a real server: only a whole handshake passes, and silence never means that it is down."""

import base64
import re
import secrets
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.keys import Keys
from auditor.api import (
    Answer,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Params,
    Probe,
    Reason,
    Status,
    Unknown,
    Verdict,
)
from checks.remote import _noise
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.wireguard import ask_wireguard, holds_the_declared_key, wireguard
from tests.peers.netns import inside
from tests.peers.process import free_port, need
from tests.peers.wireguard import PORT, Pair, Server, pair, secret
from tests.peers.wireguard import wireguard as server_of
from tests.remote.conftest import HOST, asked, gateway_at, mute_udp

REACH = Params({"p95_ms": 300})


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback loses nothing, so silence need not be waited for as long as on the internet."""
    monkeypatch.setattr("checks.remote.wireguard.WAIT_S", 0.6)
    monkeypatch.setattr("checks.remote.reach.WAIT_S", 0.6)


@dataclass(frozen=True, slots=True)
class World:
    """Two servers, one of which has a pre-shared key for the audit's peer, and everybody's keys."""

    folder: Path
    own: Pair
    audit: Pair
    psk: Path
    plain: Server
    shared: Server

    def declared(self, **fields: object) -> Gateway:
        given = {"server_public_key": self.own.public, "audit_key_file": self.audit.file, **fields}
        return gateway_at(PORT, protocol="wireguard", transport="udp", **given)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("wireguard")
    own, audit = pair(folder, "server.key"), pair(folder, "audit.key")
    psk = secret(folder, "audit.psk", secrets.token_bytes(32))
    with server_of(folder, own, audit.public) as plain, server_of(folder, own, audit.public, psk) as shared:
        yield World(folder, own, audit, psk, plain, shared)


def _append(answers: list[Answer], probe: Probe, gateway: Gateway) -> None:
    answers.append(asked(probe, gateway))


def found_in(server: Server, gateway: Gateway) -> tuple[Judgement, Judgement]:
    """RA-02 and GW-35 of an entrance looked at from within the server's namespace."""
    answers: list[Answer] = []
    for probe in (ask_reach, ask_wireguard):
        inside(server.namespace, partial(_append, answers, probe, gateway))
    return (
        answers_in_time(reach(answers[0]), REACH),
        holds_the_declared_key(gateway, wireguard(answers[1])),
    )


def test_a_whole_handshake_passes(world: World) -> None:
    reached, held = found_in(world.plain, world.declared())
    assert (reached.key, held.key) == ("ok", "ok")
    reached, held = found_in(world.shared, world.declared(psk_file=world.psk))
    assert (reached.key, held.key) == ("ok", "ok")


def test_no_answer_holds_a_piece_of_a_key(world: World) -> None:
    gateway = world.declared(psk_file=world.psk)
    keys, answers = Keys(gateway.keys), []
    for name in gateway.keys:
        keys.secret(name)
    inside(world.shared.namespace, lambda: answers.append(asked(ask_wireguard, gateway)))
    assert not keys.shown_in(answers[0].body)
    started = _noise.initiation(base64.b64decode(world.audit.file.read_bytes()), PUBLIC, b"abcd")
    assert not keys.shown_in(repr((gateway, started)).encode())


def test_another_pre_shared_key_is_told_and_proves_life_all_the_same(world: World) -> None:
    other = secret(world.folder, "other.psk", secrets.token_bytes(32))
    reached, held = found_in(world.shared, world.declared(psk_file=other))
    assert (reached.key, held.verdict, held.key) == ("ok", Verdict.FAIL, "psk")
    reached, held = found_in(world.shared, world.declared())
    assert (reached.key, held.verdict, held.reason) == ("ok", Verdict.UNKNOWN, Reason.NOT_DECLARED)


def test_a_key_nobody_registered_a_wrong_server_key_and_no_key_are_silence_and_never_a_failure(
    world: World,
) -> None:
    stranger, elsewhere = pair(world.folder, "stranger.key"), pair(world.folder, "elsewhere.key")
    for gateway, reason in (
        (world.declared(audit_key_file=stranger.file), Reason.NO_ANSWER),
        (world.declared(server_public_key=elsewhere.public), Reason.NO_ANSWER),
        (world.declared(audit_key_file=None), Reason.NOT_DECLARED),
        (world.declared(audit_key_file=None, server_public_key=""), Reason.NOT_DECLARED),
    ):
        reached, held = found_in(world.plain, gateway)
        assert (reached.verdict, reached.reason) == (Verdict.UNKNOWN, Reason.NO_ANSWER)
        assert (held.verdict, held.reason) == (Verdict.UNKNOWN, reason)


def test_nmap_sees_no_more_than_we_do_without_a_key(world: World) -> None:
    """docs/gateway-agreement.md: a living server is open|filtered to nmap, a dead port closed."""
    command = [need("ip"), "netns", "exec", world.plain.namespace, need("nmap"), "-sU", "-Pn", "-n", "-p"]
    told = subprocess.run(
        [*command, f"{PORT},{PORT + 1}", HOST], check=True, capture_output=True, timeout=60
    ).stdout.decode()
    states = {int(port): state for port, state in re.findall(r"(?m)^(\d+)/udp\s+(\S+)", told)}
    assert states == {PORT: "open|filtered", PORT + 1: "closed"}


def test_a_dead_port_refuses_with_and_without_a_key(world: World) -> None:
    for key_file in (world.audit.file, None):
        gateway = replace(world.declared(audit_key_file=key_file), port=free_port(socket.SOCK_DGRAM))
        assert answers_in_time(reach(asked(ask_reach, gateway)), REACH).key == "refused"
        held = holds_the_declared_key(gateway, wireguard(asked(ask_wireguard, gateway)))
        assert (held.verdict, held.reason) == (Verdict.UNKNOWN, Reason.REFUSED)


def test_a_mute_port_is_silence(world: World) -> None:
    with mute_udp() as port:
        gateway = replace(world.declared(), port=port)
        assert wireguard(asked(ask_wireguard, gateway)).outcome == "silent"


def test_looks_in_quick_succession_are_all_answered(world: World) -> None:
    """A server drops what comes too fast, and what is older than the newest: neither may read as silence."""
    outcomes: list[str] = []
    gateway = world.declared()
    inside(
        world.plain.namespace,
        lambda: outcomes.extend(wireguard(asked(ask_wireguard, gateway)).outcome for _ in range(5)),
    )
    assert outcomes == ["ok"] * 5


def flood(server: bytes) -> None:
    """So many first messages that only look right that the server asks for cookies for a second."""
    fake = _noise.initiation(secrets.token_bytes(32), server, b"fake").message
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((HOST, PORT))
        for _ in range(3000):
            sock.send(fake)


def test_a_server_under_load_is_answered_with_its_cookie(world: World) -> None:
    server, static = base64.b64decode(world.own.public), base64.b64decode(world.audit.file.read_bytes())
    outcomes: list[object] = []

    def asked_under_load() -> bool | None:
        """Whether the message with the cookie completes the handshake; None = it was not asked for one."""
        flood(server)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((HOST, PORT))
            sock.settimeout(0.15)
            for _ in range(12):  # its queue is full at first
                started = _noise.initiation(static, server, secrets.token_bytes(4))
                sock.send(started.message)
                with suppress(TimeoutError):
                    cookie = started.cookie_in(sock.recv(2048))
                    if cookie is None:
                        return None
                    sock.send(started.with_cookie(cookie))
                    return started.proves(sock.recv(2048))
        return None

    def act() -> None:
        outcomes.append(next((done for _ in range(5) if (done := asked_under_load()) is not None), None))
        outcomes.append(wireguard(asked(ask_wireguard, world.declared())).outcome)

    inside(world.plain.namespace, act)
    assert outcomes == [True, "ok"]


@contextmanager
def responder(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """A UDP port that answers every datagram with what `answer` makes of it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))

        def serve() -> None:
            while True:
                data, client = sock.recvfrom(2048)
                if data == b"end":
                    return
                sock.sendto(answer(data), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(sock.getsockname()[1])
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"end", sock.getsockname())
            thread.join(5)


RUDE: dict[str, Callable[[bytes], bytes]] = {
    "echo": lambda data: data,
    "noise": lambda _: secrets.token_bytes(92),
    "response of nobody": lambda data: b"\x02\0\0\0" + bytes(4) + data[4:8] + secrets.token_bytes(80),
    "point of small order": lambda data: b"\x02\0\0\0" + bytes(4) + data[4:8] + bytes(80),
    "cookie of nobody": lambda data: b"\x03\0\0\0" + data[4:8] + secrets.token_bytes(56),
    "empty": lambda _: b"",
    "long": lambda _: bytes(2000),
}


@pytest.mark.parametrize("name", sorted(RUDE))
def test_what_is_no_wireguard_is_a_wrong_service(world: World, name: str) -> None:
    with responder(RUDE[name]) as port:
        gateway = replace(world.declared(), port=port)
        held = holds_the_declared_key(gateway, wireguard(asked(ask_wireguard, gateway)))
        reached = answers_in_time(reach(asked(ask_reach, gateway)), REACH)
    assert (held.verdict, held.reason) == (Verdict.UNKNOWN, Reason.WRONG_SERVICE)
    assert (reached.verdict, reached.reason) == (Verdict.UNKNOWN, Reason.WRONG_SERVICE)


@pytest.mark.parametrize("content", [b"", b"short", b"A" * 44, b"\xff" * 32])
def test_a_file_that_holds_no_key_is_unreadable(world: World, content: bytes) -> None:
    path = world.folder / "bad.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(NotKnown) as caught:
        asked(ask_wireguard, world.declared(audit_key_file=path))
    assert caught.value.reason is Reason.UNREADABLE


def test_other_protocols_are_not_asked() -> None:
    gateway = gateway_at(443)
    with pytest.raises(NotKnown):
        asked(ask_wireguard, gateway)
    assert holds_the_declared_key(gateway, Unknown(Reason.NOT_MEASURABLE)).verdict is Verdict.NOT_APPLICABLE


@given(st.binary(max_size=200))
def test_no_reply_is_taken_for_an_answer_or_breaks_the_reader(data: bytes) -> None:
    started = _noise.initiation(bytes(range(32)), PUBLIC, b"abcd")
    whole = (b"\x02\0\0\0" + bytes(4) + b"abcd" + data).ljust(92, b"\1")[:92]
    cookie = b"\x03\0\0\0abcd" + data.ljust(56, b"\1")[:56]
    for reply in (data, b"\x02\0\0\0" + data, cookie, whole):
        assert not started.answers(reply)
        assert started.cookie_in(reply) is None
        if len(reply) == _noise.RESPONSE_BYTES:
            assert not started.proves(reply)


PUBLIC = base64.b64decode("xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=")


def test_the_subkey_of_xchacha_is_that_of_the_specification() -> None:
    """The vector of draft-irtf-cfrg-xchacha, section 2.2.1."""
    key = bytes(range(32))
    nonce = bytes.fromhex("000000090000004a0000000031415927")
    wanted = "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    assert _noise._hchacha(key, nonce).hex() == wanted


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"outcome":"up","keyed":true,"psk":true}'])
def test_a_garbled_answer_is_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        wireguard(Answer("gateway.wireguard", Status.OK, body))
