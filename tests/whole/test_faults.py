"""Bad input and faults: a clear message or an unknown with its reason, and the last good state stays."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.peers.sshd import make_key, pin_line, sshd
from tests.whole.command import auditor
from tests.whole.test_this_machine import SLOW_CHECK, SLOW_CONTROL

TOWN = """[town]
name = "松風町"
[[sections]]
id = "soumu"
name = "総務課"
head = "101"
officer = "101"
"""
STAFF = "職員番号,氏名,課,方式,試行,研修修了日\r\n101,髙橋 一郎,総務課,vpn,○,2026-05-01\r\n"
HEADING = "資産番号,製造番号,機器名,OS,課,利用者,区分,取得方法,ホスト,ポート,アカウント\r\n"


def town(folder: Path, endpoints: str = "", *, toml: str = TOWN, staff: str = STAFF) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inbox").mkdir(exist_ok=True)
    (folder / "town.toml").write_text(toml, "utf-8")
    (folder / "staff.csv").write_text(staff, "cp932", newline="")
    (folder / "endpoints.csv").write_text(HEADING + endpoints, "utf-8-sig", newline="")
    return folder


LOCAL = "PC-1,,端末1,linux,総務課,101,internet,local,,,\r\n"


@pytest.mark.parametrize(
    ("endpoints", "toml", "expected"),
    [
        (LOCAL + LOCAL, TOWN, ("endpoints.csv:3", "PC-1")),
        (LOCAL.replace("総務課", "宇宙課"), TOWN, ("endpoints.csv:2", "宇宙課")),
        (LOCAL.replace("PC-1", "../PC"), TOWN, ("endpoints.csv:2", "../PC")),
        (LOCAL.replace("linux", "beos"), TOWN, ("endpoints.csv:2", "beos")),
        (LOCAL, TOWN.replace("name = ", "nmae = ", 1), ("town.toml:2", "nmae", "name")),
        (LOCAL, TOWN + "[[gateways]]\nid='g'\nname='g'\nhost='h'\nport=99999\n", ("town.toml:12", "port")),
        (LOCAL, TOWN.replace("[town]", "[town"), ("town.toml:1",)),
    ],
)
def test_a_mistake_is_named_with_file_and_line_and_nothing_runs(
    tmp_path: Path, endpoints: str, toml: str, expected: tuple[str, ...]
) -> None:
    folder = town(tmp_path / "town", endpoints, toml=toml)
    for command in ("scan", "doctor"):
        done = auditor(command, str(folder), cwd=tmp_path)
        assert done.returncode == 2
        for words in expected:
            assert words in done.stdout + done.stderr
    assert not (folder / "auditor.db").exists()
    assert not (folder / "out").exists()


def test_an_empty_ledger_and_a_missing_folder_are_told(tmp_path: Path) -> None:
    folder = town(tmp_path / "town", LOCAL)
    (folder / "endpoints.csv").write_bytes(b"")
    done = auditor("scan", str(folder), cwd=tmp_path)
    assert done.returncode == 2
    assert "endpoints.csv" in done.stderr
    done = auditor("scan", "nowhere", cwd=tmp_path)
    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_a_looser_parameter_without_a_reason_stops_the_run_and_with_one_is_shown(tmp_path: Path) -> None:
    folder = town(tmp_path / "town", LOCAL, toml=TOWN.replace("[[sec", 'model = "town"\n[[sec', 1))
    model = 'id = "matsukaze"\ntitle = { ja = "松風", en = "Matsukaze" }\nextends = "beta"\n'
    loose = "[params.EP-07]\nlock_max_s = 900\n"
    (folder / "model.toml").write_text(model + loose, "utf-8")
    done = auditor("scan", str(folder), cwd=tmp_path)
    assert done.returncode == 2
    assert "model.toml:5" in done.stderr
    assert "EP-07.lock_max_s" in done.stderr
    (folder / "model.toml").write_text(
        model + loose + '[reasons]\n"EP-07.lock_max_s" = "窓口端末"\n', "utf-8"
    )
    assert auditor("scan", str(folder), cwd=tmp_path).returncode in (3, 4)
    assert "窓口端末" in (folder / "out" / "latest-en" / "technical.html").read_text("utf-8")


def test_a_check_module_that_does_not_import_stops_the_run_with_its_name(tmp_path: Path) -> None:
    checks = tmp_path / "ours"
    checks.mkdir()
    (checks / "printers.py").write_text("import nothing_of_that_name\n", "utf-8")
    done = auditor("scan", "--checks-dir", str(checks), cwd=tmp_path)
    assert done.returncode == 2
    assert "printers.py" in done.stderr
    assert "nothing_of_that_name" in done.stderr


def test_usage_mistakes_and_unknown_languages_end_with_two(tmp_path: Path) -> None:
    for arguments in (
        ("scan", "--nope"),
        ("--lang", "fr", "scan"),
        ("nope",),
        ("scan", "--max-unknown", "x"),
    ):
        assert auditor(*arguments, cwd=tmp_path).returncode == 2


def ssh_row(port: int, account: str = "root") -> str:
    return f"PC-1,,端末1,linux,総務課,101,internet,ssh,127.0.0.1,{port},{account}\r\n"


def outcome(folder: Path, key: Path) -> str:
    """Why PC-1 gave nothing in a scan, "" = it answered."""
    text = TOWN.replace("[[sec", f'[ssh]\nkey_file = "{key}"\n[[sec', 1)
    (folder / "town.toml").write_text(text, "utf-8")
    done = auditor("scan", str(folder), "--deadline", "25", cwd=folder.parent)
    assert done.returncode in (3, 4, 5), done.stderr
    run = json.loads((folder / "out" / "latest-en" / "run.json").read_text("utf-8"))
    return next(card["outcome"] for card in run["targets"] if card["key"] == "endpoint:PC-1") or ""


def test_each_way_of_not_reaching_a_machine_is_told_apart(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        folder = town(tmp_path / "town", ssh_row(server.port, server.account))
        pins = folder / "known_hosts"
        assert outcome(folder, server.client_key) == "key_unknown"
        other = make_key(tmp_path / "other")
        pins.write_text(pin_line(server.port, other.with_name("other.pub")) + "\n")
        assert outcome(folder, server.client_key) == "key_changed"
        pins.write_text(server.known_hosts + "\n")
        assert outcome(folder, other) == "not_authorised"
        assert outcome(folder, server.client_key) == ""
        server.stop()
        assert outcome(folder, server.client_key) == "", "judged by what it said a moment ago"
        for file in folder.glob("auditor.db*"):
            file.unlink()
        assert outcome(folder, server.client_key) == "refused"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("/bin/false", "shell_unusable"),
        ("printf '\\377\\376 no frames'", "shell_unusable"),
        ("head -c 4000000 /dev/zero | tr '\\0' x >&2; exec sh -s", ""),
        ("sh -s | head -c 300", None),
    ],
)
def test_a_shell_that_misbehaves_never_makes_a_pass(tmp_path: Path, command: str, reason: str | None) -> None:
    with sshd(tmp_path, extra=f"ForceCommand {command}") as server:
        folder = town(tmp_path / "town", ssh_row(server.port, server.account))
        (folder / "known_hosts").write_text(server.known_hosts + "\n")
        found = outcome(folder, server.client_key)
    run = json.loads((folder / "out" / "latest-en" / "run.json").read_text("utf-8"))
    verdicts = {row["verdict"] for row in run["findings"] if row["target"] == "endpoint:PC-1"}
    if reason == "":
        assert found == ""
    else:
        assert found == reason if reason else True
        assert "pass" not in verdicts
        assert "unknown" in verdicts


def test_a_second_audit_at_the_same_time_leaves_with_a_message(tmp_path: Path) -> None:
    folder = town(tmp_path / "town", LOCAL)
    checks = tmp_path / "slow"
    checks.mkdir()
    (checks / "slow.py").write_text(SLOW_CHECK.replace("FOLDER", str(tmp_path)), "utf-8")
    (checks / "controls.toml").write_text(SLOW_CONTROL, "utf-8")
    first = subprocess.Popen(
        [sys.executable, "-m", "auditor", "scan", str(folder), "--checks-dir", str(checks)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 30
    while not (tmp_path / "started").exists() and time.monotonic() < end:
        time.sleep(0.05)
    second = auditor("scan", str(folder), cwd=tmp_path)
    first.kill()
    first.wait()
    assert second.returncode == 2
    assert "Another audit is running" in second.stderr
    assert auditor("scan", str(folder), cwd=tmp_path).returncode in (3, 4)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_while_writing_pages_leaves_the_last_pages(tmp_path: Path) -> None:
    folder = town(tmp_path / "town", LOCAL)
    out = tmp_path / "small"
    out.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "none", str(out)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        assert auditor("scan", str(folder), "--out", str(out), cwd=tmp_path).returncode in (3, 4)
        before = sorted(path.name for path in out.iterdir())
        page = (out / "latest-en" / "town.html").read_bytes()
        (out / "filler").write_bytes(b"x" * free_bytes(out))
        done = auditor("scan", str(folder), "--out", str(out), cwd=tmp_path)
        assert done.returncode == 1
        assert "Cannot write" in done.stderr
        assert (out / "latest-en" / "town.html").read_bytes() == page
        assert {path.name for path in out.iterdir()} == {*before, "filler"}
    finally:
        subprocess.run(["umount", str(out)], check=True)


def free_bytes(folder: Path) -> int:
    about = os.statvfs(folder)
    return about.f_bavail * about.f_frsize
