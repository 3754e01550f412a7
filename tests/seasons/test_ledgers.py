"""April: the ledgers are replaced; nothing stops, nobody is matched by likeness, what hangs loose is said."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.arrivals.signers import read_signers
from auditor.changes import changes, dated
from auditor.doctor import described, examine
from auditor.engine import Audit
from auditor.findings import Finding, Verdict
from auditor.history import History
from auditor.problems import worded
from auditor.run import Run
from auditor.seasons import Loose, Move, Orphan, Register, Step, moves, orphans
from auditor.strays import strays
from auditor.targets import Endpoint, Person, Section, Town
from auditor.words import LANGUAGES
from tests.core.runs import run_of
from tests.core.world import NOW, PC, SOUMU, TARO, TODAY, TOWN, said
from tests.inbox.kit import new_key
from tests.town.conftest import ENDPOINTS, STAFF, TownFolder
from tests.town.conftest import TOWN as WRITTEN

YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def town(tmp_path: Path) -> TownFolder:
    return TownFolder(tmp_path / "town")


def note_keys(folder: TownFolder) -> set[str]:
    notes = folder.load().notes
    assert all(worded(note, lang, table="note") for note in notes for lang in LANGUAGES)
    return {note.key for note in notes}


def test_a_user_who_left_stops_nothing_and_the_machine_is_nobodys_until_it_is_handed_on(
    town: TownFolder,
) -> None:
    town.write("endpoints.csv", ENDPOINTS.replace("0101", "0999"))
    assert "user_left" in note_keys(town)
    loaded = town.load().town
    assert Orphan(loose=Loose.USER, owner="PC-001", names="0999") in orphans(loaded)
    assert not any(machine.user in {one.id for one in loaded.staff} for machine in loaded.endpoints)


@pytest.mark.parametrize("user", ["101", "髙橋 一郎"])
def test_a_number_without_its_zeros_and_a_name_are_still_mistakes_and_not_people_who_left(
    town: TownFolder, user: str
) -> None:
    town.write("endpoints.csv", ENDPOINTS.replace("0101", user))
    assert [key for *_, key in town.told()] == ["no_person"]


def test_a_head_and_an_officer_who_left_are_told_and_stop_nothing(town: TownFolder) -> None:
    town.write("town.toml", WRITTEN.replace('"0101"', '"0777"').replace('"0102"', '"0778"'))
    assert {"head_left", "officer_left"} <= note_keys(town)
    found = orphans(town.load().town)
    assert Orphan(loose=Loose.HEAD, owner="soumu", names="0777") in found
    assert Orphan(loose=Loose.OFFICER, owner="soumu", names="0778") in found
    assert Orphan(loose=Loose.NO_HEAD, owner="zeimu") in found
    assert Orphan(loose=Loose.NO_OFFICER, owner="zeimu") in found


def test_a_person_without_a_section_is_told_and_stops_nothing(town: TownFolder) -> None:
    town.write("staff.csv", STAFF.replace("花,税務課", "花,"))
    assert "no_place" in note_keys(town)
    assert Orphan(loose=Loose.NO_SECTION, owner="0102") in orphans(town.load().town)


def test_an_empty_staff_list_makes_nobody_an_orphan() -> None:
    found = orphans(replace(TOWN, staff=()))
    assert not {one.loose for one in found} & {Loose.USER, Loose.HEAD, Loose.OFFICER}


def test_the_key_of_an_officer_who_left_counts_for_nothing_and_is_listed(town: TownFolder) -> None:
    key = new_key(town.root.parent)
    lines = [
        f"officer:0999,officer:0102 {key.public}",
        f"officer:0998 {new_key(town.root.parent, name='b').public}",
    ]
    town.write("trusted_signers", "\n".join(lines) + "\n")
    signers = read_signers(town.root / "trusted_signers", town.load().town)
    named = {name for rows in signers.lines.values() for row in rows for name in row.principals}
    assert named == {"officer:0102"}
    assert signers.left == ((1, "officer:0999"), (2, "officer:0998"))
    loose = [one.names for one in strays(town.load().town) if one.loose is Loose.SIGNER]
    assert loose == ["officer:0999", "officer:0998"]


def test_a_form_of_a_section_that_is_gone_is_listed_until_another_continues_it(town: TownFolder) -> None:
    (town.root / "attestations").mkdir()
    town.write("attestations/2026Q1-suido.json", "{}")
    town.write("attestations/2026Q1-zeimu.json", "{}")
    town.write("attestations/2026Q1-_town.json", "{}")
    assert strays(town.load().town) == (Orphan(loose=Loose.FORM, owner="2026Q1-suido.json", names="suido"),)
    town.add("town.toml", 'formerly = ["suido"]\n')
    assert strays(town.load().town) == ()


def test_ledgers_may_still_write_the_id_of_a_section_that_another_continues(town: TownFolder) -> None:
    town.add("town.toml", 'formerly = ["suido"]\n')
    town.write("staff.csv", STAFF.replace("税務課", "suido"))
    assert [one.section for one in town.load().town.staff] == ["soumu", "zeimu"]


def test_an_id_that_two_sections_continue_places_nobody(town: TownFolder) -> None:
    text = WRITTEN.replace('officer = "0102"', 'officer = "0102"\nformerly = ["old"]')
    town.write("town.toml", text + 'formerly = ["old"]\n')
    town.write("staff.csv", STAFF.replace("税務課", "old"))
    assert [key for *_, key in town.told()] == ["unknown_section"]


@pytest.mark.parametrize("former", ["zeimu", "水道課", "../x"])
def test_a_former_id_that_is_none_or_the_sections_own_is_a_mistake(town: TownFolder, former: str) -> None:
    town.add("town.toml", f'formerly = ["{former}"]\n')
    assert [key for *_, key in town.told()] == ["bad_formerly"]


def register(**changed: object) -> Register:
    return Register.of_town(replace(TOWN, **changed))  # type: ignore[arg-type]


def test_a_person_is_the_same_by_id_however_the_name_is_written() -> None:
    for name in ("高橋 一郎", "髙\U000e0101橋 一郎", "たかはし"):
        assert moves(register(), register(staff=(replace(TARO, name=name),))) == ()


def test_the_same_name_under_another_id_is_another_person() -> None:
    other = replace(TARO, id="0201")
    found = moves(register(), register(staff=(other,)))
    assert {(one.id, one.step) for one in found} == {("0101", Step.GONE), ("0201", Step.NEW)}


def test_what_moved_was_handed_on_came_and_went_is_told_by_id() -> None:
    keizai = Section(id="keizai", name="経済課")
    after = register(
        sections=(replace(SOUMU, name="総務・財政課"), keizai),
        staff=(replace(TARO, section="keizai"), Person(id="0103", name="森", section="soumu", trial=True)),
        endpoints=(replace(PC, section="keizai", user="0103"), replace(PC, id="PC-2", serial="SN2")),
    )
    assert moves(register(), after) == (
        Move(kind="section", id="soumu", step=Step.RENAMED, before="総務課", after="総務・財政課"),
        Move(kind="section", id="keizai", step=Step.NEW, after="経済課"),
        Move(kind="person", id="0103", step=Step.NEW),
        Move(kind="person", id="0101", step=Step.MOVED, before="soumu", after="keizai"),
        Move(kind="endpoint", id="PC-2", step=Step.NEW),
        Move(kind="endpoint", id="PC-1", step=Step.HANDED, before="0101", after="0103"),
        Move(kind="endpoint", id="PC-1", step=Step.MOVED, before="soumu", after="keizai"),
    )


def a_run(town: Town, number: int, *findings: Finding) -> Run:
    day = TODAY + timedelta(days=number)
    return replace(run_of(town=town, day=number), findings=findings, today=day, number=number)


def failing(target: str, control: str = "W-01", verdict: Verdict = Verdict.FAIL) -> Finding:
    return Finding(control=control, target=target, verdict=verdict, key="x")


def sections(*rows: Section) -> Town:
    return replace(TOWN, sections=rows)


def test_a_merged_section_keeps_the_first_day_of_its_faults_and_none_began_today() -> None:
    old = sections(SOUMU, Section(id="zaisei", name="財政課"))
    first = dated(None, a_run(old, 1, failing("section:zaisei")))
    second = dated(first, a_run(old, 2, failing("section:zaisei"), failing("section:soumu")))
    merged = sections(Section(id="kikaku", name="企画課", formerly=("soumu", "zaisei")))
    third = dated(second, a_run(merged, 3, failing("section:kikaku")))
    assert third.findings[0].since == first.today
    told = changes(second, third)
    assert told.changed == ()
    assert (
        Move(kind="section", id="kikaku", step=Step.FOLLOWS, before="soumu zaisei", after="企画課")
        in told.moves
    )


def test_both_halves_of_a_split_section_keep_its_faults() -> None:
    first = dated(None, a_run(sections(SOUMU), 1, failing("section:soumu")))
    halves = (replace(SOUMU, formerly=()), Section(id="jinji", name="人事課", formerly=("soumu",)))
    second = dated(first, a_run(sections(*halves), 2, failing("section:soumu"), failing("section:jinji")))
    assert {row.since for row in second.findings} == {first.today}
    assert changes(first, second).changed == ()


def test_without_formerly_a_new_section_begins_and_the_old_one_ends() -> None:
    first = dated(None, a_run(sections(SOUMU), 1, failing("section:soumu")))
    second = dated(first, a_run(sections(Section(id="new", name="新課")), 2, failing("section:new")))
    assert second.findings[0].since == second.today
    assert [(one.target, one.before, one.after) for one in changes(first, second).changed] == [
        ("section:new", "", "fail"),
        ("section:soumu", "fail", ""),
    ]


def test_a_machine_seen_for_the_first_time_is_new_and_became_no_worse() -> None:
    from reports.shifts import way_of

    first = dated(None, a_run(TOWN, 1, failing("endpoint:PC-1", verdict=Verdict.PASS)))
    loan = replace(TOWN, endpoints=(PC, replace(PC, id="PC-9", serial="SN9", user="")))
    rows = (failing("endpoint:PC-1", verdict=Verdict.PASS), failing("endpoint:PC-9"))
    second = dated(first, a_run(loan, 2, *rows))
    told = changes(first, second)
    assert Move(kind="endpoint", id="PC-9", step=Step.NEW) in told.moves
    assert [way_of(one) for one in told.changed] == ["other"]
    assert second.findings[1].since == second.today


def test_the_doctor_tells_what_the_new_ledgers_changed_since_the_last_run(town: TownFolder) -> None:
    declared = town.load().town
    with History(town.root / "auditor.db") as history:
        history.keep(Audit(run_of(town=declared, evidence=(said(target="endpoint:PC-001", at=NOW),)), ()))
    assert not [note.key for note in examine(town.root).notes if note.key.startswith("moved_")]
    town.write("staff.csv", STAFF.replace("0101,髙橋 一郎,総務課", "0101,髙橋 一郎,税務課"))
    town.write("endpoints.csv", ENDPOINTS.replace("PC-001", "PC-002"))
    health = examine(town.root)
    assert {note.key: note.values["names"] for note in health.notes if note.key.startswith("moved_")} == {
        "moved_person_moved": "0101",
        "moved_endpoint_new": "PC-002",
        "moved_endpoint_gone": "PC-001",
    }
    assert health.good
    assert "PC-002" in described(health, "ja")


@pytest.mark.parametrize("kind", ["section", "person", "endpoint"])
def test_the_doctor_has_a_sentence_for_every_change_that_can_be(kind: str) -> None:
    from auditor.words import say

    possible = {
        "section": (Step.NEW, Step.GONE, Step.RENAMED, Step.FOLLOWS),
        "person": (Step.NEW, Step.GONE, Step.MOVED),
        "endpoint": (Step.NEW, Step.GONE, Step.MOVED, Step.HANDED),
    }
    for step in possible[kind]:
        for lang in LANGUAGES:
            assert "7" in say(lang, f"note.moved_{kind}_{step}", count=7, names="x")


def test_an_endpoint_that_is_retired_is_gone_and_not_lost() -> None:
    retired = Endpoint(id="PC-1", serial="SN1", name="総務01", os="linux", retired_on=YESTERDAY)
    found = moves(register(), register(endpoints=(), retired=(retired,)))
    assert Move(kind="endpoint", id="PC-1", step=Step.GONE) in found
