"""Administrators that the usual places do not show are never judged harmless."""

from typing import Any

import pytest

from checks.endpoint._sudoers import read_rules
from tests.endpoint.conftest import answer, judged, pc

USERS = "user\troot\t0\t0\t/bin/bash\nuser\thanako\t1000\t1000\t/bin/bash\n"
GROUPS = "group\troot\t0\t\ngroup\tsudo\t27\t\n"
BUILT_IN = "S-1-5-21-1-2-3-500"
PERSON = "S-1-5-21-1-2-3-1001"


def verdict(body: object, system: str = "linux", user: str = "") -> str:
    bodies: dict[str, object] = {"acct.admins": body}
    if system == "windows":
        managers = {"status": 0, "value": {"found": []}}
        bodies["join.state"] = {"role": 1, "member": True, "cloud": 0, "managers": managers}
    given = {id_: answer(id_, {"status": "ok", "body": one}) for id_, one in bodies.items()}
    return judged("EP-13", given, endpoint=pc(system, user=user)).verdict.value


def windows(
    *admins: tuple[str, str], people: tuple[tuple[str, str], ...] = ((PERSON, "u"),), days: int | None = 30
) -> dict[str, Any]:
    unset = {"directory": None, "days": None}
    return {
        "admins": [{"sid": sid, "class": kind} for sid, kind in ((BUILT_IN, "User"), *admins)],
        "people": [{"sid": sid, "account": name} for sid, name in people],
        "laps": {"csp": unset, "gpo": {"directory": 2, "days": days}, "legacy": unset},
    }


COMMANDS = ("apt", "apt update", "dpkg", "rsync", "sed", "git", "crontab", "pip")


@pytest.mark.parametrize(
    "command", [*(f"/usr/bin/{one}" for one in COMMANDS), "/home/h/fix.py", "^.*$", "OPS"]
)
def test_a_named_command_is_unclear_unless_it_is_known_to_be_harmless(command: str) -> None:
    assert verdict(f"{USERS}{GROUPS}rule\thanako ALL=(root) NOPASSWD: {command}\n") == "unknown"


@pytest.mark.parametrize("command", ["/sbin/reboot", "/usr/sbin/shutdown -h now", "/sbin/reboot, !/bin/su"])
def test_a_harmless_command_gives_no_rights(command: str) -> None:
    assert verdict(f"{USERS}{GROUPS}rule\thanako ALL=(root) NOPASSWD: {command}\n") == "pass"


def test_roots_own_rule_and_further_hosts_are_not_unclear() -> None:
    assert read_rules(["root ALL = /usr/bin/apt", "a h1 = /bin/ls : h2 = /sbin/reboot"]).unclear == ()


def test_aliases_of_two_kinds_may_have_one_name() -> None:
    rules = read_rules(["Cmnd_Alias OPS = ALL", "User_Alias OPS = hanako", "OPS ALL=(ALL) OPS"])
    assert rules.users == {"hanako"}


@pytest.mark.parametrize("uid", [0, 900, 65534, 100001])
def test_an_administrator_counts_whatever_his_uid(uid: int) -> None:
    taro = f"user\ttaro\t{uid}\t900\t/bin/bash\ngroup\tsudo\t27\t{'taro' if uid else ''}\n"
    assert verdict(USERS + GROUPS + taro) == "unknown"
    assert verdict(USERS + GROUPS + taro, user="taro") == "fail"
    assert verdict(USERS + GROUPS + taro, user="hanako") == "pass"


def test_an_empty_shell_is_a_login_shell() -> None:
    assert verdict(f"{USERS}{GROUPS}user\ttoor\t0\t0\t\n") == "unknown"


def test_without_a_group_nobody_can_tell() -> None:
    assert verdict(USERS) == "unknown"


def test_a_group_that_stands_twice_has_the_members_of_both() -> None:
    assert verdict(f"{USERS}group\tsudo\t27\thanako\ngroup\tsudo\t27\t\n") == "fail"


@pytest.mark.parametrize("others", [(), (("S-1-5-21-1-2-3-1000", "defaultuser0"),)])
def test_who_works_as_the_built_in_administrator_administers(others: tuple[tuple[str, str], ...]) -> None:
    people = ((BUILT_IN, "Administrator"), *others)
    assert verdict(windows(people=people), "windows") == "fail"
    assert verdict(windows(people=(*people, (PERSON, "u"))), "windows", "administrator") == "fail"
    assert verdict(windows(people=(*people, (PERSON, "u"))), "windows") == "pass"


@pytest.mark.parametrize(
    ("days", "expected"), [(0, "unknown"), (-1, "unknown"), (366, "unknown"), (1, "pass"), (365, "fail")]
)
def test_a_passwords_age_is_one_that_windows_takes(days: int, expected: str) -> None:
    assert verdict(windows(days=days), "windows") == expected


@pytest.mark.parametrize("sid", ["S-1-5-113", "S-1-5-14", "S-1-2-1", "S-1-5-32-555"])
@pytest.mark.parametrize("kind", ["User", "Group"])
def test_a_member_that_is_no_person_is_not_resolved(sid: str, kind: str) -> None:
    assert verdict(windows((sid, kind)), "windows") == "unknown"
