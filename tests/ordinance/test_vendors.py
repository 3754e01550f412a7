"""The same clauses as each publisher's pages have them are cited alike; a collection cut off is not whole."""

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.api import Reason, Verdict
from checks.ordinance._hits import hits_of
from checks.ordinance._provisions import Part
from checks.ordinance._reader import ESTIMATED
from checks.ordinance.corpus import Ordinances
from tests.ordinance.conftest import TODAY, judged

Write = Callable[..., Ordinances]

CITED = [
    ("第1条", "趣旨"),
    ("第2条第1項", "申請"),
    ("第2条第2項", "申請"),
    ("第2条第2項第1号", "申請"),
    ("第2条第2項第2号", "申請"),
    ("第2条第2項第2号ア", "申請"),
    ("第12条の2", "管理"),
    ("附則", ""),
    ("別表", ""),
    ("様式第1号", ""),
]
GYOSEI = (Path(__file__).parents[1] / "corpus" / "ordinance" / "gyosei.html").read_text("utf-8")
PLAIN = """○甲町会館規則
令和二年三月一日
規則第四号
（趣旨）
第一条　甲とする。
（申請）
第二条　乙とする。
２　次に掲げる書類に押印する。
一　申請書
二　次の書類
ア　図面
（管理）
第十二条の二　専任の管理人を置く。
附　則
この規則は、公布の日から施行する。
別表（第二条関係）
会議室
様式第一号（第二条関係）
会館使用申請書
氏名　　印
"""
D1 = (
    '<html><head><meta http-equiv="Content-Type" content="text/html; charset=x-sjis">'
    "<title>甲町会館規則</title></head><body>"
    + "".join(f"<p>{line}</p>" for line in PLAIN.splitlines()).replace("　印", "　&#12958;")
    + "</body></html>"
)
CONTENT = (
    '<html><head><title></title></head><body><form><div class="body">'
    + "<br>".join(PLAIN.splitlines()[3:])
    + "</div></form></body></html>"
)
HEAD = (
    '<html><body><div class="titleName"><span name="name">甲町会館規則</span></div>'
    '<table><tr><td align="right">（令和2年3月1日規則第4号）</td></tr></table></body></html>'
)
FRAME = (
    '<html><frameset rows="60,*"><frame src="../head/head9.htm"><frame src="../content/content9.htm">'
    "</frameset></html>"
)
STYLES: dict[str, dict[str, str | bytes]] = {
    "gyosei": {"reiki_honbun/k518RG00000001.html": GYOSEI},
    "d1-law": {"d1w_reiki/H50290001/H502900010004_j.html": D1.encode("cp932")},
    "joureikun": {
        "act/frame/frame9.htm": FRAME,
        "act/head/head9.htm": HEAD.encode("cp932"),
        "act/content/content9.htm": CONTENT.encode("cp932"),
    },
    "text": {"kaikan.txt": PLAIN.encode("euc_jp")},
}


@pytest.mark.parametrize("style", STYLES)
def test_every_publishers_page_is_cited_alike(folder: Write, style: str) -> None:
    texts = folder(STYLES[style])
    (document,) = texts.documents
    assert (document.title, document.kind, texts.count, texts.unread) == ("甲町会館規則", "規則", 1, ())
    read = [(each.citation, each.caption) for each in document.provisions if each.part is not Part.HEAD]
    assert read == CITED
    assert [form.readable for form in document.forms] == [True]


@pytest.mark.parametrize("style", STYLES)
def test_every_publishers_page_gives_the_same_hits(folder: Write, style: str) -> None:
    found = hits_of(folder(STYLES[style]).documents, TODAY).all
    assert [(hit.kind, hit.place) for hit in found] == [
        ("seal", "第2条第2項"),
        ("residency", "第12条の2"),
        ("form-seal", "様式第1号"),
    ]


def test_items_whose_numbers_an_export_lost_are_numbered_by_order_and_say_so(folder: Write) -> None:
    lost = (
        "○甲町規則\n規則第1号\n第1条　次の各号に掲げる書面を提出する。\n申請書\n図面\n"
        "ただし、町長が認めるときは、この限りでない。\n"
    )
    (document,) = folder({"a.txt": lost}).documents
    cited = [each.citation for each in document.provisions if each.part is Part.MAIN]
    assert cited == ["第1条", f"第1条第1号{ESTIMATED}", f"第1条第2号{ESTIMATED}"]
    assert all(each.lead for each in document.provisions if ESTIMATED in each.citation)


def test_a_kanji_number_with_a_comma_is_an_item_only_in_its_order(folder: Write) -> None:
    listed = (
        "○甲町規則\n規則第1号\n第1条　次のとおりとする。\n一、書類\n二、図面\n"
        "第2条　甲とする。\n二、三の例を示す。\n"
    )
    (document,) = folder({"a.txt": listed}).documents
    cited = [each.citation for each in document.provisions if each.part is Part.MAIN]
    assert cited == ["第1条", "第1条第1号", "第1条第2号", "第2条"]


def test_a_frame_whose_page_is_not_there_is_a_gap(folder: Write) -> None:
    texts = folder({"act/frame/frame9.htm": FRAME, "a.txt": PLAIN})
    assert texts.unread == ("content9.htm", "head9.htm")


def test_a_table_of_contents_that_names_more_ordinances_than_there_are_is_a_gap(folder: Write) -> None:
    index = (
        "<ul><li><a href='reiki_honbun/k518RG00000001.html'>甲町会館規則</a>"
        "<li><a href='reiki_honbun/k518RG00000002.html'>甲町公園条例</a>"
        "<li><a href='help.html'>使い方</a></ul>"
    )
    texts = folder({**STYLES["gyosei"], "index.html": index})
    assert texts.unread == ("k518rg00000002.html",)
    judgement = judged("ORD-08", texts)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.UNREADABLE)


def test_a_table_of_contents_that_opens_ordinances_by_script_is_compared_too(folder: Write) -> None:
    index = (
        "<a href=\"javascript:OpenResDataWin('H502900010004')\">甲町会館規則</a>"
        "<a href=\"javascript:OpenResDataWin('H502900010005')\">甲町公園条例</a>"
    )
    texts = folder({**STYLES["d1-law"], "d1w_reiki/mokuji_index.html": index})
    assert texts.unread == ("h502900010005_j.html",)


def test_a_seal_mark_written_as_a_number_is_found_in_a_cp932_text_too(folder: Write) -> None:
    form = "○甲町規則\n規則第1号\n第1条　甲とする。\n様式第1号\n使用申請書の様式\n氏名　&#12958;\n"
    found = hits_of(folder({"a.txt": form.encode("cp932")}).documents, TODAY).all
    assert [(hit.kind, hit.place) for hit in found] == [("form-seal", "様式第1号")]
