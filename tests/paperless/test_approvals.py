"""The share of electronic approvals: what a log does not tell is never read as electronic."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Documents, Garbled, Judgement, NotKnown, Params, Reason, Status, Verdict
from checks.paperless import approvals as subject
from checks.paperless._csv import sheet
from checks.paperless._log import Log, kinds
from tests.paperless.logs import HEAD, TODAY, TOWN, log, reread


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


def test_a_section_below_the_target_is_named_with_its_figures(tmp_path: Path) -> None:
    result = shares(log(tmp_path, HEAD + cases("総務課", 8, 2) + cases("税務課", 10, 0)))
    assert (result.key, result.places) == ("low", ("総務課: 80% (8/10)",))
    assert (result.values["worst"], result.values["first"]) == (80, "2026-11-20")


def test_all_sections_at_the_target_pass(tmp_path: Path) -> None:
    result = shares(log(tmp_path, HEAD + cases("soumu", 9, 1) + cases("税務課", 10, 0), "cp932"))
    assert (result.verdict, result.values["least"]) == (Verdict.PASS, 90)


def test_a_log_of_the_electronic_system_alone_proves_no_share(tmp_path: Path) -> None:
    seen = log(tmp_path, HEAD + cases("総務課", 10, 0) + cases("税務課", 10, 0))
    assert shares(seen).reason is Reason.NOT_MEASURABLE


def test_one_section_s_paper_does_not_vouch_for_the_export_of_the_electronic_system(tmp_path: Path) -> None:
    (tmp_path / "総務課の起案簿.csv").write_text(HEAD + cases("総務課", 19, 1), "utf-8")
    result = shares(log(tmp_path, HEAD + cases("総務課", 10, 0) + cases("税務課", 10, 0)))
    assert (result.reason, result.places) == (Reason.NOT_MEASURABLE, ("税務課",))


def test_a_log_in_a_workbook_keeps_from_passing(tmp_path: Path) -> None:
    (tmp_path / "税務課.xlsx").write_bytes(b"x")
    result = shares(log(tmp_path, HEAD + cases("総務課", 19, 1) + cases("税務課", 19, 1)))
    assert (result.reason, result.places) == (Reason.UNREADABLE, ("税務課.xlsx: save it as CSV",))


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
    assert shares(log(tmp_path, HEAD + steps), "soumu").places == ("総務課: 50% (1/2)",)


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


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader_of_logs(body: bytes) -> None:

    try:
        sheet(body, "x", kinds())
    except Garbled:
        return


def test_a_kept_log_of_another_shape_is_refused() -> None:
    for body in (b"[]", b'{"entries": 1}', b"\xff", b'{"entries": [], "more": 1}'):
        with pytest.raises(Garbled):
            subject.approvals(Answer("approvals.log", Status.OK, body))
