"""What a check may not return is unknown: broken, and never a verdict."""

import math
from datetime import datetime, timedelta
from typing import Any

import pytest

from auditor.answers import Answer
from auditor.declare import fact
from auditor.errors import Garbled
from auditor.findings import Judgement, Reason, Unknown, Verdict, failed, not_applicable, passed, unknown
from tests.core.world import TODAY, Lock, ok, said, verdict_of

FAST = ok("w.lock", "600")

UNSOUND: list[tuple[str, Any]] = [
    ("no judgement", None),
    ("truth", True),
    ("a bare verdict", Verdict.PASS),
    ("no sentence of that key", passed("fine")),
    ("a sentence that lacks a value", failed("slow")),
    ("unknown without a reason", Judgement(verdict=Verdict.UNKNOWN)),
    ("a verdict as text", Judgement(verdict="pass", key="ok")),  # type: ignore[arg-type]
    ("a reason as text", Judgement(verdict=Verdict.UNKNOWN, reason="no_answer")),  # type: ignore[arg-type]
    ("not a number", passed(x=math.nan)),
    ("infinity", passed(x=math.inf)),
    ("text that UTF-8 cannot hold", passed(x="\ud800")),
    ("a place that UTF-8 cannot hold", passed(places=("\udcff.bpmn",))),
    ("a note that UTF-8 cannot hold", unknown(Reason.STALE, "\udcff")),
    ("places in a list", Judgement(verdict=Verdict.PASS, key="ok", places=["x"])),  # type: ignore[arg-type]
    ("an object as value", Judgement(verdict=Verdict.PASS, key="ok", values={"x": object()})),  # type: ignore[dict-item]
    ("a list as value", Judgement(verdict=Verdict.PASS, key="ok", values={"x": [1]})),  # type: ignore[dict-item]
    ("a moment as day", passed(until=datetime(2027, 1, 1))),  # noqa: DTZ001 - wrong on purpose
    ("passed until yesterday", passed(until=TODAY - timedelta(days=1))),
]


@pytest.mark.parametrize(("what", "returned"), UNSOUND, ids=[what for what, _ in UNSOUND])
def test_a_judgement_that_could_not_be_kept_shown_or_true_is_broken(what: str, returned: Any) -> None:
    def careless(value: Lock) -> Judgement:
        return returned  # type: ignore[no-any-return]

    found, faults = verdict_of(careless, said(FAST))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.BROKEN), what
    assert len(faults) == 1


@pytest.mark.parametrize(
    "returned",
    [
        passed(),
        passed(until=TODAY),
        failed("slow", after_s=2**70),
        not_applicable("na"),
        unknown(Reason.STALE, "髙﨑𠮷"),
    ],
)
def test_a_sound_judgement_is_taken_as_it_is(returned: Judgement) -> None:
    def fine(value: Lock) -> Judgement:
        return returned

    found, faults = verdict_of(fine, said(FAST))
    assert (found.verdict, found.key, found.until) == (returned.verdict, returned.key, returned.until)
    assert faults == ()


def test_an_unknown_returned_as_a_value_is_unknown() -> None:
    def odd(value: Lock) -> Judgement:
        return Unknown(Reason.STALE)  # type: ignore[return-value] # a slip that must not hurt

    assert verdict_of(odd, said(FAST))[0].reason is Reason.STALE


@pytest.mark.parametrize("note", [ValueError("why"), b"why", None, "why \udcff"])
def test_a_refusal_with_an_odd_note_is_still_a_refusal(note: str) -> None:
    @fact("w.lock", linux="echo")
    def parse(answer: Answer) -> Lock:
        raise Garbled(note)

    def fine(value: Lock) -> Judgement:
        return passed()

    found, faults = verdict_of(fine, said(FAST), facts=(parse,))
    assert (found.verdict, found.reason, faults) == (Verdict.UNKNOWN, Reason.UNREADABLE, ())
    assert isinstance(found.note, str)
    assert found.note.encode().isascii()
