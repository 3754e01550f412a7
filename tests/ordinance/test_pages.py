"""Bytes and markup become lines: charsets, hidden ends, ruby, tables, pictures."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import Garbled
from checks.ordinance._charset import decode
from checks.ordinance._html import html_page
from checks.ordinance._provisions import Document
from checks.ordinance._reader import documents_of
from checks.ordinance._text import Role, folded, plain_page, squeezed

TEXT = "第1条　この条例は、申請書への押印について必要な事項を定めるものとする。"


def page_of(body: str) -> str:
    return f"<html><head><title>題</title></head><body>{body}</body></html>"


def read(body: str) -> Document:
    (found,) = documents_of("x.html", html_page(page_of(body)))
    return found


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "iso2022_jp", "utf-16"])
def test_every_japanese_code_is_read_without_being_declared(codec: str) -> None:
    assert decode(TEXT.encode(codec))[0].lstrip("\ufeff") == TEXT


@pytest.mark.parametrize("declared", ["Shift_JIS", "x-sjis", "windows-31j", "iso-8859-1", "no-such-code"])
def test_a_page_that_declares_another_code_than_utf_8_is_still_read_as_utf_8(declared: str) -> None:
    markup = f'<meta charset="{declared}">{TEXT}'
    assert decode(markup.encode())[0] == markup


def test_a_declared_shift_jis_page_is_read() -> None:
    markup = f'<meta http-equiv="content-type" content="text/html; charset=Shift_JIS">①{TEXT}'
    assert decode(markup.encode("cp932")) == (markup, "cp932")


def test_mojibake_is_refused_and_never_read_as_a_page_without_hits() -> None:
    with pytest.raises(Garbled):
        decode(bytes(range(128, 256)) * 8)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_decoder(body: bytes) -> None:
    try:
        text, codec = decode(body)
    except Garbled:
        return
    assert isinstance(text, str)
    assert codec


def test_no_invisible_character_divides_a_word() -> None:
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    unseen = [char for char in every if char.isspace() or unicodedata.category(char) == "Cf"]
    assert squeezed("押" + "".join(unseen) + "印") == "押印"
    assert squeezed("".join(f"押{char}印" for char in unseen)) == "押印" * len(unseen)


def test_the_seal_mark_survives_folding_and_numeric_references() -> None:
    assert folded("㊞１") == "㊞1"
    assert "㊞" in html_page(page_of("<p>氏名 &#12958;</p>")).lines[0].text


def test_the_reading_of_a_word_is_left_out() -> None:
    assert (
        html_page(page_of("<p><ruby>押<rp>(</rp><rt>おう</rt><rp>)</rp></ruby>印</p>")).lines[0].text
        == "押印"
    )


def test_a_word_broken_by_markup_or_a_line_break_is_whole() -> None:
    found = read("<p>第1条　記名<b>押</b><br>印する。</p><div>また、署</div><div>名する。</div>")
    assert "記名押印する。また、署名する。" in found.provisions[0].text


def test_menus_scripts_and_comments_are_not_text() -> None:
    lines = html_page(
        page_of(
            "<script>押印</script><!-- 押印 --><style>押印</style>"
            "<div id=primary><p>第1条　甲。</p></div><div id=secondary>押印</div>"
        )
    ).lines
    assert [line.text for line in lines] == ["第1条　甲。"]


def test_text_behind_the_closing_tag_is_read() -> None:
    lines = html_page("<html><body><p>甲</p></body></html><p>押印</p></body></html>").lines
    assert [line.text for line in lines] == ["甲", "押印"]


@pytest.mark.parametrize("cut", ["<p>甲<!-- 押印", "<p>甲<script>押印", "<div>" * 3000 + "押印"])
def test_a_page_that_hides_its_end_is_refused(cut: str) -> None:
    with pytest.raises(Garbled):
        html_page(cut)


def test_a_layout_table_is_read_as_articles_and_a_real_table_as_cells() -> None:
    layout = read("<table><tr><td>第1条　甲とする。<br>第2条　乙とする。</td></tr></table>")
    assert [each.citation for each in layout.provisions] == ["第1条", "第2条"]
    table = read("<p>第1条　次の表とする。</p><table><tr><td>1</td><td>押<br>印</td></tr></table>")
    assert [each.citation for each in table.provisions] == ["第1条"]


def test_a_picture_of_a_seal_mark_is_read_by_its_name() -> None:
    assert html_page(page_of('<p>氏名<img src="g1.gif" alt="印"></p>')).lines[0].text == "氏名㊞"


def test_a_picture_in_a_form_makes_it_unreadable_and_a_tiny_one_does_not() -> None:
    big = read("<p>第1条　甲。</p><p>様式第1号</p><p>申請書の様式である。</p><img src='f.png' alt='画像'>")
    tiny = read(
        "<p>第1条　甲。</p><p>様式第1号</p><p>申請書の様式である。</p><img src='f.png' width=12 height='12'>"
    )
    assert [form.readable for form in (*big.forms, *tiny.forms)] == [False, True]


def test_a_page_of_links_is_known_as_such() -> None:
    assert html_page(
        page_of("<ul><li><a href='a.html'>甲条例</a><li><a href='b.html'>乙条例</a></ul>")
    ).links_only


def test_the_title_of_the_vendors_markup_is_kept() -> None:
    lines = html_page(page_of('<p class="title-irregular">○甲町乙条例</p>')).lines
    assert [(line.role, line.text) for line in lines] == [(Role.TITLE, "○甲町乙条例")]


@given(st.text(alphabet="<>/div p&#;押印!-\"'=x", max_size=200))
def test_no_markup_breaks_the_reader(markup: str) -> None:
    try:
        page = html_page(markup)
    except Garbled:
        return
    assert all(line.text for line in page.lines)


def test_blank_lines_of_plain_text_are_dropped() -> None:
    assert [line.text for line in plain_page("甲\r\n\r\n　乙　\x0c丙").lines] == ["甲", "乙", "丙"]
