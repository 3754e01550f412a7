"""A decision counts for the sentence it was made on, by an office, on a day; for nothing else."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Reason, Verdict
from checks.ordinance._standing import Decided, Decisions, contexts, standing
from tests.ordinance.conftest import judged
from tests.ordinance.register import GOOD, SEAL, collection, eleven, hits, register, row, written
from tests.ordinance.support import TODAY


def test_every_hit_decided_passes_and_each_kind_of_control_takes_it(tmp_path: Path) -> None:
    given_ = collection()
    kept = register(written(*(row(hit) for hit in hits(given_))), tmp_path)
    result = eleven(given_, kept)
    assert (result.verdict, result.key, result.values["count"]) == (Verdict.PASS, "ok", len(hits(given_)))


def test_a_hit_without_a_row_fails_with_its_place(tmp_path: Path) -> None:
    given_ = collection()
    first, *others = hits(given_)
    kept = register(written(*(row(hit) for hit in others)), tmp_path)
    result = eleven(given_, kept)
    assert (result.verdict, result.key) == (Verdict.FAIL, "undecided")
    assert result.places == (first.document + first.place,)


def test_a_missing_register_is_unknown_and_not_a_row_of_no(tmp_path: Path) -> None:
    result = eleven(collection(), register(None, tmp_path))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED)


def test_the_exported_list_that_nobody_filled_in_decides_nothing(tmp_path: Path) -> None:
    given_ = collection()
    empty = dict.fromkeys(GOOD, "")
    result = eleven(given_, register(written(*(row(hit, **empty) for hit in hits(given_))), tmp_path))
    assert (result.verdict, result.key) == (Verdict.FAIL, "undecided")


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"判定した所属": ""}, "判定した所属(空欄)"),
        ({"判定日": ""}, "判定日(空欄)"),
        ({"判定日": "2026-11-27"}, "判定日(先の日付)"),
        ({"判定日": "きのう"}, "判定日(日付として読めない)"),
        ({"判定": "たぶん残す"}, "判定(決められた判定の語ではない)"),
        ({"判定": ""}, "判定(空欄)"),
        ({"段階": "9"}, "段階(決められた段階ではない)"),
        ({"段階": ""}, "段階(空欄)"),
        ({"方針": ""}, "方針(空欄)"),
        ({"番号": "第3号"}, "番号(番号の形ではない)"),
        ({"番号": ""}, "番号(番号の形ではない)"),
        ({"有効期限": "2026-09-01"}, "有効期限(判定日より前の期限)"),
        ({"有効期限": "当面"}, "有効期限(日付として読めない)"),
    ],
)
def test_a_row_that_is_no_decision_is_told_with_file_and_row(
    cells: dict[str, str], told: str, tmp_path: Path
) -> None:
    given_ = collection(SEAL)
    (hit,) = hits(given_)
    result = eleven(given_, register(written(row(hit, **cells)), tmp_path))
    assert result.verdict is Verdict.FAIL
    assert f"decisions.csv:2: {told}" in result.places


def test_two_rows_for_one_hit_decide_nothing(tmp_path: Path) -> None:
    given_ = collection(SEAL)
    (hit,) = hits(given_)
    result = eleven(given_, register(written(row(hit), row(hit, 判定="残す")), tmp_path))
    assert result.verdict is Verdict.FAIL
    assert "decisions.csv:2: 番号(同じ番号が二度ある)" in result.places
    assert "decisions.csv:3: 番号(同じ番号が二度ある)" in result.places


def test_not_applicable_needs_neither_policy_nor_phase(tmp_path: Path) -> None:
    given_ = collection(SEAL)
    (hit,) = hits(given_)
    kept = register(written(row(hit, 判定="該当しない", 方針="", 段階="")), tmp_path)
    assert eleven(given_, kept).verdict is Verdict.PASS


def test_a_number_that_no_ordinance_has_is_listed_and_decides_nothing(tmp_path: Path) -> None:
    given_ = collection(SEAL)
    (hit,) = hits(given_)
    stranger = row(hit, 番号="h0123456789abcdef", 例規名="ほかの条例")
    result = eleven(given_, register(written(row(hit), stranger), tmp_path))
    assert (result.verdict, result.key) == (Verdict.PASS, "gone")
    assert result.places == ("decisions.csv:3: 番号(今の例規にない番号)",)
    alone = eleven(given_, register(written(stranger), tmp_path))
    assert alone.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "now",
    [
        ("第1条　利用者は、利用申請書に記名押印しなければならない。",),
        ("第1条　町は、集会所を置く。", "第2条　利用者は、申請書に記名押印しなければならない。"),
        (SEAL + "ただし、町長が認めるときは、この限りでない。",),
    ],
)
def test_a_decision_on_a_changed_or_renumbered_clause_is_unknown_and_never_carried_over(
    now: tuple[str, ...], tmp_path: Path
) -> None:
    first = collection(SEAL)
    (before,) = hits(first)
    given_ = collection(*now)
    (after,) = hits(given_)
    answered = row(before, 照合="h" + contexts((before,), first.documents)[before.id])
    assert eleven(first, register(written(answered), tmp_path)).verdict is Verdict.PASS
    result = eleven(given_, register(written(answered), tmp_path))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.STALE)
    assert result.places == (f"{after.document}{after.place}(条文が変わったので確かめ直してください)",)


def test_a_changed_clause_is_unknown_for_its_own_control_too(tmp_path: Path) -> None:
    (before,) = hits(collection(SEAL))
    given_ = collection("第1条　利用者は、利用申請書に記名押印しなければならない。")
    kept = register(written(row(before, 種類="押印")), tmp_path)
    result = judged("ORD-09", given_, today=TODAY, register=kept)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.STALE)


def test_a_decision_is_not_carried_to_another_clause_of_the_same_ordinance(tmp_path: Path) -> None:
    (before,) = hits(collection(SEAL))
    given_ = collection("第1条　管理人は、鍵の受払簿に毎日自署する。")
    result = eleven(given_, register(written(row(before)), tmp_path))
    assert (result.verdict, result.key) == (Verdict.FAIL, "undecided")


def test_one_changed_clause_takes_one_row_only(tmp_path: Path) -> None:
    (before,) = hits(collection(SEAL))
    given_ = collection(
        "第1条　利用者は、利用申請書に記名押印しなければならない。",
        "第2条　利用者は、変更申請書に記名押印しなければならない。",
    )
    kept = register(written(row(before)), tmp_path)
    assert len(standing(hits(given_), kept, given_.documents, TODAY).changed) == 1
    assert eleven(given_, kept).verdict is Verdict.FAIL


@given(st.integers(0, len(SEAL) - 5), st.sampled_from("甲乙、並及不非"))
def test_no_word_put_anywhere_into_a_clause_leaves_its_decision_standing(at: int, more: str) -> None:
    first = collection(SEAL)
    (before,) = hits(first)
    digest = contexts((before,), first.documents)[before.id]
    decided = Decided(
        2, before.id, before.document, "", before.sentence, "keep", "1", date(2026, 10, 1), None, digest
    )
    text = SEAL.removeprefix("第1条　")
    given_ = collection("第1条　" + text[:at] + more + text[at:])
    stand = standing(hits(given_), Decisions(True, (decided,)), given_.documents, TODAY)
    assert stand.decided == frozenset()


def test_a_decision_whose_time_is_over_is_unknown(tmp_path: Path) -> None:
    given_ = collection(SEAL)
    (hit,) = hits(given_)
    kept = register(written(row(hit, 有効期限="令和8年11月25日")), tmp_path)
    result = eleven(given_, kept)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.EXPIRED)
    assert eleven(given_, kept, date(2026, 11, 25)).verdict is Verdict.PASS


def test_nothing_passes_while_a_file_is_unread(tmp_path: Path) -> None:
    given_ = replace(collection(SEAL), unread=("k2.pdf",))
    (hit,) = hits(given_)
    result = eleven(given_, register(written(row(hit)), tmp_path))
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, ("k2.pdf",))
