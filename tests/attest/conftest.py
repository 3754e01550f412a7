"""A small town, its forms, and officers who fill them in, rightly and wrongly."""

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from auditor import discover
from auditor.attestform import Paper, papers
from auditor.attestmake import made
from auditor.catalogue import read_catalogue
from auditor.model import Model, load_model
from auditor.targets import Section, Town
from tests.people.conftest import EVERY

QUARTER = "2026Q4"
ON = date(2026, 11, 20)
TOWN = Town(
    name="松風町",
    sections=(Section(id="soumu", name="総務課"), Section(id="zeimu", name="税務課")),
)
ANSWERS = {"C10": "はい", "C11": "いいえ", "C12": "分からない", "C14": "該当なし"}
Change = Callable[[Worksheet], None]


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model(read_catalogue(discover._declared(dict(EVERY), {})), "beta")


@pytest.fixture(scope="session")
def forms(model: Model) -> dict[str, Paper]:
    return {paper.section: paper for paper in papers(TOWN, model, QUARTER, "ja")}


def filled(
    paper: Paper,
    path: Path,
    *,
    answers: Mapping[str, Any] = ANSWERS,
    on: Any = ON,
    post: str = "課長補佐",
    change: Change | None = None,
) -> Path:
    """The form as an officer gives it back."""
    book = load_workbook(io.BytesIO(made(paper)))
    sheet = book.worksheets[0]
    sheet["C6"], sheet["C7"] = post, on
    for cell, answer in answers.items():
        sheet[cell] = answer
    if change is not None:
        change(sheet)
    book.save(path)
    return path


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same file with its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return path


def cell(name: str, value: Any) -> Change:
    """A change of one cell."""

    def change(sheet: Worksheet) -> None:
        sheet[name] = value

    return change
