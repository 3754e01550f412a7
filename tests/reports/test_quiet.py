from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from auditor.findings import Reason
from auditor.run import Run
from reports.book import Book
from reports.quiet import quiet_of, quiet_sections
from reports.wording import Words
from tests.reports.conftest import NOW, World


def heard_last(run: Run, key: str, days: int) -> Run:
    """The run in which that machine was heard last so many days ago, and kept silent since."""
    cards = tuple(
        replace(card, outcome=Reason.STALE, silent=Reason.NO_ANSWER, collected_at=NOW - timedelta(days=days))
        if card.key == key
        else card
        for card in run.targets
    )
    return replace(run, targets=cards)


def book(run: Run, lang: str = "ja") -> Book:
    return Book(run, Words(lang))


def test_a_section_names_its_quiet_machines_those_never_heard_first(world: Callable[[], World]) -> None:
    town = world()
    key = next(endpoint.id for endpoint in town.endpoints if endpoint.user == "gikai-001")
    town.silent[f"endpoint:{key}"] = Reason.STALE
    rows = quiet_of(book(heard_last(town.run(), f"endpoint:{key}", 12)), "gikai")
    assert [(row.days, row.last) for row in rows] == [
        (None, "一度も届いていません"),
        (12, "12日前（令和8年11月13日）"),
    ]
    assert rows[1].why == "応答がありませんでした"


def test_a_machine_that_is_judged_by_an_older_answer_still_young_enough_is_not_quiet(run: Run) -> None:
    key = next(card.key for card in run.targets if card.kind == "endpoint" and card.outcome is None)
    cards = tuple(replace(card, silent=Reason.NO_ANSWER) if card.key == key else card for card in run.targets)
    before = [row.label for row in quiet_of(book(run), "soumu")]
    assert [row.label for row in quiet_of(book(replace(run, targets=cards)), "soumu")] == before


def test_the_town_counts_them_by_section_among_all_machines(run: Run) -> None:
    shares = {row.section: (row.quiet, row.machines) for row in quiet_sections(book(run))}
    assert shares == {"zeimu": (1, 41), "gikai": (2, 2)}
