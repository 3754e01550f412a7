import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Gateway, Judgement, NotKnown, Reason, Status, Unknown, Verdict
from checks.remote._flight import first_words
from checks.remote._hello import NotTls
from checks.remote.revocation import Revocation, ask_revocation, not_revoked, revocation
from tests.peers.certificates import Files, Issuer, authority, issue
from tests.peers.nginx import Block, nginx
from tests.peers.process import free_port
from tests.remote.conftest import TODAY, Pki, asked, gateway_at, rude_server, says

NOW = datetime.now(UTC).replace(microsecond=0)
GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED


def leaf_of(files: Files) -> x509.Certificate:
    return x509.load_pem_x509_certificate(files.chain.read_bytes())


def response(
    files: Files,
    about: Issuer,
    *,
    by: Issuer | None = None,
    status: ocsp.OCSPCertStatus = GOOD,
    until: datetime | None = NOW + timedelta(days=3),
) -> bytes:
    """An OCSP response about the certificate, signed by its issuer unless `by` says otherwise."""
    signer = by or about
    revoked = status is REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf_of(files),
        issuer=about.certificate,
        algorithm=hashes.SHA1(),
        cert_status=status,
        this_update=NOW - timedelta(days=4),
        next_update=until,
        revocation_time=NOW - timedelta(days=5) if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def stapling(folder: Path, name: str, der: bytes) -> str:
    path = folder / f"{name}.ocsp"
    path.write_bytes(der)
    return f"ssl_stapling on; ssl_stapling_file {path};"


@pytest.fixture(scope="module")
def entrances(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    folder = tmp_path_factory.mktemp("revocation")
    files, other = issue(pki.folder, pki.ca), issue(pki.folder, pki.ca)
    stranger = authority("Somebody else")
    staples = {
        "good": response(files, pki.ca),
        "revoked": response(files, pki.ca, status=REVOKED),
        "old": response(files, pki.ca, until=NOW - timedelta(days=2)),
        "forged": response(files, pki.ca, by=stranger),
        "of_another": response(other, pki.ca),
        "by_helper": delegated(files, pki.ca),
        "by_former_helper": delegated(files, pki.ca, days=(-900, -300)),
        "endless": response(files, pki.ca, until=None),
        "unsure": response(files, pki.ca, status=ocsp.OCSPCertStatus.UNKNOWN),
    }
    demand = f"ssl_verify_client on; ssl_client_certificate {pki.ca_file};"
    blocks = {name: Block(files, extra=stapling(folder, name, der)) for name, der in staples.items()}
    blocks["none"] = Block(files)
    blocks["demand"] = Block(files, extra=demand + stapling(folder, "demand", staples["good"]))
    blocks["only_1.3"] = Block(files, "TLSv1.3")
    blocks["plain"] = Block(None)
    with nginx(folder, list(blocks.values())) as numbers:
        yield dict(zip(blocks, numbers, strict=True))


def gateway_for(port: int, pki: Pki) -> Gateway:
    return gateway_at(port, ca_file=pki.ca_file)


def judged(port: int, pki: Pki, today: date = TODAY) -> Judgement:
    gateway = gateway_for(port, pki)
    try:
        told: Revocation | Unknown = revocation(asked(ask_revocation, gateway))
    except NotKnown as error:
        told = Unknown(error.reason, error.note)
    return not_revoked(gateway, told, today)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("good", (Verdict.PASS, "ok")),
        ("demand", (Verdict.PASS, "ok")),
        ("revoked", (Verdict.FAIL, "revoked")),
        ("old", (Verdict.FAIL, "old")),
        ("none", (Verdict.NOT_APPLICABLE, "none")),
        ("forged", (Verdict.UNKNOWN, Reason.UNTRUSTED)),
        ("of_another", (Verdict.UNKNOWN, Reason.UNTRUSTED)),
        ("by_helper", (Verdict.PASS, "ok")),
        ("by_former_helper", (Verdict.UNKNOWN, Reason.UNTRUSTED)),
        ("endless", (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)),
        ("unsure", (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)),
        ("only_1.3", (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)),
    ],
)
def test_what_is_sent_along_is_believed_only_from_the_issuer_and_in_time(
    entrances: dict[str, int], pki: Pki, name: str, said: tuple[Verdict, str | Reason]
) -> None:
    judgement = judged(entrances[name], pki)
    assert (judgement.verdict, judgement.reason or judgement.key) == said


def test_a_server_without_tls_is_unknown(entrances: dict[str, int], pki: Pki) -> None:
    """It hangs up with our hello half read: the kernel may reset the connection before its words are read."""
    judgement = judged(entrances["plain"], pki)
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.reason in (Reason.WRONG_SERVICE, Reason.NOT_MEASURABLE)


def test_a_pass_holds_no_longer_than_the_issuers_word(entrances: dict[str, int], pki: Pki) -> None:
    judgement = judged(entrances["good"], pki)
    assert judgement.until is not None
    later = judged(entrances["good"], pki, judgement.until + timedelta(days=1))
    assert (later.verdict, later.reason) == (Verdict.UNKNOWN, Reason.STALE)


def test_without_the_issuers_certificate_nothing_is_believed(entrances: dict[str, int]) -> None:
    told = revocation(asked(ask_revocation, gateway_at(entrances["good"])))
    assert told.status == "unsigned"


def test_an_operators_relay_is_not_asked() -> None:
    contacts: list[Contact] = []
    relay = gateway_at(1, protocol="relay")
    asked(ask_revocation, relay, contacts=contacts)
    told = Unknown(Reason.NOT_MEASURABLE)
    assert (not_revoked(relay, told, TODAY).key, contacts) == ("not_ours", [])


def test_one_connection_is_enough(entrances: dict[str, int], pki: Pki) -> None:
    contacts: list[Contact] = []
    asked(ask_revocation, gateway_for(entrances["good"], pki), contacts=contacts)
    assert len(contacts) == 1


def test_a_promise_that_is_not_kept_fails() -> None:
    told = Revocation("none", promised=True)
    assert not_revoked(gateway_at(443), told, TODAY).key == "promised"


def test_an_entrance_without_tls_is_not_asked() -> None:
    contacts: list[Contact] = []
    gateway = gateway_at(free_port(), protocol="ssh")
    with pytest.raises(NotKnown):
        revocation(asked(ask_revocation, gateway, contacts=contacts))
    assert contacts == []
    judgement = not_revoked(gateway, Unknown(Reason.NOT_MEASURABLE), TODAY)
    assert judgement.verdict is Verdict.NOT_APPLICABLE


SIGNING, SERVING = ExtendedKeyUsageOID.OCSP_SIGNING, ExtendedKeyUsageOID.SERVER_AUTH


def delegated(
    files: Files, ca: Issuer, *, purpose: x509.ObjectIdentifier = SIGNING, days: tuple[int, int] = (-1, 9)
) -> bytes:
    """A good response, signed by one whose certificate is for `purpose` and holds from and to these days."""
    helper = authority("Responder", ca)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(helper.certificate.subject)
        .issuer_name(ca.certificate.subject)
        .public_key(helper.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .sign(ca.key, hashes.SHA256())
    )
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf_of(files),
        issuer=ca.certificate,
        algorithm=hashes.SHA256(),
        cert_status=GOOD,
        this_update=NOW,
        next_update=NOW + timedelta(days=3),
        revocation_time=None,
        revocation_reason=None,
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, certificate).certificates([certificate])
    return signed.sign(helper.key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("purpose", "days", "status"),
    [
        (SIGNING, (-1, 9), "good"),
        (SERVING, (-1, 9), "unsigned"),
        (SIGNING, (-900, -300), "unsigned"),
        (SIGNING, (5, 9), "unsigned"),
    ],
    ids=["appointed", "other-purpose", "ended", "not-yet"],
)
def test_a_delegated_signer_counts_only_with_its_purpose_and_in_its_time(
    pki: Pki, purpose: x509.ObjectIdentifier, days: tuple[int, int], status: str
) -> None:
    files = issue(pki.folder, pki.ca)
    der = delegated(files, pki.ca, purpose=purpose, days=days)
    assert revocation(answer([leaf_of(files), pki.ca.certificate], der)).status == status


def test_the_proof_holds_no_longer_than_its_signer(pki: Pki) -> None:
    files = issue(pki.folder, pki.ca)
    signed = [delegated(files, pki.ca, days=days) for days in ((-1, 9), (-1, 1))]
    chain = [leaf_of(files), pki.ca.certificate]
    longer, shorter = (revocation(answer(chain, der)).until for der in signed)
    assert longer is not None
    assert shorter == longer - timedelta(days=2)


def answer(chain: list[x509.Certificate], staple: bytes) -> Answer:
    value = {
        "chain": [base64.b64encode(each.public_bytes(Encoding.DER)).decode() for each in chain],
        "staple": base64.b64encode(staple).decode(),
        "asked_at": NOW.isoformat(),
    }
    return Answer("gateway.revocation", Status.OK, json.dumps(value).encode())


@given(st.binary(min_size=1, max_size=200))
def test_no_bytes_sent_along_break_the_reader_or_read_as_good(pki: Pki, staple: bytes) -> None:
    with pytest.raises(Garbled):
        revocation(answer([pki.ca.certificate, pki.ca.certificate], staple))


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"chain":[],"staple":"","asked_at":"2026-01-01T00:00:00+00:00"}',
        b'{"chain":["AAAA"],"staple":"","asked_at":"2026-01-01T00:00:00+00:00"}',
        b'{"chain":["?"],"staple":"","asked_at":"2026-01-01T00:00:00+00:00"}',
        b'{"chain":[1],"staple":"","asked_at":"2026-01-01T00:00:00+00:00"}',
    ],
)
def test_another_answer_is_not_understood(body: bytes) -> None:
    with pytest.raises(Garbled):
        revocation(Answer("gateway.revocation", Status.OK, body))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", Reason.WRONG_SERVICE),
        (b"\x16\x03\x03\x00\x08\x0b\x00\x00\x04\x00\x00\x01\xff", Reason.WRONG_SERVICE),
        (b"\x15\x03\x03\x00\x02\x02\x28", Reason.NOT_MEASURABLE),
        (b"", Reason.NOT_MEASURABLE),
    ],
)
def test_garbage_and_refusals_prove_nothing(words: bytes, reason: Reason) -> None:
    with rude_server(says(words)) as port, pytest.raises(NotKnown) as caught:
        asked(ask_revocation, gateway_at(port))
    assert caught.value.reason is reason


@given(st.binary(max_size=400))
def test_no_first_words_break_the_reader(words: bytes) -> None:
    rest = words

    def take(size: int) -> bytes:
        nonlocal rest
        if len(rest) < size:
            raise NotTls
        part, rest = rest[:size], rest[size:]
        return part

    with suppress(NotTls):
        assert first_words(take) == ((), b"")
