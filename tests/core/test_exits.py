"""Exit codes: a table, and which one wins."""

from dataclasses import replace

import pytest

from auditor.evidence import Evidence
from auditor.exits import Exit, FailOn, exit_code
from auditor.findings import Reason, Tally
from auditor.run import Run, TargetCard
from tests.core.runs import run_of
from tests.core.world import NOW, TOWN

REACHED = TargetCard(key="endpoint:PC-1", kind="endpoint", id="PC-1", name="", collected_at=NOW)
SILENT = replace(REACHED, key="endpoint:PC-2", outcome=Reason.NO_ANSWER)
UNTOUCHED = replace(REACHED, key="endpoint:PC-3", collected_at=None)
LEDGER = TargetCard(key="section:soumu", kind="section", id="soumu", name="")


def ended(tally: Tally, *cards: TargetCard, broken: tuple[str, ...] = (), base: Run | None = None) -> Run:
    return replace(base or run_of(), tally=tally, targets=cards or (REACHED,), broken=broken)


@pytest.mark.parametrize(
    ("tally", "fail_on", "max_unknown", "code"),
    [
        (Tally(passed=9), FailOn.FAIL, 0, Exit.DONE),
        (Tally(passed=9, fail=1), FailOn.NONE, 0, Exit.DONE),
        (Tally(passed=9, fail=1), FailOn.FAIL, 0, Exit.FINDINGS),
        (Tally(passed=9, fail=1), FailOn.GRACE, 0, Exit.FINDINGS),
        (Tally(passed=9, grace=1), FailOn.FAIL, 0, Exit.DONE),
        (Tally(passed=9, grace=1), FailOn.GRACE, 0, Exit.FINDINGS),
        (Tally(passed=9, exception=1), FailOn.GRACE, 0, Exit.DONE),
        (Tally(passed=9, not_applicable=1), FailOn.GRACE, 0, Exit.DONE),
        (Tally(passed=9, unknown=1), FailOn.NONE, 0, Exit.INCOMPLETE),
        (Tally(passed=9, unknown=1), FailOn.FAIL, 1, Exit.DONE),
        (Tally(passed=9, unknown=2), FailOn.FAIL, 1, Exit.INCOMPLETE),
        (Tally(passed=9, unknown=99), FailOn.FAIL, None, Exit.DONE),
        (Tally(fail=1, unknown=1), FailOn.FAIL, 0, Exit.INCOMPLETE),
        (Tally(fail=1, unknown=1), FailOn.FAIL, None, Exit.FINDINGS),
    ],
)
def test_what_was_found_makes_the_code(
    tally: Tally, fail_on: FailOn, max_unknown: int | None, code: Exit
) -> None:
    assert exit_code(ended(tally), fail_on, max_unknown) is code


def test_a_broken_check_is_incomplete_however_many_unknowns_are_accepted() -> None:
    assert exit_code(ended(Tally(passed=1), broken=("W-01: x",)), FailOn.NONE, None) is Exit.INCOMPLETE


@pytest.mark.parametrize(
    "cards",
    [
        (SILENT,),
        (SILENT, LEDGER),
        (UNTOUCHED,),
        (UNTOUCHED, SILENT, LEDGER),
        (LEDGER,),
        (replace(SILENT, outcome=Reason.STALE),),
    ],
)
def test_nobody_who_answered_is_five_and_wins_over_all_that_ran(cards: tuple[TargetCard, ...]) -> None:
    worst = ended(Tally(fail=9, unknown=9), *cards, broken=("x",))
    assert exit_code(worst, FailOn.FAIL, 0) is Exit.NO_TARGET
    assert exit_code(worst, FailOn.NONE, None) is Exit.NO_TARGET


def test_one_that_answered_is_enough() -> None:
    run = ended(Tally(passed=1), SILENT, UNTOUCHED, LEDGER, REACHED)
    assert exit_code(run, FailOn.FAIL, None) is Exit.DONE


def test_a_run_without_any_control_never_ends_well() -> None:
    """As when the check modules are not installed: nothing was found because nothing was looked at."""
    run = run_of(tasks_of=(), town=TOWN)
    assert run.tally.total == 0
    assert exit_code(run, FailOn.FAIL, 0) is Exit.NO_TARGET


def test_a_run_of_real_findings_ends_as_they_say() -> None:
    assert exit_code(run_of(after_s=600), FailOn.FAIL, 0) is Exit.DONE
    assert exit_code(run_of(after_s=601), FailOn.FAIL, 0) is Exit.FINDINGS
    silent: tuple[Evidence, ...] = ()
    assert exit_code(run_of(evidence=silent), FailOn.FAIL, None) is Exit.NO_TARGET


def test_the_numbers_are_those_that_timers_rely_on() -> None:
    assert [(code.name, code.value) for code in Exit] == [
        ("DONE", 0),
        ("FAILED", 1),
        ("REFUSED", 2),
        ("FINDINGS", 3),
        ("INCOMPLETE", 4),
        ("NO_TARGET", 5),
    ]
