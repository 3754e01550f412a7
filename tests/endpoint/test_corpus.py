"""Every recorded answer of the corpus gives the verdict written beside it.

A case names ``control``, ``verdict`` and ``key`` or ``reason``, and ``today`` where the day matters. Of a
fact that no check asks for (it only explains) it says instead what its parser makes of it: ``reads`` =
"value", or "unknown" with ``reason``.
"""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from auditor.findings import Unknown
from tests.endpoint.conftest import (
    CONTROLS,
    CORPUS,
    FACTS,
    JUDGES,
    TODAY,
    answer,
    fact_on,
    judged,
    pc,
    value_of,
)

CASES = sorted(CORPUS.glob("*/*/*.json"))
GIVEN = {fact.type for fact in FACTS}
ASKED = {need.type for check in JUDGES.values() for need in check.facts}

NEVER_TOLD = {("office.version", "macos")}
"""Answers that can only explain why a control is unknown: Office for Mac does not tell its release."""


def recorded(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value


JUDGED = [path for path in CASES if "reads" not in recorded(path)]
READ = [path for path in CASES if "reads" in recorded(path)]


@pytest.mark.parametrize("path", READ, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_recorded_answer_that_only_explains_reads_as_written_beside_it(path: Path) -> None:
    case, system, id_ = recorded(path), path.parts[-3], path.parts[-2]
    value = value_of(fact_on(id_, system), answer(id_, case))
    assert fact_on(id_, system).type not in ASKED, "a fact that is judged needs verdicts"
    if case["reads"] == "unknown":
        assert isinstance(value, Unknown), value
        assert value.reason == case["reason"]
    else:
        assert isinstance(value, fact_on(id_, system).type)


@pytest.mark.parametrize("path", JUDGED, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_recorded_answer_gives_the_verdict_written_beside_it(path: Path) -> None:
    case, system, id_ = recorded(path), path.parts[-3], path.parts[-2]
    answers = {id_: answer(id_, case)}
    for other, body in case.get("beside", {}).items():
        answers[other] = answer(other, {"status": "ok", "body": body})
    today = date.fromisoformat(case["today"]) if "today" in case else TODAY
    judgement = judged(case["control"], answers, endpoint=pc(system, **case.get("endpoint", {})), today=today)
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
    if fact_on(id_, system).type not in ASKED:
        assert {case["reads"] for case in cases.values()} == {"value", "unknown"}
        return
    verdicts = {case["verdict"] for case in cases.values()}
    if (id_, system) in NEVER_TOLD:
        assert verdicts == {"unknown"}
        return
    assert "fail" in verdicts
    assert "pass" in verdicts or (id_, system) == ("app.installed", "linux")


@pytest.mark.parametrize("path", [path for path in CASES if recorded(path)["status"] != "ok"], ids=str)
def test_what_was_not_answered_is_never_a_pass_nor_a_fail(path: Path) -> None:
    case = recorded(path)
    assert case.get("verdict", case.get("reads")) == "unknown"


def test_every_control_has_a_passing_a_failing_and_an_unknown_case() -> None:
    seen: dict[str, set[str]] = {}
    for path in JUDGED:
        case = recorded(path)
        seen.setdefault(case["control"], set()).add(case["verdict"])
    told = {id_ for id_, check in JUDGES.items() if any(need.type in GIVEN for need in check.facts)}
    assert {id_: {"pass", "fail", "unknown"} - seen.get(id_, set()) for id_ in told} == {
        id_: set() for id_ in told
    }


def test_the_published_table_of_recorded_answers_is_current_and_says_where_each_comes_from() -> None:
    script = CORPUS.parents[2] / "scripts" / "corpus_table.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, f"run python scripts/corpus_table.py {done.stderr}"
