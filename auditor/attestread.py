"""Reads a filled-in attestation form back: only what stands where it was asked, exactly as it was asked."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from auditor import attestform as form
from auditor.attested import TOWN, days_of, digest_of, last_day
from auditor.attestfile import opened, refusal
from auditor.attestform import HEAD, MARK, VERSION, Paper
from auditor.attestforms import Entry, Form
from auditor.cells import parse_day
from auditor.model import Model
from auditor.targets import Town
from auditor.words import LANGUAGES

MAX_ROW = 400
MAX_COLUMN = 40
SHOWN = 60
"""So much of a stray text is repeated to the officer."""


def read(path: Path, town: Town, model: Model) -> Form:
    """The answers of one form.

    Raises:
        ConfigError: the file is not taken; its problem says why and in which cell.
    """
    book = opened(path)
    if form.HIDDEN not in book.sheetnames:
        raise refusal(path, "not_form")
    rows = _hidden(book[form.HIDDEN], path)
    paper = _paper(rows, town, model, path)
    sheet = _sheet(book, path)
    if rows != paper.hidden:
        raise refusal(path, "old_questions")
    _as_asked(sheet, paper, path)
    return _form(sheet, paper, path)


def _hidden(sheet: Any, path: Path) -> tuple[tuple[str, str], ...]:
    """The hidden sheet's rows, proven by its digest to be as they were written."""
    if not isinstance(sheet, Worksheet) or sheet.max_row > MAX_ROW or sheet.max_column > MAX_COLUMN:
        raise refusal(path, "not_form")
    rows = [(_text(a), _text(b)) for a, b in sheet.iter_rows(max_col=2, values_only=True)]
    while rows and rows[-1] == ("", ""):
        rows.pop()
    head = rows[: len(HEAD)]
    if tuple(name for name, _ in head) != HEAD or head[0][1] != MARK:
        raise refusal(path, "not_form")
    if head[1][1] != VERSION:
        raise refusal(path, "version", seen=head[1][1][:SHOWN], known=VERSION)
    *body, (last, digest) = rows
    if last != "digest" or digest != form.sealed(tuple(body)):
        raise refusal(path, "changed")
    return tuple(body)


def _paper(rows: tuple[tuple[str, str], ...], town: Town, model: Model, path: Path) -> Paper:
    """The form that this file was made from, as it would be made today."""
    head: Mapping[str, str] = dict(rows[: len(HEAD)])
    if head["town"] != town.name:
        raise refusal(path, "town", seen=head["town"][:SHOWN], name=town.name)
    if head["lang"] not in LANGUAGES or days_of(head["quarter"]) is None:
        raise refusal(path, "not_form")
    sections = {section.id: section for section in town.sections}
    if head["section"] != TOWN and head["section"] not in sections:
        raise refusal(path, "no_section", seen=head["section"][:SHOWN])
    target = town if head["section"] == TOWN else sections[head["section"]]
    return form.paper(town, target, model, head["quarter"], head["lang"])


def _sheet(book: Workbook, path: Path) -> Worksheet:
    """The one visible sheet, in which nothing is worked out, joined, or far away."""
    names = [name for name in book.sheetnames if name != form.HIDDEN]
    sheet = book[names[0]] if len(names) == 1 else None
    if not isinstance(sheet, Worksheet):
        raise refusal(path, "sheets", count=len(names))
    if sheet.merged_cells.ranges:
        raise refusal(path, "merged", str(next(iter(sheet.merged_cells.ranges))))
    if sheet.max_row > MAX_ROW or sheet.max_column > MAX_COLUMN:
        raise refusal(path, "extra", "", seen="")
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                raise refusal(path, "formula", cell.coordinate)
    return sheet


def _as_asked(sheet: Worksheet, paper: Paper, path: Path) -> None:
    """Section, quarter and every question stand as they were written, and nothing else was added."""
    if _plain(sheet[form.SECTION_CELL].value) != _plain(paper.name):
        raise refusal(path, "section", form.SECTION_CELL, name=paper.name)
    if _plain(sheet[form.QUARTER_CELL].value) != _plain(paper.period):
        raise refusal(path, "quarter", form.QUARTER_CELL, period=paper.period)
    for row, question in enumerate(paper.questions, start=form.FIRST_ROW):
        cell = f"{form.QUESTION}{row}"
        if _plain(sheet[cell].value) != _plain(question.text(paper.lang)):
            raise refusal(path, "question", cell)
    last = form.FIRST_ROW + len(paper.questions) - 1
    for line in sheet.iter_rows():
        for one in line:
            known = (one.column or 0) <= len("ABC") and (one.row or 0) <= last
            if _text(one.value) and not known:
                raise refusal(path, "extra", one.coordinate, seen=_text(one.value)[:SHOWN])


def _form(sheet: Worksheet, paper: Paper, path: Path) -> Form:
    post = _chosen(sheet, form.POST_CELL, {word: word for word in paper.posts}, path)
    if not post:
        raise refusal(path, "no_post", form.POST_CELL)
    on = _day(sheet[form.DAY_CELL].value)
    first, last = days_of(paper.quarter) or (date.max, date.min)
    if on is None:
        raise refusal(path, "no_day", form.DAY_CELL)
    if not first <= on <= last:
        raise refusal(path, "day", form.DAY_CELL, seen=on.isoformat(), period=paper.period)
    entries = []
    for row, question in enumerate(paper.questions, start=form.FIRST_ROW):
        answer = _chosen(sheet, f"{form.ANSWER}{row}", paper.answers(question), path)
        if answer:
            until = last_day(on, question.attest)
            entries.append(Entry(question.control, answer, until, digest_of(question.attest)))
    if not entries:
        raise refusal(path, "empty")
    return Form(section=paper.section, quarter=paper.quarter, on=on, post=post, answers=tuple(entries))


def _chosen(sheet: Worksheet, cell: str, words: Mapping[str, str], path: Path) -> str:
    """What one of the words on the list means; "" = left blank."""
    text = _plain(sheet[cell].value)
    meanings = {_plain(word): meaning for word, meaning in words.items()}
    if text and text not in meanings:
        raise refusal(path, "answer", cell, seen=_text(sheet[cell].value)[:SHOWN], known=" / ".join(words))
    return meanings.get(text, "")


def _day(value: object) -> date | None:
    """The day in a cell, as a spreadsheet's date or as text; None = none that is understood."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return parse_day(value) if isinstance(value, str) else None


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _plain(value: object) -> str:
    """Text for comparing: how a suite breaks lines, or writes a letter's width, makes no difference."""
    return "".join(unicodedata.normalize("NFKC", _text(value)).split())
