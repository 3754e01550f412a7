"""Ledgers are read as Excel on a Japanese Windows saves them, or refused with the line that stops it."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import ledger
from auditor.ledger import Column, Sheet, decoded, read_sheet
from auditor.problems import Told, worded
from auditor.words import LANGUAGES

COLUMNS = (Column("id", "職員番号", ("番号",), required=True), Column("name", "氏名", required=True))
Write = Callable[[bytes], Path]


def sheet(path: Path) -> tuple[Sheet, Told]:
    told = Told()
    found = read_sheet(path, COLUMNS, told)
    assert all(worded(problem, lang) for problem in told.problems for lang in LANGUAGES)
    assert all(worded(note, lang, table="note") for note in told.notes for lang in LANGUAGES)
    return found, told


def cells(path: Path) -> list[tuple[str, str]]:
    found, told = sheet(path)
    assert told.problems == []
    return [(row.cells["id"], row.cells["name"]) for row in found.rows]


TEXT = "職員番号,氏名\r\n0101,髙橋 ～①㈱﨑\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_every_encoding_excel_writes_gives_the_same_names(read_rows: Write, encoding: str) -> None:
    assert cells(read_rows(TEXT.encode(encoding))) == [("0101", "髙橋 ～①㈱﨑")]


def test_the_wave_dash_of_cp932_survives(read_rows: Write) -> None:
    assert cells(read_rows("職員番号,氏名\n1,".encode("cp932") + b"\x81\x60\n")) == [("1", "～")]


def test_a_character_outside_the_basic_plane_survives(read_rows: Write) -> None:
    assert cells(read_rows("職員番号,氏名\n1,𠮷田\n".encode("utf-8-sig"))) == [("1", "𠮷田")]


def test_unicode_text_with_tabs_is_read(read_rows: Write) -> None:
    assert cells(read_rows("職員番号\t氏名\r\n1\t花, 子\r\n".encode("utf-16"))) == [("1", "花, 子")]


def test_columns_may_stand_in_any_order_and_language(read_rows: Write) -> None:
    assert cells(read_rows("Name,備考,ＩＤ\n花,x,1\n".encode())) == [("1", "花")]


def test_a_column_that_is_not_known_is_named(read_rows: Write) -> None:
    found, told = sheet(read_rows("職員番号,備考,氏名,内線\n1,x,花,2\n".encode()))
    assert found.unknown == ("備考", "内線")
    assert [(one.key, one.values) for one in told.notes] == [("columns_unknown", {"names": "備考, 内線"})]


def test_empty_rows_and_cells_dropped_at_the_end_are_no_fault(read_rows: Write) -> None:
    assert cells(read_rows("職員番号,氏名,内線\n1,花\n,,\n\n2,月,3\n".encode())) == [("1", "花"), ("2", "月")]


def test_a_line_break_inside_quotes_keeps_the_line_numbers_right(read_rows: Write) -> None:
    found, _ = sheet(read_rows('職員番号,氏名\n1,"花\n子"\n2,月\n'.encode()))
    assert [row.line for row in found.rows] == [2, 4]


@pytest.mark.parametrize(
    ("content", "key", "line"),
    [
        (b"", "ledger_empty", None),
        (b"\r\n\r\n", "ledger_empty", None),
        ("職員番号,氏名\n".encode(), "ledger_no_rows", None),
        ("職員番号\n1\n".encode(), "column_missing", 1),
        ("職員番号,氏名,番号\n1,a,2\n".encode(), "column_twice", 1),
        ('職員番号,氏名\n1,"花\n2,月\n'.encode(), "ledger_quotes", 2),
        ('職員番号,氏名\n1,"花"子\n'.encode(), "ledger_quotes", 2),
        ("職員番号,氏名\n1,花,子\n".encode(), "row_too_wide", 2),
        ("職員番号,氏名\n1,花\0\n".encode(), "ledger_nul", 2),
        ("職員番号,氏名\n1,花\n".encode("utf-16-le"), "ledger_nul", 1),
        ("職員番号,氏名\n1,花\n".encode()[:-3] + b"\n", "ledger_encoding", 2),
        (b"\xef\xbb\xbfid,name\n1,\x89\xd4\n", "ledger_encoding", 2),
        (b"id,name\n1,\xff\xff\n", "ledger_encoding", 2),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(
    read_rows: Write, content: bytes, key: str, line: int | None
) -> None:
    _, told = sheet(read_rows(content))
    assert [(one.key, one.line) for one in told.problems] == [(key, line)]


def test_utf8_with_a_damaged_byte_never_turns_into_other_names() -> None:
    assert decoded("氏名,山田太郎".encode().replace("郎".encode(), "郎".encode()[:2])) == (None, 16)


def test_a_missing_file_a_folder_and_a_file_too_large_are_told(
    tmp_path: Path, read_rows: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [one.key for one in sheet(tmp_path / "none.csv")[1].problems] == ["ledger_missing"]
    assert [one.key for one in sheet(tmp_path)[1].problems] == ["ledger_missing"]
    monkeypatch.setattr(ledger, "MAX_LEDGER_BYTES", 10)
    assert [one.key for one in sheet(read_rows(b"x" * 11))[1].problems] == ["file_too_large"]


def test_too_many_rows_are_refused_as_a_whole(read_rows: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MAX_ROWS", 2)
    found, told = sheet(read_rows("職員番号,氏名\n1,a\n2,b\n3,c\n".encode()))
    assert (found.rows, [one.key for one in told.problems]) == ((), ["ledger_too_long"])


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    found, told = sheet(path)
    assert found.rows or told.problems


ONE_WAY = "¢£¬‖−〜"  # Python writes these as cp932 but reads other characters back
ALPHABET = st.characters(
    codec="cp932", exclude_categories=("Cc", "Co", "Zs", "Zl", "Zp"), exclude_characters=ONE_WAY
)
NAMES = st.text(ALPHABET, min_size=1)


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_names_written_by_excel_come_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("職員番号", "氏名"), *((str(at), name) for at, name in enumerate(names))])
    path = tmp_path_factory.getbasetemp() / "names.csv"
    for encoding in ("cp932", "utf-8-sig"):
        path.write_bytes(text.getvalue().encode(encoding))
        assert [name for _, name in cells(path)] == names
