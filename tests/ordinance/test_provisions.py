"""Lines become provisions that are cited as Japanese law cites them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.ordinance._numerals import branched, kanji, number
from checks.ordinance._provisions import Part
from tests.ordinance.conftest import document


def citations(*lines: str) -> list[str]:
    return [each.citation for each in document(*lines).provisions]


@given(st.integers(1, 9999))
def test_a_kanji_number_means_what_it_says(value: int) -> None:
    assert number(kanji(value)) == value
    assert number(str(value)) == value


@given(st.text(max_size=12))
def test_no_text_breaks_the_number_parser(text: str) -> None:
    value = number(text)
    assert value is None or value >= 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("十二", 12),
        ("百三十四", 134),
        ("一〇", 10),
        ("１２", 12),
        ("千二百", 1200),
        ("元", 1),
        ("十百", None),
        ("", None),
    ],
)
def test_numbers_as_ordinances_write_them(text: str, value: int | None) -> None:
    assert number(text) == value


def test_branches_keep_their_numbers() -> None:
    assert branched("十二の二") == "12の2"
    assert branched("１２の２の３") == "12の2の3"
    assert branched("二の甲") is None


def test_articles_paragraphs_items_and_letters_are_cited() -> None:
    assert citations(
        "第一条　甲とする。",
        "第三条の二　乙とする。",
        "２　丙とする。",
        "(1)　丁",
        "ア　戊",
        "(ア)　己",
        "⑵　庚",
        "第４条　辛とする。",
        "(１)　壬",
    ) == [
        "第1条",
        "第3条の2第1項",
        "第3条の2第2項",
        "第3条の2第2項第1号",
        "第3条の2第2項第1号ア",
        "第3条の2第2項第1号ア(ア)",
        "第3条の2第2項第2号",
        "第4条",
        "第4条第1号",
    ]


def test_a_branched_item_keeps_its_branch() -> None:
    assert citations("第1条　次の者とする。", "(2の2)　甲")[-1] == "第1条第2号の2"


def test_kanji_items_and_circled_numbers_are_items_below_a_list() -> None:
    assert citations("第1条　次に掲げる者とする。", "一　甲", "二　乙")[1:] == ["第1条第1号", "第1条第2号"]
    assert citations("第1条　次の者とする。", "①　甲", "②　乙")[1:] == ["第1条第1号", "第1条第2号"]
    assert citations("第1条　甲とする。", "②　乙とする。") == ["第1条第1項", "第1条第2項"]


def test_a_citation_at_the_start_of_a_line_is_no_article() -> None:
    found = document("第5条　町長は、", "第3条の規定により、", "第2条第1項の届出を", "受ける。")
    assert [(each.citation, each.text) for each in found.provisions] == [
        ("第5条", "町長は、第3条の規定により、第2条第1項の届出を受ける。")
    ]


def test_a_number_out_of_order_is_no_paragraph() -> None:
    found = document("第1条　申請は、", "30日前までに", "7 部を添えて行う。")
    assert [each.citation for each in found.provisions] == ["第1条"]


def test_an_article_without_a_space_counts_when_it_is_the_next() -> None:
    assert citations("第1条　甲とする。", "第2条町長は、乙とする。") == ["第1条", "第2条"]


def test_the_heading_belongs_to_the_next_article_only() -> None:
    found = document("（定義）", "第1条　甲をいう。", "第2条　乙とする。")
    assert [each.caption for each in found.provisions] == ["定義", ""]


def test_an_item_knows_its_lead_and_the_next_paragraph_has_none() -> None:
    found = document("第1条　次のとおり。", "(1)　甲", "(2)　乙", "2　丙とする。")
    assert [each.lead for each in found.provisions] == ["", "次のとおり。", "次のとおり。", ""]


def test_supplement_table_and_form_are_told_apart() -> None:
    found = document(
        "第1条　甲とする。",
        "附　則（平成10年3月30日条例第5号）抄",
        "1　乙とする。",
        "別表第１（第2条関係）",
        "区分　額",
        "様式第２号（第3条関係）",
        "第1条　契約の条件とする。",
        "氏名　　印",
    )
    assert [(each.part, each.citation) for each in found.provisions] == [
        (Part.MAIN, "第1条"),
        (Part.SUPPLEMENT, "附則(平成10年3月30日条例第5号)第1項"),
        (Part.TABLE, "別表第1"),
        (Part.FORM, "様式第2号"),
    ]
    assert [(form.name, form.readable) for form in found.forms] == [("様式第2号", True)]


def test_a_table_of_contents_that_names_the_supplement_does_not_hide_the_articles() -> None:
    found = document(
        "○甲町乙条例", "目次", "第1条　目的", "第2条　申請", "附則", "第1条　甲とする。", "第2条　押印する。"
    )
    assert [each.part for each in found.provisions if "押印" in each.text] == [Part.MAIN]


def test_a_stray_form_name_does_not_swallow_the_next_articles() -> None:
    found = document("第1条　甲は、", "様式第1号", "による。", "第2条　押印する。")
    assert [each.citation for each in found.provisions][-1] == "第2条"


def test_deleted_articles_are_kept_as_such() -> None:
    found = document("第1条　甲とする。", "第2条及び第3条　削除", "第4条　乙とする。")
    assert [(each.citation, each.text) for each in found.provisions][1] == ("第2条", "削除")


def test_title_kind_number_and_day_are_read_from_the_head() -> None:
    found = document("○甲町乙施行規則", "令和3年4月1日", "教育委員会規則第5号", "第1条　丙とする。")
    assert (found.title, found.kind) == ("甲町乙施行規則", "規則")
    assert (found.number, found.enacted) == ("教育委員会規則第5号", "令和3年4月1日")


def test_a_form_that_is_named_and_not_there_is_not_readable() -> None:
    found = document("第1条　申請書(様式第1号)による。")
    assert [(form.name, form.readable) for form in found.forms] == [("様式第1号", False)]


def test_a_heading_without_content_is_a_form_nobody_can_read_unless_it_was_deleted() -> None:
    found = document("第1条　甲とする。", "様式第1号(第1条関係)", "様式第2号　削除")
    assert [(form.name, form.readable) for form in found.forms] == [("様式第1号", False), ("様式第2号", True)]


@given(
    st.lists(st.text(alphabet="第条項号附則別表様式1２一二の()（） 　押印。①ア", max_size=30), max_size=20)
)
def test_no_character_of_an_ordinance_is_lost(lines: list[str]) -> None:
    """Every seal word of the input stands in some provision, a title or a form's name."""
    wanted = sum(line.count("押印") for line in lines)
    from checks.ordinance._reader import documents_of
    from checks.ordinance._text import plain_page

    found = documents_of("x.txt", plain_page("\n".join(lines)))
    kept = "".join(each.text for one in found for each in one.provisions)
    kept += "".join(one.title + form.name for one in found for form in one.forms)
    kept += "".join(one.title for one in found) + "".join(
        each.caption for one in found for each in one.provisions
    )
    headings = [line for line in lines if re.search(r"[(（].*押印.*[)）]|別|様|附|章|節", line)]
    assert kept.count("押印") >= wanted - sum(line.count("押印") for line in headings)
