"""Start, sign-in, lock and passwords: what is no proof never passes, no document excuses another."""

from typing import Any

import pytest

from auditor.answers import Answer, Status
from auditor.errors import Garbled
from auditor.findings import Judgement, Reason, Unknown, Verdict
from checks.endpoint._pamrules import Lockout
from checks.endpoint._parts import part
from checks.endpoint.autologon import AutoLogon
from checks.endpoint.disk import Cover, Disks, SeenDisks, Volume
from checks.endpoint.join import JoinState
from checks.endpoint.lock import OwnLock, ScreenLock
from checks.endpoint.passwords import PasswordRules
from tests.endpoint.conftest import JUDGES, answer, fact_on, params_of, pc, value_of

GAP = Unknown(Reason.NOT_COLLECTED, "no document")
DENIED = Unknown(Reason.NO_PERMISSION, "denied")
ALONE = JoinState(domain=False, cloud=False, managers=())
JOINED = JoinState(domain=True, cloud=False, managers=())
GOOD = ScreenLock(300, asks=True)
NEVER = ScreenLock(None, asks=False)
OFF, ON = AutoLogon(on=False, stored=False), AutoLogon(on=True, stored=True)


def short(judgement: Judgement) -> tuple[str, str]:
    return judgement.verdict.value, judgement.reason.value if judgement.reason else judgement.key


def locks(lock: Any, own: Any = GAP, auto: Any = OFF, system: str = "windows") -> tuple[str, str]:
    return short(JUDGES["EP-07"](lock, own, auto, GAP, pc(system), params_of("EP-07")))


def test_a_pc_that_signs_in_by_itself_fails_however_soon_it_locks() -> None:
    assert locks(GOOD, auto=ON) == ("fail", "autologon")
    assert locks(GAP, auto=ON) == ("fail", "autologon")
    assert locks(NEVER, auto=ON) == ("fail", "never")


def test_an_automatic_sign_in_that_was_denied_is_denied_not_off() -> None:
    assert locks(GOOD, auto=DENIED) == ("unknown", "no_permission")
    assert locks(NEVER, auto=DENIED) == ("fail", "never")


def test_a_system_without_automatic_sign_in_is_not_asked() -> None:
    assert locks(GOOD, auto=GAP, system="chromeos") == ("pass", "ok")


PRESCRIBED = ScreenLock(600, asks=True, prescribed=True)
PARTIAL = ScreenLock(600, asks=True, prescribed=True, partial=True)
SLOW = ScreenLock(1800, asks=True, prescribed=True, partial=True)


@pytest.mark.parametrize(
    ("lock", "own", "expected"),
    [
        (GAP, GAP, ("unknown", "not_collected")),
        (DENIED, GAP, ("unknown", "no_permission")),
        (GAP, OwnLock(GOOD), ("pass", "ok")),
        (GAP, OwnLock(NEVER), ("fail", "never")),
        (PRESCRIBED, OwnLock(NEVER), ("pass", "ok")),
        (PARTIAL, OwnLock(NEVER), ("pass", "ok")),
        (PARTIAL, GAP, ("pass", "ok")),
        (SLOW, GAP, ("fail", "slow")),
        (SLOW, OwnLock(GOOD), ("pass", "ok")),
        (SLOW, OwnLock(PRESCRIBED), ("fail", "slow")),
        (SLOW, OwnLock(NEVER), ("fail", "never")),
        (GOOD, OwnLock(NEVER), ("fail", "never")),
        (NEVER, OwnLock(GOOD), ("fail", "never")),
    ],
)
def test_the_machines_policy_wins_and_a_missing_document_excuses_nothing(
    lock: Any, own: Any, expected: tuple[str, str]
) -> None:
    assert locks(lock, own) == expected


def disks(cover: Cover, **changed: Any) -> Disks:
    return Disks((Volume("C:\\", cover, **changed),), virtual=False)


def seen(cover: Cover, *, all_seen: bool = True) -> SeenDisks:
    return SeenDisks((Volume("C:\\", cover),), all_seen)


@pytest.mark.parametrize(
    ("machine", "person", "expected"),
    [
        (DENIED, seen(Cover.PLAIN), ("fail", "plain")),
        (DENIED, seen(Cover.SUSPENDED, all_seen=False), ("fail", "suspended")),
        (DENIED, seen(Cover.PROTECTED, all_seen=False), ("unknown", "no_permission")),
        (DENIED, seen(Cover.PROTECTED), ("pass", "ok")),
        (DENIED, seen(Cover.UNCLEAR), ("unknown", "not_measurable")),
        (DENIED, GAP, ("unknown", "no_permission")),
        (disks(Cover.PROTECTED), GAP, ("pass", "ok")),
        (disks(Cover.PROTECTED), seen(Cover.PROTECTED, all_seen=False), ("pass", "ok")),
        (disks(Cover.PROTECTED), seen(Cover.SUSPENDED), ("unknown", "not_measurable")),
        (disks(Cover.SUSPENDED), seen(Cover.PROTECTED), ("fail", "suspended")),
        (disks(Cover.UNCLEAR), seen(Cover.PROTECTED), ("unknown", "not_measurable")),
        (disks(Cover.UNCLEAR), seen(Cover.PLAIN), ("fail", "plain")),
    ],
)
def test_a_persons_own_sight_of_the_disks_may_fail_and_seldom_passes(
    machine: Any, person: Any, expected: tuple[str, str]
) -> None:
    assert short(JUDGES["EP-05"](machine, person)) == expected


def test_without_a_volume_of_the_system_the_start_is_not_known() -> None:
    given = JUDGES["EP-06"](disks(Cover.PROTECTED, protectors=frozenset({4})), GAP)
    assert given.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "kinds", [frozenset(), frozenset({3}), frozenset({1}), frozenset({2, 3}), frozenset({9})]
)
def test_no_key_but_one_with_a_pin_is_a_factor(kinds: frozenset[int]) -> None:
    given = JUDGES["EP-06"](disks(Cover.PROTECTED, system=True, protectors=kinds), DENIED)
    assert short(given) == ("fail", "none")


def rules(**changed: Any) -> PasswordRules:
    return PasswordRules(**{"length": 12, "max_days": None, "lock": Lockout(5, 900, 900), **changed})


def accounts(control: str, given: PasswordRules, join: Any = ALONE, **changed: Any) -> tuple[str, str]:
    return short(JUDGES[control](given, join, params_of(control, **changed)))


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        (Lockout(5, 900, None), ("pass", "ok")),
        (Lockout(6, 900, None), ("fail", "many")),
        (Lockout(5, 899, None), ("fail", "short")),
        (Lockout(1, None, None), ("pass", "kept")),
        (None, ("fail", "endless")),
        (DENIED, ("unknown", "no_permission")),
    ],
)
def test_a_lock_comes_soon_and_lasts(lock: Any, expected: tuple[str, str]) -> None:
    assert accounts("EP-18", rules(lock=lock)) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ("pass", "ok")),
        ({"length": 11}, ("fail", "short")),
        ({"max_days": 3650}, ("fail", "rotates")),
        ({"length": DENIED}, ("unknown", "no_permission")),
        ({"max_days": DENIED}, ("unknown", "no_permission")),
        ({"length": 11, "max_days": DENIED}, ("fail", "short")),
        ({"length": DENIED, "max_days": 90}, ("fail", "rotates")),
    ],
)
def test_a_password_is_long_and_lasts(changed: dict[str, Any], expected: tuple[str, str]) -> None:
    assert accounts("ID-06", rules(**changed)) == expected


@pytest.mark.parametrize("control", ["EP-18", "ID-06"])
def test_a_domains_accounts_are_known_only_where_the_town_confirmed_their_policy(control: str) -> None:
    assert accounts(control, rules(), JOINED) == ("unknown", "not_declared")
    assert accounts(control, rules(), GAP) == ("unknown", "not_collected")
    assert accounts(control, rules(), JOINED, domain_policy="confirmed")[0] == "pass"
    assert accounts(control, rules(length=4, lock=None), JOINED, domain_policy="confirmed")[0] == "fail"


@pytest.mark.parametrize(
    ("status", "reason"), [(1, "unreadable"), (10, "not_collected"), (11, "no_permission"), (12, "no_answer")]
)
def test_a_part_that_failed_is_unknown_and_never_a_value(status: int, reason: str) -> None:
    value = part({"status": status, "value": None}, "x", lambda _: 1)
    assert isinstance(value, Unknown)
    assert value.reason == reason


@pytest.mark.parametrize(
    "value", [{"status": 11, "value": 0}, {"status": 2, "value": None}, {"status": 0}, None, 1]
)
def test_what_is_not_a_part_is_refused(value: object) -> None:
    with pytest.raises(Garbled):
        part(value, "x", lambda _: 1)


def test_no_secret_is_ever_asked_for() -> None:
    for id_, system in (
        ("signin.auto", "windows"),
        ("disk.encryption", "windows"),
        ("disk.policy", "windows"),
    ):
        script = fact_on(id_, system).scripts[system]
        assert "GetKeyProtectorNumericalPassword" not in script
        assert "'DefaultPassword')" not in script.replace("-contains 'DefaultPassword')", "")
    shadow = fact_on("pw.policy", "linux").scripts["linux"]
    assert "print $2" not in shadow
    assert Answer("x", Status.DENIED).body == b""


def test_an_emptied_automatic_sign_in_is_off_and_an_odd_one_is_not_known() -> None:
    def auto(value: str) -> Any:
        body = {"auto": value, "forced": None, "stored": False}
        return value_of(
            fact_on("signin.auto", "windows"), answer("signin.auto", {"status": "ok", "body": body})
        )

    assert auto("") == OFF
    assert auto("1").on
    assert isinstance(auto("yes"), Unknown)
