"""RDP entrances: real xrdp and FreeRDP in all their modes, beside what nmap says of them."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from auditor.access.dial import Contact
from auditor.api import Gateway, Judgement, Params, Reason, Unknown, Verdict
from checks.remote import _rdpwire, rdp
from checks.remote._rdpclassic import Classic
from checks.remote.certificate import ask_certificate, certificate_holds, unguarded
from checks.remote.ports import ask_ports, closed_ports, management_closed
from checks.remote.rdp import ask_rdp, nla_required, no_old_security, rdp_offer
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.tls import ask_tls, current_versions_only, tls_offer
from tests.peers.certificates import Files, issue
from tests.peers.freerdp_shadow import SECURITY, freerdp_shadow
from tests.peers.process import free_port, need
from tests.peers.xrdp import LAYERS, xrdp
from tests.remote.conftest import CERTIFICATE_PARAMS, TODAY, Pki, asked, gateway_at, judged

REACH = Params({"p95_ms": 2000})
VERSIONS = Params({"allow": ("1.2", "1.3"), "deny": ("1.0", "1.1")})
MODES = (*(f"xrdp-{layer}" for layer in LAYERS), *(f"shadow-{kind}" for kind in SECURITY))

REPLIES = {
    "xrdp-negotiate": ("plain 0", "selected 0", "selected 1", "selected 1", "selected 1"),
    "xrdp-tls": ("plain 0", "failure 1", "selected 1", "selected 1", "selected 1"),
    "xrdp-rdp": ("plain 0", "selected 0", "selected 0", "selected 0", "selected 0"),
    "shadow-tls": ("failure 1", "failure 1", "selected 1", "selected 1", "selected 1"),
    "shadow-nla": ("failure 5", "failure 5", "failure 5", "selected 2", "selected 2"),
    "shadow-rdp": ("selected 0", "selected 0", "failure 2", "failure 2", "failure 2"),
}
"""What each mode answers to no wish, the old security, TLS, NLA, and NLA with early user authorisation."""

JUDGED = {
    "xrdp-negotiate": ("not_offered", "also"),
    "xrdp-tls": ("not_offered", "ok"),
    "xrdp-rdp": ("not_offered", "only"),
    "shadow-tls": ("not_offered", "ok"),
    "shadow-nla": ("ok", "ok"),
    "shadow-rdp": ("not_offered", "bare"),
}
"""GW-41 and GW-42."""

Ports = Mapping[str, int]
Offers = Mapping[str, rdp.RdpOffer]
Scanned = Mapping[str, str]


@pytest.fixture(scope="module")
def files(pki: Pki) -> Files:
    return issue(pki.folder, pki.ca)


@pytest.fixture(scope="module")
def ports(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """The six modes of the two servers."""
    folder = tmp_path_factory.mktemp("rdp")
    with ExitStack() as stack:
        found = {
            f"xrdp-{layer}": stack.enter_context(xrdp(folder, files, layer, name=layer)) for layer in LAYERS
        }
        for kind in SECURITY:
            found[f"shadow-{kind}"] = stack.enter_context(freerdp_shadow(folder, kind, name=f"shadow-{kind}"))
        yield found


@pytest.fixture(scope="module")
def offers(ports: Ports) -> Offers:
    return {mode: rdp_offer(asked(ask_rdp, entrance(port))) for mode, port in ports.items()}


def entrance(port: int, **fields: object) -> Gateway:
    return gateway_at(port, protocol="rdp", **fields)


def verdicts(offer: rdp.RdpOffer) -> tuple[Judgement, Judgement]:
    gateway = entrance(3389)
    return nla_required(gateway, offer), no_old_security(gateway, offer)


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_answers_the_five_wishes_as_it_is_configured(offers: Offers, mode: str) -> None:
    replies = tuple(f"{each.kind} {each.value}" for each in offers[mode].replies.values())
    assert replies == REPLIES[mode]


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_is_judged_by_what_it_chose(offers: Offers, mode: str) -> None:
    assert tuple(each.key for each in verdicts(offers[mode])) == JUDGED[mode]
    passes = [each.verdict is Verdict.PASS for each in verdicts(offers[mode])]
    assert passes == [key in ("ok", "early") for key in JUDGED[mode]]


def test_the_old_security_is_dropped_at_its_first_step_where_only_tls_is_taken(offers: Offers) -> None:
    assert offers["xrdp-tls"].settings == "dropped"


@pytest.mark.parametrize(
    ("level", "proof"),
    [
        ("none", "no encryption, level 0"),
        ("low", "RC4 40 bit, level 1"),
        ("medium", "RC4 40 bit, level 2"),
        ("high", "RC4 128 bit, level 3"),
        ("fips", "FIPS 140-1, level 4"),
    ],
)
def test_the_strength_of_the_old_security_is_read_from_its_own_settings(
    files: Files, tmp_path_factory: pytest.TempPathFactory, level: str, proof: str
) -> None:
    with xrdp(tmp_path_factory.mktemp("level"), files, "rdp", level=level) as port:
        judgement = no_old_security(entrance(port), rdp_offer(asked(ask_rdp, entrance(port))))
    assert judgement.places == (proof,)
    assert judgement.key == ("bare" if level == "none" else "only")


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_is_proven_to_be_rdp(ports: Ports, mode: str) -> None:
    assert answers_in_time(reach(asked(ask_reach, entrance(ports[mode]))), REACH).verdict is Verdict.PASS


@pytest.mark.parametrize("mode", ["xrdp-negotiate", "xrdp-tls"])
def test_the_certificate_and_the_versions_behind_the_upgrade_are_judged(
    ports: Ports, pki: Pki, mode: str
) -> None:
    gateway = entrance(ports[mode], ca_file=pki.ca_file)
    assert judged(asked(ask_certificate, gateway)).key == "ok"
    judgement = current_versions_only(tls_offer(asked(ask_tls, gateway)), VERSIONS)
    assert (judgement.key, judgement.values["versions"]) == ("ok", "1.2, 1.3")


@pytest.mark.parametrize("mode", ["shadow-tls", "shadow-nla"])
def test_a_certificate_that_the_server_made_for_itself_fails(ports: Ports, pki: Pki, mode: str) -> None:
    gateway = entrance(ports[mode], ca_file=pki.ca_file)
    assert judged(asked(ask_certificate, gateway)).verdict is Verdict.FAIL


def test_an_expired_certificate_behind_the_upgrade_fails(
    pki: Pki, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ended = issue(pki.folder, pki.ca, ends_days=-3)
    with xrdp(tmp_path_factory.mktemp("ended"), ended, "tls") as port:
        answer = asked(ask_certificate, entrance(port, ca_file=pki.ca_file))
    assert judged(answer).key == "expired"


@pytest.mark.parametrize("mode", ["xrdp-rdp", "shadow-rdp"])
def test_an_entrance_without_tls_fails_for_want_of_a_certificate(ports: Ports, mode: str) -> None:
    gateway = entrance(ports[mode])
    told = unguarded(asked(ask_certificate, gateway))
    nothing = Unknown(Reason.NOT_MEASURABLE)
    assert certificate_holds(gateway, nothing, CERTIFICATE_PARAMS, TODAY, told).key == "declined"
    assert current_versions_only(tls_offer(asked(ask_tls, gateway)), VERSIONS).key == "declined"


def test_five_connections_are_made_one_after_the_other(ports: Ports) -> None:
    contacts: list[Contact] = []
    asked(ask_rdp, entrance(ports["xrdp-negotiate"]), contacts=contacts)
    assert len(contacts) == 5


def test_the_machines_names_are_no_part_of_the_answer(ports: Ports, offers: Offers) -> None:
    challenge = offers["shadow-nla"].challenge
    assert challenge is not None
    assert (challenge.names, len(challenge.digest), challenge.build) == (4, 16, "6.1.7601")
    body = asked(ask_rdp, entrance(ports["shadow-nla"])).body.lower()
    assert b'"' + socket.gethostname().lower().encode() + b'"' not in body
    assert set(json.loads(body)["challenge"]) == {"names", "digest", "build"}


def test_remote_control_counts_as_open_on_any_port(ports: Ports) -> None:
    gateway = entrance(ports["shadow-nla"], closed_ports=(free_port(),))
    found = closed_ports(asked(ask_ports, gateway))
    judgement = management_closed(gateway, found, Params({"must_closed": ("3389",)}))
    assert (judgement.key, judgement.places) == ("open", (f"{gateway.port}/tcp",))


@pytest.fixture(scope="module")
def scanned(ports: Ports) -> Scanned:
    """What nmap's two RDP scripts print for each mode."""
    wanted = ",".join(str(port) for port in ports.values())
    command = [need("nmap"), "-Pn", "-n", "-p", wanted, "--script", "+rdp-enum-encryption,+rdp-ntlm-info"]
    run = subprocess.run([*command, "127.0.0.1"], capture_output=True, text=True, check=True, timeout=60)
    parts = re.split(r"(?m)^(\d+)/tcp ", run.stdout)
    printed = dict(zip(map(int, parts[1::2]), parts[2::2], strict=True))
    return {mode: printed[port] for mode, port in ports.items()}


def test_nmap_agrees_on_the_old_security_and_its_strength(scanned: Scanned, offers: Offers) -> None:
    for mode in ("xrdp-negotiate", "xrdp-rdp"):
        assert "Native RDP: SUCCESS" in scanned[mode]
        assert "128-bit RC4: SUCCESS" in scanned[mode]
        assert offers[mode].old == "accepted"
        assert offers[mode].classic == Classic(2, 3)
    for mode in ("shadow-tls", "shadow-nla"):
        assert "Native RDP" not in scanned[mode]
        assert offers[mode].old == "refused"
    assert "Native RDP: SUCCESS" in scanned["shadow-rdp"]


def test_nmap_agrees_on_the_build_told_under_nla(scanned: Scanned, offers: Offers) -> None:
    challenge = offers["shadow-nla"].challenge
    assert challenge is not None
    assert f"Product_Version: {challenge.build}" in scanned["shadow-nla"]


@pytest.mark.parametrize("mode", ["xrdp-negotiate", "xrdp-rdp", "shadow-tls"])
def test_nmap_calls_nla_a_success_where_the_packet_says_that_something_else_was_chosen(
    scanned: Scanned, ports: Ports, mode: str
) -> None:
    assert "CredSSP (NLA): SUCCESS" in scanned[mode]
    packet = answer_to(ports[mode], _rdpwire.TLS | _rdpwire.NLA)
    assert packet[11] == _rdpwire.NEGOTIATION_RESPONSE
    assert int.from_bytes(packet[15:19], "little") in (0, 1)  # the old security, or TLS; NLA would be 2


def test_a_challenge_after_a_refusal_is_no_proof_of_nla(
    scanned: Scanned, ports: Ports, offers: Offers
) -> None:
    """FreeRDP refuses TLS in words and then speaks it all the same, which nmap's script takes as NLA."""
    assert "Product_Version" in scanned["shadow-rdp"]
    packet = answer_to(ports["shadow-rdp"], _rdpwire.TLS | _rdpwire.NLA)
    assert packet[11:] == b"\x03\x00\x08\x00\x02\x00\x00\x00"  # RDP_NEG_FAILURE, SSL_NOT_ALLOWED
    assert offers["shadow-rdp"].challenge is None


def answer_to(port: int, protocols: int) -> bytes:
    """The whole packet that answers a request."""
    with socket.create_connection(("127.0.0.1", port), timeout=3) as sock:
        sock.sendall(_rdpwire.connection_request(protocols))
        return sock.recv(64)
