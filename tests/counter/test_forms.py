"""Form files: a seal field is found however it was typed; what cannot be seen is unknown, never clean."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Garbled, Reason, Verdict
from checks._ledgers._procedures import Procedure
from checks.counter._formfiles import READERS, read_form
from checks.counter._formnames import files_by_row
from checks.counter._marks import marks_in, seal_mark
from tests.counter.kit import HEAD, archive, cells, docx, judged, par, pdf, put, sheet, xlsx

NAME = "利用届"
ROW = ("1", NAME, "福祉課", "松風町利用規則", "第2条", "不要")
PLAIN = par("利用届") + par("申請者 氏名")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("氏名　　　　㊞", "㊞"),
        ("氏名 &#12958;", "㊞"),
        ("氏名 &#x329E;", "㊞"),
        ("氏名（印）", "(印)"),
        ("氏名 ( 印 )", "(印)"),
        ("代表者〔印〕", "(印)"),
        ("印", "印"),
        ("　印　", "印"),
        ("氏名　　　　　印", "印"),
        ("氏名 印 電話", "印"),
        ("印欄", "印"),
        ("記名押印してください", "押印"),
        ("認印で可", "押印"),
        ("氏名印", "押印"),
        ("代表者印", "押印"),
        ("届出印", "押印"),
        (r"eq \o\ac(○,印)", "㊞"),
    ],
)
def test_every_way_to_type_a_seal_field_is_found(text: str, mark: str) -> None:
    assert seal_mark(text) == mark


@pytest.mark.parametrize(
    "text",
    [
        "印鑑証明書を添付", "印鑑登録証明書", "収入印紙", "印刷して提出", "受付印なし", "消印有効", "",
        "印鑑登録申請書", "押印不要", "押印は不要です", "押印を省略", "記名押印は必要ありません", "氏名",
        "押印を要しません",
    ],
)  # fmt: skip
def test_words_that_only_hold_the_sign_are_no_seal_field(text: str) -> None:
    assert seal_mark(text) == ""


def test_a_demand_beside_a_waiver_is_still_a_demand() -> None:
    assert seal_mark("代理人は押印してください。本人は押印不要です。") == "押印"


def form(body: str, **more: str | bytes) -> dict[str, bytes]:
    return {"様式一覧.csv": sheet(HEAD, ROW), f"{NAME}.docx": docx(body, **more)}


def test_a_form_without_a_field_passes(tmp_path: Path) -> None:
    assert judged("ONL-08", put(tmp_path, form(PLAIN))).verdict is Verdict.PASS


def test_a_field_left_in_a_seal_free_form_fails_with_article_file_and_owner(tmp_path: Path) -> None:
    result = judged("ONL-08", put(tmp_path, form(PLAIN + par("氏名　　　", "㊞"))))
    assert (result.verdict, result.key) == (Verdict.FAIL, "mark")
    assert result.places == ("利用届(福祉課)「㊞」 松風町利用規則第2条 利用届.docx",)
    assert result.values["ground"] == "松風町利用規則第2条"


@pytest.mark.parametrize(
    "body",
    [
        par("氏名　　", "（", "印", "）"),
        "<w:tbl><w:tr><w:tc>" + par("氏名") + "</w:tc><w:tc>" + par("印") + "</w:tc></w:tr></w:tbl>",
        '<w:p><w:r><w:instrText xml:space="preserve"> eq \\o\\ac(○,印)</w:instrText></w:r></w:p>',
        "<w:p><w:r><w:t>氏名</w:t><w:tab/><w:t>印</w:t></w:r></w:p>",
        "<w:p><w:r><w:t>氏名</w:t></w:r><w:r><w:pict><w:txbxContent>"
        + par("印")
        + "</w:txbxContent></w:pict>"
        "</w:r></w:p>",
        '<w:p><w:pict><v:shape xmlns:v="v"><v:textpath string="㊞"/></v:shape></w:pict></w:p>',
    ],
    ids=["split runs", "a box", "enclosed character", "after a tab", "text box", "drawn word"],
)
def test_a_field_in_any_part_of_a_document_is_found(tmp_path: Path, body: str) -> None:
    assert judged("ONL-08", put(tmp_path, form(PLAIN + body))).verdict is Verdict.FAIL


def test_a_field_in_a_header_is_found(tmp_path: Path) -> None:
    files = form(PLAIN, **{"word__header1.xml": f'<w:hdr xmlns:w="w">{par("㊞")}</w:hdr>'})
    assert judged("ONL-08", put(tmp_path, files)).verdict is Verdict.FAIL


def test_text_that_was_struck_out_in_a_tracked_change_is_gone(tmp_path: Path) -> None:
    struck = "<w:p><w:del><w:r><w:delText>㊞</w:delText></w:r></w:del></w:p>"
    assert judged("ONL-08", put(tmp_path, form(PLAIN + struck))).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("rows", "more", "verdict"),
    [
        (cells(1, "利用届", "氏名") + cells(2, "", "印"), {}, Verdict.FAIL),
        (cells(1, "利用届", "氏名"), {}, Verdict.PASS),
        (
            cells(1, "利用届"),
            {"xl__comments1.xml": "<comments><text><t>x</t></text></comments>"},
            Verdict.PASS,
        ),
        (cells(1, "利用届"), {"xl__drawings__drawing1.xml": "<d><p><r><t>㊞</t></r></p></d>"}, Verdict.FAIL),
        (cells(1, "利用届"), {"xl__drawings__vmlDrawing1.vml": "<xml><br>㊞<p></xml>"}, Verdict.FAIL),
        (
            cells(1, "利用届"),
            {"xl__styles.xml": '<s><numFmt formatCode="@&quot; ㊞&quot;"/></s>'},
            Verdict.FAIL,
        ),
    ],
    ids=["box", "none", "comment", "shape", "old drawing", "number format"],
)
def test_fields_in_a_workbook_are_found(
    tmp_path: Path, rows: str, more: dict[str, str], verdict: Verdict
) -> None:
    put(tmp_path, {"様式一覧.csv": sheet(HEAD, ROW), f"{NAME}.xlsx": xlsx(rows, **more)})
    assert judged("ONL-08", tmp_path).verdict is verdict


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (pdf(["利用届", "氏名"]), Verdict.PASS),
        (pdf(["利用届", "氏名　　　㊞"]), Verdict.FAIL),
        (pdf(["利用届"], "/XObject<</I 8 0 R>>"), Verdict.UNKNOWN),
        (pdf([]), Verdict.UNKNOWN),
        (pdf(["abc"]), Verdict.UNKNOWN),
        (pdf(["利用届", "氏名 \ue0a1"]), Verdict.UNKNOWN),
        (b"%PDF-1.4\nbroken", Verdict.UNKNOWN),
    ],
    ids=["clean", "mark", "with a picture", "a scan", "a text layer without Japanese", "gaiji", "broken"],
)
def test_pdf_forms_are_read_by_their_text_layer(tmp_path: Path, body: bytes, verdict: Verdict) -> None:
    put(tmp_path, {"様式一覧.csv": sheet(HEAD, ROW), f"{NAME}.pdf": body})
    assert judged("ONL-08", tmp_path).verdict is verdict


def test_a_reading_beside_the_sign_does_not_hide_it(tmp_path: Path) -> None:
    book = xlsx(cells(1, "利用届"), shared=("<t>印</t><rPh><t>イン</t></rPh>",))
    put(tmp_path, {"様式一覧.csv": sheet(HEAD, ROW), f"{NAME}.xlsx": book})
    assert judged("ONL-08", tmp_path).verdict is Verdict.FAIL


def test_numeric_references_in_a_cp932_page_are_characters(tmp_path: Path) -> None:
    page = "<html><body><p>利用届</p><table><tr><td>氏名</td><td>&#12958;</td></tr></table></body></html>"
    put(tmp_path, {"様式一覧.csv": sheet(HEAD, ROW), f"{NAME}.html": page.encode("cp932")})
    assert judged("ONL-08", tmp_path).verdict is Verdict.FAIL
    put(tmp_path, {f"{NAME}.html": page.replace("&#12958;", "").encode("cp932")})
    assert judged("ONL-08", tmp_path).verdict is Verdict.PASS


@pytest.mark.parametrize("name", ["利用届.png", "利用届.rtf", "利用届.doc", "利用届.zip", "利用届.jtd"])
def test_a_form_nobody_can_read_is_unknown_not_free_of_seals(tmp_path: Path, name: str) -> None:
    put(tmp_path, {"様式一覧.csv": sheet(HEAD, ROW), name: b"\x89PNG"})
    result = judged("ONL-08", tmp_path)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.IMAGE_ONLY)


def test_a_picture_inside_a_document_may_hide_a_mark(tmp_path: Path) -> None:
    result = judged("ONL-08", put(tmp_path, form(PLAIN, **{"word__media__image1.png": b"x"})))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.IMAGE_ONLY)


@pytest.mark.parametrize(("font", "verdict"), [("Wingdings", Verdict.PASS), ("MS Gothic", Verdict.UNKNOWN)])
def test_a_sign_of_a_symbol_font_that_nobody_knows_may_be_a_mark(
    tmp_path: Path, font: str, verdict: Verdict
) -> None:
    sign = f'<w:p><w:r><w:sym w:font="{font}" w:char="F0A8"/></w:r></w:p>'
    assert judged("ONL-08", put(tmp_path, form(PLAIN + sign))).verdict is verdict


@pytest.mark.parametrize("part", ["word__embeddings__a.xlsx", "word__afchunk.mht"])
def test_a_file_inside_a_document_is_not_taken_for_read(tmp_path: Path, part: str) -> None:
    assert judged("ONL-08", put(tmp_path, form(PLAIN, **{part: b"x"}))).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("word", ["割印", "検印", "町印", "印鑑"])
def test_a_word_with_the_sign_that_nobody_knows_leaves_a_form_open(tmp_path: Path, word: str) -> None:
    result = judged("ONL-08", put(tmp_path, form(PLAIN + par(f"控えに{word}をいただきます"))))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.IMAGE_ONLY)


def test_a_form_with_a_field_that_no_row_names_keeps_a_pass_away(tmp_path: Path) -> None:
    stray = {"rireki-old.docx": docx(par("利用届") + par("氏名　㊞"))}
    result = judged("ONL-08", put(tmp_path, form(PLAIN) | stray))
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, ("rireki-old.docx",))


def test_a_mark_beside_a_form_that_cannot_be_read_stays_a_fail(tmp_path: Path) -> None:
    put(tmp_path, form(par("利用届 ㊞")) | {"利用届_裏面.png": b"x"})
    assert judged("ONL-08", tmp_path).verdict is Verdict.FAIL


def test_a_seal_free_form_without_a_file_is_unknown(tmp_path: Path) -> None:
    put(tmp_path, {"様式一覧.csv": sheet(HEAD, ROW)})
    assert judged("ONL-08", tmp_path).reason is Reason.NOT_COLLECTED


def test_a_blank_need_is_not_taken_for_seal_free(tmp_path: Path) -> None:
    put(tmp_path, form(par("利用届 ㊞")) | {"様式一覧.csv": sheet(HEAD, (*ROW[:5], ""))})
    result = judged("ONL-08", tmp_path)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.BLANK)


def test_a_form_that_needs_its_seal_may_have_the_field(tmp_path: Path) -> None:
    put(tmp_path, form(par("利用届 ㊞")) | {"様式一覧.csv": sheet(HEAD, (*ROW[:5], "要"))})
    assert judged("ONL-08", tmp_path).verdict is Verdict.NOT_APPLICABLE


def test_a_longer_name_s_file_is_not_taken_for_the_shorter_one(tmp_path: Path) -> None:
    rows = (ROW, ("2", "利用届変更届", "福祉課", "松風町利用規則", "第3条", "要"))
    put(tmp_path, {"a.csv": sheet(HEAD, *rows), "利用届変更届.docx": docx(par("利用届 ㊞"))})
    assert judged("ONL-08", tmp_path).reason is Reason.NOT_COLLECTED


def test_a_form_s_number_is_not_the_beginning_of_another_number(tmp_path: Path) -> None:
    rows = [("1-2", "甲届", "福祉課", "", "", "不要")]
    put(tmp_path, {"a.csv": sheet(HEAD, *rows), "1-21_乙届.docx": docx(par("乙届 ㊞"))})
    assert judged("ONL-08", tmp_path).reason is Reason.NOT_COLLECTED
    put(tmp_path, {"1-2_こうとどけ.docx": docx(par("甲届 ㊞"))})
    assert judged("ONL-08", tmp_path).verdict is Verdict.FAIL


@pytest.mark.parametrize("name", ["変更届.docx", "1-2.docx"])
def test_a_name_or_number_of_two_sections_tells_no_file(tmp_path: Path, name: str) -> None:
    rows = [("1-2", "変更届", section, "", "", "不要") for section in ("福祉課", "住民課")]
    put(tmp_path, {"a.csv": sheet(HEAD, *rows), name: docx(par("変更届"))})
    assert judged("ONL-08", tmp_path).reason is Reason.NOT_COLLECTED


def test_a_form_in_both_ledgers_is_one_form(tmp_path: Path) -> None:
    put(tmp_path, form(PLAIN) | {"手続一覧.csv": sheet((*HEAD, "59手続区分"), (*ROW, "-"))})
    assert judged("ONL-08", tmp_path).verdict is Verdict.PASS


def test_a_large_town_s_forms_are_matched_in_seconds() -> None:
    rows = [
        Procedure(f"a:{at}", False, f"f{at}", f"様式の名前{at}号届", "課", "", "", "", {}, [])
        for at in range(3000)
    ]
    begun = time.monotonic()
    found = files_by_row(rows, [f"forms/様式の名前{at}号届.docx" for at in range(3000)])
    assert time.monotonic() - begun < 20
    assert found["a:7"] == ["forms/様式の名前7号届.docx"]


def test_a_file_that_the_row_names_is_the_one(tmp_path: Path) -> None:
    rows = [(*ROW, "様式\\01.docx")]
    put(tmp_path, {"a.csv": sheet((*HEAD, "様式ファイル"), *rows), "様式/01.docx": docx(par("利用届 ㊞"))})
    assert judged("ONL-08", tmp_path).verdict is Verdict.FAIL


def test_a_document_somebody_has_open_leaves_no_form_behind(tmp_path: Path) -> None:
    assert judged("ONL-08", put(tmp_path, form(PLAIN) | {"~$利用届.docx": b"x"})).verdict is Verdict.PASS


@pytest.mark.parametrize("suffix", sorted(READERS))
@given(body=st.binary(max_size=400))
def test_no_bytes_crash_a_reader(suffix: str, body: bytes) -> None:
    try:
        marks_in(read_form(body, f"a.{suffix}").units)
    except Garbled:
        return


def test_a_zip_that_is_neither_document_nor_workbook_is_refused() -> None:
    with pytest.raises(Garbled):
        read_form(archive({"a.xml": "<a/>"}), "a.docx")


def test_a_bomb_in_a_document_is_refused() -> None:
    with pytest.raises(Garbled, match="more than"):
        read_form(docx("<w:p/>", **{"word__footer.xml": b" " * (17 * 1024 * 1024)}), "a.docx")
