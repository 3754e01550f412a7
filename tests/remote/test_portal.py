"""Portals: an estimate by unverified signatures, that never passes and never fails anything."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Gateway, NotKnown, Params, Reason, Status, Unknown, Verdict
from auditor.declared import PRODUCTS
from checks.remote import _web
from checks.remote.certificate import ask_certificate
from checks.remote.portal import (
    OUTCOMES,
    Portal,
    ask_portal,
    looks_like_its_product,
    portal,
    signatures,
)
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.tls import ask_tls, current_versions_only, tls_offer
from tests.peers.certificates import Files, issue
from tests.peers.nginx import Block, nginx
from tests.remote.conftest import Pki, asked, gateway_at, judged, rude_server, says

REACH = Params({"p95_ms": 2000})
VERSIONS = Params({"allow": ("1.2", "1.3"), "deny": ("1.0", "1.1")})
PAGES = {
    "fortinet": 'location = /remote/login { return 200 "<script src=/remote/fgt_lang?lang=ja></script>"; }',
    "globalprotect": 'location = /global-protect/prelogin.esp { return 200 "<prelogin-response>"; }',
    "citrix": "location = /vpn/index.html { add_header Set-Cookie NSC_TEST=1; return 200 x; }",
    "plain": "",
}


@pytest.fixture(scope="module")
def files(pki: Pki) -> Files:
    return issue(pki.folder, pki.ca)


@pytest.fixture(scope="module")
def ports(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Pages written from the very signatures: they prove the way of asking, not the signatures."""
    blocks = [Block(files, extra=extra) for extra in PAGES.values()]
    with nginx(tmp_path_factory.mktemp("portal"), blocks) as numbers:
        yield dict(zip(PAGES, numbers, strict=True))


def entrance(port: int, product: str = "", **fields: object) -> Gateway:
    return gateway_at(port, protocol="portal", product=product, **fields)


def test_the_products_that_may_be_declared_are_those_with_a_signature() -> None:
    assert tuple(signatures()) == PRODUCTS


def test_every_signature_says_where_to_look_and_what_for() -> None:
    for row in signatures().values():
        assert row.path.startswith("/")
        assert row.path.isascii()
        assert row.headers or row.body
        assert all(part == part.lower() for part in (*row.body, *(part for _, part in row.headers)))
    assert 1 <= len([row for row in signatures().values() if row.common]) <= 4


@pytest.mark.parametrize("product", ["fortinet", "globalprotect", "citrix"])
def test_the_declared_product_costs_one_connection_and_is_an_estimate(
    ports: dict[str, int], product: str
) -> None:
    contacts: list[Contact] = []
    gateway = entrance(ports[product], product)
    found = portal(asked(ask_portal, gateway, contacts=contacts))
    judgement = looks_like_its_product(gateway, found)
    assert len(contacts) == 1
    assert (found.looks_like, judgement.verdict, judgement.key) == (
        product,
        Verdict.NOT_APPLICABLE,
        "looks_like",
    )


def test_a_page_that_does_not_look_like_the_declared_product_is_unknown(ports: dict[str, int]) -> None:
    gateway = entrance(ports["plain"], "fortinet")
    judgement = looks_like_its_product(gateway, portal(asked(ask_portal, gateway)))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_without_a_declared_product_a_few_common_ones_are_tried_one_after_the_other(
    ports: dict[str, int],
) -> None:
    contacts: list[Contact] = []
    gateway = entrance(ports["plain"])
    found = portal(asked(ask_portal, gateway, contacts=contacts))
    assert len(contacts) == len(found.tried) <= 4
    assert looks_like_its_product(gateway, found).reason is Reason.NOT_DECLARED


def test_it_stops_at_the_first_that_matches(ports: dict[str, int]) -> None:
    contacts: list[Contact] = []
    found = portal(asked(ask_portal, entrance(ports["fortinet"]), contacts=contacts))
    assert (found.looks_like, len(contacts)) == ("fortinet", 1)


def test_reach_tls_and_certificate_are_judged_underneath(ports: dict[str, int], pki: Pki) -> None:
    gateway = entrance(ports["plain"], "f5", ca_file=pki.ca_file)
    assert answers_in_time(reach(asked(ask_reach, gateway)), REACH).verdict is Verdict.PASS
    assert current_versions_only(tls_offer(asked(ask_tls, gateway)), VERSIONS).verdict is Verdict.PASS
    assert judged(asked(ask_certificate, gateway)).key == "ok"


def test_a_service_without_tls_is_unknown() -> None:
    with rude_server(says(b"SSH-2.0-x\r\n")) as port:
        gateway = entrance(port, "asa")
        judgement = looks_like_its_product(gateway, portal(asked(ask_portal, gateway)))
    assert judgement.verdict is Verdict.UNKNOWN


def test_of_a_page_nothing_is_kept(ports: dict[str, int]) -> None:
    body = asked(ask_portal, entrance(ports["fortinet"], "fortinet")).body
    assert json.loads(body) == {"declared": "fortinet", "tried": [["fortinet", "matches"]]}


def test_an_entrance_of_another_protocol_is_not_asked() -> None:
    gateway = gateway_at(443)
    with pytest.raises(NotKnown):
        portal(Answer("gateway.portal", Status.OK, ask_portal.collect(gateway, None)))
    judgement = looks_like_its_product(gateway, Unknown(Reason.NOT_MEASURABLE))
    assert (judgement.verdict, judgement.key) == (Verdict.NOT_APPLICABLE, "other")


@given(
    st.sampled_from(["", *PRODUCTS]),
    st.lists(st.tuples(st.sampled_from(PRODUCTS), st.sampled_from(OUTCOMES)), max_size=4),
)
def test_nothing_passes_and_nothing_fails(declared: str, tried: list[tuple[str, str]]) -> None:
    body = json.dumps({"declared": declared, "tried": tried}).encode()
    judgement = looks_like_its_product(entrance(443), portal(Answer("gateway.portal", Status.OK, body)))
    assert judgement.verdict in (Verdict.NOT_APPLICABLE, Verdict.UNKNOWN)


@given(st.sampled_from(PRODUCTS), st.integers(100, 599), st.binary(max_size=100), st.text(max_size=20))
def test_no_page_breaks_a_signature(product: str, status: int, body: bytes, cookie: str) -> None:
    page = _web.Page(status, {"set-cookie": cookie}, body, whole=False, certificate="none", took_ms=0.0)
    assert signatures()[product].fits(page) in (True, False)


@pytest.mark.parametrize(
    "written",
    [
        {"declared": "x", "tried": []},
        {"declared": "", "tried": [["fortinet"]]},
        {"declared": "", "tried": [["fortinet", "perhaps"]]},
        {"declared": "", "tried": [["x", "matches"]]},
        {"declared": ""},
        [],
    ],
)
def test_no_other_answer_is_understood(written: object) -> None:
    with pytest.raises(Garbled):
        portal(Answer("gateway.portal", Status.OK, json.dumps(written).encode()))


def test_a_fact_of_nothing_tried_looks_like_nothing(tmp_path: Path) -> None:
    found = portal(Answer("gateway.portal", Status.OK, b'{"declared":"","tried":[]}'))
    assert found == Portal("", "", ())
