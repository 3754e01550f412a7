"""Who approves: a stop that one absence causes is found, and what a source does not show is not passed."""

from pathlib import Path

import pytest

from auditor.api import Person, Reason, Town, Verdict
from checks.paperless import approvers as subject
from tests.paperless.models import APPROVAL, LIMITS, approval, kept, one_step, seen, state

STAFF = tuple(Person(id=id_, name="甲", section="x") for id_ in ("s001", "s002"))
TOWN = Town(name="見本町", staff=STAFF)


# PPL-04


def test_a_group_of_one_known_member_is_one_person(tmp_path: Path) -> None:
    route = approval('camunda:candidateGroups="kacho"')
    one = seen(tmp_path, a_bpmn=route, groups_csv="グループ,職員番号\nkacho,s001\n")
    assert subject.deputies(one, LIMITS).key == "single"
    two = seen(tmp_path, groups_csv="グループ,職員番号\nkacho,s001\nkacho,s002\n".encode("cp932"))
    assert subject.deputies(two, LIMITS).verdict is Verdict.PASS


def test_one_person_in_two_spellings_is_one_person(tmp_path: Path) -> None:
    found = seen(tmp_path, a_bpmn=approval('camunda:candidateUsers="s001,Ｓ００１"'))
    assert subject.deputies(found, LIMITS).key == "single"


def test_a_group_is_found_however_it_is_spelled(tmp_path: Path) -> None:
    route = approval('camunda:candidateGroups="Kacho"')
    found = seen(tmp_path, a_bpmn=route, groups_csv="グループ,職員番号\nＫＡＣＨＯ,s001\n")
    assert subject.deputies(found, LIMITS).key == "single"


def test_a_group_list_that_cannot_be_read_leaves_the_routes_open(tmp_path: Path) -> None:
    found = seen(tmp_path, a_bpmn=approval('camunda:candidateGroups="kacho"'), groups_csv="a,b\n1,2\n")
    result = subject.deputies(found, LIMITS)
    assert (result.reason, result.places) == (
        Reason.UNREADABLE,
        ("groups.csv:1: not a heading that is known here",),
    )


def test_two_steps_with_one_id_do_not_hide_each_other(tmp_path: Path) -> None:
    first = APPROVAL.format(who='camunda:assignee="s001"', inside="")
    second = APPROVAL.format(who='camunda:candidateGroups="kacho"', inside="")
    for steps in (first + second, second + first):
        found = seen(tmp_path, a_bpmn=one_step(steps))
        assert subject.deputies(found, LIMITS).key == "single"


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


def test_account_names_beside_a_list_of_staff_ids_are_not_gone(tmp_path: Path) -> None:
    route = approval('camunda:candidateUsers="yamada" camunda:candidateGroups="kacho"')
    found = seen(tmp_path, a_bpmn=route, groups_csv="グループ,職員番号\nkacho,s001\n")
    assert subject.nobody_gone(found, TOWN).reason is Reason.NOT_MEASURABLE


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
