"""One machine by three accounts: what the right is missing for is unknown, and never guessed.

Root, an account without any right, and one that may run the collector by ``sudo -n``, each over a real sshd.
"""

import getpass
import json
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.peers.accounts import MARK, RULES, account, sweep
from tests.peers.process import need, need_root
from tests.peers.sshd import SshServer, sshd
from tests.whole.command import auditor
from tests.whole.test_faults import STAFF, TOWN

HEADING = "資産番号,製造番号,機器名,OS,課,利用者,区分,取得方法,ホスト,ポート,アカウント,昇格\r\n"


@pytest.fixture(scope="module")
def runs() -> dict[str, Any]:
    """One scan of this machine by all the accounts at once: findings and cards by endpoint."""
    need_root()
    need("sudo")
    with (
        _open_folder() as folder,
        account("plain") as plain,
        account("helped", sudo="/bin/sh -s") as helped,
        sshd(folder) as server,
    ):
        done = _scan(folder / "town", server, plain, helped)
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@contextmanager
def _open_folder() -> Iterator[Path]:
    """A folder that every account may enter, for sshd reads the authorised keys as the account."""
    with tempfile.TemporaryDirectory(prefix="telework-auditor-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def _scan(folder: Path, server: SshServer, plain: str, helped: str) -> subprocess.CompletedProcess[str]:
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
            ("PLAIN", plain, ""),
            ("REFUSED", plain, "○"),
            ("HELPED", helped, "○"),
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


def test_what_a_killed_run_left_behind_is_removed() -> None:
    """A run that was killed leaves its account and its rule; one at work keeps its own."""
    need_root()
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = f"{MARK}-{gone.pid}-plain"
    subprocess.run([need("useradd"), "--no-create-home", left], check=True, capture_output=True)
    (RULES / left).write_text(f"{left} ALL=(root) NOPASSWD: /bin/true\n")
    with account("kept", sudo="/bin/true") as kept:
        sweep()
        assert pwd.getpwnam(kept)
        assert (RULES / kept).exists()
        with pytest.raises(KeyError):
            pwd.getpwnam(left)
        assert not (RULES / left).exists()
    with pytest.raises(KeyError):
        pwd.getpwnam(kept)
