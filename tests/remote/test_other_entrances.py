"""AnyConnect, SoftEther, portals, relays and policy files through the whole engine and the real catalogue."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auditor import discover
from auditor.catalogue import read_catalogue
from auditor.collect import collect_task
from auditor.control import Wording
from auditor.discover import Plugins
from auditor.findings import Finding
from auditor.judge import Scene, judge
from auditor.model import Model
from auditor.plan import plan
from auditor.roads import Roads
from auditor.targets import Gateway, Town
from auditor.work import Documents
from tests.peers import softether as peer
from tests.peers.certificates import Files, issue
from tests.peers.netns import inside
from tests.peers.nginx import Block, nginx
from tests.peers.ocserv import CERTIFICATE, ocserv
from tests.peers.process import free_port
from tests.remote.conftest import TODAY, Pki, gateway_at

MODULES = {
    entry.name: import_module(entry.value)
    for entry in entry_points(group="telework_auditor.checks")
    if entry.value.startswith("checks.remote.")
}
OURS = ("RA-02", "RA-03", "RA-04", "RA-05", "RA-08", "RA-12", "RA-13", "GW-31", "GW-32")
GOOD = {"RA-02": "pass", "RA-03": "pass", "RA-04": "pass", "RA-05": "pass"}
CURRENT = ('tls-priorities = "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"',)
"""What ocserv does not do by itself."""
NOTHING_SEEN = {"RA-08": "not_applicable", "GW-31": "not_applicable", "GW-32": "not_applicable"}


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return discover._declared(MODULES, {})


@pytest.fixture(scope="module")
def model(plugins: Plugins) -> Model:
    """The catalogue as it is, but for the named ports: a test may not look at a machine's own 22."""
    controls = {control.id: control for control in read_catalogue(plugins) if control.id in OURS}
    named = replace(controls["RA-03"].params["must_closed"], value=())
    controls["RA-03"] = replace(controls["RA-03"], params={**controls["RA-03"].params, "must_closed": named})
    return Model(
        id="test",
        title=Wording("試験", "test"),
        chain=("base",),
        freshness_days=14,
        controls=controls,
        excluded={},
    )


@pytest.fixture(scope="module")
def files(pki: Pki) -> Files:
    return issue(pki.folder, pki.ca, key=rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="module")
def web(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with nginx(tmp_path_factory.mktemp("others"), [Block(files)]) as (port,):
        yield port


def judged(target: Gateway | Documents, model: Model, plugins: Plugins) -> dict[str, Finding]:
    """One audit of a town that has only this target."""
    town = Town(
        name="松風町",
        gateways=(target,) if isinstance(target, Gateway) else (),
        documents=(target,) if isinstance(target, Documents) else (),
    )
    task = plan(town, model, plugins)[0]
    evidence = collect_task(task, plugins, Roads())
    findings, broken = judge(
        task, evidence, Scene(town=town, model=model, plugins=plugins, now=datetime.now(UTC), today=TODAY)
    )
    assert broken == ()
    return {finding.control: finding for finding in findings}


def standing(findings: dict[str, Finding]) -> dict[str, str]:
    return {control: finding.verdict.value for control, finding in findings.items()}


def entrance(port: int, pki: Pki, protocol: str, **fields: object) -> Gateway:
    given = {"closed_ports": (free_port(),), "ca_file": pki.ca_file, **fields}
    return gateway_at(port, protocol=protocol, **given)


def test_an_anyconnect_entrance(pki: Pki, files: Files, model: Model, plugins: Plugins) -> None:
    """Its first step shows a user name alone: whether a second factor follows is unknown."""
    with ocserv(pki.ca_file, files, extra=CURRENT) as port:
        found = judged(entrance(port, pki, "anyconnect"), model, plugins)
    assert standing(found) == GOOD | NOTHING_SEEN | {"RA-08": "unknown"}


def test_an_anyconnect_entrance_for_holders_of_a_certificate(
    pki: Pki, files: Files, model: Model, plugins: Plugins
) -> None:
    with ocserv(pki.ca_file, files, auth=(CERTIFICATE,), extra=CURRENT) as port:
        found = judged(entrance(port, pki, "anyconnect"), model, plugins)
    assert standing(found) == GOOD | NOTHING_SEEN | {"RA-08": "unknown"}
    assert "certificate is required" in found["RA-08"].note


def test_a_softether_entrance(pki: Pki, files: Files, tmp_path: Path, model: Model, plugins: Plugins) -> None:
    found: dict[str, Finding] = {}
    gateway = entrance(peer.PORT, pki, "softether", closed_ports=(22,))
    with peer.softether(tmp_path, files) as server:
        inside(server.namespace, lambda: found.update(judged(gateway, model, plugins)))
    assert standing(found) == GOOD | NOTHING_SEEN | {"GW-31": "fail"}


def test_a_portal(web: int, pki: Pki, model: Model, plugins: Plugins) -> None:
    found = judged(entrance(web, pki, "portal", product="fortinet"), model, plugins)
    assert standing(found) == GOOD | NOTHING_SEEN | {"GW-32": "unknown"}


def test_a_relay_seen_from_the_lgwan_side(web: int, pki: Pki, model: Model, plugins: Plugins) -> None:
    """Its ports are its operator's; that it is reached is the path of those who use it."""
    gateway = entrance(web, pki, "relay", zone="lgwan", methods=("rdp",), closed_ports=())
    found = judged(gateway, model, plugins)
    assert standing(found) == {
        **GOOD,
        "RA-03": "not_applicable",
        "GW-31": "not_applicable",
        "GW-32": "not_applicable",
    }


def test_a_relay_that_is_not_reached(pki: Pki, model: Model, plugins: Plugins) -> None:
    gateway = entrance(free_port(), pki, "relay", zone="lgwan", closed_ports=())
    found = judged(gateway, model, plugins)
    assert (found["RA-02"].verdict.value, found["RA-02"].key) == ("fail", "refused")
    assert found["RA-05"].verdict.value == "unknown"


def test_a_policy_file(tmp_path: Path, model: Model, plugins: Plugins) -> None:
    documents = Documents(id="policy", name="設定", kind="telework-policy", folder=tmp_path)
    assert standing(judged(documents, model, plugins)) == {"RA-12": "unknown", "RA-13": "unknown"}
    (tmp_path / "policy.ini").write_text("ENFORCE_INSPECTION 1\nDISABLE_OTP 1\n")
    found = judged(documents, model, plugins)
    assert standing(found) == {"RA-12": "fail", "RA-13": "pass"}
    assert found["RA-12"].places == ("policy.ini:2 DISABLE_OTP",)


def test_an_anyconnect_server_as_it_is_installed_accepts_old_versions_of_tls(
    pki: Pki, files: Files, model: Model, plugins: Plugins
) -> None:
    with ocserv(pki.ca_file, files) as port:
        found = judged(entrance(port, pki, "anyconnect"), model, plugins)
    assert (found["RA-04"].verdict.value, found["RA-04"].key) == ("fail", "old")
