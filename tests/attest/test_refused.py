"""A form that was changed, copied, damaged or made to harm is told apart, and never taken for an answer."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from auditor.attestform import HIDDEN, Paper, sealed
from auditor.attestkeep import files_of
from auditor.attestread import read
from auditor.errors import ConfigError
from auditor.model import Model
from auditor.problems import worded
from auditor.targets import Section, Town
from tests.attest.conftest import TOWN, cell, filled, rewritten

Forms = dict[str, Paper]


def refused(path: Path, model: Model, town: Town = TOWN) -> tuple[str, str]:
    """Why a file is not taken, and in which cell; both languages have a sentence for it."""
    with pytest.raises(ConfigError) as caught:
        read(path, town, model)
    (problem,) = caught.value.problems
    assert worded(problem, "ja") != worded(problem, "en")
    return problem.key.removeprefix("attest_"), problem.field


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (cell("B11", "電話を受けられますか。"), ("question", "B11")),
        (cell("B10", None), ("question", "B10")),
        (cell("C4", "税務課"), ("section", "C4")),
        (cell("C5", "2026年7月~9月"), ("quarter", "C5")),
        (cell("C10", '=IF(1,"はい","")'), ("formula", "C10")),
        (cell("C7", "=TODAY()"), ("formula", "C7")),
        (cell("D10", "ただし第2係を除く"), ("extra", "D10")),
        (cell("B40", "補足"), ("extra", "B40")),
        (cell("C10", "はい(一部)"), ("answer", "C10")),
        (cell("C10", "該当なし"), ("answer", "C10")),
        (cell("C10", True), ("answer", "C10")),
        (cell("C10", 1), ("answer", "C10")),
        (cell("C6", "山田太郎"), ("answer", "C6")),
        (cell("C6", None), ("no_post", "C6")),
        (cell("C7", None), ("no_day", "C7")),
        (cell("C7", "先週"), ("no_day", "C7")),
        (cell("C7", 46000), ("day", "C7")),
        (lambda sheet: sheet.merge_cells("C10:C11"), ("merged", "C10:C11")),
        (lambda sheet: sheet.insert_rows(11), ("question", "B11")),
        (lambda sheet: sheet.parent.create_sheet("メモ"), ("sheets", "")),
        (lambda sheet: sheet.parent.remove(sheet.parent[HIDDEN]), ("not_form", "")),
    ],
)
def test_each_change_is_told_apart(
    forms: Forms, model: Model, tmp_path: Path, change: Callable[[Worksheet], None], told: tuple[str, str]
) -> None:
    assert refused(filled(forms["soumu"], tmp_path / "a.xlsx", change=change), model) == told


@pytest.mark.parametrize("on", [date(2026, 9, 30), date(2027, 1, 1)])
def test_a_copied_quarter_is_caught_by_its_day(forms: Forms, model: Model, tmp_path: Path, on: date) -> None:
    assert refused(filled(forms["soumu"], tmp_path / "a.xlsx", on=on), model) == ("day", "C7")


def reseal(sheet: Worksheet, row: int, value: str, *, seal: bool) -> None:
    """Change a hidden row; with `seal` as somebody does who knows the program."""
    hidden: Any = sheet.parent and sheet.parent[HIDDEN]
    hidden[f"B{row}"] = value
    rows = [(str(a or ""), str(b or "")) for a, b in hidden.iter_rows(values_only=True)]
    if seal:
        hidden[f"B{len(rows)}"] = sealed(tuple(rows[:-1]))


@pytest.mark.parametrize(
    ("row", "value", "seal", "told"),
    [
        (4, "zeimu", False, "changed"),
        (5, "2027Q1", False, "changed"),
        (2, "0", False, "version"),
        (3, "別の町", True, "town"),
        (4, "suido", True, "no_section"),
        (4, "zeimu", True, "section"),
        (5, "2026Q3", True, "quarter"),
        (5, "2026Q9", True, "not_form"),
        (7, "0" * 64, True, "old_questions"),
        (7, "0" * 64, False, "changed"),
    ],
)
def test_what_is_hidden_is_proven(
    forms: Forms, model: Model, tmp_path: Path, row: int, value: str, told: str, *, seal: bool
) -> None:
    path = filled(
        forms["soumu"], tmp_path / "a.xlsx", change=lambda sheet: reseal(sheet, row, value, seal=seal)
    )
    assert refused(path, model)[0] == told


def test_a_form_of_another_town_or_of_a_section_that_is_gone_is_told(
    forms: Forms, model: Model, tmp_path: Path
) -> None:
    path = filled(forms["zeimu"], tmp_path / "a.xlsx")
    assert refused(path, model, replace(TOWN, name="浜風町"))[0] == "town"
    assert refused(path, model, replace(TOWN, sections=TOWN.sections[:1]))[0] == "no_section"
    renamed = replace(TOWN, sections=(TOWN.sections[0], Section(id="zeimu", name="収納課")))
    assert refused(path, model, renamed)[0] == "section"


def test_an_older_form_is_told_when_a_question_was_worded_anew(
    forms: Forms, model: Model, tmp_path: Path
) -> None:
    path = filled(forms["soumu"], tmp_path / "a.xlsx")
    control = model.controls["COM-03"]
    assert control.attest is not None
    asked = replace(control.attest, question=replace(control.attest.question, ja="申合せがありますか。"))
    newer = replace(model, controls={**model.controls, "COM-03": replace(control, attest=asked)})
    assert refused(path, newer)[0] == "old_questions"


def bomb(parts: dict[str, bytes]) -> None:
    parts["xl/media/a.xml"] = b"\0" * (9 * 1024 * 1024)


def many(parts: dict[str, bytes]) -> None:
    parts.update({f"customXml/item{number}.xml": b"<x/>" for number in range(120)})


def vba(parts: dict[str, bytes]) -> None:
    parts["xl/vbaProject.bin"] = b"x"


def macro_type(parts: dict[str, bytes]) -> None:
    types = parts["[Content_Types].xml"]
    plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    parts["[Content_Types].xml"] = types.replace(
        plain, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    )


def links(parts: dict[str, bytes]) -> None:
    parts["xl/externalLinks/externalLink1.xml"] = b"<x/>"


def laughs(parts: dict[str, bytes]) -> None:
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = b'<!DOCTYPE x [<!ENTITY a "b">]>' + sheet


def wide_laughs(parts: dict[str, bytes]) -> None:
    parts["docProps/core.xml"] = '<!DOCTYPE x [<!ENTITY a "b">]><x/>'.encode("utf-16")


def torn(parts: dict[str, bytes]) -> None:
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"][:300]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (bomb, "bomb"),
        (many, "bomb"),
        (vba, "macro"),
        (macro_type, "macro"),
        (links, "links"),
        (laughs, "doctype"),
        (wide_laughs, "doctype"),
        (torn, "not_xlsx"),
    ],
)
def test_a_hostile_file_is_told_apart_and_not_opened(
    forms: Forms,
    model: Model,
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], None],
    told: str,
) -> None:
    path = rewritten(filled(forms["soumu"], tmp_path / "a.xlsx"), change)
    assert refused(path, model)[0] == told


def test_a_part_that_lies_about_its_size_unpacks_to_no_more(
    forms: Forms, model: Model, tmp_path: Path
) -> None:
    path = rewritten(filled(forms["soumu"], tmp_path / "a.xlsx"), bomb)
    body = path.read_bytes()
    size = (9 * 1024 * 1024).to_bytes(4, "little")
    assert size in body
    path.write_bytes(body.replace(size, (900).to_bytes(4, "little")))
    assert refused(path, model)[0] == "not_xlsx"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not_xlsx"),
        (b"PK\x03\x04", "not_xlsx"),
        ("氏名,回答".encode("cp932"), "not_xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "locked"),
        (b"\0" * (1024 * 1024 + 1), "too_large"),
    ],
)
def test_what_is_no_workbook_is_told(model: Model, tmp_path: Path, body: bytes, told: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(body)
    assert refused(path, model)[0] == told


def test_an_absent_file_a_folder_and_an_empty_form_are_told(
    forms: Forms, model: Model, tmp_path: Path
) -> None:
    assert refused(tmp_path / "none.xlsx", model)[0] == "not_file"
    assert refused(tmp_path, model)[0] == "not_file"
    assert refused(filled(forms["soumu"], tmp_path / "a.xlsx", answers={}), model)[0] == "empty"
    with pytest.raises(ConfigError):
        files_of([tmp_path / "nothing-here", _made(tmp_path / "empty")])


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 7000), flip=st.integers(1, 255))
def test_a_damaged_file_is_refused_or_says_the_same(
    forms: Forms, model: Model, tmp_path: Path, at: int, flip: int
) -> None:
    path = filled(forms["soumu"], tmp_path / "a.xlsx")
    whole = read(path, TOWN, model)
    body = bytearray(path.read_bytes())
    body[at % len(body)] ^= flip
    path.write_bytes(body)
    with suppress(ConfigError):
        assert read(path, TOWN, model) == whole
