"""What the tests of sharing share: the area's controls, and whether a judgement can be said."""

import csv
import io
import os
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from auditor.access.folder import DirectFolder
from auditor.answers import Answer, Status
from auditor.control import Params
from auditor.findings import Judgement, Verdict
from auditor.targets import Person, Section, Town
from auditor.work import Documents

AREA = Path(import_module("checks.sharing").__path__[0])
CONTROLS: Mapping[str, Any] = tomllib.loads((AREA / "controls.toml").read_text(encoding="utf-8"))


def params(control: str, **changed: Any) -> Params:
    """The shipped parameters of a control, some of them changed."""
    shipped = {name: row["value"] for name, row in CONTROLS[control].get("params", {}).items()}
    return Params(shipped | changed)


def says(control: str, result: Judgement) -> bool:
    """True when both languages have a sentence for a judgement, and its values are all there."""
    if result.verdict is Verdict.UNKNOWN:
        return result.reason is not None
    sentence = CONTROLS[control]["says"][result.key]
    known = {*result.values, *CONTROLS[control].get("params", {})}
    for lang in ("ja", "en"):
        fields = {name.partition(":")[0] for _, name, _, _ in Formatter().parse(sentence[lang]) if name}
        assert fields <= known, (control, result.key, fields - known)
    return True


TODAY = date(2026, 11, 25)
EXPORTED = date(2026, 11, 24)
Row = Sequence[str]


def sheet(*rows: Row, encoding: str = "utf-8-sig") -> bytes:
    """A CSV file as a spreadsheet writes it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


@pytest.fixture
def town() -> Town:
    """Two sections, three people."""
    return Town(
        name="松風町",
        sections=(Section(id="soumu", name="総務課"), Section(id="zeimu", name="税務課")),
        staff=tuple(
            Person(id=id_, name=name, section=section)
            for id_, name, section in (
                ("0101", "髙橋 花子", "soumu"),
                ("0102", "𠮷田 太郎", "soumu"),
                ("0201", "山﨑 翔太", "zeimu"),
            )
        ),
    )


def placed(folder: Path, files: Mapping[str, str | bytes], on: date = EXPORTED) -> DirectFolder:
    """Write files of that day and open their folder."""
    moment = datetime(on.year, on.month, on.day, 3, tzinfo=UTC).timestamp()
    for name, body in files.items():
        path = folder / name
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
        os.utime(path, (moment, moment))
    return DirectFolder(folder)


def documents(folder: Path, kind: str = "shares") -> Documents:
    """The document set of a folder."""
    return Documents(id="d", name="書類", kind=kind, folder=folder)


def answered(body: bytes) -> Answer:
    """A probe's answer."""
    return Answer("x", Status.OK, body)
