"""Sections are merged and split: what is over stays on record as it was, what is in force grows no wider."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from auditor.cli.excepting import tell_exceptions
from auditor.cli.speech import Speech
from auditor.exceptionoffices import heirs
from auditor.exceptions import Exceptions
from auditor.targets import Section, Town
from auditor.words import LANGUAGES
from tests.exceptions.kit import PCS, TODAY, demanded, excepted, read, refused, row, town

LATER = date(2030, 5, 1)
OVER = {"start": "2026-11-01", "end": "2026-12-31"}


def merged(folder: Path, *formerly: str) -> Town:
    """A town in which one section has everything that 税務課 had, and continues these ids."""
    machines = tuple(replace(pc, section="kurashi") if pc.section == "zeimu" else pc for pc in PCS)
    sections = (
        Section(id="soumu", name="総務課"),
        Section(id="kurashi", name="くらし税務課", formerly=formerly),
    )
    return replace(town(folder), sections=sections, endpoints=machines)


def keys(found: Collection[tuple[int | None, str, str]]) -> list[str]:
    return [key for *_, key in found]


@pytest.mark.parametrize("formerly", [("zeimu",), ()])
@pytest.mark.parametrize("closed", [None, "2026-12-01"])
def test_what_is_over_is_right_also_when_its_section_is_gone(
    tmp_path: Path, formerly: tuple[str, ...], closed: str | None
) -> None:
    of = merged(tmp_path, *formerly)
    rows = (
        row(closed=closed, **OVER),
        row(number='"2"', targets=None, sections='["zeimu", "soumu"]', closed=closed, **OVER),
        row(number='"3"', control='"W-77"', targets='["endpoint:SOLD"]', closed=closed, **OVER),
    )
    found = read(tmp_path, *rows, today=LATER, of=of)
    assert [one.applicant for one in found.rows] == ["zeimu"] * len(rows)


def test_what_is_over_outlives_a_stricter_model_a_new_approval_rule_and_new_staff(tmp_path: Path) -> None:
    strict = demanded(most_days=30)
    rows = (
        row(approver='"税務課長"', **OVER),
        row(number='"2"', targets='["endpoint:PC-2"]', approver='"総務課長 髙橋一郎"', **OVER),
    )
    assert len(read(tmp_path, *rows, today=LATER, model=strict).rows) == len(rows)
    told = keys(refused(tmp_path, *rows, today=date(2026, 12, 31), model=strict))
    assert told == ["exception_long", "exception_own", "exception_long", "exception_person"]


def test_what_is_over_and_was_for_all_sections_that_are_left_stays(tmp_path: Path) -> None:
    whole = row(targets=None, sections='["soumu", "kurashi"]', **OVER)
    assert read(tmp_path, whole, today=LATER, of=merged(tmp_path, "zeimu")).rows


def test_what_became_one_section_overlaps_from_today_on_only(tmp_path: Path) -> None:
    """PC-1 was 総務課's then and is the other's now: both exceptions were right."""
    first = row(targets=None, sections='["zeimu"]', start="2026-11-01", end="2026-11-20")
    second = row(number='"2"', start="2026-11-10", end="2026-12-31")
    moved = replace(
        town(tmp_path),
        endpoints=(*(replace(pc, section="zeimu") for pc in PCS[:2]), replace(PCS[2], section="soumu")),
    )
    assert len(read(tmp_path, first, second, of=moved).rows) == 2
    late = first.replace("2026-11-20", TODAY.isoformat())
    assert keys(refused(tmp_path, late, second, of=moved)) == ["exception_overlap"]


WRONG = [
    ({"applicant": '""'}, ["blank", "exception_applicant"]),
    ({"applicant": '"税務課"'}, ["exception_applicant"]),
    ({"approver": '"1"'}, ["exception_office"]),
    ({"reason": '"○○のため"'}, ["exception_placeholder"]),
    ({"number": '"令8"'}, ["exception_number"]),
    ({"closed": "2026-10-01"}, ["exception_closed"]),
    ({"start": "2027-01-01"}, ["exception_backwards"]),
    ({"sections": '["zeimu"]'}, ["exception_both"]),
    ({"targets": '["endpoint:PC-1", "endpoint:PC-1"]'}, ["exception_repeated"]),
]


@pytest.mark.parametrize(("changes", "told"), WRONG)
def test_what_is_over_still_has_its_form(tmp_path: Path, changes: dict[str, str], told: list[str]) -> None:
    assert keys(refused(tmp_path, row(**{**OVER, **changes}), today=LATER)) == told


def test_a_former_section_has_applied_for_what_is_in_force(tmp_path: Path) -> None:
    assert read(tmp_path, row(), of=merged(tmp_path, "zeimu")).rows[0].targets == ("endpoint:PC-1",)
    assert keys(refused(tmp_path, row(), of=merged(tmp_path))) == ["exception_applicant"]


@pytest.mark.parametrize("approver", ["くらし税務課長", "kurashi", "zeimu"])
def test_whoever_continues_the_applicant_does_not_approve(tmp_path: Path, approver: str) -> None:
    told = refused(tmp_path, row(approver=f'"{approver}"'), of=merged(tmp_path, "zeimu"))
    assert keys(told) == ["exception_own"]


def test_a_former_section_covers_nothing_of_what_continues_it_and_stops_nothing(tmp_path: Path) -> None:
    of = merged(tmp_path, "zeimu", "jumin")
    (one,) = read(tmp_path, row(targets=None, sections='["zeimu"]'), of=of).rows
    assert (one.targets, one.sections) == ((), ("zeimu",))
    unknown = row(targets=None, sections='["zeimu", "kikaku"]')
    assert keys(refused(tmp_path, unknown, of=of)) == ["exception_section"]


def test_an_id_means_itself_or_all_that_continue_it() -> None:
    sections = (
        Section(id="a", name="A", formerly=("old", "b")),
        Section(id="b", name="B", formerly=("old",)),
    )
    assert heirs(sections) == {"a": {"a"}, "b": {"b"}, "old": {"a", "b"}}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_scan_says_that_one_in_force_covers_nothing(
    lang: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.cli.excepting._today", lambda: TODAY)
    start, end = date(2026, 11, 1), date(2027, 6, 30)
    idle, used = excepted(start, end, (), number="IDLE"), excepted(start, end, number="USED")
    tell_exceptions(Exceptions(rows=(idle, used), kept=True), Speech(lang))
    said = capsys.readouterr().err
    assert "IDLE" in said
    assert "USED" not in said
