"""A town of real servers on this machine: three sshd, two gateways, a print server, routes and ordinances."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.certificates import GATEWAY_NAME
from tests.peers.sshd import SshServer

SECTIONS = {"soumu": "総務課", "zeimu": "税務課", "jumin": "住民課"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What the town folder points at; `printing` None = no print server is declared."""

    ssh: tuple[SshServer, SshServer, SshServer]
    tls_port: int
    openvpn_port: int
    ca_file: Path
    printing: str | None = None


@dataclass(frozen=True, slots=True)
class Town:
    """A town folder on disk; its parts may be rewritten between scans."""

    folder: Path
    servers: Servers

    def write(self, *, tls_port: int = 0) -> None:
        """Write everything; `tls_port` other than 0 moves the TLS gateway."""
        self.folder.mkdir(exist_ok=True)
        for name in ("inbox", "routes", "ordinances"):
            (self.folder / name).mkdir(exist_ok=True)
        self._text("town.toml", self._town_toml(tls_port or self.servers.tls_port))
        self._text("known_hosts", "".join(f"{server.known_hosts}\n" for server in self.servers.ssh))
        self._text("staff.csv", STAFF)
        rows = [
            f"PC-{number},,端末{number},linux,{section},10{number},internet,vpn,ssh,127.0.0.1,{server.port}"
            for number, (section, server) in enumerate(
                zip(SECTIONS.values(), self.servers.ssh, strict=True), start=1
            )
        ]
        heading = "資産番号,製造番号,機器名,OS,課,利用者,区分,方式,取得方法,ホスト,ポート"
        self._text("endpoints.csv", "\r\n".join((heading, *rows)) + "\r\n")
        self.route("good")
        self._text("ordinances/bunsho.html", ORDINANCE)

    def route(self, kind: str) -> None:
        """Put the approval route `good` or `trouble` (a seal is demanded) of 総務課 in place."""
        steps = {"good": "課長の決裁", "trouble": "課長の決裁と押印"}
        self._text("routes/kian.bpmn", ROUTE.format(step=steps[kind]))

    def _text(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8", newline="")

    def _town_toml(self, tls_port: int) -> str:
        sections = "".join(
            f'[[sections]]\nid = "{id_}"\nname = "{name}"\nhead = "10{number}"\nofficer = "10{number}"\n'
            for number, (id_, name) in enumerate(SECTIONS.items(), start=1)
        )
        servers = self.servers
        printing = PRINTING.format(url=servers.printing) if servers.printing else ""
        return TOWN.format(
            account=servers.ssh[0].account,
            key=servers.ssh[0].client_key,
            sections=sections,
            tls_port=tls_port,
            name=GATEWAY_NAME,
            ca=servers.ca_file,
            openvpn_port=servers.openvpn_port,
            printing=printing,
        )

    def run(self) -> dict[str, Any]:
        """The newest run's document, as written beside the pages."""
        text = (self.folder / "out" / "latest-en" / "run.json").read_text("utf-8")
        return dict(json.loads(text))


def standing(run: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, str]]:
    """Verdict and key of every finding by (control, target).

    How long a connect took hangs on how busy this machine is: PATH-01's sentence is left out.
    """
    return {
        (row["control"], row["target"]): (row["verdict"], row["key"] if row["control"] != "PATH-01" else "")
        for row in run["findings"]
    }


def readiness(run: Mapping[str, Any]) -> dict[str, str]:
    """Everybody's verdict by staff id."""
    return {row["person"]: row["ready"] for row in run["readiness"]}


TOWN = """
[town]
name = "松風町"
model = "beta"
contact = "デジタル推進課 内線100"

[ssh]
account = "{account}"
key_file = "{key}"

{sections}
[[gateways]]
id = "portal"
name = "テレワーク窓口"
host = "127.0.0.1"
port = {tls_port}
protocol = "tls"
server_name = "{name}"
ca_file = "{ca}"
methods = ["vpn"]
closed_ports = [22, 23, 445, 3389, 5900, 8443]

[[gateways]]
id = "vpn"
name = "VPN装置"
host = "127.0.0.1"
port = {openvpn_port}
protocol = "openvpn"
transport = "udp"
methods = ["vpn"]
closed_ports = [22, 23, 445, 3389, 5900, 8443]

[[documents]]
id = "routes"
name = "承認の経路"
kind = "routes"
folder = "routes"
sections = ["soumu"]

[[documents]]
id = "reiki"
name = "例規集"
kind = "ordinances"
folder = "ordinances"
count = 1
{printing}
"""
PRINTING = """
[[print_servers]]
id = "print"
name = "印刷サーバー"
url = "{url}"
locations = {{ "本庁2階" = "soumu" }}
"""
STAFF = (
    "職員番号,氏名,課,方式,試行,研修修了日,備考\r\n"
    "101,髙橋 一郎,総務課,vpn,○,２０２６/5/1,\r\n"
    "102,𠮷田 花子,税務課,vpn,○,令和8年5月1日,\r\n"
    "103,<script>alert(1)</script>,住民課,vpn,○,2026-05-01,\r\n"
)
ROUTE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  targetNamespace="urn:matsukaze" id="d1">
  <process id="kian" name="起案から施行まで" isExecutable="true">
    <startEvent id="s"/>
    <userTask id="draft" name="起案" camunda:candidateGroups="staff"/>
    <userTask id="decide" name="{step}" camunda:candidateGroups="kacho,kacho-dairi"/>
    <endEvent id="e"/>
    <sequenceFlow id="f1" sourceRef="s" targetRef="draft"/>
    <sequenceFlow id="f2" sourceRef="draft" targetRef="decide"/>
    <sequenceFlow id="f3" sourceRef="decide" targetRef="e"/>
  </process>
</definitions>
"""
ORDINANCE = """<!DOCTYPE html>
<html lang="ja"><head><meta charset="UTF-8"><title>松風町文書事務試行規則</title></head><body>
<p>松風町文書事務試行規則</p>
<p>第1条　この規則は、文書の取扱いに必要な事項を定める。</p>
<p>第2条　申請者は、申請書に押印しなければならない。</p>
<p>2　前項の申請書は、窓口に持参しなければならない。</p>
</body></html>
"""
