"""ORD-13, 14, 18, 20, 21: the clauses that telework needs, quoted; a missing text is unknown."""

import pytest

from auditor.api import Reason, Verdict
from tests.ordinance.support import judge, rule, texts, town

NOTHING = texts(rule("小船町集会所規則", "第1条　集会所を置く。"))


@pytest.mark.parametrize("control", ["ORD-12", "ORD-13", "ORD-14", "ORD-18", "ORD-20", "ORD-21"])
def test_without_the_right_ordinance_nothing_is_known(control: str) -> None:
    result = judge(control, NOTHING, town("総務課"))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED)


@pytest.mark.parametrize("control", ["ORD-12", "ORD-13", "ORD-14", "ORD-18", "ORD-20", "ORD-21"])
def test_no_collection_at_all_is_unknown(control: str) -> None:
    assert judge(control, texts(), town("総務課")).verdict is Verdict.UNKNOWN


SERVICE = "小船町職員服務規程"
BOOK = "第5条　職員は、登庁したときは、直ちに自ら出勤簿に押印しなければならない。"


def test_a_book_to_be_sealed_ties_service_to_the_hall() -> None:
    result = judge("ORD-13", texts(rule(SERVICE, BOOK)))
    assert (result.verdict, result.key, result.places) == (Verdict.FAIL, "bound", (SERVICE + "第5条",))


@pytest.mark.parametrize(
    "exception",
    [
        "2　テレワークをする職員については、前項の規定は適用しない。",
        "2　前項の規定にかかわらず、在宅勤務をする職員は、システムに打刻するものとする。",
        "第6条　テレワークをする職員は、第5条の規定にかかわらず、所属長に電子メールで報告する。",
    ],
)
def test_an_exception_for_telework_frees_the_clause(exception: str) -> None:
    result = judge("ORD-13", texts(rule(SERVICE, BOOK, exception)))
    assert (result.verdict, result.key) == (Verdict.PASS, "excepted")


def test_an_exception_in_the_telework_rule_frees_the_clause_that_it_names() -> None:
    lifting = "第9条　テレワークをする職員は、小船町職員服務規程第5条の規定にかかわらず、システムに打刻する。"
    other = lifting.replace("第5条", "第15条")
    assert (
        judge("ORD-13", texts(rule(SERVICE, BOOK), rule("小船町テレワーク要綱", lifting))).key == "excepted"
    )
    assert judge("ORD-13", texts(rule(SERVICE, BOOK), rule("小船町テレワーク要綱", other))).key == "bound"


def test_an_exception_elsewhere_or_for_others_frees_nothing() -> None:
    article = "第6条　育児休業をする職員は、第5条の規定にかかわらず、押印を要しない。"
    assert judge("ORD-13", texts(rule(SERVICE, BOOK, article))).verdict is Verdict.FAIL
    article = "第16条　テレワークをする職員は、第15条の規定にかかわらず、打刻する。"
    assert judge("ORD-13", texts(rule(SERVICE, BOOK, article))).verdict is Verdict.FAIL


def test_attendance_by_a_system_does_not_tie_service_to_the_hall() -> None:
    article = "第5条　職員は、出勤及び退勤の時刻を勤怠管理システムに記録する。"
    assert judge("ORD-13", texts(rule(SERVICE, article))).key == "free"


def test_words_about_attendance_that_no_rule_knows_are_unknown_and_not_free() -> None:
    result = judge("ORD-13", texts(rule(SERVICE, "第5条　職員は、出勤したときは、名札を裏返すものとする。")))
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, (SERVICE + "第5条",))


def test_the_oath_of_office_is_no_rule_of_service() -> None:
    oath = rule("小船町職員の服務の宣誓に関する条例", "第2条　新たに職員となった者は、宣誓書に署名する。")
    assert judge("ORD-13", texts(oath)).reason is Reason.NOT_COLLECTED


def test_a_seal_beside_the_system_still_ties_service_to_the_hall() -> None:
    article = "第5条　職員は、登庁し、勤怠管理システムに記録し、かつ、出勤簿に押印する。"
    assert judge("ORD-13", texts(rule(SERVICE, article))).key == "bound"


RECORDS = rule(
    "小船町文書管理規程",
    "第2条　この規程において「文書」とは、書類及び電磁的記録をいう。",
    "第8条　起案は、文書管理システムにより行う。",
    "第20条　軽易な文書は、公印の押印を省略することができる。",
)
CONTRACTS = rule("小船町契約規則", "第9条　契約書は、電子署名をした電磁的記録によることができる。")
SEALS = rule("小船町公印規則", "第3条　公印は、総務課で管理する。")


def test_rules_that_recognise_electronic_originals_are_quoted() -> None:
    result = judge("ORD-14", texts(RECORDS, CONTRACTS, SEALS))
    assert result.verdict is Verdict.PASS
    assert "小船町契約規則第9条: 電子署名" in result.places


def test_the_rule_that_lacks_the_word_is_named() -> None:
    without = rule("小船町契約規則", "第9条　契約書には、双方が記名押印する。")
    result = judge("ORD-14", texts(RECORDS, without))
    assert (result.verdict, result.places) == (Verdict.FAIL, ("小船町契約規則: 電子署名",))


def test_a_word_in_another_rule_does_not_stand_for_the_right_one() -> None:
    elsewhere = rule("小船町集会所規則", "第1条　申込みは、電子署名をして行う。")
    result = judge("ORD-14", texts(RECORDS, elsewhere))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED)


@pytest.mark.parametrize(
    "text",
    [
        "契約書は、電子署名によって作成することはできない。",
        "電子署名による契約は、認めない。",
        "契約書は、電子署名をして作成してはならない。",
    ],
)
def test_a_word_that_is_taken_back_recognises_nothing(text: str) -> None:
    assert judge("ORD-14", texts(RECORDS, rule("小船町契約規則", f"第9条　{text}"))).verdict is Verdict.FAIL


DELEGATION = "小船町事務決裁規程"
DECIDES = (
    "第3条　町長の決裁を要する事項は、次のとおりとする。",
    "第4条　副町長の専決事項は、別表第1のとおりとする。",
    "第5条　課長は、別表第2に掲げる事項を専決することができる。",
)
STANDS_IN = (
    "第7条　町長が不在のときは、副町長がその事務を代決する。",
    "第8条　副町長が不在のときは、総務課長がその事務を代決する。",
    "第9条　課長が不在のときは、課長補佐がその事務を代決する。",
)


def test_each_who_decides_has_a_deputy() -> None:
    result = judge("ORD-18", texts(rule(DELEGATION, *DECIDES, *STANDS_IN)))
    assert (result.verdict, result.values["makers"]) == (Verdict.PASS, 3)
    assert f"{DELEGATION}第9条: 課長" in result.places


def test_the_title_without_a_deputy_is_named() -> None:
    result = judge("ORD-18", texts(rule(DELEGATION, *DECIDES, *STANDS_IN[:2])))
    assert (result.verdict, result.places) == (Verdict.FAIL, ("課長",))


def test_a_deputy_for_when_both_are_away_is_none_for_either() -> None:
    both = "第8条　町長及び副町長がともに不在のときは、総務課長がその事務を代決する。"
    result = judge("ORD-18", texts(rule(DELEGATION, *DECIDES, STANDS_IN[0], both, STANDS_IN[2])))
    assert result.places == ("副町長",)


def test_that_nobody_may_stand_in_is_no_deputy() -> None:
    barred = "第9条　課長が不在のときは、何人もその事務を代決することができない。"
    assert judge("ORD-18", texts(rule(DELEGATION, *DECIDES, *STANDS_IN[:2], barred))).places == ("課長",)


def test_deputies_in_a_table_are_unknown() -> None:
    table = ("別表第1", "決裁者　第1次代決者", "課長　課長補佐")
    result = judge("ORD-18", texts(rule(DELEGATION, *DECIDES, *STANDS_IN[:2], *table)))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_a_rule_in_which_no_title_decides_is_unknown_and_not_full_coverage() -> None:
    result = judge("ORD-18", texts(rule(DELEGATION, "第1条　決裁の手続を定める。")))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_a_title_in_a_table_that_nobody_recognised_is_unknown_and_not_covered() -> None:
    table = ("別表第1", "事務の区分　教育長", "休暇の承認　○")
    result = judge("ORD-18", texts(rule(DELEGATION, *DECIDES, *STANDS_IN, *table)))
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, ("教育長",))


ORGANISATION = "小船町行政組織規則"


def test_an_officer_in_each_section_reaches_all_of_them() -> None:
    article = rule(ORGANISATION, "第5条の2　各課にデジタル推進担当を置く。")
    result = judge("ORD-20", texts(article), town("総務課", "税務課"))
    assert (result.verdict, result.places) == (Verdict.PASS, (ORGANISATION + "第5条の2",))


def test_a_section_that_is_not_named_is_named() -> None:
    article = rule(ORGANISATION, "第5条の2　総務課及び企画課にDX推進リーダーを置く。")
    result = judge("ORD-20", texts(article), town("総務課", "税務課"))
    assert (result.verdict, result.places[-1], result.values["count"]) == (Verdict.FAIL, "税務課", 1)


def test_an_office_that_is_no_section_by_name_is_unknown() -> None:
    article = rule(ORGANISATION, "第5条の2　各課にデジタル推進担当を置く。")
    result = judge("ORD-20", texts(article), town("総務課", "議会事務局"))
    assert (result.verdict, result.places[-1]) == (Verdict.UNKNOWN, "議会事務局")


def test_an_office_that_the_rule_counts_among_sections_is_reached() -> None:
    article = rule(
        ORGANISATION,
        "第2条　町に、次の課(室及び事務局を含む。以下同じ。)を置く。",
        "第5条の2　各課にデジタル推進担当を置く。",
    )
    assert judge("ORD-20", texts(article), town("総務課", "議会事務局")).verdict is Verdict.PASS


def test_an_organisation_rule_without_the_clause_fails() -> None:
    result = judge("ORD-20", texts(rule(ORGANISATION, "第2条　町に総務課を置く。")), town("総務課"))
    assert (result.verdict, result.key) == (Verdict.FAIL, "missing")


@pytest.mark.parametrize(
    "text",
    [
        "各課にデジタル推進担当を置くことができる。",
        "各課(税務課を除く。)にデジタル推進担当を置く。",
    ],
)
def test_an_officer_with_exceptions_or_only_allowed_is_unknown(text: str) -> None:
    result = judge("ORD-20", texts(rule(ORGANISATION, f"第5条の2　{text}")), town("総務課", "税務課"))
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, (ORGANISATION + "第5条の2",))


def test_one_officer_who_advises_each_section_is_none_in_each() -> None:
    article = rule(ORGANISATION, "第5条の2　各課に対し助言するデジタル推進担当を総務課に置く。")
    result = judge("ORD-20", texts(article), town("総務課", "税務課"))
    assert (result.verdict, result.places[-1]) == (Verdict.FAIL, "税務課")


def test_the_duties_of_a_digital_section_place_no_officer() -> None:
    article = rule(ORGANISATION, "第3条　総務課の分掌事務は、デジタル推進に関することとする。")
    assert judge("ORD-20", texts(article), town("総務課")).verdict is Verdict.FAIL


def test_a_town_without_declared_sections_is_unknown() -> None:
    article = rule(ORGANISATION, "第5条の2　各課にデジタル推進担当を置く。")
    assert judge("ORD-20", texts(article), town()).reason is Reason.NOT_DECLARED


PROMULGATION = "小船町公告式条例"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("条例の公布は、役場前の掲示場に掲示して行う。", Verdict.FAIL),
        ("条例の公布は、町のホームページに掲載して行う。", Verdict.PASS),
        ("条例の公布は、掲示場に掲示し、かつ、インターネットを利用して公表する。", Verdict.PASS),
        ("条例の公布は、掲示場に掲示し、ホームページに掲載することができる。", Verdict.UNKNOWN),
        ("条例の公布は、町の公報に登載して行う。", Verdict.UNKNOWN),
        ("条例の公布は、町長がする。", Verdict.UNKNOWN),
        ("条例の公布は、掲示場に掲示して行い、ホームページには掲載しない。", Verdict.UNKNOWN),
    ],
)
def test_promulgation_needs_the_web_beside_the_board(text: str, verdict: Verdict) -> None:
    assert judge("ORD-21", texts(rule(PROMULGATION, f"第2条　{text}"))).verdict is verdict


def test_the_web_for_rules_alone_is_not_the_web_for_ordinances() -> None:
    lines = (
        "第2条　条例の公布は、掲示場に掲示して行う。",
        "第5条　規程の公表は、ホームページに掲載して行う。",
    )
    assert judge("ORD-21", texts(rule(PROMULGATION, *lines))).verdict is Verdict.FAIL


@pytest.mark.parametrize("control", ["ORD-20", "ORD-21"])
def test_what_a_model_does_not_ask_for_does_not_apply(control: str) -> None:
    assert judge(control, NOTHING, town(), required=False).verdict is Verdict.NOT_APPLICABLE
