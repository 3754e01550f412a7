"""OpenVPN against what is none: junk, floods, floods out of order, keys that are no keys."""

import itertools
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Gateway, NotKnown, Params, Probe, Reason, Secret, Unreached, Verdict
from checks.remote import _openvpn
from checks.remote._openvpnwire import (
    ACK,
    CONTROL,
    RESET_SERVER_V2,
    Packet,
    Plain,
    TlsAuth,
    TlsCrypt,
    Wrap,
    parsed,
    wants_key_again,
    wraps_of,
)
from checks.remote._wire import CLOSED, SILENT, WRONG_SERVICE, Ended
from checks.remote.certificate import ask_certificate
from checks.remote.openvpn import ask_openvpn
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.tls import ask_tls
from tests.remote.conftest import asked, drips, gateway_at, mute_udp, rude_server, says, stays_silent

REACH = Params({"p95_ms": 300})
KINDS = ("tls-auth", "tls-crypt", "tls-crypt-v2")
KEY = bytes(range(256))
FRAME = b"-----BEGIN OpenVPN %s-----\n%s\n-----END OpenVPN %s-----\n"
STATIC, CLIENT = b"Static key V1", b"tls-crypt-v2 client key"
SECRET = Secret(FRAME % (STATIC, KEY.hex().encode(), STATIC))
OURS, THEIRS = b"we-begin", b"they-do."


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("AGAIN_S", 0.1), ("GIVEN_UP_S", 0.3), ("RESTART_S", 0.1)):
        monkeypatch.setattr(f"checks.remote._openvpn.{name}", seconds)
    for module in ("openvpn", "reach", "tls", "_trust"):
        monkeypatch.setattr(f"checks.remote.{module}.WAIT_S", 0.6)


def openvpn_at(port: int, transport: str, **fields: object) -> Gateway:
    return gateway_at(port, protocol="openvpn", transport=transport, **fields)


RUDE: dict[str, Callable[[socket.socket], object]] = {
    "web": says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "ssh": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "shuts": says(b""),
    "mute": stays_silent,
    "drip": drips(b"\x00\x20\x40"),
    "noise": says(bytes(range(256)) * 64),
}


@pytest.mark.parametrize("ask", [ask_reach, ask_openvpn, ask_certificate, ask_tls])
@pytest.mark.parametrize("name", sorted(RUDE))
def test_what_is_no_openvpn_proves_nothing_and_is_left_in_time(name: str, ask: Probe) -> None:
    began = time.monotonic()
    with rude_server(RUDE[name]) as port:
        gateway = openvpn_at(port, "tcp")
        try:
            body = asked(ask, gateway).body
        except (NotKnown, Unreached):
            body = b""
    assert b"answered" not in body
    assert b"accepted" not in body
    assert time.monotonic() - began < 4


def test_an_open_udp_port_that_never_answers_is_no_answer() -> None:
    with mute_udp() as port:
        gateway = openvpn_at(port, "udp")
        judgement = answers_in_time(reach(asked(ask_reach, gateway)), REACH)
        with pytest.raises(Unreached):
            asked(ask_tls, gateway)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_ANSWER)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN OpenVPN Static key V1-----\n00\n", b"\xff" * 600])
@pytest.mark.parametrize("kind", KINDS)
def test_a_key_file_that_holds_none_is_unreadable_and_not_shown(
    tmp_path: Path, kind: str, content: bytes
) -> None:
    path = tmp_path / "x.key"
    path.write_bytes(content)
    path.chmod(0o600)
    gateway = openvpn_at(1, "udp", wrap=kind, key_file=path)
    with pytest.raises(NotKnown) as caught:
        asked(ask_reach, gateway)
    assert caught.value.reason is Reason.UNREADABLE


def both_ends(kind: str) -> tuple[Wrap, Wrap]:
    """A client's wrap and the server's of the same key, in which the directions are exchanged."""
    ours = wraps_of(kind, SECRET, 1)[0]
    match ours:
        case TlsAuth():
            return ours, replace(ours, out_key=ours.in_key, in_key=ours.out_key)
        case TlsCrypt():
            return ours, replace(ours, out_side=ours.in_side, in_side=ours.out_side)
        case _:
            return Plain(), Plain()


PACKETS = st.builds(
    Packet,
    opcode=st.sampled_from([CONTROL, RESET_SERVER_V2]),
    session=st.binary(min_size=8, max_size=8),
    acks=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=8).map(tuple),
    peer=st.binary(min_size=8, max_size=8),
    number=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=1200),
)


@pytest.mark.parametrize("kind", ["tls-auth", "tls-crypt"])
@given(packet=PACKETS)
def test_what_one_end_seals_the_other_opens(kind: str, packet: Packet) -> None:
    ours, theirs = both_ends(kind)
    assert theirs.open(ours.seal(packet)) == packet
    assert Plain().open(Plain().seal(packet)) == packet


@pytest.mark.parametrize("kind", ["tls-auth", "tls-crypt"])
@given(packet=PACKETS, at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_packet_changed_on_the_way_is_not_opened(kind: str, packet: Packet, at: int, bit: int) -> None:
    ours, theirs = both_ends(kind)
    sealed = bytearray(ours.seal(packet))
    sealed[at % len(sealed)] ^= 1 << bit
    assert theirs.open(bytes(sealed)) is None


@given(st.binary(max_size=300))
def test_junk_is_no_packet_and_breaks_nothing(data: bytes) -> None:
    for kind in ("tls-auth", "tls-crypt"):
        assert both_ends(kind)[0].open(data) is None
    packet = Plain().open(data)
    assert packet is None or parsed(packet.head, packet.body) == packet
    assert wants_key_again(data) in (True, False)


@given(st.binary(max_size=2000))
def test_whatever_a_key_file_holds_it_is_a_key_or_unreadable(content: bytes) -> None:
    framed = FRAME % (CLIENT, content, CLIENT)
    for kind, text in itertools.product(KINDS, (content, framed)):
        with pytest.raises(NotKnown):
            wraps_of(kind, Secret(text), None)


class Played:
    """A line on which the server has said all it will ever say; `sent` is what it got."""

    def __init__(self, packets: Iterator[bytes]) -> None:
        self.packets = packets
        self.sent: list[bytes] = []

    def put(self, packet: bytes) -> None:
        self.sent.append(packet)

    def take(self, wait_s: float) -> bytes | None:
        if (packet := next(self.packets, None)) is None:
            time.sleep(min(wait_s, 0.05))
        return packet


def channel_of(*packets: bytes, endless: Iterator[bytes] | None = None) -> tuple[_openvpn.Channel, Played]:
    line = Played(itertools.chain(packets, endless or ()))
    reply = Packet(RESET_SERVER_V2, THEIRS, (0,), OURS, 0)
    opened = _openvpn.Opened(line, Plain(), OURS, reply, 0.001)
    end = time.monotonic() + 2
    return _openvpn.Channel(opened, lambda: end - time.monotonic()), line


def control(number: int, payload: bytes, session: bytes = THEIRS) -> bytes:
    return Plain().seal(Packet(CONTROL, session, (1,), OURS, number, payload))


def test_pieces_are_put_in_order_and_each_is_taken_once() -> None:
    said = ((2, b"b"), (1, b"a"), (2, b"x"), (1, b"y"), (3, b"c"), (2, b"z"))
    channel, line = channel_of(*(control(number, payload) for number, payload in said))
    channel.send(b"hello")
    assert [channel.receive() for _ in range(3)] == [b"a", b"b", b"c"]
    first = Plain().open(line.sent[0])
    assert first is not None
    assert (first.acks, first.peer, first.number, first.payload) == ((0,), THEIRS, 1, b"hello")
    acknowledged = [packet for data in line.sent[1:] if (packet := Plain().open(data)) is not None]
    assert {packet.opcode for packet in acknowledged} == {ACK}
    assert {each for packet in acknowledged for each in packet.acks} == {0, 1, 2, 3}


def test_what_is_lost_is_sent_again_and_then_the_server_has_given_up() -> None:
    channel, line = channel_of()
    channel.send(b"hello")
    with pytest.raises(Ended) as caught:
        channel.receive()
    assert caught.value.outcome == CLOSED
    assert 3 <= len(line.sent) <= 20
    assert {packet.payload for data in line.sent if (packet := Plain().open(data))} == {b"hello"}


FLOODS: dict[str, Callable[[int], bytes]] = {
    "junk": lambda _: secrets.token_bytes(100),
    "another session": lambda at: control(at, b"x", b"stranger"),
    "far ahead": lambda at: control(1000 + at, b"x"),
    "the same again": lambda _: control(0, b"x"),
    "bare acknowledgements": lambda _: Plain().seal(Packet(ACK, THEIRS, (1,), OURS)),
}


@pytest.mark.parametrize("name", sorted(FLOODS))
def test_a_flood_ends_the_look(name: str) -> None:
    channel, line = channel_of(endless=map(FLOODS[name], itertools.count(2)))
    channel.send(b"hello")
    with pytest.raises(Ended) as caught:
        channel.receive()
    assert caught.value.outcome in (WRONG_SERVICE, SILENT)
    assert len(line.sent) <= _openvpn.MOST_PACKETS + 10


@given(st.lists(st.binary(max_size=120), max_size=30))
def test_whatever_a_server_says_the_channel_ends_or_gives_bytes(packets: list[bytes]) -> None:
    channel, _ = channel_of(*packets, endless=itertools.repeat(b"end"))
    channel.send(b"hello")
    taken = 0
    with suppress(Ended):
        while channel.receive() is not None:
            taken += 1
    assert taken <= len(packets)
