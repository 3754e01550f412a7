"""How approvals go: what a log does not tell is never quick, from outside or confirmed."""

from pathlib import Path

import pytest

from auditor.api import Reason, Verdict
from checks.paperless import pace
from tests.paperless.logs import HEAD, LIMITS, TODAY, log

# PPL-05


def waits(*pairs: str) -> str:
    return "".join(f"{n},総務課,電子,{pair},,,\n" for n, pair in enumerate(pairs))


QUICK = ["2026-11-18,2026-11-19,"] * 9


def test_nine_of_ten_within_the_limit_pass_with_median_and_window(tmp_path: Path) -> None:
    result = pace.dwell(log(tmp_path, HEAD + waits(*QUICK, "2026-10-01,2026-11-20,")), LIMITS, TODAY)
    assert (result.verdict, result.values["p90"], result.values["median"]) == (Verdict.PASS, 1, 1)
    assert (result.values["first"], result.values["last"]) == ("2026-11-19", "2026-11-20")


def test_two_slow_ones_of_ten_fail(tmp_path: Path) -> None:
    slow = ["2026-11-09,2026-11-20,"] * 2
    result = pace.dwell(log(tmp_path, HEAD + waits(*QUICK[1:], *slow)), LIMITS, TODAY)
    assert (result.key, result.values["p90"]) == ("slow", 9)


def test_weekends_and_holidays_are_no_waiting(tmp_path: Path) -> None:
    long_weekend = ["2026-11-20,2026-11-25,"] * 10  # Friday to Wednesday over 勤労感謝の日
    result = pace.dwell(log(tmp_path, HEAD + waits(*long_weekend)), LIMITS, TODAY)
    assert result.values["p90"] == 2


def test_what_still_waits_counts_once_it_is_late(tmp_path: Path) -> None:
    open_ = ["2026-08-03,,処理中"] * 2  # older than the window, and still there
    result = pace.dwell(log(tmp_path, HEAD + waits(*QUICK[1:], *open_)), LIMITS, TODAY)
    assert (result.key, result.values["waiting"]) == ("slow", 2)
    fresh = ["2026-11-19,,処理中"] * 90
    result = pace.dwell(
        log(tmp_path, HEAD + waits(*QUICK[1:], *fresh, "2026-11-02,2026-11-19,")), LIMITS, TODAY
    )
    assert (result.verdict, result.key) == (Verdict.FAIL, "slow")  # new ones do not thin out the late one


def test_an_approval_without_a_day_is_unknown_not_done(tmp_path: Path) -> None:
    blank = ["2026-11-18,,"] * 3
    assert pace.dwell(log(tmp_path, HEAD + waits(*QUICK, *blank)), LIMITS, TODAY).reason is Reason.UNREADABLE
    one = waits(*QUICK, *QUICK, "2026-11-18,,")
    assert pace.dwell(log(tmp_path, HEAD + one), LIMITS, TODAY).verdict is Verdict.PASS


def test_an_approval_before_it_came_is_a_fault(tmp_path: Path) -> None:
    seen = log(tmp_path, HEAD + waits(*QUICK, "2026-11-20,2026-11-19,"))
    assert seen.faults == ("log.csv:11 decided",)
    assert pace.dwell(seen, LIMITS, TODAY).reason is Reason.UNREADABLE


# PPL-18


def outside(*marks: str) -> str:
    return "".join(f"{n},総務課,電子,2026-11-18,2026-11-19,,{mark},,\n" for n, mark in enumerate(marks))


@pytest.mark.parametrize(
    ("marks", "verdict"),
    [
        (("○", "×"), Verdict.PASS),
        (("庁外", ""), Verdict.PASS),
        (("×", "庁内"), Verdict.FAIL),
        (("×", ""), Verdict.UNKNOWN),
        (("×", "-"), Verdict.UNKNOWN),
        (("×", "たぶん"), Verdict.UNKNOWN),
    ],
)
def test_a_blank_place_is_neither_outside_nor_inside(
    tmp_path: Path, marks: tuple[str, ...], verdict: Verdict
) -> None:
    assert pace.from_outside(log(tmp_path, HEAD + outside(*marks)), LIMITS, TODAY).verdict is verdict


def test_without_an_approval_in_the_window_nobody_was_inside(tmp_path: Path) -> None:
    seen = log(tmp_path, HEAD + "1,総務課,電子,2026-11-18,,処理中,×,,\n")
    assert pace.from_outside(seen, LIMITS, TODAY).verdict is Verdict.UNKNOWN


# PPL-19


@pytest.mark.parametrize(
    ("row", "key", "verdict"),
    [
        ("2026-11-02,,,○,2026-11-04", "ok", Verdict.PASS),
        ("2026-11-02,,,○,済", "ok", Verdict.PASS),
        ("2026-11-02,,,○,未", "unseen", Verdict.FAIL),
        ("2026-11-19,,,○,未", "ok", Verdict.PASS),
        ("2026-11-02,,,○,", "", Verdict.UNKNOWN),
        ("2026-11-02,,,,", "", Verdict.UNKNOWN),
        ("2026-11-02,,,×,", "none", Verdict.PASS),
        ("2026-11-02,,,○,2026-10-30", "", Verdict.UNKNOWN),
        ("2026-11-02,,,○,そのうち", "", Verdict.UNKNOWN),
    ],
)
def test_a_deputy_s_approval_is_confirmed_only_where_it_is_written(
    tmp_path: Path, row: str, key: str, verdict: Verdict
) -> None:
    rows = f"1,総務課,電子,2026-11-02,{row}\n2,総務課,電子,2026-11-20,2026-11-20,,,×,\n"
    result = pace.looked_at_later(log(tmp_path, HEAD + rows), LIMITS, TODAY)
    assert (result.key, result.verdict) == (key, verdict)
