"""Writes attestation forms as xlsx, with lists to choose from, that any office suite can fill in."""

import io
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from auditor import attestform as form
from auditor.attested import days_of
from auditor.attestform import Paper
from auditor.errors import OutputError
from auditor.words import say

TO_FILL = PatternFill("solid", fgColor="FFF7CC")
ASKED = PatternFill("solid", fgColor="EEEEEE")
LINE = Border(*(Side("thin", color="808080"),) * 4)
WRAPPED = Alignment(wrap_text=True, vertical="top")
WIDTHS = {form.NUMBER: 8, form.QUESTION: 72, form.ANSWER: 30}
LINE_CHARS = 34
"""So many full-width characters fit into a line of a question."""

LINE_POINTS = 19


def file_name(paper: Paper) -> str:
    """What the form is called: quarter and section, so that a folder sorts well."""
    return f"{paper.quarter}-{paper.section.lstrip('_')}.xlsx"


def write(paper: Paper, folder: Path) -> Path:
    """Write one form; nothing half-written is left under its name, and nothing is overwritten.

    Raises:
        OutputError: it is there already, or cannot be written.
    """
    path = folder / file_name(paper)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise OutputError("attest_exists", path=str(path))
        draft = path.with_name(f".{path.name}.part")
        draft.write_bytes(made(paper))
        draft.replace(path)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise OutputError("attest_not_written", path=str(path), why=why) from None
    return path


def made(paper: Paper) -> bytes:
    """The form as the bytes of an xlsx file."""
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):  # a new workbook has one
        raise TypeError
    sheet.title = say(paper.lang, "attest.sheet")
    _heading(sheet, paper)
    _questions(sheet, paper)
    _choices(sheet, paper)
    sheet.protection.sheet = True
    hidden = book.create_sheet(form.HIDDEN)
    hidden.sheet_state = "hidden"
    for row in (*paper.hidden, ("digest", form.sealed(paper.hidden))):
        hidden.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _heading(sheet: Worksheet, paper: Paper) -> None:
    for column, width in WIDTHS.items():
        sheet.column_dimensions[column].width = width
    sheet["A1"] = say(paper.lang, "attest.title", town=paper.town, name=paper.name)
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A2"] = say(paper.lang, "attest.how")
    shown = {
        form.SECTION_CELL: ("attest.of", paper.name),
        form.QUARTER_CELL: ("attest.for", paper.period),
        form.POST_CELL: ("attest.by", None),
        form.DAY_CELL: ("attest.on", None),
    }
    for cell, (label, value) in shown.items():
        beside = f"{form.QUESTION}{cell[1:]}"
        sheet[beside] = say(paper.lang, label)
        sheet[cell] = value
        sheet[beside].border = sheet[cell].border = LINE
        if value is None:
            _open(sheet, cell)
    sheet[form.DAY_CELL].number_format = "yyyy/mm/dd"
    sheet.freeze_panes = f"A{form.FIRST_ROW}"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _questions(sheet: Worksheet, paper: Paper) -> None:
    heads = {form.NUMBER: "number", form.QUESTION: "question", form.ANSWER: "answer"}
    for column, word in heads.items():
        cell = sheet[f"{column}{form.FIRST_ROW - 1}"]
        cell.value, cell.font, cell.fill = say(paper.lang, f"attest.{word}"), Font(bold=True), ASKED
        cell.border = LINE
    for row, question in enumerate(paper.questions, start=form.FIRST_ROW):
        text = question.text(paper.lang)
        sheet[f"{form.NUMBER}{row}"] = row - form.FIRST_ROW + 1
        sheet[f"{form.QUESTION}{row}"] = text
        for column in heads:
            sheet[f"{column}{row}"].border = LINE
            sheet[f"{column}{row}"].alignment = WRAPPED
        width = sum(1 if sign.isascii() else 2 for sign in text) / 2
        sheet.row_dimensions[row].height = LINE_POINTS * (1 + int(width // LINE_CHARS))
        _open(sheet, f"{form.ANSWER}{row}")


def _open(sheet: Worksheet, cell: str) -> None:
    """A cell to be filled in: coloured, and not locked."""
    sheet[cell].fill = TO_FILL
    sheet[cell].protection = Protection(locked=False)


def _choices(sheet: Worksheet, paper: Paper) -> None:
    first, last = days_of(paper.quarter) or (date.min, date.max)
    _list(sheet, paper, paper.posts, form.POST_CELL)
    for row, question in enumerate(paper.questions, start=form.FIRST_ROW):
        _list(sheet, paper, tuple(paper.answers(question)), f"{form.ANSWER}{row}")
    day = DataValidation(
        type="date",
        operator="between",
        formula1=f"DATE({first:%Y,%m,%d})",
        formula2=f"DATE({last:%Y,%m,%d})",
        showErrorMessage=True,
        error=say(paper.lang, "attest.day_error", period=paper.period),
    )
    sheet.add_data_validation(day)
    day.add(form.DAY_CELL)


def _list(sheet: Worksheet, paper: Paper, words: tuple[str, ...], cell: str) -> None:
    choice = DataValidation(
        type="list",
        formula1=f'"{",".join(words)}"',
        allow_blank=True,
        showErrorMessage=True,
        error=say(paper.lang, "attest.list_error"),
    )
    sheet.add_data_validation(choice)
    choice.add(cell)
