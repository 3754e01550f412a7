"""Delegations against routes: a class without a route is found, and a drawing proves no route."""

from pathlib import Path

import pytest

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Documents, Judgement, NotKnown, Params, Reason, Status, Verdict
from checks.paperless import delegations as subject
from tests.paperless.models import one_step

LIMITS = Params({"unmatched": 0})
STEP = '<userTask id="a" name="決裁"/>'
HEAD = "専決区分,専決権者,経路\n"


def judged(folder: Path, table: str, *routes: str, listed: str = "") -> Judgement:
    (folder / "t").mkdir()
    (folder / "r").mkdir()
    (folder / "t" / "senketsu.csv").write_text(table, "utf-8-sig")
    if listed:
        (folder / "t" / "routes.csv").write_text(listed, "cp932")
    for number, route in enumerate(routes):
        (folder / "r" / f"{number}.bpmn").write_text(route, "utf-8")
    documents = Documents(id="a", name="a", kind="approvals", folder=folder / "t")
    way = DirectFolder(folder / "t", others={"routes": (folder / "r",)})
    body = subject.read_table.collect(documents, way)
    result = subject.classes_have_routes(subject.delegations(Answer("x", Status.OK, body)), LIMITS)
    assert isinstance(result, Judgement)
    return result


def route(name: str, head: str = 'isExecutable="true"') -> str:
    return one_step(STEP, head=head).replace('name="起案"', f'name="{name}"')


def test_each_class_with_a_running_route_passes(tmp_path: Path) -> None:
    table = HEAD + "10万円未満の支出,課長,支出\n職員の旅行命令,課長,旅行\n"
    assert judged(tmp_path, table, route("支出"), route("旅行")).values == {"count": 2}


def test_a_class_without_a_route_and_a_route_without_a_class_are_named(tmp_path: Path) -> None:
    table = HEAD + "支出,課長,支出\n契約,部長,契約\n休暇,課長,なし\n"
    result = judged(tmp_path, table, route("支出"), route("別"))
    assert (result.key, result.values) == ("unmatched", {"count": 3})
    assert result.places == ("senketsu.csv:3 契約", "senketsu.csv:4 休暇", "別")


def test_a_blank_route_is_unknown_not_paper(tmp_path: Path) -> None:
    result = judged(tmp_path, HEAD + "支出,課長,\n", route("支出"))
    assert (result.reason, result.places) == (Reason.NOT_MEASURABLE, ("senketsu.csv:2 支出", "支出"))


def test_a_drawing_of_a_route_proves_no_route(tmp_path: Path) -> None:
    assert judged(tmp_path, HEAD + "支出,課長,支出\n", route("支出", "")).reason is Reason.NOT_MEASURABLE


def test_a_route_may_be_hidden_in_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    result = judged(tmp_path, HEAD + "支出,課長,支出\n契約,課長,契約\n", route("支出"), "<a")
    assert result.reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    ("running", "verdict"),
    [("○", Verdict.PASS), ("停止", Verdict.FAIL), ("", Verdict.UNKNOWN), ("?", Verdict.UNKNOWN)],
)
def test_routes_of_a_system_may_be_listed(tmp_path: Path, running: str, verdict: Verdict) -> None:
    listed = f"経路,運用中\n支出,{running}\n"
    assert judged(tmp_path, HEAD + "支出,課長,支出\n", listed=listed).verdict is verdict


def test_without_any_route_beside_it_the_table_proves_nothing(tmp_path: Path) -> None:
    assert judged(tmp_path, HEAD + "支出,課長,支出\n").reason is Reason.NOT_DECLARED


def test_without_a_table_nothing_is_judged(tmp_path: Path) -> None:
    with pytest.raises(NotKnown):
        judged(tmp_path, "a,b\n1,2\n", route("支出"))
