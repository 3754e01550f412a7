"""Exports of other systems among the governance ledgers: an old one tells nothing of today."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.api import Reason, Verdict
from auditor.control import Control
from tests.people.test_records import USERS, judged, seen


@pytest.mark.parametrize(
    ("written", "verdict"), [((2026, 8, 26), Verdict.PASS), ((2026, 8, 24), Verdict.UNKNOWN)]
)
def test_an_old_list_of_who_has_e_approval_is_stale(
    tmp_path: Path, controls: dict[str, Control], written: tuple[int, int, int], verdict: Verdict
) -> None:
    seen(tmp_path, 電子決裁の利用=USERS + "総務課,○\n税務課,○\n")
    moment = datetime(*written, tzinfo=UTC).timestamp()
    os.utime(tmp_path / "電子決裁の利用.csv", (moment, moment))
    found = judged("PPL-01", seen(tmp_path), controls)
    assert (found.verdict, found.reason) == (verdict, None if verdict is Verdict.PASS else Reason.STALE)


def test_a_missing_section_in_a_list_that_is_old_too_is_still_told_first(
    tmp_path: Path, controls: dict[str, Control]
) -> None:
    seen(tmp_path, 電子決裁の利用=USERS + "総務課,○\n税務課,×\n")
    os.utime(tmp_path / "電子決裁の利用.csv", (0, 0))
    assert judged("PPL-01", seen(tmp_path), controls).key == "off"


@pytest.mark.parametrize("beside", [{}, {"電子決裁の利用": USERS + "総務課,○\n税務課,○\n"}])
def test_a_ledger_kept_as_a_workbook_is_named_and_keeps_from_passing(
    tmp_path: Path, controls: dict[str, Control], beside: dict[str, str]
) -> None:
    (tmp_path / "電子決裁利用課.xlsx").write_bytes(b"x")
    found = judged("PPL-01", seen(tmp_path, **beside), controls)
    assert (found.reason, found.places) == (Reason.UNREADABLE, ("電子決裁利用課.xlsx: save it as CSV",))
