from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Judgement, NotKnown, Params, Reason, Status, Verdict
from checks.remote._read import compact
from checks.remote.hsts import ask_hsts, encrypted_only, hsts, max_age
from tests.peers.certificates import issue
from tests.peers.nginx import Block, nginx
from tests.peers.process import free_port
from tests.remote.conftest import Pki, asked, gateway_at, rude_server, stays_silent

PARAMS = Params({"min_days": 180})


@pytest.fixture(scope="module")
def ports(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    files = issue(pki.folder, pki.ca)
    header = 'add_header Strict-Transport-Security "{}" always;'
    demand = f"ssl_verify_client on; ssl_client_certificate {pki.ca_file};"
    blocks = {
        "year": Block(files, extra=header.format("max-age=31536000; includeSubDomains")),
        "week": Block(files, extra=header.format("max-age=604800")),
        "none": Block(files),
        "demand": Block(files, extra=demand + header.format("max-age=31536000")),
        "plain": Block(None),
    }
    with nginx(tmp_path_factory.mktemp("hsts"), list(blocks.values())) as numbers:
        yield dict(zip(blocks, numbers, strict=True))


def judged(port: int) -> Judgement:
    return encrypted_only(hsts(asked(ask_hsts, gateway_at(port))), PARAMS)


@pytest.mark.parametrize(
    ("entrance", "verdict", "key"),
    [
        ("year", Verdict.PASS, "ok"),
        ("week", Verdict.FAIL, "short"),
        ("none", Verdict.FAIL, "missing"),
        ("demand", Verdict.PASS, "ok"),
    ],
)
def test_the_header_is_read_with_one_request(
    ports: dict[str, int], entrance: str, verdict: Verdict, key: str
) -> None:
    judgement = judged(ports[entrance])
    assert (judgement.verdict, judgement.key) == (verdict, key)


def test_one_connection_is_enough(ports: dict[str, int]) -> None:
    contacts: list[Contact] = []
    asked(ask_hsts, gateway_at(ports["year"]), contacts=contacts)
    assert len(contacts) == 1


def test_a_page_without_encryption_is_the_wrong_service(ports: dict[str, int]) -> None:
    with pytest.raises(NotKnown) as caught:
        judged(ports["plain"])
    assert caught.value.reason is Reason.WRONG_SERVICE


def test_a_silent_page_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.hsts.WAIT_S", 0.2)
    with rude_server(stays_silent) as port, pytest.raises(NotKnown) as caught:
        judged(port)
    assert caught.value.reason is Reason.NO_ANSWER


def test_an_entrance_without_a_page_is_not_asked() -> None:
    contacts: list[Contact] = []
    found = asked(ask_hsts, gateway_at(free_port(), protocol="rdp"), contacts=contacts)
    assert contacts == []
    assert encrypted_only(hsts(found), PARAMS).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=100", 100),
        ('includeSubDomains; MAX-AGE="100"', 100),
        ("max-age=100, max-age=5", 100),
        ("max-age=0", 0),
        ("", None),
        ("includeSubDomains", None),
        ("max-age=1; max-age=2", None),
        ("max-age=-1", None),
        ("max-age=١٢", None),
        ("max-age", None),
    ],
)
def test_the_header_is_read_as_a_browser_reads_it(header: str, seconds: int | None) -> None:
    assert max_age(header) == seconds


def test_an_order_that_is_taken_back_is_none() -> None:
    body = compact({"status": 200, "hsts": "max-age=0"})
    assert encrypted_only(hsts(Answer("gateway.hsts", Status.OK, body)), PARAMS).key == "missing"


@given(st.text(max_size=300))
def test_no_header_breaks_the_reader(header: str) -> None:
    seconds = max_age(header)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("body", [b"[]", b'{"status":200}', b'{"status":200,"hsts":1}'])
def test_another_answer_is_not_understood(body: bytes) -> None:
    with pytest.raises(Garbled):
        hsts(Answer("gateway.hsts", Status.OK, body))
