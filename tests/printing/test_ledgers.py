"""FAX and paper ledgers: the same months of both years are compared, a gap in them is never a fall."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Documents, Garbled, Judgement, NotKnown, Params, Reason, Status, Verdict
from checks.printing import _ledger, ledgers

TODAY = date(2026, 11, 26)
FAX = Params({"yoy": -10, "months": 3, "max_age_days": 92})
PAPER = Params({"yoy": -10, "months": 3, "attest_days": 180})
SET = Documents(id="d", name="d", kind="printing", folder=Path("/"))
LAST_YEAR, THIS_YEAR = ("2025-08", "2025-09", "2025-10"), ("2026-08", "2026-09", "2026-10")


def read(folder: Path) -> Answer:
    return Answer("printing.ledgers", Status.OK, ledgers.read_ledgers.collect(SET, DirectFolder(folder)))


def fax(folder: Path, today: date = TODAY) -> Judgement:
    return ledgers.fax_falls(ledgers.fax_ledger(read(folder)), FAX, today)


def paper(folder: Path) -> Judgement:
    return ledgers.paper_falls(ledgers.paper_ledger(read(folder)), PAPER, TODAY)


def months(**figures: Mapping[str, str]) -> str:
    """A FAX ledger of sections with a figure for each month; what is received is 0."""
    rows = [
        f"{name},{month},{sent},0" for name, sent_in in figures.items() for month, sent in sent_in.items()
    ]
    return "\n".join(["課,年月,送信,受信", *rows, ""])


def both(before: int, now: int) -> dict[str, str]:
    return {**dict.fromkeys(LAST_YEAR, str(before)), **dict.fromkeys(THIS_YEAR, str(now))}


def written(folder: Path, text: str, name: str = "fax.csv") -> Path:
    (folder / name).write_text(text, encoding="cp932")
    return folder


@pytest.mark.parametrize(
    ("before", "now", "verdict", "change"),
    [
        (100, 90, Verdict.PASS, -10.0),
        (100, 91, Verdict.FAIL, -9.0),
        (100, 120, Verdict.FAIL, 20.0),
        (0, 0, Verdict.PASS, 0.0),
    ],
)
def test_fax_is_held_against_the_same_months_of_last_year(
    tmp_path: Path, before: int, now: int, verdict: Verdict, change: float
) -> None:
    result = fax(written(tmp_path, months(総務課=both(before, now))))
    assert (result.verdict, result.values["change"]) == (verdict, change)
    assert result.places == (f"総務課: {before * 3} → {now * 3}",)


def test_faxes_where_there_were_none_are_no_fall(tmp_path: Path) -> None:
    result = fax(written(tmp_path, months(総務課=both(0, 2))))
    assert (result.verdict, result.key, result.values) == (Verdict.FAIL, "anew", {"now": 6})


def test_months_that_stand_in_one_year_only_are_not_compared_with_others(tmp_path: Path) -> None:
    """A ledger that begins in the middle of last year would look like a rise, or a fall."""
    figures = {"2025-09": "100", "2025-10": "100", **dict.fromkeys(THIS_YEAR, "50")}
    result = fax(written(tmp_path, months(総務課=figures)))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.WINDOW_SHORT)
    assert "総務課 2025-08" in result.note


def test_a_section_whose_rows_end_is_not_a_section_without_fax(tmp_path: Path) -> None:
    figures = months(総務課=both(100, 50), 税務課=dict.fromkeys(LAST_YEAR, "100"))
    assert fax(written(tmp_path, figures)).reason is Reason.WINDOW_SHORT


def test_a_blank_cell_is_unknown_not_zero(tmp_path: Path) -> None:
    figures = {**both(100, 50), "2026-09": ""}
    assert fax(written(tmp_path, months(総務課=figures))).reason is Reason.WINDOW_SHORT


def test_the_running_month_is_not_compared(tmp_path: Path) -> None:
    figures = {**both(100, 90), "2025-11": "100", "2026-11": "1"}
    assert fax(written(tmp_path, months(総務課=figures))).values["change"] == -10.0


def test_an_old_ledger_says_nothing_of_today(tmp_path: Path) -> None:
    folder = written(tmp_path, months(総務課=both(100, 50)))
    assert fax(folder, date(2027, 3, 1)).reason is Reason.STALE


def test_the_same_month_twice_is_told_not_added(tmp_path: Path) -> None:
    text = months(総務課=both(100, 50)) + "総務課,2026-10,1,0\n"
    result = fax(written(tmp_path, text))
    assert (result.reason, result.note[:9]) == (Reason.UNREADABLE, "fax.csv:8")


def test_totals_are_not_counted_again(tmp_path: Path) -> None:
    text = months(総務課=both(100, 90)) + "合計,2026-10,9999,0\n総務課,計,5,5\n"
    assert fax(written(tmp_path, text)).verdict is Verdict.PASS


def test_sent_and_received_count_together(tmp_path: Path) -> None:
    rows = [f"{month},10,90" for month in LAST_YEAR] + [f"{month},1,95" for month in THIS_YEAR]
    result = fax(written(tmp_path, "\n".join(["年月,送信件数,受信件数", *rows])))
    assert (result.verdict, result.values["change"]) == (Verdict.FAIL, -4.0)


@pytest.mark.parametrize("cell", ["-5", "約10", "=SUM(A1:A9)", "1.5", "######", "10件", "99999999999999"])
def test_a_cell_that_is_no_count_is_told_with_its_row(tmp_path: Path, cell: str) -> None:
    result = fax(written(tmp_path, months(総務課={**both(100, 50), "2026-10": cell})))
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, ("fax.csv:7 sent",))


def test_a_ledger_in_a_workbook_is_not_passed_by(tmp_path: Path) -> None:
    written(tmp_path, months(総務課=both(100, 80)))
    (tmp_path / "税務課.xlsx").write_bytes(b"x")
    assert fax(tmp_path).places == ("税務課.xlsx: save it as CSV",)


def test_a_csv_of_unknown_headings_is_not_passed_by(tmp_path: Path) -> None:
    written(tmp_path, months(総務課=both(100, 50)))
    result = fax(written(tmp_path, "月,FAX\n4,5\n", "other.csv"))
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, ("other.csv:1",))


def test_an_empty_folder_is_a_gap(tmp_path: Path) -> None:
    with pytest.raises(NotKnown) as caught:
        read(tmp_path)
    assert caught.value.reason is Reason.NOT_COLLECTED


def test_a_ledger_without_rows_is_a_gap(tmp_path: Path) -> None:
    written(tmp_path, "年月,送信,受信\n")
    with pytest.raises(NotKnown):
        fax(tmp_path)


def bought(before: tuple[int, int], now: tuple[int, int]) -> str:
    rows = [f"{month},{sheets},{yen}" for month in LAST_YEAR for sheets, yen in [before]]
    rows += [f"{month},{sheets},{yen}" for month in THIS_YEAR for sheets, yen in [now]]
    return "\n".join(["年月,用紙購入枚数,コピー料金", *rows, ""])


@pytest.mark.parametrize(
    ("now", "verdict", "key"),
    [((90, 90), Verdict.PASS, "ok"), ((95, 50), Verdict.FAIL, "paper"), ((50, 95), Verdict.FAIL, "charge")],
)
def test_paper_and_charges_both_have_to_fall(
    tmp_path: Path, now: tuple[int, int], verdict: Verdict, key: str
) -> None:
    result = paper(written(tmp_path, bought((100, 100), now)))
    assert (result.verdict, result.key) == (verdict, key)


def test_paper_alone_does_not_pass_but_may_fail(tmp_path: Path) -> None:
    def alone(now: int) -> str:
        rows = [f"{month},100" for month in LAST_YEAR] + [f"{month},{now}" for month in THIS_YEAR]
        return "\n".join(["年月,購入枚数", *rows, ""])

    assert paper(written(tmp_path, alone(50))).verdict is Verdict.UNKNOWN
    assert paper(written(tmp_path, alone(99))).key == "paper"


def test_paper_and_charges_may_stand_in_two_files(tmp_path: Path) -> None:
    for name, heading in (("a.csv", "用紙購入枚数"), ("b.csv", "コピー料金")):
        rows = [f"{month},100" for month in LAST_YEAR] + [f"{month},80" for month in THIS_YEAR]
        written(tmp_path, "\n".join([f"年月,{heading}", *rows, ""]), name)
    result = paper(tmp_path)
    assert (result.verdict, result.values) == (Verdict.PASS, {"paper": -20.0, "charge": -20.0})


@pytest.mark.parametrize(
    "cell", ["2026-11", "2026/11", "2026年11月", "２０２６年１１月分", "令和8年11月", "R8.11", "202611"]
)
def test_months_are_read_as_towns_write_them(cell: str) -> None:
    assert _ledger.month_of(cell) == 2026 * 12 + 10


@pytest.mark.parametrize("cell", ["", "11月", "26-11", "2026-13", "8.11", "1926-11", "平成", "2026-11-01x"])
def test_what_may_be_another_month_is_refused(cell: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the cell
        _ledger.month_of(cell)


@given(st.text(max_size=20))
def test_no_cell_crashes_a_reader(cell: str) -> None:
    for reader in (_ledger.month_of, _ledger.day_of, _ledger.count_of):
        try:
            reader(cell)
        except ValueError:
            continue


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_ledger_reader(content: bytes) -> None:
    class Held:
        def names(self, *_: str) -> tuple[str, ...]:
            return ("a.csv", "b.csv")

        def read(self, name: str) -> bytes:
            return content if name == "a.csv" else b"month,sent,received,sheets,yen\n" + content

    try:
        body = ledgers.read_ledgers.collect(SET, Held())
        ledgers.fax_ledger(Answer("printing.ledgers", Status.OK, body))
    except NotKnown:
        return


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"fax":[[1]],"faults":[]}',
        b'{"fax":[["a","s",24000,-1,0]],"faults":[]}',
        b'{"fax":[],"faults":3}',
    ],
)
def test_a_kept_answer_of_another_shape_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        ledgers.fax_ledger(Answer("printing.ledgers", Status.OK, body))


def log(**per_month: Mapping[str, int]) -> str:
    """A machine's log with so many faxes sent in each month, and one received each."""
    rows = [
        f"{month.replace('-', '/')}/{day + 1:02} 10:23,{name},{way}"
        for name, months_of in per_month.items()
        for month, count in months_of.items()
        for day, way in [*((day, "送信") for day in range(count)), (27, "受信")]
    ]
    return "\n".join(["日時,課,送受信", *rows, ""])


def whole(before: int, now: int) -> dict[str, int]:
    """Months around those that are compared, so that these are whole."""
    around = {f"{year}-{month:02}": 3 for year in (2025, 2026) for month in range(7, 12)}
    between = {f"{month // 12}-{month % 12 + 1:02}": 3 for month in range(2025 * 12 + 11, 2026 * 12 + 6)}
    return {**around, **between, **dict.fromkeys(LAST_YEAR, before), **dict.fromkeys(THIS_YEAR, now)}


def test_a_machine_s_own_log_is_counted_by_month(tmp_path: Path) -> None:
    result = fax(written(tmp_path, log(総務課=whole(19, 8))))
    assert (result.verdict, result.places) == (Verdict.PASS, ("総務課: 60 → 27",))


def test_the_month_in_which_a_log_begins_is_not_whole(tmp_path: Path) -> None:
    """The machine has dropped older rows: what is left of that month would look like little."""
    figures = {month: count for month, count in whole(19, 8).items() if month >= "2025-08"}
    assert fax(written(tmp_path, log(総務課=figures))).reason is Reason.WINDOW_SHORT


def test_the_month_in_which_a_log_ends_is_not_whole(tmp_path: Path) -> None:
    figures = {month: count for month, count in whole(19, 8).items() if month <= "2026-10"}
    result = fax(written(tmp_path, log(総務課=figures)))
    assert "2026-10" not in result.note
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.WINDOW_SHORT)


def test_a_direction_that_nobody_knows_is_told_not_counted(tmp_path: Path) -> None:
    text = log(総務課=whole(19, 8)) + "2026/09/29 10:23,総務課,転送\n"
    result = fax(written(tmp_path, text))
    assert result.verdict is Verdict.UNKNOWN
    assert result.places[0].endswith("direction")


@pytest.mark.parametrize(
    "cell", ["2026/11/01 10:23", "2026-11-01T10:23:05", "令和8年11月1日 9:00", "2026/11/1"]
)
def test_times_are_read_as_machines_write_them(cell: str) -> None:
    assert _ledger.month_of_day(cell) == 2026 * 12 + 10


def test_a_month_without_any_row_in_a_log_is_no_month_without_fax(tmp_path: Path) -> None:
    figures = {month: count for month, count in whole(19, 8).items() if month != "2026-09"}
    result = fax(written(tmp_path, log(総務課=figures)))
    assert (result.verdict, "2026-09" in result.note) == (Verdict.UNKNOWN, True)
