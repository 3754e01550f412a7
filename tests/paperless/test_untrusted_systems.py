"""Systems that lie, change, break off or never end: the item is unknown with its reason, the rest goes on."""

import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Garbled, NotKnown, Params, Reason, Reply, Secret, Unreached, Verdict
from auditor.work import System
from checks.paperless import _pages, kintone, mayan, redmine, speed
from tests.paperless.small_mayan import FIRST, LAST, ME, SAID, mayan_like, page, state
from tests.paperless.systems import TOKEN, Looked, Said, look, stub, token_file

Ask = Callable[..., Looked]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def asked(deadline_s: float = 20.0, **instead: Said | Callable[[], Said]) -> Looked:
        with stub(mayan_like(**instead)) as url:
            file = token_file(tmp_path)
            target = System(id="m", name="m", kind="mayan", url=url, token_file=file, account="audit")
            return look(target, deadline_s=deadline_s)

    return asked


def turns(*said: Said) -> Callable[[], Said]:
    """One after the other; the last one again and again."""
    left = list(said)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_the_stub_as_it_is_passes(ask: Ask) -> None:
    found = ask()
    assert {found[control].verdict for control in ("PPL-03", "PPL-09", "PPL-12", "PPL-15")} == {Verdict.PASS}


PAGE_FOR_PEOPLE = Said(b"<html><form action=/login>", kind="text/html; charset=utf-8")
ELSEWHERE = Said(status=302, headers={"Location": "http://192.0.2.1/api/v4/users/current/"})
NEXT_ELSEWHERE = Said(page({"id": 1, "label": "休暇"}, count=2, following="http://192.0.2.1/api/v4/?page=2"))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (PAGE_FOR_PEOPLE, Reason.WRONG_SERVICE),
        (ELSEWHERE, Reason.WRONG_SERVICE),
        (NEXT_ELSEWHERE, Reason.WRONG_SERVICE),
        (Said(bytes(9 * 1024 * 1024)), Reason.UNREADABLE),
        (Said(b'{"count": NaN}'), Reason.UNREADABLE),
        (Said(b'{"count": 0, "count": 0, "results": []}'), Reason.UNREADABLE),
        (Said(b"[" * 5000), Reason.UNREADABLE),
        (Said([1]), Reason.UNREADABLE),
        (Said({"count": 1, "next": None, "results": None}), Reason.UNREADABLE),
        (Said({"count": "2", "next": None, "results": []}), Reason.UNREADABLE),
        (Said(page(count=3)), Reason.UNREADABLE),
        (Said(page({"id": 1, "label": "a"}, {"id": 2, "label": "b"}, count=1)), Reason.UNREADABLE),
        (Said(page({"id": 1, "label": "a"}, count=9)), Reason.UNREADABLE),
        (Said({"detail": "oops"}, status=500), Reason.UNREADABLE),
        (Said({"detail": "no"}, status=403), Reason.NO_PERMISSION),
        (Said({"count": 2}, cut=True), Reason.WRONG_SERVICE),
    ],
)
def test_a_list_that_is_not_whole_is_unknown_and_the_other_lists_are_judged(
    ask: Ask, said: Said, reason: Reason
) -> None:
    found = ask(workflow_templates=said)
    assert (found["PPL-03"].verdict, found["PPL-03"].reason) == (Verdict.UNKNOWN, reason)
    assert found["PPL-12"].verdict is Verdict.UNKNOWN
    assert found["PPL-09"].verdict is Verdict.PASS


def test_a_list_that_never_ends_is_given_up(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pages, "MAX_PAGES", 5)
    number = iter(range(10_000))
    endless = ask(workflow_templates=lambda: Said(page({"id": next(number), "label": "a"}, count=9999)))
    assert endless["PPL-03"].reason is Reason.NOT_MEASURABLE


@pytest.mark.parametrize("said", [PAGE_FOR_PEOPLE, ELSEWHERE, Said({"detail": "x"}, status=404)])
def test_who_is_asking_must_be_told_in_data(ask: Ask, said: Said) -> None:
    found = ask(current=said)
    assert {finding.verdict for finding in found.findings.values()} == {Verdict.UNKNOWN}


@pytest.mark.parametrize("later", [{**ME, "username": "else"}, {**ME, "id": 8}])
def test_an_identity_that_changes_in_between_voids_what_was_seen(ask: Ask, later: dict[str, Any]) -> None:
    both = itertools.cycle((Said(ME), Said(later)))
    found = ask(current=lambda: next(both))
    assert {found[control].reason for control in ("PPL-03", "PPL-09", "PPL-12")} == {Reason.IDENTITY}


def test_a_session_that_ends_in_between_voids_what_was_seen(ask: Ask) -> None:
    both = itertools.cycle((Said(ME), Said({"detail": "gone"}, status=403)))
    assert ask(current=lambda: next(both))["PPL-03"].reason is Reason.IDENTITY


def test_one_workflow_that_breaks_off_is_named_and_keeps_the_others_from_passing(ask: Ask) -> None:
    found = ask(states=turns(Said(page(FIRST, LAST)), Said({"count": 2}, cut=True)))
    assert found["PPL-03"].verdict is Verdict.UNKNOWN
    assert found["PPL-03"].places[0].startswith("旅費: ")
    assert found["PPL-12"].values["visible"] == 2


def test_paper_in_one_workflow_is_found_beside_one_that_breaks_off(ask: Ask) -> None:
    paper = page(FIRST, state(3, "紙で回覧"), LAST)
    assert ask(states=turns(Said(paper), Said({"count": 2}, cut=True)))["PPL-03"].verdict is Verdict.FAIL


def test_a_system_that_wants_to_be_asked_more_slowly_is_asked_more_slowly(ask: Ask) -> None:
    busy = Said({"detail": "slow"}, status=429, headers={"Retry-After": "0"})
    assert ask(document_types=turns(busy, Said(SAID["/document_types/"])))["PPL-09"].verdict is Verdict.PASS


def test_a_system_that_never_answers_ends_at_the_deadline(ask: Ask) -> None:
    busy = Said({"detail": "slow"}, status=429, headers={"Retry-After": "1"})
    assert ask(deadline_s=2.0, current=busy)["PPL-03"].reason is Reason.NO_ANSWER


@pytest.mark.parametrize(
    ("period", "unit", "reason"),
    [
        (5, None, Reason.UNREADABLE),
        (5, "moons", Reason.UNREADABLE),
        (-1, "days", Reason.UNREADABLE),
        (True, "days", Reason.UNREADABLE),
        (0, "days", None),
        (None, None, None),
    ],
)
def test_a_retention_is_a_number_with_a_unit_or_not_set(
    ask: Ask, period: object, unit: object, reason: Reason | None
) -> None:
    row = {"id": 1, "label": "起案", "trash_time_period": period, "trash_time_unit": unit}
    finding = ask(document_types=Said(page(row)))["PPL-09"]
    assert finding.reason is reason
    assert finding.verdict is (Verdict.UNKNOWN if reason else Verdict.FAIL)


def test_no_document_type_at_all_is_not_order(ask: Ask) -> None:
    assert ask(document_types=Said(page()))["PPL-09"].verdict is Verdict.UNKNOWN


def test_personal_data_of_the_reply_about_ourselves_is_not_kept(ask: Ask) -> None:
    kept = ask().kept
    assert not any(word.encode() in kept for word in ("someone@", "花子", TOKEN))


NAMES = (
    *("id", "label", "name", "count", "next", "results", "user", "states", "actions", "enable", "projects"),
    *("total_count", "pk", "trackers", "issue_statuses", "issues", "custom_fields", "index", "assignee"),
    *("type", "entities", "entity", "code", "from", "to", "possible_values", "default_status", "username"),
)
LEAVES = st.none() | st.booleans() | st.integers(-1, 9) | st.sampled_from(("", "1", "ONE", "USER", "要"))
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)
WHO = {
    "/users/current/": ME,
    "/my/account.json": {"user": {"login": "audit", "id": 1, "admin": True}},
    "/app.json": {"appId": "5", "name": "x"},
}


class Babble:
    """Tells who is asking as it should, and says anything else to anything else."""

    def __init__(self, said: object) -> None:
        self._said = said

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        assert (method, body) == ("GET", b"")
        path = url.partition("?")[0]
        if "X-Cybozu-API-Token" not in (headers or {}) and path.endswith("/app.json"):
            return Reply(401, {"content-type": "application/json"}, b"{}")
        said = next((who for end, who in WHO.items() if path.endswith(end)), self._said)
        return Reply(200, {"content-type": "application/json"}, json.dumps(said).encode())

    def secret(self, name: str) -> Secret:
        assert name == "token"
        return Secret(TOKEN.encode())


@given(JSON)
def test_no_reply_crashes_a_probe(said: object) -> None:
    target = System(
        id="s",
        name="s",
        kind="mayan",
        url="http://s.example",
        account="audit",
        token_file=Path("token"),
        apps=(5,),
    )
    probes = (mayan.read_workflows, mayan.read_types, redmine.read_trackers, kintone.read_apps)
    for probe in probes:
        try:
            body = probe.collect(target, Babble(said))
        except (Garbled, NotKnown, Unreached):
            continue
        assert TOKEN.encode() not in body


@pytest.mark.parametrize(
    ("took", "place", "verdict"),
    [
        ((20, 30, 40, 50, 60), "office", Verdict.UNKNOWN),
        ((20, 30, 40, 50, 60), "telework", Verdict.PASS),
        ((20, 30, 40, 50, 2001), "office", Verdict.FAIL),
        ((20, 30, 40, 50, 2001), "telework", Verdict.FAIL),
    ],
)
def test_a_quick_answer_at_the_office_says_nothing_of_the_way_from_home(
    took: tuple[int, ...], place: str, verdict: Verdict
) -> None:
    seen = speed.Pace(outcome="proved", took_ms=took)
    assert speed.quick_enough(seen, Params({"p95_ms": 2000, "measured_from": place})).verdict is verdict


def test_a_stranger_s_quick_answer_counts_for_nothing(ask: Ask) -> None:
    assert ask()["PPL-11"].note.endswith("the telework path was not measured")
    assert ask(current=Said({"detail": "no"}, status=403))["PPL-11"].reason is Reason.IDENTITY
