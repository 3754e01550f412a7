"""The two ledgers: staff.csv (who) and endpoints.csv (which machine), as people and endpoints."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from auditor.cells import MAX_NAME, Cells, misspelt
from auditor.ledger import Column, Sheet, folded, read_sheet
from auditor.problems import Told
from auditor.targets import Endpoint, Person

METHODS = ("vpn", "rdp", "vdi", "container", "browser", "cloud", "standalone")
ZONES = ("mynumber", "lgwan", "internet", "home")
SYSTEMS = ("windows", "linux", "macos", "chromeos", "ipados")
ROADS = ("local", "ssh", "file", "console")
OWNERS = ("town", "private")
SSH_PORT = 22

STAFF = (
    Column("id", "職員番号", ("番号", "職員ID", "staff id", "employee number"), required=True),
    Column("name", "氏名", ("名前", "職員名"), required=True),
    Column("section", "課", ("所属", "課名", "所属課", "部署"), required=True),
    Column("method", "方式", ("テレワーク方式", "telework method")),
    Column("trial", "試行", ("試行対象", "トライアル", "試行参加"), required=True),
    Column(
        "trained_on", "研修修了日", ("研修日", "研修受講日", "研修", "training", "trained"), required=True
    ),
    Column("place_attested_on", "作業場所の申告日", ("作業場所申告日", "申告日", "place attested")),
    Column("router_attested_on", "自宅ルータの申告日", ("ルータの申告日", "ルータ申告日", "router attested")),
)
ENDPOINTS = (
    Column("id", "資産番号", ("管理番号", "端末番号", "asset number", "asset id"), required=True),
    Column("serial", "製造番号", ("シリアル番号", "シリアル", "serial number")),
    Column("name", "機器名", ("端末名", "コンピュータ名", "機器", "host name"), required=True),
    Column("os", "OS", ("基本ソフト", "OS種別", "system"), required=True),
    Column("section", "課", ("所属", "課名", "所属課", "部署"), required=True),
    Column("user", "利用者", ("利用者番号", "使用者", "職員番号", "user id"), required=True),
    Column("zone", "区分", ("ネットワーク区分", "セグメント", "network zone"), required=True),
    Column("method", "方式", ("テレワーク方式", "telework method")),
    Column("road", "取得方法", ("収集方法", "取得", "how"), required=True),
    Column("host", "ホスト", ("ホスト名", "アドレス", "IPアドレス", "address")),
    Column("port", "ポート", ("ポート番号", "ssh port")),
    Column("account", "アカウント", ("接続アカウント", "ログイン名", "login")),
    Column("jump", "経由", ("経由先", "踏み台", "踏み台サーバー", "jump host", "via")),
    Column("sudo", "昇格", ("管理者権限", "root権限")),
    Column("retired_on", "廃止日", ("廃棄日", "返却日", "除却日", "retired")),
    Column("owner", "所有", ("所有者", "所有区分", "ownership")),
    Column("approved_on", "私物承認日", ("私物の承認日", "承認日", "approved")),
    Column("extra_checked_on", "追加対策の確認日", ("追加対策確認日", "extra safeguards checked")),
)


def _meanings(**spellings: str) -> dict[str, str]:
    """Every folded spelling, and each value itself, by what it means."""
    table = {value: value for value in spellings}
    return table | {folded(word): value for value, words in spellings.items() for word in words.split(",")}


_NONE = {"": "", "-": "", "なし": "", "無し": "", "none": ""}
_METHODS = _NONE | _meanings(
    vpn="VPN接続",
    rdp="リモートデスクトップ,画面転送,RDP接続",
    vdi="仮想デスクトップ,VDI接続",
    container="セキュアコンテナ,コンテナ",
    browser="セキュアブラウザ,ブラウザ",
    cloud="クラウド,クラウドサービス",
    standalone="スタンドアロン,単独,持ち帰り",
)
_ZONES = {"": ""} | _meanings(
    mynumber="マイナンバー利用事務系,個人番号利用事務系,マイナンバー系",
    lgwan="LGWAN接続系,LGWAN系",
    internet="インターネット接続系,インターネット系,インターネット",
    home="庁外,自宅,在宅",
)
_SYSTEMS = _meanings(
    windows="win,ウィンドウズ",
    linux="ubuntu,debian,rhel,red hat enterprise linux,almalinux,rocky linux,リナックス",
    macos="mac,mac os,mac os x,os x,マック",
    chromeos="chromebook,chrome os,chrome os flex,クロームブック",
    ipados="ipad,アイパッド",
)
_ROADS = _meanings(
    local="この機械,このPC,本機,ローカル",
    ssh="SSH接続",
    file="ファイル,証跡ファイル,受け箱,手渡し,inbox",
    console="コンソール,管理コンソール,管理画面,MDM,admin console",
) | {"": "file"}
_OWNERS = {"": "", "-": ""} | _meanings(
    town="町,町有,公用,貸与,支給,リース,official,issued,corporate",
    private="私物,個人,個人所有,私有,BYOD,personal",
)
_VERSION = re.compile(r"\d.*")


@dataclass(frozen=True, slots=True)
class Names:
    """How ledgers may write a section: id or name, folded → id. None = the section list is not known."""

    sections: Mapping[str, str] | None

    def section(self, cells: Cells, key: str) -> str:
        """The section's id; "" where the cell is empty or names none."""
        text = cells.raw(key)
        if not text or self.sections is None:
            return ""
        if (found := self.sections.get(folded(text))) is None:
            near = cells.told.near(folded(text), self.sections)
            cells.wrong(key, "unknown_section", name=text[:MAX_NAME], near=near)
        return found or ""


def read_staff(path: Path, names: Names, told: Told) -> tuple[Person, ...]:
    """The people of ``staff.csv``; everything wrong goes to `told`."""
    sheet = read_sheet(path, STAFF, told)
    people = tuple(_person(cells, names) for cells in _cells(sheet, told))
    _once(sheet, "id", [person.id for person in people], told)
    return people


def _person(cells: Cells, names: Names) -> Person:
    section = names.section(cells, "section")
    if not cells.raw("section"):
        cells.remark("section", "no_place")
    return Person(
        id=cells.id("id"),
        name=cells.name("name"),
        section=section,
        method=cells.choice("method", _METHODS, ", ".join(METHODS)),
        trial=cells.flag("trial"),
        trained_on=cells.day("trained_on"),
        place_attested_on=cells.day("place_attested_on"),
        router_attested_on=cells.day("router_attested_on"),
    )


@dataclass(frozen=True, slots=True)
class Defaults:
    """What an empty cell of endpoints.csv means for machines reached by ssh: log-in name, and sudo or not.

    `jumps` = the ids of the jump hosts a row may name, None = not known.
    """

    account: str = ""
    sudo: bool = False
    jumps: tuple[str, ...] | None = ()


def read_endpoints(
    path: Path, names: Names, staff: Mapping[str, str] | None, defaults: Defaults, told: Told
) -> tuple[Endpoint, ...]:
    """The machines of ``endpoints.csv``; `staff` = names by staff id, None = not known."""
    sheet = read_sheet(path, ENDPOINTS, told)
    rows = _cells(sheet, told)
    endpoints = tuple(_endpoint(cells, names, staff, defaults) for cells in rows)
    _once(sheet, "id", [endpoint.id for endpoint in endpoints], told)
    _once(sheet, "serial", [endpoint.serial for endpoint in endpoints], told)
    local = [cells for cells, endpoint in zip(rows, endpoints, strict=True) if endpoint.road == "local"]
    for cells in local[1:]:
        cells.wrong("road", "local_twice", first=local[0].row.line)
    return endpoints


def _endpoint(cells: Cells, names: Names, staff: Mapping[str, str] | None, defaults: Defaults) -> Endpoint:
    road = cells.choice("road", _ROADS, ", ".join(ROADS))
    account = cells.account("account") or defaults.account
    if road == "ssh":
        _reachable(cells, account)
    if road == "console" and not cells.raw("serial"):
        cells.wrong("serial", "console_serial")
    if not cells.raw("zone"):
        cells.wrong("zone", "blank")
    if not cells.raw("section"):
        cells.remark("section", "no_home")
    return Endpoint(
        id=cells.id("id"),
        serial=cells.serial("serial"),
        name=cells.name("name"),
        os=_system(cells),
        section=names.section(cells, "section"),
        user=_user(cells, staff),
        zone=cells.choice("zone", _ZONES, ", ".join(ZONES)),
        method=cells.choice("method", _METHODS, ", ".join(METHODS)),
        road=road or "file",
        host=cells.host("host"),
        port=cells.port("port", SSH_PORT),
        account=account,
        jump=_jump(cells, defaults) if road == "ssh" else "",
        sudo=_sudo(cells, defaults) if road == "ssh" else False,
        retired_on=cells.day("retired_on"),
        owner=cells.choice("owner", _OWNERS, ", ".join(OWNERS)),
        approved_on=cells.day("approved_on"),
        extra_checked_on=cells.day("extra_checked_on"),
    )


def _reachable(cells: Cells, account: str) -> None:
    """SSH needs to know where and as whom."""
    if not cells.raw("host"):
        cells.wrong("host", "ssh_host")
    if not account and not cells.raw("account"):
        cells.wrong("account", "ssh_account")


def _jump(cells: Cells, defaults: Defaults) -> str:
    """The id of the jump host this machine stands behind."""
    jump = cells.plain("jump")
    if folded(jump) in _NONE or defaults.jumps is None:
        return ""
    if jump not in defaults.jumps:
        near = cells.told.near(jump, defaults.jumps)
        cells.wrong("jump", "unknown_jump", name=jump[:MAX_NAME], near=near)
        return ""
    return jump


def _sudo(cells: Cells, defaults: Defaults) -> bool:
    """Windows has no sudo that we use; a default for all simply does not concern it."""
    wanted = cells.flag("sudo") if cells.raw("sudo") else defaults.sudo
    windows = folded(cells.raw("os")).startswith(("win", "ウィンドウズ"))
    if wanted and windows and cells.raw("sudo"):
        cells.remark("sudo", "sudo_windows")
    return wanted and not windows


def _system(cells: Cells) -> str:
    """The operating system, whatever version is written behind it ("Windows 11 Pro")."""
    if not cells.raw("os"):
        cells.wrong("os", "blank")
        return ""
    plain = _VERSION.sub("", folded(cells.raw("os")))
    return _SYSTEMS.get(plain) or cells.choice("os", _SYSTEMS, ", ".join(SYSTEMS))


_SHARED = frozenset(map(folded, ("", "-", "共用", "共有", "shared")))


def _user(cells: Cells, staff: Mapping[str, str] | None) -> str:
    if folded(cells.raw("user")) in _SHARED:
        return ""
    user = cells.plain("user")
    if staff is None or user in staff:
        return user
    if not misspelt(user, staff):  # the season of transfers: who had it left, the machine is still here
        cells.remark("user", "user_left", id=user)
        return user
    named = {} if cells.told.many else staff
    same = [id_ for id_, name in named.items() if name == cells.raw("user")]
    near = ", ".join(same[:3]) or cells.told.near(user, staff)
    cells.wrong("user", "no_person", name=user[:MAX_NAME], near=near)
    return ""


def _cells(sheet: Sheet, told: Told) -> list[Cells]:
    return [Cells(sheet, row, told) for row in sheet.rows]


def _once(sheet: Sheet, key: str, values: list[str], told: Told) -> None:
    """Tell each value that stands in a second row; letter case makes no difference."""
    tell: Callable[..., None] = told.problem if key == "id" else told.note
    first: dict[str, int] = {}
    for row, value in zip(sheet.rows, values, strict=True):
        line = first.setdefault(value.casefold(), row.line)
        if value and line != row.line:
            heading = sheet.headings.get(key, key)
            tell(sheet.path, row.line, heading, f"{key}_twice", name=value, first=line)
