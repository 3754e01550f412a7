"""ORD-12: each of the nine clauses stands in a telework rule in force, or it is said which does not."""

from dataclasses import replace

import pytest

from auditor.api import Reason, Verdict
from checks.ordinance._reader import documents_of
from checks.ordinance._text import plain_page
from checks.ordinance.corpus import Ordinances
from tests.ordinance.support import judge, rule, texts

CLAUSES = {
    "対象者": "対象となる職員は、試行に参加する職員とする。",
    "勤務場所": "勤務の場所は、職員の自宅とする。",
    "申請と承認": "テレワークをしようとする者は、前日までに所属長に申請し、その承認を受けなければならない。",
    "勤務時間": "始業及び終業の時刻は、システムに打刻して記録する。",
    "持ち出し": "文書を持ち出すときは、所属長の許可を受けなければならない。",
    "情報セキュリティ": "端末には、盗み見を防ぐため、画面の保護を設定しなければならない。",
    "個人情報": "個人情報を記録した書類は、庁舎の外で取り扱ってはならない。",
    "事故の報告": "端末を紛失したときは、直ちに所属長に報告しなければならない。",
    "費用負担": "通信費は、職員が負担する。",
}
TITLE = "小船町テレワーク実施要綱"


def telework(*without: str, **instead: str) -> tuple[str, ...]:
    kept = {name: text for name, text in {**CLAUSES, **instead}.items() if name not in without}
    return rule(TITLE, *(f"第{at}条　{text}" for at, text in enumerate(kept.values(), start=1)))


def test_a_rule_with_all_nine_clauses_passes_and_quotes_each_place() -> None:
    result = judge("ORD-12", texts(telework()))
    assert (result.verdict, result.values["count"]) == (Verdict.PASS, 9)
    assert f"{TITLE}第8条: 事故の報告" in result.places


@pytest.mark.parametrize("name", CLAUSES)
def test_the_one_clause_that_is_missing_is_named(name: str) -> None:
    result = judge("ORD-12", texts(telework(name)))
    assert (result.verdict, result.places) == (Verdict.FAIL, (name,))


def test_without_a_telework_rule_nothing_is_known() -> None:
    result = judge("ORD-12", texts(rule("小船町集会所規則", "第1条　集会所を置く。")))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED)


REPEALING = ("附　則", "1　この規程は、令和6年4月1日から施行する。")


@pytest.mark.parametrize(
    "words",
    [
        (f"2　{TITLE}(令和5年訓令第3号)は、廃止する。",),
        (f"2　{TITLE}を廃止する。",),
        (f"2　小船町端末要領及び{TITLE}は、廃止する。",),
        (f"2　{TITLE}(令和5年訓令第3号)及び小船町端末要領は、廃止する。",),
        ("2　次に掲げる訓令は、廃止する。", f"(1)　{TITLE}(令和5年訓令第3号)", "(2)　小船町端末要領"),
    ],
)
def test_a_rule_that_another_one_abolished_is_none(words: tuple[str, ...]) -> None:
    new = rule("小船町テレワーク規程", "第1条　この規程は、テレワークについて定める。", *REPEALING, *words)
    assert judge("ORD-12", texts(telework(), new)).verdict is Verdict.FAIL


def test_an_older_rule_of_the_same_name_that_was_abolished_takes_nothing_from_the_new_one() -> None:
    other = rule("小船町職員規程", "第1条　略", *REPEALING, f"2　{TITLE}(平成30年訓令第9号)は、廃止する。")
    assert judge("ORD-12", texts(telework(), other)).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "line",
    [f"2　{TITLE}細則は、廃止する。", f"2　旧{TITLE}を廃止する。", f"2　{TITLE}第3条の様式を廃止する。"],
)
def test_what_else_is_abolished_takes_nothing_from_the_rule(line: str) -> None:
    other = rule("小船町職員規程", "第1条　略", *REPEALING, line)
    assert judge("ORD-12", texts(telework(), other)).verdict is Verdict.PASS


def test_a_rule_that_is_abolished_from_next_year_still_counts() -> None:
    line = "1　この規程は、令和9年4月1日から施行する。"
    page = plain_page(
        "\n".join((*rule("小船町職員規程", "第1条　略", "附　則", line), f"2　{TITLE}は、廃止する。"))
    )
    both = (*texts(telework()).documents, *documents_of("y.txt", page))
    assert judge("ORD-12", Ordinances(both, (), 2)).verdict is Verdict.PASS


@pytest.mark.parametrize("mark", ["(案)", "（ひな形）", "【廃止】", "(旧)"])
def test_a_draft_or_a_rule_marked_as_gone_is_none(mark: str) -> None:
    result = judge("ORD-12", texts((f"○{TITLE}{mark}", *telework()[1:])))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED)


def test_what_is_missing_may_stand_in_a_file_that_was_not_read() -> None:
    result = judge("ORD-12", texts(telework("費用負担"), unread=("k9.doc",)))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.UNREADABLE)


def test_two_rules_together_hold_the_clauses() -> None:
    first, second = telework("費用負担"), rule("小船町在宅勤務費用規程", "第1条　" + CLAUSES["費用負担"])
    assert judge("ORD-12", texts(first, second)).verdict is Verdict.PASS


def test_a_clause_that_is_only_put_off_to_another_text_is_unknown() -> None:
    result = judge("ORD-12", texts(telework(費用負担="費用の負担については、町長が別に定める。")))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)
    assert result.places == (f"{TITLE}第9条: 費用負担",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("費用負担", "費用の負担については、この要綱では定めない。"),
        ("勤務場所", "勤務の場所については、これを定めない。"),
    ],
)
def test_what_the_rule_says_it_does_not_lay_down_is_no_clause(name: str, text: str) -> None:
    assert judge("ORD-12", texts(telework(**{name: text}))).verdict is not Verdict.PASS


def test_a_purpose_or_a_definition_is_no_clause() -> None:
    lines = (*telework("費用負担"), "（目的）", "第9条　この要綱は、費用の負担その他の事項を定める。")
    assert judge("ORD-12", texts(lines)).verdict is Verdict.FAIL
    lines = (*telework("費用負担"), "（定義）", "第9条　通信費　職員が負担する費用をいう。")
    assert judge("ORD-12", texts(lines)).verdict is Verdict.FAIL


def test_the_permission_to_carry_papers_out_is_no_application_for_telework() -> None:
    lines = telework(
        "申請と承認", 持ち出し="実施のため文書を持ち出すときは、所属長に申請し、その承認を受ける。"
    )
    assert judge("ORD-12", texts(lines)).places == ("申請と承認",)


@pytest.mark.parametrize(
    ("ending", "verdict"),
    [
        ("この要綱は、令和9年4月1日から施行する。", Verdict.UNKNOWN),
        ("この要綱は、令和5年4月1日から施行し、令和7年3月31日限り、その効力を失う。", Verdict.UNKNOWN),
        ("この要綱は、令和8年4月1日から施行する。", Verdict.PASS),
    ],
)
def test_a_rule_counts_only_while_it_is_in_force(ending: str, verdict: Verdict) -> None:
    page = plain_page("\n".join((*telework(), "附　則", ending)))
    assert judge("ORD-12", Ordinances(documents_of("x.txt", page), (), 1)).verdict is verdict


def test_a_rule_that_only_amends_another_is_none() -> None:
    lines = ("○小船町テレワーク実施要綱の一部を改正する要綱", *telework()[1:])
    assert judge("ORD-12", texts(lines)).reason is Reason.NOT_COLLECTED


@pytest.mark.parametrize(
    ("name", "heading", "text"),
    [
        ("対象者", "（持ち出せる文書の範囲）", "文書の範囲は、写しに限る。"),
        ("勤務場所", "（文書の保管場所）", "文書は、鍵のかかる場所で保管する。"),
        ("事故の報告", "（障害のある職員への配慮）", "障害のある職員は、必要な配慮を申し出ることができる。"),
    ],
)
def test_a_heading_that_only_sounds_alike_is_no_clause(name: str, heading: str, text: str) -> None:
    lines = (*telework(name), heading, f"第10条　{text}")
    assert judge("ORD-12", texts(lines)).places == (name,)


def test_a_word_of_the_towns_own_is_asked_for_too() -> None:
    assert judge("ORD-12", texts(telework()), clauses=("target", "カメラ")).places == ("カメラ",)


def test_a_collection_that_may_be_a_part_of_the_whole_makes_nothing_missing() -> None:
    whole = texts(telework("費用負担"))
    assert judge("ORD-12", whole).verdict is Verdict.FAIL
    for declared, reason in ((None, Reason.NOT_DECLARED), (whole.different + 1, Reason.NOT_COLLECTED)):
        result = judge("ORD-12", replace(whole, declared=declared))
        assert (result.verdict, result.reason) == (Verdict.UNKNOWN, reason)
