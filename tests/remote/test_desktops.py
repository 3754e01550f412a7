"""RDP, VNC and SPICE entrances through the engine: planned, collected in order, judged by every control."""

from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auditor import catalogue, discover
from auditor.access.dial import Contact
from auditor.api import Fact, NotKnown, Unreached
from auditor.control import Wording
from auditor.discover import Plugins
from auditor.findings import Finding, Verdict
from auditor.model import Model
from auditor.targets import Gateway
from auditor.tomlfile import read_toml
from checks.remote import certificate, ports, rdp, reach, spice, suites, tls, vnc
from tests.peers.certificates import issue
from tests.peers.freerdp_shadow import freerdp_shadow
from tests.peers.process import free_port
from tests.peers.spice import qemu_spice
from tests.peers.vnc import tigervnc
from tests.peers.xrdp import xrdp
from tests.remote.conftest import Pki, asked, gateway_at, rude_server, says
from tests.remote.test_entrance import MODULES, scan
from tests.remote.test_rdp_played import refused

OURS = {
    *("RA-02", "RA-03", "RA-04", "RA-05"),
    *("GW-41", "GW-42", "GW-43", "GW-44", "GW-45", "GW-46"),
}
RDP, VNC, SPICE = {"GW-41", "GW-42"}, {"GW-43", "GW-44"}, {"GW-45", "GW-46"}


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    modules = (certificate, ports, reach, suites, tls, rdp, vnc, spice)
    found = discover._declared({module.__name__: module for module in modules}, {})
    discover._verify(found)
    return found


@pytest.fixture(scope="module")
def model() -> Model:
    written = read_toml(Path(rdp.__file__).with_name("controls.toml"))
    controls = {each.id: each for each in catalogue._controls_of(written) if each.id in OURS}
    assert set(controls) == OURS
    assert {id_: each.leg.value for id_, each in controls.items() if id_.startswith("GW")} == {
        **dict.fromkeys(RDP | {"GW-44"}, "none"),
        **dict.fromkeys(SPICE | {"GW-43"}, "path"),
    }
    return Model(
        id="test",
        title=Wording("試験", "test"),
        chain=("base",),
        freshness_days=14,
        controls=controls,
        excluded={},
    )


def standing(gateway: Gateway, model: Model, plugins: Plugins, concerned: set[str]) -> dict[str, str]:
    """The verdicts of one audit; the controls of other protocols do not concern the entrance."""
    findings = scan(gateway, model, plugins)
    others = (RDP | VNC | SPICE) - concerned
    assert all(findings[id_].verdict is Verdict.NOT_APPLICABLE for id_ in others)
    return {id_: _shown(finding) for id_, finding in findings.items() if id_ not in others}


def _shown(finding: Finding) -> str:
    return f"{finding.verdict.value} {finding.key or finding.reason}"


def test_an_rdp_entrance_on_its_own_is_open_remote_control(
    pki: Pki, tmp_path: Path, model: Model, plugins: Plugins
) -> None:
    with xrdp(tmp_path, issue(pki.folder, pki.ca), "tls") as port:
        gateway = gateway_at(port, protocol="rdp", ca_file=pki.ca_file, closed_ports=(free_port(),))
        assert standing(gateway, model, plugins, RDP) == {
            "RA-02": "pass ok",
            "RA-03": "fail open",
            "RA-04": "pass ok",
            "RA-05": "pass ok",
            "GW-41": "fail not_offered",
            "GW-42": "pass ok",
        }


def test_an_rdp_entrance_that_requires_nla_passes_that_and_needs_a_certificate(
    tmp_path: Path, model: Model, plugins: Plugins
) -> None:
    with freerdp_shadow(tmp_path, "nla") as port:
        found = standing(gateway_at(port, protocol="rdp"), model, plugins, RDP)
    assert (found["GW-41"], found["GW-42"]) == ("pass ok", "pass ok")
    assert found["RA-05"].startswith("fail ")


def test_an_rdp_entrance_without_tls_stops_people_by_its_certificate(
    pki: Pki, tmp_path: Path, model: Model, plugins: Plugins
) -> None:
    with xrdp(tmp_path, issue(pki.folder, pki.ca), "rdp") as port:
        found = standing(gateway_at(port, protocol="rdp"), model, plugins, RDP)
    assert found["RA-05"] == "fail declined"
    assert found["RA-04"] == "not_applicable declined"
    assert (found["GW-41"], found["GW-42"]) == ("fail not_offered", "fail only")


@pytest.mark.parametrize(
    ("code", "ra_04", "ra_05"),
    [
        (2, "not_applicable declined", "fail declined"),
        (3, "not_applicable declined", "fail declined"),
        *((code, "unknown not_measurable", "unknown not_measurable") for code in (1, 4, 5, 6, 7)),
    ],
)
def test_only_a_refusal_for_want_of_tls_or_a_certificate_says_that_there_is_none(
    model: Model, plugins: Plugins, code: int, ra_04: str, ra_05: str
) -> None:
    """Code 6 asks for the user's certificate on top of TLS: no server of Debian's does, so it is played."""
    with rude_server(says(refused(code))) as port:
        found = standing(gateway_at(port, protocol="rdp"), model, plugins, RDP)
    assert (found["RA-04"], found["RA-05"]) == (ra_04, ra_05)


def test_a_whole_audit_of_a_vnc_entrance_stays_below_what_its_server_bears(
    pki: Pki, tmp_path: Path, model: Model, plugins: Plugins
) -> None:
    with tigervnc(tmp_path, "X509Vnc,X509Plain", issue(pki.folder, pki.ca)) as port:
        gateway = gateway_at(port, protocol="vnc", ca_file=pki.ca_file, closed_ports=(free_port(),))
        assert standing(gateway, model, plugins, VNC) == {
            "RA-02": "pass ok",
            "RA-03": "fail open",
            "RA-04": "unknown not_measurable",
            "RA-05": "pass ok",
            "GW-43": "pass ok",
            "GW-44": "pass ok",
        }


def test_all_the_probes_there_are_make_five_connections_to_a_good_vnc_entrance(
    pki: Pki, tmp_path: Path
) -> None:
    """The fifth without a log-in makes TigerVNC shut an address out: the ways in are asked for before."""
    found = [
        value for module in MODULES.values() for value in vars(module).values() if isinstance(value, Fact)
    ]
    probes = {each.probe.id: each.probe for each in found if each.probe and each.probe.kind == "gateway"}
    made: dict[str, int] = {}
    with tigervnc(tmp_path, "X509Vnc", issue(pki.folder, pki.ca)) as port:
        gateway = gateway_at(port, protocol="vnc", ca_file=pki.ca_file, closed_ports=(free_port(),))
        for id_ in sorted(probes):
            contacts: list[Contact] = []
            with suppress(NotKnown, Unreached):
                asked(probes[id_], gateway, contacts=contacts)
            made[id_] = sum(contact.port == port for contact in contacts)
    assert {id_: count for id_, count in made.items() if count} == {
        "gateway.certificate": 1,
        "gateway.framebuffer": 1,
        "gateway.ports": 2,
        "gateway.reach": 1,
    }


def test_a_spice_entrance_is_judged_where_the_town_allows_it(
    pki: Pki, tmp_path: Path, model: Model, plugins: Plugins
) -> None:
    files = issue(pki.folder, pki.ca, key=rsa.generate_private_key(65537, 2048))
    with qemu_spice(tmp_path, locked=True, tls=(files, pki.ca_file)) as port:
        gateway = gateway_at(port, protocol="spice", allow_spice_link=True, ca_file=pki.ca_file)
        found = standing(gateway, model, plugins, SPICE)
        silenced = standing(gateway_at(port, protocol="spice"), model, plugins, SPICE)
    assert (found["RA-02"], found["RA-05"]) == ("pass ok", "pass ok")
    assert (found["GW-45"], found["GW-46"]) == ("pass ok", "pass ok")
    assert silenced["GW-45"] == "unknown not_authorised"


def test_a_stopped_entrance_fails_to_answer_and_its_posture_is_unknown(
    model: Model, plugins: Plugins
) -> None:
    for protocol, concerned in (("rdp", RDP), ("vnc", VNC), ("spice", SPICE)):
        gateway = gateway_at(free_port(), protocol=protocol, allow_spice_link=True)
        found = standing(gateway, model, plugins, concerned)
        assert found["RA-02"] == "fail refused"
        assert {found[id_] for id_ in concerned} == {"unknown refused"}
