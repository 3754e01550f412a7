"""Ledgers in workbooks: none is missed because of its format, its second sheet or a title above it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from auditor.api import Reason, Verdict
from tests.counter.kit import BOOK, LINKS, archive, cells, judged, put, sheet, xlsx
from tests.counter.test_ledgers import FULL, GOOD, row

BARE = row(押印根拠="")


def book(*names_and_rows: tuple[str, Sequence[Sequence[str]]]) -> bytes:
    """A workbook with these sheets."""
    parts = {}
    listed = links = ""
    for number, (name, rows) in enumerate(names_and_rows, 1):
        listed += f'<sheet name="{name}" r:id="r{number}"/>'
        links += f'<Relationship Id="r{number}" Target="worksheets/sheet{number}.xml"/>'
        data = "".join(cells(line, *texts) for line, texts in enumerate(rows, 1))
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f"<worksheet {BOOK}><sheetData>{data}</sheetData></worksheet>"
        )
    parts["xl/workbook.xml"] = f'<workbook {BOOK} xmlns:r="{LINKS}"><sheets>{listed}</sheets></workbook>'
    return archive(parts | {"xl/_rels/workbook.xml.rels": f"<R>{links}</R>"})


def test_a_ledger_that_goes_on_in_a_sheet_without_headings_is_not_whole(tmp_path: Path) -> None:
    put(tmp_path, {"手続一覧.xlsx": book(("一覧", (FULL, GOOD)), ("続き", (BARE, BARE)))})
    result = judged("ONL-05", tmp_path)
    assert (result.reason, result.places) == (
        Reason.UNREADABLE, ("手続一覧.xlsx[続き]: no headings of a ledger or a log",),
    )  # fmt: skip


def test_a_sheet_of_notes_beside_the_ledger_is_none(tmp_path: Path) -> None:
    notes = (("記入のしかた",), ("要", "必要なとき"), ("不要", "必要でないとき"))
    put(tmp_path, {"手続一覧.xlsx": book(("一覧", (FULL, GOOD)), ("凡例", notes))})
    assert judged("ONL-05", tmp_path).verdict is Verdict.PASS


def test_every_sheet_with_headings_is_read(tmp_path: Path) -> None:
    put(tmp_path, {"手続一覧.xlsx": book(("福祉課", (FULL, GOOD)), ("税務課", (FULL, BARE)))})
    assert judged("ONL-05", tmp_path).verdict is Verdict.FAIL


def test_a_ledger_with_macros_is_a_ledger(tmp_path: Path) -> None:
    other = xlsx(cells(1, *FULL) + cells(2, *BARE))
    put(tmp_path, {"a.csv": sheet(FULL, row()), "税務課/一覧.XLSM": other})
    assert judged("ONL-05", tmp_path).verdict is Verdict.FAIL


@pytest.mark.parametrize("name", ["税務課/手続一覧.xls", "様式台帳.ODS"])
def test_a_ledger_of_an_old_format_is_named_and_keeps_from_passing(tmp_path: Path, name: str) -> None:
    put(tmp_path, {"a.csv": sheet(FULL, row()), name: b"\xd0\xcf\x11\xe0"})
    result = judged("ONL-05", tmp_path)
    assert (result.reason, result.places) == (Reason.UNREADABLE, (f"{name}: save it as xlsx or CSV",))


def test_a_form_of_an_old_format_is_no_ledger(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": sheet(FULL, row()), "利用届.xls": b"\xd0\xcf\x11\xe0"})
    assert judged("ONL-05", tmp_path).verdict is Verdict.PASS
