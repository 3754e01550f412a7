"""The town's page tells what the ledgers changed; names stand everywhere as they are written."""

import json
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import msgspec
import pytest

from auditor.changes import changes
from auditor.history import History
from auditor.run import Run
from auditor.seasons import Loose, Move, Orphan, Step
from auditor.targets import Section
from auditor.town import load_town
from reports.book import Book
from reports.html import section_page, town_page
from reports.machine import document
from reports.seasons import strays, transfers
from reports.wording import Words
from tests.core.runs import audit_of, run_of
from tests.core.world import PC, SOUMU, TARO, TOWN
from tests.town.conftest import STAFF, TownFolder

IVS = "辻\U000e0100"
NAMES = ("髙﨑 𠮷子", f"{IVS} 花", "渡邉 邊", "高崎 吉子")


def book(run: Run, lang: str = "ja") -> Book:
    return Book(run, Words(lang))


def april() -> Run:
    """A run after transfers, with everything that can hang loose."""
    before = replace(run_of(), number=1)
    keizai = Section(id="keizai", name="経済課", formerly=("soumu",))
    machines = (replace(PC, user="0999", section="keizai"), replace(PC, id="PC-2", serial="SN2"))
    town = replace(TOWN, sections=(keizai,), staff=(replace(TARO, section=""),), endpoints=machines)
    after = replace(run_of(town=town, day=1), number=2)
    loose = (
        Orphan(loose=Loose.FORM, owner="2026Q1-x.json", names="x"),
        Orphan(loose=Loose.SIGNER, owner="trusted_signers", names="officer:0999"),
    )
    return replace(after, changes=changes(before, after), orphans=(*after.orphans, *loose))


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_town_page_tells_every_change_and_everything_loose_once(lang: str) -> None:
    found = book(april(), lang)
    page = unescape(town_page(found))
    assert found.words("season.title") in page
    for line in (*transfers(found), *strays(found)):
        assert page.count(line.said) == 1
    for word in ("PC-2", "0999", "officer:0999", "2026Q1-x.json", TARO.name):
        assert word in page


def test_a_town_without_changes_has_no_such_block() -> None:
    quiet = replace(TOWN, sections=(replace(SOUMU, officer="0101"),))
    first, second = (replace(run_of(town=quiet, day=day), number=day + 1) for day in (0, 1))
    page = town_page(book(replace(second, changes=changes(first, second))))
    assert Words("ja")("season.title") not in page


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_everything_that_can_happen_has_its_sentence(lang: str) -> None:
    def every() -> Iterator[Move]:
        for kind, steps in (
            ("section", (Step.NEW, Step.GONE, Step.RENAMED, Step.FOLLOWS)),
            ("person", (Step.NEW, Step.GONE, Step.MOVED)),
            ("endpoint", (Step.NEW, Step.GONE, Step.MOVED, Step.HANDED)),
        ):
            yield from (Move(kind=kind, id="x", step=step, before="a", after="b") for step in steps)

    run = april()
    assert run.changes is not None
    told = replace(run.changes, moves=tuple(every()))
    loose = tuple(Orphan(loose=one, owner="x", names="y") for one in Loose)
    found = book(replace(run, changes=told, orphans=loose), lang)
    assert len(transfers(found)) == 11
    assert len(strays(found)) == len(Loose)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_as_written_from_the_csv_ledger_to_page_json_and_history(
    tmp_path: Path, name: str
) -> None:
    folder = TownFolder(tmp_path / "town")
    folder.write("staff.csv", ("\ufeff" + STAFF.replace("髙橋 一郎", name)).encode())
    town = load_town(folder.root).town
    assert town.staff[0].name == name
    run = run_of(town=town, evidence=())
    with History(tmp_path / "auditor.db") as history:
        history.keep(replace(audit_of(), run=run))
        kept = history.run()
    assert kept is not None
    assert [one.name for one in kept.people][:1] == [name]
    assert json.loads(msgspec.json.encode(kept))["people"][0]["name"] == name
    assert name in document(kept).decode()
    assert name in unescape(section_page(book(kept), "soumu"))


def test_two_names_that_look_alike_stay_two_people(tmp_path: Path) -> None:
    folder = TownFolder(tmp_path / "town")
    folder.add("staff.csv", "0103,高橋 一郎,総務課,vpn,○,2026-04-01\n")
    names = [one.name for one in load_town(folder.root).town.staff]
    assert names == ["髙橋 一郎", "𠮷田 花", "高橋 一郎"]
