"""Two documents of one PC: each tells its own facts, and both must come from one machine."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.answers import Answer
from auditor.arrivals.merge import agree, beside, merged
from auditor.evidence import Evidence
from auditor.findings import Reason
from auditor.run import Standing
from tests.core.world import NOW, ok
from tests.inbox.kit import CONTEXTS, Inn, Key, at, inn, new_key, signed

MACHINE = Evidence(
    target="endpoint:PC-1",
    collected_at=NOW - timedelta(days=1),
    answers=(ok("w.lock", "600"), ok("w.saver", "forged")),
    serial="SN1",
    system="linux",
    machine_id="aa",
    sequence=4,
    signer="PC-1",
)
USER = replace(
    MACHINE,
    collected_at=NOW - timedelta(hours=2),
    answers=(ok("w.saver", "300"), ok("w.lock", "forged")),
    context="user",
    sequence=2,
    signer="user:PC-1",
)


def told(evidence: Evidence | None) -> dict[str, tuple[bytes, timedelta]]:
    """Each answer with its age."""
    assert evidence is not None

    def age(answer: Answer) -> timedelta:
        assert answer.collected_at is not None
        return NOW - answer.collected_at

    return {one.id: (one.body, age(one)) for one in evidence.answers}


def test_each_document_tells_its_own_facts_with_its_own_age() -> None:
    both = merged(MACHINE, USER, CONTEXTS)
    assert told(both) == {"w.lock": (b"600", timedelta(days=1)), "w.saver": (b"300", timedelta(hours=2))}
    assert both is not None
    assert (both.context, both.collected_at) == ("", MACHINE.collected_at)
    assert both.details["user_signer"] == "user:PC-1"


@pytest.mark.parametrize("document", [MACHINE, USER])
def test_one_document_alone_never_tells_the_others_facts(document: Evidence) -> None:
    alone = merged(document, None, CONTEXTS) if document is MACHINE else merged(None, document, CONTEXTS)
    assert list(told(alone)) == ["w.lock" if document is MACHINE else "w.saver"]
    assert merged(None, None, CONTEXTS) is None


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"serial": ""}, True),
        ({"serial": "SN2"}, False),
        ({"machine_id": "bb"}, False),
        ({"machine_id": "bb", "serial": ""}, False),
        ({"machine_id": ""}, False),
        ({"machine_id": "", "serial": ""}, False),
    ],
    ids=str,
)
def test_documents_of_two_machines_are_never_put_together(changes: dict[str, str], same: bool) -> None:  # noqa: FBT001
    other = replace(USER, **changes)  # type: ignore[arg-type]
    assert agree(MACHINE, other) is same
    both = merged(MACHINE, other, CONTEXTS)
    assert ("w.saver" in told(both)) is same


def test_a_document_that_holds_both_kinds_is_taken_whole_and_the_user_s_own_wins() -> None:
    written = replace(MACHINE, context="", signer="")
    assert told(merged(written, None, CONTEXTS))["w.saver"] == (b"forged", timedelta(days=1))
    assert told(merged(written, USER, CONTEXTS))["w.saver"] == (b"300", timedelta(hours=2))


def test_a_machine_that_gave_no_usable_answer_stays_so() -> None:
    silent = replace(MACHINE, outcome=Reason.UNTRUSTED, answers=())
    assert merged(silent, USER, CONTEXTS) == silent


ASKED = replace(
    MACHINE, collected_at=NOW, sequence=0, signer="", machine_id="", answers=(ok("w.lock", "60"),)
)


def test_what_was_asked_now_wins_and_the_user_s_file_adds_its_facts() -> None:
    found = beside(ASKED, merged(MACHINE, USER, CONTEXTS), CONTEXTS)
    assert told(found) == {"w.lock": (b"60", timedelta(0)), "w.saver": (b"300", timedelta(hours=2))}


@pytest.mark.parametrize(
    ("reason", "used"),
    [(Reason.NO_ANSWER, True), (Reason.NOT_AUTHORISED, True), (Reason.KEY_CHANGED, False)],
)
def test_a_signed_file_stands_in_for_silence_and_never_hides_a_changed_key(
    reason: Reason,
    used: bool,  # noqa: FBT001
) -> None:
    found = beside(replace(ASKED, outcome=reason, answers=()), MACHINE, CONTEXTS)
    assert (found.outcome is None) is used
    assert found.silent is (reason if used else None)


@pytest.mark.parametrize("sent", [None, replace(MACHINE, signer=""), replace(MACHINE, outcome=Reason.STALE)])
def test_an_unsigned_or_useless_file_changes_nothing_of_what_was_asked(sent: Evidence | None) -> None:
    for asked in (ASKED, replace(ASKED, outcome=Reason.NO_ANSWER)):
        assert beside(asked, sent, CONTEXTS) == asked


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return new_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def door(tmp_path: Path, host: Key) -> Inn:
    return inn(tmp_path, f"PC-1 {host.public}")


def test_both_files_of_one_pc_make_one_evidence(door: Inn, host: Key) -> None:
    door.put("m.json", signed(host, sequence=5))
    door.put("u.json", signed(host, context="user", answers={"w.saver": "300", "w.lock": "1"}))
    assert set(door.standings().values()) == {Standing.ACCEPTED}
    found = door.read().evidence["endpoint:PC-1"]
    assert {one.id: one.body for one in found.answers} == {"w.lock": b"600", "w.saver": b"300"}


def test_a_user_file_of_another_machine_id_is_set_aside_as_wrong_machine(door: Inn, host: Key) -> None:
    door.put("a-user.json", signed(host, context="user", machine_id="bbbb", answers={"w.saver": "300"}))
    door.put("b-machine.json", signed(host))
    assert door.standings() == {"a-user.json": Standing.WRONG_MACHINE, "b-machine.json": Standing.ACCEPTED}
    found = door.read().evidence["endpoint:PC-1"]
    assert [one.id for one in found.answers] == ["w.lock"]


def test_each_context_counts_its_own_numbers(door: Inn, host: Key) -> None:
    for number in (1, 2):
        door.put(f"m{number}.json", signed(host, sequence=number, collected_at=at(number - 60)))
        body = signed(
            host, context="user", sequence=number, collected_at=at(number), answers={"w.saver": "1"}
        )
        door.put(f"u{number}.json", body)
    assert set(door.standings().values()) == {Standing.ACCEPTED}
