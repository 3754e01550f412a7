"""Lock, USB storage, sources and software: what is no proof never passes."""

from pathlib import Path
from typing import Any

import pytest

from auditor.findings import Judgement, Reason, Verdict
from checks.endpoint.media import UsbStorage
from checks.endpoint.programmes import Programmes
from tests.endpoint.conftest import answer, judged, params_of, pc
from tests.endpoint.test_linux_files import ask, put
from tests.endpoint.test_linux_fragments import SHELLS

IDLE = "/org/gnome/desktop/session/idle-delay"
SAVER = "/org/gnome/desktop/screensaver/lock-"
DISABLE = "/org/gnome/desktop/lockdown/disable-lock-screen"
GNOME = (
    f"virtual\tnone\nsession\tgnome.desktop\nlock\t{IDLE}\nlock\t{SAVER}enabled\nlock\t{SAVER}delay\n"
    f"set\t{IDLE}\tuint32 300\nset\t{SAVER}enabled\ttrue\nset\t{SAVER}delay\tuint32 0\n"
)
OPEN = UsbStorage(read=True, write=True)


def lock(body: Any, system: str = "linux") -> Judgement:
    asked = {"auto": None, "forced": None, "stored": False} if system == "windows" else "end\n"
    bodies = {"lock.screen": body, "signin.auto": asked}
    given = {id_: answer(id_, {"status": "ok", "body": one}) for id_, one in bodies.items()}
    return judged("EP-07", given, endpoint=pc(system))


def test_a_lock_screen_that_is_switched_off_never_locks() -> None:
    assert lock(f"{GNOME}set\t{DISABLE}\tfalse\n").verdict is Verdict.PASS
    assert lock(f"{GNOME}set\t{DISABLE}\ttrue\n").key == "never"
    assert lock(f"{GNOME}set\t{DISABLE}\tfalse\nset\t{DISABLE}\ttrue\n").key == "never"
    assert lock(f"{GNOME}set\t{DISABLE}\tyes\n").reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("virtual\tnone\n", Verdict.UNKNOWN),
        ("virtual\tnone\nchassis\t10\n", Verdict.UNKNOWN),
        ("virtual\tnone\nchassis\t23\n", Verdict.NOT_APPLICABLE),
        ("virtual\tmachine\nchassis\t1\n", Verdict.NOT_APPLICABLE),
    ],
)
def test_only_a_server_or_a_virtual_machine_needs_no_lock(body: str, verdict: Verdict) -> None:
    assert lock(body).verdict is verdict


@pytest.mark.parametrize(
    ("program", "verdict"),
    [
        ("C:\\Windows\\system32\\scrnsave.SCR", Verdict.PASS),
        ("(None)", Verdict.FAIL),
        ("C:\\x.exe", Verdict.FAIL),
    ],
)
def test_a_screen_saver_is_a_scr_file(program: str, verdict: Verdict) -> None:
    user = {"active": "1", "secure": "1", "timeout": "300", "program": program}
    body = {"machine": None, "policy": dict.fromkeys(user), "user": user}
    assert lock(body, "windows").verdict is verdict


def modules(root: Path) -> None:
    kernel = Path("/proc/sys/kernel/osrelease").read_text(encoding="ascii").strip()
    put(root, f"lib/modules/{kernel}/modules.dep", "kernel/drivers/usb/storage/usb-storage.ko.xz:\n")
    put(root, f"lib/modules/{kernel}/modules.builtin", "")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("mask", ["empty", "null"])
def test_a_file_hides_those_of_its_name_in_later_folders(tmp_path: Path, shell: str, mask: str) -> None:
    modules(tmp_path)
    put(tmp_path, "usr/lib/modprobe.d/usb.conf", "install usb-storage /bin/true\n")
    if mask == "empty":
        put(tmp_path, "etc/modprobe.d/usb.conf", "\n")
    else:
        (tmp_path / "etc/modprobe.d").mkdir(parents=True)
        (tmp_path / "etc/modprobe.d/usb.conf").symlink_to("/dev/null")
    assert ask("usb.storage", tmp_path, shell) == OPEN


@pytest.mark.parametrize("shell", SHELLS)
def test_a_continued_line_is_one_line(tmp_path: Path, shell: str) -> None:
    modules(tmp_path)
    put(tmp_path, "etc/modprobe.d/usb.conf", "blacklist foo \\\ninstall usb-storage /bin/true\n")
    assert ask("usb.storage", tmp_path, shell) == OPEN
    put(tmp_path, "etc/modprobe.d/usb.conf", "install usb-storage /bin/true ; \\\n/sbin/modprobe -i x\n")
    assert ask("usb.storage", tmp_path, shell) == OPEN


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("line", ["Types: deb-src", "Types: deb\nEnabled: NO", "Types: deb\nenabled: False"])
def test_a_source_without_packages_or_switched_off_is_no_extension(
    tmp_path: Path, shell: str, line: str
) -> None:
    path = "etc/apt/sources.list.d/a.sources"
    put(tmp_path, path, f"{line}\nURIs: x\nSuites: bookworm-security\n")
    assert ask("os.esu", tmp_path, shell) == Programmes(frozenset())
    put(tmp_path, path, "Types: deb-src deb\nURIs: x\nSuites: bookworm-security\n")
    assert ask("os.esu", tmp_path, shell) == Programmes(frozenset({"debian-lts:bookworm"}))


def test_components_alone_are_no_list_of_software() -> None:
    body = {"daily": True, "products": [{"name": "Update", "part": True}]}
    given = answer("app.installed", {"status": "ok", "body": body})
    judgement = judged("EP-14", {"app.installed": given}, params=params_of("EP-14", allowed=("*",)))
    assert judgement.reason is Reason.NOT_MEASURABLE


def test_a_product_that_may_have_been_removed_does_not_stand_in_for_an_old_defender() -> None:
    defender = {"mode": "Normal", "realtime": True, "age_days": 200, "age_s": 200 * 86400}
    other = {"name": "Other", "state": 266240}

    def seen(**changed: Any) -> Judgement:
        body = {"defender": {**defender, **changed}, "products": [other]}
        return judged("EP-09", {"av.state": answer("av.state", {"status": "ok", "body": body})})

    assert seen().reason is Reason.NOT_MEASURABLE
    assert seen(age_days=0, age_s=60).key == "ok"
    assert seen(mode="Passive Mode").key == "registered"
    assert seen(mode="Not running", realtime=False).key == "registered"
