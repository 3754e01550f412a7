"""What the sample town exported from its admin consoles: Chromebooks, iPads, and the enrolment of its PCs."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from auditor.demo.cast import Cast, Machine
from auditor.demo.inbox import LATE

FOLDER = "consoles"
CHROME = "157.0.7750.10"
EXPORTED_BEFORE = timedelta(hours=20)
CHROMEBOOKS = (
    "deviceId",
    "serialNumber",
    "model",
    "lastPolicySync",
    "enrollmentTime",
    "osVersion",
    "orgUnitPath",
    "provisionStatus",
    "annotatedAssetId",
    "autoUpdateExpiration",
    "mostRecentActivity",
    "bootMode",
)
IPADS = (
    "Display Name",
    "Serial Number",
    "OS Version",
    "Last Inventory Update",
    "Managed",
    "Supervised",
    "Passcode Status",
    "Data Protection",
)
PCS = ("Device name", "Serial number", "OS", "OS version", "Last check-in", "Device state", "Encrypted")
SETTINGS = {
    "serial": "シリアル",
    "system": "種類",
    "encrypted": "ディスク暗号化",
    "firewall": "ファイアウォール",
    "lock_min": "画面ロック(分)",
    "lock_password": "解除の認証",
    "usb_blocked": "USB記憶媒体の禁止",
    "guest": "ゲスト利用",
    "auto_update": "自動更新",
    "updated_at": "最終更新",
}
"""A list the town makes itself: settings of the consoles' groups, device by device."""
EDR = {"serial": "製造番号", "edr_seen": "最終通信日時"}


def exported_at(now: datetime) -> datetime:
    """When somebody saved the lists."""
    return now - EXPORTED_BEFORE


def console_tables(now: datetime) -> tuple[dict[str, Any], ...]:
    """The ``[[consoles]]`` of the sample town; `now` in the zone that ``exported_at`` is read in."""
    made = exported_at(now).strftime("%Y-%m-%d %H:%M")
    lists: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
        ("google", "Google 管理コンソール", "google-admin", "chromebooks.csv", {}),
        ("jamf", "iPadの管理コンソール", "jamf", "ipads.csv", {"system": "ipados"}),
        ("intune", "PCの管理コンソール", "intune", "pcs.csv", {}),
        ("settings", "端末設定の一覧", "generic", "settings.csv", {"columns": SETTINGS}),
        ("edr", "監視(EDR)の管理画面", "generic", "edr.csv", {"columns": EDR}),
    )
    return tuple(
        {"id": id_, "name": name, "kind": kind, "file": f"{FOLDER}/{file}", "exported_at": made, **more}
        for id_, name, kind, file, more in lists
    )


def exports(cast: Cast, today: date, now: datetime) -> Iterable[tuple[str, bytes]]:
    """Every exported file with its name; machines that keep silent stand in none of them."""
    heard = [machine for machine in cast.machines if "silent" not in machine.flaws]
    made = exported_at(now)
    books = [one for one in heard if one.endpoint.os == "chromeos"]
    pads = [one for one in heard if one.endpoint.os == "ipados"]
    watched = [one for one in heard if one.endpoint.road == "file"]
    pcs = [one for one in watched if one.endpoint.os in ("windows", "macos")]
    yield "chromebooks.csv", _csv(CHROMEBOOKS, (_chromebook(one, made) for one in books), "utf-8")
    yield "ipads.csv", _csv(IPADS, (_ipad(one, made) for one in pads), "utf-8-sig")
    yield "pcs.csv", _csv(PCS, (_pc(one, made) for one in pcs), "utf-8-sig")
    sights = ((one.endpoint.serial, _japanese(_synced(one, made))) for one in watched)
    yield "edr.csv", _csv(tuple(EDR.values()), sights, "cp932")
    settings = (_settings(one, today) for one in (*books, *pads))
    yield "settings.csv", _csv(tuple(SETTINGS.values()), settings, "cp932")


def _synced(machine: Machine, made: datetime) -> datetime:
    """Late machines were last heard long ago, the others a few hours before the export."""
    return (made - (LATE if "late" in machine.flaws else timedelta(hours=3))).astimezone(UTC)


def _japanese(moment: datetime) -> str:
    return f"{moment + timedelta(hours=9):%Y/%m/%d %H:%M}"


def _chromebook(machine: Machine, made: datetime) -> Sequence[str]:
    endpoint, synced = machine.endpoint, _synced(machine, made)
    return (
        f"sample-{endpoint.id.lower()}",
        endpoint.serial,
        "Sample Chromebook 14",
        f"{synced:%Y-%m-%dT%H:%M:%S.000Z}",
        f"{synced - timedelta(days=400):%Y-%m-%dT%H:%M:%S.000Z}",
        CHROME,
        f"/{endpoint.section}",
        "DEPROVISIONED" if "released" in machine.flaws else "PROVISIONED",
        endpoint.id,
        f"{(synced + timedelta(days=1300)):%Y-%m-%d}",
        f"{synced:%Y-%m-%dT%H:%M:%S.000Z}",
        "Verified",
    )


def _ipad(machine: Machine, made: datetime) -> Sequence[str]:
    locked = "nopasscode" not in machine.flaws
    synced = _synced(machine, made)
    hour = synced.strftime("%I").lstrip("0")
    return (
        machine.endpoint.name,
        machine.endpoint.serial,
        "26.1",
        f"{synced:%B} {synced.day}, {synced:%Y} {hour}:{synced:%M} {synced:%p} UTC",
        "Managed",
        "Yes",
        "Present" if locked else "Not Present",
        "Enabled" if locked else "Disabled",
    )


def _pc(machine: Machine, made: datetime) -> Sequence[str]:
    system = {"windows": "Windows", "macos": "macOS"}[machine.endpoint.os]
    version = {"windows": "10.0.26200.7171", "macos": "26.1"}[machine.endpoint.os]
    heard = f"{_synced(machine, made):%Y-%m-%d %H:%M:%S.0000000}"
    return (machine.endpoint.name, machine.endpoint.serial, system, version, heard, "Managed", "Yes")


def _settings(machine: Machine, today: date) -> Sequence[str]:
    chromebook = machine.endpoint.os == "chromeos"
    return (
        machine.endpoint.serial,
        "ChromeOS" if chromebook else "iPadOS",
        "済" if chromebook else "",
        "有効" if chromebook else "",
        "10" if chromebook else "5",
        "あり",
        "はい" if chromebook else "",
        ("はい" if "guest" in machine.flaws else "いいえ") if chromebook else "",
        "はい" if chromebook else "",
        f"{today - timedelta(days=3):%Y/%m/%d}" if chromebook else "",
    )


def _csv(headings: Sequence[str], rows: Iterable[Sequence[str]], encoding: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([headings, *rows])
    return text.getvalue().encode(encoding)
