"""Print queues and jobs: a real CUPS server is read exactly, a hostile one is not believed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.access.http import DirectHttp
from auditor.api import Answer, Garbled, PrintServer, Reason, Reply, Status, Unreached
from checks.printing import _ipp, _queues
from checks.printing._queues import Printing
from tests.peers.cups import Cups
from tests.peers.nginx import Block, nginx
from tests.peers.process import free_port

SERVER = PrintServer(id="p", name="p", url="http://127.0.0.1:1/")
DAY = 86400
NOW = 1_795_000_000


def asked(url: str) -> Printing:
    declared = PrintServer(id="p", name="p", url=url)
    body = _queues.ask_printing.collect(declared, DirectHttp(url, 20, lambda _: None))
    return _queues.printing(Answer("printing.ipp", Status.OK, body))


def collected(http: object) -> Printing:
    body = _queues.ask_printing.collect(SERVER, http)
    return _queues.printing(Answer("printing.ipp", Status.OK, body))


def test_a_real_server_tells_its_queues_and_the_exact_sheets_of_each_job(server: Cups) -> None:
    told = asked(server.url)
    rows = {row.name: row for row in told.queues}
    assert set(rows) == {"soumu", "zeimu", "lost", "raw"}
    assert rows["soumu"].location == "総務課"
    assert [rows[name].raw for name in ("soumu", "raw")] == [False, True]
    sheets = {job.id: (job.queue, job.sheets) for job in told.jobs}
    assert sheets == {
        1: ("soumu", 3),
        2: ("soumu", 6),
        3: ("soumu", 18),
        4: ("soumu", None),  # `lp -o raw` passes by the driver: CUPS says 0 sheets
        6: ("soumu", 1),  # 5 went with its queue
    }
    assert not told.cut


def test_paging_through_a_real_server_gives_the_same_jobs(
    server: Cups, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = asked(server.url)
    monkeypatch.setattr(_queues, "PAGE", 2)
    again = asked(server.url)
    assert again == replace(whole, now=again.now)


def test_more_jobs_than_are_asked_for_are_told_of(server: Cups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_queues, "PAGE", 2)
    monkeypatch.setattr(_queues, "MAX_JOBS", 4)
    told = asked(server.url)
    assert (len(told.jobs), told.cut) == (4, True)


def test_no_name_of_a_person_or_a_document_is_asked_for(server: Cups) -> None:
    declared = PrintServer(id="p", name="p", url=server.url)
    body = _queues.ask_printing.collect(declared, DirectHttp(server.url, 20, lambda _: None))
    for word in (b"job-name", b"originating", b"document.txt"):
        assert word not in body


class Played:
    """A print server with one queue and these jobs, newest first; it gives at most 500 jobs at once."""

    def __init__(self, ends: Sequence[int], *, pages: bool = True, most: int = 500) -> None:
        self.ends = ends
        self.pages = pages
        self.most = most
        self.asked = 0

    def request(self, *_: str, body: bytes, **__: object) -> Reply:
        number = int.from_bytes(body[4:8], "big")
        (attributes,) = _ipp.decode(body, number).of(_ipp.OPERATION_GROUP)
        groups = b""
        if body[2:4] == b"\x40\x02":
            groups = _group(_ipp.PRINTER_GROUP, self._printer())
        elif attributes["which-jobs"] == ("completed",):
            self.asked += 1
            first = int(attributes["first-index"][0] or 1) if self.pages else 1
            rows = list(enumerate(self.ends))[first - 1 : first - 1 + self.most]
            groups = b"".join(_group(_ipp.JOB_GROUP, self._job(*row)) for row in rows)
        reply = b"\2\0\0\0" + body[4:8] + groups + b"\3"
        return Reply(200, {"content-type": "application/ipp"}, reply)

    def _printer(self) -> list[_ipp.Asked]:
        return [
            (_ipp.NAME, "printer-name", ("mfp",)),
            (_ipp.INTEGER, "printer-up-time", (NOW,)),
            (_ipp.URI, "printer-uri-supported", ("ipp://x/printers/mfp",)),
        ]

    def _job(self, index: int, end: int) -> list[_ipp.Asked]:
        return [
            (_ipp.INTEGER, "job-id", (len(self.ends) - index,)),
            (_ipp.INTEGER, "job-media-sheets-completed", (1,)),
            (_ipp.INTEGER, "time-at-completed", (end,)),
            (_ipp.URI, "job-printer-uri", ("ipp://other:631/printers/mfp",)),
            (_ipp.KEYWORD, "document-format", ("text/plain",)),
            (_ipp.ENUM, "job-state", (9,)),
        ]


def _group(tag: int, attributes: list[_ipp.Asked]) -> bytes:
    return bytes([tag]) + b"".join(_ipp._encoded(*row) for row in attributes)


def test_a_server_that_caps_its_answers_at_500_is_asked_until_nothing_is_left() -> None:
    told = collected(Played([NOW - number for number in range(1234)]))
    assert len(told.jobs) == 1234
    assert {job.queue for job in told.jobs} == {"mfp"}
    assert not told.cut


def test_a_server_with_a_smaller_cap_is_asked_until_nothing_is_left() -> None:
    assert len(collected(Played([NOW - number for number in range(250)], most=100)).jobs) == 250


def test_a_server_that_ignores_the_index_is_not_taken_for_a_whole_history() -> None:
    told = collected(Played([NOW - number for number in range(700)], pages=False))
    assert (len(told.jobs), told.cut) == (500, True)


def test_jobs_older_than_any_window_are_not_asked_for() -> None:
    server = Played([NOW - number * DAY for number in range(5000)])
    told = collected(server)
    assert (len(told.jobs), told.cut, server.asked) == (500, False, 1)


def test_a_history_out_of_order_is_read_to_its_end() -> None:
    ends = [NOW - (number * 7919 % 5000) * DAY // 100 - 119 * DAY for number in range(1600)]
    assert len(collected(Played(ends)).jobs) == 1600


def test_a_web_server_is_not_a_print_server(tmp_path: Path) -> None:
    with nginx(tmp_path, [Block(None)]) as (port,), pytest.raises(Unreached) as caught:
        asked(f"http://127.0.0.1:{port}/")
    assert caught.value.reason is Reason.WRONG_SERVICE


def test_a_stopped_server_is_unreached() -> None:
    with pytest.raises(Unreached) as caught:
        asked(f"http://127.0.0.1:{free_port()}/")
    assert caught.value.reason is Reason.REFUSED


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_demands_a_login_is_not_authorised(status: int) -> None:
    class Closed:
        def request(self, *_: object, **__: object) -> Reply:
            return Reply(status, {}, b"")

    with pytest.raises(Unreached) as caught:
        collected(Closed())
    assert caught.value.reason is Reason.NOT_AUTHORISED


PRINTER = {
    "printer-name": ["mfp"],
    "printer-up-time": [NOW],
    "printer-uri-supported": ["ipp://x/printers/mfp"],
}
GOOD_JOB = [1, 3, NOW, "/printers/mfp", "text/plain", 9]


def told(job: list[object], **changes: object) -> Printing:
    body = {"printers": [PRINTER], "active": [], "jobs": [job], "cut": False, **changes}
    return _queues.printing(Answer("printing.ipp", Status.OK, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("at", "value", "sheets"),
    [
        (1, 3, 3),
        (1, None, None),
        (1, 0, None),  # printed, and said to need no paper
        (2, None, None),
        (4, "application/vnd.cups-raw", None),
        (4, "application/octet-stream", None),
        (4, None, None),
        (5, 7, 3),  # cancelled on the way
    ],
)
def test_a_job_is_measured_only_where_the_server_could(at: int, value: object, sheets: int | None) -> None:
    (job,) = told([*GOOD_JOB[:at], value, *GOOD_JOB[at + 1 :]]).jobs
    assert (job.sheets, job.queue) == (sheets, "mfp")


def test_a_cancelled_job_and_an_order_to_the_printer_need_no_paper() -> None:
    for kind, state in ((None, 7), ("application/vnd.cups-command", 9)):
        assert told([1, 0, NOW, "/printers/mfp", kind, state]).jobs[0].sheets == 0


@pytest.mark.parametrize(
    "body",
    [
        {"jobs": [[*GOOD_JOB[:1], -2, *GOOD_JOB[2:]]]},
        {"jobs": [[True, *GOOD_JOB[1:]]]},
        {"jobs": [[1, 2, 3]]},
        {"jobs": None},
        {"active": ["1"]},
        {"printers": []},
        {"printers": [{"printer-name": ["mfp"]}]},
        {"printers": [{**PRINTER, "printer-name": []}]},
    ],
)
def test_an_answer_of_another_shape_is_garbled(body: dict[str, object]) -> None:
    with pytest.raises(Garbled):
        told(GOOD_JOB, **body)


@pytest.mark.parametrize("body", [b"[]", b"{}", b"1", b"\xff"])
def test_an_answer_that_is_not_ours_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        _queues.printing(Answer("printing.ipp", Status.OK, body))
