import io
from dataclasses import replace

import pytest
from rich.console import Console

from auditor.answers import Status
from auditor.control import Param
from auditor.explanation import Explanation, Told
from auditor.findings import Verdict
from auditor.run import Run
from reports.explain import print_explanation

HOSTILE = "\x1b[31mred\u202e[bold]off[/bold]"


def explained(run: Run, verdict: Verdict, *told: Told) -> Explanation:
    finding = next(
        row for row in run.findings if row.verdict is verdict and row.target.startswith("endpoint:")
    )
    return Explanation(
        control=run.control(finding.control),
        finding=finding,
        target=run.target(finding.target),
        model=run.model,
        today=run.today,
        run=1,
        told=told,
    )


def printed(found: Explanation, run: Run, lang: str, *, script: bool = False) -> str:
    sink = io.StringIO()
    print_explanation(found, run, Console(file=sink, width=100), lang, script=script)
    return sink.getvalue()


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS])
def test_verdict_demand_answer_check_by_hand_and_doer_are_all_said(
    run: Run, lang: str, verdict: Verdict
) -> None:
    one = Told(
        id="lock.screen", question="read the lock", status=Status.OK, answer="900", read=("after_s = 900",)
    )
    found = explained(run, verdict, one)
    text = printed(found, run, lang)
    assert found.control.title.in_(lang) in text
    assert found.control.verify.in_(lang) in text
    assert "after_s = 900" in text
    assert (found.control.fix.in_(lang) in text) is (verdict is Verdict.FAIL)
    assert "read the lock" not in text
    assert "read the lock" in printed(found, run, lang, script=True)


def test_what_a_machine_answered_cannot_steer_the_terminal(run: Run) -> None:
    one = Told(id="lock.screen", status=Status.OK, answer=HOSTILE, read=(HOSTILE,), note=HOSTILE)
    text = printed(explained(run, Verdict.FAIL, one), run, "ja")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]off[/bold]" in text


def test_a_denied_answer_says_so_and_one_that_is_not_kept_too(run: Run) -> None:
    text = printed(
        explained(run, Verdict.UNKNOWN, Told(id="a.b", status=Status.DENIED), Told(id="c.d")), run, "ja"
    )
    assert "a.b: 権限が足りない" in text
    assert "c.d: 答えの記録はありません" in text


def test_limits_are_written_as_people_write_numbers(run: Run) -> None:
    found = explained(run, Verdict.FAIL)
    params = {
        "share": Param(value=0.5, low=0.25, high=1.0, unit="%"),
        "days": Param(value=7, low=1, high=1e6),
    }
    text = printed(replace(found, control=replace(found.control, params=params)), run, "ja")
    assert "（範囲 0.25〜1）" in text
    assert "（範囲 1〜1000000）" in text
