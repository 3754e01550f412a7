"""Forms come back as they went out, in whatever suite they were filled in, and are kept whole."""

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import msgspec
import pytest
from openpyxl import load_workbook

from auditor.attested import FOLDER, days_of, quarter_of
from auditor.attestform import FIRST_ROW, HIDDEN, Paper
from auditor.attestforms import Form
from auditor.attestkeep import files_of, take
from auditor.attestmake import made, write
from auditor.attestread import read
from auditor.errors import OutputError
from auditor.model import Model
from tests.attest.conftest import ANSWERS, ON, QUARTER, TOWN, cell, filled, rewritten

Forms = dict[str, Paper]


def test_a_form_asks_every_section_and_the_town_and_each_answer_can_only_be_chosen(forms: Forms) -> None:
    assert set(forms) == {"soumu", "zeimu", "_town"}
    book = load_workbook(io.BytesIO(made(forms["soumu"])))
    sheet = book.worksheets[0]
    lists = {str(one.sqref): one.formula1 for one in sheet.data_validations.dataValidation}
    cells = [f"C{row}" for row in range(FIRST_ROW, FIRST_ROW + len(forms["soumu"].questions))]
    assert {"C6", "C7", *cells} == set(lists)
    assert lists["C10"] == '"はい,いいえ,分からない"'
    assert lists["C11"] == '"はい,いいえ,該当なし,分からない"'
    assert book[HIDDEN].sheet_state == "hidden"
    assert sheet.protection.sheet
    assert not sheet["C10"].protection.locked
    assert sheet["B10"].protection.locked


def test_answers_come_back_with_post_day_and_the_last_day_they_count(
    forms: Forms, model: Model, tmp_path: Path
) -> None:
    form = read(filled(forms["soumu"], tmp_path / "a.xlsx"), TOWN, model)
    assert (form.section, form.quarter, form.on, form.post) == ("soumu", QUARTER, ON, "課長補佐")
    found = {entry.control: (entry.answer, entry.until) for entry in form.answers}
    assert found == {
        "COM-03": ("yes", date(2027, 5, 19)),
        "COM-04": ("no", date(2027, 5, 19)),
        "COM-07": ("unsure", date(2027, 5, 19)),
        "PPL-07": ("none", date(2027, 2, 28)),
    }


@pytest.mark.parametrize("written", ["2026/11/20", "令和8年11月20日", "R8.11.20", "２０２６年１１月２０日"])
def test_a_day_written_as_text_is_understood(
    forms: Forms, model: Model, tmp_path: Path, written: str
) -> None:
    assert read(filled(forms["soumu"], tmp_path / "a.xlsx", on=written), TOWN, model).on == ON


def test_an_english_form_comes_back_too(forms: Forms, model: Model, tmp_path: Path) -> None:
    paper = replace(forms["zeimu"], lang="en")
    path = filled(paper, tmp_path / "a.xlsx", answers={"C10": "yes"}, post="head of section")
    assert read(path, TOWN, model).answers[0].answer == "yes"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_form_that_libreoffice_wrote_is_read(forms: Forms, model: Model, tmp_path: Path) -> None:
    path = filled(forms["soumu"], tmp_path / "a.xlsx")
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to",
         "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out"), str(path)],
        check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    written = tmp_path / "out" / "a.xlsx"
    assert b"Calc" in zipfile.ZipFile(written).read("xl/workbook.xml")
    assert read(written, TOWN, model) == read(path, TOWN, model)


def excel(parts: dict[str, bytes]) -> None:
    """Rewrite a file in the manner of Excel: shared texts with runs and readings, veryHidden, more parts.

    Made by hand after Excel's habits; no Excel wrote it.
    """
    shared: list[str] = []

    def share(found: re.Match[str]) -> str:
        shared.append(f"<si>{found[2]}</si>")
        return f'{found[1]}t="s"><v>{len(shared) - 1}</v></c>'

    for name in [name for name in parts if name.startswith("xl/worksheets/")]:
        plain = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), parts[name].decode())
        text = re.sub(r'(<c [^>]*)t="inlineStr"[^>]*><is>(.*?)</is></c>', share, plain)
        parts[name] = text.encode()
    runs = '<si><r><rPr><sz val="11"/></rPr><t>は</t></r><r><t>い</t></r><phoneticPr fontId="1"/></si>'
    body = "".join(shared).replace("<si><t>はい</t></si>", runs)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{main}">{body}</sst>'.encode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    more = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", more.encode())
    book = parts["xl/workbook.xml"].decode()
    parts["xl/workbook.xml"] = book.replace('state="hidden"', 'state="veryHidden"').encode()
    parts["xl/printerSettings/printerSettings1.bin"] = b"\x00P\x00r"
    parts["customXml/item1.xml"] = b"<x/>"


def test_a_form_in_the_manner_of_excel_is_read(forms: Forms, model: Model, tmp_path: Path) -> None:
    path = filled(forms["soumu"], tmp_path / "a.xlsx")
    before = read(path, TOWN, model)
    rewritten(path, excel)
    assert "veryHidden" in zipfile.ZipFile(path).read("xl/workbook.xml").decode()
    assert "<r><t>い</t></r>" in zipfile.ZipFile(path).read("xl/sharedStrings.xml").decode()
    assert read(path, TOWN, model) == before


def kept(root: Path) -> dict[str, Form]:
    return {
        path.name: msgspec.json.decode(path.read_bytes(), type=Form) for path in (root / FOLDER).iterdir()
    }


def test_good_forms_are_kept_and_bad_ones_told_and_nothing_is_half_written(
    forms: Forms, model: Model, tmp_path: Path
) -> None:
    good = filled(forms["soumu"], tmp_path / "a.xlsx")
    bad = filled(forms["zeimu"], tmp_path / "b.xlsx", change=cell("C10", "はい?"))
    taken = take([good, bad], tmp_path, TOWN, model)
    assert [path for path, _ in taken.kept] == [good]
    assert [(problem.file, problem.field) for problem in taken.problems] == [(bad, "C10")]
    assert list(kept(tmp_path)) == [f"{QUARTER}-soumu.json"]


def test_two_forms_of_one_section_are_kept_from_neither(forms: Forms, model: Model, tmp_path: Path) -> None:
    paths = [filled(forms["soumu"], tmp_path / name) for name in ("a.xlsx", "b.xlsx")]
    taken = take(paths, tmp_path, TOWN, model)
    assert not taken.kept
    assert {problem.key for problem in taken.problems} == {"attest_twice"}
    assert not (tmp_path / FOLDER).exists()


def test_an_older_form_does_not_replace_a_newer_one(forms: Forms, model: Model, tmp_path: Path) -> None:
    newer = filled(forms["soumu"], tmp_path / "a.xlsx")
    older = filled(forms["soumu"], tmp_path / "b.xlsx", on=date(2026, 10, 1))
    take([newer], tmp_path, TOWN, model)
    assert take([older], tmp_path, TOWN, model).problems[0].key == "attest_older"
    assert kept(tmp_path)[f"{QUARTER}-soumu.json"].on == ON
    corrected = filled(forms["soumu"], tmp_path / "c.xlsx", answers={**ANSWERS, "C11": "はい"})
    assert take([corrected], tmp_path, TOWN, model).kept


def test_a_folder_is_read_without_what_a_suite_has_open(forms: Forms, model: Model, tmp_path: Path) -> None:
    filled(forms["soumu"], tmp_path / "a.xlsx")
    (tmp_path / "~$a.xlsx").write_bytes(b"owner")
    (tmp_path / "readme.txt").write_text("x")
    assert [path.name for path in files_of([tmp_path])] == ["a.xlsx"]


def test_a_form_is_never_overwritten(forms: Forms, tmp_path: Path) -> None:
    path = write(forms["_town"], tmp_path)
    assert path.name == "2026Q4-town.xlsx"
    with pytest.raises(OutputError):
        write(forms["_town"], tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("quarter", "days"),
    [
        ("2026Q1", (date(2026, 1, 1), date(2026, 3, 31))),
        ("2026Q4", (date(2026, 10, 1), date(2026, 12, 31))),
        ("2026Q5", None),
        ("26Q1", None),
        ("2026Q1\n", None),
        ("２０２６Q1", None),
    ],
)
def test_a_quarter_is_three_months(quarter: str, days: tuple[date, date] | None) -> None:
    assert days_of(quarter) == days
    assert days is None or {quarter_of(day) for day in days} == {quarter}
