"""The approval log: what it does not tell is never read as electronic, quick, from outside or confirmed."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.folder import DirectFolder
from auditor.api import (
    Answer,
    Documents,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Section,
    Status,
    Town,
    Verdict,
)
from checks.paperless import approvals as subject
from checks.paperless import pace
from checks.paperless._cells import WrongCellError, count, day
from checks.paperless._log import Log
from checks.paperless._workdays import workdays

TODAY = date(2026, 11, 26)
TOWN = Town(name="見本町", sections=(Section(id="soumu", name="総務課"), Section(id="zeimu", name="税務課")))
LIMITS = Params(
    {
        "target": 90,
        "window_days": 90,
        "min_cases": 2,
        "log_days": 40,
        "p90_days": 3,
        "min_count": 1,
        "max_days": 5,
    }
)
HEAD = "案件番号,所管課,起案方法,回付日時,承認日時,状態,庁外,代決,後閲日\n"


def log(folder: Path, text: str, encoding: str = "utf-8") -> Log:
    (folder / "log.csv").write_bytes(text.encode(encoding))
    return reread(folder)


def reread(folder: Path) -> Log:
    documents = Documents(id="a", name="a", kind="approvals", folder=folder)
    body = subject.read_log.collect(documents, DirectFolder(folder))
    return subject.approvals(Answer("approvals.log", Status.OK, body))


def shares(seen: Log, *sections: str, **changed: int) -> Judgement:
    documents = Documents(id="a", name="a", kind="approvals", folder=Path(), sections=sections)
    params = Params({"target": 90, "window_days": 90, "min_cases": 2, "log_days": 40, **changed})
    result = subject.electronic_share(seen, documents, TOWN, params, TODAY)
    assert isinstance(result, Judgement)
    return result


def cases(section: str, electronic: int, paper: int, blank: int = 0) -> str:
    media = ["電子"] * electronic + ["紙"] * paper + [""] * blank
    return "".join(
        f"{section}{n},{section},{medium},2026-11-20,2026-11-20,,,,\n" for n, medium in enumerate(media)
    )


# PPL-02


def test_a_section_below_the_target_is_named_with_its_figures(tmp_path: Path) -> None:
    result = shares(log(tmp_path, HEAD + cases("総務課", 8, 2) + cases("税務課", 10, 0)))
    assert (result.key, result.places) == ("low", ("総務課: 8/10",))
    assert (result.values["worst"], result.values["first"]) == (80, "2026-11-20")


def test_all_sections_at_the_target_pass(tmp_path: Path) -> None:
    result = shares(log(tmp_path, HEAD + cases("soumu", 9, 1) + cases("税務課", 10, 0), "cp932"))
    assert (result.verdict, result.values["least"]) == (Verdict.PASS, 90)


def test_a_log_of_the_electronic_system_alone_proves_no_share(tmp_path: Path) -> None:
    seen = log(tmp_path, HEAD + cases("総務課", 10, 0) + cases("税務課", 10, 0))
    assert shares(seen).reason is Reason.NOT_MEASURABLE


def test_a_row_that_says_none_on_paper_vouches_for_it(tmp_path: Path) -> None:
    rows = "総務課,電子,2026-11-01,40\n総務課,紙,2026-11-01,0\n税務課,電子,2026-11-01,9\n"
    rows = f"所管課,起案方法,起案日,件数\n{rows}"
    assert shares(log(tmp_path, rows)).verdict is Verdict.PASS


def test_a_section_that_the_log_does_not_know_is_open(tmp_path: Path) -> None:
    result = shares(log(tmp_path, HEAD + cases("総務課", 19, 1)))
    assert (result.reason, result.places) == (Reason.WINDOW_SHORT, ("税務課: 0",))


def test_too_few_cases_say_nothing(tmp_path: Path) -> None:
    seen = log(tmp_path, HEAD + cases("総務課", 0, 1) + cases("税務課", 10, 0))
    assert shares(seen).reason is Reason.WINDOW_SHORT


def test_blank_media_are_neither_electronic_nor_paper(tmp_path: Path) -> None:
    seen = log(tmp_path, HEAD + cases("総務課", 18, 1, 1) + cases("税務課", 10, 0))
    assert shares(seen).verdict is Verdict.PASS  # 18 of 20 even if the blank one was on paper
    seen = log(tmp_path, HEAD + cases("総務課", 17, 1, 2) + cases("税務課", 10, 0))
    assert shares(seen).verdict is Verdict.UNKNOWN
    seen = log(tmp_path, HEAD + cases("総務課", 7, 2, 1) + cases("税務課", 10, 0))
    assert shares(seen).key == "low"


def test_the_steps_of_one_case_are_one_case(tmp_path: Path) -> None:
    steps = "1,総務課,紙,2026-11-20,,,,,\n" + "2,総務課,電子,2026-11-20,,,,,\n" * 30
    assert shares(log(tmp_path, HEAD + steps), "soumu").places == ("総務課: 1/2",)


def test_a_case_whose_steps_disagree_is_not_electronic(tmp_path: Path) -> None:
    steps = "1,総務課,紙,2026-11-20,,,,,\n1,総務課,電子,2026-11-20,,,,,\n" + cases("総務課", 1, 0)
    assert shares(log(tmp_path, HEAD + steps), "soumu", target=60).verdict is Verdict.UNKNOWN


def test_a_section_nobody_declared_is_told(tmp_path: Path) -> None:
    seen = log(tmp_path, HEAD + cases("総務課", 19, 1) + cases("税務課", 20, 0) + cases("観光課", 1, 0))
    result = shares(seen)
    assert (result.reason, result.places) == (Reason.UNREADABLE, ("log.csv:42 section",))


@pytest.mark.parametrize("word", ["併用", "=1+1", "電子?"])
def test_a_word_nobody_listed_is_a_fault_with_its_place(tmp_path: Path, word: str) -> None:
    rows = cases("総務課", 19, 1) + cases("税務課", 20, 0) + f"x,総務課,{word},2026-11-20,2026-11-20,,,,\n"
    result = shares(log(tmp_path, HEAD + rows))
    assert (result.reason, result.places) == (Reason.UNREADABLE, ("log.csv:42 medium",))


def test_an_old_log_says_nothing_of_today(tmp_path: Path) -> None:
    rows = (cases("総務課", 19, 1) + cases("税務課", 20, 0)).replace("2026-11", "2026-09")
    assert shares(log(tmp_path, HEAD + rows)).reason is Reason.STALE


def test_a_log_of_tomorrow_is_not_believed(tmp_path: Path) -> None:
    rows = (cases("総務課", 19, 1) + cases("税務課", 20, 0)).replace("2026-11", "2026-12")
    assert shares(log(tmp_path, HEAD + rows)).reason is Reason.UNREADABLE


def test_cases_before_the_window_do_not_count(tmp_path: Path) -> None:
    old = cases("総務課", 0, 50).replace("2026-11", "2026-01")
    result = shares(log(tmp_path, HEAD + cases("総務課", 19, 1) + cases("税務課", 20, 0) + old))
    assert (result.verdict, result.values["first"]) == (Verdict.PASS, "2026-11-20")


def test_without_the_column_nothing_is_known(tmp_path: Path) -> None:
    seen = log(tmp_path, "所管課,起案日\n総務課,2026-11-20\n")
    assert shares(seen).note == "no column: medium"


def test_an_empty_folder_and_a_foreign_file_are_no_log(tmp_path: Path) -> None:
    with pytest.raises(NotKnown) as caught:
        reread(tmp_path)
    assert caught.value.reason is Reason.NOT_COLLECTED
    with pytest.raises(NotKnown) as caught:
        log(tmp_path, "a,b\n1,2\n")
    assert caught.value.reason is Reason.UNREADABLE


def test_a_file_that_cannot_be_read_stands_against_a_pass(tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_bytes(b"\x81\xff\xfe,\x00")
    seen = log(tmp_path, HEAD + cases("総務課", 19, 1) + cases("税務課", 20, 0))
    assert shares(seen).reason is Reason.UNREADABLE


def test_case_numbers_and_titles_are_not_kept(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "案件番号,件名,所管課,起案方法,回付日時,承認者\n生保1,山田太郎の申請,総務課,電子,2026-11-20,s001\n",
        "utf-8",
    )
    documents = Documents(id="a", name="a", kind="approvals", folder=tmp_path)
    body = subject.read_log.collect(documents, DirectFolder(tmp_path)).decode()
    assert "山田" not in body
    assert "生保1" not in body
    assert "s001" not in body


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


# The cells


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("2026-11-20", date(2026, 11, 20)),
        ("2026/11/5 9:05", date(2026, 11, 5)),
        ("令和８年１１月２０日", date(2026, 11, 20)),
        ("R8.11.20", date(2026, 11, 20)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("2026-11-19T16:00:00Z", date(2026, 11, 20)),
        ("2026-11-19T16:00:00+09:00", date(2026, 11, 19)),
        ("", None),
        ("－", None),
    ],
)
def test_a_day_is_read_as_towns_write_it(cell: str, found: date | None) -> None:
    assert day(cell) == found


@pytest.mark.parametrize(
    "cell", ["2026-13-01", "11/20/2026", "46345", "昨日", "=TODAY()", "2026-02-30", "S63.1.1"]
)
def test_a_day_that_is_none_is_refused(cell: str) -> None:
    with pytest.raises(WrongCellError):
        day(cell)


@pytest.mark.parametrize("cell", ["-1", "1.5", "多数", "100001", "=9"])
def test_a_count_that_is_none_is_refused(cell: str) -> None:
    with pytest.raises(WrongCellError):
        count(cell)


def test_offices_are_closed_around_new_year() -> None:
    assert workdays(date(2026, 12, 28), date(2027, 1, 4)) == 1
    assert workdays(date(2026, 4, 28), date(2026, 5, 7)) == 3
    assert workdays(TODAY, TODAY) == 0


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader_of_logs(body: bytes) -> None:
    from checks.paperless._csv import sheet
    from checks.paperless._log import kinds

    try:
        sheet(body, "x", kinds())
    except Garbled:
        return


def test_a_kept_log_of_another_shape_is_refused() -> None:
    for body in (b"[]", b'{"entries": 1}', b"\xff", b'{"entries": [], "more": 1}'):
        with pytest.raises(Garbled):
            subject.approvals(Answer("approvals.log", Status.OK, body))
