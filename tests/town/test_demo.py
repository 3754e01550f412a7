"""The sample town is a town like any other: only its content is invented."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from auditor.arrivals.received import Known
from auditor.demo import write_demo
from auditor.demo.cast import assemble
from auditor.demo.inbox import dated
from auditor.demo.segments import LEFT_OPEN
from auditor.doctor import examine
from auditor.errors import OutputError
from auditor.findings import Verdict
from auditor.intent import intents
from auditor.plan import plan
from auditor.readiness import Ready, SectionReadiness
from auditor.roads import Roads
from auditor.run import Run, Standing
from auditor.session import Session, audit, model_of, read_arrivals, read_controls
from auditor.targets import Town, target_key
from auditor.town import load_town

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo") / "matsukaze"
    now = datetime.now(UTC)
    write_demo(place, now.date(), now)
    return place


@pytest.fixture(scope="module")
def town(folder: Path) -> Town:
    return load_town(folder).town


@pytest.fixture(scope="module")
def run(town: Town) -> Run:
    plugins, controls = read_controls()
    session = Session(town=town, model=model_of(town, controls), plugins=plugins, controls=controls)
    return audit(
        session,
        lambda inbox: Roads(inbox=inbox, accept_unsigned=True, root=town.root),
        lambda _target, _reason: None,
    ).audit.run


@pytest.fixture(scope="module")
def section(run: Run) -> Callable[[str], SectionReadiness]:
    rows = {row.section: row for row in run.section_readiness}
    return rows.__getitem__


def test_the_doctor_finds_nothing_to_correct(folder: Path) -> None:
    health = examine(folder)
    assert health.problems == ()
    told = {note.key for note in health.notes}
    assert told == {"console_no_times", "console_absent", "unsigned_inbox"}


def test_it_has_205_staff_in_17_sections_and_80_teleworkers(town: Town) -> None:
    assert (len(town.staff), len(town.sections), len(town.endpoints)) == (205, 17, 80)
    assert sum(person.trial for person in town.staff) == 80
    assert len({person.name for person in town.staff}) == 205


def test_every_section_has_a_head_and_an_officer_of_its_own(town: Town) -> None:
    home = {person.id: person.section for person in town.staff}
    for one in town.sections:
        assert one.head != one.officer
        assert home[one.head] == home[one.officer] == one.id


def test_every_page_will_say_that_it_is_a_sample(town: Town) -> None:
    assert town.sample


def test_nothing_in_it_would_ever_be_contacted(town: Town) -> None:
    assert {one.road for one in town.endpoints} == {"file", "console"}
    assert {one.road for one in town.gateways} == {"file"}
    assert {one.road for one in town.print_servers} == {"file"}
    assert {one.road for one in town.flows} == {"file"}
    plugins, controls = read_controls()
    assert intents(town, plan(town, model_of(town, controls), plugins), plugins) == ()


def test_one_way_between_its_segments_was_left_open_and_the_others_are_as_agreed(run: Run) -> None:
    found = {
        (one.target, one.control): one
        for one in run.findings
        if one.target.startswith("flow:") and one.verdict is not Verdict.NOT_APPLICABLE
    }
    verdicts = {key: one.verdict for key, one in found.items()}
    assert verdicts == {
        ("flow:office-mynumber", "NET-01"): Verdict.PASS,
        ("flow:lgwan-mynumber", "NET-01"): Verdict.PASS,
        ("flow:office-lgwan", "NET-03"): Verdict.FAIL,
        ("flow:lgwan-internet", "NET-03"): Verdict.PASS,
        ("flow:lgwan-updates", "NET-03"): Verdict.PASS,
    }
    host, port = LEFT_OPEN
    assert found["flow:office-lgwan", "NET-03"].places == (f"{host}:{port}",)


def test_it_shows_five_operating_systems_mostly_windows(town: Town) -> None:
    systems = Counter(endpoint.os for endpoint in town.endpoints)
    assert set(systems) == {"windows", "linux", "macos", "chromeos", "ipados"}
    assert systems["windows"] > 60


def test_every_evidence_file_is_one_the_program_accepts(folder: Path, town: Town) -> None:
    plugins, controls = read_controls()
    session = Session(town=town, model=model_of(town, controls), plugins=plugins, controls=controls)
    found = read_arrivals(session, datetime.now(UTC), Known())
    keys = {target_key(one) for one in town.targets}
    assert set(found.arrived) == {Standing.ADMITTED}
    assert set(found.evidence) <= keys
    assert {key for key in keys if key.startswith(("gateway:", "print-server:", "flow:"))} <= set(
        found.evidence
    )


def test_chromebooks_and_ipads_stand_in_exported_lists_alone(folder: Path, town: Town, run: Run) -> None:
    told = {one.id: target_key(one) for one in town.endpoints if one.os in ("chromeos", "ipados")}
    assert {one.road for one in town.endpoints if one.id in told} == {"console"}
    assert not [path for path in (folder / "inbox").iterdir() if any(id_ in path.name for id_ in told)]
    of = {one.target: one for one in run.findings if one.control == "EP-05"}
    verdicts = Counter(of[key].verdict for key in told.values())
    assert verdicts == {Verdict.PASS: 4, Verdict.FAIL: 1, Verdict.UNKNOWN: 3}


def test_consoles_and_ledgers_show_good_and_bad_cases(run: Run) -> None:
    found = Counter((one.control, one.key or str(one.reason)) for one in run.findings)
    for control, key in (
        ("EP-19", "not_enrolled"),
        ("EP-19", "not_collected"),
        ("EP-20", "ok"),
        ("EP-20", "guest"),
        ("EP-22", "approved"),
        ("EP-22", "unapproved"),
        ("EP-23", "expired"),
        ("EP-23", "not_declared"),
    ):
        assert 1 <= found[control, key] <= 8, (control, key)
    assert found["EP-19", "ok"] > 60
    assert found["EP-22", "issued"] > 60


def test_nobody_waits_in_the_perfect_section(run: Run, section: Callable[[str], SectionReadiness]) -> None:
    row = section("kikaku")
    assert row.people == 5
    assert row.by_ready[Ready.READY] == 5
    assert row.tally.fail == 0
    mine = {one.key for one in run.targets if one.sections == ("kikaku",)}
    waiting = {one.control for one in run.findings if one.target in mine and one.verdict is Verdict.UNKNOWN}
    assert waiting <= {"EP-15", "EP-16"}, "the dated tables of browsers and suites may be old on this day"


def test_several_are_blocked_for_different_causes_in_the_section_in_trouble(
    run: Run, section: Callable[[str], SectionReadiness]
) -> None:
    assert section("zeimu").by_ready[Ready.READY] == 0
    causes = {
        cause.control
        for person in run.readiness
        if person.section == "zeimu" and person.ready is Ready.BLOCKED
        for cause in person.causes
    }
    assert len(causes) >= 6


def test_the_silent_section_is_never_ready(section: Callable[[str], SectionReadiness]) -> None:
    row = section("kensetsu")
    assert row.heard is False
    assert row.by_ready[Ready.CHECK_FIRST] == row.people == 4


def test_most_people_of_the_other_sections_can_start(run: Run) -> None:
    ready = sum(person.ready is Ready.READY for person in run.readiness)
    assert 40 <= ready < 75


def test_its_accounts_cover_the_whole_trial_and_show_two_faults(run: Run) -> None:
    mine = {row.control: row for row in run.findings if row.target == "accounts:groupware"}
    assert {id_ for id_, row in mine.items() if row.verdict == "fail"} == {"ID-01", "ID-05"}
    assert {row.verdict for row in mine.values()} == {"pass", "fail"}
    assert (mine["ID-01"].values["count"], mine["ID-01"].values["people"]) == (1, 80)
    assert mine["ID-05"].places == ("s0299@matsukaze.example",)


def test_its_approval_routes_show_good_and_bad_ones(run: Run) -> None:
    def failed(target: str) -> dict[str, tuple[str, ...]]:
        return {
            row.control: row.places for row in run.findings if row.target == target and row.verdict == "fail"
        }

    lone = ("減免申請の受付から通知まで: 課長の承認",)
    seal = ("減免申請の受付から通知まで: 決裁書に押印",)
    assert failed("routes:trouble") == {"PPL-03": seal, "PPL-04": lone, "PPL-14": lone}
    assert {row.verdict for row in run.findings if row.target == "routes:good"} == {"pass"}
    assert set(failed("approvals:approvals")) == {"PPL-02", "PPL-05", "PPL-19"}


def test_records_are_kept_and_sent_away_but_on_one_pc_each(run: Run) -> None:
    for control, key in (("LOG-01", "stopped"), ("LOG-02", "none")):
        failed = [row for row in run.findings if row.control == control and row.verdict == "fail"]
        assert [row.key for row in failed] == [key]


def test_no_check_fails_by_its_own_fault(run: Run) -> None:
    assert run.broken == ()


def test_the_same_day_gives_the_same_town() -> None:
    assert assemble(TODAY) == assemble(TODAY)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("x@DAY-3@y", "x2026-11-22y"),
        ("@DAY+10@", "2026-12-05"),
        ("@TIME-1@", "2026-11-24T01:00:00Z"),
        ("@EPOCH-0@", str(int(NOW.timestamp()))),
        ("user@example.jp", "user@example.jp"),
        ("@OTHER-1@", "@OTHER-1@"),
    ],
)
def test_dates_move_with_the_day_of_the_sample(text: str, filled: str) -> None:
    assert dated(text, TODAY, NOW) == filled


def test_no_token_is_left_in_the_evidence(folder: Path) -> None:
    for path in (folder / "inbox").iterdir():
        bodies = [row.get("body", "") for row in json.loads(path.read_bytes())["answers"]]
        assert not [body for body in bodies if "@DAY" in body or "@TIME" in body or "@EPOCH" in body]
        assert not [body for body in bodies if "@SERIAL@" in body]


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(OutputError, match="folder_not_empty"):
        write_demo(tmp_path, TODAY, NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
