"""A small town folder that is right, to be spoilt by one test at a time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import ConfigError, Problem
from auditor.problems import worded
from auditor.town import Loaded, load_town
from auditor.words import LANGUAGES

TOWN = """\
[town]
name = "松風町"

[[sections]]
id = "soumu"
name = "総務課"
head = "0101"
officer = "0102"

[[sections]]
id = "zeimu"
name = "税務課"
"""
STAFF = """\
職員番号,氏名,課,方式,試行,研修修了日
0101,髙橋 一郎,総務課,vpn,○,2026-04-01
0102,𠮷田 花,税務課,,×,
"""
ENDPOINTS = """\
資産番号,製造番号,機器名,OS,課,利用者,区分,方式,取得方法,ホスト,ポート,アカウント
PC-001,SN1,総務01,windows,総務課,0101,internet,vpn,file,,,
"""


class TownFolder:
    """Writes the files and loads them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        (root / "inbox").mkdir()
        self.write("town.toml", TOWN)
        self.write("staff.csv", STAFF)
        self.write("endpoints.csv", ENDPOINTS)

    def write(self, name: str, content: str | bytes) -> Path:
        """Replace a file."""
        path = self.root / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def add(self, name: str, content: str) -> Path:
        """Append to a file."""
        return self.write(name, (self.root / name).read_text("utf-8") + content)

    def load(self) -> Loaded:
        """Load it."""
        return load_town(self.root)

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with it; there must be something, and it can be said in both languages."""
        with pytest.raises(ConfigError) as caught:
            load_town(self.root)
        assert all(worded(problem, lang) for problem in caught.value.problems for lang in LANGUAGES)
        return caught.value.problems

    def told(self) -> list[tuple[str, int | None, str, str]]:
        """The problems as (file, line, field, key)."""
        return [(one.file.name, one.line, one.field, one.key) for one in self.problems()]


@pytest.fixture
def town(tmp_path: Path) -> TownFolder:
    """A town folder that loads."""
    return TownFolder(tmp_path / "town")


@pytest.fixture
def read_rows(tmp_path: Path) -> Callable[[bytes], Path]:
    """Write bytes as a ledger and give its path."""

    def write(content: bytes) -> Path:
        path = tmp_path / "staff.csv"
        path.write_bytes(content)
        return path

    return write
