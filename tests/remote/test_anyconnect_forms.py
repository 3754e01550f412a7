"""AnyConnect forms of appliances that no package has, and servers that are none."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Answer, Garbled, Gateway, NotKnown, Params, Reason, Status, Verdict
from checks.remote import _signin, _web
from checks.remote.anyconnect import SignIn, ask_signin, second_factor_in_sight, sign_in
from checks.remote.reach import answers_in_time, ask_reach, reach
from tests.peers.certificates import Files, issue
from tests.peers.nginx import Block, nginx
from tests.remote.conftest import Pki, asked, gateway_at, rude_server, says, stays_silent

REACH = Params({"p95_ms": 2000})
FORM = """<?xml version="1.0" encoding="UTF-8"?>
<config-auth client="vpn" type="auth-request"><auth id="main"><title>Login</title>{more}
<form method="post" action="/">{inputs}</form></auth></config-auth>"""
USERNAME = '<input type="text" name="username" label="Username:"/>'
PASS = '<input type="password" name="password" label="Password:"/>'
SECOND = '<input type="password" name="secondary_password" label="Code:"/>'
GROUPS = '<select name="group_list"><option>a</option><option>b</option></select>'


def anyconnect(port: int, **fields: object) -> Gateway:
    return gateway_at(port, protocol="anyconnect", **fields)


@pytest.fixture(scope="module")
def files(pki: Pki) -> Files:
    return issue(pki.folder, pki.ca)


@contextmanager
def appliance(files: Files, reply: bytes) -> Iterator[int]:
    """A TLS 1.2 server that hears a request and gives one reply, as an appliance would."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.chain, files.key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def behave(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as tls:
            tls.recv(8192)
            tls.sendall(reply)

    with rude_server(behave) as port:
        yield port


def page(body: str, status: str = "200 OK") -> bytes:
    content = body.encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


@pytest.mark.parametrize(
    ("inputs", "more", "verdict"),
    [
        (USERNAME + PASS, "", Verdict.FAIL),
        (USERNAME + PASS + '<input type="hidden" name="tgroup" value="x"/>', "", Verdict.FAIL),
        (USERNAME + PASS + SECOND, "", Verdict.UNKNOWN),
        (USERNAME, "", Verdict.UNKNOWN),
        (PASS, "", Verdict.UNKNOWN),
        (USERNAME + PASS + GROUPS, "", Verdict.UNKNOWN),
        (USERNAME + PASS + '<select name="method"><option>sms</option></select>', "", Verdict.UNKNOWN),
        (USERNAME + PASS + '<input type="text" name="answer"/>', "", Verdict.UNKNOWN),
        (USERNAME + PASS, "<client-cert-request/>", Verdict.UNKNOWN),
        (USERNAME + PASS, "<sso-v2-login>https://idp.example/</sso-v2-login>", Verdict.UNKNOWN),
        ('<input type="sso" name="sso-token"/>', "", Verdict.UNKNOWN),
    ],
)
def test_only_a_form_of_user_name_and_password_with_nothing_besides_fails(
    files: Files, inputs: str, more: str, verdict: Verdict
) -> None:
    with appliance(files, page(FORM.format(inputs=inputs, more=more))) as port:
        gateway = anyconnect(port)
        judgement = second_factor_in_sight(gateway, sign_in(asked(ask_signin, gateway)))
    assert judgement.verdict is verdict


@given(
    st.sampled_from(_web.WANTED),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(_signin.TYPES), st.sampled_from(["username", "password", "otp"]))),
    st.integers(0, 3),
    st.booleans(),
)
def test_no_form_ever_passes(
    certificate: str,
    wanted: bool,  # noqa: FBT001 - drawn by hypothesis
    fields: list[tuple[str, str]],
    groups: int,
    sso: bool,  # noqa: FBT001
) -> None:
    shown = SignIn(certificate, wanted, tuple(fields), groups, sso)
    judgement = second_factor_in_sight(anyconnect(443), shown)
    assert judgement.verdict in (Verdict.FAIL, Verdict.UNKNOWN)
    if judgement.verdict is Verdict.FAIL:
        assert (certificate, wanted, sso) == (_web.NONE, False, False)


NO_FORMS = {
    "html": page("<html><body>hello</body></html>"),
    "not found": page(FORM.format(inputs=USERNAME + PASS, more=""), "404 Not Found"),
    "cut": page(FORM.format(inputs=USERNAME + PASS, more=""))[:-20],
    "doctype": page('<!DOCTYPE a [<!ENTITY b "c">]>' + FORM.format(inputs=USERNAME, more="")[38:]),
    "other": page('<config-auth type="hello"/>'),
    "too many": page(FORM.format(inputs=USERNAME * 40, more="")),
    "noise": bytes(range(256)) * 10,
    "endless head": b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 5000,
    "endless body": b"HTTP/1.1 200 OK\r\n\r\n" + b"<a>" * 60_000,
}


@pytest.mark.parametrize("kind", sorted(NO_FORMS))
def test_another_service_is_no_sign_in_and_is_not_reached(files: Files, kind: str) -> None:
    with appliance(files, NO_FORMS[kind]) as port:
        gateway = anyconnect(port)
        with pytest.raises(NotKnown) as caught:
            asked(ask_signin, gateway)
        judgement = answers_in_time(reach(asked(ask_reach, gateway)), REACH)
    assert caught.value.reason is Reason.WRONG_SERVICE
    assert judgement.verdict is Verdict.UNKNOWN


def test_a_web_server_is_no_anyconnect_entrance(files: Files, tmp_path: Path) -> None:
    with nginx(tmp_path, [Block(files)]) as (port,):
        judgement = answers_in_time(reach(asked(ask_reach, anyconnect(port))), REACH)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.WRONG_SERVICE)


@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        (stays_silent, Reason.NO_ANSWER),
        (says(b"SSH-2.0-x\r\n"), Reason.WRONG_SERVICE),
        (says(b""), Reason.NO_ANSWER),
    ],
)
def test_a_server_without_tls_is_told_for_what_it_does(
    behave: Callable[[socket.socket], object], reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.remote.anyconnect.WAIT_S", 0.4)
    with rude_server(behave) as port, pytest.raises(NotKnown) as caught:
        asked(ask_signin, anyconnect(port))
    assert caught.value.reason is reason


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: FORM.format(inputs=text, more="").encode())
)
def test_no_bytes_break_the_reading_of_a_form(body: bytes) -> None:
    reply = _web.Page(200, {}, body, whole=True, certificate=_web.NONE, took_ms=1.0)
    try:
        found = _signin.form(reply)
    except _signin.NoForm:
        return
    kept = json.dumps({"tls": "none", "form": found}).encode()
    assert isinstance(sign_in(Answer("gateway.signin", Status.OK, kept)), SignIn)


@pytest.mark.parametrize(
    "written",
    [
        {"tls": "perhaps", "form": {"fields": [], "groups": 0, "certificate": False, "sso": False}},
        {"tls": "none", "form": {"fields": [["text"]], "groups": 0, "certificate": False, "sso": False}},
        {
            "tls": "none",
            "form": {"fields": [["text", "a b"]], "groups": 0, "certificate": False, "sso": False},
        },
        {"tls": "none", "form": {"fields": [], "groups": -1, "certificate": False, "sso": False}},
        {"tls": "none", "form": {"fields": [], "groups": 0, "certificate": 0, "sso": False}},
        {"tls": "none"},
        [],
    ],
)
def test_no_other_answer_is_understood(written: object) -> None:
    with pytest.raises(Garbled):
        sign_in(Answer("gateway.signin", Status.OK, json.dumps(written).encode()))
