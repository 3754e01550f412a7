"""Every recorded answer of the corpus gives the verdict written beside it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint.conftest import CONTROLS, CORPUS, FACTS, answer, judged, pc

CASES = sorted(CORPUS.glob("*/*/*.json"))


def recorded(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("path", CASES, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_recorded_answer_gives_the_verdict_written_beside_it(path: Path) -> None:
    case, system, id_ = recorded(path), path.parts[-3], path.parts[-2]
    answers = {id_: answer(id_, case)}
    for other, body in case.get("beside", {}).items():
        answers[other] = answer(other, {"status": "ok", "body": body})
    judgement = judged(case["control"], answers, endpoint=pc(system))
    seen = judgement.reason if judgement.verdict == "unknown" else judgement.key
    assert (judgement.verdict, seen) == (case["verdict"], case.get("reason") or case.get("key")), judgement
    if judgement.verdict != "unknown":
        assert judgement.key in CONTROLS[case["control"]]["says"]


@pytest.mark.parametrize(
    ("id_", "system"), sorted({(fact.id, system) for fact in FACTS for system in fact.scripts})
)
def test_every_fact_has_recorded_answers_of_each_kind(id_: str, system: str) -> None:
    cases = {path.stem: recorded(path) for path in (CORPUS / system / id_).glob("*.json")}
    assert {"good", "denied", "absent", "error", "garbled"} <= set(cases)
    verdicts = {case["verdict"] for case in cases.values()}
    assert "fail" in verdicts
    assert "pass" in verdicts or (id_, system) == ("app.installed", "linux")


@pytest.mark.parametrize("path", [path for path in CASES if recorded(path)["status"] != "ok"], ids=str)
def test_what_was_not_answered_is_never_a_pass_nor_a_fail(path: Path) -> None:
    assert recorded(path)["verdict"] == "unknown"
