"""SSTP: a real server, and what that server said, replayed by a stub."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Gateway, NotKnown, Params, Reason, Status, Unknown, Verdict
from checks.remote import _sstp
from checks.remote._read import compact
from checks.remote.certificate import ask_certificate
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.sstp import SstpBinding, ask_sstp, bound_by_a_sound_hash, sstp_binding
from checks.remote.tls import ask_tls, tls_offer
from tests.peers.certificates import issue
from tests.peers.process import free_port, wait_until
from tests.peers.sstp_server import sstp_server
from tests.remote.conftest import Pki, asked, gateway_at, judged, rude_server, stays_silent

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\nServer: SSTP-Server/0.6.0\r\n\r\n"
ACK = bytes.fromhex(
    "100100300002000100040028000000032bf64dd1f4f37a5897ed41c15b0baa510e0b041fde2bd0be285914e10266935d"
)
"""Recorded from sstp-server 0.6.0 of PyPI: its answer to the opening, and to the call's first message."""

IN_TIME = Params({"p95_ms": 3000})
Behave = Callable[[ssl.SSLSocket], None]


def entrance(port: int, **fields: object) -> Gateway:
    return gateway_at(port, protocol="sstp", **fields)


@contextmanager
def replayed(pki: Pki, behave: Behave) -> Iterator[int]:
    """A stub, no server: TLS, and inside of it whatever `behave` plays; yields its port."""
    files = issue(pki.folder, pki.ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.chain, files.key)

    def serve(sock: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(sock, server_side=True) as tls:
            behave(tls)

    with rude_server(serve) as port:
        yield port


def says(*turns: bytes) -> Behave:
    """Answers what is heard, turn by turn."""

    def behave(tls: ssl.SSLSocket) -> None:
        for turn in turns:
            if not tls.recv(4096):
                return
            tls.sendall(turn)
        tls.recv(4096)

    return behave


def test_a_real_server_takes_the_call_and_hears_that_it_is_taken_back(pki: Pki, tmp_path: Path) -> None:
    with sstp_server(tmp_path, issue(pki.folder, pki.ca)) as server:
        binding = sstp_binding(asked(ask_sstp, entrance(server.port)))
        wait_until(lambda: server.heard("(CALL_ABORT) received") == 1, "the taking back of the call")
        found = reach(asked(ask_reach, entrance(server.port)))
        offer = tls_offer(asked(ask_tls, entrance(server.port)))
        answer = asked(ask_certificate, entrance(server.port, ca_file=pki.ca_file))
    assert binding == SstpBinding(3)
    assert answers_in_time(found, IN_TIME).verdict is Verdict.PASS
    assert "1.2" in offer.accepted
    assert judged(answer).verdict is Verdict.PASS


def test_what_a_real_server_said_is_understood(pki: Pki) -> None:
    with replayed(pki, says(HEAD, ACK)) as port:
        assert sstp_binding(asked(ask_sstp, entrance(port))) == SstpBinding(3)
    with replayed(pki, says(HEAD + ACK, b"")) as port:  # both in one record
        assert sstp_binding(asked(ask_sstp, entrance(port))) == SstpBinding(3)


def test_only_sha_1_fails_and_sha_256_passes() -> None:
    assert bound_by_a_sound_hash(entrance(1), SstpBinding(1)).key == "sha1"
    assert {bound_by_a_sound_hash(entrance(1), SstpBinding(mask)).key for mask in (2, 3)} == {"ok"}
    assert bound_by_a_sound_hash(entrance(1), SstpBinding(0)).reason is Reason.NOT_MEASURABLE


def test_a_server_that_does_not_take_the_call_is_reached_and_its_binding_unknown(pki: Pki) -> None:
    refusal = _sstp.packet(_sstp.CONNECT_NAK, (_sstp.STATUS, bytes(8)))
    with replayed(pki, says(HEAD, refusal)) as port:
        binding = sstp_binding(asked(ask_sstp, entrance(port)))
        found = reach(asked(ask_reach, entrance(port)))
    assert bound_by_a_sound_hash(entrance(1), binding).verdict is Verdict.UNKNOWN
    assert answers_in_time(found, IN_TIME).verdict is Verdict.PASS


WRONG: dict[str, tuple[bytes, ...]] = {
    "a web server": (b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n",),
    "a web server that says yes to everything": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n",),
    "another version": (HEAD, b"\x20" + ACK[1:]),
    "a length that is none": (HEAD, ACK[:2] + b"\x00\x03" + ACK[4:]),
    "an attribute that does not fit": (HEAD, ACK[:10] + b"\x0f\xff" + ACK[12:]),
    "a head without end": (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 4000,),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_what_is_no_sstp_is_the_wrong_service(pki: Pki, name: str) -> None:
    with replayed(pki, says(*WRONG[name])) as port, pytest.raises(NotKnown) as caught:
        sstp_binding(asked(ask_sstp, entrance(port)))
    assert caught.value.reason is Reason.WRONG_SERVICE


def test_silence_inside_of_tls_ends_with_the_wait(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.sstp.WAIT_S", 0.4)
    heard = threading.Event()

    def behave(tls: ssl.SSLSocket) -> None:
        tls.recv(4096)
        heard.set()
        tls.recv(4096)

    with replayed(pki, behave) as port, pytest.raises(NotKnown) as caught:
        sstp_binding(asked(ask_sstp, entrance(port)))
    assert heard.is_set()
    assert caught.value.reason is Reason.NO_ANSWER
    with rude_server(stays_silent) as port, pytest.raises(NotKnown) as caught:
        sstp_binding(asked(ask_sstp, entrance(port)))
    assert caught.value.reason is Reason.NO_ANSWER


def test_a_closed_port_is_refused() -> None:
    with pytest.raises(NotKnown) as caught:
        sstp_binding(asked(ask_sstp, entrance(free_port())))
    assert caught.value.reason is Reason.REFUSED


def test_another_protocols_entrance_is_not_contacted() -> None:
    contacts: list[Contact] = []
    answer = asked(ask_sstp, gateway_at(1), contacts=contacts)
    assert contacts == []
    with pytest.raises(NotKnown):
        sstp_binding(answer)
    nothing = Unknown(Reason.NOT_COLLECTED)
    assert bound_by_a_sound_hash(gateway_at(1), nothing).verdict is Verdict.NOT_APPLICABLE
    assert bound_by_a_sound_hash(entrance(1), nothing).verdict is Verdict.UNKNOWN


@given(st.binary(max_size=80), st.integers(0, 48))
def test_any_bytes_are_a_packet_or_none(noise: bytes, cut: int) -> None:
    for body in (noise, ACK[:cut] + noise, ACK[:8] + noise):
        try:
            _, attributes = _sstp.read(body)
        except _sstp.NotSstp:
            continue
        assert sum(4 + len(value) for value in attributes.values()) <= len(body)


@given(st.sampled_from(["outcome", "mask"]), st.none() | st.integers(4) | st.just("x") | st.booleans())
def test_no_other_answer_is_understood(name: str, wrong: object) -> None:
    with pytest.raises(Garbled):
        sstp_binding(
            Answer("gateway.sstp", Status.OK, compact({"outcome": "answered", "mask": 3, name: wrong}))
        )
