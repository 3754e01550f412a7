"""A town folder is used only when all of it is right; all that is wrong is told at once."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import ConfigError, Problem
from auditor.problems import worded
from auditor.targets import Endpoint, Person
from tests.town.conftest import ENDPOINTS, STAFF, TOWN, TownFolder

GOOD = {"town.toml": TOWN, "staff.csv": STAFF, "endpoints.csv": ENDPOINTS}


def test_a_right_town_folder_becomes_a_town(town: TownFolder) -> None:
    loaded = town.load()
    assert loaded.town.root == town.root.resolve()
    assert [section.head for section in loaded.town.sections] == ["0101", ""]
    assert loaded.town.staff[0] == Person(
        id="0101", name="髙橋 一郎", section="soumu", method="vpn", trial=True, trained_on=date(2026, 4, 1)
    )
    assert loaded.town.endpoints == (
        Endpoint(
            id="PC-001",
            serial="SN1",
            name="総務01",
            os="windows",
            section="soumu",
            user="0101",
            method="vpn",
        ),
    )
    assert [note.key for note in loaded.notes] == ["no_head", "no_officer"]


def test_mistakes_in_three_files_are_told_at_once(town: TownFolder) -> None:
    town.write("town.toml", TOWN.replace('"0101"', '"101"').replace('"zeimu"', '"税務"'))
    town.write("staff.csv", STAFF.replace("税務課,,×", "水道課,電話,△"))
    town.write("endpoints.csv", ENDPOINTS.replace("0101", "101").replace("file", "usb"))
    assert town.told() == [
        ("endpoints.csv", 2, "利用者", "no_person"),
        ("endpoints.csv", 2, "取得方法", "bad_choice"),
        ("staff.csv", 3, "方式", "bad_choice"),
        ("staff.csv", 3, "試行", "bad_flag"),
        ("staff.csv", 3, "課", "unknown_section"),
        ("town.toml", 7, "sections.head", "no_person"),
        ("town.toml", 11, "sections.id", "bad_id"),
    ]


def test_a_user_written_without_its_leading_zero_gets_the_right_number_proposed(town: TownFolder) -> None:
    town.write("endpoints.csv", ENDPOINTS.replace("0101", "101"))
    assert town.problems()[0].values["near"] == "0101, 0102"


def test_a_user_written_by_name_gets_the_number_proposed(town: TownFolder) -> None:
    town.write("endpoints.csv", ENDPOINTS.replace("0101", "髙橋 一郎"))
    assert town.problems()[0].values["near"] == "0101"


def test_a_broken_town_file_does_not_hide_mistakes_in_ledgers(town: TownFolder) -> None:
    town.write("town.toml", "[town\n")
    town.write("staff.csv", b"")
    assert town.told() == [("staff.csv", None, "", "ledger_empty"), ("town.toml", 1, "", "toml_syntax")]


def test_full_width_letters_mean_the_same(town: TownFolder) -> None:
    row = (
        "ＰＣ－００２,ＳＮ２,総務02,Ｗｉｎｄｏｗｓ　１１　Ｐｒｏ,ＳＯＵＭＵ,０１０２,"
        "ＬＧＷＡＮ接続系,ＶＰＮ,ＳＳＨ,10.0.0.5,２２２２,ａｕｄｉｔ\n"
    )
    endpoint = _with_row(town, row).load().town.endpoints[1]
    assert endpoint == Endpoint(
        id="PC-002",
        serial="SN2",
        name="総務02",
        os="windows",
        section="soumu",
        user="0102",
        zone="lgwan",
        method="vpn",
        road="ssh",
        host="10.0.0.5",
        port=2222,
        account="audit",
    )


def _with_row(town: TownFolder, row: str) -> TownFolder:
    town.add("endpoints.csv", row)
    return town


@pytest.mark.parametrize(
    ("row", "field", "key"),
    [
        ("PC-001,,x,windows,,共用,home,,file,,,\n", "資産番号", "id_twice"),
        ("pc-001,,x,windows,,共用,home,,file,,,\n", "資産番号", "id_twice"),
        (",,x,windows,,共用,home,,file,,,\n", "資産番号", "blank"),
        ("../x,,x,windows,,共用,home,,file,,,\n", "資産番号", "bad_id"),
        ("1.23E+11,,x,windows,,共用,home,,file,,,\n", "資産番号", "id_exponent"),
        ("P2,製造,x,windows,,共用,home,,file,,,\n", "製造番号", "bad_serial"),
        ('P2,,"x\ny",windows,,共用,home,,file,,,\n', "機器名", "name_control"),
        ("P2,,x,TRON,,共用,home,,file,,,\n", "OS", "bad_choice"),
        ("P2,,x,,,共用,home,,file,,,\n", "OS", "blank"),
        ("P2,,x,linux,,共用,,,file,,,\n", "区分", "blank"),
        ("P2,,x,linux,,共用,home,,ssh,,,audit\n", "ホスト", "ssh_host"),
        ("P2,,x,linux,,共用,home,,ssh,pc2,,\n", "アカウント", "ssh_account"),
        ("P2,,x,linux,,共用,home,,ssh,pc2,70000,audit\n", "ポート", "bad_port"),
        ("P2,,x,linux,,共用,home,,ssh,-oX=1,,audit\n", "ホスト", "bad_host"),
        ("P2,,x,linux,,共用,home,,ssh,pc2,,-lroot\n", "アカウント", "bad_account"),
    ],
)
def test_a_wrong_row_names_its_line_and_column(town: TownFolder, row: str, field: str, key: str) -> None:
    assert _with_row(town, row).told() == [("endpoints.csv", 3, field, key)]


def test_only_one_machine_can_be_the_one_that_audits(town: TownFolder) -> None:
    row = "P{},,x,linux,,共用,home,,local,,,\n"
    assert _with_row(town, row.format(2) + row.format(3)).told() == [
        ("endpoints.csv", 4, "取得方法", "local_twice")
    ]


def test_the_log_in_name_for_all_is_used_where_a_row_has_none(town: TownFolder) -> None:
    town.add("town.toml", '[ssh]\naccount = "audit"\n')
    loaded = _with_row(town, "P2,,x,linux,,共用,home,,ssh,pc2,,\n").load()
    assert (loaded.town.endpoints[1].account, loaded.town.endpoints[1].port) == ("audit", 22)
    assert loaded.settings.ssh_account == "audit"


def test_hostile_names_are_data(town: TownFolder) -> None:
    name = "<script>alert(1)</script>../../x"
    town.write("staff.csv", STAFF.replace("𠮷田 花", name))
    assert town.load().town.staff[1].name == name


def test_two_machines_with_one_serial_number_are_noted(town: TownFolder) -> None:
    loaded = _with_row(town, "P2,sn1,x,linux,,共用,home,,file,,,\n").load()
    assert "serial_twice" in [note.key for note in loaded.notes]


GATEWAY = '[[gateways]]\nid = "vpn"\nname = "VPN"\nhost = "vpn.example.jp"\n'
PRINTER = '[[print_servers]]\nid = "cups"\nname = "印刷"\n'
FOLDER = '[[documents]]\nid = "r"\nname = "決裁"\nkind = "routes"\nfolder = "inbox"\n'


def test_gateways_printers_and_documents_become_targets(town: TownFolder) -> None:
    printer = PRINTER + 'url = "ipp://p.example.jp:631/"\nlocations = { "2階" = "soumu" }\n'
    gateway = GATEWAY + 'methods = ["vpn"]\nclosed_ports = [3389]\nca_file = "ca.pem"\n'
    town.write("ca.pem", "x")
    town.add("town.toml", gateway + printer + FOLDER + FOLDER.replace("routes", "ordinances"))
    loaded = town.load().town
    assert loaded.gateways[0].ca_file == town.root.resolve() / "ca.pem"
    assert (loaded.gateways[0].port, loaded.gateways[0].road) == (443, "probe")
    assert loaded.print_servers[0].locations == {"2階": "soumu"}
    assert [one.folder for one in loaded.documents] == [town.root.resolve() / "inbox"] * 2


def test_spice_is_a_protocol_where_the_town_allows_the_question(town: TownFolder) -> None:
    town.add("town.toml", GATEWAY + 'protocol = "spice"\nallow_spice_link = true\n')
    (gateway,) = town.load().town.gateways
    assert (gateway.protocol, gateway.allow_spice_link) == ("spice", True)


@pytest.mark.parametrize(
    ("toml", "field", "key"),
    [
        (GATEWAY + "port = 0\n", "gateways.port", "bad_port"),
        (GATEWAY + "closed_ports = [443]\n", "gateways.closed_ports", "port_both"),
        (GATEWAY + "closed_ports = [65536]\n", "gateways.closed_ports", "bad_port"),
        (GATEWAY + 'protocol = "ssl"\n', "gateways.protocol", "bad_choice"),
        (GATEWAY + 'transport = "udp"\n', "gateways.transport", "udp_only_openvpn"),
        (GATEWAY + 'protocol = "rdp"\ntransport = "udp"\n', "gateways.transport", "udp_only_openvpn"),
        (GATEWAY + 'protocol = "spice"\n', "gateways.protocol", "spice_opt_in"),
        (GATEWAY + 'protocol = "spice"\nallow_spice_link = false\n', "gateways.protocol", "spice_opt_in"),
        (GATEWAY + "allow_spice_link = true\n", "gateways.allow_spice_link", "key_other_protocol"),
        (GATEWAY + 'methods = ["VPN"]\n', "gateways.methods", "bad_choice"),
        (GATEWAY + 'sections = ["suido"]\n', "gateways.sections", "unknown_section"),
        (GATEWAY + 'ca_file = "none.pem"\n', "gateways.ca_file", "declared_file_missing"),
        (GATEWAY + 'zone = "dmz"\n', "gateways.zone", "bad_choice"),
        (GATEWAY + 'road = "ssh"\n', "gateways.road", "bad_choice"),
        (GATEWAY + "prot = 1\n", "gateways.prot", "unknown_key"),
        (GATEWAY + GATEWAY, "gateways.id", "id_twice"),
        (GATEWAY.replace("vpn.example.jp", "https://vpn/"), "gateways.host", "bad_host"),
        (GATEWAY.replace("vpn.example.jp", ""), "gateways.host", "blank"),
        (PRINTER, "print_servers.url", "bad_url"),
        (PRINTER + 'url = "smb://p/"\n', "print_servers.url", "bad_url"),
        (PRINTER + 'url = "ipp:///x"\n', "print_servers.url", "bad_url"),
        (PRINTER + 'url = "http://p:99999/"\n', "print_servers.url", "bad_url"),
        (PRINTER + 'url = "ipp://u:p@h/"\n', "print_servers.url", "url_secret"),
        (PRINTER + 'road="file"\nlocations={"2階"="x"}\n', "print_servers.locations.2階", "unknown_section"),
        (FOLDER.replace("routes", "forms"), "documents.kind", "bad_choice"),
        (FOLDER.replace("inbox", "../x"), "documents.folder", "folder_outside"),
        (FOLDER.replace("inbox", ""), "documents.folder", "blank"),
        (FOLDER + FOLDER, "documents.id", "id_twice"),
        ('[ssh]\naccount = "-l"\n', "ssh.account", "bad_account"),
        ('[ssh]\nkey_file = "key"\n', "ssh.key_file", "declared_file_missing"),
        ('[[sections]]\nid = "SOUMU"\nname = "別"\n', "sections.id", "id_twice"),
        ('[[sections]]\nid = "b"\nname = "総務課"\n', "sections.name", "name_twice"),
        ('[[sections]]\nid = "b"\nname = "a\\nb"\n', "sections.name", "name_control"),
    ],
)
def test_a_wrong_table_names_its_key(town: TownFolder, toml: str, field: str, key: str) -> None:
    town.add("town.toml", toml)
    assert [(told[2], told[3]) for told in town.told()] == [(field, key)]


def test_a_folder_that_is_away_is_noted_and_stops_nothing(town: TownFolder) -> None:
    town.add("town.toml", FOLDER.replace("inbox", "later"))
    assert "folder_missing" in [note.key for note in town.load().notes]


@pytest.mark.parametrize(
    ("line", "field", "key"),
    [
        ('model = "betta"', "town.model", "bad_choice"),
        ('model = "town"', "town.model", "model_file_missing"),
        ("unsigned_inbox = true", "town.unsigned_inbox", "unsigned_reason"),
        ('contact = "a\\nb"', "town.contact", "name_control"),
    ],
)
def test_the_town_table_is_checked_too(town: TownFolder, line: str, field: str, key: str) -> None:
    town.write("town.toml", TOWN.replace("[town]", f"[town]\n{line}"))
    assert town.told() == [("town.toml", 2, field, key)]


def test_a_model_file_that_nobody_uses_is_noted(town: TownFolder) -> None:
    town.write("model.toml", "")
    assert "model_file_unused" in [note.key for note in town.load().notes]
    town.write("town.toml", TOWN.replace("[town]", '[town]\nmodel = "town"'))
    assert town.load().settings.model_file == town.root.resolve() / "model.toml"


def test_a_town_without_sections_is_refused(town: TownFolder) -> None:
    town.write("town.toml", '[town]\nname = "x"\n')
    assert ("town.toml", None, "sections", "no_sections") in town.told()


def test_a_missing_folder_tells_all_three_files(tmp_path: Path) -> None:
    folder = TownFolder(tmp_path / "t")
    for name in ("town.toml", "staff.csv", "endpoints.csv"):
        (folder.root / name).unlink()
    assert [told[3] for told in folder.told()] == ["ledger_missing", "ledger_missing", "file_missing"]


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(GOOD)), at=st.integers(0, 300), junk=st.binary(min_size=1, max_size=6))
def test_whatever_is_spoilt_only_the_config_error_comes_out(
    tmp_path_factory: pytest.TempPathFactory, name: str, at: int, junk: bytes
) -> None:
    folder = TownFolder(tmp_path_factory.mktemp("spoilt") / "town")
    content = GOOD[name].encode()
    folder.write(name, content[:at] + junk + content[at + 1 :])
    problems: Sequence[Problem] = ()
    sections = 0
    try:
        sections = len(folder.load().town.sections)
    except ConfigError as error:
        problems = error.problems
    assert sections >= 2 or problems
    assert all(problem.file.name in GOOD for problem in problems)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_host_s_name_in_japanese_letters_is_refused_with_the_form_to_write(
    town: TownFolder, lang: str
) -> None:
    town.add("town.toml", GATEWAY.replace("vpn.example.jp", "役場.example.jp"))
    (problem,) = town.problems()
    assert "役場.example.jp" in worded(problem, lang)
    assert "xn--" in worded(problem, lang)
