"""The log of applications: a share of a stated window, and no figure from a log that does not cover it."""

from datetime import timedelta
from pathlib import Path

import pytest

from auditor.api import Answer, Garbled, Reason, Status, Verdict
from checks.counter.applications import applications
from tests.counter.kit import TODAY, cells, judged, put, sheet, xlsx

LEDGER = ("様式番号", "名称", "所管課", "オンライン申請可否", "年間件数")
LOG = ("受付日", "様式番号", "手続名", "受付方法", "件数")
Line = tuple[str, ...]


def day(ago: int) -> str:
    return f"{TODAY - timedelta(days=ago):%Y/%m/%d}"


def use(ago: int, way: str = "オンライン", number: str = "1", count: str = "1") -> Line:
    return day(ago), number, "利用届", way, count


FULL = (use(190), use(100), use(2), use(2, "窓口", count="0"))


TOLD = ((190, "オンライン", "1"), (3, "郵送", "0"), (2, "オンライン", "1"))


def folder(
    tmp_path: Path, *uses: Line, rows: tuple[Line, ...] = (("1", "利用届", "福祉課", "可", "9"),)
) -> Path:
    return put(tmp_path, {"台帳.csv": sheet(LEDGER, *rows), "記録.csv": sheet(LOG, *uses)})


def test_a_form_that_people_file_online_passes_with_its_window(tmp_path: Path) -> None:
    result = judged("ONL-09", folder(tmp_path, *FULL))
    assert (result.verdict, result.values["seen"], result.values["begin"]) == (
        Verdict.PASS,
        100,
        "2026-05-30",
    )


def test_the_log_of_the_online_system_alone_proves_no_share(tmp_path: Path) -> None:
    result = judged("ONL-09", folder(tmp_path, *FULL[:3]))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_a_log_in_a_workbook_counts_too(tmp_path: Path) -> None:
    other = [("受付日", "受付方法", "様式番号", "件数"), (day(5), "窓口", "1", "900")]
    put(tmp_path, {"窓口.xlsx": xlsx("".join(cells(at, *row) for at, row in enumerate(other, 1)))})
    assert judged("ONL-09", folder(tmp_path, *FULL)).key == "low"


def test_what_lies_before_the_window_does_not_count(tmp_path: Path) -> None:
    result = judged("ONL-09", folder(tmp_path, use(190, count="500"), use(3, "窓口"), use(2, "窓口")))
    assert (result.verdict, result.key, result.places) == (Verdict.FAIL, "unused", ("利用届(福祉課)",))


def test_a_low_share_fails_and_29_9_percent_is_not_30(tmp_path: Path) -> None:
    result = judged("ONL-09", folder(tmp_path, *FULL[:1], use(3, count="299"), use(2, "窓口", count="701")))
    assert (result.verdict, result.key, result.values["seen"]) == (Verdict.FAIL, "low", 29)


@pytest.mark.parametrize(
    ("uses", "reason"),
    [
        ((use(100), use(2)), Reason.WINDOW_SHORT),
        ((use(190), use(60)), Reason.STALE),
        ((*FULL, use(-1)), Reason.UNREADABLE),
        ((*FULL, use(2, "")), Reason.UNREADABLE),
        ((*FULL, use(2, "LINE")), Reason.UNREADABLE),
        ((*FULL, use(2, count="-3")), Reason.UNREADABLE),
        ((*FULL, ("昨日", "1", "利用届", "窓口", "1")), Reason.UNREADABLE),
        ((*FULL, (day(2), "", "", "窓口", "1")), Reason.UNREADABLE),
        ((), Reason.UNREADABLE),
    ],
    ids=[
        "short",
        "stale",
        "to come",
        "no way",
        "unknown way",
        "less than none",
        "no day",
        "no form",
        "empty",
    ],
)
def test_a_log_that_does_not_tell_of_the_whole_window_is_unknown(
    tmp_path: Path, uses: tuple[Line, ...], reason: Reason
) -> None:
    result = judged("ONL-09", folder(tmp_path, *uses))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, reason)


def test_no_log_at_all_is_unknown_not_zero(tmp_path: Path) -> None:
    put(tmp_path, {"台帳.csv": sheet(LEDGER, ("1", "利用届", "福祉課", "可", "9"))})
    assert judged("ONL-09", tmp_path).reason is Reason.NOT_COLLECTED


@pytest.mark.parametrize(
    ("yearly", "verdict"), [("9", Verdict.UNKNOWN), ("", Verdict.UNKNOWN), ("0", Verdict.PASS)]
)
def test_a_form_the_log_never_names_is_unknown_unless_nobody_files_it(
    tmp_path: Path, yearly: str, verdict: Verdict
) -> None:
    rows = (("1", "利用届", "福祉課", "可", "9"), ("2", "別の届", "福祉課", "可", yearly))
    assert judged("ONL-09", folder(tmp_path, *FULL, rows=rows)).verdict is verdict


def test_a_form_without_number_is_found_by_its_name_and_not_beside_another_number(tmp_path: Path) -> None:
    assert (
        judged(
            "ONL-09",
            folder(tmp_path, *(use(ago, number="", way=way, count=count) for ago, way, count in TOLD)),
        ).verdict
        is Verdict.PASS
    )
    assert (
        judged("ONL-09", folder(tmp_path, *(use(ago, number="7") for ago in (190, 2)))).verdict
        is Verdict.UNKNOWN
    )


def test_online_lines_under_another_name_keep_a_form_from_being_called_unused(tmp_path: Path) -> None:
    other = (day(2), "", "利用届(電子)別名", "オンライン", "5")
    result = judged("ONL-09", folder(tmp_path, use(190, "窓口"), use(3, "窓口"), other))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.UNREADABLE)


def test_two_forms_of_one_name_are_told_apart_by_their_number(tmp_path: Path) -> None:
    rows = (("2", "利用届", "福祉課", "可", "9"), ("1", "利用届", "福祉課", "可", "9"))
    result = judged("ONL-09", folder(tmp_path, *FULL, use(3, "窓口", number="2"), rows=rows))
    assert (result.verdict, result.key) == (Verdict.FAIL, "unused")


def test_forms_that_are_not_online_are_not_judged(tmp_path: Path) -> None:
    rows = (("1", "利用届", "福祉課", "不可", "9"),)
    assert judged("ONL-09", folder(tmp_path, *FULL, rows=rows)).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"uses": [{"form": ["1"], "day": "2026-11-01", "online": 1, "other": 0}], "faults": []}',
        b'{"uses": [{"form": ["1", "a"], "day": "2026-13-01", "online": 1, "other": 0}], "faults": []}',
        b'{"uses": [{"form": ["1", "a"], "day": "2026-11-01", "online": -1, "other": 0}], "faults": []}',
    ],
)
def test_kept_counts_of_another_shape_are_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        applications(Answer("counter.applications", Status.OK, body))
