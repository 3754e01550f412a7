"""Dated tables: a module offers them like its facts, and their age is counted in days that still count."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from auditor.control import Wording
from auditor.discover import discover
from auditor.errors import PluginError
from auditor.tables import TableContent, TableRow, TableSource, review

AS_OF = date(2026, 11, 1)
MODULE = '''
from datetime import date
from auditor.api import TableContent, table

@table("{name}")
def ours() -> TableContent:
    """Nothing in it."""
    return TableContent(as_of=date(2026, 11, 1), stale_after_days=10, rows=())
'''


def row(release: str, end: date | None = None, as_of: date | None = None) -> TableRow:
    return TableRow(product="p", release=release, end=end, as_of=as_of, mark="S", source="K")


def content(*rows: TableRow) -> TableContent:
    sources = {"K": TableSource(title=Wording("出典", "source"))}
    return TableContent(as_of=AS_OF, stale_after_days=45, rows=rows, sources=sources)


@pytest.mark.parametrize(("days", "stale"), [(0, False), (45, False), (46, True)])
def test_a_table_is_stale_after_its_last_good_day(days: int, stale: bool) -> None:  # noqa: FBT001 - a case
    found = review(content(), AS_OF + timedelta(days=days), 0)
    assert (found.whole, found.needs_renewal) == (stale, stale)


def test_a_row_with_its_own_date_ages_by_itself() -> None:
    old, new = row("1", as_of=date(2026, 9, 1)), row("2", as_of=date(2026, 10, 30))
    found = review(content(old, new), AS_OF, 0)
    assert (found.stale, found.whole, found.needs_renewal) == ((old,), False, True)


def test_ends_are_sorted_by_what_they_mean_today_and_the_last_day_is_not_over() -> None:
    rows = over, last, near, far, open_ = (
        row("over", date(2026, 10, 31)),
        row("last", AS_OF),
        row("near", AS_OF + timedelta(days=30)),
        row("far", AS_OF + timedelta(days=31)),
        row("open"),
    )
    found = review(content(*rows), AS_OF, 30)
    assert (found.ended, found.ending, found.open) == ((over,), (last, near), (open_,))
    assert far not in (*found.ended, *found.ending, *found.open)
    assert not found.needs_renewal


def offered(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for at, name in enumerate(names):
        (folder / f"m{at}.py").write_text(MODULE.replace("{name}", name), "utf-8")
    return folder


def test_a_module_may_offer_nothing_but_a_table(tmp_path: Path) -> None:
    found = {table.id: table for table in discover([offered(tmp_path / "ours", "our-table")]).tables}
    assert found["our-table"].read().as_of == AS_OF
    assert "end-of-support" in found


def test_two_tables_of_one_name_stop_everything(tmp_path: Path) -> None:
    with pytest.raises(PluginError) as caught:
        discover([offered(tmp_path / "ours", "end-of-support")])
    assert (caught.value.key, caught.value.values["name"]) == ("table_twice", "end-of-support")
