"""What lies over a fail: for how long, over what, and that nothing is hidden by it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.control import Control
from auditor.exceptions import JAPAN, REMIND_DAYS, Excepted, Exceptions, Term, ending
from auditor.findings import Finding, Overlay, Said, Verdict, shown_as, tally
from auditor.firstseen import Since
from auditor.legs import ready_of
from auditor.overlays import Covers, FirstSeen, overlaid
from auditor.readiness import Ready
from tests.core.world import control, finding
from tests.exceptions.kit import excepted

TODAY = date(2026, 11, 26)
KEY = ("endpoint:PC-1", "W-01")


def laid(
    verdict: Verdict = Verdict.FAIL,
    *rows: Excepted,
    today: date = TODAY,
    grace: int = 0,
    since: FirstSeen | None = None,
    of: Finding | None = None,
) -> Finding:
    """The one finding of W-01 on PC-1 with what lies over it."""
    controls: dict[str, Control] = {"W-01": replace(control("W-01"), grace_days=grace)}
    covers = Covers(exceptions=Exceptions(rows=rows, kept=True), first_seen=since)
    (found,) = overlaid([of or finding(verdict)], covers, controls, today)
    return found


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2028, 2, 29), date(2028, 2, 29)),
        (date(2027, 3, 31), date(2027, 3, 31)),
        (date(2027, 4, 1), date(2028, 3, 31)),
        (date(2019, 5, 1), date(2019, 12, 31)),
    ],
    ids=["leap day", "last of a fiscal year", "a fiscal year", "the first year of an era"],
)
def test_the_first_and_the_last_day_count_and_the_days_around_do_not(start: date, end: date) -> None:
    row, one = excepted(start, end), timedelta(days=1)
    shown = [shown_as(laid(Verdict.FAIL, row, today=day)) for day in (start - one, start, end, end + one)]
    assert shown == ["fail", "exception", "exception", "fail"]


def test_the_last_second_of_the_last_day_in_japan_is_within() -> None:
    row = excepted(TODAY, date(2027, 3, 31))
    assert row.last_moment.astimezone(UTC) == datetime(2027, 3, 31, 14, 59, 59, tzinfo=UTC)
    assert (row.last_moment + timedelta(seconds=1)).astimezone(JAPAN).date() == date(2027, 4, 1)


@given(st.dates(date(2019, 1, 1), date(2035, 1, 1)), st.integers(0, 400), st.integers(-500, 500))
def test_it_covers_exactly_its_days(start: date, length: int, offset: int) -> None:
    row = excepted(start, start + timedelta(days=length))
    inside = shown_as(laid(Verdict.FAIL, row, today=start + timedelta(days=offset))) == "exception"
    assert inside is (0 <= offset <= length)


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE])
def test_only_a_fail_is_covered_never_an_unknown(verdict: Verdict) -> None:
    row = excepted(TODAY, TODAY)
    assert laid(verdict, row, grace=30, since={}) == finding(verdict)


def test_the_verdict_beneath_stays_and_the_person_is_conditional() -> None:
    found = laid(Verdict.FAIL, excepted(TODAY, TODAY))
    assert (found.verdict, found.exception, found.until) == (Verdict.FAIL, "2026-01", TODAY)
    assert ready_of(found) is Ready.CONDITIONAL
    counted = tally([found])
    assert (counted.exception, counted.fail, counted.passed, counted.total) == (1, 0, 0, 1)


def test_what_somebody_said_is_covered_and_counted_apart() -> None:
    word = replace(finding(Verdict.FAIL), attested=Said(office="soumu"))
    found = laid(Verdict.FAIL, excepted(TODAY, TODAY), of=word)
    assert shown_as(found) == "attested_exception"
    assert (tally([found]).attested.exception, tally([found]).exception) == (1, 0)


def test_another_target_and_another_control_are_not_covered() -> None:
    assert shown_as(laid(Verdict.FAIL, excepted(TODAY, TODAY, ["endpoint:PC-2"]))) == "fail"
    assert shown_as(laid(Verdict.FAIL, excepted(TODAY, TODAY, control="W-02"))) == "fail"


def test_one_closed_early_covers_its_last_day_and_no_more() -> None:
    row = excepted(date(2026, 11, 1), date(2026, 12, 31), closed=date(2026, 11, 25))
    assert shown_as(laid(Verdict.FAIL, row, today=date(2026, 11, 25))) == "exception"
    assert (shown_as(laid(Verdict.FAIL, row)), row.term(TODAY)) == ("fail", Term.CLOSED)


def test_days_for_mending_are_counted_from_the_first_day_and_end_by_themselves() -> None:
    first: FirstSeen = {KEY: Since(date(2026, 11, 20))}
    days = [date(2026, 11, 20), date(2026, 11, 30), date(2026, 12, 1)]
    found = [laid(today=day, grace=10, since=first) for day in days]
    assert [shown_as(one) for one in found] == ["grace", "grace", "fail"]
    assert {one.until for one in found} == {date(2026, 11, 30)}
    assert [ready_of(one) for one in found] == [Ready.CONDITIONAL, Ready.CONDITIONAL, Ready.BLOCKED]


def test_a_fault_nobody_knew_begins_today_and_without_a_history_it_fails_at_once() -> None:
    assert laid(grace=10, since={}).until == TODAY + timedelta(days=10)
    assert (shown_as(laid(grace=10, since=None)), shown_as(laid(grace=0, since={}))) == ("fail", "fail")


def test_a_first_day_to_come_makes_no_deadline_later() -> None:
    late: FirstSeen = {KEY: Since(TODAY + timedelta(days=30))}
    assert laid(grace=10, since=late).until == TODAY + timedelta(days=10)


def test_an_exception_that_lapsed_does_not_fall_into_days_for_mending() -> None:
    row = excepted(TODAY - timedelta(days=5), TODAY - timedelta(days=1))
    since: FirstSeen = {KEY: Since(TODAY - timedelta(days=5))}
    found = laid(Verdict.FAIL, row, grace=30, since=since)
    assert (found.overlay, found.until) == (Overlay.NONE, row.last)


def test_who_left_the_section_of_an_exception_does_not_fall_into_days_for_mending() -> None:
    elsewhere = excepted(TODAY - timedelta(days=5), TODAY - timedelta(days=1), ["endpoint:PC-9"])
    day = TODAY - timedelta(days=5)
    shown = [
        shown_as(laid(Verdict.FAIL, *rows, grace=30, since={KEY: Since(day, excepted=before)}))
        for rows, before in (((elsewhere,), True), ((elsewhere,), False), ((), True))
    ]
    assert shown == ["fail", "grace", "grace"]


def test_a_new_fault_after_an_old_exception_has_its_days() -> None:
    row = excepted(date(2026, 1, 1), date(2026, 2, 1))
    assert laid(Verdict.FAIL, row, grace=30, since={KEY: Since(TODAY)}).overlay is Overlay.GRACE


def test_reminders_come_at_thirty_fourteen_and_seven_days_and_after_the_end() -> None:
    def step(days: int) -> list[int]:
        row = excepted(date(2026, 1, 1), TODAY + timedelta(days=days))
        return [one.step for one in ending([row], TODAY)]

    assert REMIND_DAYS == (30, 14, 7)
    assert [step(days) for days in (31, 30, 15, 14, 8, 7, 0, -1)] == [
        [],
        [30],
        [30],
        [14],
        [14],
        [7],
        [7],
        [0],
    ]


def test_what_was_closed_or_has_not_begun_reminds_nobody() -> None:
    closed = excepted(date(2026, 1, 1), TODAY, closed=TODAY)
    assert ending([closed, excepted(TODAY + timedelta(days=1), TODAY + timedelta(days=2))], TODAY) == ()
