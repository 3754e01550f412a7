"""Which clauses are candidates, and which mentions of a word demand nothing."""

import csv
from pathlib import Path

import pytest

from checks.ordinance._hits import classify
from checks.ordinance._rules import rules
from checks.ordinance._search import CANDIDATE, LAW
from tests.ordinance.conftest import article, demands, document, matches, search

LINES = Path(__file__).parents[1] / "corpus" / "ordinance" / "lines.tsv"
SHARED = (
    Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "ordinance_lines" / "reiki_eval.tsv"
)
SHARED_CATEGORIES = {"押印": "seal", "様式㊞": "seal", "書面": "paper", "郵送": "paper", "持参": "attend"}
SHARED_CATEGORIES |= {"対面": "attend", "対面講習": "training"}

SEAL = [
    "申請書に記名押印しなければならない。",
    "申請書に署名しなければならない。",
    "申請書に氏名を書き、印を押すものとする。",
    "町長印をおさなければならない。",
    "本人の実印を使用すること。",
    "末尾に捺印するものとする。",
    "届出書に押　印　する。",
    "届出書に押\n印する。",
    "届出書に押(お)印(いん)する。",
    "届出書に印を押(お)すこと。",
    "届出書にﾅﾂ印を押す。",
    "氏名㊞を記す。",
    "氏名&#12958;を記す。".replace("&#12958;", "\u329e"),
    "受付印を押印することをいう。",
    "押印がなければ使用することができない。",
    "押印を省略してはならない。",
    "押印は省略せずに行う。",
    "申請書に押印し、写しの添付を省略することができる。",
    "公印使用簿に押印する。",
    "押印又は署名をする。",
]
PAPER = [
    "書面により申請する。",
    "文書をもって通知する。",
    "申請ハ書面ヲ以テ之ヲ為スベシ",
    "書面により申請する者は手数料を要しない。",
    "書面(電磁的記録を除く。)により申請する。",
    "電磁的記録を印刷した書面を提出する。",
    "書面及び電磁的記録を提出する。",
    "書面等(文字を記した物をいう。)により届け出る。",
    "書面により提出する。ただし、町長が特に認めるときは、電子メールによることができる。",
    "使用許可申請書(様式第1号)を町長に提出しなければならない。",
    "正副2通を提出する。",
    "書留郵便により送付する。",
]
ATTEND = [
    "町長の求めに応じて出頭しなければならない。",
    "本人が窓口に提出する。",
    "職員の立会いの下に行う。",
    "職員を立ち会わせて行う。",
    "対面により本人を確かめる。",
    "書類を持参する。",
]
FREE = [
    ("seal", "押印を要しないものとする。"),
    ("seal", "押印を省略することができる。"),
    ("seal", "押印又は署名は、不要とする。"),
    ("seal", "電子署名を行う。"),
    ("seal", "印刷した物を配る。"),
    ("seal", "印鑑の登録を受けることができる。"),
    ("seal", "第2条中「押印」を削る。"),
    ("seal", "署名等　署名、記名、押印その他氏名を記すことをいう。"),
    ("seal", "白紙に押印してはならない。"),
    ("paper", "書面(電磁的記録を含む。)により通知する。"),
    ("paper", "書面又は電子メールにより申請する。"),
    ("paper", "書面により行う。ただし、電子情報処理組織を使用して行うことができる。"),
    ("paper", "前項の書面には、日付を記載する。"),
    ("paper", "郵便番号を記載する。"),
    ("attend", "投票立会人の報酬を定める。"),
    ("training", "講習所の使用料を定める。"),
]


@pytest.mark.parametrize("text", SEAL)
def test_a_seal_or_signature_that_is_demanded_is_found(text: str) -> None:
    assert demands(text, "seal")


@pytest.mark.parametrize("text", PAPER)
def test_paper_that_is_demanded_is_found(text: str) -> None:
    assert demands(text, "paper")


@pytest.mark.parametrize("text", ATTEND)
def test_presence_that_is_demanded_is_found(text: str) -> None:
    assert demands(text, "attend")


@pytest.mark.parametrize(("category", "text"), FREE)
def test_a_mention_that_demands_nothing_is_no_candidate(category: str, text: str) -> None:
    assert not demands(text, category)


def test_a_word_is_found_across_two_lines_of_a_text_file() -> None:
    found = search(document("第1条　申請書に記名押", "印するものとする。"), "seal")
    assert [hit.place for hit in found.matches] == ["x第1条: 記名押印"]


def test_every_line_of_our_own_corpus_is_judged_as_labelled() -> None:
    with LINES.open(encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row[0][0] != "#"]
    assert len(rows) == 130
    wrong = [row for row in rows if _found(row[3], row[1]) != (row[2] == "demands")]
    assert wrong == []


@pytest.mark.samples
def test_the_shared_lines_are_judged_well_and_the_figures_are_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """These lines have shaped rules before: a regression test, no figure to publish."""
    rows = [line.split("\t") for line in SHARED.read_text("utf-8").splitlines() if not line.startswith("#")]
    own = [row for row in rows if row[2] in SHARED_CATEGORIES or row[1] == "none"]
    outcomes = [(row[1] == "analog", classify(row[3]).demands) for row in own]
    right = sum(wanted and got for wanted, got in outcomes)
    precision = right / sum(got for _, got in outcomes)
    recall = right / sum(wanted for wanted, _ in outcomes)
    with capsys.disabled():
        print(f" [n={len(own)} precision {precision:.2f} recall {recall:.2f}]", end="")  # noqa: T201
    assert recall == 1.0
    assert precision >= 0.9


def _found(text: str, category: str) -> bool:
    """Whether the line is a candidate, as a form's line or an item where it looks like one."""
    heading = "様式第1号\n" if text.startswith(("氏名", "申請者 ", "申請者　")) else "第1条　"
    heading = "第1条　次のとおりとする。\n" if text.startswith("(") else heading
    found = search(document(*(heading + text).splitlines()), category)
    return any(hit.klass in (CANDIDATE, LAW) for hit in found.matches)


def test_a_clause_on_the_ground_of_a_law_is_marked() -> None:
    (hit,) = matches("戸籍法(昭和22年法律第224号)第10条の規定により、署名しなければならない。", "seal")
    assert hit.by_law
    assert not matches("次の方法により署名する。", "seal")[0].by_law


def test_an_exempted_item_needs_a_lead_that_exempts_and_not_a_bracket_in_it() -> None:
    lifted = document("第1条　次に掲げるものについては、押印を要しない。", "(1)　押印のある申請書")
    kept = document("第1条　次に掲げる書類(写しを除く。)を添えるものとする。", "(1)　押印した誓約書")
    assert all(hit.klass not in (CANDIDATE, LAW) for hit in search(lifted, "seal").matches)
    assert [hit.klass for hit in search(kept, "seal").matches] == [CANDIDATE]


def test_the_ordinance_about_public_seals_may_speak_of_them_but_not_of_other_stamps() -> None:
    lines = ("第1条　公印を押印する者は、課長とする。", "第2条　使用者は、使用簿に押印する。")
    found = search(document("○松風町公印規程", *lines), "seal")
    assert {(hit.provision.citation, hit.klass) for hit in found.matches} == {
        ("第1条", "legit"),
        ("第2条", CANDIDATE),
    }


def test_what_a_supplementary_provision_says_is_not_counted() -> None:
    found = search(document("第1条　趣旨を定める。", "附　則", "1　従前の書面による申請を認める。"), "paper")
    assert [hit.klass for hit in found.matches] == ["supplement"]


def test_the_towns_own_words_are_searched_literally() -> None:
    from checks.ordinance._search import own_terms

    found = search(
        article("回覧板(第1号)で知らせる。"), "paper", own_terms(("回覧板(第１号)",), rules().kinds["paper"])
    )
    assert [hit.label for hit in found.matches] == ["回覧板(第１号)"]


def test_every_exemption_and_term_belongs_to_a_known_category() -> None:
    known = rules()
    categories = {kind.category for kind in known.kinds.values()}
    assert {term.kind.id for term in known.terms} <= set(known.kinds)
    assert all(set(each.categories) <= categories for each in known.exemptions)
