"""Google, Entra and a directory as they export, and whose an account is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.targets import Town
from tests.identity.conftest import ENTRA, GOOGLE, METHODS, google, judged, sheet
from tests.identity.test_judgements import POLICY, STAFF, verdict

Write = Callable[..., Path]


def test_google_s_export_needs_no_mapping(folder: Write, town: Town) -> None:
    rows = [google(f"u{id_}", id_) for id_ in STAFF]
    place = folder({"User_Download.csv": sheet(GOOGLE, *rows)})
    assert verdict(judged("ID-01", place, town)) == ("pass", "ok")
    assert verdict(judged("ID-08", place, town)) == ("pass", "ok")
    rows[1] = google("u0102", "0102", mfa="False")
    folder({"User_Download.csv": sheet(GOOGLE, *rows)})
    assert judged("ID-01", place, town).places == ("u0102@matsukaze.example",)
    assert judged("ID-04", place, town).reason == "not_measurable", "this export names no administrators"


def test_google_s_account_report_adds_the_administrators(folder: Write, town: Town) -> None:
    users = [google(f"u{id_}", id_) for id_ in STAFF]
    report = [
        (f"u{id_}@matsukaze.example", "Active", "Super admin" if id_ == "0101" else "None", "Enrolled")
        for id_ in STAFF
    ]
    headings = ("User", "User account status", "Admin status", "2-Step Verification enrollment")
    place = folder({"users.csv": sheet(GOOGLE, *users), "report.csv": sheet(headings, *report)})
    assert judged("ID-03", place, town).key == "daily"
    report[0] = ("u0101@matsukaze.example", "Suspended", "None", "Enrolled")
    folder({"report.csv": sheet(headings, *report)})
    assert judged("ID-01", place, town).places == ("users.csv:2 Status [READ ONLY]",), "the files disagree"


def test_entra_registered_is_not_demanded_until_the_town_says_so(folder: Write, town: Town) -> None:
    users = [(f"u{id_}@x.example", "n", "True", id_, "2026-11-20T01:02:03Z", "2020-01-01") for id_ in STAFF]
    details = [
        (f"U{id_}@x.example", "True", "microsoftAuthenticatorPush, fido2SecurityKey", "False")
        for id_ in STAFF
    ]
    files = {"users.csv": sheet(ENTRA, *users), "registration.csv": sheet(METHODS, *details)}
    place = folder(files)
    assert verdict(judged("ID-01", place, town)) == ("unknown", "not_declared")
    folder({"columns.toml": POLICY + "mfa_required = true\n"})
    assert verdict(judged("ID-01", place, town)) == ("pass", "ok")
    assert verdict(judged("ID-02", place, town)) == ("pass", "ok")
    details[0] = ("u0101@x.example", "True", "mobilePhone", "True")
    folder({"registration.csv": sheet(METHODS, *details)})
    assert judged("ID-02", place, town).places == ("u0101@x.example",)
    assert judged("ID-04", place, town).key == "weak"
    assert judged("ID-03", place, town).reason == "not_measurable", "isAdmin does not tell the highest"


def test_entra_s_list_that_was_not_written_out_is_unreadable(folder: Write, town: Town) -> None:
    details = [(f"u{id_}@x.example", "True", "System.String[]", "False") for id_ in STAFF]
    users = [(f"u{id_}@x.example", "n", "True", id_, "2026-11-20", "2020-01-01") for id_ in STAFF]
    place = folder({"users.csv": sheet(ENTRA, *users), "registration.csv": sheet(METHODS, *details)})
    assert judged("ID-02", place, town).reason == "unreadable"


AD = ("SamAccountName", "Enabled", "EmployeeID", "LastLogonDate", "MemberOf", "SmartcardLogonRequired")


def test_a_directory_is_no_cloud_and_its_last_log_on_may_be_two_weeks_late(folder: Write, town: Town) -> None:
    rows = [(f"u{id_}", "True", id_, "2026/11/20 9:12:33", "CN=全職員,OU=x", "") for id_ in STAFF]
    body = b"#TYPE Microsoft.ActiveDirectory.Management.ADUser\r\n" + sheet(AD, *rows)
    place = folder({"ad.csv": body, "columns.toml": '[groups]\n"税務課" = "zeimu"\n'})
    assert {judged(control, place, town).key for control in ("ID-02", "ID-03", "ID-04", "ID-07")} == {"local"}
    assert judged("ID-01", place, town).reason == "not_measurable", "blank is not no"
    assert verdict(judged("ID-05", place, town)) == ("pass", "ok")
    assert verdict(judged("ID-08", place, town)) == ("pass", "ok")
    rows[0] = ("u0101", "True", "0101", "2026/8/20", "CN=全職員,OU=x", "True")
    folder({"ad.csv": sheet(AD, *rows)})
    assert judged("ID-08", place, town).verdict == "unknown", "96 days, of which 15 may be the directory's"
    rows[0] = ("u0101", "True", "0101", "2026/8/1", "CN=全職員,OU=x", "True")
    folder({"ad.csv": sheet(AD, *rows)})
    assert judged("ID-08", place, town).key == "dormant"


@pytest.mark.parametrize(
    ("by", "seen"), [("name", "pass"), ("email_local", "unknown"), ("staff_id", "unknown")]
)
def test_accounts_join_only_in_the_way_the_town_declared(
    folder: Write, town: Town, by: str, seen: str
) -> None:
    names = [person.name.replace(" ", "　") for person in town.staff]
    rows = [(f"x{at}@x.example", name, "True", "", "2026-11-20", "") for at, name in enumerate(names)]
    details = [(f"x{at}@x.example", "True", "fido2", "False") for at in range(4)]
    place = folder(
        {
            "users.csv": sheet(ENTRA, *rows),
            "registration.csv": sheet(METHODS, *details),
            "columns.toml": f'[people]\nby = "{by}"\n{POLICY}mfa_required = true\n',
        }
    )
    assert judged("ID-01", place, town).verdict == seen


def test_two_people_of_one_name_are_not_told_apart(folder: Write, town: Town) -> None:
    twins = replace(town, staff=(*town.staff, replace(town.staff[0], id="0105")))
    rows = [(f"x{at}@x.example", p.name, "True", "", "2026-11-20", "") for at, p in enumerate(town.staff)]
    details = [(f"x{at}@x.example", "True", "fido2", "False") for at in range(4)]
    text = f'[people]\nby = "name"\n{POLICY}mfa_required = true\n'
    place = folder(
        {"users.csv": sheet(ENTRA, *rows), "registration.csv": sheet(METHODS, *details), "columns.toml": text}
    )
    assert judged("ID-01", place, twins).verdict == "unknown"


def test_a_mail_address_joins_by_its_local_part_when_the_town_says_so(folder: Write, town: Town) -> None:
    rows = [google(id_, "") for id_ in STAFF]
    place = folder({"g.csv": sheet(GOOGLE, *rows), "columns.toml": '[people]\nby = "email_local"\n'})
    assert judged("ID-01", place, town).verdict == "pass"
    folder({"columns.toml": ""})
    assert judged("ID-01", place, town).verdict == "unknown"


@pytest.mark.parametrize("staff", ["101", '="0101"', "０１０１"])
def test_what_a_spreadsheet_does_to_numbers_is_undone(folder: Write, town: Town, staff: str) -> None:
    rows = [google("u0101", staff), *(google(f"u{id_}", id_) for id_ in STAFF[1:])]
    assert judged("ID-01", folder({"g.csv": sheet(GOOGLE, *rows)}), town).verdict == "pass"
