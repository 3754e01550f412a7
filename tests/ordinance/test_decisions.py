"""A decision counts for the sentence it was made on, by an office, on a day; for nothing else."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Garbled, Judgement, Reason, Status, Unreached, Verdict
from auditor.work import Documents
from checks.ordinance._hits import Hit, hits_of
from checks.ordinance._register import entries, words
from checks.ordinance._standing import Decisions, contexts, standing
from checks.ordinance.corpus import Ordinances
from checks.ordinance.decisions import decisions, read_decisions
from tests.ordinance.conftest import judged
from tests.ordinance.support import TODAY, judge, rule, texts

SEAL = "第1条　利用者は、申請書に記名押印しなければならない。"
PAPER = "第2条　利用者は、書面により町長に届け出なければならない。"
TITLE = "小船町集会所規則"
GOOD = {
    "判定": "改める",
    "方針": "電子申請に改める",
    "段階": "2",
    "判定した所属": "総務課",
    "判定日": "2026-10-01",
}


def collection(*lines: str, title: str = TITLE) -> Ordinances:
    return texts(rule(title, *(lines or (SEAL, PAPER))))


def hits(given_: Ordinances) -> tuple[Hit, ...]:
    return tuple(hit for hit in hits_of(given_.documents, TODAY).all if hit.open)


def row(hit: Hit, **cells: str) -> dict[str, str]:
    """An answered row as the exported list has it, `cells` laid over it."""
    given_ = {"番号": f"h{hit.id}", "例規名": hit.document, "条項号": hit.place, "条文": hit.sentence}
    return {**given_, **GOOD, **cells}


def written(*rows: Mapping[str, str], encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(key for each in rows for key in each)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def register(content: bytes | None, tmp_path: Path) -> Decisions:
    """decisions.csv as the probe keeps it and the parser understands it."""
    folder = tmp_path / "reiki"
    folder.mkdir(exist_ok=True)
    if content is not None:
        (tmp_path / "decisions.csv").write_bytes(content)
    target = Documents(id="reiki", name="例規集", kind="ordinances", folder=folder)
    body = read_decisions.collect(target, DirectFolder(folder, kept_in=tmp_path))
    return decisions(Answer("ordinance.decisions", Status.OK, body))


def eleven(given_: Ordinances, kept: Decisions, today: date = TODAY) -> Judgement:
    return judge("ORD-11", given_, kept, today=today)


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


def test_english_headings_any_order_full_width_and_cp932_are_read(tmp_path: Path) -> None:
    given_ = collection(SEAL)
    (hit,) = hits(given_)
    cells = {
        "Date": "Ｒ８．１０．１",
        "OFFICE": "総務課",
        "PHASE": "ＰＨＡＳＥ　３",
        "Decision": "Digital alternative",
        "Policy": "電子申請",
        "ID": hit.id.upper(),
        "備考": "読まれない列",
    }
    kept = register(written(cells, encoding="cp932"), tmp_path)
    assert (kept.rows[0].decision, kept.rows[0].phase, kept.rows[0].day) == (
        "digital",
        "3",
        date(2026, 10, 1),
    )
    assert eleven(given_, kept).verdict is Verdict.PASS


def test_the_evidence_keeps_no_office_and_no_policy(tmp_path: Path) -> None:
    (hit,) = hits(collection(SEAL))
    (tmp_path / "decisions.csv").write_bytes(
        written(row(hit, 判定した所属="総務課 山田太郎", 方針="山田が残すと言った"))
    )
    target = Documents(id="reiki", name="例規集", kind="ordinances", folder=tmp_path)
    body = read_decisions.collect(target, DirectFolder(tmp_path, kept_in=tmp_path))
    assert "山田" not in body.decode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "decisions.csv: empty"),
        ("番号,判定,判定日\n".encode(), "decisions.csv:1: no column 判定した所属"),
        ("番号,id,判定,判定した所属,判定日\n".encode(), "two columns are headed 番号"),
        ('番号,判定,判定した所属,判定日\n"h1'.encode(), "decisions.csv:2:"),
        (b"\xff\xfe\x00", "decisions.csv:1"),
        (b"a\x00b,c\n", "decisions.csv:1"),
    ],
)
def test_a_file_that_is_no_register_is_refused_with_its_line(
    content: bytes, told: str, tmp_path: Path
) -> None:
    with pytest.raises(Garbled) as raised:
        register(content, tmp_path)
    assert told in raised.value.note


def test_a_row_wider_than_its_heading_decides_nothing(tmp_path: Path) -> None:
    given_ = collection(SEAL)
    (hit,) = hits(given_)
    kept = register(written(row(hit)).rstrip(b"\r\n") + ",余り\r\n".encode(), tmp_path)
    result = eleven(given_, kept)
    assert result.verdict is Verdict.FAIL
    assert "decisions.csv:2: 番号(見出しより列が多い)" in result.places


@given(st.binary(max_size=400))
def test_any_bytes_are_rows_or_refused(content: bytes) -> None:
    try:
        rows, _ = entries(content)
    except (Garbled, Unreached):
        return
    assert all(set(each.cells) <= set(words().columns) for each in rows)


@given(st.binary(max_size=200))
def test_any_evidence_is_a_register_or_refused(body: bytes) -> None:
    try:
        decisions(Answer("ordinance.decisions", Status.OK, body))
    except Garbled:
        return


@pytest.mark.parametrize(
    "body",
    [
        b'{"kept":true,"rows":[[2,"aa","","","","maybe","1","2026-01-01",null,""]]}',
        b'{"kept":true,"faults":[[2,"hit","nonsense"]]}',
        b'{"kept":true,"more":1}',
    ],
)
def test_evidence_that_the_probe_never_writes_is_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        decisions(Answer("ordinance.decisions", Status.OK, body))
