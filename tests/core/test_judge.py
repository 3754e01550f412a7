"""Nothing passes on a gap, whatever a check, a parser or an answer does."""

from datetime import date, timedelta

import pytest

from auditor.answers import Answer, Status
from auditor.control import Param, Params
from auditor.declare import check, fact
from auditor.errors import Garbled, NotKnown
from auditor.findings import Judgement, Reason, Unknown, Verdict, failed, passed
from auditor.judge import judge
from auditor.plan import plan
from auditor.targets import Endpoint, Gateway, Person, Town
from tests.core.world import (
    NOW,
    PC,
    TODAY,
    TOWN,
    Disk,
    Lock,
    control,
    disk,
    lock,
    locks,
    model,
    ok,
    plugins,
    said,
    scene,
    verdict_of,
)

FAST = ok("w.lock", "600")


def crash(value: Lock) -> Judgement:
    raise ZeroDivisionError(value.after_s)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status.ABSENT, Reason.NOT_COLLECTED),
        (Status.DENIED, Reason.NO_PERMISSION),
        (Status.ERROR, Reason.UNREADABLE),
        (Status.TIMEOUT, Reason.NO_ANSWER),
    ],
)
def test_an_answer_that_did_not_come_is_unknown_with_its_reason(status: Status, reason: Reason) -> None:
    found, faults = verdict_of(locks, said(Answer("w.lock", status, note="why")))
    assert (found.verdict, found.reason, found.whole_target) == (Verdict.UNKNOWN, reason, False)
    assert "why" in found.note
    assert faults == ()


def test_a_body_beside_a_status_that_is_not_ok_is_never_parsed() -> None:
    found, _ = verdict_of(locks, said(Answer("w.lock", Status.DENIED, b"600")))
    assert found.verdict is Verdict.UNKNOWN


def test_an_answer_under_another_id_does_not_count() -> None:
    found, _ = verdict_of(locks, said(ok("w.lock2", "600")))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED)


def test_no_evidence_at_all_is_one_unknown_of_the_whole_target() -> None:
    found, _ = verdict_of(locks, None)
    assert (found.verdict, found.reason, found.whole_target) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED, True)
    assert found.collected_at is None


def test_an_outcome_beats_the_answers_that_stand_beside_it() -> None:
    found, _ = verdict_of(locks, said(FAST, outcome=Reason.KEY_CHANGED))
    assert (found.verdict, found.reason, found.whole_target) == (Verdict.UNKNOWN, Reason.KEY_CHANGED, True)


@pytest.mark.parametrize(
    ("age", "verdict", "reason"),
    [
        (timedelta(0), Verdict.PASS, None),
        (timedelta(days=14), Verdict.PASS, None),
        (timedelta(days=14, seconds=1), Verdict.UNKNOWN, Reason.STALE),
        (timedelta(minutes=-10), Verdict.PASS, None),
        (timedelta(minutes=-11), Verdict.UNKNOWN, Reason.NOT_COLLECTED),
        (timedelta(days=-4000), Verdict.UNKNOWN, Reason.NOT_COLLECTED),
    ],
)
def test_evidence_counts_only_between_its_day_and_its_freshness(
    age: timedelta, verdict: Verdict, reason: Reason | None
) -> None:
    found, _ = verdict_of(locks, said(FAST, at=NOW - age))
    assert (found.verdict, found.reason) == (verdict, reason)


def test_a_fact_at_the_limit_passes_and_one_beyond_fails() -> None:
    assert verdict_of(locks, said(FAST))[0].verdict is Verdict.PASS
    found, _ = verdict_of(locks, said(ok("w.lock", "601")))
    assert (found.verdict, found.key, found.values["after_s"]) == (Verdict.FAIL, "slow", 601)
    assert found.evidence == ("w.lock",)


def test_a_crashing_check_is_unknown_broken_and_named() -> None:
    found, faults = verdict_of(crash, said(FAST))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.BROKEN)
    assert faults == ("W-01: ZeroDivisionError: 600",)


def test_a_crashing_check_leaves_its_neighbour_alone() -> None:
    broken = check("W-00")(crash)
    where = scene(plugins(lock, broken, locks), model(control("W-00"), control()))
    (_, task, _) = plan(where.town, where.model, where.plugins)[1:]
    rows, faults = judge(task, said(FAST), where)
    assert [row.verdict for row in rows] == [Verdict.UNKNOWN, Verdict.PASS]
    assert len(faults) == 1


@pytest.mark.parametrize(
    ("error", "reason", "recorded"),
    [
        (Garbled("what"), Reason.UNREADABLE, 0),
        (NotKnown(Reason.WINDOW_SHORT, "why"), Reason.WINDOW_SHORT, 0),
        (KeyError("x"), Reason.BROKEN, 1),
        (RecursionError(), Reason.BROKEN, 1),
    ],
)
def test_a_parser_that_raises_makes_unknown(error: Exception, reason: Reason, recorded: int) -> None:
    @fact("w.lock", linux="echo")
    def parse(answer: Answer) -> Lock:
        raise error

    found, faults = verdict_of(locks, said(FAST), facts=(parse,))
    assert (found.verdict, found.reason, len(faults)) == (Verdict.UNKNOWN, reason, recorded)


@pytest.mark.parametrize("returned", [None, 600, Disk(encrypted=True), True])
def test_a_parser_that_returns_another_type_is_broken_and_the_check_is_not_called(returned: object) -> None:
    @fact("w.lock", linux="echo")
    def parse(answer: Answer) -> Lock:
        return returned  # type: ignore[return-value] # what a careless plug-in does

    def lenient(value: Lock) -> Judgement:
        return passed()

    found, faults = verdict_of(lenient, said(FAST), facts=(parse,))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.BROKEN)
    assert len(faults) == 1


def test_a_parser_runs_once_for_all_checks() -> None:
    calls: list[str] = []

    @fact("w.lock", linux="echo")
    def parse(answer: Answer) -> Lock:
        calls.append(answer.id)
        return Lock(1)

    second = check("W-02")(_typed)
    where = scene(plugins(parse, locks, second), model(control(), control("W-02")))
    (_, task, _) = plan(where.town, where.model, where.plugins)[1:]
    judge(task, said(FAST), where)
    assert calls == ["w.lock"]


def _typed(value: Lock) -> Judgement:
    return passed(after_s=value.after_s)


def test_a_note_with_bytes_that_are_no_text_can_be_kept() -> None:
    @fact("w.lock", linux="echo")
    def parse(answer: Answer) -> Lock:
        raise NotKnown(Reason.UNREADABLE, "file \udcff.bpmn")

    found, _ = verdict_of(locks, said(FAST), facts=(parse,))
    assert found.note.encode() == b"file \\udcff.bpmn"


def test_a_tolerant_check_sees_the_unknown_and_a_strict_one_is_not_called() -> None:
    seen: list[object] = []

    def tolerant(value: Lock, other: Disk | Unknown) -> Judgement:
        seen.append(other)
        return passed()

    denied = Answer("w.disk", Status.DENIED)
    assert verdict_of(tolerant, said(FAST, denied))[0].verdict is Verdict.PASS
    assert seen == [Unknown(Reason.NO_PERMISSION, "w.disk")]
    slow = Answer("w.lock", Status.DENIED)
    assert verdict_of(tolerant, said(slow, ok("w.disk", "yes")))[0].reason is Reason.NO_PERMISSION
    assert len(seen) == 1


def test_a_tolerant_check_is_not_called_when_the_whole_target_is_silent() -> None:
    def tolerant(other: Disk | Unknown) -> Judgement:
        return passed()

    for evidence in (None, said(outcome=Reason.NO_ANSWER), said(at=NOW - timedelta(days=99))):
        found, _ = verdict_of(tolerant, evidence)
        assert (found.verdict, found.whole_target) == (Verdict.UNKNOWN, True)


def test_absent_ok_lets_the_parser_see_an_absence_and_nothing_else() -> None:
    @fact("w.disk", absent_ok=True, linux="echo")
    def parse(answer: Answer) -> Disk:
        return Disk(encrypted=answer.status is Status.OK)

    def encrypted(value: Disk) -> Judgement:
        return passed() if value.encrypted else failed("na")

    absent = verdict_of(encrypted, said(Answer("w.disk", Status.ABSENT)), facts=(parse,))[0]
    denied = verdict_of(encrypted, said(Answer("w.disk", Status.DENIED)), facts=(parse,))[0]
    assert (absent.verdict, denied.verdict) == (Verdict.FAIL, Verdict.UNKNOWN)


def test_a_check_gets_parameters_day_town_and_target() -> None:
    def all_of(value: Lock, params: Params, today: date, town: Town, pc: Endpoint) -> Judgement:
        assert (today, town, pc) == (TODAY, TOWN, PC)
        return passed(after_s=params.integer("limit"))

    of = control(params={"limit": Param(value=7)})
    found, faults = verdict_of(all_of, said(FAST), of=of)
    assert (found.values, faults) == ({"limit": 7, "after_s": 7}, ())


def test_a_misspelt_parameter_is_broken_and_never_a_default() -> None:
    def misspelt(value: Lock, params: Params) -> Judgement:
        return passed() if value.after_s < params.integer("limt") else failed("na")

    found, faults = verdict_of(misspelt, said(FAST), of=control(params={"limit": Param(value=7)}))
    assert (found.reason, faults) == (Reason.BROKEN, ("W-01: KeyError: 'limt'",))


def test_a_check_that_asks_for_another_kind_of_target_is_unknown() -> None:
    def of_gateway(value: Lock, gateway: Gateway) -> Judgement:
        return passed()

    assert verdict_of(of_gateway, said(FAST))[0].reason is Reason.NOT_MEASURABLE


def test_a_check_of_declarations_alone_needs_no_evidence() -> None:
    def trained(person: Person) -> Judgement:
        return passed() if person.method else failed("na")

    of = control(target="person")
    where = scene(plugins(check("W-01")(trained)), model(of))
    found, _ = verdict_of(check("W-01")(trained), None, at=where, target=TOWN.staff[0])
    assert (found.verdict, found.whole_target, found.collected_at) == (Verdict.PASS, False, None)


def test_a_fact_of_another_system_is_no_source() -> None:
    @fact("w.lock", windows="1")
    def windows_lock(answer: Answer) -> Lock:
        return Lock(1)

    found, _ = verdict_of(locks, said(FAST), facts=(windows_lock,))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_the_same_evidence_judged_twice_gives_the_same() -> None:
    assert verdict_of(locks, said(FAST)) == verdict_of(locks, said(FAST))
    assert disk(ok("w.disk", "yes")) == Disk(encrypted=True)
