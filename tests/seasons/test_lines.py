"""Days for mending go on when sections are merged, split and renumbered, and end where somebody mended."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from auditor.engine import Audit
from auditor.findings import Finding, Verdict
from auditor.firstseen import Since
from auditor.history import History
from auditor.targets import Section
from tests.core.world import SOUMU, TODAY, TOWN
from tests.seasons.test_ledgers import a_run, failing


def test_days_for_mending_go_on_through_a_merger_and_end_with_a_pass(tmp_path: Path) -> None:
    merged = (Section(id="kikaku", name="企画課", formerly=("soumu", "zaisei")),)
    key = ("section:kikaku", "W-01")
    rows = (
        (1, failing("section:zaisei"), failing("section:soumu", verdict=Verdict.PASS)),
        (2, failing("section:zaisei"), failing("section:soumu")),
        (3, failing("section:kikaku")),
        (4, failing("section:kikaku", verdict=Verdict.PASS)),
        (5, failing("section:kikaku")),
    )
    seen = []
    with History(tmp_path / "auditor.db") as history:
        for number, *found in rows:
            history.keep(Audit(a_run(TOWN, number, *found), ()))
            seen.append(history.first_seen(["W-01"], TODAY + timedelta(days=9), merged).get(key))
        assert history.first_seen(["W-01"], TODAY + timedelta(days=9))[key].day == TODAY + timedelta(days=5)
    first, fifth = (Since(TODAY + timedelta(days=days)) for days in (1, 5))
    assert seen == [first, first, first, None, fifth]


LINE = ("section:kikaku", "W-01")
KIKAKU = Section(id="kikaku", name="企画財政課", formerly=("zaisei",))
ZAISEI = Section(id="zaisei", name="財政課", formerly=("soumu",))


def nights(folder: Path, *rows: tuple[tuple[Section, ...], tuple[Finding, ...]]) -> list[date | None]:
    """Since when the newest section's fault is known, after each night of these sections and findings."""
    seen = []
    with History(folder / "auditor.db") as history:
        for number, (known, found) in enumerate(rows, 1):
            history.keep(Audit(a_run(replace(TOWN, sections=known), number, *found), ()))
            found_since = history.first_seen(["W-01"], TODAY + timedelta(days=99), known).get(LINE)
            seen.append(found_since.day if found_since else None)
    return seen


def test_days_for_mending_go_on_through_two_mergers_in_a_row(tmp_path: Path) -> None:
    """The ledgers of the third year know nothing of the section of the first."""
    first = TODAY + timedelta(days=1)
    seen = nights(
        tmp_path,
        ((SOUMU,), (failing("section:soumu"),)),
        ((ZAISEI,), (failing("section:zaisei"),)),
        ((KIKAKU,), ()),
        ((KIKAKU,), (failing("section:kikaku"),)),
    )
    assert seen == [None, None, first, first]


def test_what_the_section_between_mended_does_not_come_back(tmp_path: Path) -> None:
    seen = nights(
        tmp_path,
        ((SOUMU,), (failing("section:soumu"),)),
        ((ZAISEI,), (failing("section:zaisei", verdict=Verdict.PASS),)),
        ((KIKAKU,), (failing("section:kikaku"),)),
    )
    assert seen[-1] == TODAY + timedelta(days=3)


def test_an_heir_that_went_on_passing_has_mended_what_it_was_handed(tmp_path: Path) -> None:
    """Passing beside the other one, before it was handed anything, mends nothing of it."""
    good, bad = failing("section:kikaku", verdict=Verdict.PASS), failing("section:kikaku")
    alone = replace(KIKAKU, formerly=())
    zaisei = replace(ZAISEI, formerly=())
    both = ((zaisei, alone), (failing("section:zaisei"), good))
    assert nights(tmp_path, both, both, ((KIKAKU,), (bad,)))[-1] == TODAY + timedelta(days=1)
    (tmp_path / "auditor.db").unlink()
    assert nights(tmp_path, both, both, ((KIKAKU,), (good,)), ((KIKAKU,), (bad,)))[-1] == TODAY + timedelta(
        days=4
    )


def test_sections_that_continue_each_other_end_no_audit_and_hang_none(tmp_path: Path) -> None:
    circle = (replace(KIKAKU, formerly=("zaisei",)), replace(ZAISEI, formerly=("kikaku",)))
    found = (failing("section:zaisei"), failing("section:kikaku"))
    assert nights(tmp_path, (circle, found), (circle, found))[-1] == TODAY + timedelta(days=1)
