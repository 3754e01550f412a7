"""``auditor schedule`` writes its own files only, where it was asked to, and tells what differs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from auditor.cli.app import run
from auditor.nightly.journal import Journal, read_journal, write_journal
from auditor.schedule import planned
from tests.nightly.ground import HERE, ROW
from tests.whole.test_faults import TOWN

GATEWAY = '[[gateways]]\nid = "vpn"\nname = "VPN"\nhost = "{host}"\n'
FILED = ROW.replace("local", "file")


@pytest.fixture(autouse=True)
def _lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests lie in a temporary place."""
    monkeypatch.setattr(planned, "_TEMPORARY", ())
    monkeypatch.setenv("AUDITOR_LANG", "en")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return HERE(tmp_path / "town", FILED)


def schedule(name: str, folder: Path, *more: str) -> int:
    return run(["schedule", name, str(folder), *more])


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("systemd", {"-failed.service", ".service", ".timer"}),
        ("windows", {".xml"}),
        ("cron", {""}),
    ],
)
def test_files_are_written_where_they_are_asked_for_and_are_then_as_they_should_be(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], by: str, names: set[str]
) -> None:
    look = tmp_path / "look"
    more = ("--for", by, "--out", str(look))
    assert schedule("install", folder, *more) == 0
    assert {path.name.removeprefix("telework-auditor-town") for path in look.iterdir()} == names
    capsys.readouterr()
    schedule("test", folder, *more)
    out = capsys.readouterr().out
    assert out.count("as it should be") == len(names)
    assert "No nightly run has come to its end yet" in out
    assert schedule("remove", folder, *more) == 0
    assert list(look.iterdir()) == []


def test_show_writes_nothing(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(tmp_path.rglob("*"))
    for by in ("systemd", "windows", "cron"):
        assert schedule("show", folder, "--for", by) == 0
    assert sorted(tmp_path.rglob("*")) == before
    out = capsys.readouterr().out
    assert "schtasks /Create" in out
    assert "systemctl enable --now telework-auditor-town.timer" in out
    assert "/usr/bin/flock -n" in out


def test_a_changed_a_missing_and_a_foreign_file_are_told_apart(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--out", str(tmp_path / "look"))
    assert schedule("install", folder, *more) == 0
    service = tmp_path / "look" / "telework-auditor-town.service"
    service.write_text(service.read_text() + "Environment=X=1\n")
    (tmp_path / "look" / "telework-auditor-town.timer").unlink()
    capsys.readouterr()
    assert schedule("test", folder, *more) == 3
    out = capsys.readouterr().out
    assert f"{service}: is not what would be written now" in out
    assert "telework-auditor-town.timer: is not there" in out
    assert schedule("install", folder, *more) == 0
    service.write_text("[Service]\nExecStart=/somebody/else's\n")
    assert schedule("install", folder, *more) == 1
    assert schedule("remove", folder, *more) == 1
    assert service.read_text().startswith("[Service]")


def test_a_town_s_files_are_no_other_town_s(folder: Path, tmp_path: Path) -> None:
    other = HERE(tmp_path / "elsewhere" / "town", FILED)
    more = ("--out", str(tmp_path / "look"))
    assert schedule("install", folder, *more) == 0
    assert schedule("install", other, *more) == 1
    assert schedule("remove", other, *more) == 1


def test_other_hours_make_an_installed_schedule_differ(folder: Path, tmp_path: Path) -> None:
    more = ("--out", str(tmp_path / "look"))
    write_journal(folder, Journal(ended=datetime.now(UTC)))
    assert schedule("install", folder, *more) == 0
    wants = tmp_path / "look" / "timers.target.wants"
    wants.mkdir()
    (wants / "telework-auditor-town.timer").symlink_to("../telework-auditor-town.timer")
    assert schedule("test", folder, *more) == 0
    HERE(folder, FILED, toml=TOWN + '[nightly]\nat = "03:00"\n')
    assert schedule("test", folder, *more) == 3


@pytest.mark.parametrize(("hours", "code"), [(1, 0), (35, 0), (37, 3), (-1, 0), (-37, 3)])
def test_a_night_that_ended_long_ago_or_is_dated_ahead_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], hours: float, code: int
) -> None:
    more = ("--for", "cron", "--out", str(tmp_path / "look"))
    write_journal(folder, Journal(ended=datetime.now(UTC) - timedelta(hours=hours)))
    assert schedule("install", folder, *more) == 0
    assert schedule("test", folder, *more) == code
    assert ("none has since" in capsys.readouterr().out) is bool(code)


@pytest.mark.parametrize(("host", "shut"), [("192.0.2.9", True), ("vpn.example.jp", False)])
def test_networks_are_shut_where_every_address_is_known(
    folder: Path, capsys: pytest.CaptureFixture[str], *, host: str, shut: bool
) -> None:
    HERE(folder, FILED, toml=TOWN + GATEWAY.format(host=host))
    assert schedule("show", folder) == 0
    out = capsys.readouterr().out
    assert ("IPAddressDeny=any" in out) is shut
    assert ("IPAddressAllow=localhost 192.0.2.9/32" in out) is shut


def test_networks_that_the_town_wrote_down_count_for_names_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = TOWN + GATEWAY.format(host="vpn.example.jp") + '[nightly]\nnetworks = ["192.0.2.0/24"]\n'
    HERE(folder, FILED, toml=toml)
    assert schedule("show", folder) == 0
    assert "IPAddressAllow=localhost 192.0.2.0/24" in capsys.readouterr().out


def test_a_machine_that_would_audit_itself_from_inside_is_warned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert schedule("show", HERE(tmp_path / "own", ROW)) == 0
    assert "cannot see its own machine's settings" in capsys.readouterr().err


@pytest.mark.parametrize("account", ["root; reboot", "", "a\nb", "$(id)"])
def test_an_account_that_is_none_is_refused(folder: Path, account: str) -> None:
    assert schedule("show", folder, "--account", account) == 2


def test_a_town_in_a_temporary_place_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned, "_TEMPORARY", (folder.parent,))
    assert schedule("show", folder) == 2


def test_a_journal_of_a_later_program_is_lost_rather_than_misread(folder: Path) -> None:
    write_journal(folder, Journal())
    path = folder / "nightly" / "journal.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": 2}))

    assert read_journal(folder).lost
    assert msgspec.json.encode(read_journal(folder))
