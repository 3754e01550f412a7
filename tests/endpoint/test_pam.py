"""PAM: a configuration file counts only where its module stands in the way of who signs in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import Garbled, NotKnown
from auditor.findings import Reason, Unknown
from checks.endpoint._pam import granted, stack
from checks.endpoint._pamrules import Lockout, locks, shortest
from checks.endpoint.passwords import PasswordRules
from tests.endpoint.test_linux_files import ask, put
from tests.endpoint.test_linux_fragments import SHELLS

DEBIAN = (
    "auth required pam_faillock.so preauth\nauth [success=1 default=ignore] pam_unix.so nullok\n"
    "auth [default=die] pam_faillock.so authfail\nauth required pam_permit.so\n"
)
REDHAT = (
    "auth required pam_env.so\nauth required pam_faildelay.so delay=2000000\n"
    "auth required pam_faillock.so preauth silent\n"
    "auth [default=1 ignore=ignore success=ok] pam_localuser.so\n"
    "auth sufficient pam_unix.so nullok\nauth required pam_faillock.so authfail\nauth required pam_deny.so\n"
)
MANUAL = (
    "auth [success=1 default=bad] pam_unix.so\nauth [default=die] pam_faillock.so authfail\n"
    "auth sufficient pam_faillock.so authsucc\nauth required pam_deny.so\n"
)
DEFAULT = Lockout(3, 600, 900)


def lines(text: str) -> list[str]:
    return text.splitlines()


def login(auth: str, **more: str) -> Mapping[str, list[str]]:
    return {"login": lines(auth), **{name: lines(text) for name, text in more.items()}}


@pytest.mark.parametrize("auth", [DEBIAN, REDHAT, MANUAL])
def test_the_usual_stacks_lock_with_the_documented_defaults(auth: str) -> None:
    assert locks(login(auth), []) == DEFAULT
    assert locks(login("@include common-auth\n", **{"common-auth": auth}), []) == DEFAULT
    assert locks(login("auth include system-auth\n", **{"system-auth": auth}), []) == DEFAULT
    assert locks(login("auth substack password-auth\n", **{"password-auth": auth}), []) == DEFAULT


ENDLESS = (
    "auth required pam_unix.so\n",
    REDHAT.replace("auth required pam_faillock.so authfail\n", ""),
    REDHAT.replace("auth required pam_faillock.so preauth silent\n", ""),
    MANUAL.replace("auth sufficient pam_faillock.so authsucc\n", "auth sufficient pam_permit.so\n"),
    DEBIAN.replace("required pam_faillock.so preauth", "optional pam_faillock.so preauth"),
    "auth sufficient pam_unix.so\n" + REDHAT,
    "auth required pam_tally2.so\nauth required pam_unix.so\n",
    DEBIAN.replace("authfail", "authfail deny=0").replace("preauth", "preauth deny=0"),
)


@pytest.mark.parametrize("auth", ENDLESS)
def test_a_stack_that_never_locks_is_known_as_such(auth: str) -> None:
    assert locks(login(auth), ["deny = 5", "unlock_time = 900"]) is None


def test_a_way_in_without_a_lock_undoes_the_others() -> None:
    assert locks({**login(DEBIAN), "sshd": lines("auth required pam_unix.so\n")}, []) is None


def test_the_weakest_numbers_count_and_arguments_hide_the_file() -> None:
    assert locks(login(DEBIAN), ["deny = 5", "unlock_time=1200 # s"]) == Lockout(5, 1200, 900)
    assert locks(login(DEBIAN.replace("preauth", "preauth deny=9")), ["deny = 5"]) == Lockout(9, 600, 900)
    assert locks(login(DEBIAN), ["unlock_time = never"]) == Lockout(3, None, 900)
    assert locks(login("auth required pam_tally2.so deny=5\nauth required pam_unix.so\n"), []) == Lockout(
        5, None, None
    )


@pytest.mark.parametrize(
    "auth",
    [
        "auth required pam_homemade.so\n" + DEBIAN,
        "auth sufficient pam_succeed_if.so user ingroup friends\n" + DEBIAN,
        "auth sufficient pam_permit.so\n",
        "@include gone\n",
        "@include login\n",
        DEBIAN.replace("preauth", "preauth conf=/opt/f.conf"),
    ],
)
def test_what_a_file_cannot_tell_is_not_known(auth: str) -> None:
    with pytest.raises(NotKnown):
        locks(login(auth), [])


@pytest.mark.parametrize(
    "line", ["auth", "auth required", "auth maybe pam_unix.so", "auth [x] pam_unix.so", "what"]
)
def test_a_line_that_is_not_pams_is_refused(line: str) -> None:
    with pytest.raises(Garbled):
        locks(login(f"{line}\n"), [])


@pytest.mark.parametrize(
    ("password", "conf", "length"),
    [
        ("password required pam_unix.so\n", ["minlen = 20"], 6),
        ("password required pam_unix.so minlen=14\n", [], 14),
        ("password requisite pam_pwquality.so\npassword required pam_unix.so\n", [], 8),
        ("password requisite pam_pwquality.so\npassword required pam_unix.so\n", ["minlen = 12"], 12),
        ("password requisite pam_pwquality.so minlen=8\npassword required pam_unix.so\n", ["minlen = 12"], 8),
        ("password requisite pam_pwquality.so\n", ["minlen = 12", "minlen = 9"], 9),
        ("password requisite pam_pwquality.so\n", ["minlen = 12", "lcredit = 1", "ucredit = -1"], 11),
        ("password requisite pam_pwquality.so\n", ["minlen = 12", "enforcing = 0"], 6),
        ("password optional pam_pwquality.so minlen=12\npassword required pam_unix.so\n", [], 6),
        ("password sufficient pam_unix.so\npassword requisite pam_pwquality.so minlen=12\n", [], 6),
        ("password requisite pam_cracklib.so minlen=14\n", [], 10),
        ("password requisite pam_passwdqc.so min=disabled,24,11,12,13\n", [], 11),
    ],
)
def test_the_shortest_password_is_what_really_stands_in_the_way(
    password: str, conf: list[str], length: int
) -> None:
    assert shortest({"passwd": lines(password)}, conf) == length


def test_a_grant_needs_a_module_that_grants() -> None:
    steps = stack("login", "auth", login("auth optional pam_x.so\n"))
    assert not granted(steps, lambda _: "ignore")
    assert granted(steps, lambda _: "success")


KINDS = ("auth", "password", "-auth", "@include", "#")
CONTROLS_OF_PAM = (
    "required",
    "sufficient",
    "include",
    "substack",
    "[success=1",
    "default=die]",
    "[default=bad]",
)
MODULES = (
    "pam_unix.so",
    "pam_faillock.so",
    "preauth",
    "authfail",
    "deny=3",
    "deny=x",
    "login",
    "common",
    "\\",
)
WORDS = st.sampled_from((*KINDS, *CONTROLS_OF_PAM, *MODULES))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=8),
    st.lists(st.text(max_size=15), max_size=3),
)
def test_any_stack_gives_a_lock_or_a_reason(rows: list[str], conf: list[str]) -> None:
    for rule in (locks, shortest):
        try:
            rule({"login": rows, "common": rows}, conf)
        except (Garbled, NotKnown):
            continue


def tree(root: Path) -> None:
    put(root, "etc/pam.d/common-auth", DEBIAN)
    put(
        root,
        "etc/pam.d/common-password",
        "password requisite pam_pwquality.so\npassword required pam_unix.so\n",
    )
    put(root, "etc/pam.d/login", "# comment\n@include common-auth\nsession required pam_limits.so\n")
    put(root, "etc/pam.d/passwd", "@include common-password\n")
    put(root, "etc/security/faillock.conf", "# deny = 1\ndeny = 5\nunlock_time = 900\n")
    put(root, "etc/security/pwquality.conf", "minlen = 12\n")
    for name in ("faillock", "pwquality"):
        put(root, f"usr/lib/x86_64-linux-gnu/security/pam_{name}.so", "")
    put(root, "etc/login.defs", "PASS_MAX_DAYS\t99999\n")
    put(root, "etc/shadow", "root:*:1:0:60:7:::\nhanako:$y$x:1:0:99999:7:::\nempty:$y$x:1:0::7:::\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_tree_is_read_as_pam_reads_it(tmp_path: Path, shell: str) -> None:
    tree(tmp_path)
    assert ask("pw.policy", tmp_path, shell) == PasswordRules(12, None, Lockout(5, 900, 900))
    put(tmp_path, "etc/shadow", "hanako:$y$x:1:0:60:7:::\n")
    assert ask("pw.policy", tmp_path, shell).max_days == 60
    put(tmp_path, "etc/pam.d/common-auth", "auth required pam_unix.so\n")
    assert ask("pw.policy", tmp_path, shell).lock is None


@pytest.mark.parametrize("shell", SHELLS)
def test_a_broken_line_goes_on_and_a_module_that_is_missing_proves_nothing(
    tmp_path: Path, shell: str
) -> None:
    tree(tmp_path)
    put(tmp_path, "etc/pam.d/common-auth", DEBIAN.replace("preauth", "\\\n  preauth deny=4"))
    assert ask("pw.policy", tmp_path, shell).lock == Lockout(4, 900, 900)
    (tmp_path / "usr/lib/x86_64-linux-gnu/security/pam_faillock.so").unlink()
    value = ask("pw.policy", tmp_path, shell)
    assert isinstance(value, Unknown)
    assert value.reason is Reason.NOT_MEASURABLE


@pytest.mark.parametrize("shell", SHELLS)
def test_the_vendors_file_counts_only_where_the_machine_has_none(tmp_path: Path, shell: str) -> None:
    tree(tmp_path)
    put(tmp_path, "usr/lib/pam.d/login", "auth required pam_unix.so\n")
    put(tmp_path, "usr/lib/pam.d/sshd", "@include common-auth\n")
    assert ask("pw.policy", tmp_path, shell).lock == Lockout(5, 900, 900)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("first", "main", "locked"),
    [("", "UsePAM yes\n", True), ("UsePAM no\n", "UsePAM yes\n", False), ("", "#UsePAM yes\n", False)],
)
def test_a_lock_of_pam_is_none_where_sshd_does_not_ask_it(
    tmp_path: Path, shell: str, first: str, main: str, locked: object
) -> None:
    tree(tmp_path)
    put(tmp_path, "etc/ssh/sshd_config", f"Include /etc/ssh/sshd_config.d/*.conf\n{main}")
    put(tmp_path, "etc/ssh/sshd_config.d/50-first.conf", first)
    assert isinstance(ask("pw.policy", tmp_path, shell).lock, Lockout) is locked


GDM = "[daemon]\n# AutomaticLoginEnable=true\nAutomaticLoginEnable = {}\nAutomaticLogin = hanako\n"
GETTY = "[Service]\nExecStart=\nExecStart=-/sbin/agetty -a hanako %I\n"
AUTO: tuple[tuple[dict[str, str], Any], ...] = (
    ({"etc/gdm3/daemon.conf": GDM.format("True")}, True),
    ({"etc/gdm3/daemon.conf": GDM.format("false")}, False),
    ({"etc/gdm3/daemon.conf": "[security]\nAutomaticLoginEnable=true\n"}, False),
    ({"etc/lightdm/lightdm.conf.d/50.conf": "[Seat:*]\nautologin-user=hanako\n"}, True),
    ({"etc/lightdm/lightdm.conf": "[Seat:*]\n#autologin-user=hanako\nautologin-user=\n"}, False),
    ({"etc/sddm.conf.d/auto.conf": "[Autologin]\nUser=hanako\nSession=plasma\n"}, True),
    ({"etc/systemd/system/getty@tty1.service.d/a.conf": GETTY}, True),
    ({}, False),
)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("files", "on"), AUTO)
def test_automatic_sign_in_is_found_where_each_program_keeps_it(
    tmp_path: Path, shell: str, files: dict[str, str], on: Any
) -> None:
    for path, text in files.items():
        put(tmp_path, path, text)
    put(tmp_path, "etc/X11/default-display-manager", "/usr/sbin/gdm3\n")
    assert ask("signin.auto", tmp_path, shell).on is on


@pytest.mark.parametrize("shell", SHELLS)
def test_a_display_manager_that_nobody_knows_here_is_not_known(tmp_path: Path, shell: str) -> None:
    link = tmp_path / "etc/systemd/system/display-manager.service"
    link.parent.mkdir(parents=True)
    link.symlink_to("/usr/lib/systemd/system/ly.service")
    assert isinstance(ask("signin.auto", tmp_path, shell), Unknown)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_directory_is_seen_in_nsswitch(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "etc/nsswitch.conf", "passwd: files systemd # sss\ngroup: files sss\n")
    assert not ask("join.state", tmp_path, shell).joined
    put(tmp_path, "etc/nsswitch.conf", "passwd:  files [NOTFOUND=continue] sss\n")
    assert ask("join.state", tmp_path, shell).joined
