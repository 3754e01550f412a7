"""AnyConnect against a real ocserv, and against forms of appliances that no package has."""

import base64
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from auditor.access.dial import Contact
from auditor.api import Answer, Gateway, NotKnown, Params, Reason, Status, Unknown, Verdict
from checks.remote import _web
from checks.remote.anyconnect import SignIn, ask_signin, second_factor_in_sight, sign_in
from checks.remote.certificate import ask_certificate
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.tls import ask_tls, tls_offer
from tests.peers.certificates import Files, issue
from tests.peers.ocserv import CERTIFICATE, OR_PASSWORD, PASSWORD, SECRET, USER, ocserv
from tests.peers.process import need
from tests.remote.conftest import Pki, asked, gateway_at, judged

REACH = Params({"p95_ms": 2000})
COMPATIBLE = ("cisco-client-compat = true",)
WORDS = ('pre-login-banner = "Yamada Taro"', "select-group = soumu", "select-group = zeimu")


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


def test_the_user_of_the_test_server_is_never_named(passwords: int) -> None:
    assert USER.encode() not in asked(ask_signin, anyconnect(passwords)).body
