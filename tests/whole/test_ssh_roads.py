"""Whole scans by SSH: an interrupt ends at once; jump hosts are learnt, used, and named when they fail."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.peers.process import wait_until
from tests.peers.sshd import SshServer, sshd
from tests.whole.command import auditor
from tests.whole.test_faults import STAFF, TOWN

HEADING = "資産番号,製造番号,機器名,OS,課,利用者,区分,取得方法,ホスト,ポート,アカウント,経由\r\n"


def town(folder: Path, server: SshServer, hosts: list[str], *, jump: SshServer | None = None) -> Path:
    """A town whose endpoints are all `server` under other addresses, behind `jump` where one is given."""
    folder.mkdir()
    (folder / "inbox").mkdir()
    ssh = f'[ssh]\naccount = "{server.account}"\nkey_file = "{server.client_key}"\n'
    if jump is not None:
        ssh += f'[[ssh.jumps]]\nid = "dmz"\nhost = "127.0.0.1"\nport = {jump.port}\n'
    (folder / "town.toml").write_text(TOWN.replace("[[sec", f"{ssh}[[sec", 1), "utf-8")
    (folder / "staff.csv").write_text(STAFF, "cp932", newline="")
    via = "dmz" if jump is not None else ""
    rows = "".join(
        f"PC-{nth},,端末{nth},linux,総務課,101,internet,ssh,{host},{server.port},,{via}\r\n"
        for nth, host in enumerate(hosts)
    )
    (folder / "endpoints.csv").write_text(HEADING + rows, "utf-8-sig", newline="")
    return folder


def outcomes(folder: Path) -> dict[str, tuple[str | None, str]]:
    """Why each endpoint gave nothing in a scan (None = it answered), and the note."""
    done = auditor("scan", str(folder), "--json", "--deadline", "60", cwd=folder.parent)
    assert "Traceback" not in done.stderr
    cards = [card for card in json.loads(done.stdout)["targets"] if card["kind"] == "endpoint"]
    return {card["id"]: (card.get("outcome"), card.get("note", "")) for card in cards}


def test_an_interrupt_ends_every_connection_at_once_and_keeps_nothing_half(tmp_path: Path) -> None:
    hosts = [f"127.0.5.{number}" for number in range(1, 21)]
    with sshd(tmp_path, listen="0.0.0.0", extra="ForceCommand exec sleep 60") as server:
        folder = town(tmp_path / "town", server, hosts)
        key = server.known_hosts.partition(" ")[2]
        (folder / "known_hosts").write_text("".join(f"[{host}]:{server.port} {key}\n" for host in hosts))
        process = subprocess.Popen(
            [sys.executable, "-m", "auditor", "--lang", "en", "scan", str(folder), "--deadline", "60"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running = "Starting session"
        wait_until(lambda: server.log.read_text().count(running) >= len(hosts), "start of all", within_s=60)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert time.monotonic() - began < 5
        assert process.returncode == 1
        assert "Interrupted" in errors
        assert "Traceback" not in errors
        wait_until(lambda: _connections(server) == 0, "end of every connection", within_s=5)
    assert not (folder / "out").exists()
    shown = auditor("report", str(folder), cwd=tmp_path)
    assert shown.returncode != 0, "no run was kept"


def _connections(server: SshServer) -> int:
    listed = subprocess.run(
        ["ss", "-Htn", "state", "established", f"( sport = :{server.port} )"],
        capture_output=True,
        text=True,
        check=True,
    )
    return len(listed.stdout.splitlines())


def test_keys_behind_a_jump_host_are_learnt_after_its_own_and_used(tmp_path: Path) -> None:
    with sshd(tmp_path, name="jump") as jump, sshd(tmp_path, name="pc", client_key=jump.client_key) as pc:
        folder = town(tmp_path / "town", pc, ["127.0.0.1"], jump=jump)
        assert outcomes(folder)["PC-0"][0] == "jump_unreached"
        done = auditor("hosts", "learn", str(folder), "--yes", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (folder / "known_hosts").read_text().splitlines() == [jump.known_hosts, pc.known_hosts]
        assert "dmz" in auditor("hosts", "show", str(folder), cwd=tmp_path).stdout
        before = pc.log.read_text().count("Accepted publickey")
        assert outcomes(folder) == {"PC-0": (None, "")}
        assert pc.log.read_text().count("Accepted publickey") == before + 1
        jump.stop()
        reason, note = outcomes(folder)["PC-0"]
        assert reason == "jump_unreached"
        assert "dmz" in note
