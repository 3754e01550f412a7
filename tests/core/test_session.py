"""From declarations to a run: a part of the town looks no better than the whole, an old day no newer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from auditor.answers import Answer, Status
from auditor.cli.past import _until
from auditor.control import Leg
from auditor.declare import CONSOLE, check, fact
from auditor.engine import japan_day
from auditor.errors import ConfigError
from auditor.evidence import Evidence, encode
from auditor.findings import Judgement, Reason, Verdict, failed, passed
from auditor.plan import plan
from auditor.readiness import Ready
from auditor.roads import Roads
from auditor.run import Run
from auditor.session import Session, audit, judged, model_of, narrowed
from auditor.targets import Console, Endpoint, Section, Target, Town
from tests.core.world import NOW, PC, SOUMU, TARO, Lock, control, lock, locks, model, ok, plugins, said

ZEIMU = Section(id="zeimu", name="税務課")
HANA = replace(TARO, id="0102", section="zeimu")
OTHER = replace(PC, id="PC-2", serial="SN2", user="0102", section="zeimu")


def town_of(*endpoints: Endpoint, root: Path | None = None) -> Town:
    return Town(
        name="松風町",
        sections=(SOUMU, ZEIMU),
        staff=(TARO, HANA),
        endpoints=endpoints,
        root=root,
        unsigned_inbox=True,
    )


def session_of(town: Town) -> Session:
    one = control()
    return Session(town=town, model=model(one), plugins=plugins(lock, locks), controls=(one,))


def nobody(target: Target, outcome: Reason | None) -> None:
    pass


def scanned(root: Path, evidence: Sequence[Evidence], *endpoints: Endpoint) -> Run:
    inbox = root / "inbox"
    inbox.mkdir()
    for number, one in enumerate(evidence):
        (inbox / f"{number}.json").write_bytes(encode(one))
    session = session_of(town_of(*(replace(row, road="file") for row in endpoints), root=root))
    return audit(session, lambda found: Roads(inbox=found, accept_unsigned=True), nobody).audit.run


def pc(after_s: int, of: Endpoint = PC) -> Evidence:
    now = datetime.now(UTC)
    answered = said(ok("w.lock", str(after_s)), target=f"endpoint:{of.id}", at=now)
    return replace(answered, serial=of.serial, system=of.os)


def standing(run: Run) -> dict[str, tuple[Verdict, Ready, int]]:
    """By section: its PC's verdict, its person's device leg, its fails."""
    device = {one.section: one.legs[Leg.DEVICE] for one in run.readiness}
    verdicts = {run.target(row.target).sections[0]: row.verdict for row in run.findings}
    return {
        one.section: (verdicts[one.section], device[one.section], one.tally.fail)
        for one in run.section_readiness
    }


def test_a_weakened_fact_turns_exactly_its_control_its_person_and_its_section(tmp_path: Path) -> None:
    run = scanned(tmp_path, [pc(600), pc(1800, OTHER)], PC, OTHER)
    assert standing(run) == {
        "soumu": (Verdict.PASS, Ready.READY, 0),
        "zeimu": (Verdict.FAIL, Ready.BLOCKED, 1),
    }


def test_a_pc_without_evidence_is_unknown_beside_one_with(tmp_path: Path) -> None:
    run = scanned(tmp_path, [pc(600)], PC, OTHER)
    assert standing(run)["zeimu"] == (Verdict.UNKNOWN, Ready.CHECK_FIRST, 0)
    assert standing(run)["soumu"] == (Verdict.PASS, Ready.READY, 0)


def test_a_file_of_one_pc_renamed_to_another_is_not_believed(tmp_path: Path) -> None:
    stolen = replace(pc(600), target="endpoint:PC-2")
    run = scanned(tmp_path, [pc(600), stolen], PC, OTHER)
    assert standing(run)["zeimu"] == (Verdict.UNKNOWN, Ready.CHECK_FIRST, 0)
    assert run.target("endpoint:PC-2").outcome is Reason.UNTRUSTED


def test_a_part_of_the_town_keeps_what_its_people_depend_on() -> None:
    """A second PC that stands in another section's ledger must not drop out and make its user readier."""
    second = replace(PC, id="PC-3", section="zeimu")
    nowhere = replace(PC, id="PC-4", section="")
    part = narrowed(town_of(PC, OTHER, second, nowhere), ["soumu"])
    assert [row.id for row in part.endpoints] == ["PC-1", "PC-3", "PC-4"]
    assert [person.trial for person in part.staff] == [True, False]


def test_a_section_is_called_by_id_or_name_and_a_misspelt_one_is_named() -> None:
    assert narrowed(town_of(PC), ["税務課"]).sections == (ZEIMU,)
    assert narrowed(town_of(PC), []) == town_of(PC)
    with pytest.raises(ConfigError) as caught:
        narrowed(town_of(PC), ["soumu", "税無課"])
    (one,) = caught.value.problems
    assert (one.key, one.values["name"]) == ("no_section", "税無課")


@pytest.mark.parametrize("name", ["bata-prime", "Town", "", "../beta"])
def test_a_misspelt_model_is_refused_and_not_taken_for_the_towns_own(tmp_path: Path, name: str) -> None:
    own = 'id = "x"\ntitle = { ja = "x", en = "x" }\nextends = "beta"\n'
    (tmp_path / "model.toml").write_text(own, "utf-8")
    town = town_of(PC, root=tmp_path)
    assert model_of(replace(town, model="town"), (control(),)).id == "x"
    with pytest.raises(ConfigError) as caught:
        model_of(replace(town, model=name), (control(),))
    assert caught.value.problems[0].key == "no_model"


def test_no_town_folder_has_no_model_of_its_own() -> None:
    with pytest.raises(ConfigError):
        model_of(replace(town_of(PC), model="town"), (control(),))


def rejudged(started: datetime, now: datetime, today: date | None = None) -> Run:
    session = session_of(town_of(PC))
    evidence = {"endpoint:PC-1": said(ok("w.lock", "600"), at=NOW)}
    tasks = plan(session.town, session.model, session.plugins)
    return judged(session, tasks, evidence, started=started, now=now, today=today)


@pytest.mark.parametrize(
    ("day", "verdict", "reason"),
    [
        ("2026-11-22", Verdict.UNKNOWN, Reason.NOT_COLLECTED),
        ("2026-11-23", Verdict.PASS, None),
        ("2026-12-06", Verdict.PASS, None),
        ("2026-12-08", Verdict.UNKNOWN, Reason.STALE),
    ],
)
def test_kept_evidence_counts_from_its_day_until_it_is_stale(
    day: str, verdict: Verdict, reason: Reason | None
) -> None:
    today, now = _until(day)
    run = rejudged(NOW, now, today)
    assert (run.findings[0].verdict, run.findings[0].reason) == (verdict, reason)
    assert run.today.isoformat() == day


def test_a_long_run_is_judged_for_the_day_it_began() -> None:
    began = NOW - timedelta(hours=13)
    run = rejudged(began, NOW + timedelta(hours=1))
    assert run.findings[0].verdict is Verdict.PASS
    assert run.today == japan_day(began).date()


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "20261123x", ""])
def test_a_day_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _until(text)
    assert caught.value.problems[0].key == "not_date"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The console's word."""

    yes: bool


@fact("w.own", windows="'x'")
def own(answer: Answer) -> Lock:
    return Lock(int(answer.text()))


@fact("mdm.console", windows=CONSOLE)
def enrolled(answer: Answer) -> Enrolled:
    return Enrolled(answer.json()["enrolled"] is True)


@check("W-02")
def managed(own: Lock, seen: Enrolled) -> Judgement:
    return passed() if seen.yes else failed("slow", after_s=own.after_s)


@pytest.mark.parametrize(("state", "verdict"), [("Managed", Verdict.PASS), ("Discovered", Verdict.FAIL)])
def test_a_silent_pc_keeps_nothing_of_what_its_console_said_before(
    tmp_path: Path, state: str, verdict: Verdict
) -> None:
    export = tmp_path / "intune.csv"
    export.write_text(f"Serial number,OS,Device state\nSN1,Windows,{state}\n", encoding="utf-8")
    row = replace(PC, os="windows", road="file")
    console = Console(id="mdm", name="管理", kind="intune", file=export, exported_at=datetime.now(UTC))
    town = replace(town_of(row, root=tmp_path), consoles=(console,))
    before = Answer("mdm.console", Status.OK, b'{"enrolled": true}', collected_at=datetime.now(UTC))
    last = replace(said(ok("w.own", "600"), before, at=datetime.now(UTC)), system="windows")
    one = control("W-02")
    session = Session(town=town, model=model(one), plugins=plugins(own, enrolled, managed), controls=(one,))
    run = audit(session, lambda found: Roads(inbox=found), nobody, last_heard=lambda _: last).audit.run
    assert [finding.verdict for finding in run.findings] == [verdict]


def test_a_machine_that_left_the_console_s_list_is_not_judged_by_the_list_before(tmp_path: Path) -> None:
    export = tmp_path / "intune.csv"
    export.write_text("Serial number,OS,Device state\nSN9,Windows,Managed\n", encoding="utf-8")
    console = Console(id="mdm", name="管理", kind="intune", file=export, exported_at=datetime.now(UTC))
    row = replace(PC, os="windows", road="console")
    town = replace(town_of(row, root=tmp_path), consoles=(console,))
    answers = (ok("w.own", "600"), ok("mdm.console", '{"enrolled": true}'))
    last = replace(said(*answers, at=datetime.now(UTC)), system="windows", details={"console": "mdm"})
    one = control("W-02")
    session = Session(town=town, model=model(one), plugins=plugins(own, enrolled, managed), controls=(one,))
    run = audit(session, lambda found: Roads(inbox=found), nobody, last_heard=lambda _: last).audit.run
    assert [finding.reason for finding in run.findings] == [Reason.NOT_COLLECTED]
    export.unlink()
    run = audit(session, lambda found: Roads(inbox=found), nobody, last_heard=lambda _: last).audit.run
    assert [finding.verdict for finding in run.findings] == [Verdict.PASS], (
        "without a list the last one counts"
    )
