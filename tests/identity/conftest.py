"""What the tests of accounts share: a town, exports in a real folder, and the judgement of one control."""

import csv
import io
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from auditor.access.folder import DirectFolder
from auditor.answers import Answer, Status
from auditor.control import Params
from auditor.declare import Check
from auditor.errors import Garbled, NotKnown
from auditor.findings import Judgement, unknown
from auditor.targets import Person, Section, Town
from auditor.work import Documents
from checks.identity.accounts import Accounts, accounts, read_folder

AREA = Path(import_module("checks.identity").__path__[0])
CONTROLS: Mapping[str, Any] = tomllib.loads((AREA / "controls.toml").read_text(encoding="utf-8"))
SUBJECTS = ("accounts", "administrators", "factors", "leavers", "sessions")
JUDGES: dict[str, Check] = {
    check.control: check
    for name in SUBJECTS
    for check in vars(import_module(f"checks.identity.{name}")).values()
    if isinstance(check, Check)
}
TODAY = date(2026, 11, 25)
EXPORTED = date(2026, 11, 24)

Row = Sequence[str]
Files = Mapping[str, str | bytes]


def sheet(*rows: Row, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """A CSV file as a spreadsheet writes it."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


GOOGLE = (
    "First Name [Required]",
    "Last Name [Required]",
    "Email Address [Required]",
    "Status [READ ONLY]",
    "Last Sign In [READ ONLY]",
    "Recovery Phone [MUST BE IN THE E.164 FORMAT]",
    "Employee ID",
    "Employee Title",
    "2sv Enrolled [READ ONLY]",
    "2sv Enforced [READ ONLY]",
    "Advanced Protection Program enrollment",
)


def google(id_: str, staff: str, **changed: str) -> Row:
    """One row of Google's export of users."""
    row = {
        "first": "花子",
        "last": "髙橋",
        "status": "Active",
        "seen": "2026/11/24 08:31:12",
        "phone": "+819012345678",
        "title": "主事",
        "mfa": "True",
        "enforced": "True",
        "app": "False",
        **changed,
    }
    return (
        row["first"], row["last"], f"{id_}@matsukaze.example", row["status"], row["seen"], row["phone"],
        staff, row["title"], row["mfa"], row["enforced"], row["app"],
    )  # fmt: skip


ENTRA = (
    "userPrincipalName",
    "displayName",
    "accountEnabled",
    "employeeId",
    "lastSignInDateTime",
    "createdDateTime",
)
METHODS = ("userPrincipalName", "isMfaRegistered", "methodsRegistered", "isAdmin")
OTHER = (
    "アカウント", "職員番号", "状態", "作成日", "最終ログイン", "多要素認証", "認証方法", "管理者",
    "グループ", "退職日",
)  # fmt: skip


def other(id_: str, staff: str, **changed: str) -> Row:
    """One row of a table a town made itself."""
    row = {
        "status": "有効", "created": "2024/4/1", "last": "2026/11/20", "mfa": "はい",
        "methods": "セキュリティキー", "admin": "なし", "groups": "全職員", "left": "", **changed,
    }  # fmt: skip
    return (
        id_, staff, row["status"], row["created"], row["last"], row["mfa"], row["methods"], row["admin"],
        row["groups"], row["left"],
    )  # fmt: skip


SAID = """
system = "other"
exported_at = 2026-11-24
[groups]
"税務課" = "zeimu"
[not_people]
"kanri1" = "管理だけに使う"
"kanri2" = "管理だけに使う"
"""


@pytest.fixture
def town() -> Town:
    """Four people: 0101 to 0103 in the trial, 0104 not."""
    names = ("髙橋 花子", "𠮷田 太郎", "山﨑 翔太", "佐藤 美咲")
    return Town(
        name="松風町",
        sections=(Section(id="soumu", name="総務課"), Section(id="zeimu", name="税務課")),
        staff=tuple(
            Person(id=f"010{at}", name=name, section="soumu", trial=at < 4)
            for at, name in enumerate(names, 1)
        ),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes files, all of the day of the export."""

    def write(files: Files, on: date = EXPORTED) -> Path:
        moment = datetime(on.year, on.month, on.day, 3, tzinfo=UTC).timestamp()
        for name, body in files.items():
            path = tmp_path / name
            path.write_bytes(body if isinstance(body, bytes) else body.encode())
            os.utime(path, (moment, moment))
        return tmp_path

    return write


def collected(place: Path) -> bytes:
    """The kept answer."""
    return read_folder.collect(
        Documents(id="acc", name="acc", kind="accounts", folder=place), DirectFolder(place)
    )


def learnt(place: Path) -> Accounts:
    """The fact of a folder."""
    return accounts(Answer("identity.accounts", Status.OK, collected(place)))


def judged(control: str, place: Path, town: Town, today: date = TODAY, **changed: int) -> Judgement:
    """The judgement of a control, the way a run makes it."""
    try:
        seen = learnt(place)
    except Garbled as error:
        return unknown("unreadable", error.note)  # type: ignore[arg-type]
    except NotKnown as error:
        return unknown(error.reason, error.note)
    values = {name: row["value"] for name, row in CONTROLS[control]["params"].items()}
    given = {Params: Params({**values, **changed}), date: today, Town: town, Accounts: seen}
    return JUDGES[control](**{need.name: given[need.type] for need in JUDGES[control].needs})
