"""Every target is collected once and alone; what goes wrong with one stays with it."""

import threading
from dataclasses import replace

import pytest

from auditor.declare import check
from auditor.engine import collect_all, japan_day, judge_all
from auditor.evidence import Evidence
from auditor.findings import Judgement, Reason, Verdict, tally
from auditor.legs import elements
from auditor.plan import Task, plan
from auditor.run import Run
from auditor.targets import Target, Town, target_key
from tests.core.runs import run_of
from tests.core.world import NOW, PC, TODAY, TOWN, Lock, control, lock, locks, model, ok, plugins, said, scene

THREE = replace(TOWN, endpoints=tuple(replace(PC, id=f"PC-{n}") for n in (1, 2, 3)))
FOUND = plugins(lock, locks)
DEMANDED = model(control())


def heard(task: Task) -> Evidence | None:
    if target_key(task.target).startswith("endpoint:"):
        return said(ok("w.lock", "600"), target=target_key(task.target))
    return None


def nobody(target: Target, outcome: Reason | None) -> None:
    pass


def judged(evidence: dict[str, Evidence], town: Town = THREE) -> Run:
    tasks = plan(town, DEMANDED, FOUND)
    return judge_all(tasks, evidence, scene(FOUND, DEMANDED, town), started=NOW, version="test")


def test_each_target_is_collected_once_and_told_in_the_callers_thread() -> None:
    calls: list[str] = []
    told: list[tuple[str, Reason | None, int]] = []

    def collect(task: Task) -> Evidence | None:
        calls.append(target_key(task.target))
        return heard(task)

    def progress(target: Target, outcome: Reason | None) -> None:
        told.append((target_key(target), outcome, threading.get_ident()))

    tasks = plan(THREE, DEMANDED, FOUND)
    found = collect_all(tasks, collect, progress)
    assert sorted(calls) == sorted(target_key(task.target) for task in tasks)
    assert sorted(found) == ["endpoint:PC-1", "endpoint:PC-2", "endpoint:PC-3"]
    assert {row[2] for row in told} == {threading.get_ident()}
    assert len(told) == len(tasks)


def test_a_collector_that_crashes_costs_its_own_target_and_is_recorded() -> None:
    def collect(task: Task) -> Evidence | None:
        if task.target.id == "PC-2":
            raise ZeroDivisionError("why")
        return heard(task)

    run = judged(collect_all(plan(THREE, DEMANDED, FOUND), collect, nobody))
    assert [row.verdict for row in run.findings] == [Verdict.PASS, Verdict.UNKNOWN, Verdict.PASS]
    assert run.findings[1].reason is Reason.BROKEN
    assert run.broken == ("endpoint:PC-2: ZeroDivisionError: why",)


def test_evidence_that_speaks_of_another_target_is_not_believed() -> None:
    def mixed_up(task: Task) -> Evidence | None:
        after_s = "1800" if task.target.id == "PC-1" else "600"
        return said(ok("w.lock", after_s), target="endpoint:PC-1")

    run = judged(collect_all(plan(THREE, DEMANDED, FOUND), mixed_up, nobody, workers=1))
    assert {row.target: row.verdict for row in run.findings} == {
        "endpoint:PC-1": Verdict.FAIL,
        "endpoint:PC-2": Verdict.UNKNOWN,
        "endpoint:PC-3": Verdict.UNKNOWN,
    }


def test_an_interrupt_is_not_swallowed() -> None:
    def interrupted(target: Target, outcome: Reason | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect_all(plan(THREE, DEMANDED, FOUND), heard, interrupted)


def test_one_silent_pc_turns_its_own_findings_unknown_and_no_others() -> None:
    all_of = {f"endpoint:PC-{n}": said(ok("w.lock", "600"), target=f"endpoint:PC-{n}") for n in (1, 2, 3)}
    silent = {**all_of, "endpoint:PC-2": said(target="endpoint:PC-2", outcome=Reason.NO_ANSWER)}
    before, after = judged(all_of), judged(silent)
    assert (before.tally.passed, before.tally.unknown) == (3, 0)
    assert (after.tally.passed, after.tally.unknown, after.tally.fail) == (2, 1, 0)
    assert after.findings[1].whole_target
    assert after.target("endpoint:PC-2").outcome is Reason.NO_ANSWER
    assert after.findings[0] == before.findings[0]


def test_evidence_of_a_target_that_is_not_declared_makes_no_finding() -> None:
    run = judged({"endpoint:PC-9": said(ok("w.lock", "600"), target="endpoint:PC-9")})
    assert {row.target for row in run.findings} == {"endpoint:PC-1", "endpoint:PC-2", "endpoint:PC-3"}
    assert run.tally.passed == 0


def test_every_count_of_a_run_is_the_same_count() -> None:
    run = run_of(after_s=1800)
    assert run.tally == tally(run.findings)
    assert sum(one.tally.total for one in run.elements) == run.tally.total
    assert run.section_readiness[0].tally == run.tally
    assert run.elements == elements(run.findings, {one.id: one for one in run.controls})


def test_a_run_names_the_checks_that_broke_once() -> None:
    def crash(value: Lock) -> Judgement:
        raise KeyError("x")

    run = run_of(tasks_of=(check("W-01")(crash),))
    assert run.broken == ("W-01: KeyError: 'x'",)
    assert run.tally.unknown == 1


def test_the_day_is_japans() -> None:
    assert japan_day(NOW.replace(hour=14, minute=59)).date() == TODAY
    assert japan_day(NOW.replace(hour=15)).date().day == TODAY.day + 1
