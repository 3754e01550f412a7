"""Printing: counted on a real CUPS; what cannot be counted is unknown, never zero."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.http import DirectHttp
from auditor.api import (
    Answer,
    Garbled,
    Judgement,
    Params,
    Person,
    PrintServer,
    Reason,
    Reply,
    Section,
    Status,
    Town,
    Unreached,
    Verdict,
)
from checks.paperless import _ipp
from checks.paperless import printing as subject
from tests.peers.cups import Cups, CupsQueue, cups
from tests.peers.nginx import Block, nginx

TOWN = Town(
    name="松風町",
    sections=(Section(id="soumu", name="総務課"), Section(id="zeimu", name="税務課")),
    staff=(Person(id="1", name="a", section="soumu"), Person(id="2", name="b", section="zeimu")),
)
PARAMS = Params({"unmapped_max": 0, "raw_max": 0, "window_days": 20, "sheets_per_head": 10})
SERVER = PrintServer(id="p", name="p", url="http://127.0.0.1:1/")
DAY = 86400
NOW = 1_795_000_000
BOTH = ("one-sided", "two-sided-long-edge")


def queue(name: str = "mfp", location: str = "総務課", **changes: object) -> subject.Queue:
    plain = subject.Queue(name, location, False, ("two-sided-long-edge",), BOTH, ())
    return replace(plain, **changes)  # type: ignore[arg-type]


def seen(*queues: subject.Queue) -> subject.Printing:
    return subject.Printing(queues, NOW)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cups]:
    queues = [
        CupsQueue("soumu", "総務課"),
        CupsQueue("zeimu", "東庁舎", two_sided=False),
        CupsQueue("lost"),
        CupsQueue("raw", "税務課", raw=True),
    ]
    with cups(tmp_path_factory.mktemp("cups"), queues) as running:
        running.print("soumu", pages=6)
        yield running


def asked(url: str) -> subject.Printing:
    declared = PrintServer(id="p", name="p", url=url)
    body = subject.ask_printing.collect(declared, DirectHttp(url, 20, lambda _: None))
    return subject.printing(Answer("printing.ipp", Status.OK, body))


def test_a_real_server_tells_its_queues_and_sheets(server: Cups) -> None:
    told = {row.name: row for row in asked(server.url).queues}
    assert set(told) == {"soumu", "zeimu", "lost", "raw"}
    assert told["soumu"].location == "総務課"
    assert 3 <= sum(sheets for _, sheets in told["soumu"].jobs) <= 6  # CUPS estimates two-sided sheets
    assert [told[name].raw for name in ("soumu", "raw")] == [False, True]


def test_each_fault_of_a_real_queue_is_found_by_its_own_control(server: Cups) -> None:
    told = asked(server.url)
    declared = PrintServer(id="p", name="p", url=server.url, locations={"東庁舎": "zeimu"})
    assert subject.queues_have_a_section(told, declared, TOWN, PARAMS).places == ("lost",)
    assert subject.queues_can_be_counted(told, PARAMS).places == ("raw",)
    assert subject.two_sided_by_default(told).places == ("zeimu",)
    assert subject.sheets_per_head(told, declared, TOWN, PARAMS).verdict is Verdict.UNKNOWN


def test_no_name_of_a_person_or_a_document_is_asked_for(server: Cups) -> None:
    declared = PrintServer(id="p", name="p", url=server.url)
    body = subject.ask_printing.collect(declared, DirectHttp(server.url, 20, lambda _: None))
    for word in (b"job-name", b"originating", b"document.ps"):
        assert word not in body


def test_a_web_server_is_not_a_print_server(tmp_path: Path) -> None:
    with nginx(tmp_path, [Block(None)]) as (port,), pytest.raises(Unreached) as caught:
        asked(f"http://127.0.0.1:{port}/")
    assert caught.value.reason is Reason.WRONG_SERVICE


def test_a_stopped_server_is_unreached() -> None:
    with pytest.raises(Unreached) as caught:
        asked("http://127.0.0.1:9/")
    assert caught.value.reason is Reason.REFUSED


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_demands_a_login_is_not_authorised(status: int) -> None:
    class Closed:
        def request(self, *_: object, **__: object) -> Reply:
            return Reply(status, {}, b"")

    with pytest.raises(Unreached) as caught:
        subject.ask_printing.collect(SERVER, Closed())
    assert caught.value.reason is Reason.NOT_AUTHORISED


def test_little_paper_over_a_covered_window_passes() -> None:
    jobs = ((NOW - DAY, 30), (NOW - 60 * DAY, 5000))
    result = subject.sheets_per_head(seen(queue(jobs=jobs)), SERVER, TOWN, PARAMS)
    assert (result.verdict, result.values["rate"]) == (Verdict.PASS, 1.5)
    assert result.places == ("総務課: 30",)


def test_much_paper_fails_even_where_the_window_is_short_or_a_queue_is_raw() -> None:
    many = queue(jobs=((NOW - DAY, 201),))
    for others in ((), (queue("raw", raw=True),)):
        assert subject.sheets_per_head(seen(many, *others), SERVER, TOWN, PARAMS).key == "many"


@pytest.mark.parametrize(
    ("queues", "reason"),
    [
        ((queue(jobs=((NOW - DAY, 1),)),), Reason.WINDOW_SHORT),
        ((queue(),), Reason.WINDOW_SHORT),
        ((queue(jobs=((NOW - 60 * DAY, 1),)), queue("raw", raw=True)), Reason.NOT_MEASURABLE),
        ((queue(jobs=((NOW - 60 * DAY, 1),)), queue("x", location="")), Reason.NOT_MEASURABLE),
    ],
)
def test_zero_is_not_paperless(queues: tuple[subject.Queue, ...], reason: Reason) -> None:
    result = subject.sheets_per_head(seen(*queues), SERVER, TOWN, PARAMS)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, reason)


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (queue(), Verdict.PASS),
        (queue(sides=("one-sided",)), Verdict.FAIL),
        (queue(sides=("two-sided-long-edge", "one-sided")), Verdict.FAIL),
        (queue(sides_supported=("one-sided",), sides=("one-sided",)), Verdict.NOT_APPLICABLE),
        (queue(sides_supported=(), sides=()), Verdict.UNKNOWN),
        (queue(sides=()), Verdict.UNKNOWN),
    ],
)
def test_two_sided_is_judged_only_where_the_queue_can_and_says(row: subject.Queue, verdict: Verdict) -> None:
    result = subject.two_sided_by_default(seen(row))
    assert isinstance(result, Judgement)
    assert result.verdict is verdict


@pytest.mark.parametrize(
    "rows",
    [
        [{"printer": {"printer-up-time": [1]}, "jobs": [[1, None, 5]]}],
        [{"printer": {"printer-up-time": [1]}, "jobs": [[1, -2, 5]]}],
        [{"printer": {}, "jobs": []}],
        [],
        {"a": 1},
    ],
)
def test_an_answer_without_its_counts_is_garbled(rows: object) -> None:
    with pytest.raises(Garbled):
        subject.printing(Answer("printing.ipp", Status.OK, json.dumps(rows).encode()))


def test_a_message_comes_back_as_it_was_sent() -> None:
    sent = _ipp.request(
        _ipp.GET_JOBS,
        7,
        [
            (_ipp.KEYWORD, "which", ("a", "b")),
            (_ipp.INTEGER, "limit", (-5,)),
            (_ipp.BOOLEAN, "mine", (True,)),
        ],
    )
    (attributes,) = _ipp.decode(sent, 7).of(_ipp.OPERATION_GROUP)
    assert attributes["which"] == ("a", "b")
    assert attributes["limit"] == (-5,)
    assert attributes["mine"] == (True,)


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_decoder(body: bytes) -> None:
    for message in (body, b"\2\0\0\0\0\0\0\7" + body):
        try:
            _ipp.decode(message, 7)
        except Garbled:
            continue


@given(st.integers(0, 60))
def test_a_message_cut_anywhere_is_refused(at: int) -> None:
    sent = _ipp.request(_ipp.GET_JOBS, 7, [(_ipp.KEYWORD, "which", ("a", "b"))])
    with pytest.raises(Garbled):
        _ipp.decode(sent[: min(at, len(sent) - 1)], 7)
