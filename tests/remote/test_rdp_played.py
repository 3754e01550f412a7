"""RDP entrances that no package gives us, played; rude ones; and the parsers on whatever bytes."""

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import (
    Answer,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Status,
    Unknown,
    Verdict,
)
from checks.remote import _rdpclassic, _rdpwire, rdp
from checks.remote._credssp import CHALLENGE_HEAD, SIGNATURE, NoChallenge, challenge_in
from checks.remote._read import compact
from checks.remote.rdp import ask_rdp, nla_required, no_old_security, rdp_offer
from checks.remote.reach import answers_in_time, ask_reach, reach
from tests.peers.process import free_port
from tests.remote.conftest import asked, drips, gateway_at, rude_server, says, stays_silent

REACH = Params({"p95_ms": 2000})
CLOSES = b""
PLAIN = _rdpwire.packed(b"\x06\xd0\0\0\0\0\0")
NOT_A_WISH = 11
"""Bytes of a request that names none."""


def chosen(protocol: int) -> bytes:
    return _rdpwire.packed(b"\x0e\xd0\0\0\0\0\0\2\0\x08\0" + protocol.to_bytes(4, "little"))


def refused(code: int) -> bytes:
    return _rdpwire.packed(b"\x0e\xd0\0\0\0\0\0\3\0\x08\0" + code.to_bytes(4, "little"))


def entrance(port: int) -> Gateway:
    return gateway_at(port, protocol="rdp")


def verdicts(offer: rdp.RdpOffer) -> tuple[Judgement, Judgement]:
    gateway = entrance(3389)
    return nla_required(gateway, offer), no_old_security(gateway, offer)


def plays(
    *packets: bytes, heard: list[bytes] | None = None, then: bytes = b""
) -> Callable[[socket.socket], None]:
    """A server that answers the five wishes with these packets, says `then` to what follows, and closes."""
    answers = dict(zip((None, 0, 1, 3, 11), packets, strict=True))

    def behave(sock: socket.socket) -> None:
        request = sock.recv(4096)
        if heard is not None:
            heard.append(request)
        wish = None if len(request) == NOT_A_WISH else int.from_bytes(request[15:19], "little")
        sock.sendall(answers[wish])
        if then and answers[wish] == PLAIN:
            sock.recv(4096)
            sock.sendall(then)
        sock.close()

    return behave


def played(*packets: bytes, then: bytes = b"") -> tuple[str, ...]:
    """The keys (or reasons) of GW-41 and GW-42 for a server that answers so."""
    with rude_server(plays(*packets, then=then)) as port:
        offer = rdp_offer(asked(ask_rdp, entrance(port)))
    return tuple(each.key or str(each.reason) for each in verdicts(offer))


UNCLEAR = "not_measurable"


def test_nla_beside_tls_alone_is_optional() -> None:
    assert played(refused(1), refused(1), chosen(1), chosen(2), chosen(2)) == ("optional", "ok")


def test_nla_beside_the_old_security_is_optional() -> None:
    assert played(refused(5), chosen(0), refused(5), chosen(2), chosen(2)) == ("optional", "also")


def test_a_server_that_shuts_out_clients_without_a_wish_still_requires_nla() -> None:
    assert played(CLOSES, refused(5), refused(5), chosen(2), chosen(8)) == ("early", "ok")


def test_a_close_in_place_of_a_refusal_proves_nothing() -> None:
    assert played(refused(5), CLOSES, refused(5), chosen(2), chosen(2)) == (UNCLEAR, UNCLEAR)
    assert played(refused(5), refused(5), CLOSES, chosen(2), chosen(2)) == (UNCLEAR, "ok")


def test_a_refusal_for_another_cause_than_nla_proves_nothing() -> None:
    assert played(refused(5), refused(5), refused(6), chosen(2), chosen(2)) == (UNCLEAR, "ok")
    assert played(refused(4), refused(4), refused(4), refused(4), refused(4)) == (UNCLEAR, UNCLEAR)


def test_nla_that_early_authorisation_turns_into_plain_tls_is_not_required() -> None:
    assert played(refused(5), refused(5), refused(5), chosen(2), chosen(1))[0] != "ok"


def test_the_end_of_the_session_at_the_first_step_refuses_the_old_security() -> None:
    ends = _rdpwire.packed(b"\x02\xf0\x80\x21\x80")
    assert played(PLAIN, refused(5), refused(5), chosen(2), chosen(2), then=ends) == ("ok", "ok")


def test_a_first_step_that_is_not_answered_in_words_of_rdp_is_unclear() -> None:
    noise = _rdpwire.packed(b"\x02\xf0\x80\xff\xff\xff")
    assert played(PLAIN, refused(5), refused(5), chosen(2), chosen(2), then=noise) == (UNCLEAR, UNCLEAR)


def test_a_choice_that_was_not_offered_is_not_rdp() -> None:
    with rude_server(plays(chosen(2), refused(5), refused(5), chosen(2), chosen(2))) as port:
        offer = rdp_offer(asked(ask_rdp, entrance(port)))
    assert offer.replies["none"].kind == "wrong_service"
    assert [each.verdict for each in verdicts(offer)] == [Verdict.UNKNOWN, Verdict.UNKNOWN]


def test_no_wish_ever_names_the_bit_that_makes_servers_hang_up() -> None:
    heard: list[bytes] = []
    with rude_server(plays(PLAIN, *[refused(5)] * 4, heard=heard)) as port:
        asked(ask_rdp, entrance(port))
    assert [int.from_bytes(request[15:19], "little") for request in heard[1:]] == [0, 1, 3, 11]
    assert len(heard[0]) == NOT_A_WISH


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.rdp.WAIT_S", 0.3)
    monkeypatch.setattr("checks.remote.reach.WAIT_S", 0.3)


@pytest.mark.usefixtures("short_wait")
@pytest.mark.parametrize(
    "behave",
    [
        stays_silent,
        says(b""),
        says(b"SSH-2.0-OpenSSH_9.2\r\n"),
        says(b"\x16\x03\x03\x00\x02\x02\x28"),
        says(b"\x03\x00\xff\xff" + bytes(64)),
        says(b"\x03\x00\x00\x04"),
        says(_rdpwire.packed(b"\x06\xd0\0\1\0\0\0")),
        drips(b"\x03\x00\x40\x00"),
        says(bytes(range(256)) * 512),
    ],
    ids=["silent", "closes", "ssh", "alert", "long", "short", "other-reference", "drips", "floods"],
)
def test_what_is_not_rdp_is_unknown_in_bounded_time(behave: Callable[[socket.socket], object]) -> None:
    began = time.monotonic()
    with rude_server(behave) as port:
        answer = asked(ask_rdp, entrance(port))
        tried = answers_in_time(reach(asked(ask_reach, entrance(port))), REACH)
    assert time.monotonic() - began < 4
    with pytest.raises(NotKnown) as caught:
        rdp_offer(answer)
    assert caught.value.reason in (Reason.NO_ANSWER, Reason.WRONG_SERVICE)
    assert tried.verdict is Verdict.UNKNOWN


def test_an_entrance_of_another_protocol_is_neither_asked_nor_judged() -> None:
    gateway = gateway_at(free_port())
    with pytest.raises(NotKnown):
        rdp_offer(asked(ask_rdp, gateway))
    assert nla_required(gateway, Unknown(Reason.NOT_MEASURABLE)).key == "not_rdp"
    assert no_old_security(gateway, Unknown(Reason.NOT_MEASURABLE)).key == "not_rdp"


@given(st.binary(max_size=64) | st.binary(max_size=24).map(lambda tail: b"\x0e\xd0\0\0" + tail))
def test_a_confirm_is_read_or_refused(body: bytes) -> None:
    with suppress(_rdpwire.NotRdp):
        assert _rdpwire.confirm_in(body).kind in ("plain", "selected", "failure")


SETTINGS = bytes.fromhex(
    "02f0807f665e0a0100020100301a020122020103020100020101020100020101020300fff8020102043a000500147c00012a"
    "14760a01010001c0004d63446e24010c1000040008000000000000000000030c0800eb030000020c0c000000000000000000"
)
"""What FreeRDP's shadow server 2.11.7 answered to the basic settings: recorded on Debian 12."""


def test_a_servers_settings_tell_method_and_level() -> None:
    assert _rdpclassic.classic_in(SETTINGS) == _rdpclassic.Classic(0, 0)
    stronger = SETTINGS[:-8] + b"\2\0\0\0\3\0\0\0"
    assert _rdpclassic.classic_in(stronger) == _rdpclassic.Classic(2, 3)


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: SETTINGS[:5] + tail))
def test_settings_are_read_or_refused(content: bytes) -> None:
    with suppress(_rdpwire.NotRdp, _rdpclassic.Dropped):
        _rdpclassic.classic_in(content)


def damaged(data: st.DataObject, whole: bytes) -> bytes:
    """The bytes with some of them changed, perhaps cut short."""
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    return bytes(changed[: data.draw(st.integers(0, len(changed)))])


@given(st.data())
def test_damaged_settings_are_read_or_refused(data: st.DataObject) -> None:
    with suppress(_rdpwire.NotRdp, _rdpclassic.Dropped):
        _rdpclassic.classic_in(damaged(data, SETTINGS))


def challenge(names: Mapping[int, str]) -> bytes:
    """The content of a TSRequest with a challenge in it, as a Windows Server 2022 sends it."""
    pairs = b""
    for kind, name in names.items():
        text = name.encode("utf-16-le")
        pairs += kind.to_bytes(2, "little") + len(text).to_bytes(2, "little") + text
    pairs += bytes(4)
    token = SIGNATURE + b"\2\0\0\0" + bytes(28) + len(pairs).to_bytes(2, "little") * 2
    token += CHALLENGE_HEAD.to_bytes(4, "little") + b"\x0a\x00\x7c\x4f" + bytes(4) + pairs
    for tag in (0x04, 0xA0, 0x30, 0x30, 0xA1):
        token = bytes([tag, 0x82]) + len(token).to_bytes(2) + token
    return b"\xa0\x03\x02\x01\x06" + token


def test_a_challenge_tells_how_many_names_and_the_build() -> None:
    found = challenge_in(challenge({1: "PC01", 2: "TOWN", 3: "pc01.town.example"}))
    assert (found.names, found.build) == (3, "10.0.20348")
    assert found.digest != challenge_in(challenge({1: "PC02", 2: "TOWN", 3: "pc01.town.example"})).digest


@given(st.data())
def test_a_damaged_challenge_is_read_or_refused(data: st.DataObject) -> None:
    with suppress(NoChallenge):
        challenge_in(damaged(data, challenge({1: "PC01", 4: "town.example"})))


VALUES = st.sampled_from((0, 1, 2, 3, 5, 8))
ROW = st.fixed_dictionaries({"kind": st.sampled_from(rdp.KINDS), "value": VALUES})


@given(
    st.fixed_dictionaries(
        {
            "replies": st.fixed_dictionaries(dict.fromkeys(rdp.WISHES, ROW)),
            "settings": st.sampled_from(rdp.SETTINGS),
            "classic": st.none() | st.just({"method": 2, "level": 3}),
            "challenge": st.none(),
        }
    )
)
def test_a_pass_needs_everything_weaker_refused(written: dict[str, object]) -> None:
    try:
        offer = rdp_offer(Answer("gateway.rdp", Status.OK, compact(written)))
    except (Garbled, NotKnown):
        return
    nla, old = verdicts(offer)
    if nla.verdict is Verdict.PASS:
        assert old.verdict is Verdict.PASS
        assert not any(reply.chose(0, 1) for reply in offer.replies.values())
    if old.verdict is Verdict.PASS:
        assert offer.classic is None
        assert not any(reply.chose(0) for reply in offer.replies.values())


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text("ab", max_size=3), st.lists))
def test_no_other_answer_is_understood(value: object) -> None:
    body = compact({"replies": value, "settings": "told", "classic": None, "challenge": None})
    with pytest.raises(Garbled):
        rdp_offer(Answer("gateway.rdp", Status.OK, body))
