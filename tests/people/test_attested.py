"""What people attest: shown as their word, never as measured, and unknown where it does not count today."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import discover
from auditor.access.folder import DirectFolder
from auditor.attested import Attestations, digest_of, name_of
from auditor.attestforms import Entry, Form, Kept, newest, parsed
from auditor.catalogue import read_catalogue
from auditor.collect import collect_task
from auditor.control import Control, Leg
from auditor.errors import Garbled
from auditor.evidence import Evidence
from auditor.findings import Counts, Finding, Reason, Unknown, Verdict, shown_as, tally
from auditor.judge import Scene, judge
from auditor.legs import people_readiness
from auditor.model import Model, load_model
from auditor.plan import Task, plan
from auditor.readiness import Ready
from auditor.roads import Roads
from auditor.targets import Person, Section, Town
from checks.people import attested
from tests.people.conftest import EVERY

ON = date(2026, 11, 20)
TODAY = date(2026, 11, 26)
PLUGINS = discover._declared({"attested": attested}, {})
SECTION_ASKED = {"COM-03", "COM-04", "COM-07", "DAT-03", "PPL-07"}
TOWN_ASKED = {"DAT-05", "DAT-06", "GOV-05", "GOV-08", "PPL-10"}


@pytest.fixture(scope="module")
def model() -> Model:
    controls = read_catalogue(discover._declared(dict(EVERY), {}))
    return load_model(controls, "beta")


def form(model: Model, section: str = "soumu", on: date = ON, quarter: str = "2026Q4", **said: str) -> Form:
    """A kept form; `said` = answer by control, its hyphen written as an underscore."""
    entries = []
    for name, answer in said.items():
        control = model.controls[name.replace("_", "-")]
        assert control.attest is not None
        entries.append(Entry(control.id, answer, date(2028, 1, 1), digest_of(control.attest)))
    return Form(section=section, quarter=quarter, on=on, post="所属長", answers=tuple(entries))


def keep(root: Path, *forms: Form) -> Path:
    folder = root / "attestations"
    folder.mkdir(exist_ok=True)
    for one in forms:
        (folder / name_of(one.section, one.quarter)).write_bytes(msgspec.json.encode(one))
    return root


def seen(root: Path, model: Model, today: date = TODAY) -> dict[tuple[str, str], Finding]:
    """What a scan of the town finds, by target and control."""
    town = Town(name="松風町", root=root, sections=(Section(id="soumu", name="総務課"),))
    scene = Scene(town=town, model=model, plugins=PLUGINS, now=datetime.now(UTC), today=today)
    found: dict[tuple[str, str], Finding] = {}
    for task in plan(town, model, PLUGINS):
        evidence = collect_task(task, PLUGINS, Roads(root=root))
        rows, broken = judge(task, evidence, scene)
        assert not broken
        found.update({(row.target, row.control): row for row in rows})
    return found


def test_sections_and_the_town_are_asked_what_nothing_measures(model: Model, tmp_path: Path) -> None:
    found = seen(tmp_path, model)
    assert {control for target, control in found if target == "section:soumu"} == SECTION_ASKED
    assert {control for target, control in found if target == "town:town"} == TOWN_ASKED
    assert {row.reason for row in found.values()} == {Reason.NOT_ATTESTED}
    assert all(row.attested is not None and not row.whole_target for row in found.values())


def test_a_machine_without_a_town_is_asked_nothing(model: Model) -> None:
    alone = Town(name="x", alone=True)
    assert [task.checks for task in plan(alone, model, PLUGINS)] == [()]


def test_each_control_may_say_each_of_its_sentences_and_no_other(model: Model) -> None:
    for id_ in SECTION_ASKED | TOWN_ASKED:
        control = model.controls[id_]
        assert control.attest is not None
        wanted = {"ok", "no"} | ({"none"} if control.attest.may_not_concern else set())
        assert set(control.says) == wanted, id_
        assert control.leg is Leg.NONE
        assert control.attest.kind == control.targets[0]


@pytest.mark.parametrize("control", sorted(SECTION_ASKED | TOWN_ASKED))
def test_every_attested_control_passes_fails_and_is_unknown_by_its_answer(
    model: Model, tmp_path: Path, control: str
) -> None:
    whose = "soumu" if control in SECTION_ASKED else "_town"
    target = "section:soumu" if control in SECTION_ASKED else "town:town"
    for answer, verdict in (("yes", Verdict.PASS), ("no", Verdict.FAIL), ("unsure", Verdict.UNKNOWN)):
        said = {control.replace("-", "_"): answer}
        keep(tmp_path, form(model, whose, ON, "2026Q4", **said))
        row = seen(tmp_path, model)[target, control]
        assert row.verdict is verdict
        assert row.attested is not None
        if answer != "unsure":
            assert (row.attested.office, row.attested.post, row.attested.on) == (whose, "所属長", ON)


def test_no_concern_is_an_answer_only_where_the_control_allows_it(model: Model, tmp_path: Path) -> None:
    keep(tmp_path, form(model, COM_04="none"))
    assert seen(tmp_path, model)["section:soumu", "COM-04"].verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("today", "on", "reason"),
    [
        (date(2027, 2, 28), ON, None),
        (date(2027, 3, 1), ON, Reason.EXPIRED),
        (date(2026, 11, 19), ON, Reason.NOT_ATTESTED),
        (date(2026, 11, 20), ON, None),
    ],
)
def test_an_expired_and_a_future_answer_are_unknown(
    model: Model, tmp_path: Path, today: date, on: date, reason: Reason | None
) -> None:
    keep(tmp_path, form(model, on=on, DAT_03="yes"))
    assert seen(tmp_path, model, today)["section:soumu", "DAT-03"].reason is reason


def test_a_blank_is_unknown_even_beside_a_yes_of_an_earlier_quarter(model: Model, tmp_path: Path) -> None:
    keep(tmp_path, form(model, quarter="2026Q3", on=date(2026, 9, 1), COM_03="yes", COM_07="yes"))
    assert seen(tmp_path, model)["section:soumu", "COM-03"].verdict is Verdict.PASS
    keep(tmp_path, form(model, COM_07="yes"))
    assert seen(tmp_path, model)["section:soumu", "COM-03"].reason is Reason.NOT_ATTESTED


def test_an_answer_to_another_wording_does_not_count(model: Model, tmp_path: Path) -> None:
    written = form(model, COM_03="yes")
    (entry,) = written.answers
    other = msgspec.structs.replace(entry, question="0" * 64)
    keep(tmp_path, msgspec.structs.replace(written, answers=(other,)))
    assert seen(tmp_path, model)["section:soumu", "COM-03"].reason is Reason.STALE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"section":"zeimu","quarter":"2026Q4","on":"2026-11-20","post":"x","answers":[],"schema":1}',
        '{"section":"soumu","quarter":"2026Q4","on":"2026-11-20","post":"x","answers":[],"schema":2}',
        '{"section":"soumu","quarter":"2026Q4","on":"2026-11-20","post":"x","answers":[],"more":1}',
        '{"section":"soumu","quarter":"2026Q9","on":"2026-11-20","post":"x","answers":[],"schema":1}',
        '{"section":"soumu","quarter":"2026Q4","on":"2026-11-31","post":"x","answers":[],"schema":1}',
        "氏名",
    ],
)
def test_a_kept_file_that_is_not_ours_makes_the_section_unknown_and_never_passes(
    model: Model, tmp_path: Path, text: str
) -> None:
    folder = tmp_path / "attestations"
    folder.mkdir()
    (folder / "2026Q4-soumu.json").write_text(text, "cp932")
    found = seen(tmp_path, model)
    reasons = {found["section:soumu", control].reason for control in SECTION_ASKED}
    assert reasons <= {Reason.UNREADABLE, Reason.NOT_ATTESTED}
    assert (text == "") == (reasons == {Reason.NOT_ATTESTED})


def test_files_of_others_and_of_no_quarter_are_not_looked_at(model: Model, tmp_path: Path) -> None:
    folder = keep(tmp_path, form(model, "zeimu", COM_03="yes")) / "attestations"
    (folder / "latest-soumu.json").write_text("x")
    (folder / "2026Q4-soumu.xlsx").write_text("x")
    assert json.loads(newest(DirectFolder(folder), "soumu")) == {"section": "soumu", "form": ""}


@given(st.text())
def test_parsing_a_kept_form_ends_in_attestations_or_garbled(text: str) -> None:
    try:
        found = parsed(msgspec.json.encode(Kept("soumu", text.encode("utf-8", "replace").decode())))
    except Garbled:
        return
    assert found == Attestations()


def test_what_was_said_is_never_counted_with_what_was_measured(model: Model, tmp_path: Path) -> None:
    keep(tmp_path, form(model, COM_03="yes", COM_04="no"), form(model, "_town", PPL_10="yes"))
    rows = list(seen(tmp_path, model).values())
    counted = tally(rows)
    assert counted.total == 0
    assert counted.passed == counted.fail == counted.unknown == 0
    assert counted.attested == Counts(passed=2, fail=1, unknown=7)
    assert {shown_as(row).removesuffix(row.verdict.value) for row in rows} == {"attested_"}
    measured = [replace(row, attested=None) for row in rows]
    assert tally(measured).total == len(rows)
    assert tally(measured).attested.total == 0
    both = tally([*rows, *measured])
    assert (both.passed, both.attested.passed) == (2, 2)


def test_evidence_of_a_section_holds_no_name(model: Model, tmp_path: Path) -> None:
    keep(tmp_path, form(model, COM_03="yes"))
    section = Section(id="soumu", name="総務課", head="101")
    task = Task(section, tuple(check for check in PLUGINS.checks if check.control in SECTION_ASKED))
    evidence = collect_task(task, PLUGINS, Roads(root=tmp_path))
    assert isinstance(evidence, Evidence)
    assert "101" not in evidence.answers[0].body.decode()


def worded(model: Model, leg: Leg) -> dict[str, Control]:
    return {id_: replace(control, leg=leg) for id_, control in model.controls.items()}


@pytest.mark.parametrize(
    ("answer", "leg", "ready"),
    [
        ("yes", Leg.WORK, Ready.CHECK_FIRST),  # no route is declared, and a word proves none
        ("no", Leg.WORK, Ready.BLOCKED),
        ("no", Leg.NONE, Ready.CHECK_FIRST),
    ],
)
def test_a_word_can_hold_a_leg_back_only_where_the_control_says_so_and_proves_none(
    model: Model, tmp_path: Path, answer: str, leg: Leg, ready: Ready
) -> None:
    keep(tmp_path, form(model, COM_04=answer))
    row = seen(tmp_path, model)["section:soumu", "COM-04"]
    person = Person(id="101", name="高橋", section="soumu", trial=True)
    town = Town(name="松風町", sections=(Section(id="soumu", name="総務課"),), staff=(person,))
    (found,) = people_readiness(town, [row], worded(model, leg))
    assert found.legs[Leg.WORK] is ready


def test_an_answer_that_may_not_be_attested_is_never_given(model: Model) -> None:
    assert isinstance(Attestations().of(model.controls["GOV-06"], TODAY), Unknown)
