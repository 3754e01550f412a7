"""Every control of accounts: a pass, a fail, and what is not told is neither."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from auditor.targets import Town
from tests.identity.conftest import (
    CONTROLS,
    OTHER,
    SAID,
    Row,
    judged,
    other,
    sheet,
)

Write = Callable[..., Path]
STAFF = ("0101", "0102", "0103", "0104")


def people(**changed: str) -> list[Row]:
    """Everybody's account, the first one changed."""
    first, *rest = STAFF
    return [other(f"u{first}", first, **changed), *(other(f"u{id_}", id_) for id_ in rest)]


def admins(count: int = 2, **changed: str) -> list[Row]:
    return [other(f"kanri{at}", "", **{"admin": "特権管理者", **changed}) for at in range(1, count + 1)]


def said(more: str = "") -> str:
    return SAID + more


POLICY = '[policy]\non = 2026-11-20\nsource = "管理コンソールの画面"\n'


def verdict(judgement: object) -> tuple[str, str]:
    seen = (judgement.verdict, judgement.reason if judgement.verdict == "unknown" else judgement.key)  # type: ignore[attr-defined]
    return str(seen[0]), str(seen[1])


GOOD = {
    "ID-01": ("pass", "ok"),
    "ID-02": ("pass", "ok"),
    "ID-03": ("pass", "ok"),
    "ID-04": ("pass", "ok"),
    "ID-05": ("pass", "ok"),
    "ID-07": ("pass", "ok"),
    "ID-08": ("pass", "ok"),
}


@pytest.mark.parametrize("control", sorted(GOOD))
def test_a_complete_and_sound_export_passes(folder: Write, town: Town, control: str) -> None:
    place = folder(
        {"a.csv": sheet(OTHER, *people(), *admins()), "columns.toml": said(POLICY + "session_h = 8\n")}
    )
    judgement = judged(control, place, town)
    assert verdict(judgement) == GOOD[control], judgement
    assert judgement.until is not None
    assert judgement.key in CONTROLS[control]["says"]


@pytest.mark.parametrize(
    ("control", "changed", "seen", "places"),
    [
        ("ID-01", {"mfa": "いいえ"}, ("fail", "off"), ("u0101",)),
        ("ID-01", {"mfa": ""}, ("unknown", "not_measurable"), ("0101 (u0101)",)),
        ("ID-01", {"mfa": "たぶん"}, ("unknown", "unreadable"), ("a.csv:2 多要素認証",)),
        ("ID-01", {"status": "停止"}, ("unknown", "not_measurable"), ("0101 (u0101)",)),
        ("ID-01", {"status": ""}, ("unknown", "not_measurable"), ("0101 (u0101)",)),
        ("ID-02", {"methods": "SMS;セキュリティキー"}, ("fail", "phone"), ("u0101",)),
        ("ID-02", {"methods": ""}, ("unknown", "not_measurable"), ("u0101",)),
        ("ID-02", {"methods": "伝書鳩"}, ("unknown", "unreadable"), ("a.csv:2 認証方法",)),
        ("ID-02", {"methods": "SMS", "status": ""}, ("unknown", "not_measurable"), ("u0101",)),
        ("ID-02", {"methods": "SMS", "status": "停止"}, ("pass", "ok"), ()),
        ("ID-03", {"admin": "特権管理者"}, ("fail", "daily"), ("u0101",)),
        ("ID-03", {"admin": ""}, ("unknown", "not_measurable"), ("u0101",)),
        ("ID-03", {"admin": "はい"}, ("unknown", "not_measurable"), ("u0101",)),
        ("ID-04", {"admin": "管理者", "methods": "認証アプリ"}, ("fail", "weak"), ("u0101",)),
        ("ID-04", {"admin": "管理者", "methods": ""}, ("unknown", "not_measurable"), ("u0101",)),
        ("ID-04", {"admin": "管理者", "methods": "SMS", "status": ""}, ("unknown", "not_measurable"),
         ("u0101",)),
        ("ID-04", {"admin": "", "methods": "SMS"}, ("unknown", "not_measurable"), ("u0101",)),
        ("ID-04", {"admin": "管理者", "methods": "認証アプリ,FIDO2"}, ("unknown", "not_measurable"),
         ("u0101",)),
        ("ID-05", {"groups": "税務課"}, ("fail", "moved"), ("u0101",)),
        ("ID-05", {"groups": "CN=税務課,OU=G,DC=x;全職員"}, ("fail", "moved"), ("u0101",)),
        ("ID-05", {"groups": ""}, ("unknown", "not_measurable"), ("u0101",)),
        ("ID-05", {"groups": "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"},
         ("unknown", "unreadable"), ("a.csv:2 グループ",)),
        ("ID-05", {"left": "2026/11/20"}, ("fail", "left"), ("u0101",)),
        ("ID-05", {"left": "2026/11/24"}, ("pass", "ok"), ()),
        ("ID-05", {"left": "先月末"}, ("unknown", "unreadable"), ("a.csv:2 退職日",)),
        ("ID-05", {"left": "2026/11/20", "status": ""}, ("unknown", "not_measurable"), ("u0101",)),
        ("ID-08", {"last": "2026/8/20"}, ("fail", "dormant"), ("u0101",)),
        ("ID-08", {"last": "2026/8/26"}, ("pass", "ok"), ()),
        ("ID-08", {"last": ""}, ("unknown", "not_measurable"), ("u0101",)),
        ("ID-08", {"last": "ログインなし"}, ("fail", "dormant"), ("u0101",)),
        ("ID-08", {"last": "ログインなし", "created": "2026/11/1"}, ("pass", "ok"), ()),
        ("ID-08", {"last": "ログインなし", "created": ""}, ("unknown", "not_measurable"), ("u0101",)),
        ("ID-08", {"last": "2026/8/1", "status": "停止"}, ("pass", "ok"), ()),
        ("ID-08", {"last": "7/8/2026"}, ("unknown", "unreadable"), ("a.csv:2 最終ログイン",)),
    ],
)  # fmt: skip
def test_one_changed_cell_changes_the_verdict(
    folder: Write,
    town: Town,
    control: str,
    changed: dict[str, str],
    seen: tuple[str, str],
    places: tuple[str, ...],
) -> None:
    place = folder({"a.csv": sheet(OTHER, *people(**changed), *admins()), "columns.toml": said()})
    judgement = judged(control, place, town)
    assert verdict(judgement) == seen, judgement
    if judgement.verdict != "pass":
        assert judgement.places == places


def test_a_leaver_with_a_staff_number_nobody_has_is_a_fail(folder: Write, town: Town) -> None:
    rows = [*people(), *admins(), other("u0999", "0999")]
    judgement = judged("ID-05", folder({"a.csv": sheet(OTHER, *rows), "columns.toml": said()}), town)
    assert (verdict(judgement), judgement.places) == (("fail", "left"), ("u0999",))


def test_a_leaver_of_yesterday_is_neither_a_fail_nor_a_pass(folder: Write, town: Town) -> None:
    rows = [*people(), *admins(), other("u0999", "0999", left="2026/11/23")]
    judgement = judged("ID-05", folder({"a.csv": sheet(OTHER, *rows), "columns.toml": said()}), town)
    assert judgement.verdict == "unknown"


def test_a_closed_account_of_a_leaver_is_as_it_should_be(folder: Write, town: Town) -> None:
    rows = [*people(), *admins(), other("u0999", "0999", status="停止")]
    assert (
        judged("ID-05", folder({"a.csv": sheet(OTHER, *rows), "columns.toml": said()}), town).verdict
        == "pass"
    )


def test_an_account_of_nobody_stays_open_until_it_is_declared(folder: Write, town: Town) -> None:
    rows = [*people(), *admins(), other("kyouyuu", "")]
    place = folder({"a.csv": sheet(OTHER, *rows), "columns.toml": said()})
    assert judged("ID-05", place, town).places == ("kyouyuu",)
    folder({"columns.toml": said('"kyouyuu" = "窓口の共用"\n')})
    assert judged("ID-05", place, town).verdict == "pass"


def test_the_limit_counts_weekdays_over_a_weekend(folder: Write, town: Town) -> None:
    """Friday 20th to Monday 23rd is one weekday; a holiday in between would only shorten it."""
    text = said().replace("2026-11-24", "2026-11-23")
    rows = [*people(left="2026/11/20", last="2026/11/19"), *admins()]
    place = folder({"a.csv": sheet(OTHER, *rows), "columns.toml": text})
    assert judged("ID-05", place, town).verdict == "pass"
    assert judged("ID-05", place, town, max_business_days=0).key == "left"


@pytest.mark.parametrize(
    ("count", "more", "seen"),
    [(1, "", ("fail", "few")), (4, "", ("unknown", "not_measurable")), (5, "", ("fail", "many")),
     (4, '"kanri3" = "管理用"\n"kanri4" = "管理用"\n', ("pass", "ok"))],
)  # fmt: skip
def test_the_number_of_highest_administrators(
    folder: Write, town: Town, count: int, more: str, seen: tuple[str, str]
) -> None:
    place = folder({"a.csv": sheet(OTHER, *people(), *admins(count)), "columns.toml": said(more)})
    assert verdict(judged("ID-03", place, town)) == seen


def test_a_second_account_for_administration_is_not_daily(folder: Write, town: Town) -> None:
    rows = [*people(), other("a0101", "0101", admin="特権管理者"), other("a0102", "0102", admin="特権管理者")]
    place = folder({"a.csv": sheet(OTHER, *rows), "columns.toml": said()})
    assert verdict(judged("ID-03", place, town)) == ("pass", "ok")
    assert judged("ID-01", place, town).verdict == "unknown", "two usable accounts of one person"


@pytest.mark.parametrize("cell", ["いいえ", ""])
def test_only_the_person_whose_account_it_is_is_held_back(folder: Write, cell: str, town: Town) -> None:
    place = folder({"a.csv": sheet(OTHER, *people(mfa=cell), *admins()), "columns.toml": said()})
    assert judged("ID-01", place, town).concerns == ("0101",)


def test_a_fail_of_one_does_not_hide_whom_the_export_does_not_tell_of(folder: Write, town: Town) -> None:
    first, _, *rest = people(mfa="いいえ")
    place = folder({"a.csv": sheet(OTHER, first, *rest, *admins()), "columns.toml": said()})
    seen = judged("ID-01", place, town)
    assert (seen.key, seen.concerns, seen.doubts) == ("off", ("0101",), ("0102",))


@pytest.mark.parametrize(
    ("control", "policy", "seen"),
    [
        ("ID-02", "sms_voice_allowed = false", ("pass", "forbidden")),
        ("ID-02", "sms_voice_allowed = true", ("fail", "allowed")),
        ("ID-04", "admins_resistant_required = true", ("pass", "ok")),
        ("ID-07", "session_h = 12", ("pass", "ok")),
        ("ID-07", "session_h = 13", ("fail", "long")),
        ("ID-07", "mfa_required = true", ("unknown", "not_declared")),
    ],
)
def test_a_rule_the_town_read_off_the_system_counts(
    folder: Write, town: Town, control: str, policy: str, seen: tuple[str, str]
) -> None:
    rows = [*people(methods="SMS"), *admins(methods="FIDO2;TOTP")]
    place = folder({"a.csv": sheet(OTHER, *rows), "columns.toml": said(POLICY + policy)})
    assert verdict(judged(control, place, town)) == seen


@pytest.mark.parametrize(("on", "reason"), [("2026-07-01", "stale"), ("2026-12-01", "unreadable")])
def test_a_rule_read_long_ago_or_tomorrow_is_unknown(folder: Write, town: Town, on: str, reason: str) -> None:
    text = said(POLICY.replace("2026-11-20", on) + "session_h = 8\nsms_voice_allowed = false\n")
    place = folder({"a.csv": sheet(OTHER, *people(methods=""), *admins()), "columns.toml": text})
    assert verdict(judged("ID-07", place, town)) == ("unknown", reason)
    assert judged("ID-02", place, town).verdict == "unknown"


@pytest.mark.parametrize("control", ["ID-01", "ID-02", "ID-03", "ID-04", "ID-05", "ID-08"])
def test_an_old_export_is_stale_by_its_declared_day_its_file_and_its_name(
    folder: Write, town: Town, control: str
) -> None:
    rows = sheet(OTHER, *people(), *admins())
    place = folder({"a.csv": rows, "columns.toml": said().replace("2026-11-24", "2026-09-01")})
    assert judged(control, place, town).reason in ("stale", "unreadable")
    folder({"a.csv": rows, "columns.toml": said()}, date(2026, 9, 1))
    assert judged(control, place, town).reason == "stale"
    (place / "a.csv").unlink()
    folder({"users_2026-09-01.csv": rows, "columns.toml": said()})
    assert judged(control, place, town).reason == "stale"


def test_a_copied_old_export_gives_itself_away_by_its_sign_ins(folder: Write, town: Town) -> None:
    rows = [[*row[:4], "2026/9/20", *row[5:]] for row in (*people(), *admins())]
    judgement = judged("ID-01", folder({"a.csv": sheet(OTHER, *rows), "columns.toml": said()}), town)
    assert judgement.reason == "stale"


@pytest.mark.parametrize("control", ["ID-02", "ID-03", "ID-04", "ID-05", "ID-08"])
def test_an_export_without_everybody_of_the_trial_proves_nothing(
    folder: Write, town: Town, control: str
) -> None:
    rows = [*people()[:2], *admins()]
    judgement = judged(control, folder({"a.csv": sheet(OTHER, *rows), "columns.toml": said()}), town)
    assert (verdict(judgement), judgement.places) == (("unknown", "not_measurable"), ("0103",))


def test_nobody_in_the_trial_is_not_applicable(folder: Write, town: Town) -> None:
    nobody = replace(town, staff=tuple(replace(person, trial=False) for person in town.staff))
    place = folder({"a.csv": sheet(OTHER, *people(), *admins()), "columns.toml": said()})
    assert judged("ID-01", place, nobody).key == "nobody"


def test_coverage_below_the_whole_is_the_model_s_choice(folder: Write, town: Town) -> None:
    many = replace(
        town, staff=tuple(replace(town.staff[0], id=f"{at:04}", name=f"n{at}") for at in range(1, 41))
    )
    rows = [other(f"u{at}", f"{at:04}", mfa="いいえ" if at == 1 else "はい") for at in range(1, 41)]
    place = folder({"a.csv": sheet(OTHER, *rows), "columns.toml": said()})
    assert judged("ID-01", place, many, coverage=95).verdict == "pass"
    assert judged("ID-01", place, many).values["count"] == 1
