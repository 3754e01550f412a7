"""Ledgers: what a cell says counts, what it does not say is unknown, what nobody understands is named."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.folder import DirectFolder
from auditor.api import Garbled, Reason, Verdict
from checks._ledgers._procedures import read_ledgers
from checks._ledgers._table import csv_table, sheets
from tests.counter.kit import BOOK, HEAD, archive, cells, judged, put, sheet, xlsx

FULL = (*HEAD, "押印根拠", "対面要否", "対面理由", "書面要否", "書面理由", "手数料要否", "手数料根拠")
GOOD = ("1", "利用届", "福祉課", "利用規則", "第2条", "要", "照合のため", "不要", "", "不要", "", "不要", "")


def row(**changed: str) -> tuple[str, ...]:
    return tuple(changed.get(head, cell) for head, cell in zip(FULL, GOOD, strict=True))


def test_a_ledger_with_a_reason_and_a_clause_for_each_need_passes(tmp_path: Path) -> None:
    put(tmp_path, {"様式一覧.csv": sheet(FULL, row())})
    assert judged("ONL-05", tmp_path).verdict is Verdict.PASS


@pytest.mark.parametrize("blank", ["押印根拠", "根拠条文", "根拠例規"])
def test_a_need_without_reason_or_clause_fails_and_names_its_row(tmp_path: Path, blank: str) -> None:
    put(tmp_path, {"様式一覧.csv": sheet(FULL, row(**{blank: ""}))})
    result = judged("ONL-05", tmp_path)
    assert (result.verdict, result.places) == (Verdict.FAIL, ("利用届(福祉課) 押印要否 様式一覧.csv:2",))


@pytest.mark.parametrize("reason", ["-", "－", "?", "=A1", "なし", "不明", "確認中", "…"])
def test_a_dash_or_a_formula_is_no_reason(tmp_path: Path, reason: str) -> None:
    put(tmp_path, {"a.csv": sheet(FULL, row(押印根拠=reason))})
    assert judged("ONL-05", tmp_path).verdict is Verdict.FAIL


@pytest.mark.parametrize("column", ["根拠例規", "根拠条文"])
@pytest.mark.parametrize("word", ["-", "なし", "不明", "確認中"])
def test_a_word_for_none_is_no_ground(tmp_path: Path, column: str, word: str) -> None:
    put(tmp_path, {"a.csv": sheet(FULL, row(**{column: word}))})
    assert judged("ONL-05", tmp_path).verdict is Verdict.FAIL


@pytest.mark.parametrize("column", ["押印要否", "対面要否", "書面要否", "手数料要否"])
def test_a_blank_is_unknown_and_never_no(tmp_path: Path, column: str) -> None:
    put(tmp_path, {"a.csv": sheet(FULL, row(**{column: "", "押印根拠": "照合のため"}))})
    result = judged("ONL-05", tmp_path)
    assert (result.verdict, result.reason, result.places) == (
        Verdict.UNKNOWN, Reason.BLANK, (f"a.csv:2 {column}",),
    )  # fmt: skip


def test_a_column_that_is_not_there_is_blank_in_every_row(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": sheet(FULL[:-2], row()[:-2])})
    assert judged("ONL-05", tmp_path).reason is Reason.BLANK


@pytest.mark.parametrize("word", ["たぶん", "要/不要", "-", "－", "1", "TRUE", "=1", "いいえ?"])
def test_a_word_that_is_not_listed_is_a_finding_about_the_data(tmp_path: Path, word: str) -> None:
    put(tmp_path, {"a.csv": sheet(FULL, row(対面要否=word))})
    result = judged("ONL-05", tmp_path)
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, ("a.csv:2 対面要否",))


@pytest.mark.parametrize("word", ["不要", " 不 要 ", "×", "無", "なし"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_listed_words_count_in_every_encoding(tmp_path: Path, word: str, encoding: str) -> None:
    put(tmp_path, {"a.csv": sheet(FULL, row(対面要否=word), encoding=encoding)})
    assert judged("ONL-05", tmp_path).verdict is Verdict.PASS


def test_columns_may_stand_in_any_order_and_in_english(tmp_path: Path) -> None:
    heads = ("fee", "seal", "name", "presence", "paper", "seal_reason", "ordinance", "clause")
    put(
        tmp_path,
        {"a.csv": sheet(heads, ("不要", "要", "利用届", "不要", "不要", "照合", "利用規則", "第2条"))},
    )
    assert judged("ONL-05", tmp_path).verdict is Verdict.PASS


def test_a_row_with_more_cells_than_headings_is_named(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": sheet(FULL, (*row(), "余り"))})
    assert judged("ONL-05", tmp_path).verdict is Verdict.UNKNOWN


def test_a_csv_with_headings_nobody_knows_keeps_a_pass_away(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": sheet(FULL, row()), "b.csv": sheet(("なまえ", "いんかん"), ("届", "要"))})
    result = judged("ONL-05", tmp_path)
    assert (result.reason, result.places) == (Reason.UNREADABLE, ("b.csv: no headings of a ledger or a log",))


def test_an_empty_folder_and_a_ledger_without_rows_are_unknown(tmp_path: Path) -> None:
    assert judged("ONL-05", tmp_path).reason is Reason.NOT_COLLECTED
    put(tmp_path, {"a.csv": sheet(FULL)})
    assert judged("ONL-05", tmp_path).verdict is Verdict.UNKNOWN


def test_a_workbook_is_read_and_its_hidden_rows_count(tmp_path: Path) -> None:
    put(tmp_path, {"台帳.xlsx": xlsx(cells(1, *FULL) + cells(2, *row()))})
    assert judged("ONL-05", tmp_path).verdict is Verdict.PASS
    hidden = cells(3, *row(名称="隠れた届", 押印根拠=""), hidden=True)
    put(tmp_path, {"台帳.xlsx": xlsx(cells(1, *FULL) + cells(2, *row()) + hidden)})
    assert judged("ONL-05", tmp_path).places == ("隠れた届(福祉課) 押印要否 台帳.xlsx[台帳]:3",)


def test_a_formula_s_saved_result_is_not_believed(tmp_path: Path) -> None:
    formula = '<c r="H2" t="str"><f>IF(TRUE,"不要")</f><v>不要</v></c>'
    line = cells(2, *row()).replace('<c r="H2" t="inlineStr"><is><t>不要</t></is></c>', formula)
    assert formula in line
    put(tmp_path, {"台帳.xlsx": xlsx(cells(1, *FULL) + line)})
    result = judged("ONL-05", tmp_path)
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, ("台帳.xlsx[台帳]:2 対面要否",))


@pytest.mark.parametrize(("ref", "verdict"), [("F2:F3", Verdict.UNKNOWN), ("A1:C1", Verdict.PASS)])
def test_merged_cells_in_the_table_are_refused_and_a_merged_title_above_is_not(
    tmp_path: Path, ref: str, verdict: Verdict
) -> None:
    rows = cells(1, "様式の一覧") + cells(2, *FULL) + cells(3, *row())
    put(tmp_path, {"台帳.xlsx": xlsx(rows, f'<mergeCells><mergeCell ref="{ref}"/></mergeCells>')})
    result = judged("ONL-05", tmp_path)
    assert result.verdict is verdict
    assert verdict is Verdict.PASS or f"merged cells {ref}" in result.places[0]


def test_a_reading_beside_a_word_is_no_part_of_it(tmp_path: Path) -> None:
    shared = (
        "<t>名称</t><rPh><t>メイショウ</t></rPh>",
        "<r><t>押印</t></r><r><t>要否</t></r>",
        "<t>所管課</t>",
    )
    texts = "".join(f'<c r="{column}1" t="s"><v>{at}</v></c>' for at, column in enumerate("ABC"))
    rows = f'<row r="1">{texts}</row>'
    table = sheets(xlsx(rows, shared=shared), "a.xlsx")[0]
    assert table.rows == ((1, ("名称", "押印要否", "所管課")),)


BOMB = archive({"xl/workbook.xml": b" " * (17 * 1024 * 1024)})
HOSTILE = {
    "bomb": BOMB,
    "password": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "cut": xlsx(cells(1, *FULL))[:-40],
    "entity": archive(
        {
            "xl/workbook.xml": '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><workbook>&e;</workbook>',
            "xl/_rels/workbook.xml.rels": "<R/>",
        }
    ),
    "deep": archive({"xl/workbook.xml": "<a>" * 5000, "xl/_rels/workbook.xml.rels": "<R/>"}),
    "far column": xlsx('<row r="1"><c r="XFE1" t="n"><v>1</v></c></row>'),
    "odd text": xlsx('<row r="1"><c r="A1" t="s"><v>9</v></c></row>'),
    "twice": xlsx(cells(1, "a") + cells(1, "b")),
    "wide rows": xlsx("".join(f'<row r="{at}"><c r="XFD{at}"><v>1</v></c></row>' for at in range(1, 200))),
    "no such sheet": archive(
        {"xl/workbook.xml": '<workbook><sheets><sheet name="a"/></sheets></workbook>'}
        | {"xl/_rels/workbook.xml.rels": "<R/>"}
    ),
    "negative": xlsx('<row r="-1"/>'),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_workbook_that_is_none_is_refused_and_named(tmp_path: Path, kind: str) -> None:
    with pytest.raises(Garbled):
        sheets(HOSTILE[kind], "a.xlsx")
    put(tmp_path, {"a.csv": sheet(FULL, row()), "b.xlsx": HOSTILE[kind]})
    assert judged("ONL-05", tmp_path).verdict is Verdict.UNKNOWN


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_readers(body: bytes) -> None:
    for reader in (csv_table, sheets):
        try:
            reader(body, "x")
        except Garbled:
            continue


def test_strict_office_files_of_the_other_namespace_are_read() -> None:
    strict = BOOK.replace(
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/x"
    )
    part = f"<worksheet {strict}><sheetData>{cells(1, '名称', '番号')}</sheetData></worksheet>"
    with zipfile.ZipFile(io.BytesIO(xlsx(""))) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    body = archive(parts | {"xl/worksheets/sheet1.xml": part})
    assert sheets(body, "a")[0].rows == ((1, ("名称", "番号")),)


def test_what_is_kept_holds_no_reasons(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": sheet(FULL, row(押印根拠="山田花子が決めた"))})
    assert "山田" not in repr(read_ledgers(DirectFolder(tmp_path)))
