"""SPICE entrances: a real QEMU in its kinds, servers that are played, and rude ones."""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Gateway, NotKnown, Params, Reason, Status, Unknown, Verdict
from checks.remote import _spicewire, spice
from checks.remote._read import compact
from checks.remote.certificate import ask_certificate
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.spice import ask_spice, links_inside_tls, spice_offer, ticket_required
from tests.peers.certificates import issue
from tests.peers.process import free_port
from tests.peers.spice import qemu_spice
from tests.remote.conftest import Pki, asked, drips, gateway_at, judged, rude_server, says, stays_silent

REACH = Params({"p95_ms": 2000})
Ports = Mapping[str, int]
JUDGED = {
    "open": ("open", "plain"),
    "locked": ("ok", "plain"),
    "tls-open": ("open", "ok"),
    "tls-locked": ("ok", "ok"),
}
"""GW-45 and GW-46."""


@pytest.fixture(scope="module")
def ports(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    folder = tmp_path_factory.mktemp("spice")
    tls = issue(pki.folder, pki.ca, key=rsa.generate_private_key(65537, 2048)), pki.ca_file
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                qemu_spice(folder, locked="locked" in name, tls=tls if "tls" in name else None, name=name)
            )
            for name in JUDGED
        }


def entrance(port: int, **fields: object) -> Gateway:
    return gateway_at(port, protocol="spice", allow_spice_link=True, **fields)


def keys(offer: spice.SpiceOffer) -> tuple[str, ...]:
    """The keys (or reasons) of GW-45 and GW-46."""
    found = (ticket_required(entrance(5900), offer), links_inside_tls(entrance(5900), offer))
    return tuple(each.key or str(each.reason) for each in found)


@pytest.mark.parametrize("mode", JUDGED)
def test_each_machine_is_judged_by_its_ticket_and_its_encryption(ports: Ports, mode: str) -> None:
    contacts: list[Contact] = []
    offer = spice_offer(asked(ask_spice, entrance(ports[mode]), contacts=contacts))
    assert keys(offer) == JUDGED[mode]
    assert len(contacts) == (2 if "tls" in mode else 1)


@pytest.mark.parametrize("mode", JUDGED)
def test_a_link_is_proof_of_spice_also_inside_of_tls(ports: Ports, mode: str) -> None:
    found = reach(asked(ask_reach, entrance(ports[mode])))
    assert answers_in_time(found, REACH).verdict is Verdict.PASS


def test_the_certificate_of_a_tls_port_is_judged(ports: Ports, pki: Pki) -> None:
    gateway = entrance(ports["tls-locked"], ca_file=pki.ca_file)
    assert judged(asked(ask_certificate, gateway)).key == "ok"


def test_an_accepted_ticket_opens_no_session(ports: Ports) -> None:
    """The server answers that there is no such session, so nobody who is connected is thrown out."""
    offer = spice_offer(asked(ask_spice, entrance(ports["open"])))
    assert offer.plain.ticket == _spicewire.BAD_CONNECTION


def test_without_the_towns_word_nothing_is_sent() -> None:
    contacts: list[Contact] = []
    gateway = gateway_at(free_port(), protocol="spice")
    with pytest.raises(NotKnown) as caught:
        asked(ask_spice, gateway, contacts=contacts)
    assert caught.value.reason is Reason.NOT_AUTHORISED
    assert contacts == []


KEY = rsa.generate_private_key(65537, 1024)
DER = KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)


def link_reply(caps: int = 3, error: int = 0, key: bytes = DER) -> bytes:
    """A server's answer to a link."""
    numbers = (1).to_bytes(4, "little") + bytes(4) + (178).to_bytes(4, "little")
    body = error.to_bytes(4, "little") + key + numbers + caps.to_bytes(4, "little")
    if error:
        body = body[:4]
    head = b"REDQ" + b"".join(number.to_bytes(4, "little") for number in (2, 2, len(body)))
    return head + body


def answers(*parts: bytes) -> Callable[[socket.socket], None]:
    """A server that says one part after each thing it hears, in the clear."""

    def behave(sock: socket.socket) -> None:
        for part in parts:
            if not sock.recv(4096):
                return
            sock.sendall(part)
        sock.recv(4096)
        sock.close()

    return behave


def played(*parts: bytes) -> tuple[str, ...]:
    with rude_server(answers(*parts)) as port:
        return keys(spice_offer(asked(ask_spice, entrance(port))))


def code(value: int) -> bytes:
    return value.to_bytes(4, "little")


UNCLEAR = "not_measurable"


def test_a_ticket_answered_in_no_known_code_is_no_pass() -> None:
    assert played(link_reply(), code(1)) == (UNCLEAR, "plain")
    assert played(link_reply(), code(0)) == ("open", "plain")


def test_a_server_that_takes_sasl_only_is_not_tried_further() -> None:
    assert played(link_reply(caps=1 | 4)) == (UNCLEAR, "plain")


def test_a_server_that_wants_tls_elsewhere_is_no_pass_for_its_ticket() -> None:
    assert played(link_reply(error=_spicewire.NEED_SECURED)) == (UNCLEAR, UNCLEAR)


def test_a_key_that_is_none_is_the_wrong_service() -> None:
    with (
        rude_server(answers(link_reply(key=bytes(162)))) as port,
        pytest.raises(NotKnown) as caught,
    ):
        spice_offer(asked(ask_spice, entrance(port)))
    assert caught.value.reason is Reason.WRONG_SERVICE


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.spice.WAIT_S", 0.4)
    monkeypatch.setattr("checks.remote.reach.WAIT_S", 0.4)


@pytest.mark.usefixtures("short_wait")
@pytest.mark.parametrize(
    "behave",
    [
        stays_silent,
        says(b""),
        says(b"RFB 003.008\n"),
        says(b"REDQ" + b"\xff" * 40),
        says(b"REDQ\2\0\0\0\2\0\0\0\4\0\0\0\xff\xff\xff\xff"),
        drips(b"REDQ"),
        says(bytes(range(256)) * 64),
    ],
    ids=["silent", "closes", "vnc", "long", "odd-code", "drips", "floods"],
)
def test_what_is_not_spice_is_unknown_in_bounded_time(behave: Callable[[socket.socket], object]) -> None:
    began = time.monotonic()
    with rude_server(behave) as port:
        tried = answers_in_time(reach(asked(ask_reach, entrance(port))), REACH)
        with pytest.raises(NotKnown):
            spice_offer(asked(ask_spice, entrance(port)))
    assert time.monotonic() - began < 3
    assert tried.verdict is Verdict.UNKNOWN


def test_an_entrance_of_another_protocol_is_neither_asked_nor_judged() -> None:
    gateway = gateway_at(free_port())
    with pytest.raises(NotKnown):
        spice_offer(asked(ask_spice, gateway))
    assert ticket_required(gateway, Unknown(Reason.NOT_MEASURABLE)).key == "not_spice"
    assert links_inside_tls(gateway, Unknown(Reason.NOT_MEASURABLE)).key == "not_spice"


@given(st.binary(max_size=260))
def test_a_link_reply_is_read_or_refused(reply: bytes) -> None:
    with suppress(_spicewire.NotSpice):
        _spicewire.link_in(reply)


WAY = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(spice.OUTCOMES),
        "error": st.sampled_from((0, 5, 7)),
        "caps": st.integers(0, 15),
        "ticket": st.sampled_from((0, 1, 7, 8, spice.NOT_ASKED)),
    }
)


@given(WAY, st.none() | WAY)
def test_only_a_denied_ticket_passes(plain: dict[str, object], secured: dict[str, object] | None) -> None:
    body = compact({"plain": plain, "secured": secured})
    try:
        offer = spice_offer(Answer("gateway.spice", Status.OK, body))
    except (Garbled, NotKnown):
        return
    ticket, secret = keys(offer)
    taken = [way for way in offer.ways if way.outcome == "linked" and way.error == 0]
    assert ticket != "ok" or (taken and all(way.ticket == 7 for way in taken))
    assert secret != "ok" or offer.plain not in taken
