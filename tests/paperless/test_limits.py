"""Time limits and sign-off by many: what holds an approval up is found, and a drawing tells nothing."""

from pathlib import Path

import pytest

from auditor.api import Judgement, Reason, Verdict
from checks.paperless import approvers as subject
from tests.paperless.models import APPROVAL, LIMITS, approval, arrow, kept, model, one_step, seen, state

# PPL-14

BOUNDARY = (
    '<boundaryEvent id="t" attachedToRef="{on}"><timerEventDefinition><{kind}>{text}</{kind}>'
    "</timerEventDefinition></boundaryEvent>"
)


RUNS = 'isExecutable="true"'


def limited(folder: Path, *, who: str = "", inside: str = "", more: str = "", head: str = RUNS) -> Judgement:
    step = APPROVAL.format(who=who, inside=inside)
    result = subject.in_time(seen(folder, a_bpmn=one_step(step, more=more, head=head)), LIMITS)
    assert isinstance(result, Judgement)
    return result


@pytest.mark.parametrize(
    ("kind", "text", "key"),
    [
        ("timeDuration", "P2D", "ok"),
        ("timeDuration", "PT72H", "ok"),
        ("timeDuration", "P1W", "slow"),
        ("timeDuration", "P1M", "slow"),
        ("timeCycle", "R3/PT24H", "ok"),
        ("timeCycle", "0 0 9 * * ?", ""),
        ("timeDate", "2026-12-01T00:00:00", ""),
        ("timeDuration", "${limit}", ""),
        ("timeDuration", "three days", ""),
        ("timeDuration", "P", ""),
        ("timeDuration", "", "unlimited"),
    ],
)
def test_a_timer_on_the_step_is_its_limit(tmp_path: Path, kind: str, text: str, key: str) -> None:
    assert limited(tmp_path, more=BOUNDARY.format(on="a", kind=kind, text=text)).key == key


@pytest.mark.parametrize(
    ("who", "inside", "key"),
    [
        ('camunda:dueDate="P3D"', "", ""),
        ('flowable:dueDate="P5D"', "", "slow"),
        ('camunda:dueDate="${due}"', "", ""),
        ('other:dueDate="P1D"', "", "unlimited"),
        ("", '<extensionElements><zeebe:taskSchedule dueDate="PT8H"/></extensionElements>', ""),
        ("", '<extensionElements><zeebe:taskSchedule dueDate="=now()"/></extensionElements>', ""),
        ("", '<extensionElements><zeebe:taskSchedule followUpDate="PT8H"/></extensionElements>', "unlimited"),
        ("", "", "unlimited"),
    ],
)
def test_a_due_date_is_a_limit_that_reminds_nobody(tmp_path: Path, who: str, inside: str, key: str) -> None:
    assert limited(tmp_path, who=who, inside=inside).key == key


def test_a_due_date_beside_a_timer_is_a_limit_with_a_reminder(tmp_path: Path) -> None:
    timer = BOUNDARY.format(on="a", kind="timeDuration", text="${soon}")
    assert limited(tmp_path, who='camunda:dueDate="P3D"', more=timer).verdict is Verdict.PASS


def test_a_timer_that_starts_an_event_subprocess_limits_the_steps_beside_it(tmp_path: Path) -> None:
    timer = "<timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition>"
    late = '<subProcess id="late" triggeredByEvent="true">'
    sub = f'{late}<startEvent id="t">{timer}</startEvent>{{}}</subProcess>'
    assert limited(tmp_path, more=sub.format("")).verdict is Verdict.PASS
    inside = '<userTask id="x" name="部長の承認"/>'
    assert limited(tmp_path, more=sub.format(inside)).places == ("起案: 部長の承認",)


def test_a_timer_on_the_frame_around_a_step_limits_the_step(tmp_path: Path) -> None:
    frame = '<subProcess id="a"><userTask id="b" name="課長の決裁"/></subProcess>'
    more = BOUNDARY.format(on="a", kind="timeDuration", text="P1D")
    found = seen(tmp_path, a_bpmn=one_step(frame, more=more))
    assert subject.in_time(found, LIMITS).verdict is Verdict.PASS


def test_a_timer_on_another_step_limits_nothing(tmp_path: Path) -> None:
    more = '<userTask id="b" name="入力"/>' + BOUNDARY.format(on="b", kind="timeDuration", text="P1D")
    assert limited(tmp_path, more=more).key == "unlimited"


def test_a_drawing_without_limits_tells_nothing_of_them(tmp_path: Path) -> None:
    assert limited(tmp_path, head="").reason is Reason.NOT_MEASURABLE


def test_the_sign_by_which_a_route_was_taken_to_run_is_told(tmp_path: Path) -> None:
    assert limited(tmp_path).values["sign"] == "isExecutable"
    assert limited(tmp_path, who='camunda:assignee="x"', head="").values["sign"] == "camunda"


def test_limits_that_a_source_cannot_show_are_unknown_not_lacking() -> None:
    assert subject.in_time(kept(state()), LIMITS).key == "unlimited"
    assert subject.in_time(kept(state(), gaps=("limits",)), LIMITS).verdict is Verdict.UNKNOWN


# PPL-16


def forked(count: int, gateway: str = "parallelGateway", *, head: str = 'isExecutable="true"') -> str:
    tasks = "".join(f'<userTask id="b{n}" name="合議{n}"/>{arrow("f", f"b{n}", "j")}' for n in range(count))
    ends = f'<startEvent id="s"/><{gateway} id="f" name="合議先"/><{gateway} id="j"/><endEvent id="e"/>'
    last = f'<userTask id="d" name="決裁"/>{arrow("s", "f")}{arrow("j", "d", "e")}'
    return model(f"{ends}{tasks}{last}", head=head)


def test_a_fork_with_more_approvals_than_the_limit_fails(tmp_path: Path) -> None:
    result = subject.few_at_once(seen(tmp_path, a_bpmn=forked(4)), LIMITS)
    assert (result.key, result.places) == ("many", ("起案: 合議先 (4)",))
    assert subject.few_at_once(seen(tmp_path, a_bpmn=forked(3)), LIMITS).verdict is Verdict.PASS


@pytest.mark.parametrize("gateway", ["inclusiveGateway"])
def test_a_fork_that_may_take_all_branches_is_unknown(tmp_path: Path, gateway: str) -> None:
    assert subject.few_at_once(seen(tmp_path, a_bpmn=forked(4, gateway)), LIMITS).verdict is Verdict.UNKNOWN


def test_a_choice_between_many_is_no_waiting_for_many(tmp_path: Path) -> None:
    found = seen(tmp_path, a_bpmn=forked(9, "exclusiveGateway"))
    assert subject.few_at_once(found, LIMITS).verdict is Verdict.PASS


def test_a_drawn_fork_is_advice(tmp_path: Path) -> None:
    assert subject.few_at_once(seen(tmp_path, a_bpmn=forked(4, head="")), LIMITS).verdict is Verdict.UNKNOWN


def test_forks_within_forks_are_not_passed_by_counting_one_of_each(tmp_path: Path) -> None:
    inner = "".join(f'<userTask id="c{n}" name="承認{n}"/>{arrow("g", f"c{n}", "h")}' for n in range(3))
    gateways = "".join(f'<parallelGateway id="{id_}"/>' for id_ in "fghj")
    body = (
        f'<startEvent id="s"/>{gateways}{inner}<userTask id="b" name="合議"/><endEvent id="e"/>'
        f"{arrow('s', 'f', 'g')}{arrow('h', 'j', 'e')}{arrow('f', 'b', 'j')}"
    )
    result = subject.few_at_once(seen(tmp_path, a_bpmn=model(body)), LIMITS)
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, ("起案: f",))


@pytest.mark.parametrize(
    ("loop", "verdict"),
    [
        ("<loopCardinality>5</loopCardinality>", Verdict.FAIL),
        ("<loopCardinality>2</loopCardinality>", Verdict.PASS),
        ("<loopCardinality>${n}</loopCardinality>", Verdict.UNKNOWN),
        ("<loopCardinality>5</loopCardinality><completionCondition>x</completionCondition>", Verdict.UNKNOWN),
        ("", Verdict.UNKNOWN),
    ],
)
def test_a_step_that_many_do_counts_as_many(tmp_path: Path, loop: str, verdict: Verdict) -> None:
    inside = f"<multiInstanceLoopCharacteristics>{loop}</multiInstanceLoopCharacteristics>"
    assert subject.few_at_once(seen(tmp_path, a_bpmn=approval(inside=inside)), LIMITS).verdict is verdict


def test_all_of_a_workflow_server_s_approvers_count_and_its_choices_do_not() -> None:
    assert subject.few_at_once(kept(state(sign_offs=4)), LIMITS).key == "many"
    assert subject.few_at_once(kept(state(sign_offs=None)), LIMITS).verdict is Verdict.UNKNOWN
    assert subject.few_at_once(kept(state(), gaps=("flows",)), LIMITS).verdict is Verdict.PASS


def test_where_steps_share_an_id_nobody_counts_them(tmp_path: Path) -> None:
    twice = forked(2).replace("</process>", '<userTask id="b0" name="合議先"/></process>')
    assert subject.few_at_once(seen(tmp_path, a_bpmn=twice), LIMITS).verdict is Verdict.UNKNOWN


def test_a_model_made_to_cost_time_is_left_unknown(tmp_path: Path) -> None:
    forks = [f'<parallelGateway id="g{n}"/>' for n in range(1500)]
    body = "".join(
        fork + arrow(f"g{n}", f"g{n + 1}") + arrow(f"g{n}", f"g{n + 2}") for n, fork in enumerate(forks)
    )
    found = seen(tmp_path, a_bpmn=model(f'{body}<userTask id="a" name="承認"/>'))
    assert subject.few_at_once(found, LIMITS).verdict is Verdict.UNKNOWN
