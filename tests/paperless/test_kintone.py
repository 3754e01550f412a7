"""kintone, played by a local stub in the shapes that its documentation shows; no real tenant was asked."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from auditor.api import Reason, Verdict
from auditor.work import System
from tests.paperless.systems import TOKEN, Answers, Looked, Said, look, stub, token_file

App = dict[str, Any]


def state(index: int, kind: str, *people: tuple[str, str]) -> App:
    entities = [{"entity": {"type": type_, "code": code}, "includeSubs": False} for type_, code in people]
    return {"name": "", "index": str(index), "assignee": {"type": kind, "entities": entities}}


def app(*states: tuple[str, App], actions: tuple[tuple[str, str, str], ...] = ()) -> App:
    """Process settings; without `actions` each state leads to the next."""
    names = [name for name, _ in states]
    flow = actions or tuple(("承認する", a, b) for a, b in pairwise(names))
    rows = [{"name": name, "from": a, "to": b, "filterCond": "", "type": "PRIMARY"} for name, a, b in flow]
    return {
        "enable": True,
        "revision": "3",
        "states": {name: {**row, "name": name} for name, row in states},
        "actions": rows,
    }


FIRST = ("未処理", state(0, "ONE"))
LAST = ("完了", state(9, "ONE"))
GROUP = ("GROUP", "kacho")
GOOD = app(FIRST, ("課長決裁", state(1, "ANY", ("USER", "E001"), ("USER", "E002"))), LAST)


def tenant(settings: App, *, anonymous: bool = False, app_id: str = "5") -> Answers:
    """A stub with one app; `anonymous` = it answers anybody."""

    def answers(path: str, headers: Mapping[str, str]) -> Said:
        known = headers.get("x-cybozu-api-token") == TOKEN
        if not (known or anonymous):
            return Said({"code": "GAIA_IA02", "id": "x", "message": "no"}, status=520)
        asked = urlsplit(path)
        if asked.path == "/k/v1/app.json" and parse_qs(asked.query) == {"id": ["5"]}:
            person = {"code": "sato", "name": "佐藤 花子"}
            return Said({"appId": app_id, "code": "", "name": "物品購入", "creator": person})
        if asked.path == "/k/v1/app/status.json" and parse_qs(asked.query) == {"app": ["5"]}:
            return Said(settings)
        return Said({"code": "GAIA_AP01", "id": "x", "message": "no"}, status=404)

    return answers


Ask = Callable[..., Looked]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def asked(settings: App, *, token: str = TOKEN, apps: tuple[int, ...] = (5,), **how: Any) -> Looked:
        with stub(tenant(settings, **how)) as url:
            file = token_file(tmp_path, token)
            return look(System(id="k", name="k", kind="kintone", url=url, token_file=file, apps=apps))

    return asked


def test_a_good_process_is_judged_and_what_kintone_does_not_show_is_open(ask: Ask) -> None:
    found = ask(GOOD)
    passed = {control for control, finding in found.findings.items() if finding.verdict is Verdict.PASS}
    assert passed == {"PPL-03", "PPL-04", "PPL-12", "PPL-15", "PPL-16"}
    assert found["PPL-14"].verdict is Verdict.UNKNOWN


NEVER_SET: App = {"enable": False, "states": None, "actions": None}


@pytest.mark.parametrize("settings", [NEVER_SET, {**GOOD, "enable": False}])
def test_states_null_and_a_process_switched_off_are_no_workflow_not_no_paper(ask: Ask, settings: App) -> None:
    found = ask(settings)
    assert found["PPL-03"].verdict is Verdict.UNKNOWN
    assert found["PPL-03"].places == ("物品購入 (5): no process management is set",)
    assert found["PPL-12"].key == "blind"


def test_an_empty_list_of_entities_is_an_approval_that_nobody_can_take(ask: Ask) -> None:
    found = ask(app(FIRST, ("課長決裁", state(1, "ANY")), LAST))
    assert (found["PPL-13"].verdict, found["PPL-13"].places) == (Verdict.FAIL, ("物品購入: 課長決裁",))
    assert found["PPL-04"].verdict is not Verdict.PASS


def test_a_single_user_has_no_deputy(ask: Ask) -> None:
    found = ask(app(FIRST, ("課長決裁", state(1, "ONE", ("USER", "E001"))), LAST))
    assert (found["PPL-04"].key, found["PPL-04"].places) == ("single", ("物品購入: 課長決裁",))


def test_all_with_several_means_that_one_absence_blocks(ask: Ask) -> None:
    both = (("USER", "E001"), ("USER", "E002"))
    assert ask(app(FIRST, ("合議", state(1, "ALL", *both)), LAST))["PPL-04"].key == "single"


def test_all_of_many_is_excessive_and_all_of_a_group_is_not_known(ask: Ask) -> None:
    many = tuple(("USER", f"E00{number}") for number in range(5))
    assert ask(app(FIRST, ("合議", state(1, "ALL", *many)), LAST))["PPL-16"].key == "many"
    assert ask(app(FIRST, ("合議", state(1, "ALL", GROUP)), LAST))["PPL-16"].verdict is Verdict.UNKNOWN


def test_the_first_state_always_reads_one_and_is_exempt(ask: Ask) -> None:
    found = ask(app(("申請の承認待ち", state(0, "ONE")), *[("課長決裁", state(1, "ANY", GROUP)), LAST]))
    assert found["PPL-13"].verdict is not Verdict.FAIL
    assert found["PPL-04"].verdict is Verdict.PASS


def test_a_field_that_decides_who_approves_is_neither_a_deputy_nor_none(ask: Ask) -> None:
    found = ask(app(FIRST, ("課長決裁", state(1, "ONE", ("FIELD_ENTITY", "上司"))), LAST))
    assert (found["PPL-04"].verdict, found["PPL-13"].verdict) == (Verdict.UNKNOWN, Verdict.UNKNOWN)


def test_paper_in_a_state_or_an_action_is_found_and_loose_ends_are_named(ask: Ask) -> None:
    only_way = (("押印して回す", "未処理", "紙に印刷"),)
    found = ask(app(FIRST, ("紙に印刷", state(1, "ANY", GROUP)), LAST, actions=only_way))
    assert set(found["PPL-03"].places) == {"物品購入: 未処理", "物品購入: 紙に印刷"}
    assert found["PPL-15"].places == ("物品購入: 完了",)


def test_an_app_that_answers_anybody_proves_nothing_of_the_token(ask: Ask) -> None:
    found = ask(GOOD, anonymous=True)
    assert {finding.reason for finding in found.findings.values()} == {Reason.IDENTITY}


def test_a_wrong_token_is_refused_and_another_app_is_another_account(ask: Ask) -> None:
    assert ask(GOOD, token="f" * 40)["PPL-12"].key == "refused"
    found = ask(GOOD, app_id="6")
    assert (found["PPL-12"].key, found["PPL-03"].reason) == ("other", Reason.IDENTITY)


def test_without_declared_apps_nothing_is_asked_and_nothing_known(ask: Ask) -> None:
    found = ask(GOOD, apps=())
    assert found["PPL-12"].reason is Reason.NOT_DECLARED


def test_neither_the_token_nor_the_creator_is_kept(ask: Ask) -> None:
    kept = ask(GOOD).kept
    assert not any(word.encode() in kept for word in (TOKEN, "佐藤", "sato"))


ODD = (
    {"enable": True, "states": [], "actions": []},
    {"enable": True, "states": {"a": 1}, "actions": []},
    {**GOOD, "actions": None},
    {**GOOD, "states": {**GOOD["states"], "x": state(1, "SOME")}},
    {**GOOD, "states": {**GOOD["states"], "x": state(1, "ANY", ("ROBOT", "r"))}},
    {**GOOD, "states": {**GOOD["states"], "x": state(0, "ONE")}},
    {"states": GOOD["states"]},
)


@pytest.mark.parametrize("settings", ODD)
def test_settings_of_another_shape_are_refused_never_read_as_fewer_steps(ask: Ask, settings: App) -> None:
    assert ask(settings)["PPL-03"].reason is Reason.UNREADABLE
