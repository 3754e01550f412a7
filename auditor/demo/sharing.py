"""The sample town's file server, cloud suite, stored documents and mail domain: good and bad side by side."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from auditor.answers import Answer, Status
from auditor.demo.accounts import LEAVER
from auditor.demo.cast import Cast

SHARES, CLOUD, LIBRARY = "shares", "cloud", "library"
MAIL = "mail"
TEXTS, SCANS = 30, 10
QUIET = "suido"
"""A section in which hardly anybody uses chat or web meetings."""
OPEN_SHARE = "/srv/share/zencho"

_SERVER = """\
# Global parameters
[global]
\tmap to guest = Bad User
\tworkgroup = MATSUKAZE
\tidmap config * : backend = tdb


[zencho]
\tcomment = 全庁の受け渡し
\tguest ok = Yes
\tpath = {path}
\tread only = No
"""
_ACL = ("Path", "IdentityReference", "FileSystemRights", "AccessControlType", "ObjectClass", "EmployeeID")
_MODIFY, _READ = "Modify, Synchronize", "ReadAndExecute, Synchronize"
_SIZES = ("領域", "使い道", "バイト数")
_AREAS = ("共有領域", "情報区分", "所管課", "既定の公開範囲")
_USAGE = ("職員番号", "チャット割当", "チャット最終利用日", "会議回数", "集計日数")
_SERIES = ("簿冊名", "電子分類")
_ON_PAPER = "窓口の控え"
_LINKS = ("項目", "公開範囲", "共有先ドメイン")
_POLICIES = {
    "calendar": {"GWS.CALENDAR.1.1v1": "Pass", "GWS.CALENDAR.1.2v1": "Pass"},
    "chat": {"GWS.CHAT.1.1v1": "Pass", "GWS.CHAT.1.2v1": "Pass"},
    "commoncontrols": {
        "GWS.COMMONCONTROLS.2.1v1": "N/A",
        "GWS.COMMONCONTROLS.10.1v1": "Pass",
        "GWS.COMMONCONTROLS.10.2v1": "Fail",
        "GWS.COMMONCONTROLS.10.3v1": "Pass",
        "GWS.COMMONCONTROLS.10.4v1": "Pass",
    },
    "drive": {"GWS.DRIVEDOCS.1.1v1": "Pass", "GWS.DRIVEDOCS.1.5v1": "Pass"},
    "gmail": {"GWS.GMAIL.9.1v1": "Pass", "GWS.GMAIL.11.1v1": "Warning"},
    "meet": {"GWS.MEET.1.1v1": "Pass", "GWS.MEET.3.1v1": "Pass"},
}
"""What the audit tool found, in its own words; one policy can only be looked at by hand."""

_SAID = """\
# 書き出しだけでは分からないこと。読み取った日と、どこで見たかを書きます。
[settings]
on = {day}
source = "管理コンソールの「カレンダー」と「チャット」の画面(見本)"
chat_history = true
calendar_inside = true

[sharing]
items = {items}
allowed_domains = ["pref.example"]
"""
_A4 = "[0 0 595 842]"
_KEY = "v=DKIM1; k=ed25519; p=" + "A" * 43 + "="


def sharing_files(cast: Cast, today: date, now: datetime) -> Iterator[tuple[str, bytes]]:
    """The files of the three folders."""
    yield f"{SHARES}/server.txt", _SERVER.format(path=OPEN_SHARE).encode()
    yield f"{SHARES}/acl.csv", _csv(_ACL, _entries(cast))
    yield f"{SHARES}/sizes.csv", _csv(_SIZES, _sizes(cast))
    yield f"{SHARES}/areas.csv", _csv(_AREAS, _areas(cast))
    links = _links(cast)
    yield f"{CLOUD}/ScubaResults.json", _result(cast, now - timedelta(days=1))
    yield f"{CLOUD}/cloud.toml", _SAID.format(day=today.isoformat(), items=len(links)).encode()
    yield f"{CLOUD}/usage.csv", _csv(_USAGE, _usage(cast, today))
    yield f"{CLOUD}/links.csv", _csv(_LINKS, links)
    yield f"{CLOUD}/drives.csv", _csv(_AREAS, _areas(cast)[:-1])
    yield f"{LIBRARY}/series.csv", _csv(_SERIES, _series(cast))
    for at in range(TEXTS):
        yield (
            f"{LIBRARY}/kian/{at + 1:03}.pdf",
            _pdf("BT /F 12 Tf 50 700 Td (Sample document for a draft) Tj ET"),
        )
    for at in range(SCANS):
        yield f"{LIBRARY}/scan/{at + 1:03}.pdf", _pdf("q 500 0 0 700 0 0 cm /P Do Q")


def mail_answers(cast: Cast) -> tuple[Answer, ...]:
    """What the name service says of the town's mail domain: its policy only watches."""
    body = {
        "domain": cast.script.town.domain,
        "policy": {"records": ["v=spf1 ip4:192.0.2.0/24 -all"], "gap": ""},
        "dmarc": {"records": ["v=DMARC1; p=none"], "gap": ""},
        "keys": {"s1": {"records": [_KEY], "gap": ""}},
    }
    return (Answer("mail.names", Status.OK, json.dumps(body).encode()),)


def _entries(cast: Cast) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for one in cast.script.sections:
        path = f"/srv/share/{one.id}"
        rows.append((path, r"BUILTIN\Administrators", "FullControl", "Allow", "", ""))
        rows.append((path, rf"MATSUKAZE\{one.id}", _MODIFY, "Allow", "group", ""))
    person = next(person.id for person in cast.staff if person.section == cast.script.town.keeper)
    rows.append(("/srv/share/zeimu", rf"MATSUKAZE\s{person}", _READ, "Allow", "user", person))
    rows.append(("/srv/share/zeimu", rf"MATSUKAZE\s{LEAVER}", _MODIFY, "Allow", "user", LEAVER))
    return rows


def _sizes(cast: Cast) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [
        (one.name, "課", str(one.staff * 40_000_000)) for one in cast.script.sections
    ]
    people = sum(one.staff for one in cast.script.sections)
    return [*rows, ("個人用フォルダー(全員分)", "個人", str(people * 9_000_000))]


def _areas(cast: Cast) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [(one.name, "機密性2", one.name, "課内のみ") for one in cast.script.sections]
    keeper = next(one.name for one in cast.script.sections if one.id == cast.script.town.keeper)
    return [*rows, ("全庁の受け渡し", "機密性1", keeper, "全職員")]


def _series(cast: Cast) -> list[Sequence[str]]:
    """Four series of each section, the last of them on paper alone."""
    return [
        (f"{one.name} {name}", "紙のみ" if name == _ON_PAPER else f"{one.id}-{at}")
        for one in cast.script.sections
        for at, name in enumerate(("起案", "会議", "照会回答", _ON_PAPER), start=1)
    ]


def _links(cast: Cast) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [
        (f"{one.name}の共有ドライブ", "課内のみ", "") for one in cast.script.sections
    ]
    return [
        *rows,
        ("県との打合せ資料", "許可先", "pref.example"),
        ("イベントの案内", "リンクを知っている全員", ""),
    ]


def _usage(cast: Cast, today: date) -> list[Sequence[str]]:
    seen, long_ago = (today - timedelta(days=days) for days in (2, 70))
    return [
        (
            person.id,
            "○",
            (long_ago if person.section == QUIET else seen).isoformat(),
            "0" if person.section == QUIET else "2",
            "30",
        )
        for person in cast.staff
    ]


def _result(cast: Cast, on: datetime) -> bytes:
    about = {
        "TenantId": "SAMPLE",
        "DisplayName": cast.script.town.name,
        "DomainName": cast.script.town.domain,
        "ProductSuite": "Google Workspace",
        "Tool": "ScubaGoggles",
        "ToolVersion": "1.0.0",
        "TimestampZulu": on.isoformat(timespec="milliseconds"),
    }
    results = {
        product: [{"Controls": [{"Control ID": id_, "Result": found} for id_, found in rows.items()]}]
        for product, rows in _POLICIES.items()
    }
    return json.dumps({"MetaData": about, "Results": results}, ensure_ascii=False, indent=1).encode()


def _pdf(contents: str) -> bytes:
    """The smallest PDF file with these contents; /F is a font and /P a picture of one dot."""
    used = "/XObject<</P 4 0 R>>" if "/P " in contents else ""
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Count 1/Kids[5 0 R]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        _stream("/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8", " "),
        f"<</Type/Page/Parent 2 0 R/MediaBox{_A4}/Contents 6 0 R/Resources<</Font<</F 3 0 R>>{used}>>>>",
        _stream("", contents),
    ]
    body, places = "%PDF-1.4\n", []
    for number, text in enumerate(objects, start=1):
        places.append(f"{len(body):010} 00000 n \n")
        body += f"{number} 0 obj\n{text}\nendobj\n"
    size = len(objects) + 1
    head = f"xref\n0 {size}\n0000000000 65535 f \n{''.join(places)}"
    return f"{body}{head}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF\n".encode()


def _stream(entries: str, content: str) -> str:
    return f"<<{entries}/Length {len(content)}>>\nstream\n{content}\nendstream"


def _csv(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([headings, *rows])
    return text.getvalue().encode("utf-8-sig")
