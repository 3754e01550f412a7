"""COM-01, 05 and 06: who may use chat, who does, and which sections meet online."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from auditor.declare import Check
from auditor.errors import NotKnown
from auditor.findings import Judgement, Reason, Unknown, Verdict
from auditor.targets import Town
from checks.sharing import usage as subject
from tests.sharing.conftest import TODAY, answered, documents, params, placed, says, sheet
from tests.sharing.test_cloud import collected, result

OWN = ("職員番号", "チャット割当", "チャット最終利用日", "会議回数", "集計日数")
TEAMS = (
    "Report Refresh Date", "User Principal Name", "Last Activity Date", "Is Deleted",
    "Team Chat Message Count", "Private Chat Message Count", "Meeting Count", "Report Period",
)  # fmt: skip
CHECKS: Mapping[str, Check] = {"COM-05": subject.chat_is_used, "COM-06": subject.every_section_meets}


def own(
    id_: str, assigned: str = "○", last: str = "2026/11/20", meetings: str = "1", days: str = "30"
) -> tuple[str, ...]:
    return (id_, assigned, last, meetings, days)


def teams(
    id_: str, chats: str = "1", private: str = "0", meetings: str = "1", **changed: str
) -> tuple[str, ...]:
    row = {"on": "2026-11-23", "deleted": "False", "days": "30", **changed}
    return (
        row["on"],
        f"{id_}@town.example",
        "2026-11-22",
        row["deleted"],
        chats,
        private,
        meetings,
        row["days"],
    )


EVERYBODY = ("0101", "0102", "0201")


def seen(folder: Path, files: Mapping[str, bytes]) -> subject.Usage:
    body = subject.read_usage.collect(documents(folder, "cloud"), placed(folder, files))
    assert b"town.example" not in body
    return subject.usage(answered(body))


def judged(control: str, folder: Path, town: Town, *rows: tuple[str, ...], **changed: Any) -> Judgement:
    headings = OWN if len(rows[0]) == len(OWN) else TEAMS
    told = seen(folder, {"use.csv": sheet(headings, *rows)})
    found: Judgement = CHECKS[control](told, town, params(control, **changed), TODAY)
    assert says(control, found)
    return found


@pytest.mark.parametrize("control", CHECKS)
@pytest.mark.parametrize("row", [own, teams])
def test_a_town_that_talks_online_passes(tmp_path: Path, town: Town, control: str, row: Any) -> None:
    found = judged(control, tmp_path, town, *map(row, EVERYBODY))
    assert (found.verdict, found.until is not None) == (Verdict.PASS, True)


def test_people_who_did_not_chat_are_counted_and_their_section_named(tmp_path: Path, town: Town) -> None:
    found = judged("COM-05", tmp_path, town, teams("0101"), teams("0102"), teams("0201", "0"))
    assert (found.key, found.values["count"], found.places) == ("quiet", 1, ("税務課 0/1",))


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        ("2026-10-26", Verdict.PASS),
        ("2026-10-25", Verdict.FAIL),
        ("", Verdict.UNKNOWN),
        ("先週", Verdict.UNKNOWN),
    ],
)
def test_a_day_of_last_use_is_measured_from_the_report(
    tmp_path: Path, town: Town, last: str, verdict: Verdict
) -> None:
    rows = (own("0101"), own("0102"), own("0201", last=last))
    assert judged("COM-05", tmp_path, town, *rows).verdict is verdict


@pytest.mark.parametrize(
    ("chats", "days", "verdict"),
    [
        ("5", "90", Verdict.UNKNOWN),
        ("0", "90", Verdict.FAIL),
        ("5", "7", Verdict.PASS),
        ("0", "7", Verdict.UNKNOWN),
        ("5", "", Verdict.UNKNOWN),
        ("", "30", Verdict.UNKNOWN),
    ],
)
def test_a_count_over_another_time_proves_only_what_it_can(
    tmp_path: Path, town: Town, chats: str, days: str, verdict: Verdict
) -> None:
    assert (
        judged("COM-05", tmp_path, town, *(teams(id_, chats, days=days) for id_ in EVERYBODY)).verdict
        is verdict
    )


@pytest.mark.parametrize("control", CHECKS)
def test_concealed_names_are_nobody_and_nobody_is_not_zero(tmp_path: Path, town: Town, control: str) -> None:
    assert judged(control, tmp_path, town, teams("8F1A"), teams("77C0")).reason is Reason.NOT_MEASURABLE


def test_a_deleted_account_tells_nothing_of_its_number(tmp_path: Path, town: Town) -> None:
    rows = (*map(teams, EVERYBODY[:2]), teams("0201", deleted="True"))
    assert judged("COM-06", tmp_path, town, *rows).places == ("税務課",)


def test_a_section_without_meetings_fails_and_an_untold_one_is_open(tmp_path: Path, town: Town) -> None:
    rows = (own("0101"), own("0102", meetings=""), own("0201", meetings="0"))
    assert judged("COM-06", tmp_path, town, *rows).places == ("税務課",)
    rows = (own("0101"), own("0102"), own("0201", meetings=""))
    assert judged("COM-06", tmp_path, town, *rows).verdict is Verdict.UNKNOWN


def test_meetings_of_a_quarter_are_not_those_of_a_month(tmp_path: Path, town: Town) -> None:
    rows = (own(id_, meetings="3", days="90") for id_ in EVERYBODY)
    assert judged("COM-06", tmp_path, town, *rows).verdict is Verdict.UNKNOWN


def test_an_old_report_in_a_fresh_file_is_stale(tmp_path: Path, town: Town) -> None:
    rows = (teams(id_, on="2026-06-01") for id_ in EVERYBODY)
    assert judged("COM-05", tmp_path, town, *rows).reason is Reason.STALE


def test_two_tables_tell_of_one_person_and_may_not_contradict(tmp_path: Path, town: Town) -> None:
    chat = sheet(("職員番号", "チャット最終利用日"), *((id_, "2026-11-20") for id_ in EVERYBODY))
    meetings = sheet(("職員番号", "会議回数", "集計日数"), *((id_, "2", "30") for id_ in EVERYBODY))
    told = seen(tmp_path, {"chat.csv": chat, "meet.csv": meetings})
    assert all(
        check(told, town, params(control), TODAY).verdict is Verdict.PASS for control, check in CHECKS.items()
    )
    other = sheet(("職員番号", "会議回数"), ("101", "9"))
    assert seen(tmp_path, {"other.csv": other}).gaps == [
        "other.csv:2: no account, or it contradicts another row"
    ]


def test_an_export_of_last_month_does_not_speak_for_one_that_says_otherwise(
    tmp_path: Path, town: Town
) -> None:
    before = sheet(OWN, *map(own, EVERYBODY))
    now = sheet(OWN, *(own(id_, "×", "2026/9/1", "0") for id_ in EVERYBODY))
    told = seen(tmp_path, {"use-20261101.csv": before, "use-20261124.csv": now})
    for control, check in CHECKS.items():
        assert check(told, town, params(control), TODAY).verdict is Verdict.UNKNOWN
    assert told.people
    assert not any(use.assigned for use in told.people.values())


def assigned(folder: Path, town: Town, *rows: tuple[str, ...], history: str = "Pass") -> Judgement:
    told = seen(folder, {"use.csv": sheet(OWN, *rows)})
    suite = collected(folder, result("google", {"GWS.CHAT.1.2v1": history}))
    found: Judgement = subject.chat_is_everybodys(told, suite, town, params("COM-01"), TODAY)
    assert says("COM-01", found)
    return found


def test_chat_for_all_with_its_history_passes(tmp_path: Path, town: Town) -> None:
    assert assigned(tmp_path, town, *map(own, EVERYBODY)).verdict is Verdict.PASS


def test_one_without_chat_fails(tmp_path: Path, town: Town) -> None:
    found = assigned(tmp_path, town, own("0101"), own("0102"), own("0201", "×"))
    assert (found.key, found.values["count"]) == ("unassigned", 1)


@pytest.mark.parametrize("cell", ["", "たぶん"])
def test_a_blank_or_unknown_assignment_is_never_no(tmp_path: Path, town: Town, cell: str) -> None:
    found = assigned(tmp_path, town, own("0101"), own("0102"), own("0201", cell))
    assert found.verdict is Verdict.UNKNOWN


def test_a_history_that_users_may_turn_off_fails_and_an_open_one_is_unknown(
    tmp_path: Path, town: Town
) -> None:
    assert assigned(tmp_path, town, *map(own, EVERYBODY), history="Fail").key == "unmet"
    assert assigned(tmp_path, town, *map(own, EVERYBODY), history="N/A").verdict is Verdict.UNKNOWN


def test_assignment_and_history_are_both_needed(tmp_path: Path, town: Town) -> None:
    gap = Unknown(Reason.NOT_COLLECTED)
    told = seen(tmp_path, {"use.csv": sheet(OWN, *map(own, EVERYBODY))})
    suite = collected(tmp_path, result())
    for one, other in ((gap, suite), (told, gap), (gap, gap)):
        found = subject.chat_is_everybodys(one, other, town, params("COM-01"), TODAY)
        assert found.verdict is Verdict.UNKNOWN


def test_microsoft_s_history_has_to_be_said(tmp_path: Path, town: Town) -> None:
    told = seen(tmp_path, {"use.csv": sheet(OWN, *map(own, EVERYBODY))})
    suite = collected(tmp_path, result("microsoft"))
    assert subject.chat_is_everybodys(told, suite, town, params("COM-01"), TODAY).verdict is Verdict.PASS
    (tmp_path / "b").mkdir()
    silent = collected(tmp_path / "b", result("microsoft"), said="")
    assert subject.chat_is_everybodys(told, silent, town, params("COM-01"), TODAY).verdict is Verdict.UNKNOWN


def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    with pytest.raises(NotKnown) as caught:
        seen(tmp_path, {})
    assert caught.value.reason is Reason.NOT_COLLECTED


def test_without_staff_nobody_is_everybody(tmp_path: Path) -> None:
    told = seen(tmp_path, {"use.csv": sheet(OWN, own("0101"))})
    for control, check in CHECKS.items():
        assert check(told, Town(name="町"), params(control), date(2026, 11, 25)).verdict is Verdict.UNKNOWN
