"""A real Mayan EDMS: nothing it shows is believed before it proved whom it takes us for."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.api import Reason, Verdict
from auditor.work import System
from tests.paperless.systems import Looked, look, token_file
from tests.peers.mayan import Mayan, mayan

ROUTE_CONTROLS = ("PPL-03", "PPL-04", "PPL-13", "PPL-14", "PPL-15", "PPL-16")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mayan]:
    with mayan(tmp_path_factory.mktemp("mayan")) as running:
        yield running


@pytest.fixture(scope="module")
def seen(server: Mayan, tmp_path_factory: pytest.TempPathFactory) -> Looked:
    """What the well-made audit account sees."""
    return look(system(server, tmp_path_factory.mktemp("keys"), "audit"))


def system(server: Mayan, folder: Path, who: str, account: str = "") -> System:
    file = server.token_file(folder, who)
    return System(id="m", name="文書", kind="mayan", url=server.url, token_file=file, account=account or who)


def test_the_audit_account_is_proved_and_sees_all_routes(seen: Looked) -> None:
    assert (seen["PPL-12"].verdict, seen["PPL-12"].values["visible"]) == (Verdict.PASS, 3)


def test_a_paper_step_of_a_running_workflow_fails_and_is_named(seen: Looked) -> None:
    assert (seen["PPL-03"].verdict, seen["PPL-03"].places) == (
        Verdict.FAIL,
        ("物品購入伺: 印刷して押印",),
    )


def test_a_state_without_a_way_out_is_a_dead_end_and_one_without_a_way_in_unreachable(seen: Looked) -> None:
    assert set(seen["PPL-15"].places) == {"物品購入伺: 印刷して押印", "物品購入伺: 施行"}


def test_only_active_people_of_a_role_count_as_approvers(seen: Looked) -> None:
    assert seen["PPL-04"].key == "single"
    assert set(seen["PPL-04"].places) == {"物品購入伺: 課長決裁", "旅費の承認: 部長承認"}


def test_a_role_whose_people_are_all_gone_leaves_the_step_to_nobody(seen: Looked) -> None:
    assert (seen["PPL-13"].verdict, seen["PPL-13"].places) == (Verdict.FAIL, ("旅費の承認: 部長承認",))


def test_an_escalation_that_is_switched_off_is_no_time_limit(seen: Looked) -> None:
    assert (seen["PPL-14"].key, set(seen["PPL-14"].places)) == (
        "unlimited",
        {"物品購入伺: 課長決裁", "旅費の承認: 部長承認"},
    )


def test_a_workflow_is_in_one_state_at_a_time_so_that_nobody_waits_for_many(seen: Looked) -> None:
    assert seen["PPL-16"].verdict is Verdict.PASS


def test_a_retention_of_null_is_not_set(seen: Looked) -> None:
    finding = seen["PPL-09"]
    assert (finding.verdict, finding.places, finding.values["total"]) == (Verdict.FAIL, ("例規原本",), 2)


def test_anonymous_200_and_count_0_are_not_no_paper(server: Mayan, tmp_path: Path) -> None:
    with urllib.request.urlopen(f"{server.url}/api/v4/workflow_templates/") as reply:
        assert json.load(reply)["count"] == 0  # what a probe without an identity would believe
    found = look(System(id="m", name="文書", kind="mayan", url=server.url, account="audit"))
    assert all(found[control].reason is Reason.IDENTITY for control in ROUTE_CONTROLS)
    assert found["PPL-12"].reason is Reason.NOT_DECLARED
    refused = look(
        System(
            id="m",
            name="文書",
            kind="mayan",
            url=server.url,
            account="audit",
            token_file=token_file(tmp_path),
        )
    )
    assert all(refused[control].reason is Reason.IDENTITY for control in (*ROUTE_CONTROLS, "PPL-09"))
    assert (refused["PPL-12"].verdict, refused["PPL-12"].key) == (Verdict.FAIL, "refused")


def test_a_proved_account_that_sees_nothing_is_blind_and_passes_nothing(
    server: Mayan, tmp_path: Path
) -> None:
    found = look(system(server, tmp_path, "stranger"))
    assert found["PPL-12"].key == "blind"
    assert all(found[control].verdict is Verdict.UNKNOWN for control in (*ROUTE_CONTROLS, "PPL-09"))


def test_the_token_of_another_account_is_told_and_its_name_is_not_kept(server: Mayan, tmp_path: Path) -> None:
    found = look(system(server, tmp_path, "superuser", account="audit"))
    assert found["PPL-12"].key == "other"
    assert all(found[control].reason is Reason.IDENTITY for control in ROUTE_CONTROLS)
    assert b"superuser" not in found.kept


@pytest.mark.parametrize("who", ["partial", "superuser"])
def test_an_account_that_cannot_show_its_own_rights_passes_nothing(
    server: Mayan, tmp_path: Path, who: str
) -> None:
    found = look(system(server, tmp_path, who))
    assert found["PPL-12"].reason is Reason.NOT_MEASURABLE
    assert not any(found[control].verdict is Verdict.PASS for control in (*ROUTE_CONTROLS, "PPL-09"))


def test_an_account_that_may_not_see_who_acts_still_sees_paper(server: Mayan, tmp_path: Path) -> None:
    found = look(system(server, tmp_path, "shortsighted"))
    assert found["PPL-03"].verdict is Verdict.FAIL
    assert (found["PPL-04"].reason, found["PPL-13"].reason) == (Reason.NOT_MEASURABLE,) * 2


def test_rights_over_single_things_are_not_the_right_to_see_everything(server: Mayan, tmp_path: Path) -> None:
    found = look(system(server, tmp_path, "narrow"))
    assert found["PPL-12"].key == "blind"
    assert found["PPL-03"].verdict is Verdict.UNKNOWN


def test_neither_the_token_nor_names_nor_addresses_are_kept(server: Mayan, seen: Looked) -> None:
    for word in (server.tokens["audit"], "@", "first_name", "email", "last_login"):
        assert word.encode() not in seen.kept


def test_a_path_that_answers_404_in_html_is_another_service(server: Mayan, tmp_path: Path) -> None:
    file = server.token_file(tmp_path, "audit")
    moved = System(
        id="m", name="文書", kind="mayan", url=f"{server.url}/settings", token_file=file, account="audit"
    )
    found = look(moved)
    assert {finding.reason for finding in found.findings.values()} == {Reason.WRONG_SERVICE}
