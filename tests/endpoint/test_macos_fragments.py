"""macOS fragments: three shells understand them, and with its commands played they give what a Mac would."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from auditor.answers import Answer, Status
from auditor.findings import Unknown
from checks.endpoint.autologon import AutoLogon
from checks.endpoint.disk import Escrow
from checks.endpoint.join import JoinState
from checks.endpoint.signin import SignIn
from checks.endpoint.trust import Sleep
from tests.endpoint.conftest import FACTS, fact_on, value_of
from tests.endpoint.test_linux_files import put
from tests.endpoint.test_linux_fragments import SHELLS, argv

FRAGMENTS = sorted({fact.id: fact.scripts["macos"] for fact in FACTS if "macos" in fact.scripts}.items())
FILES = re.compile(r"(?<![\w.])/(Library|etc)/")
LENGTH = (
    'Getting global account policies\n<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>'
    "<key>policyCategoryPasswordContent</key><array><dict><key>policyContent</key>"
    "<string>policyAttributePassword matches '.{14,}+'</string></dict></array></dict></plist>\n"
)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_understands_every_fragment(shell: str) -> None:
    for id_, script in FRAGMENTS:
        text = f"fact() {{\n:\n{script}\n}}\n"
        done = subprocess.run([*argv(shell), "-n", "-c", text], capture_output=True, check=False, timeout=30)
        assert done.returncode == 0, (id_, done.stderr)


def ask(id_: str, root: Path, shell: str, **commands: str) -> Any:
    """The value of a fact whose files lie below `root` and whose commands are these lines of sh."""
    for name, lines in commands.items():
        put(root, f"bin/{name}", f"#!/bin/sh\n{lines}\n")
        (root / "bin" / name).chmod(0o755)
    script = FILES.sub(lambda found: f"{root}/{found[1]}/", fact_on(id_, "macos").scripts["macos"])
    done = subprocess.run(
        [*argv(shell), "-c", f"fact() {{\n:\n{script}\n}}\n( fact )\n"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=30,
        env={"PATH": f"{root}/bin:/usr/bin:/bin", "LC_ALL": "C"},
    )
    status = {0: Status.OK, 10: Status.ABSENT, 11: Status.DENIED}.get(done.returncode, Status.ERROR)
    return value_of(fact_on(id_, "macos"), Answer(id_, status, done.stdout if not done.returncode else b""))


@pytest.mark.parametrize("shell", SHELLS)
def test_passwords_and_directories_are_read(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "policies", LENGTH)
    assert ask("pw.policy", tmp_path, shell, pwpolicy=f"cat {tmp_path}/policies").length == 14
    local = "echo 'CSPSearchPath: /Local/Default'"
    enrolled = "echo 'Enrolled via DEP: No'\necho 'MDM enrollment: Yes (User Approved)'"
    given = ask("join.state", tmp_path, shell, dscl=local, profiles=enrolled)
    assert given == JoinState(domain=False, cloud=False, managers=("MDM",))
    bound = "echo 'CSPSearchPath:'\necho ' /Local/Default'\necho ' /Active Directory/TOWN/All Domains'"
    given = ask("join.state", tmp_path, shell, dscl=bound, profiles="exit 1")
    assert given.joined
    assert isinstance(given.managers, Unknown)


@pytest.mark.parametrize("shell", SHELLS)
def test_automatic_sign_in_and_the_guest_are_read(tmp_path: Path, shell: str) -> None:
    assert isinstance(ask("signin.auto", tmp_path, shell), Unknown)
    put(tmp_path, "Library/Preferences/com.apple.loginwindow.plist", "")
    absent = '[ "$3" != autoLoginUser ]'
    assert ask("signin.auto", tmp_path, shell, defaults=absent) == AutoLogon(on=False, stored=False)
    put(tmp_path, "etc/kcpassword", "")
    assert ask("signin.auto", tmp_path, shell, defaults="exit 0") == AutoLogon(on=True, stored=True)
    assert isinstance(ask("signin.auto", tmp_path, shell, defaults="exit 1"), Unknown)
    users = "echo 'root 0'\necho 'hanako 501'"
    guest = ask("signin.state", tmp_path, shell, defaults="echo 1", dscl=users)
    assert isinstance(guest, SignIn)
    assert guest.people == 1
    assert not isinstance(guest.special, Unknown)
    assert guest.special.guest is True


@pytest.mark.parametrize("shell", SHELLS)
def test_sleep_and_recovery_keys_are_read(tmp_path: Path, shell: str) -> None:
    mode = "echo ' standby              1'\necho ' hibernatemode        25'"
    assert ask("power.sleep", tmp_path, shell, pmset=mode) == Sleep(True, None, None)
    keys = '[ "$1" = haspersonalrecoverykey ] && echo true || echo false'
    given = ask("disk.escrow", tmp_path, shell, fdesetup=keys, id="echo 0")
    assert given == Escrow(personal=True, institution=False)
    assert isinstance(ask("disk.escrow", tmp_path, shell, fdesetup=keys, id=f"echo {os.getpid()}"), Unknown)
