"""An invented approval log for the tests of this folder."""

from datetime import date
from pathlib import Path

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Documents, Params, Section, Status, Town
from checks.paperless import approvals as subject
from checks.paperless._log import Log

TODAY = date(2026, 11, 26)
TOWN = Town(name="見本町", sections=(Section(id="soumu", name="総務課"), Section(id="zeimu", name="税務課")))
LIMITS = Params(
    {
        "target": 90,
        "window_days": 90,
        "min_cases": 2,
        "log_days": 40,
        "p90_days": 3,
        "min_count": 1,
        "max_days": 5,
    }
)
HEAD = "案件番号,所管課,起案方法,回付日時,承認日時,状態,庁外,代決,後閲日\n"


def log(folder: Path, text: str, encoding: str = "utf-8") -> Log:
    """What the probe finds in this log."""
    (folder / "log.csv").write_bytes(text.encode(encoding))
    return reread(folder)


def reread(folder: Path) -> Log:
    """What the probe finds in the folder."""
    documents = Documents(id="a", name="a", kind="approvals", folder=folder)
    body = subject.read_log.collect(documents, DirectFolder(folder))
    return subject.approvals(Answer("approvals.log", Status.OK, body))
