"""What an IKE entrance's answer and messages may hold: everything else is refused, and no byte is trusted."""

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Answer, Garbled, Params, Reason, Status, Verdict
from checks.remote import _ikev1, _ikev2
from checks.remote._ike import WIDE
from checks.remote._ikekeys import KEY_BYTES, public_value
from checks.remote._isakmp import Message, NotIke, read, written
from checks.remote._read import compact
from checks.remote.ike import ike_offer, sound_proposals_only, works_behind_routers
from tests.remote.conftest import gateway_at

ENTRANCE = gateway_at(500, protocol="ike", transport="udp")
WEAK = Params({"weak_ciphers": ("3des",), "weak_hashes": ("sha1",), "weak_groups": ("modp1024",)})


def test_a_refused_port_behind_routers_fails_and_a_silent_one_is_unknown() -> None:
    offer = ike_offer(Answer("gateway.ike", Status.OK, compact(told(translated="refused"))))
    assert works_behind_routers(ENTRANCE, offer).key == "refused"
    offer = ike_offer(Answer("gateway.ike", Status.OK, compact(told(translated="silent"))))
    assert works_behind_routers(ENTRANCE, offer).reason is Reason.NO_ANSWER


def told(**changed: object) -> dict[str, object]:
    """An answer of the probe, with some members changed."""
    new = {
        "state": "answered",
        "parts": {
            "ciphers": {"3des": "refused", "aes256": "accepted"},
            "hashes": {"sha1": "refused"},
            "prfs": {"sha1": "refused"},
            "groups": {"modp1024": "refused"},
        },
        "accepted": ["aes256gcm16-prfsha384-ecp384"],
        "whole": True,
        "asked": 3,
        "took": 0,
    }
    old = {"state": "refused", "accepted": [], "whole": True, "ended": 0, "left": 0}
    return {"v2": new, "v1": old, "translated": "answered", "aggressive": {}} | changed


def test_the_sample_answer_passes_so_that_its_changes_show() -> None:
    offer = ike_offer(Answer("gateway.ike", Status.OK, compact(told())))
    assert sound_proposals_only(ENTRANCE, offer, WEAK).verdict is Verdict.PASS


@given(
    st.sampled_from(["ciphers", "hashes", "prfs", "groups"]), st.sampled_from(["accepted", "unclear", None])
)
def test_a_weak_part_that_was_not_refused_never_passes(kind: str, outcome: str | None) -> None:
    value = json.loads(json.dumps(told()))
    name = {"ciphers": "3des", "groups": "modp1024"}.get(kind, "sha1")
    if outcome is None:
        del value["v2"]["parts"][kind][name]
    else:
        value["v2"]["parts"][kind][name] = outcome
    judgement = sound_proposals_only(
        ENTRANCE, ike_offer(Answer("gateway.ike", Status.OK, compact(value))), WEAK
    )
    assert judgement.verdict is (Verdict.FAIL if outcome == "accepted" else Verdict.UNKNOWN)


def test_a_word_of_the_model_that_names_nothing_lets_nobody_pass() -> None:
    mistyped = Params({"weak_ciphers": ("triple-des",), "weak_hashes": (), "weak_groups": ()})
    judgement = sound_proposals_only(
        ENTRANCE, ike_offer(Answer("gateway.ike", Status.OK, compact(told()))), mistyped
    )
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


WRONG_VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just([0])
PLACES = [
    ("v2",),
    ("v1",),
    ("translated",),
    ("aggressive",),
    ("v2", "state"),
    ("v2", "parts"),
    ("v2", "whole"),
]
PLACES += [
    ("v2", "whole"),
    ("v2", "accepted"),
    ("v2", "took"),
    ("v1", "accepted"),
    ("v1", "state"),
    ("v1", "left"),
]
PLACES += [("v2", "parts", "ciphers"), ("v2", "parts", "groups", "modp1024")]


@given(st.sampled_from(PLACES), WRONG_VALUES)
def test_no_other_answer_is_understood(place: tuple[str, ...], wrong: object) -> None:
    value = json.loads(json.dumps(told()))
    inner = value
    for name in place[:-1]:
        inner = inner[name]
    if type(wrong) is type(inner[place[-1]]) and (
        wrong in ("", 0, True, False, []) or isinstance(wrong, int)
    ):
        return  # another value that may stand there
    inner[place[-1]] = wrong
    with pytest.raises(Garbled):
        ike_offer(Answer("gateway.ike", Status.OK, compact(value)))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_none(datagram: bytes) -> None:
    try:
        message = read(datagram)
    except NotIke:
        return
    assert sum(4 + len(body) for _, body in message.payloads) <= len(datagram)
    _ikev2.meant(_ikev2.Offer(("aes256",), ("sha256",), ("sha256",), ("modp2048",)), message)
    _ikev1.complaint(message)


@given(st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=40)), max_size=8), st.booleans())
def test_what_is_written_is_read_back(payloads: list[tuple[int, bytes]], newer: bool) -> None:  # noqa: FBT001
    version, flags = (0x20, 8) if newer else (0x10, 0)
    message = read(written(b"a" * 8, b"b" * 8, version, 34, flags, payloads))
    assert message == Message(b"a" * 8, b"b" * 8, 2 if newer else 1, 34, flags, tuple(payloads))


@given(st.binary(max_size=120), st.integers(0, 200))
def test_only_what_was_offered_can_have_been_picked(noise: bytes, cut: int) -> None:
    offered = _ikev1.choices_of("psk")[:20]
    whole = _ikev1.association([offered[3]])
    assert _ikev1.picked(whole, offered) == offered[3]
    for body in (noise, whole[:cut] + noise, whole + noise):
        found = _ikev1.picked(body, offered)
        assert found is None or found in offered
    assert _ikev1.picked(_ikev1.association([_ikev1.choices_of("rsa")[0]]), offered) is None


@given(st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), min_size=1, max_size=120))
def test_every_identity_a_town_may_declare_can_be_sent(identity: str) -> None:
    body = _ikev1.identification(identity)
    assert body[0] in (1, 2, 3, 11)
    assert body[1:4] == bytes(3)


@pytest.mark.parametrize("state", ["silent", "unclear", "refused"])
def test_version_1_that_was_not_asked_out_in_words_lets_nobody_pass(state: str) -> None:
    old = {"state": state, "accepted": [], "whole": False, "ended": 0, "left": 0}
    offer = ike_offer(Answer("gateway.ike", Status.OK, compact(told(v1=old))))
    judgement = sound_proposals_only(ENTRANCE, offer, WEAK)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_a_pass_says_where_aggressive_mode_was_not_asked() -> None:
    old = {"state": "not_spoken", "accepted": [], "whole": False, "ended": 0, "left": 0}
    asked_not, off = (
        ike_offer(Answer("gateway.ike", Status.OK, compact(value))) for value in (told(), told(v1=old))
    )
    assert sound_proposals_only(ENTRANCE, asked_not, WEAK).key == "ok_main"
    assert sound_proposals_only(ENTRANCE, off, WEAK).key == "ok"


def test_what_version_2_is_asked_with_and_version_1_has_a_number_for_is_asked_of_it_as_well() -> None:
    """Counter modes and sealed ciphers have none (RFC 2409, appendix A)."""
    assert {choice.group for choice in _ikev1.choices_of("psk")} == set(_ikev2.GROUPS)
    assert set(_ikev1.HASHES) == set(_ikev2.HASHES) - {"aesxcbc", "aescmac"}
    assert {name for name in _ikev2.CIPHERS if "ctr" not in name} <= set(_ikev1.CIPHERS)


def test_every_group_has_a_public_value_of_its_own_length() -> None:
    assert set(KEY_BYTES) == set(_ikev2.GROUPS)
    assert {group: len(public_value(group)) for group in KEY_BYTES} == KEY_BYTES


def test_messages_stay_below_what_a_line_carries_whole() -> None:
    assert len(_ikev2.Request.of(WIDE).message()) < 1200
    for choices in (_ikev1.choices_of("psk")[:28], _ikev1.choices_of("rsa")[:28]):
        assert len(_ikev1.main_mode(bytes(8), choices)) < 1200
    for group, identity in product(_ikev2.GROUPS, ("x", "x" * 120)):
        widest = [choice for choice in _ikev1.choices_of("psk") if choice.group == group]
        widest.sort(key=lambda choice: -len(choice.attributes))
        most = _ikev1.most_beside_key(group, identity)
        size = len(_ikev1.aggressive(bytes(8), widest[:most], identity))
        assert size < (1200 if group != "modp8192" else 1400)
