"""What a town declares of printing is all that is contacted or read; the whole way runs on real servers."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from auditor.api import Place, Reason, Status, Verdict
from auditor.errors import ConfigError
from auditor.findings import Finding
from auditor.intent import intents
from auditor.judge import Scene, judge
from auditor.model import load_model
from auditor.plan import Task, plan
from auditor.probing import probed
from auditor.roads import Roads
from auditor.session import read_controls
from auditor.targets import Town, target_key
from auditor.town import load_town
from tests.peers.cups import CupsQueue, cups
from tests.peers.process import free_port
from tests.peers.snmpd import COMMUNITY, snmpd
from tests.printing.test_pagelog import STANDARD, records

TOWN = """\
[town]
name = "松風町"

[[sections]]
id = "soumu"
name = "総務課"

[[print_servers]]
id = "cups"
name = "印刷"
url = "http://127.0.0.1:{port}/"
community_file = "community.txt"
records = "records"

[[print_servers.devices]]
serial = "MFP-0001"
queues = ["soumu"]
snmp = "{snmp}"

[[documents]]
id = "ledgers"
name = "用紙とFAXの台帳"
kind = "printing"
folder = "ledgers"
"""
STAFF = "職員番号,氏名,課,方式,試行,研修修了日\n1,山田 花,総務課,vpn,×,\n"
ENDPOINTS = """\
資産番号,製造番号,機器名,OS,課,利用者,区分,方式,取得方法,ホスト,ポート,アカウント
PC-1,S1,総務1,windows,総務課,1,internet,vpn,file,,,
"""


def folder(place: Path, port: int, snmp: str) -> Path:
    for name in ("inbox", "records", "ledgers"):
        (place / name).mkdir()
    (place / "town.toml").write_text(TOWN.format(port=port, snmp=snmp), "utf-8")
    (place / "staff.csv").write_text(STAFF, "utf-8")
    (place / "endpoints.csv").write_text(ENDPOINTS, "utf-8")
    (place / "community.txt").write_text(COMMUNITY)
    (place / "community.txt").chmod(0o600)
    return place


def task_of(town: Town, kind: str) -> Task:
    plugins, controls = read_controls()
    model = load_model(controls, "base")
    return next(task for task in plan(town, model, plugins) if task.target.kind == kind)


def judged(town: Town, kind: str) -> dict[str, Finding]:
    """The findings of the town's first target of this kind, on its real road."""
    plugins, controls = read_controls()
    model = load_model(controls, "base")
    task = task_of(town, kind)
    evidence = probed(task.target, task.probes(plugins), Roads())
    now = datetime.now(UTC)
    scene = Scene(town=town, model=model, plugins=plugins, now=now, today=now.date())
    findings, broken = judge(task, evidence, scene)
    assert not broken
    return {finding.control: finding for finding in findings}


def test_devices_their_agents_and_records_are_declared(tmp_path: Path) -> None:
    (server,) = load_town(folder(tmp_path, 1, "10.0.0.9:161")).town.print_servers
    (device,) = server.devices
    assert (device.serial, device.queues, device.snmp) == ("MFP-0001", ("soumu",), Place("10.0.0.9", 161))
    assert server.records == tmp_path / "records"
    assert server.keys == {"community": tmp_path / "community.txt"}


@pytest.mark.parametrize("snmp", ["10.0.0.9", "10.0.0.9:99999", "http://10.0.0.9:161", "a b:161"])
def test_an_agent_without_a_port_is_refused(tmp_path: Path, snmp: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_town(folder(tmp_path, 1, snmp))
    assert [problem.key for problem in caught.value.problems] == ["bad_place"]


def test_a_dry_run_names_the_server_and_the_device(tmp_path: Path) -> None:
    town = load_town(folder(tmp_path, 1, "127.0.0.1:2")).town
    plugins, _ = read_controls()
    found = intents(town, [task_of(town, "print-server")], plugins)
    assert {(one.host, one.port, one.transport) for one in found} == {
        ("127.0.0.1", 1, "tcp"),
        ("127.0.0.1", 2, "udp"),
    }


def test_a_real_server_a_real_agent_and_its_records_are_judged_together(tmp_path: Path) -> None:
    with (
        cups([CupsQueue("soumu", "総務課")], page_log=STANDARD) as server,
        snmpd(tmp_path, count=1006) as agent,
    ):
        server.print("soumu", "sides=one-sided", pages=6)
        place = tmp_path / "town"
        place.mkdir()
        town = load_town(folder(place, server.port, f"127.0.0.1:{agent.port}")).town
        records(server, place / "records")
        day = date.today() - timedelta(days=20)  # noqa: DTZ011 - a day is all that a meter sheet has
        sheet = f"機番,検針日,カウンタ値,単位\nMFP-0001,{day},1000,面\n"
        (place / "records" / "検針票.csv").write_text(sheet, encoding="cp932")
        found = judged(town, "print-server")
    assert (found["PRT-08"].verdict, found["PRT-08"].values["count"]) == (Verdict.PASS, 1)
    assert found["PRT-03"].reason is Reason.WINDOW_SHORT  # the server was born a moment ago
    assert "oldest job kept: #1" in found["PRT-03"].note
    assert found["PRT-02"].reason is Reason.WINDOW_SHORT
    assert found["PRT-01"].verdict is Verdict.PASS
    assert found["PRT-06"].verdict in (Verdict.PASS, Verdict.FAIL)


def test_ledgers_of_a_declared_folder_are_judged(tmp_path: Path) -> None:
    town = load_town(folder(tmp_path, 1, "127.0.0.1:2")).town
    found = judged(town, "printing")
    assert {found["PRT-09"].reason, found["PRT-10"].reason} == {Reason.NOT_COLLECTED}
    now = datetime.now(UTC)
    newest = now.year * 12 + now.month - 2
    rows = [
        f"{month // 12}-{month % 12 + 1},{80 if ago < 12 else 100},0,{80 if ago < 12 else 100},5"
        for ago in range(24)
        for month in [newest - ago]
    ]
    heading = "年月,送信,受信,用紙購入枚数,コピー料金"
    (tmp_path / "ledgers" / "a.csv").write_text("\n".join([heading, *rows, ""]), encoding="cp932")
    found = judged(town, "printing")
    assert (found["PRT-09"].verdict, found["PRT-09"].values["change"]) == (Verdict.PASS, -20.0)
    assert (found["PRT-10"].verdict, found["PRT-10"].key) == (Verdict.FAIL, "charge")


def test_a_server_that_cannot_be_reached_is_told_of_once_not_once_per_control(tmp_path: Path) -> None:
    place = folder(tmp_path, free_port(), "")
    written = (place / "town.toml").read_text("utf-8")
    (place / "town.toml").write_text(written.replace('records = "records"\n', ""), "utf-8")
    found = judged(load_town(place).town, "print-server")
    assert {finding.reason for finding in found.values()} == {Reason.REFUSED}
    assert all(finding.whole_target for finding in found.values())


def test_without_a_community_no_agent_is_contacted(tmp_path: Path) -> None:
    place = folder(tmp_path, 1, "127.0.0.1:2")
    written = (place / "town.toml").read_text("utf-8")
    (place / "town.toml").write_text(written.replace('community_file = "community.txt"\n', ""), "utf-8")
    town = load_town(place).town
    plugins, _ = read_controls()
    assert {one.port for one in intents(town, [task_of(town, "print-server")], plugins)} == {1}


def test_a_server_without_devices_and_records_says_what_is_missing(tmp_path: Path) -> None:
    place = folder(tmp_path, free_port(), "")
    town = load_town(place).town
    plugins, _ = read_controls()
    task = task_of(town, "print-server")
    evidence = probed(task.target, task.probes(plugins), Roads())
    told = {answer.id: answer for answer in evidence.answers}
    assert told["printing.meters"].reason is Reason.NOT_DECLARED
    assert told["print.page-log"].reason is Reason.NOT_COLLECTED
    assert all(answer.status is Status.ERROR for answer in evidence.answers)
    assert evidence.target == target_key(task.target)


def test_a_records_folder_that_is_not_there_is_noted(tmp_path: Path) -> None:
    place = folder(tmp_path, 1, "")
    (place / "records").rmdir()
    notes = load_town(place).notes
    assert ("print_servers.records", "folder_missing") in {(note.field, note.key) for note in notes}


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ('serial = "mfp-0001"\nqueues = ["x"]', "id_twice"),
        ('serial = "MFP-0002"\nqueues = []', "blank"),
        ('serial = ""\nqueues = ["x"]', "blank"),
    ],
)
def test_a_device_is_declared_once_with_its_queues(tmp_path: Path, table: str, key: str) -> None:
    place = folder(tmp_path, 1, "")
    written = (place / "town.toml").read_text("utf-8")
    more = f"[[print_servers.devices]]\n{table}\n\n[[documents]]"
    (place / "town.toml").write_text(written.replace("[[documents]]", more), "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_town(place)
    assert [problem.key for problem in caught.value.problems] == [key]
