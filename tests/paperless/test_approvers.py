"""Who approves: a stop that one absence causes is found, and what a source does not show is not passed."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from auditor.api import Judgement, Person, Reason, Town, Verdict
from checks.paperless import approvers as subject
from checks.paperless._route import Gap, Route, Routes, Step
from tests.paperless.models import LIMITS, arrow, model, one_step, seen

STAFF = tuple(Person(id=id_, name="甲", section="x") for id_ in ("s001", "s002"))
TOWN = Town(name="見本町", staff=STAFF)
APPROVAL = '<userTask id="a" name="課長の決裁" {who}>{inside}</userTask>'


def approval(who: str = "", inside: str = "") -> str:
    return one_step(APPROVAL.format(who=who, inside=inside))


Members = Mapping[str, tuple[str, ...]]


def kept(*steps: Step, gaps: tuple[Gap, ...] = (), members: Members | None = None) -> Routes:
    """A workflow server's route, as its probe would fill it."""
    route = Route(id="w", name="起案", signs=("mayan",), steps=steps, one_at_a_time=True)
    return Routes(routes=(route,), gaps=gaps, members=dict(members or {}))


def state(**fields: object) -> Step:
    return Step(**{"id": "a", "kind": "userTask", "name": "課長決裁", **fields})  # type: ignore[arg-type]


# PPL-04


def test_a_group_of_one_known_member_is_one_person(tmp_path: Path) -> None:
    route = approval('camunda:candidateGroups="kacho"')
    one = seen(tmp_path, a_bpmn=route, groups_csv="グループ,職員番号\nkacho,s001\n")
    assert subject.deputies(one, LIMITS).key == "single"
    two = seen(tmp_path, groups_csv="グループ,職員番号\nkacho,s001\nkacho,s002\n".encode("cp932"))
    assert subject.deputies(two, LIMITS).verdict is Verdict.PASS


def test_a_group_list_that_cannot_be_read_leaves_the_routes_open(tmp_path: Path) -> None:
    found = seen(tmp_path, a_bpmn=approval('camunda:candidateGroups="kacho"'), groups_csv="a,b\n1,2\n")
    result = subject.deputies(found, LIMITS)
    assert (result.reason, result.places) == (
        Reason.UNREADABLE,
        ("groups.csv:1: not a heading that is known here",),
    )


def test_where_all_must_approve_two_people_are_no_deputy() -> None:
    both = kept(state(users=("s001", "s002"), sign_offs=2))
    assert subject.deputies(both, LIMITS).key == "single"
    assert subject.deputies(kept(state(users=("a", "b", "c"), sign_offs=2)), LIMITS).verdict is Verdict.PASS


def test_what_a_source_cannot_show_of_approvers_is_not_passed() -> None:
    result = subject.deputies(kept(state(groups=("kacho",)), gaps=("assignees",)), LIMITS)
    assert (result.reason, result.note) == (Reason.NOT_MEASURABLE, "the source does not show: assignees")


def test_a_called_route_hides_who_approves(tmp_path: Path) -> None:
    step = '<callActivity id="a" name="課長承認" camunda:candidateGroups="g"/>'
    found = seen(tmp_path, a_bpmn=one_step(step))
    assert subject.deputies(found, LIMITS).verdict is Verdict.UNKNOWN
    assert subject.nobody_gone(found, TOWN).verdict is Verdict.UNKNOWN
    assert subject.few_at_once(found, LIMITS).verdict is Verdict.UNKNOWN


def test_a_listener_may_give_the_step_to_anybody(tmp_path: Path) -> None:
    inside = '<extensionElements><camunda:taskListener event="create" class="x"/></extensionElements>'
    found = seen(tmp_path, a_bpmn=approval('camunda:candidateUsers="s001"', inside))
    assert subject.deputies(found, LIMITS).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("engine", ["camunda", "activiti", "flowable", "operaton"])
def test_every_engine_s_words_are_read(tmp_path: Path, engine: str) -> None:
    found = seen(tmp_path, a_bpmn=one_step(APPROVAL.format(who=f'{engine}:assignee="x"', inside=""), head=""))
    assert found.routes[0].signs == (engine,)
    assert subject.deputies(found, LIMITS).key == "single"


# PPL-13


def test_an_approver_who_is_not_on_the_roster_is_named(tmp_path: Path) -> None:
    found = seen(tmp_path, a_bpmn=approval('camunda:candidateUsers="s001,s099"'))
    result = subject.nobody_gone(found, TOWN)
    assert (result.key, result.places) == ("gone", ("起案: 課長の決裁 (s099)",))


def test_a_member_of_a_group_who_is_not_on_the_roster_is_named(tmp_path: Path) -> None:
    rows = "グループ,職員番号\nkacho,Ｓ００１\nkacho,s099\n"
    found = seen(tmp_path, a_bpmn=approval('camunda:candidateGroups="kacho"'), groups_csv=rows)
    assert subject.nobody_gone(found, TOWN).places == ("起案: 課長の決裁 (s099)",)


def test_approvers_who_are_all_on_the_roster_pass(tmp_path: Path) -> None:
    found = seen(tmp_path, a_bpmn=approval('camunda:candidateUsers="s001,s002"'))
    result = subject.nobody_gone(found, TOWN)
    assert (result.verdict, result.values) == (Verdict.PASS, {"count": 1, "people": 2})


def test_account_names_that_are_no_staff_ids_are_unknown_not_gone(tmp_path: Path) -> None:
    found = seen(tmp_path, a_bpmn=approval('camunda:candidateUsers="yamada,sato"'))
    assert subject.nobody_gone(found, TOWN).reason is Reason.NOT_MEASURABLE


def test_a_group_whose_members_nobody_listed_is_unknown(tmp_path: Path) -> None:
    found = seen(tmp_path, a_bpmn=approval('camunda:candidateGroups="kacho"'))
    assert subject.nobody_gone(found, TOWN).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("rows", ["グループ,職員番号\nkacho,\n", "group,staff_id\nkacho,\n"])
def test_a_group_without_members_can_approve_nothing(tmp_path: Path, rows: str) -> None:
    found = seen(tmp_path, a_bpmn=approval('camunda:candidateGroups="kacho"'), groups_csv=rows)
    assert subject.nobody_gone(found, TOWN).key == "gone"
    assert subject.deputies(found, LIMITS).key == "single"


def test_an_approval_of_nobody_fails_where_the_route_gives_others_to_somebody(tmp_path: Path) -> None:
    other = '<userTask id="b" name="起案" camunda:candidateUsers="s001"/>'
    found = seen(tmp_path, a_bpmn=one_step(APPROVAL.format(who="", inside=""), more=other))
    assert subject.nobody_gone(found, TOWN).key == "gone"


def test_a_route_that_assigns_nobody_anywhere_leaves_it_to_the_engine(tmp_path: Path) -> None:
    assert subject.nobody_gone(seen(tmp_path, a_bpmn=approval()), TOWN).verdict is Verdict.UNKNOWN


def test_a_workflow_server_that_shows_an_empty_list_has_nobody_who_approves() -> None:
    assert subject.nobody_gone(kept(state()), TOWN).key == "gone"
    hidden = kept(state(), gaps=("assignees",))
    assert subject.nobody_gone(hidden, TOWN).verdict is Verdict.UNKNOWN


def test_without_a_roster_nobody_is_gone(tmp_path: Path) -> None:
    found = seen(tmp_path, a_bpmn=approval('camunda:candidateUsers="s001,s099"'))
    assert subject.nobody_gone(found, Town(name="x")).verdict is Verdict.UNKNOWN


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
        ('camunda:dueDate="P3D"', "", "ok"),
        ('flowable:dueDate="P5D"', "", "slow"),
        ('camunda:dueDate="${due}"', "", ""),
        ('other:dueDate="P1D"', "", "unlimited"),
        ("", '<extensionElements><zeebe:taskSchedule dueDate="PT8H"/></extensionElements>', "ok"),
        ("", '<extensionElements><zeebe:taskSchedule dueDate="=now()"/></extensionElements>', ""),
        ("", '<extensionElements><zeebe:taskSchedule followUpDate="PT8H"/></extensionElements>', "unlimited"),
        ("", "", "unlimited"),
    ],
)
def test_a_due_date_is_a_limit(tmp_path: Path, who: str, inside: str, key: str) -> None:
    assert limited(tmp_path, who=who, inside=inside).key == key


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


def test_a_model_made_to_cost_time_is_left_unknown(tmp_path: Path) -> None:
    forks = [f'<parallelGateway id="g{n}"/>' for n in range(1500)]
    body = "".join(
        fork + arrow(f"g{n}", f"g{n + 1}") + arrow(f"g{n}", f"g{n + 2}") for n, fork in enumerate(forks)
    )
    found = seen(tmp_path, a_bpmn=model(f'{body}<userTask id="a" name="承認"/>'))
    assert subject.few_at_once(found, LIMITS).verdict is Verdict.UNKNOWN
