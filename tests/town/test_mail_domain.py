"""A mail domain is declared by its name; who would be asked about it is said before anybody is."""

from pathlib import Path

import pytest

from auditor.errors import ConfigError
from auditor.intent import intents
from auditor.model import load_model
from auditor.plan import plan
from auditor.session import read_controls
from tests.town.conftest import TownFolder

ROW = """
[[systems]]
id = "mail"
name = "町のメール"
kind = "mail-domain"
domain = "{domain}"
resolver = "192.0.2.53:53"
selectors = [{selectors}]
"""


def declared(tmp_path: Path, domain: str = "town.example", selectors: str = '"s1", "a.b_2"') -> TownFolder:
    folder = TownFolder(tmp_path / "town")
    folder.add("town.toml", ROW.format(domain=domain, selectors=selectors))
    return folder


def test_the_selectors_are_kept(tmp_path: Path) -> None:
    (system,) = declared(tmp_path).load().town.systems
    assert (system.domain, system.selectors) == ("town.example", ("s1", "a.b_2"))


@pytest.mark.parametrize(
    "selectors", ['"s 1"', '""', '"a..b"', '"a\\n"', ",".join(f'"s{at}"' for at in range(11))]
)
def test_what_is_no_selector_is_refused_with_its_place(tmp_path: Path, selectors: str) -> None:
    with pytest.raises(ConfigError) as caught:
        declared(tmp_path, selectors=selectors).load()
    assert [problem.key for problem in caught.value.problems] == ["bad_selectors"]


@pytest.mark.parametrize("domain", ["192.0.2.1", "::1", "a b", ""])
def test_an_address_is_no_mail_domain(tmp_path: Path, domain: str) -> None:
    with pytest.raises(ConfigError):
        declared(tmp_path, domain).load()


def test_the_name_server_is_named_before_it_is_asked(tmp_path: Path) -> None:
    town = declared(tmp_path).load().town
    plugins, controls = read_controls()
    listed = intents(town, plan(town, load_model(controls, "base"), plugins), plugins)
    mail = [one for one in listed if one.target.endswith(":mail")]
    assert {(one.host, one.port, one.transport) for one in mail} == {
        ("192.0.2.53", 53, "udp"),
        ("192.0.2.53", 53, "tcp"),
    }
    assert {one.what for one in mail} == {("mail.names",)}
