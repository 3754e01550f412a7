"""Page logs: a forged, damaged or missing line is seen by the job history; no log proves nothing."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.folder import DirectFolder
from auditor.access.http import DirectHttp
from auditor.api import Answer, Garbled, Judgement, NotKnown, Params, PrintServer, Reason, Status, Verdict
from checks.printing import _logformat, _queues, pagelog
from checks.printing._logformat import Line
from checks.printing._queues import Job, Printing, Queue
from checks.printing.pagelog import PageLog
from tests.peers.cups import Cups, CupsQueue, cups

STANDARD = "%p %u %j %T %P %C %{job-billing} %{job-originating-host-name} %{job-name} %{media} %{sides}"
PARAMS = Params({"mismatch": 0})
SERVER = PrintServer(id="p", name="p", url="http://127.0.0.1:1/")
FORGED = "x total 9999\nsoumu root 9 [23/Nov/2026:17:05:01 +0000] total 99999 - - - - -"


@pytest.fixture(scope="module")
def logging() -> Iterator[Cups]:
    queues = [CupsQueue("soumu", "総務課"), CupsQueue("raw", "税務課", raw=True)]
    with cups(queues, page_log=STANDARD) as running:
        running.print("soumu", "sides=one-sided", pages=6, user="soumu 01")
        running.print("soumu", "sides=two-sided-long-edge", pages=6, copies=2, title="議会資料 9 [x] total 5")
        running.print("soumu", "raw", pages=6)
        running.print("raw", pages=6, copies=2)
        running.print("soumu", "number-up=2", pages=6)
        yield running


def records(server: Cups, folder: Path, *, more: str = "") -> Path:
    """A copy of what a town would put into its records folder."""
    folder.mkdir(exist_ok=True)
    (folder / "cupsd.conf").write_bytes((server.home / "cupsd.conf").read_bytes())
    log = server.home / "page_log"
    (folder / "page_log").write_text((log.read_text() if log.exists() else "") + more)
    return folder


def judged(server: Cups, folder: Path) -> Judgement:
    body = pagelog.read_log.collect(SERVER, DirectFolder(folder))
    log = pagelog.page_log(Answer("print.page-log", Status.OK, body))
    return pagelog.log_and_history_agree(log, history(server), PARAMS)


def history(server: Cups) -> Printing:
    declared = PrintServer(id="p", name="p", url=server.url)
    body = _queues.ask_printing.collect(declared, DirectHttp(server.url, 20, lambda _: None))
    return _queues.printing(Answer("printing.ipp", Status.OK, body))


def test_a_real_log_agrees_also_with_a_blank_in_a_user_and_a_title_like_a_line(
    logging: Cups, tmp_path: Path
) -> None:
    result = judged(logging, records(logging, tmp_path / "r"))
    assert (result.verdict, result.values) == (Verdict.PASS, {"count": 5})


def test_a_line_taken_out_of_a_real_log_is_missed(logging: Cups, tmp_path: Path) -> None:
    folder = records(logging, tmp_path / "r")
    lines = (folder / "page_log").read_text().splitlines(keepends=True)
    (folder / "page_log").write_text("".join(lines[:1] + lines[2:]))
    assert judged(logging, folder).places == ("#2",)


def test_a_count_changed_in_a_real_log_is_seen(logging: Cups, tmp_path: Path) -> None:
    folder = records(logging, tmp_path / "r")
    text = (folder / "page_log").read_text()
    (folder / "page_log").write_text(text.replace("total 6 ", "total 5 ", 1))
    assert judged(logging, folder).places == ("page_log:1",)


def test_a_title_with_a_newline_cannot_forge_a_line_of_a_real_log(tmp_path: Path) -> None:
    with cups([CupsQueue("soumu")], page_log=STANDARD) as server:
        server.print("soumu")
        server.print("soumu", title=FORGED)
        folder = records(server, tmp_path / "r")
        assert "root 9" in (folder / "page_log").read_text()
        result = judged(server, folder)
    assert (result.verdict, result.key) == (Verdict.FAIL, "mismatch")
    assert "page_log:3" in result.places


def test_a_stock_server_keeps_no_log_and_that_is_not_measured(server: Cups, tmp_path: Path) -> None:
    folder = records(server, tmp_path / "r")
    assert not (folder / "page_log").read_text()
    with pytest.raises(NotKnown) as caught:
        judged(server, folder)
    assert caught.value.reason is Reason.NOT_MEASURABLE
    assert "PageLogFormat" in caught.value.note


def test_no_name_and_no_title_is_kept(logging: Cups, tmp_path: Path) -> None:
    body = pagelog.read_log.collect(SERVER, DirectFolder(records(logging, tmp_path / "r")))
    for word in ("soumu 01", "議会", "localhost"):
        assert word.encode() not in body
        assert json.dumps(word).strip('"').encode() not in body


def written(folder: Path, log: str, format_: str = STANDARD) -> Path:
    (folder / "page_log").write_text(log)
    (folder / "cupsd.conf").write_text(f"MaxJobs 500\n  pagelogformat  {format_}\n")
    return folder


def test_an_empty_log_is_unknown_not_zero(tmp_path: Path) -> None:
    with pytest.raises(NotKnown) as caught:
        pagelog.read_log.collect(SERVER, DirectFolder(written(tmp_path, "\n")))
    assert caught.value.reason is Reason.NOT_COLLECTED


def test_a_log_without_its_format_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "page_log").write_text("soumu a 1 [23/Nov/2026:17:05:01 +0000] total 2\n")
    with pytest.raises(NotKnown) as caught:
        pagelog.read_log.collect(SERVER, DirectFolder(tmp_path))
    assert caught.value.reason is Reason.NOT_COLLECTED


def test_a_packed_log_is_not_skipped(tmp_path: Path) -> None:
    (written(tmp_path, "x") / "page_log.1.gz").write_bytes(b"\x1f\x8b\0")
    with pytest.raises(NotKnown) as caught:
        pagelog.read_log.collect(SERVER, DirectFolder(tmp_path))
    assert caught.value.reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    "format_",
    [
        "%p %u %T %P %C",
        "%u %j %P %C",
        "%p %j %T",
        "%p %{job-name} %j %P %C",
        "%p %j %j %P %C",
        "plain text",
    ],
)
def test_a_format_that_cannot_be_read_safely_is_not_measurable(format_: str) -> None:
    with pytest.raises(NotKnown) as caught:
        _logformat.pattern_of(format_)
    assert caught.value.reason is Reason.NOT_MEASURABLE


def test_columns_stand_where_the_administrator_put_them() -> None:
    pattern = _logformat.pattern_of("%j;%p;%{job-impressions-completed};%{job-name}")
    assert _logformat.line_of("12;soumu;72;a;b 9;c", pattern) is None
    pattern = _logformat.pattern_of("%j %p %{job-impressions-completed} %{job-name}")
    assert _logformat.line_of("12 soumu 72 a b 9", pattern) == Line(12, "soumu", 72, whole=True)


@pytest.mark.parametrize(
    ("conf", "format_"),
    [
        ("PageLogFormat %j", "%j"),
        ("pagelogformat\t%p %j  ", "%p %j"),
        ("PageLogFormat", ""),
        ("PageLogFormat   \nMaxJobs 5", ""),
        ("# PageLogFormat %j", ""),
        ("", ""),
        ("PageLogFormat %p\nPageLogFormat %j", "%j"),
    ],
)
def test_the_format_is_read_as_cups_reads_it(conf: str, format_: str) -> None:
    assert _logformat.format_of(conf) == format_


def test_a_long_hostile_line_is_refused_at_once() -> None:
    pattern = _logformat.pattern_of(STANDARD)
    began = time.perf_counter()
    for text in ("q " + "1 [" * 600, "q " + " " * 1990, "q " + "1 [x] totl " * 160, "q" * 10_000_000):
        assert _logformat.line_of(text, pattern) is None
    assert time.perf_counter() - began < 1


@given(st.text(max_size=80))
def test_no_text_crashes_the_line_reader(text: str) -> None:
    line = _logformat.line_of(text, _logformat.pattern_of(STANDARD))
    assert line is None or line.queue


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_log_reader(content: bytes) -> None:
    class Held:
        def names(self) -> tuple[str, ...]:
            return ("cupsd.conf", "page_log")

        def read(self, name: str) -> bytes:
            return content if name == "page_log" else f"PageLogFormat {STANDARD}".encode()

    try:
        pagelog.read_log.collect(SERVER, Held())
    except NotKnown:
        return


def log(*lines: tuple[int, int], malformed: tuple[str, ...] = (), queue: str = "mfp") -> PageLog:
    rows = [(f"page_log:{at}", Line(job, queue, sides, True)) for at, (job, sides) in enumerate(lines, 1)]
    return PageLog(tuple(rows), malformed)


def seen(*jobs: tuple[int, int], active: tuple[int, ...] = ()) -> Printing:
    queues = (Queue("mfp", "", "m", (), (), ()),)
    rows = tuple(Job(id_, 1000 + id_, "mfp", sides, sides, sides) for id_, sides in jobs)
    return Printing(queues, rows, frozenset(active), 9000, cut=False)


@pytest.mark.parametrize(
    ("lines", "told", "verdict", "places"),
    [
        (log((5, 2), (6, 3)), seen((5, 2), (6, 3)), Verdict.PASS, ()),
        (log((5, 2)), seen((5, 2), (6, 3)), Verdict.PASS, ()),  # copied before the newest job
        (log((1, 2), (5, 2)), seen((5, 2)), Verdict.PASS, ()),  # older than the history
        (log((5, 2)), seen((5, 2), active=(6,)), Verdict.PASS, ()),
        (log((5, 3)), seen((5, 2)), Verdict.FAIL, ("page_log:1",)),
        (log((5, 2), (5, 2)), seen((5, 2)), Verdict.FAIL, ("page_log:1", "page_log:2")),
        (log((5, 2), (9, 2)), seen((5, 2)), Verdict.FAIL, ("page_log:2",)),
        (log((5, 2), (7, 2)), seen((5, 2), (6, 3), (7, 2)), Verdict.FAIL, ("#6",)),
        (log((5, 2), malformed=("page_log:2",)), seen((5, 2)), Verdict.FAIL, ("page_log:2",)),
        (log((5, 2), queue="other"), seen((5, 2)), Verdict.FAIL, ("page_log:1",)),
        (log((5, 2), (6, 2)), seen((5, 2), (7, 2)), Verdict.UNKNOWN, ("page_log:2",)),
        (log((1, 2)), seen((5, 2)), Verdict.UNKNOWN, ()),
    ],
)
def test_every_line_is_held_against_the_history(
    lines: PageLog, told: Printing, verdict: Verdict, places: tuple[str, ...]
) -> None:
    result = pagelog.log_and_history_agree(lines, told, PARAMS)
    assert (result.verdict, result.places) == (verdict, places)


def test_lines_of_single_pages_are_added_up() -> None:
    pages = PageLog(tuple((f"p:{n}", Line(5, "mfp", 2, False)) for n in range(3)), ())
    assert pagelog.log_and_history_agree(pages, seen((5, 6)), PARAMS).verdict is Verdict.PASS
    assert pagelog.log_and_history_agree(pages, seen((5, 7)), PARAMS).verdict is Verdict.FAIL


def test_a_job_whose_queue_is_gone_is_left_open() -> None:
    told = seen((5, 2), (6, 2))
    gone = replace(told, jobs=(told.jobs[0], replace(told.jobs[1], queue="")))
    result = pagelog.log_and_history_agree(log((5, 2), (6, 2)), gone, PARAMS)
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, ("page_log:2",))


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"lines":[[1]],"malformed":[]}', b'{"lines":0,"malformed":[]}']
)
def test_a_kept_answer_of_another_shape_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        pagelog.page_log(Answer("print.page-log", Status.OK, body))


def test_impressions_pages_and_sheets_are_three_things_on_a_real_server(logging: Cups) -> None:
    """Two-sided, two-up, past the driver and on a raw queue: only what the server measured is a figure."""
    rows = {job.id: (job.told, job.impressions, job.sheets) for job in history(logging).jobs}
    assert rows == {
        1: (6, 6, 6),
        2: (12, 12, 6),
        3: (0, None, None),
        4: (0, None, None),
        5: (3, 3, 3),
    }


@pytest.mark.parametrize(("ago", "verdict"), [(40, Verdict.UNKNOWN), (20, Verdict.PASS)])
def test_a_log_that_ended_long_ago_says_nothing_of_today(ago: int, verdict: Verdict) -> None:
    told = seen((5, 2), (6, 3))
    later = replace(told, now=told.jobs[1].at + ago * 86400)
    assert pagelog.log_and_history_agree(log((5, 2)), later, PARAMS).verdict is verdict
