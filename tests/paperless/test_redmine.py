"""A real Redmine: what its API cannot show is said, and what it shows of people and keys is not kept."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.api import Reason, Verdict
from auditor.work import System
from tests.paperless.systems import Looked, look, token_file
from tests.peers.redmine import Redmine, redmine

NEVER_SHOWN = ("PPL-04", "PPL-13", "PPL-14", "PPL-15")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redmine]:
    with redmine(tmp_path_factory.mktemp("redmine")) as running:
        yield running


def system(server: Redmine, folder: Path, who: str, account: str = "") -> System:
    file = server.token_file(folder, who)
    return System(
        id="r", name="起案", kind="redmine", url=server.url, token_file=file, account=account or who
    )


@pytest.fixture(scope="module")
def manager(server: Redmine, tmp_path_factory: pytest.TempPathFactory) -> Looked:
    """What an administrator's key shows."""
    return look(system(server, tmp_path_factory.mktemp("keys"), "manager"))


@pytest.fixture(scope="module")
def audit(server: Redmine, tmp_path_factory: pytest.TempPathFactory) -> Looked:
    """What a member of the project sees who may only read."""
    return look(system(server, tmp_path_factory.mktemp("keys"), "audit"))


def test_a_paper_status_that_tickets_have_fails_and_so_does_a_field_that_asks_for_a_seal(
    manager: Looked,
) -> None:
    assert manager["PPL-03"].places[:2] == ("起案: 印刷・押印", "起案: 押印要否")
    assert (manager["PPL-12"].verdict, manager["PPL-12"].values["visible"]) == (Verdict.PASS, 2)


def test_a_paper_status_that_no_ticket_has_is_open_not_a_paper_step(audit: Looked) -> None:
    finding = audit["PPL-03"]
    assert finding.places[0] == "起案: 印刷・押印"
    assert finding.values["count"] == 1
    assert finding.places[1].startswith("紙で回覧: no ticket")


def test_the_transition_matrix_is_not_exposed_so_nothing_that_hangs_on_it_is_judged(
    server: Redmine, manager: Looked
) -> None:
    request = urllib.request.Request(
        f"{server.url}/workflows.json", headers={"X-Redmine-API-Key": server.tokens["manager"]}
    )
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)
    assert {manager[control].verdict for control in NEVER_SHOWN} == {Verdict.UNKNOWN}


def test_a_member_who_may_only_read_cannot_show_that_nothing_is_hidden(audit: Looked) -> None:
    assert audit["PPL-12"].reason is Reason.NOT_MEASURABLE
    assert audit["PPL-16"].verdict is Verdict.UNKNOWN


def test_an_account_without_a_project_is_blind(server: Redmine, tmp_path: Path) -> None:
    found = look(system(server, tmp_path, "stranger"))
    assert found["PPL-12"].key == "blind"
    assert found["PPL-03"].verdict is Verdict.UNKNOWN


def test_anonymous_trackers_and_no_tickets_are_not_no_paper(server: Redmine, tmp_path: Path) -> None:
    with urllib.request.urlopen(f"{server.url}/issues.json?status_id=*") as reply:
        assert json.load(reply)["total_count"] == 0  # what a probe without an identity would believe
    wrong_key = System(
        id="r", name="起案", kind="redmine", url=server.url, account="audit", token_file=token_file(tmp_path)
    )
    found = look(wrong_key)
    assert found["PPL-03"].reason is Reason.IDENTITY
    assert found["PPL-12"].key == "refused"


def test_the_key_that_my_account_answers_in_clear_is_not_kept(server: Redmine, manager: Looked) -> None:
    request = urllib.request.Request(
        f"{server.url}/my/account.json", headers={"X-Redmine-API-Key": server.tokens["manager"]}
    )
    with urllib.request.urlopen(request) as reply:
        assert json.load(reply)["user"]["api_key"] == server.tokens["manager"]
    for word in (server.tokens["manager"], "api_key", "住民 太郎", "@town.example", "kacho"):
        assert word.encode() not in manager.kept


def test_the_key_of_another_account_is_told(server: Redmine, tmp_path: Path) -> None:
    found = look(system(server, tmp_path, "manager", account="audit"))
    assert found["PPL-12"].key == "other"
    assert found["PPL-03"].reason is Reason.IDENTITY
