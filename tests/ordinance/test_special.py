"""Special rules lift what they name, from the day they begin, and never what they leave out."""

from datetime import date

import pytest

from checks.ordinance._days import ends_on, starts_on
from checks.ordinance._provisions import Document
from checks.ordinance._rules import rules
from checks.ordinance._search import CANDIDATE, LAW
from checks.ordinance._special import Covers, covers, special_rules
from tests.ordinance.conftest import TODAY, document, search

HEAD = ("○小船町押印の特例に関する規則", "令和4年2月1日", "規則第2号")
GRANT = (
    "第2条　規則、訓令及び要綱の規定により押印を求める申請書等については、"
    "当該規定にかかわらず、押印を要しない。"
)
LIST = ("第3条　前条の規定は、次に掲げるものには適用しない。", "(1)　契約書", "(2)　法令に定めのあるもの")
START = ("附　則", "この規則は、令和4年4月1日から施行する。")
SEAL_RULE = document(*HEAD, GRANT, *LIST, *START)

PAPER_RULE = document(
    "○小船町行政手続における情報通信技術の利用に関する条例",
    "令和3年12月10日",
    "条例第20号",
    "第1条　この条例は、条例等及び規則の手続を電子でも行えるようにすることを目的とする。",
    "第3条　条例及び規則の規定により書面等により行うこととされている申請については、当該規定にかかわらず、"
    "電子情報処理組織を使用して行わせることができる。",
    "第4条　前条の規定は、契約に関する書類には適用しない。",
    "附　則",
    "この条例は、公布の日から施行する。",
)


def other(title: str, text: str, number: str = "規則第9号") -> Document:
    return document(f"○{title}", "平成5年4月1日", number, "第1条　" + text)


def covered(special: Document, subject: str, target: Document, today: date = TODAY) -> list[Covers]:
    (rule,) = special_rules((special,), subject, rules())
    found = search(target, subject).matches
    return [covers(rule, hit, subject, rules(), today) for hit in found if hit.klass in (CANDIDATE, LAW)]


def test_a_seal_clause_of_a_rule_is_lifted() -> None:
    assert covered(SEAL_RULE, "seal", other("小船町備品規則", "申請書に押印する。")) == [Covers.YES]


@pytest.mark.parametrize(("begins", "in_force"), [("令和8年4月1日", False), ("令和9年4月1日", True)])
def test_a_special_rule_that_another_rule_abolished_lifts_nothing_from_that_day(
    *, begins: str, in_force: bool
) -> None:
    gone = f"2　{HEAD[0][1:]}(令和4年規則第2号)は、廃止する。"
    new = document(
        "○小船町文書規則",
        "令和8年2月1日",
        "規則第1号",
        "第1条　略",
        "附　則",
        f"1　この規則は、{begins}から施行する。",
        gone,
    )
    (rule,) = special_rules((SEAL_RULE, new), "seal", rules())
    assert rule.in_force(TODAY) is in_force


def test_the_draft_of_a_special_rule_is_none() -> None:
    draft = document(HEAD[0] + "(案)", *HEAD[1:], GRANT, *START)
    assert special_rules((draft,), "seal", rules()) == ()


@pytest.mark.parametrize(
    ("title", "text", "number"),
    [
        ("小船町備品条例", "申請書に押印する。", "条例第9号"),
        ("小船町備品規則", "契約書に押印する。", "規則第9号"),
        ("小船町備品規則", "戸籍法第5条の規定により押印する。", "規則第9号"),
        ("小船町備品規則", "申請書に実印を添える。", "規則第9号"),
        ("小船町備品規則", "申請書に署名する。", "規則第9号"),
        ("小船町学校規則", "申請書に押印する。", "教育委員会規則第9号"),
    ],
)
def test_what_a_special_rule_does_not_reach_or_leaves_out_stays(title: str, text: str, number: str) -> None:
    assert covered(SEAL_RULE, "seal", other(title, text, number)) == [Covers.NO]


def test_the_title_of_a_form_that_is_left_out_is_seen() -> None:
    form = document("○小船町備品規則", "規則第9号", "第1条　甲とする。", "様式第1号", "契約書", "氏名　㊞")
    assert set(covered(SEAL_RULE, "seal", form)) == {Covers.NO}


def test_a_form_is_never_surely_lifted() -> None:
    form = document(
        "○小船町備品規則", "規則第9号", "第1条　甲とする。", "様式第1号", "借用申請書", "氏名　㊞"
    )
    assert set(covered(SEAL_RULE, "seal", form)) == {Covers.MAYBE}


def test_a_rule_that_is_not_yet_or_no_longer_in_force_lifts_nothing() -> None:
    target = other("小船町備品規則", "申請書に押印する。")
    ended = document(*HEAD, GRANT, *LIST, *START, "2　この規則は、令和6年3月31日限り、その効力を失う。")
    assert covered(SEAL_RULE, "seal", target, date(2022, 3, 31)) == [Covers.NO]
    assert covered(SEAL_RULE, "seal", target, date(2022, 4, 1)) == [Covers.YES]
    assert covered(ended, "seal", target, date(2024, 4, 1)) == [Covers.NO]


def test_a_rule_without_a_day_of_enforcement_may_lift() -> None:
    undated = document(*HEAD, GRANT, *LIST)
    assert covered(undated, "seal", other("小船町備品規則", "申請書に押印する。")) == [Covers.MAYBE]


def test_a_rule_that_keeps_its_list_elsewhere_may_lift() -> None:
    elsewhere = document(
        *HEAD,
        "第2条　規則の規定により押印を求める書類のうち町長が別に定めるものについては、当該規定にかかわらず、"
        "押印を要しない。",
        *START,
    )
    assert covered(elsewhere, "seal", other("小船町備品規則", "申請書に押印する。")) == [Covers.MAYBE]


def test_a_rule_whose_exclusion_nobody_understands_may_lift() -> None:
    vague = document(*HEAD, GRANT, "第3条　前条の規定は、甲種の書類には適用しない。", *START)
    assert covered(vague, "seal", other("小船町備品規則", "申請書に押印する。")) == [Covers.MAYBE]


def test_one_rule_that_frees_its_own_form_is_no_special_rule() -> None:
    own = other("小船町備品規則", "前条の規定にかかわらず、規則で定める申請書の押印を要しない。")
    assert special_rules((own,), "seal", rules()) == ()


def test_a_title_without_a_grant_is_no_special_rule() -> None:
    named = other("小船町押印の見直しに関する要綱", "町は、押印の見直しを進める。")
    assert special_rules((named,), "seal", rules()) == ()


def test_an_electronic_procedure_ordinance_lifts_paper_but_not_presence() -> None:
    target = other("小船町備品条例", "申請は、書面により窓口に提出して行う。", "条例第9号")
    assert covered(PAPER_RULE, "paper", target) == [Covers.YES]
    (rule,) = special_rules((PAPER_RULE,), "paper", rules())
    attend = search(target, "attend").matches
    assert {covers(rule, hit, "paper", rules(), TODAY) for hit in attend} == {Covers.NO}


def test_days_are_read_from_the_ordinances_own_supplement() -> None:
    assert starts_on(SEAL_RULE) == date(2022, 4, 1)
    assert starts_on(PAPER_RULE) == date(2021, 12, 10)
    assert ends_on(SEAL_RULE) is None
    amended = document(
        *HEAD, GRANT, *START, "附　則（令和5年規則第1号）", "この規則は、令和5年7月1日から施行する。"
    )
    assert starts_on(amended) == date(2022, 4, 1)


def test_a_day_that_does_not_exist_is_not_known() -> None:
    assert starts_on(document(*HEAD, GRANT, "附　則", "この規則は、令和4年2月30日から施行する。")) is None
