"""The sample town's ordinances show each kind of outcome; real published pages are read without a hit."""

from pathlib import Path

import pytest

import auditor
from auditor.api import Reason, Verdict
from tests.ordinance.conftest import collected, judged
from tests.ordinance.support import judge, town

DEMO = Path(auditor.__file__).parent / "demo" / "ordinances"
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "ordinances"


def test_the_demo_collection_shows_candidates_and_what_the_special_rule_lifts() -> None:
    texts = collected(DEMO)
    assert (texts.count, texts.unread) == (8, ())
    seal, paper = judged("ORD-09", texts), judged("ORD-10", texts)
    rule = "松風町押印の特例に関する規則"
    assert seal.verdict is Verdict.FAIL
    assert seal.places == (
        "松風町備品貸出規則第3条: 押印",
        f"松風町備品貸出規則様式第1号: ㊞(特例の対象か要確認: {rule})",
        f"松風町声かけ訪問事業実施要綱別記様式: 様式の印(特例の対象か要確認: {rule})",
    )
    assert seal.values["lifted"] == 2
    assert "松風町緑地使用条例第2条第1項: 書面" in paper.places
    assert "松風町備品貸出規則第3条の2: 持参・本人が直接" in paper.places
    assert judged("ORD-17", texts).verdict is Verdict.PASS
    assert judged("ORD-16", texts).key == "missing"


def test_the_demo_collection_shows_clauses_that_are_missing_and_one_that_is_there() -> None:
    texts = collected(DEMO)
    rule = judge("ORD-12", texts)
    assert (rule.key, rule.places) == ("missing", ("費用負担",))
    assert judge("ORD-18", texts).places == ("課長",)
    assert judge("ORD-20", texts, town("総務課", "議会事務局")).verdict is Verdict.PASS
    assert judge("ORD-21", texts).places == ("松風町公告式条例第2条",)
    assert judge("ORD-13", texts).reason is Reason.NOT_COLLECTED


def test_the_demo_pages_are_in_two_codes() -> None:
    page = (DEMO / "m101RG00000003.html").read_bytes()
    assert b"&#12958;" in page
    with pytest.raises(UnicodeDecodeError):
        page.decode()


@pytest.mark.samples
def test_published_pages_without_an_analogue_clause_give_none_and_their_picture_form_is_unknown() -> None:
    texts = collected(SHARED)
    assert (texts.count, texts.unread) == (3, ())
    assert judged("ORD-10", texts).verdict is Verdict.PASS
    seal = judged("ORD-09", texts)
    assert (seal.verdict, seal.reason) == (Verdict.UNKNOWN, Reason.IMAGE_ONLY)
