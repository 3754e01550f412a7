"""The sample town's answers: all good, and each fault turns exactly its own control."""

import json
import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from auditor.answers import Answer, Status
from auditor.findings import Judgement
from tests.endpoint.conftest import CONTROLS, JUDGES, judged, params_of, pc

FOLDER = Path(import_module("auditor").__path__[0]) / "demo" / "answers"
SYSTEMS = ("windows", "linux", "macos")
ELSEWHERE = {"EP-19", "EP-21", "EP-22", "NET-09", "RA-10"}
"""What exports and ledgers tell (tests/town/test_demo.py), LGWAN PCs, which the sample has not, and the ways
beside a VPN, which are allowed to the sample's PCs."""
CANNOT_TELL = {
    "windows": {"EP-15"},
    "linux": {"EP-14", "EP-15"},
    "macos": {"EP-09", "EP-11", "EP-14", "EP-15", "EP-16"},
}
"""Controls that stay unknown even on a good PC of that system (EP-15: the table of browsers is old)."""
NOT_THERE = {"EP-04", "NET-11"}
"""Controls that do not concern a good PC: it does not run Windows 10, and is on no public Wi-Fi."""
TOGETHER = {"EP-04": {"EP-02"}}
"""What has to turn with a control: both look at the end of support, and must agree."""
CONFIRMED = {"EP-18": {"domain_policy": "confirmed"}, "ID-06": {"domain_policy": "confirmed"}}
"""What the sample town says of the domain that its PCs have joined; its model.toml gives the reason."""
MADE = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def filled(text: str, made: datetime) -> str:
    def put(match: re.Match[str]) -> str:
        moment = made - timedelta(days=int(match[2]))
        return {
            "DAY": moment.date().isoformat(),
            "TIME": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "EPOCH": str(int(moment.timestamp())),
        }[match[1]]

    return re.sub(r"@(DAY|TIME|EPOCH)-([0-9]+)@", put, text).replace("@SERIAL@", "PF3ABCDE")


def document(system: str) -> dict[str, Any]:
    value = json.loads((FOLDER / f"{system}.json").read_text(encoding="utf-8"))
    assert set(value) == {"good", "fail"}
    return dict(value)


def all_judged(system: str, answers: dict[str, Any], made: datetime = MADE) -> dict[str, Judgement]:
    read = {
        id_: Answer(id_, Status(one["status"]), filled(one["body"], made).encode())
        for id_, one in answers.items()
    }
    own = [
        control
        for control in sorted(JUDGES)
        if system in CONTROLS[control]["applies"]["os"] and control not in ELSEWHERE
    ]
    return {
        control: judged(
            control,
            read,
            endpoint=pc(system),
            params=params_of(control, **CONFIRMED.get(control, {})),
            today=made.date(),
        )
        for control in own
    }


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_good_pc_passes_all_that_its_system_can_tell(system: str) -> None:
    verdicts = all_judged(system, document(system)["good"])
    assert {control for control, one in verdicts.items() if one.verdict == "unknown"} == CANNOT_TELL[system]
    others = {id_: one.verdict for id_, one in verdicts.items() if one.verdict not in ("pass", "unknown")}
    assert others == dict.fromkeys(NOT_THERE & set(verdicts), "not_applicable")


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_fault_turns_exactly_its_own_control(system: str) -> None:
    both = document(system)
    good = all_judged(system, both["good"])
    for control, fault in both["fail"].items():
        now = all_judged(system, {**both["good"], **fault})
        assert now[control].verdict == "fail"
        assert {id_ for id_ in now if now[id_] != good[id_]} == {control} | TOGETHER.get(control, set())


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_control_that_can_pass_can_also_fail(system: str) -> None:
    both = document(system)
    passing = {control for control, one in all_judged(system, both["good"]).items() if one.verdict == "pass"}
    assert passing <= set(both["fail"])


@pytest.mark.parametrize("system", ["windows", "linux"])
def test_the_good_pc_is_still_supported_in_a_year(system: str) -> None:
    later = MADE + timedelta(days=372)
    assert all_judged(system, document(system)["good"], later)["EP-02"].verdict == "pass"
    assert later.date() > date(2027, 11, 30)


def test_the_sample_town_confirmed_its_domain_with_a_reason() -> None:
    model = tomllib.loads((FOLDER.parent / "model.toml").read_text(encoding="utf-8"))
    for control, changed in CONFIRMED.items():
        assert model["params"][control] == changed
        assert model["reasons"][f"{control}.domain_policy"]
