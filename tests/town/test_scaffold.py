"""``auditor init`` writes a folder that says itself what is still to be filled in, and overwrites nothing."""

import re
import tomllib
from pathlib import Path

import pytest

from auditor.errors import ConfigError, OutputError
from auditor.model import load_model
from auditor.scaffold import write_town
from auditor.town import load_town
from tests.town.conftest import ENDPOINTS, STAFF

LANGUAGES = ("ja", "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_new_folder_tells_exactly_what_to_fill_in(tmp_path: Path, lang: str) -> None:
    write_town(tmp_path / "town", lang)
    with pytest.raises(ConfigError) as caught:
        load_town(tmp_path / "town")
    assert [(one.file.name, one.key) for one in caught.value.problems] == [
        ("endpoints.csv", "ledger_no_rows"),
        ("staff.csv", "ledger_no_rows"),
        ("town.toml", "no_sections"),
        ("town.toml", "blank"),
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_commented_example_can_be_used_as_it_is(tmp_path: Path, lang: str) -> None:
    folder = tmp_path / "town"
    write_town(folder, lang)
    text = (folder / "town.toml").read_text("utf-8").replace('name = ""', 'name = "松風町"', 1)
    text = text.replace('account = ""', 'account = "audit"', 1)
    shown = re.sub(r"(?m)^# (?=\[|[a-z_]+ = )", "", text)
    (folder / "town.toml").write_text(shown, "utf-8")
    secrets = (
        "ssh_key",
        "vpn-wrap.key",
        "wg-audit.key",
        "wg-audit.psk",
        "mail_password.txt",
        "webhook_secret.txt",
    )
    for name in ("town-ca.pem", *secrets):
        (folder / name).write_text("x")
    (folder / "staff.csv").write_text(
        STAFF.replace("0102", "0105").replace("税務課", "soumu").replace("総務課", "soumu")
    )
    (folder / "endpoints.csv").write_text(ENDPOINTS.replace("総務課", "soumu"))
    town = load_town(folder).town
    assert tomllib.loads(shown)["town"]["unsigned_inbox"] is True
    assert (len(town.sections), len(town.gateways), len(town.print_servers), len(town.documents)) == (
        1,
        7,
        1,
        4,
    )
    assert [(flow.source, flow.zone) for flow in town.flows] == [("lgwan-pc", "mynumber")]
    assert [one.id for one in town.vantages] == ["lgwan-pc"]
    assert [(system.kind, system.selectors) for system in town.systems] == [("mail-domain", ("selector1",))]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_model_it_writes_extends_the_base(tmp_path: Path, lang: str) -> None:
    write_town(tmp_path / "town", lang)
    assert load_model((), town_file=tmp_path / "town" / "model.toml").chain == ("base", "town")


def test_excel_opens_the_ledgers_without_asking(tmp_path: Path) -> None:
    write_town(tmp_path / "town", "ja")
    content = (tmp_path / "town" / "staff.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")


def test_a_folder_that_holds_anything_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(OutputError, match="folder_not_empty"):
        write_town(tmp_path, "ja")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_of_that_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "town").write_text("x")
    with pytest.raises(OutputError, match="folder_not_made"):
        write_town(tmp_path / "town", "ja")


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    assert (tmp_path / "town.toml") in write_town(tmp_path, "en")
