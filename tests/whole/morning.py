"""A town whose entrance, broker and approval server are real servers, and what a rehearsal says of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.peers.certificates import GATEWAY_NAME, authority, issue
from tests.peers.nginx import Block, nginx
from tests.remote.conftest import TODAY, rude_server
from tests.whole.command import auditor

PAGE = "location /login { charset utf-8; default_type text/html; return 200 'サインイン'; }"
REPAIRS = "location /login { charset utf-8; default_type text/html; return 200 'ただいま工事中'; }"
STAFF = """\
職員番号,氏名,課,方式,試行,研修修了日
0101,髙橋 一郎,総務課,vdi,○,2026-04-01
0102,𠮷田 花,総務課,vdi,○,2026-04-01
0103,森 次郎,税務課,vdi,○,2026-04-01
0104,林 三郎,税務課,,×,
"""
ENDPOINTS = """\
資産番号,製造番号,機器名,OS,課,利用者,区分,方式,取得方法,ホスト,ポート,アカウント
PC-001,SN1,総務01,windows,総務課,0101,internet,vdi,file,,,
"""
TOWN = """\
[town]
name = "松風町"
model = "base"
[[sections]]
id = "soumu"
name = "総務課"
[[sections]]
id = "zeimu"
name = "税務課"
[[gateways]]
id = "desktop"
name = "仮想デスクトップの入口"
host = "127.0.0.1"
port = {port}
server_name = "{name}"
ca_file = "ca.pem"
methods = ["vdi"]
{brokers}
{where}
{sign_on}
{register}
{documents}
"""
SIGN_ON = '[gateways.sign_on]\npath = "/login"\nshows = "サインイン"\n'


@dataclass
class Morning:
    """What stands in the town folder of one test."""

    folder: Path
    port: int
    broker: int | None
    server: int | None
    seats: int | None = 3
    sign_on: str = SIGN_ON
    more: str = ""
    where: str = ""
    words: list[str] = field(default_factory=list)

    def write(self) -> None:
        (self.folder / "inbox").mkdir(exist_ok=True)
        routes = self.folder / "routes"
        routes.mkdir(exist_ok=True)
        register = f'[gateways.register]\nas_of = {TODAY}\nsource = "契約書"\nseats = {self.seats}\n'
        documents = '[[documents]]\nid = "r"\nname = "決裁"\nkind = "routes"\nfolder = "routes"\n'
        text = TOWN.format(
            port=self.port,
            name=GATEWAY_NAME,
            brokers="" if self.broker is None else f'brokers = ["127.0.0.1:{self.broker}"]',
            sign_on=self.sign_on,
            where=self.where,
            register="" if self.seats is None else register,
            documents=documents + ("" if self.server is None else f'server = "127.0.0.1:{self.server}"\n'),
        )
        for name, content in (("town.toml", text + self.more), ("staff.csv", STAFF)):
            (self.folder / name).write_text(content, "utf-8")
        (self.folder / "endpoints.csv").write_text(ENDPOINTS, "utf-8")

    def rehearse(self, *options: str) -> tuple[int, dict[str, Any]]:
        """Exit code and the JSON."""
        self.write()
        done = auditor("rehearse", str(self.folder), "--json", *options, cwd=self.folder)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout)

    def told(self, *options: str, lang: str = "ja") -> str:
        """What a person reads."""
        self.write()
        return auditor("rehearse", str(self.folder), *options, cwd=self.folder, lang=lang).stdout


def states(found: dict[str, Any]) -> dict[str, str]:
    (walk,) = found["walks"]
    return {step["leg"]: step["state"] for step in walk["steps"]}


def stopped_at(found: dict[str, Any]) -> tuple[str, list[str]]:
    (walk,) = found["walks"]
    (step,) = [step for step in walk["steps"] if step["state"] == "breaks"]
    return step["leg"], step["people"]


@contextmanager
def morning(
    folder: Path, *, days: float = 200.0, page: str = PAGE, issuer_days: float = 3650
) -> Iterator[Morning]:
    """A town whose entrance, broker and approval server all answer; `days` until its certificate ends."""
    folder.mkdir(exist_ok=True)
    ca = authority(ends_days=issuer_days)
    ca.save(folder / "ca.pem")
    block = Block(issue(folder, ca, ends_days=days), extra=page)
    with (
        nginx(folder, [block]) as (port,),
        rude_server(lambda sock: sock.close()) as broker,
        rude_server(lambda sock: sock.close()) as server,
    ):
        yield Morning(folder, port, broker, server)


def changed(well: Morning, folder: Path, **fields: Any) -> Morning:
    """The same servers, and another town folder."""
    (folder / "ca.pem").write_bytes((well.folder / "ca.pem").read_bytes())
    return Morning(
        folder, well.port, fields.pop("broker", well.broker), fields.pop("server", well.server), **fields
    )
