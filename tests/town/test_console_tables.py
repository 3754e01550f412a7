"""[[consoles]] in town.toml, the roads and ledger columns that belong to it, and what the doctor says."""

import os
from datetime import UTC, date, datetime, timedelta

import pytest

from auditor.doctor import examine
from auditor.roads import Roads
from auditor.session import Session, audit, model_of, read_controls
from tests.town.conftest import ENDPOINTS, STAFF, TownFolder

GOOGLE = """
[[consoles]]
id = "google"
name = "Google 管理コンソール"
kind = "google-admin"
file = "books.csv"
exported_at = "2026-11-20 09:00"
"""
GENERIC = GOOGLE.replace("google-admin", "generic") + '[consoles.columns]\nserial = "シリアル"\n'
BOOK = "CB-001,5CD1,本,chromeos,総務課,0101,internet,browser,コンソール,,,\n"


def test_a_console_is_declared_with_its_words_and_columns(town: TownFolder) -> None:
    words = 'values = { yes = ["適用"], unclear = ["確認中"] }\nsystem = "chromeos"\n'
    town.add("town.toml", GENERIC.replace("exported_at", words + "exported_at"))
    (one,) = town.load().town.consoles
    assert one.file == town.root.resolve() / "books.csv"
    assert one.exported_at == datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    assert (one.columns, one.yes, one.no, one.unclear) == ({"serial": "シリアル"}, ("適用",), (), ("確認中",))


@pytest.mark.parametrize(
    ("written", "field", "key"),
    [
        (GOOGLE.replace("google-admin", "gogle"), "consoles.kind", "bad_choice"),
        (GOOGLE.replace("2026-11-20 09:00", "yesterday"), "consoles.exported_at", "bad_moment"),
        (GOOGLE.replace("books.csv", "../books.csv"), "consoles.file", "folder_outside"),
        (GOOGLE.replace("books.csv", ""), "consoles.file", "blank"),
        (GOOGLE + 'system = "beos"\n', "consoles.system", "bad_choice"),
        (GOOGLE + 'values = { perhaps = ["x"] }\n', "consoles.values", "bad_choice"),
        (GOOGLE + GOOGLE, "consoles.id", "id_twice"),
        (GOOGLE.replace("google-admin", "generic"), "consoles.columns", "console_mapping"),
        (GENERIC + 'encryptd = "暗号化"\n', "consoles.columns", "bad_choice"),
        (GENERIC + 'guest = "ｼﾘｱﾙ"\n', "consoles.columns", "console_heading"),
    ],
)
def test_a_mistake_in_a_console_is_named(town: TownFolder, written: str, field: str, key: str) -> None:
    town.add("town.toml", written)
    assert (field, key) in {(told[2], told[3]) for told in town.told()}


def test_a_machine_on_a_console_needs_its_serial_number(town: TownFolder) -> None:
    town.write("endpoints.csv", ENDPOINTS + BOOK.replace("5CD1", ""))
    assert ("endpoints.csv", 3, "製造番号", "console_serial") in town.told()


def test_the_columns_of_ownership_and_of_the_place_of_work_are_read(town: TownFolder) -> None:
    lines = ENDPOINTS.strip().splitlines()
    more = ["所有,私物承認日,追加対策の確認日", "私物,R8.4.1,2026/4/2", "町,,", ",,"]
    rows = [lines[0], lines[1], *(lines[1].replace("PC-001,SN1", f"PC-{n},SN{n}") for n in (2, 3))]
    town.write("endpoints.csv", "\n".join(f"{row},{cells}" for row, cells in zip(rows, more, strict=True)))
    head, *people = STAFF.strip().splitlines()
    town.write(
        "staff.csv",
        "\n".join([f"{head},作業場所の申告日,ルータ申告日", f"{people[0]},2026年6月1日,R8.9.2", people[1]]),
    )
    loaded = town.load().town
    assert [(one.owner, one.approved_on, one.extra_checked_on) for one in loaded.endpoints] == [
        ("private", date(2026, 4, 1), date(2026, 4, 2)),
        ("town", None, None),
        ("", None, None),
    ]
    assert [one.place_attested_on for one in loaded.staff] == [date(2026, 6, 1), None]
    assert [one.router_attested_on for one in loaded.staff] == [date(2026, 9, 2), None]


def test_the_doctor_names_a_missing_export_and_machines_that_stand_in_none(
    town: TownFolder,
) -> None:
    town.write("endpoints.csv", ENDPOINTS + BOOK)
    assert "no_console" in {note.key for note in examine(town.root).notes}
    town.add("town.toml", GOOGLE)
    assert [problem.key for problem in examine(town.root).problems] == ["console_missing"]
    town.write("books.csv", "serialNumber,lastPolicySync\n5CD2,2026-11-19\n")
    health = examine(town.root)
    assert health.problems == ()
    assert [(note.key, note.values["names"]) for note in health.notes if note.key == "console_absent"] == [
        ("console_absent", "CB-001")
    ]


def test_the_doctor_names_headings_that_are_missing_and_a_file_anybody_may_write(town: TownFolder) -> None:
    town.add("town.toml", GENERIC + 'guest = "ゲスト利用"\n')
    file = town.write("books.csv", "シリアル\n5CD2\n")
    notes = {note.key: note.values for note in examine(town.root).notes}
    assert notes["console_lacks"] == {"names": "ゲスト利用"}
    file.chmod(0o666)
    assert [problem.key for problem in examine(town.root).problems] == ["world_writable"]


def test_a_scan_reads_exports_and_a_bad_one_costs_only_itself(town: TownFolder) -> None:
    now = datetime.now(UTC)
    town.write("endpoints.csv", ENDPOINTS + BOOK)
    made = f"{now - timedelta(hours=20):%Y-%m-%dT%H:%M:%SZ}"
    town.add("town.toml", GOOGLE.replace("2026-11-20 09:00", made))
    town.add("town.toml", GENERIC.replace("google", "other").replace("books.csv", "gone.csv"))
    row = f"5CD1,157.0.1.1,{now - timedelta(days=1):%Y-%m-%dT%H:%M:%S.000Z},PROVISIONED"
    other = row.replace("5CD1", "5CD9")
    town.write("books.csv", f"serialNumber,osVersion,lastPolicySync,provisionStatus\n{row}\n{other}\n")
    os.utime(town.root / "books.csv")
    plugins, controls = read_controls()
    loaded = town.load().town
    session = Session(town=loaded, model=model_of(loaded, controls), plugins=plugins, controls=controls)
    found = audit(session, lambda inbox: Roads(inbox=inbox), lambda _target, _reason: None)
    verdicts = {one.control: one.verdict.value for one in found.audit.run.findings if "CB-001" in one.target}
    assert (verdicts["EP-01"], verdicts["EP-19"], verdicts["EP-05"]) == ("pass", "pass", "unknown")
    assert [one.file for one in found.refused] == ["gone.csv"]
    assert [one.serial for one in found.unlisted] == ["5CD9"]
