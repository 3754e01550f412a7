"""Old reports go, and only what the history can write again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.history import History
from auditor.keeping.pages import remove_old_pages
from auditor.keeping.retain import ALWAYS_RUNS
from auditor.publish import publish
from auditor.run import Run
from tests.core.runs import audit_of
from tests.core.world import NOW

NIGHTS, DAYS = 60, 40
TODAY = (NOW + timedelta(days=NIGHTS - 1)).date()


def page(run: Run, folder: Path, lang: str) -> tuple[Path, ...]:
    """A report of one file."""
    path = folder / "town.html"
    path.write_text(f"{run.number} {run.today} {lang}")
    return (path,)


def write(run: Run, out: Path, lang: str = "ja", *, newest: bool = True) -> None:
    publish(run, out, lang, {"html": page}, newest=newest)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The pages of sixty nights, and in English those of the third."""
    with History(tmp_path / "auditor.db") as history:
        for day in range(NIGHTS):
            run = history.keep(audit_of(day=day))
            write(run, tmp_path / "out")
            if day == 2:
                write(run, tmp_path / "out", "en", newest=False)
    return tmp_path / "out"


@pytest.fixture
def history(out: Path) -> Iterator[History]:
    with History(out.parent / "auditor.db") as found:
        yield found


def names(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir())


def test_pages_past_their_days_go_and_can_be_written_again(out: Path, history: History) -> None:
    before = {path: path.read_text() for path in out.rglob("town.html")}
    assert remove_old_pages(out, history, TODAY, DAYS) == 20
    left = [name for name in names(out) if name != "latest"]
    assert [int(name.split("-")[1]) for name in left] == list(range(20, NIGHTS + 1))
    assert remove_old_pages(out, history, TODAY, DAYS) == 0
    for number in range(1, 20):
        run = history.run(number)
        assert run is not None
        write(run, out, newest=False)
    assert {path: path.read_text() for path in out.rglob("town.html")} == {
        path: text for path, text in before.items() if not path.parent.name.endswith("-en")
    }


def test_the_newest_and_what_latest_leads_to_stay_whatever_the_days_say(out: Path, history: History) -> None:
    third = history.run(3)
    assert third is not None
    write(third, out)  # somebody looks at an old one as the newest
    remove_old_pages(out, history, TODAY, 1)
    kept = {int(name.split("-")[1]) for name in names(out) if name != "latest" and not name.endswith("-en")}
    assert kept == {3, *range(NIGHTS - ALWAYS_RUNS + 1, NIGHTS + 1)}


def test_a_clock_years_ahead_takes_a_month_of_pages_at_most(out: Path, history: History) -> None:
    assert remove_old_pages(out, history, (NOW + timedelta(days=9000)).date(), 100) == 0


def test_what_the_history_cannot_write_again_stays(out: Path, history: History) -> None:
    """Its own damage, another history's run, pages of no kept run, and what is no report at all."""
    with closing(sqlite3.connect(out.parent / "auditor.db")) as db, db:
        db.execute("UPDATE run SET document = x'00' WHERE number = 7")
    damaged = next(path for path in out.iterdir() if path.name.endswith("-0007"))
    strange = [
        out / name for name in ("20200101-0005", "20200101-093000", "judged", "rehearsals", "2020-0001")
    ]
    for folder in strange:
        folder.mkdir()
    (out / "20200101-0006").write_text("a file")
    remove_old_pages(out, history, TODAY, DAYS)
    assert all(path.exists() for path in (damaged, *strange, out / "20200101-0006"))
    assert not [path for path in out.iterdir() if path.name.endswith("-0008")]


def test_what_a_killed_run_left_of_removed_pages_is_no_report_any_more(
    out: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    remove_old_pages(out, history, TODAY, DAYS)
    assert not list(out.glob("2*-0001"))
    assert list(out.glob(".new-2*-0001"))
