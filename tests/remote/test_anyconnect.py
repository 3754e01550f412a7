"""AnyConnect against a real ocserv, and against forms of appliances that no package has."""

import base64
import hashlib
import json
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Gateway, NotKnown, Params, Reason, Status, Unknown, Verdict
from checks.remote import _signin, _web
from checks.remote.anyconnect import SignIn, ask_signin, second_factor_in_sight, sign_in
from checks.remote.certificate import ask_certificate
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.tls import ask_tls, tls_offer
from tests.peers.certificates import Files, issue
from tests.peers.nginx import Block, nginx
from tests.peers.ocserv import CERTIFICATE, OR_PASSWORD, PASSWORD, SECRET, USER, ocserv
from tests.peers.process import need
from tests.remote.conftest import Pki, asked, gateway_at, judged, rude_server, says, stays_silent

REACH = Params({"p95_ms": 2000})
COMPATIBLE = ("cisco-client-compat = true",)
WORDS = ('pre-login-banner = "Yamada Taro"', "select-group = soumu", "select-group = zeimu")
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


@pytest.fixture(scope="module")
def passwords(pki: Pki, files: Files) -> Iterator[int]:
    with ocserv(pki.ca_file, files, extra=WORDS) as port:
        yield port


def test_a_real_server_shows_its_first_step_and_asks_for_no_certificate(passwords: int) -> None:
    contacts: list[Contact] = []
    shown = sign_in(asked(ask_signin, anyconnect(passwords), contacts=contacts))
    assert shown == SignIn("none", wanted=False, fields=(("text", "username"),), groups=2, sso=False)
    assert len(contacts) == 1


def test_what_a_server_says_in_words_is_not_kept(passwords: int) -> None:
    body = asked(ask_signin, anyconnect(passwords)).body
    assert not [word for word in (b"Yamada", b"soumu", b"zeimu", b"Please") if word in body]


def test_a_sign_in_that_goes_step_by_step_is_unknown(passwords: int) -> None:
    gateway = anyconnect(passwords)
    judgement = second_factor_in_sight(gateway, sign_in(asked(ask_signin, gateway)))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


@pytest.mark.parametrize(
    ("auth", "extra", "certificate"),
    [
        ((PASSWORD,), (), _web.NONE),
        ((CERTIFICATE,), (), _web.REQUIRED),
        ((CERTIFICATE,), COMPATIBLE, _web.REQUIRED),
        ((CERTIFICATE, PASSWORD), (), _web.REQUIRED),
        ((CERTIFICATE, PASSWORD), COMPATIBLE, _web.REQUESTED),
        ((CERTIFICATE, OR_PASSWORD), COMPATIBLE, _web.REQUESTED),
    ],
)
def test_a_demand_for_a_client_certificate_is_seen_and_stands_against_a_failure(
    pki: Pki, files: Files, auth: tuple[str, ...], extra: tuple[str, ...], certificate: str
) -> None:
    with ocserv(pki.ca_file, files, auth=auth, extra=extra) as port:
        gateway = anyconnect(port)
        shown = sign_in(asked(ask_signin, gateway))
        lively = answers_in_time(reach(asked(ask_reach, gateway)), REACH)
    assert shown.certificate == certificate
    assert second_factor_in_sight(gateway, shown).verdict is Verdict.UNKNOWN
    assert lively.verdict is Verdict.PASS


def test_a_server_of_tls_1_3_alone_is_asked_once_more_and_keeps_its_demand_hidden(
    pki: Pki, files: Files
) -> None:
    priority = 'tls-priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3"'
    with ocserv(pki.ca_file, files, extra=(priority,)) as port:
        contacts: list[Contact] = []
        shown = sign_in(asked(ask_signin, anyconnect(port), contacts=contacts))
    assert (shown.certificate, shown.fields) == (_web.UNSEEN, (("text", "username"),))
    assert len(contacts) == 2


def test_a_server_of_tls_1_3_alone_that_wants_a_certificate_and_hangs_up_is_unknown(
    pki: Pki, files: Files
) -> None:
    """Its demand is encrypted, and this server gives no alert: nobody can tell it from a fault."""
    priority = 'tls-priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3"'
    with ocserv(pki.ca_file, files, auth=(CERTIFICATE,), extra=(priority,)) as port:
        gateway = anyconnect(port)
        with pytest.raises(NotKnown) as caught:
            asked(ask_signin, gateway)
        judgement = answers_in_time(reach(asked(ask_reach, gateway)), REACH)
    assert (caught.value.reason, judgement.reason) == (Reason.NO_ANSWER, Reason.NO_ANSWER)


def openconnect(port: int, ca: Path, *more: str, types: str = "") -> str:
    """What openconnect prints of the conversation when it signs in as far as `types` gets it."""
    told = subprocess.run(
        [
            *(need("openconnect"), "--authenticate", "--dump-http-traffic", "-v", "--cafile", str(ca)),
            *(*more, f"https://127.0.0.1:{port}/"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        input=types,
    )
    return told.stderr + told.stdout


def test_openconnect_is_shown_the_same_first_form(passwords: int, pki: Pki) -> None:
    """The independent peer; its dump marks what the server said with "<"."""
    said = openconnect(passwords, pki.ca_file, "--non-inter")
    form = "\n".join(line[2:] for line in said.splitlines() if line.startswith("< "))
    theirs = ET.fromstring(form[form.index("<config-auth") :])
    ours = sign_in(asked(ask_signin, anyconnect(passwords)))
    assert ours.fields == tuple((one.get("type"), one.get("name")) for one in theirs.iter("input"))
    assert ours.groups == len(list(theirs.iter("option")))


def test_openconnect_is_asked_for_the_password_only_after_our_first_step(pki: Pki, files: Files) -> None:
    """Why a form that asks for a user name alone says nothing of what comes after it."""
    with ocserv(pki.ca_file, files) as port:
        said = openconnect(port, pki.ca_file, "--user", USER, "--passwd-on-stdin", types=f"{SECRET}\n")
        shown = sign_in(asked(ask_signin, anyconnect(port)))
    assert "Please enter your password" in said
    assert 'type="complete"' in said
    assert shown.visible == (("text", "username"),)


def test_openconnect_is_turned_away_without_a_certificate_where_we_see_the_demand(
    pki: Pki, files: Files
) -> None:
    with ocserv(pki.ca_file, files, auth=(CERTIFICATE,), extra=COMPATIBLE) as port:
        said = openconnect(port, pki.ca_file, "--non-inter")
        shown = sign_in(asked(ask_signin, anyconnect(port)))
    assert "401 No certificate" in said
    assert shown.certificate == _web.REQUIRED


def test_an_entrance_of_another_protocol_is_not_asked() -> None:
    gateway = gateway_at(443, protocol="tls")
    with pytest.raises(NotKnown):
        sign_in(Answer("gateway.signin", Status.OK, ask_signin.collect(gateway, None)))
    judgement = second_factor_in_sight(gateway, Unknown(Reason.NOT_MEASURABLE))
    assert (judgement.verdict, judgement.key) == (Verdict.NOT_APPLICABLE, "no_form")


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


def test_the_user_of_the_test_server_is_never_named(passwords: int) -> None:
    assert USER.encode() not in asked(ask_signin, anyconnect(passwords)).body


def test_tls_and_certificate_are_judged_underneath(passwords: int, pki: Pki) -> None:
    gateway = anyconnect(passwords, ca_file=pki.ca_file)
    assert answers_in_time(reach(asked(ask_reach, gateway)), REACH).verdict is Verdict.PASS
    assert judged(asked(ask_certificate, gateway)).key == "ok"


def test_an_entrance_behind_a_demand_for_a_certificate_still_shows_its_own(pki: Pki, files: Files) -> None:
    with ocserv(pki.ca_file, files, auth=(CERTIFICATE,)) as port:
        assert judged(asked(ask_certificate, anyconnect(port, ca_file=pki.ca_file))).key == "ok"


@pytest.mark.parametrize("priority", ["NORMAL", "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"])
def test_openssl_is_accepted_in_the_versions_that_we_saw_accepted(
    pki: Pki, files: Files, priority: str
) -> None:
    """The independent peer, one version at a time."""
    with ocserv(pki.ca_file, files, extra=(f'tls-priorities = "{priority}"',)) as port:
        ours = tls_offer(asked(ask_tls, anyconnect(port)))
        theirs = tuple(name for name in ("1.0", "1.1", "1.2", "1.3") if openssl_accepted(port, name))
    assert (ours.accepted, ours.unclear) == (theirs, ())


def openssl_accepted(port: int, version: str) -> bool:
    flag = f"-tls{version.replace('.', '_')}".replace("tls1_0", "tls1")
    told = subprocess.run(
        [
            *(need("openssl"), "s_client", "-connect", f"127.0.0.1:{port}", flag),
            *("-cipher", "ALL:@SECLEVEL=0"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        stdin=subprocess.DEVNULL,
    )
    return "Cipher is (NONE)" not in told.stdout and "Cipher is" in told.stdout


def test_openconnect_prints_the_pin_of_the_certificate_that_we_keep(pki: Pki, files: Files) -> None:
    with ocserv(pki.ca_file, files) as port:
        said = openconnect(port, pki.ca_file, "--user", USER, "--passwd-on-stdin", types=f"{SECRET}\n")
        kept = json.loads(asked(ask_certificate, anyconnect(port)).body)["leaf"]
    public = x509.load_der_x509_certificate(base64.b64decode(kept)).public_key()
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert f"pin-sha256:{base64.b64encode(hashlib.sha256(spki).digest()).decode()}" in said
