"""PPL-20: record series and their electronic class, from the ledger a town keeps."""

from datetime import date
from pathlib import Path

import pytest

from auditor.errors import Garbled, NotKnown
from auditor.findings import Judgement, Reason, Verdict
from checks.sharing import series as subject
from tests.sharing.conftest import EXPORTED, TODAY, answered, documents, params, placed, says, sheet


def judged(folder: Path, *cells: str, on: date = EXPORTED, encoding: str = "cp932") -> Judgement:
    rows = [(f"簿冊{at}", cell) for at, cell in enumerate(cells)]
    files = {"kijun.csv": sheet(("簿冊名", "電子分類"), *rows, encoding=encoding)}
    body = subject.read_series.collect(documents(folder, "library"), placed(folder, files, on))
    result = subject.series_have_a_class(subject.series(answered(body)), params("PPL-20"), TODAY)
    assert says("PPL-20", result)
    return result


def test_enough_series_with_a_class_pass(tmp_path: Path) -> None:
    result = judged(tmp_path, *["A-01"] * 4, "紙のみ")
    assert (result.verdict, result.values["count"], result.values["total"]) == (Verdict.PASS, 4, 5)


@pytest.mark.parametrize("none", ["なし", "×", "-", "紙のみ", "ー"])
def test_series_on_paper_alone_fail_and_are_named(tmp_path: Path, none: str) -> None:
    result = judged(tmp_path, "A-01", "A-02", none)
    assert (result.key, result.places) == ("bare", ("kijun.csv:4 簿冊2",))


def test_a_blank_is_unknown_never_paper(tmp_path: Path) -> None:
    assert judged(tmp_path, "A-01", "A-02", "").reason is Reason.NOT_MEASURABLE
    assert judged(tmp_path, *["A-01"] * 9, "").verdict is Verdict.PASS
    assert judged(tmp_path, "A-01", "なし", "").verdict is Verdict.FAIL


@pytest.mark.parametrize("cell", ["不明", "未定", "？", "…", "検討中"])
def test_a_word_for_not_knowing_is_no_class(tmp_path: Path, cell: str) -> None:
    assert judged(tmp_path, "A-01", "A-02", cell).reason is Reason.NOT_MEASURABLE


@pytest.mark.parametrize("cell", ["=A1", "+1"])
def test_a_formula_is_no_class(tmp_path: Path, cell: str) -> None:
    assert judged(tmp_path, *["A-01"] * 9, cell).reason is Reason.UNREADABLE


def test_an_old_ledger_is_stale(tmp_path: Path) -> None:
    assert judged(tmp_path, "A-01", on=date(2025, 1, 1)).reason is Reason.STALE


def test_a_series_in_two_rows_is_named(tmp_path: Path) -> None:
    files = {"k.csv": sheet(("簿冊", "電子分類"), ("会議", "A-01"), ("会 議", "A-02"))}
    body = subject.read_series.collect(documents(tmp_path, "library"), placed(tmp_path, files))
    assert subject.series(answered(body)).gaps == ["k.csv:3: no name, or a series twice"]


def test_without_a_ledger_nothing_is_known_and_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotKnown) as caught:
        subject.read_series.collect(documents(tmp_path, "library"), placed(tmp_path, {"a.pdf": b"x"}))
    assert caught.value.reason is Reason.NOT_COLLECTED
    with pytest.raises(Garbled):
        subject.series(answered(b'{"classed": 3}'))
