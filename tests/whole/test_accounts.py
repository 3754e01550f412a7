"""One machine by three accounts: what the right is missing for is unknown, and never guessed.

Root, an account without any right, and one that may run the collector by ``sudo -n``, each over a real sshd.
The accounts are made for the test and removed with everything of theirs.
"""

import getpass
import json
import pwd
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.peers.process import need, need_root
from tests.peers.sshd import SshServer, sshd
from tests.whole.command import auditor
from tests.whole.test_faults import STAFF, TOWN

PLAIN, HELPED = "taplain", "tahelped"
HEADING = "資産番号,製造番号,機器名,OS,課,利用者,区分,取得方法,ホスト,ポート,アカウント,昇格\r\n"
RULE = Path("/etc/sudoers.d/zz-telework-auditor-test")


@contextmanager
def account(name: str) -> Iterator[None]:
    """A log-in account without a home folder, gone afterwards."""
    command = [need("useradd"), "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/sh", name]
    subprocess.run(command, check=True, capture_output=True)
    try:
        # no password, and yet not locked, for sshd lets no locked account in
        subprocess.run([need("usermod"), "--password", "*", name], check=True, capture_output=True)
        yield
    finally:
        _end_processes_of(name)
        subprocess.run([need("userdel"), "--force", name], check=False, capture_output=True)
        with pytest.raises(KeyError):
            pwd.getpwnam(name)


def _end_processes_of(name: str) -> None:
    """Give what the account's sessions left the time to end by itself."""
    uid, end = str(pwd.getpwnam(name).pw_uid), time.monotonic() + 10
    while time.monotonic() < end:
        listed = subprocess.run(["ps", "-o", "pid=", "-u", uid], capture_output=True, text=True, check=False)
        if not listed.stdout.strip():
            return
        time.sleep(0.1)


@pytest.fixture(scope="module")
def runs() -> dict[str, Any]:
    """One scan of this machine by all the accounts at once: findings and cards by endpoint."""
    need_root()
    need("sudo")
    with _open_folder() as folder, account(PLAIN), account(HELPED), sshd(folder) as server:
        RULE.write_text(f"{HELPED} ALL=(root) NOPASSWD: /bin/sh -s\n")
        try:
            RULE.chmod(0o440)
            done = _scan(folder / "town", server)
        finally:
            RULE.unlink()
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@contextmanager
def _open_folder() -> Iterator[Path]:
    """A folder that every account may enter, for sshd reads the authorised keys as the account."""
    with tempfile.TemporaryDirectory(prefix="telework-auditor-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def _scan(folder: Path, server: SshServer) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    (folder / "inbox").mkdir()
    ssh = f'[ssh]\nkey_file = "{server.client_key}"\n'
    (folder / "town.toml").write_text(TOWN.replace("[[sec", f"{ssh}[[sec", 1), "utf-8")
    (folder / "staff.csv").write_text(STAFF, "cp932", newline="")
    (folder / "known_hosts").write_text(server.known_hosts + "\n")
    rows = "".join(
        f"{id_},,端末,linux,総務課,101,internet,ssh,127.0.0.1,{server.port},{name},{sudo}\r\n"
        for id_, name, sudo in (
            ("ROOT", getpass.getuser(), ""),
            ("PLAIN", PLAIN, ""),
            ("REFUSED", PLAIN, "○"),
            ("HELPED", HELPED, "○"),
        )
    )
    (folder / "endpoints.csv").write_text(HEADING + rows, "utf-8-sig", newline="")
    return auditor("scan", str(folder), "--json", "--deadline", "60", cwd=folder.parent)


def findings(run: dict[str, Any], id_: str) -> dict[str, dict[str, Any]]:
    return {row["control"]: row for row in run["findings"] if row["target"] == f"endpoint:{id_}"}


def card(run: dict[str, Any], id_: str) -> dict[str, Any]:
    return next(one for one in run["targets"] if one["key"] == f"endpoint:{id_}")


@pytest.mark.parametrize("id_", ["ROOT", "PLAIN", "REFUSED", "HELPED"])
def test_every_account_reaches_the_machine(runs: dict[str, Any], id_: str) -> None:
    assert card(runs, id_).get("outcome") is None, card(runs, id_)


@pytest.mark.parametrize("id_", ["PLAIN", "REFUSED"])
def test_a_missing_right_makes_unknown_and_never_another_verdict(runs: dict[str, Any], id_: str) -> None:
    root, plain = findings(runs, "ROOT"), findings(runs, id_)
    assert set(root) == set(plain)
    differing = {control for control in root if root[control]["verdict"] != plain[control]["verdict"]}
    assert {plain[control]["verdict"] for control in differing} <= {"unknown"}, {
        control: (root[control]["verdict"], plain[control]["verdict"]) for control in differing
    }
    assert any(row["verdict"] == "unknown" and row.get("reason") == "no_permission" for row in plain.values())


def test_sudo_without_a_password_sees_what_root_sees(runs: dict[str, Any]) -> None:
    root, helped = findings(runs, "ROOT"), findings(runs, "HELPED")
    assert {control: row["verdict"] for control, row in root.items()} == {
        control: row["verdict"] for control, row in helped.items()
    }
    assert "sudo" not in card(runs, "HELPED")["details"]


def test_a_refused_sudo_is_said_on_the_card_and_where_a_right_was_missing(runs: dict[str, Any]) -> None:
    said = card(runs, "REFUSED")["details"]["sudo"]
    assert said.startswith("refused: ")
    assert "sudo" in said.removeprefix("refused: ")
    denied = [row for row in findings(runs, "REFUSED").values() if row.get("reason") == "no_permission"]
    assert denied
    assert any("sudo was refused" in row["note"] for row in denied)
    assert "details" not in card(runs, "PLAIN") or "sudo" not in card(runs, "PLAIN")["details"]


def test_without_sudo_the_verdicts_are_those_of_a_refused_one(runs: dict[str, Any]) -> None:
    plain, refused = findings(runs, "PLAIN"), findings(runs, "REFUSED")
    assert {control: row["verdict"] for control, row in plain.items()} == {
        control: row["verdict"] for control, row in refused.items()
    }
