"""The awk and shell of the Linux fragments, run on small files that stand where a real PC's would."""

import os
import re
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.answers import Answer, Status
from auditor.findings import Unknown
from checks.endpoint.accounts import Rights
from checks.endpoint.lock import ScreenLock
from checks.endpoint.media import UsbStorage
from checks.endpoint.programmes import Programmes
from checks.endpoint.updates import LastUpdate
from tests.endpoint.conftest import fact_on, value_of
from tests.endpoint.test_linux_fragments import SHELLS, argv

ABSOLUTE = re.compile(r"(?<![\w.$}*/-])/(etc|usr/share|usr/local|usr/lib|var|lib|run)/")
NOON = datetime(2026, 11, 20, 3, tzinfo=UTC).timestamp()


def ask(id_: str, root: Path, shell: str) -> Any:
    """The value of a fact whose fragment reads below `root`."""
    script = ABSOLUTE.sub(lambda found: f"{root}/{found[1]}/", fact_on(id_, "linux").scripts["linux"])
    script = script.replace("/.dockerenv", f"{root}/.dockerenv")
    done = subprocess.run(
        [*argv(shell), "-c", f"fact() {{\n:\n{script}\n}}\n( fact )\n"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stderr
    return value_of(fact_on(id_, "linux"), Answer(id_, Status.OK, done.stdout))


def put(root: Path, path: str, text: str, at: float = NOON) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    os.utime(file, (at, at))


DCONF = """# the town's
[org/gnome/desktop/session]
idle-delay=uint32 300
[org/gnome/desktop/screensaver]
lock-enabled=true
lock-delay = uint32 0
"""
LOCKS = """/org/gnome/desktop/session/idle-delay
/org/gnome/desktop/screensaver/lock-enabled
/org/gnome/desktop/screensaver/lock-delay
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_prescribed_gnome_settings_are_read_once_they_are_compiled(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "usr/share/xsessions/gnome.desktop", "")
    put(tmp_path, "etc/dconf/profile/user", "user-db:user\nsystem-db:local\n")
    put(tmp_path, "etc/dconf/db/local.d/00-lock", DCONF)
    put(tmp_path, "etc/dconf/db/local.d/locks/lock", LOCKS)
    put(tmp_path, "etc/dconf/db/local", "compiled", NOON + 60)
    assert ask("lock.screen", tmp_path, shell) == ScreenLock(300, asks=True)
    put(tmp_path, "etc/dconf/db/local", "compiled", NOON - 60)
    assert isinstance(ask("lock.screen", tmp_path, shell), Unknown)


@pytest.mark.parametrize("shell", SHELLS)
def test_sudoers_files_are_read_as_sudo_reads_them(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "etc/passwd", "root:x:0:0::/root:/bin/sh\ntanaka:x:1000:1000:田中:/home/t:/bin/bash\n")
    put(tmp_path, "etc/group", "root:x:0:\nsudo:x:27:\ntanaka:x:1000:\n")
    put(
        tmp_path,
        "etc/sudoers",
        "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
    )
    put(tmp_path, "etc/sudoers.d/old~", "tanaka ALL=(ALL) ALL\n")
    put(tmp_path, "etc/sudoers.d/not.read", "tanaka ALL=(ALL) ALL\n")
    assert ask("acct.admins", tmp_path, shell) == Rights(("tanaka",), (), everyone=False, unresolved=())
    put(tmp_path, "etc/sudoers.d/read", "tanaka ALL=(ALL) NOPASSWD: ALL\n")
    assert ask("acct.admins", tmp_path, shell).admins == ("tanaka",)


@pytest.mark.parametrize("shell", SHELLS)
def test_only_enabled_sources_prove_an_extension(tmp_path: Path, shell: str) -> None:
    stanzas = (
        "Types: deb\nSuites: trixie-security\nEnabled: no\n\nTypes: deb\nSuites: bookworm bookworm-security\n"
    )
    put(tmp_path, "etc/apt/sources.list.d/debian.sources", stanzas)
    put(tmp_path, "etc/apt/sources.list", "# deb http://x buster-security main\n")
    pro = '{"attached": true,\n "services": [{"name": "esm-infra", "status": "disabled"}]}'
    put(tmp_path, "var/lib/ubuntu-advantage/status.json", pro)
    assert ask("os.esu", tmp_path, shell) == Programmes(frozenset({"debian-lts:bookworm"}))
    put(tmp_path, "etc/apt/sources.list", "deb [arch=amd64 signed-by=/k] http://x bullseye-security main\n")
    put(tmp_path, "var/lib/ubuntu-advantage/status.json", pro.replace("disabled", "enabled"))
    names = {"debian-lts:bookworm", "debian-lts:bullseye", "ubuntu-pro"}
    assert ask("os.esu", tmp_path, shell) == Programmes(frozenset(names))


HISTORY = """Start-Date: 2026-11-18  06:12:33
Commandline: /usr/bin/unattended-upgrade
Upgrade: a:amd64 (1, 2)
End-Date: 2026-11-18  06:12:40

Start-Date: 2026-11-19  06:12:33
Commandline: apt-get upgrade
Upgrade: a:amd64 (1, 2)
Error: Sub-process returned an error code
End-Date: 2026-11-19  06:12:40

Start-Date: 2026-11-20  06:12:33
Commandline: apt-get install vim
Install: vim:amd64 (1)
End-Date: 2026-11-20  06:12:40
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_failed_upgrade_and_a_mere_installation_are_no_update(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "var/log/apt/history.log", HISTORY)
    put(tmp_path, "var/lib/dpkg/status", "")
    assert ask("patch.last", tmp_path, shell) == LastUpdate(date(2026, 11, 18), date(2026, 11, 20))


@pytest.mark.parametrize("shell", SHELLS)
def test_an_unfinished_dnf_upgrade_is_no_update(tmp_path: Path, shell: str) -> None:
    lines = "2026-11-{0}T01:00:00+0900 DDEBUG Command: dnf -y upgrade \n"
    done = "2026-11-{0}T01:00:09+0900 INFO Complete!\n"
    put(tmp_path, "var/log/dnf.log", (lines + done).format(17) + lines.format(19))
    assert ask("patch.last", tmp_path, shell) == LastUpdate(date(2026, 11, 17), None)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_storage_driver_that_may_not_start_is_a_denial(tmp_path: Path, shell: str) -> None:
    if Path("/sys/module/usb_storage").exists():
        expected = UsbStorage(read=True, write=True)
    else:
        expected = UsbStorage(read=False, write=False)
    kernel = Path("/proc/sys/kernel/osrelease").read_text(encoding="ascii").strip()
    put(tmp_path, f"lib/modules/{kernel}/modules.dep", "kernel/drivers/usb/storage/usb-storage.ko.xz:\n")
    put(tmp_path, f"lib/modules/{kernel}/modules.builtin", "kernel/fs/ext4/ext4.ko\n")
    put(tmp_path, "etc/modprobe.d/usb.conf", "blacklist usb-storage\n")
    assert ask("usb.storage", tmp_path, shell) == UsbStorage(read=True, write=True)
    put(tmp_path, "etc/modprobe.d/usb.conf", "install usb-storage /bin/false\nblacklist uas\n")
    assert ask("usb.storage", tmp_path, shell) == expected
