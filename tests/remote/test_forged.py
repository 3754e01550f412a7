"""What an impostor, or an entrance without protection, must not pass for."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from auditor.api import NotKnown, Params, Reason, Verdict
from auditor.session import read_controls
from checks.remote import _presented as module
from checks.remote._hello import signed_leaf
from checks.remote._leaf import bears, names_of
from checks.remote._trust import ANYTHING, NoHandshake, Shake, context
from checks.remote.certificate import ask_certificate, certificate
from checks.remote.ports import ClosedPorts, management_closed
from tests.peers.certificates import Files, days_from_now, issue
from tests.remote.conftest import Pki, asked, gateway_at, judged, rude_server

RETRY = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")
MUST_CLOSED = Params({"must_closed": ("22", "3389")})
Behave = Callable[[socket.socket], object]


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3) + body


def record(body: bytes) -> bytes:
    return b"\x16\x03\x03" + len(body).to_bytes(2) + body


def certificate_message(files: Files) -> bytes:
    der = ssl.PEM_cert_to_DER_cert(files.chain.read_text())
    chain = len(der).to_bytes(3) + der
    return message(11, len(chain).to_bytes(3) + chain)


def heard_record(sock: socket.socket) -> bytes:
    head = sock.recv(5, socket.MSG_WAITALL)
    return head[:1] + sock.recv(int.from_bytes(head[3:]), socket.MSG_WAITALL)


def retries_then_shows(files: Files) -> Behave:
    """TLS 1.3 HelloRetryRequest, and a certificate in clear after the second ClientHello."""

    def behave(sock: socket.socket) -> None:
        hello = heard_record(sock)[1:]
        session = hello[39 : 39 + hello[38]]
        extensions = b"\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02\x00\x17"
        body = b"\3\3" + RETRY + bytes([len(session)]) + session + b"\x13\x01\0"
        sock.sendall(record(message(2, body + len(extensions).to_bytes(2) + extensions)))
        while heard_record(sock)[:1] != b"\x16":
            pass
        sock.sendall(record(certificate_message(files)))
        sock.recv(100)
        sock.close()

    return behave


def replays_without_the_key(files: Files) -> Behave:
    """TLS 1.2 with RSA key exchange, in which the chain is all that a server shows before we answer."""

    def behave(sock: socket.socket) -> None:
        heard_record(sock)
        body = b"\3\3" + bytes(range(32)) + b"\0\x00\x9c\0\x00\x05\xff\x01\x00\x01\x00"
        sock.sendall(record(message(2, body) + certificate_message(files) + message(14, b"")))
        heard_record(sock)
        sock.close()

    return behave


def test_a_certificate_shown_after_a_retry_request_is_not_trusted(pki: Pki) -> None:
    forged = issue(pki.folder, None)
    with rude_server(retries_then_shows(forged)) as port, pytest.raises(NotKnown) as caught:
        asked(ask_certificate, gateway_at(port, ca_file=pki.ca_file))
    assert caught.value.reason in (Reason.WRONG_SERVICE, Reason.NOT_MEASURABLE)


def test_a_genuine_chain_replayed_without_its_key_is_not_trusted(pki: Pki) -> None:
    genuine = issue(pki.folder, pki.ca, key=rsa.generate_private_key(65537, 2048))
    with rude_server(replays_without_the_key(genuine)) as port, pytest.raises(NotKnown) as caught:
        asked(ask_certificate, gateway_at(port, ca_file=pki.ca_file))
    assert caught.value.reason is Reason.WRONG_SERVICE


def test_a_server_that_proved_its_key_and_wants_ours_is_still_judged(pki: Pki) -> None:
    genuine = issue(pki.folder, pki.ca)
    wants = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    wants.maximum_version = ssl.TLSVersion.TLSv1_2
    wants.load_cert_chain(genuine.chain, genuine.key)
    wants.load_verify_locations(pki.ca_file)
    wants.verify_mode = ssl.CERT_REQUIRED

    def behave(sock: socket.socket) -> None:
        with suppress(ssl.SSLError):
            wants.wrap_socket(sock, server_side=True)

    with rude_server(behave) as port:
        answer = asked(ask_certificate, gateway_at(port, ca_file=pki.ca_file))
    assert judged(answer).key == "ok"


@pytest.mark.parametrize(
    ("kinds", "proves"),
    [
        ((2, 11, 12, 13, 14), True),
        ((2, 11, 14), False),
        ((2, 11, 13, 14), False),
        ((2, 11, 12, 14), False),
        ((2,), False),
        ((2, 12, 13, 14, 11), False),
        ((2, 11, 12, 13, 14, 11), False),
    ],
)
def test_only_a_signed_key_exchange_that_asks_for_ours_proves_the_key(
    pki: Pki,
    kinds: tuple[int, ...],
    proves: bool,  # noqa: FBT001 - the expected answer
) -> None:
    shown = certificate_message(issue(pki.folder, pki.ca))
    sent = b"".join(record(shown if kind == 11 else message(kind, b"\0")) for kind in kinds)
    assert bool(signed_leaf(sent)) is proves


@pytest.mark.parametrize(
    ("protocol", "verdict"), [("tcp", Verdict.FAIL), ("tls", Verdict.PASS), ("openvpn", Verdict.PASS)]
)
def test_a_bare_remote_desktop_declared_as_the_entrance_is_an_open_port(
    protocol: str, verdict: Verdict
) -> None:
    ports = ClosedPorts((), (22,), (), (), ("answered", "answered"), "tcp")
    judgement = management_closed(gateway_at(3389, protocol=protocol), ports, MUST_CLOSED)
    assert judgement.verdict is verdict
    assert judgement.places == (("3389/tcp",) if verdict is Verdict.FAIL else ())


def test_a_bare_remote_desktop_that_does_not_answer_is_no_pass() -> None:
    ports = ClosedPorts((), (22,), (), (), ("silent", "silent"), "tcp")
    judgement = management_closed(gateway_at(3389, protocol="tcp"), ports, MUST_CLOSED)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_CONTROL)


@pytest.mark.parametrize("id_", ["RA-03", "RA-04", "RA-05"])
def test_no_zone_an_entrance_may_be_declared_in_drops_a_control_of_the_path(id_: str) -> None:
    _, controls = read_controls()
    (applies,) = [each.applies for each in controls if each.id == id_]
    assert {gateway_at(443).zone, "home", "lgwan"} <= set(applies.zones)


def test_trust_found_only_in_a_handshake_of_any_strength_is_unknown(
    pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = issue(pki.folder, pki.ca)
    leaf = ssl.PEM_cert_to_DER_cert(files.chain.read_text())

    def only_weak(_gateway: object, _dial: object, how: object) -> Shake:
        if how is not context(pki.ca_file, ANYTHING):
            raise NoHandshake(Reason.NOT_MEASURABLE, "nothing in common")
        return Shake(0, "", leaf)

    monkeypatch.setattr(module, "shake", only_weak)
    answer = asked(ask_certificate, gateway_at(443, ca_file=pki.ca_file))
    judgement = judged(answer)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)
    late = certificate(answer).ends - timedelta(days=1)
    assert judged(answer, today=late).key == "soon"


def test_an_address_written_as_a_dns_name_does_not_name_an_address() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(days_from_now(-1))
        .not_valid_after(days_from_now(100))
    )
    written = [x509.DNSName(name) for name in ("127.0.0.1", "127.0.0.1.", "2001:db8::1", "gw.example.jp")]
    as_dns = made.add_extension(x509.SubjectAlternativeName(written), critical=False)
    as_ip = made.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
    )
    names = names_of(_read(as_dns, key))
    assert names == ("gw.example.jp",)
    assert not bears(names, "127.0.0.1")
    assert bears(names_of(_read(as_ip, key)), "127.0.0.1")


def _read(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    der = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    return x509.load_der_x509_certificate(der)
