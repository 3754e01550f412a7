"""The sign-on page and the brokers behind an entrance: real servers, and what hostile answers may hold."""

import gzip
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import (
    Answer,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Place,
    Reason,
    SignOn,
    Status,
    Unknown,
    Verdict,
)
from checks.remote.brokers import ask_brokers, brokers, brokers_answer
from checks.remote.signon import ask_sign_on, page_is_as_declared, sign_on_page
from tests.peers.certificates import GATEWAY_NAME, issue
from tests.peers.nginx import Block, nginx
from tests.peers.process import free_port
from tests.remote.conftest import Pki, asked, black_hole, gateway_at, rude_server, says

PAGES = """
location /login { charset utf-8; default_type text/html; return 200 'サインイン'; }
location /moved { return 302 https://elsewhere.example.jp/; }
location /gone { return 503; }
"""


@pytest.fixture(scope="module")
def entrance(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    block = Block(issue(pki.folder, pki.ca), extra=PAGES)
    with nginx(tmp_path_factory.mktemp("pages"), [block]) as (port,):
        yield gateway_at(port, ca_file=pki.ca_file)


def page(gateway: Gateway, **told: object) -> Judgement:
    declared = replace(gateway, sign_on=SignOn(**told))  # type: ignore[arg-type]  # as in town.toml
    return page_is_as_declared(declared, sign_on_page(asked(ask_sign_on, declared)))


def test_the_declared_page_passes_by_its_status_and_its_words(entrance: Gateway) -> None:
    assert page(entrance, path="/login", shows="サインイン").key == "ok"
    assert page(entrance, path="/moved", status=(302,)).key == "ok"


def test_a_server_of_several_names_is_asked_for_its_own_over_ipv6_too(pki: Pki, tmp_path: Path) -> None:
    port = free_port()
    own = f'location /login {{ if ($host != "{GATEWAY_NAME}") {{ return 404; }} return 204; }}'
    block = Block(issue(pki.folder, pki.ca), port=port, extra=f"listen [::1]:{port} ssl; {own}")
    with nginx(tmp_path, [block]):
        assert page(gateway_at(port, host="::1"), path="/login", status=(204,)).key == "ok"


def test_another_status_and_other_words_fail(entrance: Gateway) -> None:
    found = page(entrance, path="/gone")
    assert (found.verdict, found.key, found.values["seen"]) == (Verdict.FAIL, "status", 503)
    assert page(entrance, path="/login", shows="ログイン").key == "other_page"


def test_one_page_is_one_connection_and_a_redirect_is_not_followed(entrance: Gateway) -> None:
    contacts: list[Contact] = []
    declared = replace(entrance, sign_on=SignOn(path="/moved"))
    asked(ask_sign_on, declared, contacts=contacts)
    assert [(one.host, one.port) for one in contacts] == [(entrance.host, entrance.port)]


def test_where_no_page_is_declared_nobody_is_contacted(entrance: Gateway) -> None:
    contacts: list[Contact] = []
    answer = asked(ask_sign_on, entrance, contacts=contacts)
    assert contacts == []
    with pytest.raises(NotKnown):
        sign_on_page(answer)
    assert page_is_as_declared(entrance, Unknown(Reason.NOT_DECLARED)).verdict is Verdict.NOT_APPLICABLE


def test_what_speaks_no_tls_is_unknown() -> None:
    with rude_server(says(b"220 mail.example.jp ESMTP\r\n")) as port:
        declared = gateway_at(port, sign_on=SignOn())
        with pytest.raises(NotKnown) as caught:
            asked(ask_sign_on, declared)
    assert caught.value.reason is Reason.WRONG_SERVICE


def test_half_a_page_proves_neither() -> None:
    declared = gateway_at(443, sign_on=SignOn(shows="x"))
    answer = Answer("gateway.signon", Status.OK, b'{"status":200,"shows":false,"whole":false}')
    assert page_is_as_declared(declared, sign_on_page(answer)).verdict is Verdict.UNKNOWN


def answering(pki: Pki, reply: bytes, **told: object) -> Judgement:
    """GW-60 of a server that says `reply` to anybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = issue(pki.folder, pki.ca)
    context.load_cert_chain(issued.chain, issued.key)

    def behave(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as tls:
            tls.recv(4096)
            tls.sendall(reply)

    with rude_server(behave) as port:
        declared = gateway_at(port, sign_on=SignOn(**told))  # type: ignore[arg-type]  # as in town.toml
        return page_is_as_declared(declared, sign_on_page(asked(ask_sign_on, declared)))


def reply(body: bytes, *heads: bytes, status: bytes = b"200 OK") -> bytes:
    told = (b"HTTP/1.1 " + status, *heads, b"Content-Length: %d" % len(body))
    return b"\r\n".join(told) + b"\r\n\r\n" + body


def test_words_that_no_old_encoding_can_spell_are_not_found_on_an_outage_page(pki: Pki) -> None:
    body = '<a href="/status?now=1">障害のお知らせ</a>'.encode()
    assert answering(pki, reply(body), shows="①").key == "other_page"
    assert answering(pki, reply(body), shows="🔑").key == "other_page"


def test_words_are_read_in_the_encoding_that_the_page_is_told_to_be_in(pki: Pki) -> None:
    body = "<p>職員 &amp; 委員</p>".encode("cp932")
    told = b"Content-Type: text/html; charset=Shift_JIS"
    assert answering(pki, reply(body, told), shows="職員 & 委員").key == "ok"


@pytest.mark.parametrize("first", [b"100 Continue", b"103 Early Hints\r\nLink: </a.css>; rel=preload"])
def test_what_only_announces_the_reply_is_not_the_reply(pki: Pki, first: bytes) -> None:
    early = b"HTTP/1.1 " + first + b"\r\n\r\n"
    assert answering(pki, early + early + reply("サインイン".encode()), shows="サインイン").key == "ok"
    assert answering(pki, early + reply(b"", status=b"503 No"), shows="サインイン").values["seen"] == 503


def test_a_packed_page_that_nobody_asked_for_proves_neither(pki: Pki) -> None:
    packed = reply(gzip.compress("サインイン".encode()), b"Content-Encoding: gzip")
    found = answering(pki, packed, shows="サインイン")
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.UNREADABLE)
    assert answering(pki, packed).key == "ok", "its status is known all the same"
    assert answering(pki, packed, status=(302,)).key == "status"


@dataclass
class Ports:
    good: int
    refused: int
    silent: int


@pytest.fixture
def ports() -> Iterator[Ports]:
    with ExitStack() as stack:
        good = stack.enter_context(rude_server(lambda sock: sock.close()))
        yield Ports(good, free_port(), stack.enter_context(black_hole()))


def tried(*numbers: int, monkeypatch: pytest.MonkeyPatch | None = None) -> Judgement:
    if monkeypatch is not None:
        monkeypatch.setattr("checks.remote.brokers.WAIT_S", 0.3)
    gateway = gateway_at(443, brokers=tuple(Place("127.0.0.1", number) for number in numbers))
    return brokers_answer(gateway, brokers(asked(ask_brokers, gateway)))


def test_every_broker_has_to_answer(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tried(ports.good).key == "ok"
    down = tried(ports.good, ports.refused)
    assert (down.key, down.places) == ("refused", (f"127.0.0.1:{ports.refused}",))
    silent = tried(ports.good, ports.silent, monkeypatch=monkeypatch)
    assert (silent.verdict, silent.reason) == (Verdict.UNKNOWN, Reason.NO_ANSWER)


def test_a_broker_s_name_that_nobody_knows_fails() -> None:
    gateway = gateway_at(443, brokers=(Place("broker.invalid", 443),))
    with_name = Answer(
        "gateway.brokers",
        Status.OK,
        b'{"brokers":[{"place":"broker.invalid:443","outcome":"name_not_found","ms":0}]}',
    )
    assert brokers_answer(gateway, brokers(with_name)).key == "no_name"


def test_answers_of_other_brokers_than_are_declared_now_prove_nothing(ports: Ports) -> None:
    gateway = gateway_at(443, brokers=(Place("127.0.0.1", ports.good),))
    answer = asked(ask_brokers, gateway)
    other = replace(gateway, brokers=(Place("127.0.0.1", ports.refused),))
    assert brokers_answer(other, brokers(answer)).reason is Reason.NOT_COLLECTED


def test_where_no_broker_is_declared_nothing_is_judged() -> None:
    found = brokers_answer(gateway_at(443), Unknown(Reason.NOT_DECLARED))
    assert found.verdict is Verdict.NOT_APPLICABLE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=9,
)


@given(
    st.binary(max_size=60) | JSON.map(lambda value: repr(value).replace("'", '"').encode("utf-8", "replace"))
)
def test_no_answer_breaks_the_parsers(body: bytes) -> None:
    for parse in (brokers, sign_on_page):
        try:
            parse(Answer("x", Status.OK, body))
        except (Garbled, NotKnown):
            continue
