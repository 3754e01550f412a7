"""Printing: what a server counted is judged; what it cannot count is unknown, never zero."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from auditor.access.http import DirectHttp
from auditor.api import Answer, Judgement, Params, Person, PrintServer, Reason, Section, Status, Town, Verdict
from checks.printing import _queues, sheets
from checks.printing import printing as subject
from checks.printing._queues import Job, Printing, Queue
from tests.peers.cups import Cups

TOWN = Town(
    name="松風町",
    sections=(
        Section(id="soumu", name="総務課"),
        Section(id="zeimu", name="税務課"),
        Section(id="empty", name="空の課"),
    ),
    staff=(Person(id="1", name="a", section="soumu"), Person(id="2", name="b", section="zeimu")),
)
PARAMS = Params(
    {
        "unmapped_max": 0,
        "raw_max": 0,
        "window_days": 20,
        "sheets_per_head": 10,
        "sides": "two-sided-long-edge",
        "job_sheets": "none",
        "mode": "monochrome",
    }
)
SERVER = PrintServer(id="p", name="p", url="http://127.0.0.1:1/")
DAY = 86400
NOW = 1_795_000_000
BOTH = ("one-sided", "two-sided-long-edge")
OLD = Job(1, NOW - 60 * DAY, "mfp", 5000)


def queue(name: str = "mfp", location: str = "総務課", **changes: object) -> Queue:
    plain = Queue(
        name, location, "MFP 1", ("two-sided-long-edge",), BOTH, ("none", "none"), ("none", "standard")
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def raw(name: str = "raw") -> Queue:
    return queue(name, model=_queues.RAW_MODEL)


def seen(*queues: Queue, jobs: Sequence[Job] = (), active: Sequence[int] = (), cut: bool = False) -> Printing:
    return Printing(queues, tuple(jobs), frozenset(active), NOW, cut)


def recent(number: int, paper: int | None, name: str = "mfp") -> Job:
    return Job(number, NOW - DAY, name, paper)


def test_each_fault_of_a_real_queue_is_found_by_its_own_control(server: Cups) -> None:
    declared = PrintServer(id="p", name="p", url=server.url, locations={"東庁舎": "zeimu"})
    body = _queues.ask_printing.collect(declared, DirectHttp(server.url, 20, lambda _: None))
    told = subject.printing(Answer("printing.ipp", Status.OK, body))
    assert subject.queues_have_a_section(told, declared, TOWN, PARAMS).places == ("lost",)
    assert subject.queues_can_be_counted(told, PARAMS).places == ("raw",)
    assert subject.two_sided_by_default(told, PARAMS).places == ("zeimu",)
    assert subject.no_banner_pages(told, PARAMS).places == ("zeimu",)
    assert sheets.sheets_per_head(told, declared, TOWN, PARAMS).verdict is Verdict.UNKNOWN


def test_little_paper_over_a_covered_window_passes() -> None:
    result = sheets.sheets_per_head(seen(queue(), jobs=(OLD, recent(2, 30))), SERVER, TOWN, PARAMS)
    assert (result.verdict, result.values["rate"]) == (Verdict.PASS, 1.5)
    assert result.places == ("総務課: 30 (1.5)",)


def test_much_paper_fails_whatever_else_is_not_known() -> None:
    for others, cut in (((), False), ((raw(),), False), ((), True)):
        told = seen(queue(), *others, jobs=(recent(2, 201), recent(9, None)), cut=cut)
        assert sheets.sheets_per_head(told, SERVER, TOWN, PARAMS).key == "many"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (seen(queue(), jobs=[recent(2, 1)]), Reason.WINDOW_SHORT),
        (seen(queue()), Reason.WINDOW_SHORT),
        (seen(queue(), jobs=[OLD, recent(2, 1)], cut=True), Reason.WINDOW_SHORT),
        (seen(queue(), raw(), jobs=[OLD, recent(2, 1)]), Reason.NOT_MEASURABLE),
        (seen(queue(), queue("y", model=""), jobs=[OLD]), Reason.NOT_MEASURABLE),
        (seen(queue(), queue("x", ""), jobs=[OLD]), Reason.NOT_MEASURABLE),
        (seen(queue(), jobs=[OLD, recent(2, None)]), Reason.NOT_MEASURABLE),
        (seen(queue(), jobs=[OLD, recent(2, 1, "")]), Reason.NOT_MEASURABLE),
        (seen(queue(), jobs=[OLD, recent(3, 1)]), Reason.NOT_MEASURABLE),
        (seen(queue(), queue("z", "空の課"), jobs=[OLD, recent(2, 1, "z")]), Reason.NOT_DECLARED),
    ],
)
def test_what_is_not_counted_is_not_paperless(told: Printing, reason: Reason) -> None:
    result = sheets.sheets_per_head(told, SERVER, TOWN, PARAMS)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, reason)


def test_a_job_still_waiting_is_no_erased_job() -> None:
    told = seen(queue(), jobs=[OLD, recent(3, 1)], active=[2])
    assert sheets.sheets_per_head(told, SERVER, TOWN, PARAMS).verdict is Verdict.PASS


def test_a_job_that_passed_by_the_driver_before_the_window_does_no_harm() -> None:
    told = seen(queue(), jobs=[replace(OLD, sheets=None), recent(2, 1)])
    assert sheets.sheets_per_head(told, SERVER, TOWN, PARAMS).verdict is Verdict.PASS


def test_a_quiet_queue_shares_the_history_of_the_busy_one_that_cut_it_off() -> None:
    """CUPS forgets the oldest job of the whole server, so a short history is short for all queues."""
    busy = [recent(number, 1, "busy") for number in range(2, 500)]
    told = seen(queue(), queue("busy", "税務課"), jobs=busy)
    result = sheets.sheets_per_head(told, SERVER, replace(TOWN, staff=TOWN.staff * 50), PARAMS)
    assert result.reason is Reason.WINDOW_SHORT


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (queue(), Verdict.PASS),
        (queue(sides=("two-sided-short-edge",)), Verdict.PASS),
        (queue(sides=("one-sided",)), Verdict.FAIL),
        (queue(sides=("two-sided-long-edge", "one-sided")), Verdict.FAIL),
        (queue(sides_supported=("one-sided",), sides=("one-sided",)), Verdict.NOT_APPLICABLE),
        (queue(sides_supported=(), sides=()), Verdict.UNKNOWN),
        (queue(sides=()), Verdict.UNKNOWN),
    ],
)
def test_two_sided_is_judged_only_where_the_queue_can_and_says(row: Queue, verdict: Verdict) -> None:
    result = subject.two_sided_by_default(seen(row), PARAMS)
    assert isinstance(result, Judgement)
    assert result.verdict is verdict


def test_a_town_may_demand_one_edge() -> None:
    demanded = Params({"sides": "two-sided-short-edge"})
    able = queue(sides_supported=(*BOTH, "two-sided-short-edge"))
    assert subject.two_sided_by_default(seen(able), demanded).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ((queue(),), Verdict.PASS),
        ((queue(model=""),), Verdict.UNKNOWN),
        ((queue(), raw(), queue(model="")), Verdict.FAIL),
    ],
)
def test_a_queue_without_a_model_may_be_raw(rows: tuple[Queue, ...], verdict: Verdict) -> None:
    assert subject.queues_can_be_counted(seen(*rows), PARAMS).verdict is verdict


@pytest.mark.parametrize(
    ("banners", "verdict"),
    [
        (("none", "none"), Verdict.PASS),
        (("none", "standard"), Verdict.FAIL),
        ((), Verdict.UNKNOWN),
    ],
)
def test_one_banner_before_or_after_is_enough_to_fail(banners: tuple[str, ...], verdict: Verdict) -> None:
    assert subject.no_banner_pages(seen(queue(banners=banners)), PARAMS).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"banners": ("standard", "none")}, Verdict.FAIL),
        ({"banners": ("standard",), "banners_supported": ("standard",)}, Verdict.NOT_APPLICABLE),
        ({"banners": ("standard",), "banners_supported": ()}, Verdict.UNKNOWN),
        ({"banners": ("none",), "banners_supported": ()}, Verdict.PASS),
    ],
)
def test_a_banner_is_a_fault_only_where_it_can_be_turned_off(
    changes: dict[str, tuple[str, ...]], verdict: Verdict
) -> None:
    row = replace(queue(), **changes)  # type: ignore[arg-type]
    assert subject.no_banner_pages(seen(row), PARAMS).verdict is verdict


COLOUR = {"colours_supported": ("monochrome", "color"), "in_colour": True}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({**COLOUR, "colours": ("monochrome",)}, Verdict.PASS),
        ({**COLOUR, "colours": ("color",)}, Verdict.FAIL),
        ({**COLOUR, "colours": ("auto",)}, Verdict.FAIL),
        ({**COLOUR, "colours": ("monochrome", "color")}, Verdict.FAIL),
        ({**COLOUR, "colours": ()}, Verdict.UNKNOWN),
        ({**COLOUR, "colours": ("monochrome",), "model": _queues.RAW_MODEL}, Verdict.UNKNOWN),
        ({"colours": ("color",), "in_colour": True}, Verdict.UNKNOWN),
        ({"colours": ("color",), "colours_supported": ("color",), "in_colour": True}, Verdict.NOT_APPLICABLE),
        ({"colours": ("monochrome",), "in_colour": False}, Verdict.NOT_APPLICABLE),
        ({"colours": ("monochrome",), "colours_supported": ("monochrome",)}, Verdict.NOT_APPLICABLE),
        ({}, Verdict.UNKNOWN),
    ],
)
def test_monochrome_is_judged_only_where_a_queue_has_the_choice(
    changes: dict[str, object], verdict: Verdict
) -> None:
    row = replace(queue(), **changes)  # type: ignore[arg-type]
    assert subject.monochrome_by_default(seen(row), PARAMS).verdict is verdict


def test_private_job_values_take_names_away_and_leave_the_sheets(server: Cups) -> None:
    """The stock policy (``JobPrivateValues default``) hides who printed what; the counts stay."""
    assert "JobPrivateValues default" in (server.home / "cupsd.conf").read_text()
    declared = PrintServer(id="p", name="p", url=server.url)
    body = _queues.ask_printing.collect(declared, DirectHttp(server.url, 20, lambda _: None))
    told = subject.printing(Answer("printing.ipp", Status.OK, body))
    assert {job.id: job.sheets for job in told.jobs if job.id in (1, 2, 3)} == {1: 3, 2: 6, 3: 18}


def test_a_short_history_says_how_far_it_reaches() -> None:
    result = sheets.sheets_per_head(seen(queue(), jobs=[recent(2, 1)]), SERVER, TOWN, PARAMS)
    assert "oldest job kept: #2 of 2026-11-17" in result.note


def test_a_raw_queue_is_named_among_what_is_not_counted() -> None:
    told = seen(queue(), raw("old-mfp"), jobs=[OLD, recent(2, 1)])
    result = sheets.sheets_per_head(told, SERVER, TOWN, PARAMS)
    assert (result.reason, result.note) == (Reason.NOT_MEASURABLE, "not counted: old-mfp")
