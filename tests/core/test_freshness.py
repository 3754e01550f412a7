"""A machine that keeps silent is judged by what it said last, for as long as the model allows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from auditor.evidence import Evidence, decode, encode
from auditor.findings import Reason
from auditor.freshness import with_last_heard
from auditor.judge import aged
from auditor.plan import Task, plan
from tests.core.world import NOW, TOWN, control, lock, locks, model, ok, plugins, said, scene

KEY = "endpoint:PC-1"
YESTERDAY = replace(said(ok("w.lock", "600"), at=NOW - timedelta(days=1)), system="linux")


def tasks() -> tuple[Task, ...]:
    return plan(TOWN, model(control()), plugins(lock, locks))


def silent(reason: Reason) -> dict[str, Evidence]:
    return {KEY: Evidence(target=KEY, collected_at=NOW, outcome=reason, note="off")}


def last(evidence: Evidence | None) -> dict[str, Evidence | None]:
    return {KEY: evidence}


@pytest.mark.parametrize("why", [Reason.NO_ANSWER, Reason.REFUSED, Reason.NAME_NOT_FOUND])
def test_silence_falls_back_on_what_was_heard_last_and_says_why(why: Reason) -> None:
    found = with_last_heard(tasks(), silent(why), last(YESTERDAY).get)[KEY]
    assert (found.outcome, found.silent, found.note) == (None, why, "off")
    assert found.collected_at == YESTERDAY.collected_at
    assert found.answers == YESTERDAY.answers


def test_a_file_that_did_not_arrive_is_silence_too() -> None:
    assert with_last_heard(tasks(), {}, last(YESTERDAY).get)[KEY].silent is Reason.NOT_COLLECTED


@pytest.mark.parametrize(
    "why", [reason for reason in Reason if reason.value in ("key_changed", "not_authorised", "untrusted")]
)
def test_what_is_no_silence_is_never_hidden_behind_an_older_answer(why: Reason) -> None:
    assert with_last_heard(tasks(), silent(why), last(YESTERDAY).get) == silent(why)


def test_a_new_answer_is_never_replaced_by_an_old_one() -> None:
    heard = {KEY: said(ok("w.lock", "300"), at=NOW)}
    assert with_last_heard(tasks(), heard, last(YESTERDAY).get) == heard


@pytest.mark.parametrize(("days", "silent"), [(2, Reason.NOT_COLLECTED), (0, None)])
def test_of_a_file_and_what_was_kept_the_newer_counts(days: int, silent: Reason | None) -> None:
    filed = replace(said(ok("w.lock", "300"), at=NOW - timedelta(days=days)), system="linux", origin="a.json")
    found = with_last_heard(tasks(), {KEY: filed}, last(YESTERDAY).get)[KEY]
    assert found.silent is silent
    assert found.collected_at == max(filed.collected_at, YESTERDAY.collected_at)


def test_who_was_never_heard_stays_unknown() -> None:
    assert with_last_heard(tasks(), {}, last(None).get) == {}


@pytest.mark.parametrize(("serial", "system"), [("OTHER", "linux"), ("SN1", "windows")])
def test_another_machine_under_the_same_number_does_not_inherit_it(serial: str, system: str) -> None:
    before = replace(YESTERDAY, serial=serial, system=system)
    assert KEY not in with_last_heard(tasks(), {}, last(before).get)


def test_what_was_heard_last_ages_as_any_evidence_does() -> None:
    where = scene(plugins(lock, locks), model(control()))
    limit = where.model.freshness_days
    assert aged(NOW - timedelta(days=limit), where) is None
    old = aged(NOW - timedelta(days=limit, seconds=86401), where)
    assert old is not None
    assert old.reason is Reason.STALE


def test_the_silence_is_kept_with_the_evidence() -> None:
    quiet = replace(YESTERDAY, silent=Reason.NO_ANSWER)
    assert decode(encode(quiet)) == quiet
