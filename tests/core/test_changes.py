"""Since when: a deadline counts from the first day, and does not move with every audit."""

from dataclasses import replace
from datetime import date, timedelta

from auditor.changes import changes, dated
from auditor.findings import Finding, Verdict
from auditor.run import Run
from tests.core.runs import run_of

DAY = date(2026, 11, 23)


def a_run(verdict: Verdict, day: date, number: int) -> Run:
    finding = Finding(control="W-01", target="endpoint:PC-1", verdict=verdict, key="x")
    return replace(run_of(), findings=(finding,), today=day, number=number)


def test_a_fault_keeps_its_first_day_until_it_is_mended() -> None:
    first = dated(None, a_run(Verdict.FAIL, DAY, 1))
    second = dated(first, a_run(Verdict.FAIL, DAY + timedelta(days=9), 2))
    mended = dated(second, a_run(Verdict.PASS, DAY + timedelta(days=10), 3))
    again = dated(mended, a_run(Verdict.FAIL, DAY + timedelta(days=11), 4))
    days = [run.findings[0].since for run in (first, second, mended, again)]
    assert days == [DAY, DAY, DAY + timedelta(days=10), DAY + timedelta(days=11)]


def test_a_finding_without_its_day_began_at_the_run_before() -> None:
    kept = a_run(Verdict.FAIL, DAY, 1)
    assert dated(kept, a_run(Verdict.FAIL, DAY + timedelta(days=1), 2)).findings[0].since == DAY


def test_a_day_alone_is_no_change() -> None:
    first = dated(None, a_run(Verdict.FAIL, DAY, 1))
    second = dated(first, a_run(Verdict.FAIL, DAY + timedelta(days=1), 2))
    assert changes(first, second).changed == ()
