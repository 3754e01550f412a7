"""SHR-05 to 07: permission lists and Samba's settings as testparm prints them, against the staff ledger."""

import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import Garbled, NotKnown
from auditor.findings import Judgement, Reason, Verdict
from auditor.targets import Town
from checks.sharing import shares as subject
from checks.sharing._rights import who, writes
from checks.sharing._samba import HEAD, is_testparm, server
from tests.peers.process import need
from tests.sharing.conftest import EXPORTED, TODAY, answered, documents, params, placed, says, sheet

HEADINGS = ("Path", "IdentityReference", "FileSystemRights", "AccessControlType", "ObjectClass", "EmployeeID")
GOOD = (
    (r"D:\share\soumu", r"BUILTIN\Administrators", "FullControl", "Allow", "", ""),
    (r"D:\share\soumu", r"NT AUTHORITY\SYSTEM", "FullControl", "Allow", "", ""),
    (r"D:\share\soumu", r"TOWN\soumu", "Modify, Synchronize", "Allow", "group", ""),
    (r"D:\share\zeimu", r"TOWN\zeimu", "Modify, Synchronize", "Allow", "group", ""),
    (r"D:\share\zeimu", r"TOWN\Domain Users", "ReadAndExecute, Synchronize", "Allow", "group", ""),
)
CHECKS = {
    "SHR-05": subject.nobody_unknown_writes,
    "SHR-06": subject.access_goes_by_section,
    "SHR-07": subject.nobody_stays_who_left,
}


def judged(
    folder: Path, town: Town, files: Mapping[str, str | bytes], control: str, on: date = EXPORTED
) -> Judgement:
    body = subject.read_shares.collect(documents(folder), placed(folder, files, on))
    seen = subject.shares(answered(body))
    given_ = (seen, town) if control == "SHR-07" else (seen,)
    result = CHECKS[control](*given_, params(control), TODAY)
    assert says(control, result)
    return result


def acl(*rows: tuple[str, ...]) -> dict[str, bytes]:
    return {"acl.csv": sheet(HEADINGS, *GOOD, *rows)}


@pytest.mark.parametrize("control", CHECKS)
def test_lists_of_groups_pass(tmp_path: Path, town: Town, control: str) -> None:
    result = judged(tmp_path, town, acl(), control)
    assert (result.verdict, result.values["shares"]) == (Verdict.PASS, 2)
    assert result.until == date(2027, 2, 25)


EVERYBODY = (
    "Everyone",
    r"NT AUTHORITY\NETWORK",
    r"BUILTIN\Users",
    r"TOWN\Domain Users",
    "S-1-1-0",
    "S-1-5-21-1-2-3-513",
    "全員",
    r"TOWN\全職員グループ",
    "認証されたユーザー",
)


@pytest.mark.parametrize("identity", EVERYBODY)
@pytest.mark.parametrize("rights", ["FullControl", "Modify, Synchronize", "-536805376", "268435456", "変更"])
def test_a_share_everybody_can_write_to_fails(tmp_path: Path, town: Town, identity: str, rights: str) -> None:
    result = judged(tmp_path, town, acl((r"D:\open", identity, rights, "Allow", "", "")), "SHR-05")
    assert (result.key, result.places) == ("open", (r"D:\open (acl.csv:7)",))


@pytest.mark.parametrize("rights", ["ReadAndExecute, Synchronize", "-1610612736", "1179817", "読み取り"])
def test_a_share_everybody_can_read_is_not_open(tmp_path: Path, town: Town, rights: str) -> None:
    row = (r"D:\open", "Everyone", rights, "Allow", "", "")
    assert judged(tmp_path, town, acl(row), "SHR-05").verdict is Verdict.PASS


def test_a_denial_beside_the_right_is_left_to_people(tmp_path: Path, town: Town) -> None:
    rows = ((r"D:\open", "Everyone", "Modify", kind, "", "") for kind in ("Allow", "Deny"))
    assert judged(tmp_path, town, acl(*rows), "SHR-05").reason is Reason.NOT_MEASURABLE


def test_a_person_s_own_entry_fails(tmp_path: Path, town: Town) -> None:
    result = judged(tmp_path, town, acl((r"D:\a", r"TOWN\0101", "Modify", "Allow", "user", "")), "SHR-06")
    assert (result.key, result.values["count"]) == ("people", 1)


def test_an_entry_nobody_says_whose_may_be_a_person_s(tmp_path: Path, town: Town) -> None:
    files = acl((r"D:\a", r"TOWN\tanaka", "Modify", "Allow", "", ""))
    assert judged(tmp_path, town, files, "SHR-06").verdict is Verdict.UNKNOWN
    assert judged(tmp_path, town, files, "SHR-07").verdict is Verdict.UNKNOWN
    assert judged(tmp_path, town, files, "SHR-05").verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("identity", "staff", "verdict"),
    [
        (r"TOWN\0101", "", Verdict.PASS),
        ("101@town.example", "", Verdict.PASS),
        (r"TOWN\tanaka", "0102", Verdict.PASS),
        (r"TOWN\tanaka", "０１０２", Verdict.PASS),
        (r"TOWN\tanaka", "0999", Verdict.FAIL),
        (r"TOWN\tanaka", "", Verdict.UNKNOWN),
        ("S-1-5-21-11-22-33-1104", "", Verdict.FAIL),
        ("S-1-5-99-1", "", Verdict.UNKNOWN),
    ],
)
def test_who_left_is_told_from_who_is_unknown(
    tmp_path: Path, town: Town, identity: str, staff: str, verdict: Verdict
) -> None:
    kind = "" if identity.startswith("S-") else "user"
    files = acl((r"D:\a", identity, "Modify", "Allow", kind, staff))
    assert judged(tmp_path, town, files, "SHR-07").verdict is verdict


def test_without_a_staff_ledger_nobody_left(tmp_path: Path) -> None:
    assert judged(tmp_path, Town(name="町"), acl(), "SHR-07").reason is Reason.NOT_COLLECTED


def test_the_kept_answer_holds_no_account_names(tmp_path: Path) -> None:
    files = acl((r"D:\a", r"TOWN\tanaka.hanako", "Modify", "Allow", "user", ""))
    body = subject.read_shares.collect(documents(tmp_path), placed(tmp_path, files))
    assert b"tanaka" not in body


@pytest.mark.parametrize(
    "row",
    [
        (r"D:\a", "", "Modify", "Allow", "user", ""),
        (r"D:\a", r"TOWN\x", "", "Allow", "user", ""),
        (r"D:\a", r"TOWN\x", "Modify", "", "group", ""),
        (r"D:\a", r"TOWN\x", "Everything", "Allow", "group", ""),
        (r"D:\a", r"TOWN\x", "Modify", "Allow", "robot", ""),
        ("=1+1", r"TOWN\x", "Modify", "Allow", "group", ""),
        (r"D:\a", r"TOWN\x", "99999999999", "Allow", "group", ""),
    ],
)
@pytest.mark.parametrize("control", CHECKS)
def test_a_cell_nobody_understands_is_named_and_keeps_from_passing(
    tmp_path: Path, town: Town, row: tuple[str, ...], control: str
) -> None:
    result = judged(tmp_path, town, acl(row), control)
    assert result.reason is Reason.UNREADABLE
    assert result.places[0].startswith("acl.csv:7")


@pytest.mark.parametrize(
    ("on", "reason"), [(date(2026, 1, 1), Reason.STALE), (date(2027, 1, 1), Reason.UNREADABLE)]
)
def test_an_old_list_says_nothing_of_today(tmp_path: Path, town: Town, on: date, reason: Reason) -> None:
    assert judged(tmp_path, town, acl(), "SHR-05", on).reason is reason


def test_a_day_in_the_file_s_name_beats_a_fresh_copy(tmp_path: Path, town: Town) -> None:
    files = {"acl-20250401.csv": acl()["acl.csv"]}
    assert judged(tmp_path, town, files, "SHR-05").reason is Reason.STALE


def test_an_empty_folder_is_not_a_town_without_open_shares(tmp_path: Path, town: Town) -> None:
    with pytest.raises(NotKnown) as caught:
        judged(tmp_path, town, {}, "SHR-05")
    assert caught.value.reason is Reason.NOT_COLLECTED


def test_a_workbook_beside_the_lists_is_named_not_passed_over(tmp_path: Path, town: Town) -> None:
    result = judged(tmp_path, town, acl() | {"server2.xlsx": b"PK"}, "SHR-05")
    assert result.places == ("server2.xlsx: save it as CSV",)


def test_japanese_headings_and_cp932_are_read(tmp_path: Path, town: Town) -> None:
    body = sheet(
        ("権限", "主体", "共有フォルダー", "種別"), ("変更", "総務課", "総務", "グループ"), encoding="cp932"
    )
    assert judged(tmp_path, town, {"権限.csv": body}, "SHR-06").verdict is Verdict.PASS


SMB = """\
[global]
  workgroup = TOWN
  map to guest = Bad User
[homes]
  read only = no
[soumu]
  path = /srv/soumu
  writeable = yes
  valid users = @soumu
[printers]
  printable = yes
  path = /var/spool/samba
"""


def printed(folder: Path, more: str = "") -> dict[str, bytes]:
    """What a real testparm makes of these settings."""
    config = folder / "smb.conf.source"
    config.write_text(SMB + more, encoding="utf-8")
    done = subprocess.run([need("testparm"), "-s", str(config)], capture_output=True, check=True, timeout=30)
    return {"server.txt": done.stdout}


@pytest.mark.parametrize("control", CHECKS)
def test_samba_s_groups_pass_and_its_printers_and_homes_are_no_shares(
    tmp_path: Path, town: Town, control: str
) -> None:
    result = judged(tmp_path, town, printed(tmp_path), control)
    assert (result.verdict, result.values["shares"]) == (Verdict.PASS, 1)


def test_samba_s_synonyms_for_guests_are_one_thing_after_testparm(tmp_path: Path, town: Town) -> None:
    files = printed(tmp_path, "[open]\n path = /srv/open\n public = yes\n write ok = yes\n")
    result = judged(tmp_path, town, files, "SHR-05")
    assert (result.key, result.places) == ("open", ("/srv/open (server.txt [open])",))


def test_guests_who_only_read_or_are_kept_out_are_no_fault(tmp_path: Path, town: Town) -> None:
    more = "[a]\n path = /a\n guest ok = yes\n[b]\n path = /b\n guest ok = yes\n read only = no\n"
    more += " valid users = @x\n"
    assert judged(tmp_path, town, printed(tmp_path, more), "SHR-05").verdict is Verdict.PASS


@pytest.mark.parametrize("who_", ["", ' valid users = @"Domain Users"\n'])
def test_where_all_who_sign_in_may_write_the_file_system_decides(
    tmp_path: Path, town: Town, who_: str
) -> None:
    files = printed(tmp_path, f"[all]\n path = /srv/all\n read only = no\n{who_}")
    assert judged(tmp_path, town, files, "SHR-05").places == ("server.txt [all]",)
    files |= {"acl.csv": sheet(HEADINGS, ("/srv/all", "soumu", "Modify", "Allow", "group", ""))}
    assert judged(tmp_path, town, files, "SHR-05").verdict is Verdict.PASS
    files |= {"acl.csv": sheet(HEADINGS, ("/srv/all", "Everyone", "Modify", "Allow", "", ""))}
    assert judged(tmp_path, town, files, "SHR-05").verdict is Verdict.FAIL


def test_samba_s_people_are_individuals_and_may_have_left(tmp_path: Path, town: Town) -> None:
    files = printed(
        tmp_path, '[p]\n path = /p\n valid users = "@Town Hall", +zeimu, 0101\n write list = TOWN\\tanaka\n'
    )
    assert judged(tmp_path, town, files, "SHR-06").values["count"] == 2
    assert judged(tmp_path, town, files, "SHR-07").verdict is Verdict.UNKNOWN


def test_shares_people_make_themselves_are_not_seen(tmp_path: Path, town: Town) -> None:
    files = printed(tmp_path)
    opened = files["server.txt"].replace(b"[global]\n", b"[global]\n\tusershare allow guests = Yes\n")
    assert judged(tmp_path, town, {"server.txt": opened}, "SHR-05").verdict is Verdict.UNKNOWN
    closed = opened.replace(b"[global]\n", b"[global]\n\tusershare max shares = 0\n")
    assert judged(tmp_path, town, {"server.txt": closed}, "SHR-05").verdict is Verdict.PASS


def test_settings_cut_off_in_a_line_are_refused(tmp_path: Path, town: Town) -> None:
    whole = printed(tmp_path, "[open]\n path = /srv/open\n guest ok = yes\n read only = no\n")["server.txt"]
    assert judged(tmp_path, town, {"server.txt": whole}, "SHR-05").verdict is Verdict.FAIL
    with pytest.raises(NotKnown) as caught:
        judged(tmp_path, town, {"server.txt": whole.rstrip()[:-1]}, "SHR-05")
    assert caught.value.reason is Reason.UNREADABLE


def test_raw_settings_are_refused_for_their_includes_and_synonyms(tmp_path: Path, town: Town) -> None:
    with pytest.raises(NotKnown) as caught:
        judged(tmp_path, town, {"smb.conf": SMB}, "SHR-05")
    assert caught.value.reason is Reason.UNREADABLE
    mixed = printed(tmp_path) | {"smb.conf": SMB}
    assert judged(tmp_path, town, mixed, "SHR-05").reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    "text",
    [
        "[a]\n\tread only = maybe\n",
        "[a]\n[a]\n",
        "[a]\n\tpath = /a\n\tpath = /b\n",
        "[a]\nhello\n",
        "\tpath = /a\n",
    ],
)
def test_what_testparm_does_not_print_is_refused(text: str) -> None:
    with pytest.raises(Garbled):
        server(f"{HEAD}\n[global]\n{text}" if text[0] == "[" else f"{HEAD}\n{text}", "x")


def test_a_kept_answer_of_another_shape_is_refused() -> None:
    with pytest.raises(Garbled):
        subject.shares(answered(b'{"exported": "2026-11-24"}'))


@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=40))
def test_no_text_crashes_the_readers(text: str, identity: str, rights: str) -> None:
    who(identity, "")
    for read in (lambda: server(f"{HEAD}\n[global]\n{text}", "x"), lambda: writes(rights)):
        try:
            read()
        except Garbled:
            continue
    is_testparm(text)
