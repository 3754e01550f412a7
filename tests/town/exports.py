"""Writes exports of admin consoles as a town would, and reads them."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auditor.answers import Status
from auditor.consoles import News, consoles_evidence
from auditor.evidence import Evidence, decode, encode
from auditor.problems import worded
from auditor.targets import Console, Endpoint, Town
from auditor.words import LANGUAGES

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
MADE = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
BOOK = Endpoint(id="CB-1", serial="5CD1", name="book", os="chromeos", road="console")
PAD = Endpoint(id="TB-1", serial="DMP1", name="pad", os="ipados", road="console")
GOOGLE = (
    "serialNumber",
    "osVersion",
    "lastPolicySync",
    "provisionStatus",
    "autoUpdateExpiration",
    "bootMode",
)
GOOD = ("5CD1", "144.0.7204.1", "2026-11-23T01:02:03.000Z", "PROVISIONED", "2030-06-30", "Verified")
LIST = {
    "serial": "シリアル",
    "encrypted": "暗号化",
    "firewall": "防火壁",
    "lock_min": "画面ロック(分)",
    "lock_password": "解除の認証",
    "usb_blocked": "USB禁止",
    "guest": "ゲスト",
    "auto_update": "自動更新",
}
SET = ("5CD1", "済", "有効", "10", "あり", "はい", "いいえ", "はい")


def written(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


class Exports:
    """Writes files and reads them as a town would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.consoles: list[Console] = []

    def add(
        self, content: bytes | Sequence[Sequence[str]], kind: str = "google-admin", **declared: Any
    ) -> None:
        file = self.folder / f"{len(self.consoles)}.csv"
        file.write_bytes(content if isinstance(content, bytes) else written(content).encode())
        made = {"exported_at": MADE, **declared}
        self.consoles.append(Console(id=f"c{len(self.consoles)}", name="管理", kind=kind, file=file, **made))

    def read(self, *endpoints: Endpoint, now: datetime = NOW, partial: bool = False) -> News:
        town = Town(
            name="町", endpoints=endpoints or (BOOK, PAD), consoles=tuple(self.consoles), partial=partial
        )
        news = consoles_evidence(town, now)
        for one in (*news.problems, *news.notes):
            table = "problem" if one in news.problems else "note"
            assert all(worded(one, lang, table=table) for lang in LANGUAGES)
        for found in (*news.evidence.values(), *news.unlisted):
            assert decode(encode(found), found.origin) == found
        return news


def body(found: Evidence, id_: str) -> Any:
    answer = found.answer(id_)
    assert answer is not None, id_
    assert answer.status is Status.OK, answer.note
    return json.loads(answer.body)


def google(**changed: str) -> tuple[str, ...]:
    return tuple(changed.get(name, value) for name, value in zip(GOOGLE, GOOD, strict=True))
