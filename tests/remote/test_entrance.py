"""The remote controls through the engine: catalogue, plan, collection by the declared road, judgement."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import pytest

from auditor import discover
from auditor.catalogue import read_catalogue
from auditor.collect import collect_task
from auditor.control import Leg, Wording
from auditor.discover import Plugins
from auditor.findings import Finding, Reason, Verdict
from auditor.judge import Scene, judge
from auditor.model import Model
from auditor.plan import plan
from auditor.roads import Roads
from auditor.targets import Gateway, Town
from checks.remote import certificate
from tests.peers.certificates import issue
from tests.peers.nginx import ANY_STRENGTH, EVERY, Block, nginx
from tests.peers.openvpn import openvpn, wrapping
from tests.peers.process import free_port
from tests.remote.conftest import TODAY, Pki, black_hole, gateway_at

MODULES: dict[str, ModuleType] = {
    entry.name.partition(".")[2]: import_module(entry.value)
    for entry in entry_points(group="telework_auditor.checks")
    if entry.value.startswith("checks.remote.")
}
ALL = {"RA-02", "RA-03", "RA-04", "RA-05"}
"""What is asked of a TLS entrance; the controls of other protocols do not concern it."""
REGISTERED = {"RA-06", "RA-07", "RA-11", "RA-14"}
"""What only the town's register tells: these entrances have none."""
DEEPER = {"GW-50", "GW-51", "GW-52", "GW-62"}
"""What is asked of TLS beside that (suites, HSTS, revocation, the path): judged in tests of their own."""


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    found = discover._declared(dict(MODULES), {})
    discover._verify(found)
    return found


@pytest.fixture(scope="module")
def model(plugins: Plugins) -> Model:
    """The catalogue as it is, but for the named ports: a test may not look at a machine's own 22."""
    controls = {control.id: control for control in read_catalogue(plugins)}
    named = replace(controls["RA-03"].params["must_closed"], value=())
    controls["RA-03"] = replace(controls["RA-03"], params={"must_closed": named})
    return Model(
        id="test",
        title=Wording("試験", "test"),
        chain=("base",),
        freshness_days=14,
        controls=controls,
        excluded={},
    )


def scan(gateway: Gateway, model: Model, plugins: Plugins) -> dict[str, Finding]:
    """One audit of a town that has only this gateway."""
    town = Town(name="松風町", gateways=(gateway,))
    (task, _) = plan(town, model, plugins)
    evidence = collect_task(task, plugins, Roads())
    scene = Scene(town=town, model=model, plugins=plugins, now=datetime.now(UTC), today=TODAY)
    findings, broken = judge(task, evidence, scene)
    assert broken == ()
    return {finding.control: finding for finding in findings}


@pytest.fixture(scope="module")
def entrances(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Gateway]]:
    blocks = {
        "good": Block(issue(pki.folder, pki.ca)),
        "expired": Block(issue(pki.folder, pki.ca, ends_days=-3)),
        "old": Block(issue(pki.folder, pki.ca), EVERY, ANY_STRENGTH),
    }
    with nginx(tmp_path_factory.mktemp("entrance"), list(blocks.values())) as numbers:
        named = dict(zip(blocks, numbers, strict=True))
        yield {
            name: gateway_at(port, ca_file=pki.ca_file, closed_ports=(free_port(),))
            for name, port in named.items()
        }


def standing(findings: dict[str, Finding]) -> dict[str, str]:
    for control in REGISTERED & findings.keys():
        assert findings[control].reason is Reason.NOT_DECLARED, control
    for control in findings.keys() - ALL - DEEPER - REGISTERED:
        assert findings[control].verdict is Verdict.NOT_APPLICABLE, control
    return {control: finding.verdict.value for control, finding in findings.items() if control in ALL}


def test_the_catalogue_of_the_area_is_whole(model: Model) -> None:
    assert set(model.controls) >= ALL
    assert {id_: model.controls[id_].leg for id_ in ALL} == {
        "RA-02": Leg.PATH,
        "RA-03": Leg.PATH,
        "RA-04": Leg.NONE,
        "RA-05": Leg.PATH,
    }


@pytest.mark.parametrize(("name", "module"), list(MODULES.items()))
def test_every_sentence_a_check_may_say_stands_in_the_catalogue_and_no_other(
    name: str, module: ModuleType, model: Model
) -> None:
    source = Path(str(module.__file__)).read_text("utf-8")
    controls = re.findall(r'@check\("([A-Z]+-\d+)"\)', source)
    said = r'(?:passed|failed|not_applicable)\(\s*"(\w+)"(?: if [^"]+ else "(\w+)")?'
    keys = {key for pair in re.findall(said, source) for key in pair if key}
    if name == "certificate":
        keys |= {*certificate.ITS_OWN, *certificate.ITS_ISSUERS, "self_signed", "no_issuer", "weak_issuer"}
    assert keys == {key for control in controls for key in model.controls[control].says}


def test_a_good_entrance_passes_everything(
    entrances: dict[str, Gateway], model: Model, plugins: Plugins
) -> None:
    assert standing(scan(entrances["good"], model, plugins)) == dict.fromkeys(ALL, "pass")


@pytest.mark.parametrize(("name", "control"), [("expired", "RA-05"), ("old", "RA-04")])
def test_one_weakness_fails_exactly_its_control(
    entrances: dict[str, Gateway], model: Model, plugins: Plugins, name: str, control: str
) -> None:
    assert standing(scan(entrances[name], model, plugins)) == dict.fromkeys(ALL, "pass") | {control: "fail"}


def test_a_stopped_entrance_fails_to_answer_and_the_rest_is_unknown(model: Model, plugins: Plugins) -> None:
    findings = scan(gateway_at(free_port(), closed_ports=(free_port(),)), model, plugins)
    assert standing(findings) == {
        "RA-02": "fail",
        "RA-03": "unknown",
        "RA-04": "unknown",
        "RA-05": "unknown",
    }
    assert {findings[id_].reason for id_ in ("RA-04", "RA-05")} == {Reason.REFUSED}


def test_a_filtered_entrance_is_unknown_throughout(
    model: Model, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("reach", "ports", "tls", "_trust"):
        monkeypatch.setattr(f"checks.remote.{module}.WAIT_S", 0.3)
    with black_hole() as port:
        findings = scan(gateway_at(port, closed_ports=(free_port(),)), model, plugins)
    assert standing(findings) == dict.fromkeys(ALL, "unknown")


def test_an_openvpn_entrance_is_judged_by_its_answer_and_by_the_tls_inside(
    pki: Pki, tmp_path: Path, model: Model, plugins: Plugins
) -> None:
    key = wrapping(tmp_path, "tls-crypt")
    with openvpn(tmp_path, pki.ca_file, issue(pki.folder, pki.ca), wrapped=key, many=True) as port:
        gateway = gateway_at(
            port,
            protocol="openvpn",
            transport="udp",
            ca_file=pki.ca_file,
            closed_ports=(free_port(),),
            wrap=key.kind,
            key_file=key.client_key,
        )
        findings = scan(gateway, model, plugins)
    judged = {id_: findings[id_].verdict.value for id_ in (*ALL, "GW-30")}
    assert judged == dict.fromkeys((*ALL, "GW-30"), "pass")
    assert findings["GW-35"].verdict is Verdict.NOT_APPLICABLE


def test_an_openvpn_server_for_many_over_tcp_is_proven_again_and_again(
    pki: Pki, tmp_path: Path, model: Model, plugins: Plugins
) -> None:
    files = issue(pki.folder, pki.ca)
    with openvpn(tmp_path, pki.ca_file, files, transport="tcp", many=True) as port:
        gateway = gateway_at(port, protocol="openvpn", closed_ports=(free_port(),))
        verdicts = [scan(gateway, model, plugins)["RA-02"].verdict for _ in range(2)]
    assert verdicts == [Verdict.PASS, Verdict.PASS]
