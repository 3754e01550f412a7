"""``auditor hosts``: a key is pinned only after somebody said yes, and never replaced."""

import os
import subprocess
import sys
from pathlib import Path

from tests.peers.sshd import make_key, pin_line, sshd
from tests.whole.command import auditor
from tests.whole.test_faults import ssh_row, town


def learn(folder: Path, answer: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "auditor", "--lang", "en", "hosts", "learn", str(folder)],
        env={**os.environ, "NO_COLOR": "1"},
        input=answer,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_key_is_shown_asked_for_and_pinned(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        folder = town(tmp_path / "town", ssh_row(server.port, server.account))
        refused = learn(folder, "n\n")
        assert refused.returncode == 0
        assert "SHA256:" in refused.stdout
        assert not (folder / "known_hosts").exists()
        taken = learn(folder, "y\n")
        assert taken.returncode == 0, taken.stderr
        assert (folder / "known_hosts").read_text("utf-8").strip() == server.known_hosts
        assert (folder / "known_hosts").stat().st_mode & 0o077 == 0
        fingerprint = next(word for word in taken.stdout.split() if word.startswith("SHA256:"))
        shown = auditor("hosts", "show", str(folder), cwd=tmp_path)
        assert fingerprint in shown.stdout
        assert "the pinned key" in learn(folder, "").stderr


def test_a_changed_key_is_reported_and_never_replaced(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        folder = town(tmp_path / "town", ssh_row(server.port, server.account))
        other = pin_line(server.port, make_key(tmp_path / "other").with_name("other.pub")) + "\n"
        (folder / "known_hosts").write_text(other)
        done = auditor("hosts", "learn", str(folder), "--yes", cwd=tmp_path)
    assert done.returncode == 4
    assert "not the pinned key" in done.stderr
    assert (folder / "known_hosts").read_text("utf-8") == other


def test_no_answer_to_the_question_pins_nothing(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        folder = town(tmp_path / "town", ssh_row(server.port, server.account))
        assert learn(folder, "").returncode == 1
        assert not (folder / "known_hosts").exists()


def test_a_silent_endpoint_is_named_and_the_others_are_learnt(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        rows = ssh_row(9, "root").replace("PC-1", "PC-0") + ssh_row(server.port, server.account)
        folder = town(tmp_path / "town", rows)
        done = auditor("hosts", "learn", str(folder), "--yes", cwd=tmp_path)
    assert done.returncode == 4
    assert "PC-0" in done.stderr
    assert server.known_hosts in (folder / "known_hosts").read_text("utf-8")
