"""The doctor contacts nobody and leaves out nothing."""

import os
import shutil
from collections import namedtuple
from collections.abc import Mapping
from pathlib import Path

import pytest

from auditor import doctor
from auditor.doctor import described, examine
from auditor.errors import ConfigError, PluginError, Problem
from auditor.town import Loaded
from tests.town.conftest import TownFolder

SSH_ROW = "P2,,x,linux,,共用,home,,ssh,pc2,,audit\n"


def keys(town: TownFolder) -> list[str]:
    return [one.key for one in examine(town.root).problems]


def test_a_right_folder_is_good(town: TownFolder) -> None:
    health = examine(town.root)
    assert health.good
    assert described(health, "ja").endswith("問題は見つかりませんでした。")


def test_a_missing_folder_is_told_alone(tmp_path: Path) -> None:
    health = examine(tmp_path / "none")
    assert [one.key for one in health.problems] == ["folder_missing"]
    assert str(tmp_path / "none") in described(health, "en")


def test_everything_wrong_is_told_together(town: TownFolder) -> None:
    town.write("staff.csv", b"")
    town.write("known_hosts", "nonsense\n")
    (town.root / "inbox").rmdir()

    def model(_loaded: Loaded | None) -> None:
        raise ConfigError(
            [Problem(town.root / "model.toml", 3, "params", "no_control", {"name": "X", "near": "-"})]
        )

    def plugins(_loaded: Loaded | None) -> None:
        raise PluginError("plugin_import", name="x.y", why="ImportError: z")

    health = examine(town.root, [model, plugins])
    names = [one.file.name for one in health.problems]
    assert names == ["inbox", "known_hosts", "model.toml", "staff.csv"]
    assert "x.y" in described(health, "ja")
    assert not health.good


def test_steps_see_the_town_or_that_there_is_none(town: TownFolder) -> None:
    seen: list[Loaded | None] = []
    examine(town.root, [seen.append])
    town.write("town.toml", "")
    examine(town.root, [seen.append])
    assert seen[0] is not None
    assert seen[1] is None


def test_an_endpoint_without_a_pinned_key_is_noted(town: TownFolder) -> None:
    town.add("endpoints.csv", SSH_ROW)
    notes = [one.values for one in examine(town.root).notes if one.key == "host_not_pinned"]
    assert notes == [{"host": "P2 (pc2:22)"}]


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_secrets_that_others_can_read_are_told(town: TownFolder) -> None:
    town.add("town.toml", '[ssh]\nkey_file = "key"\n')
    for name in ("key", "passwords.toml"):
        town.write(name, "").chmod(0o640)
    assert keys(town) == ["key_file_mode", "password_file_mode"]


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_a_key_that_is_none_is_told(town: TownFolder) -> None:
    town.add("town.toml", '[ssh]\nkey_file = "key"\n')
    town.write("key", "no key").chmod(0o600)
    assert keys(town) == ["key_file_bad"]


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_a_folder_anybody_can_change_is_told(town: TownFolder) -> None:
    town.root.chmod(0o777)
    assert keys(town) == ["world_writable"]


def test_a_full_disk_is_told(town: TownFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])  # noqa: PYI024 - the shape shutil returns
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10, 10, 5_000_000))
    assert keys(town) == ["disk_full"]


def test_links_in_the_inbox_are_noted(town: TownFolder) -> None:
    (town.root / "inbox" / "x.json").symlink_to("/etc/hostname")
    assert "links_skipped" in [one.key for one in examine(town.root).notes]


def test_accepting_unsigned_evidence_is_always_shown(town: TownFolder) -> None:
    text = (town.root / "town.toml").read_text("utf-8")
    line = '[town]\nunsigned_inbox = true\nunsigned_inbox_reason = "試行中"'
    town.write("town.toml", text.replace("[town]", line))
    assert "試行中" in described(examine(town.root), "ja")


def test_another_distribution_with_our_package_names_is_told(
    town: TownFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def installed() -> Mapping[str, list[str]]:
        return {"checks": ["telework-auditor", "other-checks"], "auditor": ["telework-auditor"]}

    monkeypatch.setattr(doctor, "packages_distributions", installed)
    (problem,) = examine(town.root).problems
    assert (problem.key, problem.values["names"]) == ("package_twice", "other-checks")


def test_a_package_loaded_from_elsewhere_is_told(town: TownFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda _name: None)
    assert keys(town) == ["package_elsewhere"] * 3


VANTAGES = """
[[ssh.jumps]]
id = "office"
host = "office.example.lg.jp"
account = "audit"

[[vantages]]
id = "home"
name = "自宅を模した試験端末"
zone = "home"
jump = "office"
"""


def test_a_vantage_without_a_known_open_port_and_a_jump_host_without_a_pin_are_told(town: TownFolder) -> None:
    town.add("town.toml", VANTAGES)
    told = {(one.key, str(one.values)) for one in examine(town.root).notes}
    assert {key for key, values in told if "home" in values} == {"gap_control"}
    assert {key for key, values in told if "office" in values} == {"host_not_pinned"}


@pytest.mark.parametrize(("road", "told"), [("file", 0), ("probe", 1)])
def test_a_jump_host_behind_which_everything_is_brought_as_files_needs_no_pin(
    town: TownFolder, road: str, told: int
) -> None:
    way = '[[flows]]\nid = "f"\nname = "f"\nfrom = "home"\nto = "mynumber"\nhosts = ["192.0.2.1"]\n'
    way += f'ports = [445]\nexpect = "closed"\ncontrol = "192.0.2.9:443"\nroad = "{road}"\n'
    town.add("town.toml", VANTAGES + way)
    assert [one.key for one in examine(town.root).notes].count("host_not_pinned") == told


def test_names_that_an_ssh_host_would_look_up_are_told_where_closed_is_to_be_shown(town: TownFolder) -> None:
    """Of an entrance that is only reached from there, and of an open way, a name is as good."""
    way = '[[flows]]\nid = "{0}"\nname = "{0}"\nfrom = "home"\nto = "mynumber"\n'
    way += 'hosts = ["{0}.example", "192.0.2.1"]\nports = [445]\nexpect = "{1}"\n'
    entrance = '[[gateways]]\nid = "{0}"\nname = "{0}"\nhost = "{0}.example"\n{1}\n'
    town.add(
        "town.toml",
        VANTAGES
        + 'control = "192.0.2.9:443"\n'
        + way.format("shut", "closed")
        + way.format("agreed", "open")
        + entrance.format("guarded", 'closed_ports = [22]\nreachable_from = ["home"]')
        + entrance.format("apart", 'unreachable_from = ["home"]')
        + entrance.format("plain", 'reachable_from = ["home"]'),
    )
    (told,) = (one.values["names"] for one in examine(town.root).notes if one.key == "gap_named")
    assert told == "apart.example, guarded.example, shut.example"


def test_a_trial_without_any_way_between_segments_is_told(town: TownFolder) -> None:
    assert "gap_flows" in [one.key for one in examine(town.root).notes]


def test_a_systems_token_that_others_may_read_is_told(town: TownFolder) -> None:
    token = town.root / "mayan.token"
    token.write_text("secret")
    token.chmod(0o644)
    row = '[[systems]]\nid = "m"\nname = "文書管理"\nkind = "mayan"\nurl = "https://docs.example.lg.jp"\n'
    town.add("town.toml", row + 'token_file = "mayan.token"\n')
    assert any(key.endswith("_mode") for key in keys(town))
