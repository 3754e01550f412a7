"""Responders that lie, stall, echo or say too much: nothing they do passes, nor takes long."""

import struct
import time
from collections.abc import Iterator

import pytest

from auditor.api import Gateway, Params, Reason, Unreached, Verdict
from checks.remote import _ikev1, _ikev2
from checks.remote._isakmp import MARKER, RESPONSE, read, written
from checks.remote.ike import (
    ask_ike,
    ike_offer,
    no_hash_for_strangers,
    sound_proposals_only,
    version_1_is_off,
)
from checks.remote.reach import answers_in_time, ask_reach, reach
from tests.remote.conftest import asked, dial_to, gateway_at, mute_udp
from tests.remote.responder import Behave, responder

WEAK = Params({"weak_ciphers": ("3des",), "weak_hashes": ("sha1",), "weak_groups": ("modp1024",)})


def entrance(port: int, identity: str = "") -> Gateway:
    return gateway_at(port, protocol="ike", transport="udp", ike_identity=identity)


def reply(request: bytes, payloads: list[tuple[int, bytes]], **changed: int) -> bytes:
    """An answer to a request of either version, behind the marker."""
    ours, major, exchange = request[4:12], request[21] >> 4, request[22]
    given = {"version": major << 4, "exchange": exchange, "flags": RESPONSE if major > 1 else 0} | changed
    body = written(ours, b"RESPONDR", given["version"], given["exchange"], given["flags"], payloads)
    return MARKER + body


def no_proposal(request: bytes) -> bytes:
    if request[21] >> 4 > 1:
        return reply(request, [(_ikev2.NOTIFY, struct.pack(">BBH", 0, 0, 14))])
    return reply(request, [(_ikev1.NOTIFY, struct.pack(">IBBH", 1, 1, 0, 14))], exchange=5)


def takes_anything(request: bytes) -> list[bytes]:
    """A responder that takes up a key exchange of the wrong group and keeps an association for it."""
    if request[21] >> 4 == 1:
        return [no_proposal(request)]
    sent = read(request[4:])
    return [reply(request, [(_ikev2.SA, sent.all(_ikev2.SA)[0]), (_ikev2.NONCE, bytes(32))])]


def test_a_server_that_takes_the_wrong_key_is_asked_nothing_more_and_passes_nothing() -> None:
    heard: list[bytes] = []

    def behave(request: bytes) -> list[bytes]:
        heard.append(request)
        return takes_anything(request)

    with responder(behave) as port:
        offer = ike_offer(asked(ask_ike, entrance(port)))
    assert offer.new.took == 1
    assert len([each for each in heard if each[21] >> 4 == 2]) == 2
    assert sound_proposals_only(entrance(1), offer, WEAK).reason is Reason.NOT_MEASURABLE


def test_a_group_that_was_not_offered_is_no_acceptance() -> None:
    def behave(request: bytes) -> list[bytes]:
        wrong = struct.pack(">BBHH", 0, 0, _ikev2.INVALID_KE, 999)
        return [reply(request, [(_ikev2.NOTIFY, wrong)]) if request[21] >> 4 == 2 else no_proposal(request)]

    with responder(behave) as port:
        offer = ike_offer(asked(ask_ike, entrance(port)))
    assert offer.new.accepted == ()
    assert {outcome for _, outcome in offer.new.parts} == {"unclear"}
    assert sound_proposals_only(entrance(1), offer, WEAK).verdict is Verdict.UNKNOWN


def test_a_server_that_misreads_long_offers_is_caught_by_what_is_asked_alone() -> None:
    """It looks at the first transform of each kind only, and would accept 3DES with SHA-1 and group 2."""

    def behave(request: bytes) -> list[bytes]:
        if request[21] >> 4 == 1:
            return [no_proposal(request)]
        body = read(request[4:]).all(_ikev2.SA)[0]
        wanted = [part for kind, part in transforms(body)]
        weak = [struct.pack(">BBH", kind, 0, number) for kind, number in ((1, 3), (2, 2), (3, 2), (4, 2))]
        first: dict[int, bytes] = {}
        for part in wanted:
            first.setdefault(part[0], part)
        if list(first.values()) != weak and set(first.values()) != set(weak):
            return [no_proposal(request)]
        return [reply(request, [(_ikev2.NOTIFY, struct.pack(">BBHH", 0, 0, _ikev2.INVALID_KE, 2))])]

    with responder(behave) as port:
        judgement = sound_proposals_only(entrance(1), ike_offer(asked(ask_ike, entrance(port))), WEAK)
    assert (judgement.verdict, judgement.places) == (Verdict.FAIL, ("IKEv2 3des-sha1-prfsha1-modp1024",))


def transforms(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of every transform of every proposal of an SA payload's body."""
    at = 0
    while at < len(body):
        size, count = int.from_bytes(body[at + 2 : at + 4]), body[at + 7]
        inner = at + 8
        for _ in range(count):
            length = int.from_bytes(body[inner + 2 : inner + 4])
            yield body[inner + 4], body[inner + 4 : inner + length]
            inner += length
        at += size


def test_a_server_that_shuts_us_out_half_way_passes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote._isakmp.WAIT_S", 0.05)
    monkeypatch.setattr("checks.remote._ikeold.WAIT_S", 0.05)
    left = [10]

    def behave(request: bytes) -> list[bytes]:
        left[0] -= 1
        return [no_proposal(request)] if left[0] > 0 else []

    with responder(behave) as port:
        offer = ike_offer(asked(ask_ike, entrance(port)))
    assert offer.new.parts != ()
    assert sound_proposals_only(entrance(1), offer, WEAK).verdict is Verdict.UNKNOWN
    assert version_1_is_off(entrance(1), offer, Params({"allow_v1": False})).reason is Reason.NO_ANSWER


NOISE: dict[str, Behave] = {
    "echo": lambda request: [request],
    "text": lambda _: [b"SSH-2.0-OpenSSH\r\n"],
    "header": lambda request: [request[:32]],
    "others": lambda request: [request[:4] + bytes(8) + request[12:]] * 20,
    "flood": lambda _: [bytes(1400)] * 50,
}


@pytest.mark.parametrize("name", sorted(NOISE))
def test_what_is_no_ike_is_the_wrong_service(name: str) -> None:
    with responder(NOISE[name]) as port:
        judgement = answers_in_time(reach(asked(ask_reach, entrance(port))), Params({"p95_ms": 300}))
        assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.WRONG_SERVICE)
        with pytest.raises(Unreached) as caught:
            ask_ike.collect(entrance(port, "x"), dial_to(entrance(port), [], 3.0))
    assert caught.value.reason is Reason.WRONG_SERVICE


def test_silence_is_no_answer_and_ends_with_the_deadline() -> None:
    began = time.monotonic()
    with mute_udp() as port, pytest.raises(Unreached) as caught:
        ask_ike.collect(entrance(port), dial_to(entrance(port), [], 1.0))
    assert caught.value.reason is Reason.NO_ANSWER
    assert time.monotonic() - began < 1.5


def old_only(request: bytes) -> list[bytes]:
    """Version 1 alone, and says so; accepts AES-256 with SHA-256, and drops what is then incomplete."""
    if request[21] >> 4 == 2:
        refusal = struct.pack(">IBBH", 1, 1, 0, 5)
        return [reply(request, [(_ikev1.NOTIFY, refusal)], version=0x10, exchange=5, flags=0)]
    bodies = read(request[4:]).all(_ikev1.SA)
    choice = _ikev1.Choice("aes256", "sha256", "modp2048", "psk")
    if bodies and _offers(bodies[0], choice):
        return [reply(request, [(_ikev1.SA, _ikev1.association([choice]))])]
    return [no_proposal(request)]


def _offers(body: bytes, choice: _ikev1.Choice) -> bool:
    return _ikev1.association([choice])[24:] in body


def test_a_server_of_version_1_alone_is_judged_by_version_1() -> None:
    with responder(old_only) as port:
        offer = ike_offer(asked(ask_ike, entrance(port)))
    assert (offer.new.state, offer.old.accepted) == ("not_spoken", ("aes256-sha256-modp2048 psk",))
    assert offer.old.left == 0
    assert sound_proposals_only(entrance(1), offer, WEAK).verdict is Verdict.PASS
    assert version_1_is_off(entrance(1), offer, Params({"allow_v1": False})).key == "spoken"
    assert version_1_is_off(entrance(1), offer, Params({"allow_v1": True})).key == "allowed"


def test_associations_that_nobody_confirms_as_dropped_end_the_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checks.remote._ikev1.END_WAIT_S", 0.05)

    def behave(request: bytes) -> list[bytes]:
        """Accepts the first thing it is offered, for ever, and says nothing when the rest is missing."""
        if request[21] >> 4 == 2:
            return [no_proposal(request)]
        bodies = read(request[4:]).all(_ikev1.SA)
        if not bodies:
            return []
        found = next(each for each in _ikev1.every_choice() if _offers(bodies[0], each))
        return [reply(request, [(_ikev1.SA, _ikev1.association([found]))])]

    with responder(behave) as port:
        offer = ike_offer(asked(ask_ike, entrance(port)))
    assert (offer.old.left, len(offer.old.accepted), offer.old.whole) == (1, 1, False)


def newer_only(request: bytes) -> list[bytes]:
    """A responder of version 2 that answers version 1 in version 2: it does not speak it."""
    if request[21] >> 4 == 2:
        return [no_proposal(request)]
    notice = struct.pack(">BBH", 0, 0, _ikev2.INVALID_MAJOR_VERSION)
    return [reply(request, [(_ikev2.NOTIFY, notice)], version=0x20, flags=RESPONSE)]


def test_a_server_that_says_it_does_not_speak_version_1_passes_as_such() -> None:
    with responder(newer_only) as port:
        offer = ike_offer(asked(ask_ike, entrance(port)))
    assert version_1_is_off(entrance(1), offer, Params({"allow_v1": False})).key == "ok"
    assert no_hash_for_strangers(entrance(1), offer).key == "not_spoken"


def test_a_wrong_name_in_aggressive_mode_is_no_pass() -> None:
    """It refuses the name, so nobody knows what the right one would be given."""

    def behave(request: bytes) -> list[bytes]:
        if request[22] == _ikev1.AGGRESSIVE:
            return [reply(request, [(_ikev1.NOTIFY, struct.pack(">IBBH", 1, 1, 0, 24))], exchange=5)]
        return [no_proposal(request)]

    with responder(behave) as port:
        offer = ike_offer(asked(ask_ike, entrance(port, "somebody")))
    judgement = no_hash_for_strangers(entrance(1, "somebody"), offer)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)
    assert version_1_is_off(entrance(1), offer, Params({"allow_v1": False})).verdict is Verdict.UNKNOWN


def aggressive_only(request: bytes) -> list[bytes]:
    """Sound in version 2; of version 1 it answers one combination of aggressive mode and nothing else."""
    if request[21] >> 4 == 2:
        return sound(request)
    message = read(request[4:])
    choice = _ikev1.Choice("camellia256", "sha384", "modp3072", "psk")
    bodies = message.all(_ikev1.SA)
    if message.exchange != _ikev1.AGGRESSIVE or not bodies or not _offers(bodies[0], choice):
        return []
    handed = [(_ikev1.SA, _ikev1.association([choice])), (_ikev1.HASH, bytes(48))]
    return [reply(request, handed)]


def sound(request: bytes) -> list[bytes]:
    """Version 2 that takes AES-256-GCM with SHA-384 and curve P-384, and nothing else."""
    offered = list(transforms(read(request[4:]).all(_ikev2.SA)[0]))
    wanted = [(1, struct.pack(">BBHHH", 1, 0, 20, 0x800E, 256))]
    wanted += [(kind, struct.pack(">BBH", kind, 0, number)) for kind, number in ((2, 6), (4, 20))]
    if not set(wanted) <= set(offered):
        return [no_proposal(request)]
    return [reply(request, [(_ikev2.NOTIFY, struct.pack(">BBHH", 0, 0, _ikev2.INVALID_KE, 20))])]


def test_version_1_that_says_nothing_may_accept_something_weak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote._ikeold.WAIT_S", 0.05)
    with responder(lambda request: sound(request) if request[21] >> 4 == 2 else []) as port:
        offer = ike_offer(asked(ask_ike, entrance(port)))
    assert (offer.new.accepted, offer.old.state) == (("aes256gcm16-prfsha384-ecp384",), "silent")
    judgement = sound_proposals_only(entrance(1), offer, WEAK)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_aggressive_mode_is_asked_on_after_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_ikeold", "_isakmp"):
        monkeypatch.setattr(f"checks.remote.{name}.WAIT_S", 0.01)
    with responder(aggressive_only) as port:
        offer = ike_offer(asked(ask_ike, entrance(port, "somebody")))
    assert offer.hash_given == "camellia256-sha384-modp3072 psk"
    assert no_hash_for_strangers(entrance(1, "somebody"), offer).key == "hash"


def test_what_aggressive_mode_takes_beyond_main_mode_is_not_all_known() -> None:
    """One hash is all that is asked for; a weaker combination may be taken as well."""

    def behave(request: bytes) -> list[bytes]:
        main = request[21] >> 4 == 1 and request[22] == _ikev1.MAIN
        return [no_proposal(request)] if main else aggressive_only(request) or [no_proposal(request)]

    with responder(behave) as port:
        offer = ike_offer(asked(ask_ike, entrance(port, "somebody")))
    assert (offer.old.state, offer.old.whole) == ("refused", True)
    assert sound_proposals_only(entrance(1), offer, WEAK).verdict is Verdict.UNKNOWN


def test_an_association_without_a_hash_that_is_not_dropped_ends_the_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checks.remote._ikev1.END_WAIT_S", 0.05)
    begun: list[bytes] = []

    def behave(request: bytes) -> list[bytes]:
        if request[22] != _ikev1.AGGRESSIVE:
            return [no_proposal(request)]
        begun.extend(bodies := read(request[4:]).all(_ikev1.SA))
        return [reply(request, [(_ikev1.SA, body)]) for body in bodies]

    with responder(behave) as port:
        offer = ike_offer(asked(ask_ike, entrance(port, "somebody")))
    assert (len(begun), {outcome for _, outcome in offer.aggressive}) == (1, {"unclear"})
    assert no_hash_for_strangers(entrance(1, "somebody"), offer).verdict is Verdict.UNKNOWN
