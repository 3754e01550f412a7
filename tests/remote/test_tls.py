import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import (
    Answer,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Status,
    Unknown,
    Unreached,
    Verdict,
)
from checks.remote._read import compact
from checks.remote.suites import Offered, SuiteOffer, ask_suites, suite_offer
from checks.remote.tls import OUTCOMES, ask_tls, current_versions_only, tls_offer
from tests.peers.certificates import issue
from tests.peers.nginx import ANY_STRENGTH, EVERY, Block, nginx
from tests.peers.process import free_port
from tests.peers.weaktls import s_server
from tests.remote.conftest import Pki, asked, drips, gateway_at, rude_server, says, stays_silent

PARAMS = Params({"allow": ("1.2", "1.3"), "deny": ("1.0", "1.1")})
VERSIONS = ("1.0", "1.1", "1.2", "1.3")


@pytest.fixture(scope="module")
def ports(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """One nginx with an entrance for each way of offering versions."""
    files = issue(pki.folder, pki.ca)
    blocks = {
        "current": Block(files),
        "every": Block(files, EVERY, ANY_STRENGTH),
        "forbidden": Block(files, EVERY, "DEFAULT:@SECLEVEL=2"),
        "only_1.0": Block(files, "TLSv1", ANY_STRENGTH),
        "only_1.1": Block(files, "TLSv1.1", ANY_STRENGTH),
        "only_1.2": Block(files, "TLSv1.2"),
        "only_1.3": Block(files, "TLSv1.3"),
        "retry": Block(files, "TLSv1.3", extra="ssl_ecdh_curve secp384r1;"),
        "plain": Block(None),
    }
    with nginx(tmp_path_factory.mktemp("tls"), list(blocks.values())) as numbers:
        yield dict(zip(blocks, numbers, strict=True))


def judged(port: int) -> Judgement:
    return current_versions_only(tls_offer(asked(ask_tls, gateway_at(port))), PARAMS)


def answer(outcomes: dict[str, str]) -> Answer:
    return Answer("gateway.tls", Status.OK, compact({"versions": outcomes}))


def test_a_current_entrance_passes_and_says_what_it_speaks(ports: dict[str, int]) -> None:
    judgement = judged(ports["current"])
    assert (judgement.key, judgement.values["versions"]) == ("ok", "1.2, 1.3")


def test_an_entrance_that_takes_old_versions_fails_with_their_names(ports: dict[str, int]) -> None:
    judgement = judged(ports["every"])
    assert (judgement.key, judgement.values["versions"]) == ("old", "1.0, 1.1")


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_alone_is_found_and_no_other(ports: dict[str, int], version: str) -> None:
    offer = tls_offer(asked(ask_tls, gateway_at(ports[f"only_{version}"])))
    assert offer.accepted == (version,)
    assert set(offer.refused) == set(VERSIONS) - {version}


def test_old_versions_that_only_the_security_level_stops_are_refused(ports: dict[str, int]) -> None:
    contacts: list[Contact] = []
    offer = tls_offer(asked(ask_tls, gateway_at(ports["forbidden"]), contacts=contacts))
    assert (offer.accepted, offer.refused) == (("1.2", "1.3"), ("1.0", "1.1"))
    assert len(contacts) == 7  # the two that gave up without words again, and 1.2 as the control


def test_a_server_that_asks_for_another_group_speaks_1_3(ports: dict[str, int]) -> None:
    assert tls_offer(asked(ask_tls, gateway_at(ports["retry"]))).accepted == ("1.3",)


def test_four_connections_are_enough(ports: dict[str, int]) -> None:
    contacts: list[Contact] = []
    asked(ask_tls, gateway_at(ports["current"]), contacts=contacts)
    assert len(contacts) == 4


def test_a_plain_web_server_is_the_wrong_service(ports: dict[str, int]) -> None:
    with pytest.raises(NotKnown) as caught:
        judged(ports["plain"])
    assert caught.value.reason is Reason.WRONG_SERVICE


def test_a_stopped_entrance_is_refused_not_free_of_old_versions() -> None:
    with pytest.raises(Unreached) as caught:
        asked(ask_tls, gateway_at(free_port()))
    assert caught.value.reason is Reason.REFUSED


def test_an_entrance_declared_as_something_else_is_not_asked() -> None:
    contacts: list[Contact] = []
    found = asked(ask_tls, gateway_at(free_port(), protocol="tcp"), contacts=contacts)
    assert contacts == []
    assert current_versions_only(tls_offer(found), PARAMS).verdict is Verdict.NOT_APPLICABLE


ALERT_TO_ALL = b"\x15\x03\x03\x00\x02\x02\x50"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (b"", Reason.WRONG_SERVICE),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Reason.WRONG_SERVICE),
        (b"\x16\x03\x03\xff\xff" + bytes(1000), Reason.WRONG_SERVICE),
        (b"\x16\x03\x03\x00\x04\x02\xff\xff\xff", Reason.WRONG_SERVICE),
        (b"\x15\x03\x03\x00\x02\x01\x70" * 50, Reason.WRONG_SERVICE),
        (ALERT_TO_ALL, Reason.WRONG_SERVICE),
    ],
)
def test_garbage_for_an_answer_never_reads_as_a_refusal(words: bytes, reason: Reason) -> None:
    with rude_server(says(words)) as port, pytest.raises(NotKnown) as caught:
        judged(port)
    assert caught.value.reason is reason


def test_a_silent_server_is_no_answer_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.tls.WAIT_S", 0.2)
    began = time.monotonic()
    with rude_server(stays_silent) as port, pytest.raises(NotKnown) as caught:
        judged(port)
    assert caught.value.reason is Reason.NO_ANSWER
    assert time.monotonic() - began < 3


def test_a_server_that_drips_bytes_cannot_hold_the_probe() -> None:
    began = time.monotonic()
    with rude_server(drips(b"\x16\x03\x03\x40\x00" + bytes(60))) as port, pytest.raises(NotKnown) as caught:
        tls_offer(asked(ask_tls, gateway_at(port), deadline_s=1.0))
    assert caught.value.reason is Reason.NO_ANSWER
    assert time.monotonic() - began < 3


def test_an_old_version_without_a_clear_answer_is_unknown() -> None:
    offer = tls_offer(answer({"1.0": "silent", "1.1": "refused", "1.2": "accepted", "1.3": "refused"}))
    judgement = current_versions_only(offer, PARAMS)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_a_service_that_refuses_every_version_is_unknown() -> None:
    judgement = current_versions_only(tls_offer(answer(dict.fromkeys(VERSIONS, "refused"))), PARAMS)
    assert judgement.verdict is Verdict.UNKNOWN


def test_old_versions_that_only_a_shared_key_opens_fail_all_the_same(pki: Pki, tmp_path: Path) -> None:
    """Their suites are not among those a client without that key would offer; the probe of the suites is."""
    ciphers = "ECDHE+AESGCM:PSK-AES128-CBC-SHA:@SECLEVEL=0"
    with s_server(tmp_path, issue(pki.folder, pki.ca), ciphers=ciphers, shared_key="1a2b3c") as port:
        offer = tls_offer(asked(ask_tls, gateway_at(port)))
        beside = suite_offer(asked(ask_suites, gateway_at(port)))
    assert (offer.accepted, offer.refused) == (("1.2", "1.3"), ("1.0", "1.1"))
    judgement = current_versions_only(offer, PARAMS, beside)
    assert (judgement.key, judgement.values["versions"]) == ("old", "1.0, 1.1")


REFUSES_OLD = {"1.0": "refused", "1.1": "refused", "1.2": "accepted", "1.3": "accepted"}


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        ("accepted", Verdict.FAIL),
        ("refused", Verdict.PASS),
        ("closed", Verdict.PASS),
        ("silent", Verdict.UNKNOWN),
        ("unclear", Verdict.UNKNOWN),
        ("wrong_service", Verdict.UNKNOWN),
    ],
)
def test_an_old_version_counts_as_the_probe_of_the_suites_saw_it(outcome: str, verdict: Verdict) -> None:
    old = Offered("TLS 1.1", outcome, (), whole=False)
    beside = SuiteOffer((Offered("TLS 1.2", "accepted", (), whole=True), old), ssl_2="")
    assert current_versions_only(tls_offer(answer(REFUSES_OLD)), PARAMS, beside).verdict is verdict


@pytest.mark.parametrize(
    ("reason", "verdict"), [(Reason.NO_ANSWER, Verdict.UNKNOWN), (Reason.NOT_COLLECTED, Verdict.PASS)]
)
def test_a_probe_of_the_suites_that_saw_nothing_leaves_the_versions_open(
    reason: Reason, verdict: Verdict
) -> None:
    judgement = current_versions_only(tls_offer(answer(REFUSES_OLD)), PARAMS, Unknown(reason))
    assert judgement.verdict is verdict


@given(st.fixed_dictionaries({name: st.sampled_from(OUTCOMES) for name in VERSIONS}))
def test_a_pass_needs_a_current_version_accepted_and_every_old_one_turned_away(
    outcomes: dict[str, str],
) -> None:
    try:
        judgement = current_versions_only(tls_offer(answer(outcomes)), PARAMS)
    except NotKnown:
        return
    if judgement.verdict is Verdict.PASS:
        assert "accepted" in (outcomes["1.2"], outcomes["1.3"])
        assert {outcomes["1.0"], outcomes["1.1"]} <= {"refused", "closed"}
    if "accepted" in (outcomes["1.0"], outcomes["1.1"]):
        assert judgement.verdict is Verdict.FAIL


@pytest.mark.parametrize("body", [b"", b"[]", b'{"versions":{"1.2":"accepted"}}', b'{"versions":[]}'])
def test_an_answer_that_lacks_versions_is_not_understood(body: bytes) -> None:
    with pytest.raises(Garbled):
        tls_offer(Answer("gateway.tls", Status.OK, body))


def test_a_word_nobody_knows_is_not_understood() -> None:
    body = json.dumps({"versions": dict.fromkeys(VERSIONS, "perhaps")}).encode()
    with pytest.raises(Garbled):
        tls_offer(Answer("gateway.tls", Status.OK, body))
