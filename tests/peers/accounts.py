"""Log-in accounts of this machine, made for a test and removed with everything of theirs.

Their names carry the process that made them. A run that was killed could not remove its own: the next one
does, so that what one run left behind fails no other.
"""

import os
import pwd
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.process import need, need_root

MARK = "ta-test"
RULES = Path("/etc/sudoers.d")


@contextmanager
def account(word: str, *, sudo: str = "") -> Iterator[str]:
    """A log-in account without a home folder, gone afterwards; yields its name.

    `sudo` = the command it may run as root without a password.
    """
    need_root()
    sweep()
    name = f"{MARK}-{os.getpid()}-{word}"
    remove(name)  # a killed run that had this process's number
    command = [need("useradd"), "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/sh", name]
    subprocess.run(command, check=True, capture_output=True)
    try:
        # no password, and yet not locked, for sshd lets no locked account in
        subprocess.run([need("usermod"), "--password", "*", name], check=True, capture_output=True)
        if sudo:
            _allow(name, sudo)
        yield name
    finally:
        remove(name)


def sweep() -> None:
    """Remove the accounts and rules of runs that are no more."""
    left = {one.pw_name for one in pwd.getpwall()} | {path.name for path in RULES.glob(f"{MARK}-*")}
    for name in sorted(left):
        if name.startswith(f"{MARK}-") and not _at_work(name):
            remove(name)


def remove(name: str) -> None:
    """Take the account's rule away, give what its sessions left the time to end, and remove it."""
    _rule(name).unlink(missing_ok=True)
    try:
        uid = pwd.getpwnam(name).pw_uid
    except KeyError:
        return
    _end_processes_of(uid)
    subprocess.run([need("userdel"), "--force", name], check=False, capture_output=True)
    try:
        pwd.getpwnam(name)
    except KeyError:
        return
    raise AssertionError(f"the test account {name} could not be removed")


def _at_work(name: str) -> bool:
    pid = name.split("-")[2]
    return pid.isdigit() and Path("/proc", pid).exists()


def _rule(name: str) -> Path:
    return RULES / name


def _allow(name: str, command: str) -> None:
    rule = _rule(name)
    rule.write_text(f"{name} ALL=(root) NOPASSWD: {command}\n")
    rule.chmod(0o440)


def _end_processes_of(uid: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        listed = subprocess.run(
            ["ps", "-o", "pid=", "-u", str(uid)], capture_output=True, text=True, check=False
        )
        if not listed.stdout.strip():
            return
        time.sleep(0.1)
