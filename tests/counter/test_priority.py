"""The national lists: online is what the ledger says plainly; what it leaves open never counts as online."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from auditor.api import Reason, Verdict
from tests.counter.kit import judged, put, sheet

HEAD = (
    "名称", "所管課", "オンライン申請可否", "オンライン不可の理由", "受付システム", "31手続区分",
    "59手続区分", "LGWAN受信後の印刷有無", "確認日",
)  # fmt: skip
PORTAL = "マイナポータル"


def line(name: str, group: str = "", **changed: str) -> tuple[str, ...]:
    row = {
        "名称": name, "所管課": "こども課", "オンライン申請可否": "可", "受付システム": PORTAL,
        "31手続区分": group, "59手続区分": "○", "LGWAN受信後の印刷有無": "無", "確認日": "2026/11/01",
        **changed,
    }  # fmt: skip
    return tuple(row.get(head, "") for head in HEAD)


def families(count: int = 26, last: Mapping[str, str] | None = None) -> list[tuple[str, ...]]:
    rows = [line(f"手続{at}", f"子育て{at:02}") for at in range(1, count)]
    return [*rows, line("最後の手続", f"介護-{count:02}", **(last or {}))]


def ledger(tmp_path: Path, *rows: tuple[str, ...]) -> Path:
    return put(tmp_path, {"手続一覧.csv": sheet(HEAD, *rows)})


def test_twenty_six_online_through_the_portal_pass(tmp_path: Path) -> None:
    assert judged("ONL-01", ledger(tmp_path, *families())).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("changed", "verdict", "reason"),
    [
        ({"オンライン申請可否": "不可"}, Verdict.FAIL, None),
        ({"受付システム": "町の申請フォーム"}, Verdict.FAIL, None),
        ({"オンライン申請可否": "制度なし"}, Verdict.FAIL, None),
        ({"オンライン申請可否": ""}, Verdict.UNKNOWN, Reason.BLANK),
        ({"受付システム": ""}, Verdict.UNKNOWN, Reason.BLANK),
        ({"オンライン申請可否": "準備中"}, Verdict.UNKNOWN, Reason.UNREADABLE),
        ({"オンライン申請可否": "-"}, Verdict.UNKNOWN, Reason.UNREADABLE),
    ],
)
def test_each_procedure_counts_only_where_the_ledger_says_so(
    tmp_path: Path, changed: dict[str, str], verdict: Verdict, reason: Reason | None
) -> None:
    result = judged("ONL-01", ledger(tmp_path, *families(last=changed)))
    assert (result.verdict, result.reason) == (verdict, reason)
    assert verdict is not Verdict.FAIL or result.places == ("最後の手続(こども課)",)


def test_a_scheme_that_does_not_exist_is_shown_apart_with_its_reason(tmp_path: Path) -> None:
    last = {"オンライン申請可否": "制度なし", "オンライン不可の理由": "町にその施設がない"}
    result = judged("ONL-01", ledger(tmp_path, *families(last=last)))
    assert (result.verdict, result.key, result.values["absent"]) == (Verdict.PASS, "absent", 1)


@pytest.mark.parametrize("count", [2, 25, 27])
def test_another_number_than_the_list_has_is_unknown(tmp_path: Path, count: int) -> None:
    assert judged("ONL-01", ledger(tmp_path, *families(count))).reason is Reason.BLANK


def test_several_forms_of_one_procedure_count_once(tmp_path: Path) -> None:
    twice = line("手続1の別紙", "子育て01")
    assert judged("ONL-01", ledger(tmp_path, *families(), twice)).verdict is Verdict.PASS


def test_a_vehicle_procedure_is_not_the_town_s(tmp_path: Path) -> None:
    car = line("自動車の手続", "自動車保有1", オンライン申請可否="不可")
    assert judged("ONL-01", ledger(tmp_path, *families(), car)).verdict is Verdict.PASS


def test_a_ledger_of_forms_alone_says_nothing_of_the_lists(tmp_path: Path) -> None:
    put(tmp_path, {"様式一覧.csv": sheet(("名称", "所管課", "オンライン申請可否"), ("届", "課", "可"))})
    assert judged("ONL-01", tmp_path).verdict is Verdict.UNKNOWN
    assert judged("ONL-04", tmp_path).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([line("罹災証明の申請", "罹災証明")], Verdict.PASS),
        ([line("り災証明書交付申請")], Verdict.PASS),
        ([line("罹災証明の申請", オンライン申請可否="不可")], Verdict.FAIL),
        ([line("罹災証明の申請", オンライン申請可否="")], Verdict.UNKNOWN),
        ([line("別の手続")], Verdict.UNKNOWN),
    ],
)
def test_the_disaster_certificate_is_looked_for_by_group_and_name(
    tmp_path: Path, rows: list[tuple[str, ...]], verdict: Verdict
) -> None:
    assert judged("ONL-02", ledger(tmp_path, *rows)).verdict is verdict


@pytest.mark.parametrize(
    ("out", "reservation", "verdict"),
    [
        ("可", "可", Verdict.PASS),
        ("可", "不可", Verdict.FAIL),
        ("可", None, Verdict.UNKNOWN),
        ("", "可", Verdict.UNKNOWN),
    ],
)
def test_moving_needs_both_the_notice_and_the_reservation(
    tmp_path: Path, out: str, reservation: str | None, verdict: Verdict
) -> None:
    rows = [line("転出届", オンライン申請可否=out)]
    if reservation is not None:
        rows.append(line("転入の来庁予約", オンライン申請可否=reservation))
    assert judged("ONL-03", ledger(tmp_path, *rows)).verdict is verdict


def test_a_town_may_leave_these_out_of_its_model(tmp_path: Path) -> None:
    for control in ("ONL-02", "ONL-03"):
        assert judged(control, ledger(tmp_path, line("届")), required=False).verdict is Verdict.NOT_APPLICABLE


OFF = {"オンライン申請可否": "不可"}


def some(name: str, count: int, **changed: str) -> list[tuple[str, ...]]:
    return [line(f"{name}{at}", **changed) for at in range(count)]


UNMARKED = {"59手続区分": ""}


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (some("甲", 3) + some("乙", 2, **OFF), Verdict.PASS),
        (some("甲", 599) + some("乙", 401, **OFF), Verdict.FAIL),
        (some("甲", 5) + some("乙", 5, **OFF) + some("丙", 1, **UNMARKED), Verdict.FAIL),
        (some("甲", 5) + some("乙", 4, **OFF) + some("丙", 3, **UNMARKED), Verdict.UNKNOWN),
        (some("甲", 3) + some("乙", 1, **UNMARKED), Verdict.UNKNOWN),
        ([line("甲"), line("乙", **{"59手続区分": "-", **OFF})], Verdict.PASS),
        ([line("甲", **{"59手続区分": "12"})], Verdict.PASS),
        ([line("甲", **{"59手続区分": "60"})], Verdict.UNKNOWN),
        ([line("甲", **{"59手続区分": "×"})], Verdict.UNKNOWN),
        (some("甲", 2) * 9 + some("乙", 2, **OFF), Verdict.FAIL),
        (some("甲", 3) + some("甲", 3, **OFF), Verdict.FAIL),
    ],
    ids=["at the aim", "59.9 %", "even if the blank were online", "the blanks decide", "a blank row",
         "a dash is outside", "a number of the list", "no number of the list", "nothing of the list",
         "rows written again and again", "both yes and no"],
)  # fmt: skip
def test_the_share_of_the_59_is_never_rounded_up_nor_filled_in(
    tmp_path: Path, rows: list[tuple[str, ...]], verdict: Verdict
) -> None:
    assert judged("ONL-04", ledger(tmp_path, *rows), listed=1).verdict is verdict


@pytest.mark.parametrize(
    ("marks", "verdict"),
    [
        ([str(nth) for nth in range(1, 60)], Verdict.PASS),
        (["○"] * 59, Verdict.PASS),
        ([f"{nth:02}" for nth in range(1, 59)] + ["58"], Verdict.UNKNOWN),
        (["○"] * 58, Verdict.UNKNOWN),
        (["1"], Verdict.UNKNOWN),
        ([], Verdict.UNKNOWN),
    ],
    ids=["each number", "each name", "a number twice", "one is missing", "one alone", "none"],
)
def test_a_ledger_that_marks_fewer_than_the_list_has_never_passes(
    tmp_path: Path, marks: list[str], verdict: Verdict
) -> None:
    rows = [line(f"届{at}", **{"59手続区分": mark}) for at, mark in enumerate(marks)]
    assert judged("ONL-04", ledger(tmp_path, *rows)).verdict is verdict


def test_a_procedure_marked_by_number_and_by_name_counts_once(tmp_path: Path) -> None:
    numbered = [line(f"届{at}", **{"59手続区分": str(at + 1)}) for at in range(30)]
    assert judged("ONL-04", ledger(tmp_path, *numbered, *some("届", 29))).verdict is Verdict.UNKNOWN


def test_what_the_ledger_does_not_mark_may_be_online(tmp_path: Path) -> None:
    assert judged("ONL-04", ledger(tmp_path, line("届", **OFF))).verdict is Verdict.UNKNOWN
    most = judged("ONL-04", ledger(tmp_path, *some("届", 24, **OFF)))
    assert (most.verdict, most.values["share"], most.values["listed"]) == (Verdict.FAIL, 59, 59)


def test_what_the_town_does_not_have_is_among_the_listed(tmp_path: Path) -> None:
    absent = line("届", オンライン申請可否="制度なし", オンライン不可の理由="町に海がない")
    rows = [line(f"届{at}") for at in range(58)]
    result = judged("ONL-04", ledger(tmp_path, *rows, absent))
    assert (result.verdict, result.values["listed"]) == (Verdict.PASS, 58)


@pytest.mark.parametrize(("day", "aim"), [("2027-03-31", 60), ("2027-04-01", 70), ("2040-04-01", 100)])
def test_the_aim_grows_with_the_fiscal_year(tmp_path: Path, day: str, aim: int) -> None:
    result = judged("ONL-04", ledger(tmp_path, line("甲")), listed=1, today=date.fromisoformat(day))
    assert result.values["aim"] == aim


@pytest.mark.parametrize(
    ("changed", "verdict", "reason"),
    [
        ({}, Verdict.PASS, None),
        ({"LGWAN受信後の印刷有無": "有"}, Verdict.FAIL, None),
        ({"LGWAN受信後の印刷有無": ""}, Verdict.UNKNOWN, Reason.BLANK),
        ({"LGWAN受信後の印刷有無": "-"}, Verdict.UNKNOWN, Reason.UNREADABLE),
        ({"オンライン申請可否": ""}, Verdict.UNKNOWN, Reason.BLANK),
        ({"オンライン申請可否": "不可"}, Verdict.UNKNOWN, Reason.BLANK),
        ({"確認日": ""}, Verdict.UNKNOWN, Reason.EXPIRED),
        ({"確認日": "2026/05/29"}, Verdict.UNKNOWN, Reason.EXPIRED),
        ({"確認日": "2026/11/27"}, Verdict.UNKNOWN, Reason.EXPIRED),
        ({"確認日": "11/1/2026"}, Verdict.UNKNOWN, Reason.UNREADABLE),
    ],
)
def test_printing_is_the_section_s_word_and_runs_out(
    tmp_path: Path, changed: dict[str, str], verdict: Verdict, reason: Reason | None
) -> None:
    result = judged("ONL-10", ledger(tmp_path, line("届", **changed)))
    assert (result.verdict, result.reason) == (verdict, reason)


def test_an_old_word_is_not_hidden_by_a_newer_one_for_a_form_of_the_same_name(tmp_path: Path) -> None:
    rows = (line("届", 確認日="2026/01/05"), line("届"))
    assert judged("ONL-10", ledger(tmp_path, *rows)).reason is Reason.EXPIRED


def test_a_pass_by_somebody_s_word_holds_as_long_as_the_oldest_word(tmp_path: Path) -> None:
    result = judged("ONL-10", ledger(tmp_path, line("甲"), line("乙", 確認日="2026年6月1日")))
    assert result.until == date(2026, 11, 28)
