import base64
import ssl

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Answer, Garbled, NotKnown, Reason, Status, Verdict
from checks.remote._leaf import bears
from checks.remote._read import compact
from checks.remote.certificate import certificate, certificate_holds
from tests.peers.certificates import issue
from tests.remote.conftest import CERTIFICATE_PARAMS, TODAY, Pki, gateway_at, judged


@pytest.fixture(scope="module")
def der(pki: Pki) -> bytes:
    return ssl.PEM_cert_to_DER_cert(issue(pki.folder, pki.ca).chain.read_text())


@pytest.mark.parametrize(
    ("names", "wanted", "bears_it"),
    [
        (("gw.example.jp",), "GW.Example.jp", True),
        (("gw.example.jp",), "gw.example.jp.", True),
        (("*.example.jp",), "gw.example.jp", True),
        (("*.example.jp",), "a.gw.example.jp", False),
        (("*.example.jp",), "example.jp", False),
        (("*.jp",), "example.jp", False),
        (("*",), "localhost", False),
        (("10.0.0.1",), "10.0.0.1", True),
        (("10.0.0.1",), "10.0.0.2", False),
        (("*.0.0.1",), "10.0.0.1", False),
        (("2001:db8::1",), "2001:0db8:0::1", True),
        ((), "gw.example.jp", False),
    ],
)
def test_names_are_compared_as_clients_do(names: tuple[str, ...], wanted: str, bears_it: bool) -> None:  # noqa: FBT001 - the expected answer
    assert bears(names, wanted) is bears_it


def written(leaf: bytes, /, **fields: object) -> Answer:
    value = {
        "leaf": base64.b64encode(leaf).decode("ascii"),
        "issuers": [],
        "asked_at": "2026-11-25T03:00:00+00:00",
        "trust": 0,
        "trust_then": 0,
        "words": "",
        **fields,
    }
    return Answer("gateway.certificate", Status.OK, compact(value))


@given(st.binary(max_size=200))
def test_no_bytes_but_a_certificate_are_understood(leaf: bytes) -> None:
    with pytest.raises((Garbled, NotKnown)):
        certificate(written(leaf))


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@given(st.data())
def test_a_damaged_certificate_is_understood_or_refused(der: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(der) - 1))
    damaged = der[:at] + bytes([data.draw(st.integers(0, 255))]) + der[at + 1 :]
    try:
        found = certificate(written(damaged))
    except Garbled:
        return
    assert found.key.bits >= 0


@pytest.mark.parametrize(
    "fields",
    [
        {"trust": -1},
        {"trust": True},
        {"trust": "0"},
        {"trust_then": None},
        {"asked_at": "yesterday"},
        {"asked_at": "2026-11-25T03:00:00"},
        {"leaf": "!!!"},
        {"leaf": 5},
        {"issuers": {}},
        {"issuers": ["AAAA"]},
        {"issuers": [1]},
        {"more": 1},
    ],
)
def test_a_field_of_another_shape_is_not_understood(der: bytes, fields: dict[str, object]) -> None:
    with pytest.raises(Garbled):
        certificate(written(der, **fields))


def test_a_key_on_a_small_curve_is_weak(pki: Pki) -> None:
    files = issue(pki.folder, pki.ca, key=ec.generate_private_key(ec.SECP192R1()))
    judgement = judged(written(ssl.PEM_cert_to_DER_cert(files.chain.read_text())))
    assert (judgement.key, judgement.values["bits"]) == ("weak_key", 192)


@pytest.mark.parametrize(
    ("code", "key"),
    [
        (18, "self_signed"),
        (19, "self_signed"),
        (20, "no_issuer"),
        (21, "no_issuer"),
        (68, "weak_issuer"),
        (24, "untrusted"),
    ],
)
def test_every_verify_result_but_0_fails(der: bytes, code: int, key: str) -> None:
    judgement = judged(written(der, trust=code, trust_then=code))
    assert (judgement.verdict, judgement.key) == (Verdict.FAIL, key)


def test_a_pass_needs_the_issuers_dates_to_be_known(der: bytes) -> None:
    judgement = judged(written(der, issuers=None))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_without_a_declared_name_nothing_can_be_compared(der: bytes) -> None:
    gateway = gateway_at(443, host="", server_name="")
    judgement = certificate_holds(gateway, certificate(written(der)), CERTIFICATE_PARAMS, TODAY)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_DECLARED)


def test_an_edwards_key_is_strong_enough(pki: Pki) -> None:
    files = issue(pki.folder, pki.ca, key=ed25519.Ed25519PrivateKey.generate())
    assert judged(written(ssl.PEM_cert_to_DER_cert(files.chain.read_text()))).verdict is Verdict.PASS
