import os
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from auditor.access.dial import Contact
from auditor.api import (
    NotKnown,
    Reason,
    Unknown,
    Unreached,
    Verdict,
)
from checks.remote._trust import ANYTHING, STRICT, context
from checks.remote.certificate import ask_certificate, certificate, certificate_holds
from tests.peers.certificates import Files, authority, issue
from tests.peers.nginx import ANY_STRENGTH, Block, nginx
from tests.peers.process import free_port
from tests.remote.conftest import (
    CERTIFICATE_PARAMS,
    TODAY,
    Pki,
    asked,
    drips,
    gateway_at,
    judged,
    rude_server,
    says,
    stays_silent,
)


@pytest.fixture(scope="module")
def ports(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """One nginx with an entrance for each kind of certificate."""
    between = authority("Between", pki.ca)
    ended = authority("Between, ended", pki.ca, ends_days=-3)
    ending = authority("Between, ending", pki.ca, ends_days=5)
    later = authority("Between, ending later", pki.ca, ends_days=20)
    last = authority("Between, last", pki.ca, ends_days=100)
    below = authority("Below", last)
    weak = rsa.generate_private_key(65537, 1024)
    small = ec.generate_private_key(ec.SECP192R1())

    def made(**given: object) -> Files:
        return issue(pki.folder, **{"by": pki.ca, **given})  # type: ignore[arg-type]  # as `issue` takes them

    client = f"ssl_verify_client on; ssl_client_certificate {pki.ca_file};"
    blocks = {
        "good": Block(made()),
        "expired": Block(made(ends_days=-3)),
        "not_yet": Block(made(begins_days=5, ends_days=100)),
        "soon": Block(made(ends_days=5)),
        "renew": Block(made(ends_days=20)),
        "other_name": Block(made(names=("www.example.jp",))),
        "no_names": Block(made(names=())),
        "wildcard": Block(made(names=("*.example.lg.jp",))),
        "weak_rsa": Block(made(key=weak), ciphers=ANY_STRENGTH),
        "strange_ec": Block(made(key=small), ciphers=ANY_STRENGTH),
        "self_signed": Block(made(by=None)),
        "incomplete": Block(made(by=between)),
        "complete": Block(made(by=between, along=(between,))),
        "issuer_expired": Block(made(by=ended, along=(ended,))),
        "issuer_soon": Block(made(by=ending, along=(ending,))),
        "issuer_soon_1.2": Block(made(by=ending, along=(ending,)), "TLSv1.2"),
        "issuer_soon_1.3": Block(made(by=ending, along=(ending,)), "TLSv1.3"),
        "issuer_soon_client": Block(made(by=ending, along=(ending,)), "TLSv1.2", extra=client),
        "issuer_renew": Block(made(by=later, along=(later,))),
        "issuer_ok": Block(made(by=below, along=(below, last))),
        "expired_issuer_soon": Block(made(by=ending, along=(ending,), ends_days=-3)),
        "needless": Block(made(by=between, along=(between, ended, ending))),
        "old_server": Block(made(), "TLSv1", ANY_STRENGTH),
        "1.3_expired": Block(made(ends_days=-3), "TLSv1.3"),
        "client_1.2": Block(made(), "TLSv1.2", extra=client),
        "client_1.3": Block(made(), "TLSv1.3", extra=client),
        "client_1.2_expired": Block(made(ends_days=-3), "TLSv1.2", extra=client),
        "plain": Block(None),
    }
    with nginx(tmp_path_factory.mktemp("certificate"), list(blocks.values())) as numbers:
        yield dict(zip(blocks, numbers, strict=True))


@pytest.mark.parametrize(
    ("kind", "key", "connections"),
    [
        ("good", "ok", 1),
        ("complete", "ok", 1),
        ("wildcard", "ok", 1),
        ("renew", "renew", 1),
        ("soon", "soon", 1),
        ("other_name", "other_name", 1),
        ("no_names", "other_name", 1),
        ("client_1.3", "ok", 1),
        ("client_1.2", "ok", 1),
        ("expired", "expired", 2),
        ("not_yet", "not_yet", 2),
        ("issuer_expired", "issuer_expired", 2),
        ("issuer_soon", "soon_issuer", 1),
        ("issuer_soon_1.2", "soon_issuer", 1),
        ("issuer_soon_1.3", "soon_issuer", 1),
        ("issuer_soon_client", "soon_issuer", 1),
        ("issuer_renew", "renew_issuer", 1),
        ("issuer_ok", "ok_issuer", 1),
        ("expired_issuer_soon", "expired", 2),
        ("needless", "ok", 1),
        ("1.3_expired", "expired", 2),
        ("client_1.2_expired", "expired", 2),
        ("weak_rsa", "weak_key", 2),
        ("self_signed", "self_signed", 2),
        ("incomplete", "no_issuer", 2),
    ],
)
def test_each_certificate_is_told_for_what_it_is(
    ports: dict[str, int], pki: Pki, kind: str, key: str, connections: int
) -> None:
    contacts: list[Contact] = []
    answer = asked(ask_certificate, gateway_at(ports[kind], ca_file=pki.ca_file), contacts=contacts)
    assert judged(answer).key == key
    assert len(contacts) <= connections


def test_an_old_server_leaves_the_strength_of_its_issuers_unknown(ports: dict[str, int], pki: Pki) -> None:
    judgement = judged(asked(ask_certificate, gateway_at(ports["old_server"], ca_file=pki.ca_file)))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_a_town_certificate_is_not_trusted_by_the_system(ports: dict[str, int]) -> None:
    assert judged(asked(ask_certificate, gateway_at(ports["good"]))).key == "no_issuer"


def test_another_authority_does_not_vouch_for_it(ports: dict[str, int], tmp_path: Path) -> None:
    other = authority("Another town").save(tmp_path / "other.pem")
    assert judged(asked(ask_certificate, gateway_at(ports["good"], ca_file=other))).key == "no_issuer"


def test_a_forged_authority_of_the_same_name_does_not_vouch_for_it(
    ports: dict[str, int], tmp_path: Path
) -> None:
    forged = authority().save(tmp_path / "forged.pem")
    judgement = judged(asked(ask_certificate, gateway_at(ports["good"], ca_file=forged)))
    assert judgement.verdict is Verdict.FAIL


def test_kept_evidence_is_judged_for_any_day(ports: dict[str, int], pki: Pki) -> None:
    answer = asked(ask_certificate, gateway_at(ports["good"], ca_file=pki.ca_file))
    ends = certificate(answer).ends
    keys = {days: judged(answer, today=ends - timedelta(days=days)).key for days in (30, 29, 7, 6, 0, -1)}
    assert keys == {30: "ok", 29: "renew", 7: "renew", 6: "soon", 0: "soon", -1: "expired"}
    assert judged(answer).until == ends - timedelta(days=7)


def test_a_certificate_holds_no_longer_than_its_issuers(ports: dict[str, int], pki: Pki) -> None:
    """The issuer of its issuer ends first: by that day the pass, its end and what comes after are told."""
    answer = asked(ask_certificate, gateway_at(ports["issuer_ok"], ca_file=pki.ca_file))
    ends = certificate(answer).last
    assert ends == TODAY + timedelta(days=100)
    keys = {days: judged(answer, today=ends - timedelta(days=days)).key for days in (30, 29, 7, 6, 0, -1)}
    assert keys == {
        30: "ok_issuer",
        29: "renew_issuer",
        7: "renew_issuer",
        6: "soon_issuer",
        0: "soon_issuer",
        -1: "issuer_expired",
    }
    assert judged(answer).until == ends - timedelta(days=7)


def test_an_expired_certificate_judged_for_a_day_when_it_was_not_leaves_its_issuers_unknown(
    ports: dict[str, int], pki: Pki
) -> None:
    answer = asked(ask_certificate, gateway_at(ports["expired"], ca_file=pki.ca_file))
    judgement = judged(answer, today=TODAY - timedelta(days=15))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_a_plain_web_server_has_no_certificate_to_judge(ports: dict[str, int], pki: Pki) -> None:
    with pytest.raises(NotKnown) as caught:
        asked(ask_certificate, gateway_at(ports["plain"], ca_file=pki.ca_file))
    assert caught.value.reason is Reason.WRONG_SERVICE


def test_tls_that_has_nothing_in_common_with_us_is_not_measurable(ports: dict[str, int], pki: Pki) -> None:
    with pytest.raises(NotKnown) as caught:
        asked(ask_certificate, gateway_at(ports["strange_ec"], ca_file=pki.ca_file))
    assert caught.value.reason is Reason.NOT_MEASURABLE


def test_a_stopped_entrance_is_refused() -> None:
    with pytest.raises(Unreached) as caught:
        asked(ask_certificate, gateway_at(free_port()))
    assert caught.value.reason is Reason.REFUSED


@pytest.mark.parametrize("content", ["", "not a certificate", None])
def test_an_authority_file_that_cannot_be_read_is_said_before_any_contact(
    tmp_path: Path, content: str | None
) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content)
    contacts: list[Contact] = []
    with pytest.raises(NotKnown) as caught:
        asked(ask_certificate, gateway_at(free_port(), ca_file=ca_file), contacts=contacts)
    assert (caught.value.reason, contacts) == (Reason.UNREADABLE, [])


@pytest.mark.parametrize("behave", [says(b""), says(b"\x16\x03\x03" + bytes(500)), says(b"SSH-2.0-X\r\n")])
def test_garbage_in_the_handshake_is_the_wrong_service(behave: Callable[..., object], pki: Pki) -> None:
    with rude_server(behave) as port, pytest.raises(NotKnown) as caught:
        asked(ask_certificate, gateway_at(port, ca_file=pki.ca_file))
    assert caught.value.reason is Reason.WRONG_SERVICE


@pytest.mark.parametrize("behave", [stays_silent, drips(b"\x16\x03\x03\x40\x00" + bytes(60))])
def test_silence_and_dripping_are_no_answer_in_bounded_time(
    behave: Callable[..., object], pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.remote._trust.WAIT_S", 0.5)
    began = time.monotonic()
    with rude_server(behave) as port, pytest.raises(NotKnown) as caught:
        asked(ask_certificate, gateway_at(port, ca_file=pki.ca_file))
    assert caught.value.reason is Reason.NO_ANSWER
    assert time.monotonic() - began < 4


def test_an_endless_handshake_is_cut_off(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote._trust.MOST_BYTES", 20_000)
    header = (
        b"\x16\x03\x03\x00\x31\x02\x00\x00\x2d\x03\x03" + bytes(32) + b"\0\xc0\x2f\0\0\x05\xff\x01\0\x01\0"
    )
    flood = header + (b"\x16\x03\x03\x40\x00" + b"\x0b\x01\x80\x00" + bytes(16380)) * 8
    with rude_server(says(flood)) as port, pytest.raises(NotKnown) as caught:
        asked(ask_certificate, gateway_at(port, ca_file=pki.ca_file))
    assert caught.value.reason is Reason.WRONG_SERVICE


def test_an_entrance_declared_as_something_else_is_not_asked_and_not_judged() -> None:
    contacts: list[Contact] = []
    gateway = gateway_at(free_port(), protocol="tcp")
    answer = asked(ask_certificate, gateway, contacts=contacts)
    with pytest.raises(NotKnown):
        certificate(answer)
    judgement = certificate_holds(gateway, Unknown(Reason.NOT_MEASURABLE), CERTIFICATE_PARAMS, TODAY)
    assert (judgement.verdict, contacts) == (Verdict.NOT_APPLICABLE, [])


def test_what_is_not_known_stays_unknown() -> None:
    judgement = certificate_holds(gateway_at(443), Unknown(Reason.NO_ANSWER), CERTIFICATE_PARAMS, TODAY)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_ANSWER)


def test_a_trust_store_is_loaded_once_per_policy_and_again_when_it_changes(pki: Pki, tmp_path: Path) -> None:
    ca_file = authority().save(tmp_path / "ca.pem")
    first = context(ca_file, STRICT)
    assert context(ca_file, STRICT) is first
    assert context(ca_file, ANYTHING) is not first
    pki.ca.save(ca_file)
    os.utime(ca_file, ns=(0, 0))
    assert context(ca_file, STRICT) is not first


def test_verifying_is_never_switched_off_where_trust_is_asked(pki: Pki) -> None:
    for ciphers in (STRICT, ANYTHING):
        for any_time in (False, True):
            made = context(pki.ca_file, ciphers, any_time=any_time)
            assert made.verify_mode is ssl.CERT_REQUIRED
