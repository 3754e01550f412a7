"""VNC entrances: real TigerVNC and x11vnc in their ways in, beside nmap; played servers, and rude ones."""

import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import (
    Answer,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Status,
    Unknown,
    Verdict,
)
from checks.remote import _rfb, vnc
from checks.remote._read import compact
from checks.remote._wire import Ended, TurnedAway
from checks.remote.certificate import ask_certificate, certificate_holds, unguarded
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.tls import ask_tls
from checks.remote.vnc import ask_vnc, encrypted_under_a_certificate, login_required, rfb_offer
from tests.peers.certificates import issue
from tests.peers.process import free_port, need
from tests.peers.vnc import tigervnc, x11vnc
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

REACH = Params({"p95_ms": 2000})
Ports = Mapping[str, int]

TIGERVNC = {
    "none": "None",
    "password": "VncAuth",
    "certified": "X509Vnc,X509Plain",
    "anonymous": "X509Vnc,TLSVnc,X509Plain",
    "anybody": "TLSNone",
    "x509-open": "X509None",
    "own-key": "RA2",
    "both": "VncAuth,X509Vnc",
}
JUDGED = {
    "none": ("open", "clear", "declined"),
    "password": ("ok", "clear", "declined"),
    "certified": ("ok", "ok", "ok"),
    "anonymous": ("ok", "anybody", "ok"),
    "anybody": ("open", "anybody", "declined"),
    "x509-open": ("open", "ok", "ok"),
    "own-key": ("ok", "anybody", "declined"),
    "both": ("ok", "clear", "ok"),
    "x11vnc": ("open", "clear", "declined"),
    "x11vnc-ssl": ("open", "wrapped", "ok"),
}
"""GW-43, GW-44 and RA-05."""


@pytest.fixture(scope="module")
def ports(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    folder = tmp_path_factory.mktemp("vnc")
    files = issue(pki.folder, pki.ca)
    whole = issue(pki.folder, pki.ca, key=rsa.generate_private_key(65537, 2048))
    both = folder / "both.pem"
    both.write_bytes(Path(whole.chain).read_bytes() + Path(whole.key).read_bytes())
    with ExitStack() as stack:
        found = {
            name: stack.enter_context(tigervnc(folder, types, files, name=name))
            for name, types in TIGERVNC.items()
        }
        found["x11vnc"] = stack.enter_context(x11vnc(folder, "-nopw", name="x11vnc"))
        found["x11vnc-ssl"] = stack.enter_context(x11vnc(folder, "-nopw", "-ssl", str(both), name="x11ssl"))
        yield found


def entrance(port: int, **fields: object) -> Gateway:
    return gateway_at(port, protocol="vnc", **fields)


def keys(offer: vnc.RfbOffer) -> tuple[str, ...]:
    """The keys (or reasons) of GW-43 and GW-44."""
    found = (login_required(entrance(5900), offer), encrypted_under_a_certificate(entrance(5900), offer))
    return tuple(each.key or str(each.reason) for each in found)


def certified(gateway: Gateway) -> Judgement:
    answer = asked(ask_certificate, gateway)
    told = unguarded(answer)
    if told.declined:
        return certificate_holds(gateway, Unknown(Reason.NOT_MEASURABLE), CERTIFICATE_PARAMS, TODAY, told)
    return judged(answer)


@pytest.mark.parametrize("mode", JUDGED)
def test_each_server_is_judged_by_the_ways_in_it_lists(ports: Ports, pki: Pki, mode: str) -> None:
    contacts: list[Contact] = []
    gateway = entrance(ports[mode], ca_file=pki.ca_file)
    offer = rfb_offer(asked(ask_vnc, gateway, contacts=contacts))
    assert len(contacts) == 1
    assert (*keys(offer), certified(gateway).key) == JUDGED[mode]


@pytest.mark.parametrize("mode", ["certified", "x11vnc", "x11vnc-ssl"])
def test_a_greeting_is_proof_of_vnc_also_inside_of_tls(ports: Ports, mode: str) -> None:
    contacts: list[Contact] = []
    found = reach(asked(ask_reach, entrance(ports[mode]), contacts=contacts))
    assert answers_in_time(found, REACH).verdict is Verdict.PASS
    assert len(contacts) == 1


def test_a_server_that_shuts_us_out_is_unknown_and_its_greeting_still_proof(tmp_path: Path, pki: Pki) -> None:
    with tigervnc(tmp_path, "X509Vnc", issue(pki.folder, pki.ca)) as port:
        for _ in range(5):
            answer = asked(ask_reach, entrance(port))
        with pytest.raises(NotKnown) as caught:
            asked(ask_vnc, entrance(port))
    assert caught.value.reason is Reason.NO_ANSWER
    assert "turned away" in caught.value.note
    assert answers_in_time(reach(answer), REACH).verdict is Verdict.PASS


def test_versions_of_tls_are_not_asked_for_that_would_shut_us_out() -> None:
    with pytest.raises(NotKnown) as caught:
        asked(ask_tls, entrance(free_port()))
    assert caught.value.reason is Reason.NOT_MEASURABLE


NMAP = {
    "none": {"None (1)"},
    "password": {"VNC Authentication (2)"},
    "certified": {"VeNCrypt (19)", "VNC auth, Server-authenticated TLS (261)"},
    "both": {"VNC Authentication (2)", "VNC auth, Server-authenticated TLS (261)"},
    "x509-open": {"VeNCrypt (19)", "None, Server-authenticated TLS (260)"},
}


def test_nmap_sees_the_same_ways_in(tmp_path: Path, pki: Pki) -> None:
    files = issue(pki.folder, pki.ca)
    with ExitStack() as stack:
        fresh = {
            mode: stack.enter_context(tigervnc(tmp_path, TIGERVNC[mode], files, name=mode)) for mode in NMAP
        }
        command = [need("nmap"), "-Pn", "-n", "-p", ",".join(map(str, fresh.values()))]
        run = subprocess.run(
            [*command, "--script", "+vnc-info", "127.0.0.1"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    parts = re.split(r"(?m)^(\d+)/tcp ", run.stdout)
    printed = dict(zip(map(int, parts[1::2]), parts[2::2], strict=True))
    for mode, lines in NMAP.items():
        assert all(line in printed[fresh[mode]] for line in lines), printed[fresh[mode]]
    assert "Server does not require authentication" in printed[fresh["none"]]


def lists(greeting: bytes, *parts: bytes) -> Callable[[socket.socket], None]:
    """A server that greets, and says one part after each thing it hears."""

    def behave(sock: socket.socket) -> None:
        sock.sendall(greeting)
        for part in parts:
            sock.recv(4096)
            sock.sendall(part)
        sock.recv(4096)
        sock.close()

    return behave


def played(behave: Callable[[socket.socket], None]) -> tuple[str, ...]:
    with rude_server(behave) as port:
        return keys(rfb_offer(asked(ask_vnc, entrance(port))))


GREETING = b"RFB 003.008\n"


def test_an_old_server_that_decides_alone_is_read_too() -> None:
    assert played(lists(b"RFB 003.003\n", b"\0\0\0\2")) == ("ok", "clear")
    assert played(lists(b"RFB 003.003\n", b"\0\0\0\1")) == ("open", "clear")


def test_ways_in_that_are_not_looked_into_are_no_pass() -> None:
    assert played(lists(GREETING, b"\1\x10")) == ("not_measurable", "not_measurable")
    assert played(lists(GREETING, b"\1\x63")) == ("not_measurable", "not_measurable")
    assert played(lists(GREETING, b"\1\x13", b"\0\2", b"\0\0")) == ("not_measurable", "not_measurable")


def test_apples_version_is_read_as_the_newest_we_speak() -> None:
    assert played(lists(b"RFB 003.889\n", b"\2\x1e\2")) == ("ok", "clear")


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote._rfb.SILENCE_S", 0.2)
    monkeypatch.setattr("checks.remote.vnc.WAIT_S", 0.6)
    monkeypatch.setattr("checks.remote.reach.WAIT_S", 0.6)


@pytest.mark.usefixtures("short_wait")
@pytest.mark.parametrize(
    "behave",
    [
        stays_silent,
        says(b""),
        lists(b"SSH-2.0-OpenSSH_9.2\r\n"),
        lists(b"RFB 00x.008\n"),
        lists(b"RFB 002.000\n"),
        drips(b"RFB 003.008\n" * 2),
        lists(GREETING, b"\0\0\0\0\x05busy!"),
        lists(GREETING, b"\0\xff\xff\xff\xff"),
        lists(GREETING, b"\1\x13", b"\0\1"),
        lists(GREETING, b"\1\x13", b"\0\2", b"\1"),
        lists(GREETING, b"\xff" * 10),
    ],
    ids=["silent", "closes", "ssh", "no-number", "old", "drips", "busy", "endless", "0.1", "refuses", "cut"],
)
def test_what_does_not_list_its_ways_in_is_unknown_in_bounded_time(
    behave: Callable[[socket.socket], object],
) -> None:
    began = time.monotonic()
    with rude_server(behave) as port, pytest.raises(NotKnown) as caught:
        asked(ask_vnc, entrance(port))
    assert time.monotonic() - began < 2
    assert caught.value.reason in (Reason.NO_ANSWER, Reason.WRONG_SERVICE)


def test_an_entrance_of_another_protocol_is_neither_asked_nor_judged() -> None:
    gateway = gateway_at(free_port())
    with pytest.raises(NotKnown):
        rfb_offer(asked(ask_vnc, gateway))
    assert login_required(gateway, Unknown(Reason.NOT_MEASURABLE)).key == "not_vnc"
    assert encrypted_under_a_certificate(gateway, Unknown(Reason.NOT_MEASURABLE)).key == "not_vnc"


@given(st.binary(max_size=80))
def test_whatever_follows_a_greeting_is_read_or_refused(words: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(GREETING + words)
        theirs.shutdown(socket.SHUT_WR)
        with suppress(_rfb.NotRfb, TurnedAway, Ended):
            _rfb.offered(ours, lambda: 1.0)


@given(
    st.lists(st.integers(1, 255), max_size=5),
    st.lists(st.integers(0, 300), max_size=5),
    st.booleans(),
)
def test_a_pass_needs_every_way_in_known_to_be_safe(
    types: list[int],
    subtypes: list[int],
    wrapped: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    body = compact({"types": types, "subtypes": subtypes, "wrapped": wrapped})
    try:
        offer = rfb_offer(Answer("gateway.framebuffer", Status.OK, body))
    except (Garbled, NotKnown):
        return
    login, secret = keys(offer)
    if login == "ok":
        assert set(offer.ways) <= vnc.LOGIN
        assert offer.ways
    if secret == "ok":
        assert set(offer.ways) <= vnc.CERTIFIED
        assert offer.ways
