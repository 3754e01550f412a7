"""A town of one section whose nights can be struck down at any act, and what may never be broken in it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auditor.demo import write_demo
from auditor.history import open_read_only
from auditor.keeping.reading import read_only

ROOT = Path(__file__).parents[2]
NIGHT = ("run-nightly",)
TOWN = """\
[town]
name = "松風町"
sample = true
unsigned_inbox = true
unsigned_inbox_reason = "試験"
[[sections]]
id = "soumu"
name = "総務課"
head = "0101"
officer = "0102"
"""


def small_town(folder: Path, more: str = "", at: datetime | None = None) -> Path:
    """The first section of the sample town, with what its machines said `at` a time, None = now."""
    whole = folder.with_name(f"{folder.name}-whole")
    moment = at or datetime.now(UTC)
    write_demo(whole, moment.date(), moment)
    (folder / "inbox").mkdir(parents=True)
    (folder / "town.toml").write_text(TOWN + more, "utf-8")
    machines = []
    for name, encoding in (("staff.csv", "utf-8-sig"), ("endpoints.csv", "cp932")):
        heading, *rows = (whole / name).read_text(encoding).splitlines()
        mine = [row for row in rows if ",総務課," in row and ",ssh," not in row and ",console," not in row]
        (folder / name).write_text("\n".join([heading, *mine]) + "\n", "utf-8")
        machines = [row.partition(",")[0] for row in mine]
    for machine in machines:
        source = whole / "inbox" / f"endpoint-{machine}.json"
        if source.exists():
            shutil.copy(source, folder / "inbox")
    shutil.rmtree(whole)
    return folder


@dataclass
class Anvil:
    """Runs commands in a process that can be killed at any act."""

    folder: Path
    process: subprocess.Popen[str]
    early: list[str] = field(default_factory=list)

    def run(self, *arguments: str, kill: int = 0) -> tuple[int | None, int]:
        """The exit code (None = killed) and the number of acts."""
        words = ["--lang", "ja", *arguments[:1], str(self.folder), *arguments[1:]]
        order = {"arguments": words, "kill": kill, "below": str(self.folder)}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        self.early += told["early"]
        return told["code"], told["acts"]

    @property
    def said(self) -> str:
        """All that was said on standard error so far."""
        said = self.folder.parent / "said"
        return said.read_text("utf-8") if said.exists() else ""


@contextmanager
def anvil(folder: Path) -> Iterator[Anvil]:
    """The process, ended at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.anvil"],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Anvil(folder, process)
        finally:
            process.kill()


def soundness(folder: Path) -> list[str]:
    """What is broken; nothing may ever be, whenever one looks."""
    wrong: list[str] = []
    db = folder / "auditor.db"
    if db.exists() and db.stat().st_size:
        with closing(read_only(db)) as found:
            wrong += [row[0] for row in found.execute("PRAGMA integrity_check") if row[0] != "ok"]
    latest = folder / "out" / "latest"
    if latest.is_symlink():
        wrong += [] if latest.exists() else ["latest leads nowhere"]
        for page in ("town.html", "technical.html", "run.json", "sections/soumu.html"):
            text = (latest / page).read_text("utf-8") if (latest / page).exists() else ""
            wrong += [] if text.rstrip().endswith(("</html>", "}")) else [f"{page} is not whole"]
    journal = folder / "nightly" / "journal.json"
    if journal.exists():
        json.loads(journal.read_bytes())
    return wrong


def runs(folder: Path) -> list[Any]:
    """All runs kept."""
    if not (folder / "auditor.db").exists():
        return []
    with open_read_only(folder / "auditor.db") as history:
        return [history.run(number) for number in history.numbers()]


def left_behind(folder: Path) -> list[str]:
    """Half-done things beside the real ones."""
    return [path.name for path in (folder / "out").glob(".*")] + [
        path.name for path in folder.rglob(".*-*") if path.is_file()
    ]
