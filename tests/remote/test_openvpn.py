"""OpenVPN by real servers: every wrap over UDP and TCP, their own certificates, silence told as silence."""

import base64
import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.access.dial import Contact
from auditor.api import Gateway, NotKnown, Params, Reason, Unknown, Unreached, Verdict
from checks.remote.certificate import ask_certificate, certificate, certificate_holds
from checks.remote.openvpn import (
    ControlChannel,
    ask_openvpn,
    control_channel,
    inner_tls,
    only_for_key_holders,
)
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.tls import ask_tls, current_versions_only, tls_offer
from tests.peers.certificates import Files, authority, issue
from tests.peers.openvpn import Wrapping, openvpn, wrapping
from tests.peers.process import free_port
from tests.remote.conftest import (
    CERTIFICATE_PARAMS,
    TODAY,
    Pki,
    asked,
    gateway_at,
)

REACH = Params({"p95_ms": 300})
VERSIONS = Params({"allow": ("1.2", "1.3"), "deny": ("1.0", "1.1")})
KINDS = ("", "tls-auth", "tls-crypt", "tls-crypt-v2")
OLD = ("--tls-version-min", "1.0", "--tls-cipher", "DEFAULT:@SECLEVEL=0")
ONLY_12 = ("--tls-version-max", "1.2")
END = "-----END CERTIFICATE-----\n"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback loses nothing, so silence need not be waited for as long as on the internet."""
    for name, seconds in (("AGAIN_S", 0.2), ("GIVEN_UP_S", 0.5), ("RESTART_S", 1.2)):
        monkeypatch.setattr(f"checks.remote._openvpn.{name}", seconds)
    monkeypatch.setattr("checks.remote.openvpn.WAIT_S", 0.6)
    monkeypatch.setattr("checks.remote.reach.WAIT_S", 0.9)


@dataclass(frozen=True, slots=True)
class Running:
    """A server, declared as it is, and the certificate it was started with."""

    gateway: Gateway
    files: Files


def leaf_of(files: Files) -> bytes:
    return ssl.PEM_cert_to_DER_cert(files.chain.read_text().partition("-----END")[0] + END)


def shown_by(gateway: Gateway) -> bytes:
    """The certificate (DER) that the probe read."""
    return base64.b64decode(json.loads(asked(ask_certificate, gateway).body)["leaf"])


def declared(port: int, transport: str, pki: Pki, wrap: Wrapping | None, **fields: object) -> Gateway:
    keys = {"wrap": wrap.kind, "key_file": wrap.client_key} if wrap else {}
    given = {"protocol": "openvpn", "transport": transport, "ca_file": pki.ca_file, **keys, **fields}
    return gateway_at(port, **given)


@pytest.fixture(params=[f"{transport} {kind}".strip() for transport in ("udp", "tcp") for kind in KINDS])
def running(request: pytest.FixtureRequest, pki: Pki, tmp_path: Path) -> Iterator[Running]:
    """A server for many clients, which demands a certificate of them, under each wrap over each transport."""
    transport, _, kind = request.param.partition(" ")
    wrap = wrapping(tmp_path / "keys", kind, auth="SHA256") if kind else None
    files = issue(pki.folder, pki.ca)
    with openvpn(tmp_path, pki.ca_file, files, transport=transport, wrapped=wrap or False, many=True) as port:
        yield Running(declared(port, transport, pki, wrap), files)


def test_under_every_wrap_reach_versions_and_certificate_are_judged_and_the_wrap_is_told(
    running: Running,
) -> None:
    gateway = running.gateway
    assert answers_in_time(reach(asked(ask_reach, gateway)), REACH).key == "ok"
    shown = certificate(asked(ask_certificate, gateway))
    assert certificate_holds(gateway, shown, CERTIFICATE_PARAMS, TODAY).key == "ok"
    assert shown_by(gateway) == leaf_of(running.files)
    offer = tls_offer(asked(ask_tls, gateway))
    assert (offer.accepted, offer.refused, offer.unclear) == (("1.2", "1.3"), ("1.0", "1.1"), ())
    assert current_versions_only(offer, VERSIONS).key == "ok"
    answer = asked(ask_openvpn, gateway)
    found = control_channel(answer)
    assert found.in_force is bool(gateway.wrap)
    assert found.digest == ("sha256" if gateway.wrap == "tls-auth" else "")
    if gateway.wrap:
        assert found.keyless == ("silent" if gateway.transport == "udp" else "closed")
    assert only_for_key_holders(gateway, found).key == ("ok" if gateway.wrap else "open")
    assert inner_tls(answer).version == "1.3"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_server_of_tls_12_that_demands_a_client_certificate_still_shows_its_own(
    pki: Pki, tmp_path: Path, transport: str
) -> None:
    wrap = wrapping(tmp_path / "keys", "tls-crypt")
    files = issue(pki.folder, pki.ca)
    with openvpn(
        tmp_path, pki.ca_file, files, transport=transport, wrapped=wrap, many=True, options=ONLY_12
    ) as port:
        gateway = declared(port, transport, pki, wrap)
        assert shown_by(gateway) == leaf_of(files)
        shown = certificate(asked(ask_certificate, gateway))
        assert certificate_holds(gateway, shown, CERTIFICATE_PARAMS, TODAY).key == "ok"
        offer = tls_offer(asked(ask_tls, gateway))
        assert (offer.accepted, offer.refused) == (("1.2",), ("1.0", "1.1", "1.3"))
        assert inner_tls(asked(ask_openvpn, gateway)).version == "1.2"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_server_that_takes_old_versions_fails(pki: Pki, tmp_path: Path, transport: str) -> None:
    files = issue(pki.folder, pki.ca)
    with openvpn(tmp_path, pki.ca_file, files, transport=transport, many=True, options=OLD) as port:
        offer = tls_offer(asked(ask_tls, declared(port, transport, pki, None)))
    assert current_versions_only(offer, VERSIONS).key == "old"


@pytest.mark.parametrize("options", [(), ONLY_12])
def test_an_expired_certificate_and_a_foreign_issuer_fail_through_the_channel(
    pki: Pki, tmp_path: Path, options: tuple[str, ...]
) -> None:
    expired = issue(pki.folder, pki.ca, ends_days=-3)
    other = authority("Somebody else")
    other_ca = other.save(tmp_path / "other.pem")
    for files, ca_file, key in (
        (expired, pki.ca_file, "expired"),
        (issue(pki.folder, other), other_ca, "self_signed"),  # OpenVPN sends its authority along
    ):
        with openvpn(tmp_path, ca_file, files, many=True, options=options, name=key) as port:
            gateway = declared(port, "udp", pki, None)
            shown = certificate(asked(ask_certificate, gateway))
            assert certificate_holds(gateway, shown, CERTIFICATE_PARAMS, TODAY).key == key
            assert shown_by(gateway) == leaf_of(files)


@pytest.mark.parametrize("auth", ["SHA1", "SHA384", "SHA512"])
@pytest.mark.parametrize(("direction", "told"), [(1, None), (1, 1), (0, 0), (None, None)])
def test_the_digest_of_tls_auth_is_found_by_trying_and_so_is_the_direction(
    pki: Pki, tmp_path: Path, auth: str, direction: int | None, told: int | None
) -> None:
    wrap = wrapping(tmp_path / "keys", "tls-auth", auth=auth, direction=direction)
    files = issue(pki.folder, pki.ca)
    with openvpn(tmp_path, pki.ca_file, files, transport="tcp", wrapped=wrap, many=True) as port:
        gateway = declared(port, "tcp", pki, wrap, key_direction=told)
        found = control_channel(asked(ask_openvpn, gateway))
    assert (found.in_force, found.digest) == (True, auth.lower())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("kind", KINDS[1:])
def test_with_a_wrong_key_nothing_is_known_and_nothing_fails(
    pki: Pki, tmp_path: Path, kind: str, transport: str
) -> None:
    """Filtered or keyed otherwise: nobody can tell, so the server is never said to be down."""
    right, wrong = (wrapping(tmp_path / name, kind) for name in ("right", "wrong"))
    files = issue(pki.folder, pki.ca)
    with openvpn(tmp_path, pki.ca_file, files, transport=transport, wrapped=right, many=True) as port:
        gateway = declared(port, transport, pki, wrong)
        judgement = answers_in_time(reach(asked(ask_reach, gateway)), REACH)
        assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_ANSWER)
        found = control_channel(asked(ask_openvpn, gateway))
        assert (found.in_force, found.before) == (None, "silent" if transport == "udp" else "closed")
        judgement = only_for_key_holders(gateway, found)
        assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_ANSWER)
        with pytest.raises((NotKnown, Unreached)):
            certificate(asked(ask_certificate, gateway))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_without_its_key_a_living_server_is_told_from_a_dead_one(
    pki: Pki, tmp_path: Path, transport: str
) -> None:
    wrap = wrapping(tmp_path / "keys", "tls-crypt")
    files = issue(pki.folder, pki.ca)
    with openvpn(tmp_path, pki.ca_file, files, transport=transport, wrapped=wrap, many=True) as port:
        living = declared(port, transport, pki, None)
        judgement = answers_in_time(reach(asked(ask_reach, living)), REACH)
        assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_ANSWER)
        judgement = only_for_key_holders(living, control_channel(asked(ask_openvpn, living)))
        assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_CONTROL)
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    dead = declared(free_port(kind), transport, pki, wrap)
    assert answers_in_time(reach(asked(ask_reach, dead)), REACH).key == "refused"
    judgement = only_for_key_holders(dead, control_channel(asked(ask_openvpn, dead)))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.REFUSED)


def test_a_server_for_one_peer_that_starts_anew_after_each_look_never_fails(pki: Pki, tmp_path: Path) -> None:
    files = issue(pki.folder, pki.ca)
    with openvpn(tmp_path, pki.ca_file, files) as port:
        gateway = declared(port, "udp", pki, None)
        assert shown_by(gateway) == leaf_of(files)
        assert answers_in_time(reach(asked(ask_reach, gateway)), REACH).verdict is not Verdict.FAIL


def test_the_contacts_of_one_look_are_few(pki: Pki, tmp_path: Path) -> None:
    wrap = wrapping(tmp_path / "keys", "tls-auth", auth="SHA512")
    files = issue(pki.folder, pki.ca)
    with openvpn(tmp_path, pki.ca_file, files, wrapped=wrap, many=True) as port:
        gateway = declared(port, "udp", pki, wrap)
        counts = []
        for ask in (ask_reach, ask_openvpn, ask_certificate, ask_tls):
            contacts: list[Contact] = []
            asked(ask, gateway, contacts=contacts)
            counts.append(len(contacts))
    assert counts == [1, 4, 1, 5]


def test_other_protocols_are_not_asked(pki: Pki) -> None:
    gateway = gateway_at(443)
    with pytest.raises(NotKnown):
        asked(ask_openvpn, gateway)
    assert only_for_key_holders(gateway, Unknown(Reason.NOT_MEASURABLE)).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (("silent", "answered", "answered"), Verdict.PASS),
        (("closed", "answered", "answered"), Verdict.PASS),
        (("silent", "answered", "silent"), Verdict.UNKNOWN),
        (("silent", "silent", "answered"), Verdict.UNKNOWN),
        (("wrong_service", "answered", "answered"), Verdict.UNKNOWN),
        (("refused", "answered", "answered"), Verdict.UNKNOWN),
        (("answered", "answered", "answered"), Verdict.FAIL),
        (("answered", "silent", "silent"), Verdict.FAIL),
    ],
)
def test_the_key_is_in_force_only_beside_its_positive_control(
    pki: Pki, tmp_path: Path, found: tuple[str, str, str], verdict: Verdict
) -> None:
    gateway = declared(1, "udp", pki, Wrapping("tls-auth", (), tmp_path))
    channel = ControlChannel("tls-auth", *found, "")
    assert only_for_key_holders(gateway, channel).verdict is verdict
