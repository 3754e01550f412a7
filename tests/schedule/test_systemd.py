"""Units are hardened, start the right command at the right time, and mean what they say to systemd itself."""

import configparser
import re
import subprocess
from pathlib import Path

import pytest

from auditor.access.private import credential_name, private_bytes
from auditor.nightly.hours import Hours
from auditor.schedule.planned import Planned, Scheduled
from auditor.schedule.systemd import quoted, units
from tests.peers.process import need
from tests.schedule.kit import ODD, planned

NETWORKS = ("10.1.0.0/16", "192.0.2.7/32")
EXPOSURE = re.compile(r"Overall exposure level for .*: ([0-9.]+)")


def written(scheduled: Scheduled) -> list[Path]:
    for file in scheduled.files:
        file.path.write_bytes(file.content)
    return [file.path for file in scheduled.files]


def unit(folder: Path, name: str, what: Planned) -> configparser.RawConfigParser:
    (content,) = (file.content for file in units(what, folder=folder).files if file.path.name == name)
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign] # keys of units are told apart by case
    parser.read_string(content.decode())
    return parser


@pytest.mark.parametrize("networks", [(), NETWORKS])
@pytest.mark.parametrize("folder", ["/srv/matsukaze", "/home/audit/matsukaze"])
def test_the_service_is_exposed_little_by_systemd_s_own_count(
    tmp_path: Path, networks: tuple[str, ...], folder: str
) -> None:
    program = need("systemd-analyze")
    what = planned(networks=networks, folder=Path(folder))
    services = [path for path in written(units(what, folder=tmp_path)) if path.suffix == ".service"]
    for path in services:
        if path.stem.endswith("-failed"):
            continue
        done = subprocess.run(
            [program, "security", "--offline=true", "--no-pager", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        found = EXPOSURE.search(done.stdout)
        assert found is not None, done.stderr
        assert float(found[1]) <= 1.5


def test_systemd_finds_nothing_wrong_in_the_units(tmp_path: Path) -> None:
    program = need("systemd-analyze")
    what = planned(program=("/bin/true", "-I"), networks=NETWORKS, account="root", folder=Path("/"))
    paths = written(units(what, folder=tmp_path))
    done = subprocess.run([program, "verify", *map(str, paths)], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "telework" in line]
    assert complaints == [], done.stderr


def test_the_timer_s_time_is_one_in_japan(tmp_path: Path) -> None:
    program = need("systemd-analyze")
    timer = unit(tmp_path, "telework-auditor-matsukaze.timer", planned())["Timer"]
    assert timer["OnCalendar"] == "*-*-* 01:30:00 Asia/Tokyo"
    done = subprocess.run(
        [program, "calendar", timer["OnCalendar"]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert timer["RandomizedDelaySec"] == "15m"


def test_a_missed_start_is_made_up_for_but_a_missed_morning_is_not(tmp_path: Path) -> None:
    night = unit(tmp_path, "telework-auditor-matsukaze.timer", planned())["Timer"]
    morning = unit(tmp_path, "telework-auditor-matsukaze-catch-up.timer", planned())["Timer"]
    assert (night["Persistent"], morning["Persistent"]) == ("true", "false")
    assert "09:30:00" in morning["OnCalendar"]


def test_without_a_second_pass_there_is_no_second_timer(tmp_path: Path) -> None:
    names = [file.path.name for file in units(planned(hours=Hours()), folder=tmp_path).files]
    assert sorted(names) == [
        "telework-auditor-matsukaze-failed.service",
        "telework-auditor-matsukaze.service",
        "telework-auditor-matsukaze.timer",
    ]


def test_the_service_runs_as_its_own_account_writes_only_the_town_folder_and_tells_a_failure(
    tmp_path: Path,
) -> None:
    parser = unit(tmp_path, "telework-auditor-matsukaze.service", planned(networks=NETWORKS))
    service = parser["Service"]
    assert service["User"] == "telework-auditor"
    assert service["ReadWritePaths"] == "/srv/matsukaze"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["SuccessExitStatus"] == "3 4"
    assert service["IPAddressDeny"] == "any"
    assert service["IPAddressAllow"] == "localhost 10.1.0.0/16 192.0.2.7/32"
    assert parser["Unit"]["OnFailure"] == "telework-auditor-matsukaze-failed.service"
    assert service["ExecStart"] == (
        "/opt/auditor/bin/python -I -m auditor --lang ja run-nightly /srv/matsukaze --wait 3600"
    )


def test_what_lies_in_a_home_is_bound_into_the_service_s_view(tmp_path: Path) -> None:
    what = planned(folder=Path("/home/audit/town"), installed=(Path("/home/audit/venv"), Path("/usr")))
    service = unit(tmp_path, "telework-auditor-town.service", what)["Service"]
    assert service["ProtectHome"] == "tmpfs"
    assert service["BindPaths"] == "/home/audit/town"
    assert service["BindReadOnlyPaths"] == "/home/audit/venv"


def test_where_targets_are_names_no_network_is_shut_and_the_unit_says_why(tmp_path: Path) -> None:
    (content,) = (
        file.content.decode()
        for file in units(planned(), folder=tmp_path).files
        if file.path.name == "telework-auditor-matsukaze.service"
    )
    assert "IPAddressDeny" not in content
    assert "networks = " in content


def test_names_with_signs_of_systemd_s_own_start_the_command_as_they_are() -> None:
    """Read back by systemd's rules: escapes, specifiers and variables stand for themselves."""
    text = quoted(ODD, dollar="$$")
    assert text.startswith('"')
    assert text.endswith('"')
    plain = re.sub(r"\\(.)", r"\1", text[1:-1]).replace("%%", "%").replace("$$", "$")
    assert plain == ODD


def test_a_folder_s_name_never_begins_a_line_of_the_unit(tmp_path: Path) -> None:
    what = planned(folder=Path("/srv/x\nExecStartPre=/bin/evil"))
    for file in units(what, folder=tmp_path).files:
        assert not any(line.startswith("ExecStartPre") for line in file.content.decode().splitlines())


def test_units_of_one_user_need_no_root(tmp_path: Path) -> None:
    scheduled = units(planned(account=""), folder=tmp_path)
    text = "".join(file.content.decode() for file in scheduled.files)
    assert "User=" not in text
    assert "ProtectSystem" not in text
    assert "NoNewPrivileges=yes" in text
    assert all("--user" in command for command in scheduled.begin)


def test_secrets_reach_the_program_by_the_names_that_systemd_gives_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "passwords.toml"
    service = unit(tmp_path, "telework-auditor-matsukaze.service", planned(secrets=(secret,)))["Service"]
    name, _, path = service["LoadCredential"].partition(":")
    assert path == str(secret)
    handed = tmp_path / "credentials"
    handed.mkdir()
    (handed / name).write_text("from systemd")
    (handed / name).chmod(0o440)  # systemd lets the service's user in by an access list
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert private_bytes(secret) == b"from systemd"
    assert credential_name(secret) != credential_name(tmp_path / "elsewhere" / "passwords.toml")
