"""Exports of admin consoles: what a row tells becomes evidence with its own age, and nothing else does."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.answers import Status
from auditor.consoles.layouts import SIGNALS, kinds
from auditor.findings import Reason
from tests.town.exports import BOOK, GOOD, GOOGLE, LIST, MADE, PAD, SET, Exports, body, google, written


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    return Exports(tmp_path)


def test_a_row_of_google_admin_becomes_answers_as_old_as_its_last_sync(exports: Exports) -> None:
    exports.add([GOOGLE, GOOD])
    found = exports.read().evidence["endpoint:CB-1"]
    assert (found.system, found.serial, found.outcome) == ("chromeos", "5CD1", None)
    assert found.collected_at == datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
    assert body(found, "host.id") == {"serial": "5CD1"}
    assert body(found, "os.build") == {"os_version": "144.0.7204.1", "auto_update_until": "2030-06-30"}
    assert body(found, "mdm.console")["enrolled"] is True
    assert found.details["line"] == "2"


def test_what_the_export_does_not_say_has_no_answer(exports: Exports) -> None:
    exports.add([GOOGLE, GOOD])
    found = exports.read().evidence["endpoint:CB-1"]
    assert [answer.id for answer in found.answers] == [
        "browser.version",
        "host.id",
        "mdm.boot",
        "mdm.console",
        "os.build",
    ]


def test_the_check_in_is_as_old_as_the_export_the_rest_as_old_as_the_sync(exports: Exports) -> None:
    exports.add([GOOGLE, google(lastPolicySync="2026-11-04T00:00:00Z")])
    found = exports.read().evidence["endpoint:CB-1"]
    ages = {answer.id: answer.collected_at for answer in found.answers}
    assert ages.pop("mdm.console") == MADE
    assert set(ages.values()) == {datetime(2026, 11, 4, tzinfo=UTC)} == {found.collected_at}


def test_a_list_of_settings_stands_beside_the_consoles_own_list(exports: Exports) -> None:
    exports.add([GOOGLE, GOOD])
    exports.add([tuple(LIST.values()), SET], "generic", columns=LIST, system="chromeos")
    found = exports.read().evidence["endpoint:CB-1"]
    assert body(found, "disk.encryption") == {"disk_encryption": "ENCRYPTED"}
    assert body(found, "fw.profiles") == {"os_firewall": "ENABLED"}
    assert body(found, "lock.screen") == {
        "ac_lock_ms": 600_000,
        "battery_lock_ms": 600_000,
        "screen_lock_secured": True,
    }
    assert body(found, "usb.storage") == {
        "external_storage_disabled": True,
        "external_storage_read_only": None,
    }
    assert found.collected_at == datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
    assert body(found, "mdm.policy") == {"guest": False, "auto_update": True}
    assert body(found, "mdm.boot") == {"boot_mode": "Verified"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_every_way_excel_saves_an_export_is_read(exports: Exports, encoding: str) -> None:
    exports.add(written([tuple(LIST.values()), SET]).encode(encoding), "generic", columns=LIST)
    assert body(exports.read().evidence["endpoint:CB-1"], "fw.profiles") == {"os_firewall": "ENABLED"}


def test_an_unknown_word_spoils_its_own_answer_and_names_line_and_column(exports: Exports) -> None:
    odd = ("5CD1", "たぶん", "有効", "10", "あり", "=HYPERLINK()", "いいえ", "はい")
    exports.add([tuple(LIST.values()), odd], "generic", columns=LIST)
    found = exports.read().evidence["endpoint:CB-1"]
    for id_, column in (("disk.encryption", "暗号化"), ("usb.storage", "USB禁止")):
        answer = found.answer(id_)
        assert answer is not None
        assert (answer.status, answer.reason, answer.body) == (Status.ERROR, Reason.UNREADABLE, b"")
        assert answer.note.startswith(f"line 2, {column}: ")
    assert body(found, "fw.profiles") == {"os_firewall": "ENABLED"}


def test_a_towns_own_words_come_before_the_built_in_ones(exports: Exports) -> None:
    columns = {"serial": "S", "encrypted": "E"}
    exports.add([("S", "E"), ("5CD1", "暗号化中")], "generic", columns=columns, unclear=("暗号化中",))
    exports.add([("S", "E"), ("DMP1", "無効")], "generic", columns=columns, yes=("無効",), system="chromeos")
    news = exports.read(BOOK, replace(PAD, os="chromeos"))
    assert body(news.evidence["endpoint:CB-1"], "disk.encryption") == {"disk_encryption": "UNSPECIFIED"}
    assert body(news.evidence["endpoint:TB-1"], "disk.encryption") == {"disk_encryption": "ENCRYPTED"}


def test_a_row_of_another_system_says_which(exports: Exports) -> None:
    head = ("Serial number", "OS", "OS version", "Last check-in", "Device state")
    rows = [
        ("5CD1", "Windows", "10.0.26100.2314", "2026-11-23 01:02:03", "Managed"),
        ("DMP1", "iOS/iPadOS", "26.1", "2026-11-23 01:02:03", "Managed"),
        ("ZZZ", "Android (device administrator)", "14", "2026-11-23 01:02:03", "Managed"),
    ]
    exports.add([head, *rows], "intune")
    news = exports.read()
    assert news.evidence["endpoint:CB-1"].system == "windows"
    assert news.evidence["endpoint:TB-1"].system == "ipados"
    assert news.unlisted[0].system == "Android (device administrator)"
    assert news.unlisted[0].answers == ()


def test_intune_proves_no_encryption_of_windows_for_a_suspended_one_counts_there(exports: Exports) -> None:
    head = ("Serial number", "OS", "Encrypted", "Last check-in", "Device state")
    exports.add([head, ("5CD1", "Windows", "Yes", "2026-11-23", "Managed")], "intune")
    found = exports.read(replace(BOOK, os="windows")).evidence["endpoint:CB-1"]
    assert [answer.id for answer in found.answers] == ["host.id", "mdm.console"]


def test_an_edr_console_tells_when_it_heard_a_pc(exports: Exports) -> None:
    columns = {"serial": "S", "edr_seen": "最終通信"}
    exports.add([("S", "最終通信"), ("5CD1", "2026/11/23 9:00")], "generic", columns=columns)
    found = exports.read(replace(BOOK, os="linux")).evidence["endpoint:CB-1"]
    assert body(found, "edr.seen") == {"seen_at": "2026-11-23T00:00:00+00:00"}


def test_an_ipads_passcode_encrypts_and_locks_it(exports: Exports) -> None:
    head = (
        "Serial Number",
        "OS Version",
        "Last Inventory Update",
        "Managed",
        "Passcode Status",
        "Data Protection",
    )
    row = ("DMP1", "iPadOS 26.1", "Monday, November 23 2026 at 6:03 AM", "Managed", "Present", "Enabled")
    exports.add([head, row], "jamf")
    found = exports.read().evidence["endpoint:TB-1"]
    assert body(found, "disk.encryption") == {"passcode": True, "data_protection": True}
    assert body(found, "lock.screen") == {"passcode": True, "lock_s": None}
    assert body(found, "os.build") == {"os_version": "26.1"}
    assert body(found, "mdm.console")["last_sync"] == "2026-11-22T21:03:00+00:00"


def test_halves_of_an_answer_from_two_exports_are_put_together_and_as_old_as_the_older(
    exports: Exports,
) -> None:
    exports.add(
        [("Serial Number", "Last Inventory Update", "Passcode Status"), ("DMP1", "2026-11-20", "Present")],
        "jamf",
    )
    columns = {"serial": "S", "lock_min": "分"}
    exports.add([("S", "分"), ("DMP1", "5")], "generic", columns=columns, system="ipados")
    exports.consoles[0] = replace(exports.consoles[0], system="ipados")
    found = exports.read().evidence["endpoint:TB-1"]
    assert body(found, "lock.screen") == {"passcode": True, "lock_s": 300}
    lock = found.answer("lock.screen")
    assert lock is not None
    assert lock.collected_at == datetime(2026, 11, 19, 15, tzinfo=UTC)


def test_exports_that_disagree_about_the_system_tell_nothing(exports: Exports) -> None:
    columns = {"serial": "S", "encrypted": "E"}
    exports.add([GOOGLE, GOOD])
    exports.add([("S", "E"), ("5CD1", "yes")], "generic", columns=columns, system="ipados")
    found = exports.read().evidence["endpoint:CB-1"]
    assert (found.outcome, found.answers) == (Reason.UNREADABLE, ())


def test_a_ledger_row_that_names_a_serial_twice_gives_both_the_same_evidence(exports: Exports) -> None:
    exports.add([GOOGLE, GOOD])
    news = exports.read(BOOK, replace(BOOK, id="CB-2"))
    assert set(news.evidence) == {"endpoint:CB-1", "endpoint:CB-2"}


def test_every_kind_has_a_layout_and_every_built_in_column_a_signal() -> None:
    assert kinds() == ("google-admin", "jamf", "intune", "generic")
    assert len(set(SIGNALS)) == len(SIGNALS)
