"""The limits of each control: what just passes, what just fails, and what nobody can tell."""

import json
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from auditor.answers import Answer, Status
from auditor.findings import Judgement, Reason, Unknown
from auditor.targets import Endpoint, Town
from checks.endpoint._blocks import Block, encrypted
from checks.endpoint._lifetimes import lifetimes
from checks.endpoint._sudoers import read_rules
from checks.endpoint.accounts import Rights
from checks.endpoint.autologon import AutoLogon
from checks.endpoint.disk import Cover, Disks, Volume
from checks.endpoint.firewall import Firewall, Side
from checks.endpoint.host import SerialNumber, folded
from checks.endpoint.join import JoinState
from checks.endpoint.lock import ScreenLock
from checks.endpoint.malware import Defence, Guard
from checks.endpoint.media import UsbStorage
from checks.endpoint.programmes import Programmes
from checks.endpoint.software import Product, Software
from checks.endpoint.support import OperatingSystem
from checks.endpoint.updates import LastUpdate
from tests.endpoint.conftest import JUDGES, TODAY, answer, judged, params_of, pc, town_of

NO_PROGRAMME = Programmes(frozenset())
NOT_HEARD = Unknown(Reason.NOT_COLLECTED, "no document")
ASKED = AutoLogon(on=False, stored=False)


def judge(control: str, *given: Any) -> tuple[str, str]:
    result = JUDGES[control](*given)
    assert isinstance(result, Judgement)
    return result.verdict.value, result.reason.value if result.reason is not None else result.key


def system(product: str, release: str, **changed: Any) -> OperatingSystem:
    values = {"edition": "-", "build": "-", "shown": f"{product} {release}", **changed}
    return OperatingSystem(product, release, **values)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2028, 8, 9), ("pass", "soon")),
        (date(2028, 4, 10), ("pass", "ok")),
        (date(2028, 8, 10), ("fail", "ended")),
    ],
)
def test_support_holds_up_to_and_on_its_last_day(today: date, expected: tuple[str, str]) -> None:
    assert judge("EP-02", system("debian", "13"), NO_PROGRAMME, params_of("EP-02"), today) == expected


def test_an_extension_that_could_not_be_asked_leaves_it_unknown() -> None:
    asked = Unknown(Reason.NO_PERMISSION, "denied")
    assert judge("EP-02", system("debian", "12"), asked, params_of("EP-02"), TODAY) == (
        "unknown",
        "no_permission",
    )


def test_an_extension_does_not_matter_before_and_after_its_time() -> None:
    asked = Unknown(Reason.NO_PERMISSION, "denied")
    assert judge("EP-02", system("debian", "13"), asked, params_of("EP-02"), TODAY)[0] == "pass"
    assert judge("EP-02", system("debian", "11"), asked, params_of("EP-02"), TODAY)[0] == "fail"


@pytest.mark.parametrize(("days", "expected"), [(180, "pass"), (181, "unknown")])
def test_a_release_without_a_published_end_counts_for_a_while_only(days: int, expected: str) -> None:
    today = date(2026, 8, 22) + timedelta(days=days)
    given = JUDGES["EP-02"](system("macos", "26"), NO_PROGRAMME, params_of("EP-02"), today)
    assert given.verdict == expected
    assert given.until == (date(2027, 2, 18) if expected == "pass" else None)


def test_the_table_names_each_system_once_and_supports_nothing_for_ever() -> None:
    keys = [(row.product, row.build if row.build != "-" else row.release, row.edition) for row in lifetimes()]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    apple = {"macos", "ios", "ipados"}
    assert {row.product for row in lifetimes() if row.end is None and row.maintained_on is not None} == apple


def test_chromeos_without_a_promise_of_its_own_is_unknown() -> None:
    given = judge("EP-02", system("chromeos", "per model"), NO_PROGRAMME, params_of("EP-02"), TODAY)
    assert given == ("unknown", "not_measurable")


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, ("pass", "ok")), (35, ("pass", "ok")), (36, ("fail", "old")), (-2, ("unknown", "unreadable"))],
)
def test_an_update_counts_for_the_days_of_the_limit(days: int, expected: tuple[str, str]) -> None:
    last = LastUpdate(TODAY - timedelta(days=days), None)
    assert judge("EP-03", last, params_of("EP-03"), TODAY) == expected


@pytest.mark.parametrize(
    ("after_s", "asks", "expected"),
    [
        (600, True, "ok"),
        (601, True, "slow"),
        (600, False, "no_password"),
        (None, True, "never"),
        (0, True, ""),
    ],
)
def test_a_lock_is_set_above_zero_inside_the_limit_and_asks(
    after_s: int | None,
    asks: bool,  # noqa: FBT001 - pytest gives it by name
    expected: str,
) -> None:
    given = JUDGES["EP-07"](ScreenLock(after_s, asks), NOT_HEARD, ASKED, NOT_HEARD, pc(), params_of("EP-07"))
    assert given.key == expected
    assert (given.verdict == "pass") is (expected == "ok")


@pytest.mark.parametrize(("age_s", "expected"), [(259200, ("pass", "ok")), (259201, ("fail", "old"))])
def test_definitions_count_for_the_hours_of_the_limit(age_s: int, expected: tuple[str, str]) -> None:
    defence = Defence((Guard("x", watching=True, fresh=True, age_s=age_s),))
    assert judge("EP-09", defence, params_of("EP-09")) == expected


def ledger(*rows: Endpoint) -> Town:
    return Town(name="t", root=town_of(pc()).root, endpoints=rows)


@pytest.mark.parametrize(
    ("serial", "rows", "expected"),
    [
        ("pf3 abcde", [pc()], ("pass", "ok")),
        ("X9", [pc()], ("fail", "not_listed")),
        ("X9", [pc(serial="")], ("unknown", "not_declared")),
        ("PF3ABCDE", [pc(), pc(id="PC-002")], ("fail", "twice")),
        ("PF3ABCDE", [pc(serial="X1"), pc(id="PC-002")], ("fail", "other")),
        ("PF3ABCDE", [pc(section="")], ("fail", "no_section")),
    ],
)
def test_the_ledger_names_this_very_machine(
    serial: str, rows: list[Endpoint], expected: tuple[str, str]
) -> None:
    assert judge("EP-01", SerialNumber(serial), rows[0], ledger(*rows)) == expected


def test_without_a_ledger_nobody_can_tell() -> None:
    given = judge("EP-01", SerialNumber("X"), pc(), Town(name="t", endpoints=(pc(serial="X"),)))
    assert given == ("unknown", "not_declared")


def test_width_case_and_spaces_of_a_serial_do_not_matter() -> None:
    assert folded(" ＰＦ３ ａｂｃ ") == "PF3ABC"


def test_the_my_number_zone_has_its_own_words_for_a_writable_stick() -> None:
    usb = UsbStorage(read=True, write=True)
    assert judge("EP-11", usb, pc(zone="mynumber"), params_of("EP-11")) == ("fail", "mynumber")
    assert judge("EP-11", usb, pc(zone="lgwan"), params_of("EP-11")) == ("fail", "open")


def rights(people: str, admins: str = "", **changed: Any) -> Rights:
    values = {"everyone": False, "unresolved": (), **changed}
    return Rights(tuple(people.split()), tuple(admins.split()), **values)


@pytest.mark.parametrize(
    ("given", "user", "expected"),
    [
        (rights("tanaka it", "it"), "TANAKA", ("pass", "ok")),
        (rights("tanaka it", "it"), "", ("unknown", "not_declared")),
        (rights("tanaka it", "tanaka"), "tanaka", ("fail", "daily")),
        (rights("x", "tanaka"), "tanaka", ("fail", "daily")),
        (rights("tanaka", "tanaka"), "s0012", ("fail", "daily")),
        (rights("tanaka", unresolved=("%domain",)), "tanaka", ("unknown", "not_measurable")),
        (rights("tanaka", unresolved=("denied: /etc/sudoers",)), "", ("unknown", "no_permission")),
        (rights("tanaka", managed=True, password_days=30), "", ("pass", "managed")),
        (rights("tanaka", managed=True, password_days=31), "", ("fail", "password_old")),
        (rights("tanaka", everyone=True), "", ("fail", "everyone")),
        (rights(""), "", ("unknown", "not_measurable")),
    ],
)
def test_the_daily_user_is_the_ledgers_or_else_everybody(
    given: Rights, user: str, expected: tuple[str, str]
) -> None:
    joined = JoinState(domain=True, cloud=False, managers=())
    assert judge("EP-13", given, joined, pc(user=user), params_of("EP-13")) == expected


def test_without_the_towns_list_only_denied_software_is_judged() -> None:
    linux = Software((Product("bash"),), "linux", complete=True)
    assert judge("EP-14", linux, params_of("EP-14")) == ("unknown", "not_declared")
    assert judge("EP-14", linux, params_of("EP-14", allowed_linux=("bash",))) == ("pass", "ok")
    assert judge("EP-14", linux, params_of("EP-14", allowed_linux=("zsh",))) == ("fail", "unlisted")


def test_a_component_is_not_counted_but_a_denied_one_is_found() -> None:
    part = Software((Product("Odd", part=True), Product("Zoom")), "windows", complete=True)
    assert judge("EP-14", part, params_of("EP-14")) == ("pass", "ok")
    bad = Software((Product("AnyDesk", part=True),), "windows", complete=True)
    assert judge("EP-14", bad, params_of("EP-14")) == ("fail", "denied")


@pytest.mark.parametrize("control", ["EP-05", "EP-08"])
def test_nothing_seen_is_never_a_pass(control: str) -> None:
    value: Disks | Firewall = Disks((), virtual=False) if control == "EP-05" else Firewall(())
    more = (NOT_HEARD,) if control == "EP-05" else (params_of("EP-08"),)
    assert judge(control, value, *more) == ("unknown", "not_measurable")


def test_one_open_side_is_enough_to_fail() -> None:
    firewall = Firewall((Side("domain", on=True), Side("public", on=None), Side("private", on=False)))
    assert judge("EP-08", firewall, params_of("EP-08")) == ("fail", "off")


def test_one_plain_volume_beside_an_unclear_one_fails() -> None:
    disks = Disks((Volume("/", Cover.UNCLEAR), Volume("/home", Cover.PLAIN)), virtual=False)
    assert judge("EP-05", disks, NOT_HEARD) == ("fail", "plain")


def test_the_walk_ends_even_where_devices_go_in_a_circle() -> None:
    ring = {"a": Block("a", "", "", ("b",), outside=False), "b": Block("b", "", "", ("a",), outside=False)}
    assert encrypted("a", ring) is None
    assert encrypted("missing", ring) is None


@pytest.mark.parametrize(
    ("line", "users", "groups", "everyone"),
    [
        ("tanaka ALL=(ALL) ALL", {"tanaka"}, set(), False),
        ("%it\tALL=(ALL:ALL) NOPASSWD: ALL", set(), {"it"}, False),
        ("User_Alias IT = a, b\nIT ALL = ALL", {"a", "b"}, set(), False),
        ("Cmnd_Alias X = /bin/ls, ALL\na ALL = X", {"a"}, set(), False),
        ("a ALL = \\\n  ALL", {"a"}, set(), False),
        ("a, b ALL = ALL", {"a", "b"}, set(), False),
        ("a ALL = /bin/ls", set(), set(), False),
        ("a h1 = /bin/ls : h2 = ALL", {"a"}, set(), False),
        ("Defaults env_reset\n# a ALL=ALL\n@includedir /etc/sudoers.d", set(), set(), False),
        ("a ALL = (root) /bin/bash", {"a"}, set(), False),
        ("a ALL = /usr/bin/", {"a"}, set(), False),
        ("a ALL = /usr/bin/vim /etc/hosts", {"a"}, set(), False),
        ("a ALL = /usr/sbin/shutdown -h now", set(), set(), False),
        ("ALL ALL=ALL", set(), set(), True),
    ],
)
def test_sudoers_rules_for_every_command_make_administrators(
    line: str,
    users: set[str],
    groups: set[str],
    everyone: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    rules = read_rules(line.split("\n"))
    assert (set(rules.users), set(rules.groups), rules.everyone) == (users, groups, everyone)
    assert rules.unclear == ()


@pytest.mark.parametrize(
    "line",
    [
        "what is this",
        "#1000 ALL=ALL",
        "+netgroup ALL=ALL",
        "%#10 ALL=ALL",
        "!a ALL=ALL",
        "@include /opt/rules",
        "#includedir /opt/d",
    ],
)
def test_a_rule_that_is_not_understood_is_kept_as_unclear(line: str) -> None:
    assert read_rules([line]).unclear == (line,)


def test_a_denied_fact_is_unknown_not_off() -> None:
    for control, id_ in (("EP-05", "disk.encryption"), ("EP-08", "fw.profiles"), ("EP-17", "net.smb1")):
        given = judged(control, {id_: Answer(id_, Status.DENIED)})
        assert (given.verdict, given.reason) == ("unknown", Reason.NO_PERMISSION)


def test_a_missing_answer_is_unknown() -> None:
    for control, check in JUDGES.items():
        if check.facts:
            assert judged(control, {}).verdict == "unknown"


def test_an_answer_cut_off_in_the_middle_is_unknown() -> None:
    body = json.dumps({"server": 0, "server_driver": None, "client_driver": None})[:-5]
    given = judged("EP-17", {"net.smb1": answer("net.smb1", {"status": "ok", "body": body})})
    assert given.reason is Reason.UNREADABLE
