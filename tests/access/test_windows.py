"""Windows over SSH: one command line for either default shell, and a wrong system in the ledger is told.

The machine is played (see `tests.peers.windows`); sshd and everything on our side are real.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.access import shells
from auditor.access.ssh import collect
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.script import compose, split
from tests.access.conftest import NONCE, endpoint_of, made, road_to
from tests.peers.sshd import SshServer, sshd
from tests.peers.windows import default_shell

SHELLS = ("cmd.exe", "PowerShell")
FACTS = [made("who.am", windows="'x'", linux="id -u", macos="id -u")]
SCRIPT = compose(FACTS, "windows", NONCE)
POSIX = compose(FACTS, "linux", NONCE)
ANSWERS = (
    'ようこそ①髙﨑\r\n\n@NONCE@ ask who.am\n"\\u677e\\u98a8"\n@NONCE@ got who.am 0\n\n@NONCE@ end:true\n'
)
pytestmark = pytest.mark.usefixtures("nothing_left_open")


def outcome(server: SshServer, folder: Path, system: str, script: str) -> Unreached:
    with pytest.raises(Unreached) as caught:
        collect(endpoint_of(server, os=system), script, road_to(server, folder=folder), 20, NONCE)
    return caught.value


@pytest.mark.parametrize("encoding", ["cp932", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("shell", SHELLS)
def test_either_default_shell_and_any_encoding_give_the_same_answer(
    shell: str, encoding: str, tmp_path: Path
) -> None:
    extra = default_shell(tmp_path, shell, ANSWERS, FAKE_ENCODING=encoding, FAKE_CLIXML="1")
    with sshd(tmp_path, extra=extra) as server:
        heard = collect(
            endpoint_of(server, os="windows"), SCRIPT, road_to(server, folder=tmp_path), 20, NONCE
        )
    (answer,) = split(heard.output, NONCE, ["who.am"])
    assert (answer.json(), answer.note) == ("松風", "")


def test_half_a_script_does_nothing_and_is_told(tmp_path: Path) -> None:
    with sshd(tmp_path, extra=default_shell(tmp_path, "cmd.exe", ANSWERS, FAKE_LIMIT="2000")) as server:
        error = outcome(server, tmp_path, "windows", SCRIPT)
    assert error.reason is Reason.SHELL_UNUSABLE
    assert "only in part" in error.note


@pytest.mark.parametrize("shell", SHELLS)
def test_windows_where_the_ledger_says_linux_is_named(shell: str, tmp_path: Path) -> None:
    with sshd(tmp_path, extra=default_shell(tmp_path, shell, ANSWERS)) as server:
        error = outcome(server, tmp_path, "linux", POSIX)
    assert error.reason is Reason.SHELL_UNUSABLE
    assert f"the ledger says linux, and Windows ({shell}) answered" in error.note
    assert "認識されていません" in error.note, "what it said is kept, and readable"


def test_linux_where_the_ledger_says_windows_is_named(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        error = outcome(server, tmp_path, "windows", SCRIPT)
    assert error.reason is Reason.SHELL_UNUSABLE
    assert "the ledger says windows, and a POSIX shell answered" in error.note


def test_linux_where_the_ledger_says_macos_answers_no_fact(tmp_path: Path) -> None:
    script = compose(FACTS, "macos", NONCE)
    with sshd(tmp_path) as server:
        error = outcome(server, tmp_path, "macos", script)
    assert error.reason is Reason.SHELL_UNUSABLE
    assert "the ledger says macos, and Linux answered" in error.note


def test_a_posix_shell_on_windows_answers_no_fact(tmp_path: Path) -> None:
    tools = tmp_path / "git-bash"
    tools.mkdir()
    (tools / "uname").write_text("#!/bin/sh\necho MINGW64_NT-10.0-22631\n")
    (tools / "uname").chmod(0o755)
    with sshd(tmp_path, extra=f"ForceCommand env PATH={tools}:/usr/bin:/bin sh -s") as server:
        error = outcome(server, tmp_path, "linux", POSIX)
    assert error.reason is Reason.SHELL_UNUSABLE
    assert "MINGW64_NT-10.0-22631 answered" in error.note


def test_a_windows_that_runs_no_powershell_is_still_known_as_windows(tmp_path: Path) -> None:
    extra = default_shell(tmp_path, "cmd.exe", ANSWERS)
    (tmp_path / "powershell.exe").write_text("#!/bin/sh\necho >&2 blocked by policy\nexit 1\n")
    with sshd(tmp_path, extra=extra) as server:
        error = outcome(server, tmp_path, "windows", SCRIPT)
    assert error.reason is Reason.SHELL_UNUSABLE
    assert "ledger" not in error.note
    assert "blocked by policy" in error.note


def test_sudo_is_never_asked_of_windows(tmp_path: Path) -> None:
    with sshd(tmp_path, extra=default_shell(tmp_path, "cmd.exe", ANSWERS)) as server:
        endpoint = replace(endpoint_of(server, os="windows"), sudo=True)
        heard = collect(endpoint, SCRIPT, road_to(server, folder=tmp_path), 20, NONCE)
    assert heard.sudo_refused == ""
    assert b"who.am" in heard.output


@pytest.mark.parametrize(
    ("answer", "shell"),
    [
        (b"shell-Windows_NT-$HOME\r\n", "Windows (cmd.exe)"),
        (b"shell-%OS%-C:\\Users\\auditor\r\n", "Windows (PowerShell)"),
        ("shell-%OS%-C:\\Users\\職員\r\n".encode("utf-16"), "Windows (PowerShell)"),
        (b"shell-%OS%-/home/auditor\n", "a POSIX shell"),
        (b"shell-%OS%-$HOME\n", ""),
        (b"", ""),
        (b"This account is not available.\n", ""),
    ],
)
def test_a_shell_is_known_by_what_it_makes_of_the_probe(answer: bytes, shell: str) -> None:
    assert shells.recognised(answer) == shell


@pytest.mark.parametrize(
    ("errors", "text"),
    [
        (b"#< CLIXML\r\n<Objs/>", "error records of PowerShell"),
        ("認識されていません。".encode("cp932"), "認識されていません。"),
        ("拒否".encode()[:-1], "拒"),
        ("拒否".encode("utf-16"), "拒否"),
    ],
)
def test_an_error_stream_is_a_readable_note_in_any_encoding(errors: bytes, text: str) -> None:
    assert shells.words(errors) == text
