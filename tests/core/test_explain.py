"""An explanation holds what was asked and answered, what reads it, and says so where nothing is kept."""

from dataclasses import dataclass

import pytest

from auditor.answers import Answer, Status
from auditor.declare import fact
from auditor.errors import NotFound
from auditor.explain import explain
from auditor.explanation import MAX_LINES, Explanation
from auditor.findings import Reason, Verdict
from tests.core.runs import run_of
from tests.core.world import lock, locks, ok, plugins, said


@dataclass(frozen=True, slots=True)
class Uptime:
    """Seconds since the start, and what kept it from sleeping."""

    since_s: int
    why: tuple[str, ...]


@fact("w.uptime", explains=("W-01",), linux="cat /proc/uptime")
def uptime(answer: Answer) -> Uptime:
    return Uptime(int(answer.text().split(".")[0]), ("a", "b"))


FOUND = plugins(lock, locks, uptime)
SLOW, LONG = ok("w.lock", "900"), ok("w.uptime", "77.5")


def explained(*answers: Answer) -> Explanation:
    evidence = said(*answers)
    return explain(run_of(evidence=(evidence,)), {evidence.target: evidence}, FOUND, "W-01", "PC-1")


def test_a_finding_is_explained_by_its_answer_its_lines_and_what_was_read() -> None:
    found = explained(SLOW, LONG)
    assert (found.finding.verdict, found.control.id, found.target.id) == (Verdict.FAIL, "W-01", "PC-1")
    asked, beside = found.told
    assert (asked.id, asked.question, asked.answer, asked.judged) == ("w.lock", "echo 600", "900", True)
    assert asked.read == ("after_s = 900",)
    assert (beside.id, beside.judged) == ("w.uptime", False)
    assert beside.read == ("since_s = 77", "why = (a, b)")


def test_what_is_not_kept_is_said_and_not_made_up() -> None:
    asked, beside = explained(SLOW).told
    assert asked.status is Status.OK
    assert (beside.status, beside.answer, beside.read) == (None, "", ())


def test_a_denied_answer_keeps_its_status_and_reads_as_nothing() -> None:
    (asked, _) = explained(Answer("w.lock", Status.DENIED, reason=Reason.NO_PERMISSION)).told
    assert (asked.status, asked.reason, asked.read) == (Status.DENIED, Reason.NO_PERMISSION, ())


def test_a_garbled_answer_shows_itself_and_why_it_is_not_read() -> None:
    (asked, _) = explained(ok("w.lock", "soon")).told
    assert asked.answer == "soon"
    assert asked.read[0].startswith("unreadable: ")


def test_a_flood_is_cut_to_what_a_reader_can_take_in() -> None:
    (_, beside) = explained(SLOW, ok("w.uptime", "1.0\n" * 5000)).told
    assert beside.answer.count("\n") == MAX_LINES
    assert beside.answer.endswith(f"… (+{5000 - MAX_LINES})")


def test_a_parser_with_a_bug_costs_its_own_line_only() -> None:
    (_, beside) = explained(SLOW, ok("w.uptime", "x")).told
    assert beside.read == ("broken: ValueError",)


@pytest.mark.parametrize(
    ("wanted", "target", "key"),
    [
        ("W-O1", "PC-1", "explain_control"),
        ("W-01", "PC-9", "explain_target"),
        ("W-01", "town", "explain_none"),
    ],
)
def test_what_is_not_in_the_run_is_named_with_what_is_near(wanted: str, target: str, key: str) -> None:
    evidence = said(SLOW)
    run = run_of(evidence=(evidence,))
    with pytest.raises(NotFound) as caught:
        explain(run, {evidence.target: evidence}, FOUND, wanted, target)
    assert caught.value.key == key
    assert caught.value.values["near"]
