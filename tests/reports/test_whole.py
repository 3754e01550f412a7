"""What concerns the town as a whole is seen: on its page, on the terminal, in the file for machines."""

import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from auditor.control import Leg, Wording
from auditor.findings import Finding, Reason, Verdict
from auditor.run import Run
from reports.book import Book
from reports.html import technical_page, town_page
from reports.machine import document
from reports.terminal import print_summary
from reports.wording import Words
from tests.reports.conftest import World

PLAIN = Wording("一覧が古いままです。", "The table is old.")
SEEN = Wording("{days}日たっています。", "{days} days old.")
FIX = Wording("デジタル推進課に入れ替えさせてください。", "Have it replaced.")


def with_town_finding(world: World, finding: Finding) -> Run:
    row = replace(
        world.controls[0],
        id="AUD-01",
        area="AUD",
        targets=("town",),
        title=Wording("一覧が新しい", "The table is recent"),
        plain=PLAIN,
        fix=FIX,
        says={"old": SEEN, "ok": SEEN},
        leg=Leg.NONE,
        due_days=30,
        applies=replace(world.controls[0].applies, os=()),
    )
    world.controls = (*world.controls, row)
    world.bad["AUD-01", "town:town"] = finding
    return world.run()


def failing() -> Finding:
    return Finding(control="AUD-01", target="town:town", verdict=Verdict.FAIL, key="old", values={"days": 96})


def page(run: Run, lang: str) -> str:
    return town_page(Book(run, Words(lang)))


def printed(run: Run) -> str:
    sink = io.StringIO()
    print_summary(run, Console(file=sink, width=120), "ja")
    return sink.getvalue()


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_fail_of_the_town_stands_on_its_page_with_who_acts_and_by_when(
    world: Callable[[], World], lang: str
) -> None:
    shown = page(with_town_finding(world(), failing()), lang)
    for words in (PLAIN, FIX):
        assert words.in_(lang) in shown
    assert SEEN.in_(lang).format(days=96) in shown
    assert ("12月25日" if lang == "ja" else "25 December") in shown


def test_what_passes_for_the_town_takes_no_room_on_its_page(world: Callable[[], World]) -> None:
    fine = replace(failing(), verdict=Verdict.PASS, key="ok")
    assert "町全体のこと" not in page(with_town_finding(world(), fine), "ja")


def test_an_unknown_of_the_town_is_shown_as_unknown_without_an_order(world: Callable[[], World]) -> None:
    lost = Finding(control="AUD-01", target="town:town", verdict=Verdict.UNKNOWN, reason=Reason.UNREADABLE)
    shown = page(with_town_finding(world(), lost), "ja")
    assert "一覧が新しい" in shown
    assert FIX.ja not in shown


def test_the_terminal_of_a_large_town_names_what_concerns_the_whole_of_it(world: Callable[[], World]) -> None:
    shown = printed(with_town_finding(world(), failing()))
    assert "× AUD-01 一覧が新しい: 96日たっています。" in shown
    assert "EP-07" not in shown


def test_the_technical_page_explains_it_and_calls_the_town_nothing_that_was_contacted(
    world: Callable[[], World],
) -> None:
    shown = technical_page(Book(with_town_finding(world(), failing()), Words("ja")))
    assert "96日たっています。" in shown
    assert '<th scope="row" class="id">town</th>' not in shown


def test_the_file_for_machines_holds_it(world: Callable[[], World]) -> None:
    run = json.loads(document(with_town_finding(world(), failing())))
    (found,) = [row for row in run["findings"] if row["control"] == "AUD-01"]
    assert (found["target"], found["verdict"]) == ("town:town", "fail")
