"""``auditor data``: where each date comes from, what is stale, and the exit code of a timer."""

from pathlib import Path

import pytest

from auditor.exits import Exit
from tests.whole.command import auditor


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_show_tells_end_extension_mark_source_and_age(tmp_path: Path, lang: str) -> None:
    done = auditor("data", "show", "--product", "windows", "--date", "2026-11-25", cwd=tmp_path, lang=lang)
    assert done.returncode == Exit.DONE, done.stderr
    (line,) = [row for row in done.stdout.splitlines() if "11 24H2 (home-pro)" in row]
    assert "2026-10-13" in line
    assert "[S] SRC-EOL" in line
    (extended,) = [row for row in done.stdout.splitlines() if "10 22H2 (home-pro)" in row]
    assert "2028-10-10" in extended
    assert "endoflife.date" in done.stdout
    assert "2026-11-23" in done.stdout
    assert "chrome" not in done.stdout


def test_show_without_a_product_shows_every_table(tmp_path: Path) -> None:
    said = auditor("data", "show", cwd=tmp_path).stdout
    for name in ("chrome 151", "office 2021", "ipados 26", "debian 12", "ubuntu 24.04"):
        assert name in said


def test_a_product_nobody_lists_is_refused_with_those_that_are(tmp_path: Path) -> None:
    done = auditor("data", "show", "--product", "beos", cwd=tmp_path)
    assert done.returncode == Exit.REFUSED
    assert "windows" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("day", "code", "whole"),
    [
        ("2026-10-06", Exit.DONE, False),
        ("2026-10-07", Exit.FINDINGS, False),
        ("2027-01-07", Exit.FINDINGS, False),
        ("2027-01-08", Exit.FINDINGS, True),
    ],
)
def test_check_ends_with_3_from_the_first_stale_day(
    tmp_path: Path,
    day: str,
    code: Exit,
    whole: bool,  # noqa: FBT001 - a case
) -> None:
    done = auditor("data", "check", "--date", day, cwd=tmp_path)
    assert done.returncode == code, done.stdout
    assert ("The whole table is stale." in done.stdout) == whole


def test_check_names_what_ends_soon_and_what_has_no_end(tmp_path: Path) -> None:
    said = auditor("data", "check", "--date", "2026-11-25", "--warn-days", "60", cwd=tmp_path).stdout
    assert "2 rows to compare again" in said
    assert "windows 10 LTSC 2021 (ltsc): until 2027-01-12" in said
    assert "macos 14: no end published (seen maintained on 2026-08-22)" in said
    assert "until 2027-10-12" not in said


@pytest.mark.parametrize("command", ["show", "check"])
def test_what_is_not_a_date_is_refused(tmp_path: Path, command: str) -> None:
    done = auditor("data", command, "--date", "tomorrow", cwd=tmp_path)
    assert done.returncode == Exit.REFUSED
    assert "--date" in done.stderr
    assert done.stdout == ""
