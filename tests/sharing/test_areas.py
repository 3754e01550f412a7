"""SHR-01 and DAT-01: where the work lies, and what is known of the areas it lies in."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import NotKnown
from auditor.findings import Judgement, Reason, Verdict
from auditor.targets import Town
from checks.sharing import areas as subject
from tests.sharing.conftest import TODAY, answered, documents, params, placed, says, sheet

SIZES = ("領域", "使い道", "バイト数", "ファイル数")
AREAS = ("共有領域", "情報区分", "所管課", "既定の公開範囲")
Rows = tuple[tuple[str, ...], ...]


def volume(folder: Path, *rows: tuple[str, ...], headings: tuple[str, ...] = SIZES) -> Judgement:
    body = subject.read_volume.collect(
        documents(folder), placed(folder, {"size.csv": sheet(headings, *rows)})
    )
    assert b"tanaka" not in body
    result = subject.files_lie_together(subject.volume(answered(body)), params("SHR-01"), TODAY)
    assert says("SHR-01", result)
    return result


def areas(folder: Path, town: Town, *rows: tuple[str, ...], **changed: int) -> Judgement:
    body = subject.read_areas.collect(documents(folder), placed(folder, {"areas.csv": sheet(AREAS, *rows)}))
    result = subject.areas_are_narrow(
        subject.areas_of_servers(answered(body)), town, params("DAT-01", **changed), TODAY
    )
    assert says("DAT-01", result)
    return result


@pytest.mark.parametrize(
    ("shared", "personal", "untold", "verdict"),
    [
        ("800", "200", "0", Verdict.PASS),
        ("700", "300", "0", Verdict.PASS),
        ("690", "310", "0", Verdict.FAIL),
        ("１，０００", "2", "0", Verdict.PASS),
        ("700", "200", "100", Verdict.PASS),
        ("700", "150", "151", Verdict.UNKNOWN),
        ("600", "100", "300", Verdict.UNKNOWN),
        ("100", "800", "100", Verdict.FAIL),
        ("0", "0", "0", Verdict.UNKNOWN),
        ("many", "0", "0", Verdict.UNKNOWN),
        ("", "0", "0", Verdict.UNKNOWN),
    ],
)
def test_what_is_untold_counts_for_neither_side(
    tmp_path: Path, shared: str, personal: str, untold: str, verdict: Verdict
) -> None:
    rows = (
        ("総務", "課", shared, "1"),
        ("home/tanaka", "個人", personal, "1"),
        ("旧データ", "", untold, "1"),
    )
    assert volume(tmp_path, *rows).verdict is verdict


def test_files_are_counted_where_bytes_are_not_told(tmp_path: Path) -> None:
    rows = (("総務", "課", "9"), ("home/tanaka", "個人", "1"))
    assert volume(tmp_path, *rows, headings=("領域", "使い道", "ファイル数")).values["shared"] == 90


def test_an_area_listed_twice_is_not_counted_twice(tmp_path: Path) -> None:
    rows = (("総務", "課", "9", "1"), ("総 務", "課", "9", "1"))
    result = volume(tmp_path, *rows)
    assert (result.reason, len(result.places)) == (Reason.UNREADABLE, 1)


@pytest.mark.parametrize("use", ["両方", "=課"])
def test_a_word_nobody_knows_is_not_taken_for_a_section(tmp_path: Path, use: str) -> None:
    assert volume(tmp_path, ("総務", use, "9", "1")).reason is Reason.UNREADABLE


def test_without_a_listing_nothing_is_known(tmp_path: Path) -> None:
    for read in (subject.read_volume, subject.read_areas, subject.read_cloud_areas):
        with pytest.raises(NotKnown) as caught:
            read.collect(documents(tmp_path), placed(tmp_path, {}))
        assert caught.value.reason is Reason.NOT_COLLECTED


GOOD = ("総務", "機密性2", "総務課", "課内のみ")


def test_areas_with_class_owner_and_a_narrow_door_pass(tmp_path: Path, town: Town) -> None:
    result = areas(tmp_path, town, GOOD, ("税務", "機密性3", "zeimu", "非公開"))
    assert (result.verdict, result.values["areas"]) == (Verdict.PASS, 2)


@pytest.mark.parametrize(
    ("row", "key"),
    [(("広場", "機密性1", "総務課", "全職員"), "wide"), (("倉庫", "未設定", "総務課", "非公開"), "bare")],
)
def test_an_open_or_unclassed_area_fails(tmp_path: Path, town: Town, row: tuple[str, ...], key: str) -> None:
    result = areas(tmp_path, town, GOOD, row)
    assert (result.key, result.places) == (key, (f"areas.csv:3 {row[0]}",))


@pytest.mark.parametrize(
    "row",
    [
        ("倉庫", "", "総務課", "非公開"),
        ("倉庫", "不明", "総務課", "非公開"),
        ("倉庫", "？", "総務課", "非公開"),
        ("倉庫", "ー", "総務課", "非公開"),
        ("倉庫", "機密性2", "", "非公開"),
        ("倉庫", "機密性2", "総務課", ""),
        ("倉庫", "機密性2", "観光課", "非公開"),
        ("倉庫", "機密性2", "総務課", "だいたい非公開"),
    ],
)
def test_a_blank_or_unknown_cell_is_unknown_never_no(
    tmp_path: Path, town: Town, row: tuple[str, ...]
) -> None:
    result = areas(tmp_path, town, GOOD, row)
    assert result.verdict is Verdict.UNKNOWN
    assert result.places[0].startswith("areas.csv:3")


def test_a_town_may_allow_a_few_without_a_class(tmp_path: Path, town: Town) -> None:
    rows: Rows = (*(((f"{at}", *GOOD[1:])) for at in range(9)), ("倉庫", "なし", "総務課", "非公開"))
    assert areas(tmp_path, town, *rows).verdict is Verdict.FAIL
    assert areas(tmp_path, town, *rows, class_tag=90).verdict is Verdict.PASS


def test_a_cloud_suite_s_ledger_is_judged_alike(tmp_path: Path, town: Town) -> None:
    files: Mapping[str, bytes] = {"drives.csv": sheet(AREAS, GOOD)}
    body = subject.read_cloud_areas.collect(documents(tmp_path, "cloud"), placed(tmp_path, files))
    seen = subject.areas_of_cloud(answered(body))
    assert subject.areas_are_narrow(seen, town, params("DAT-01"), TODAY).verdict is Verdict.PASS


@given(st.lists(st.tuples(*[st.text(max_size=12)] * 4), min_size=1, max_size=4))
def test_no_cells_crash_the_readers_or_pass(rows: list[tuple[str, ...]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        text = "\r\n".join(
            ",".join(f'"{cell.replace(chr(34), "")}"' for cell in row) for row in (SIZES, *rows)
        )
        folder = placed(Path(name), {"size.csv": text.encode("utf-8", "replace")})
        try:
            body = subject.read_volume.collect(documents(Path(name)), folder)
        except NotKnown:
            return
        seen = subject.volume(answered(body))
        assert seen.shared == 0 or any("課" in row[1] or "共有" in row[1] or row[1].isascii() for row in rows)
