"""A page says what happened to its night and to those before it, in words of both languages."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from auditor.nights import MAX_LAPSES, How, Lapse, Nightly
from auditor.run import Run
from auditor.silence import Silence
from reports.book import Book
from reports.html import technical_page, town_page
from reports.nights import TOLD, night_line
from reports.wording import Words

NIGHT = date(2026, 11, 25)


def of(run: Run, **told: Any) -> Run:
    return replace(run, nightly=replace(Nightly(night=NIGHT), **told))


def lapse(day: int, how: How) -> Lapse:
    return Lapse(night=date(2026, 11, day), how=how, step="reports")


def test_a_night_without_a_fault_and_a_run_by_hand_say_nothing(run: Run) -> None:
    for quiet in (run, of(run)):
        assert night_line(quiet, Words("ja")) == night_line(quiet, Words("en")) == ""


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_kind_of_lapse_is_told_with_its_nights(run: Run, lang: str) -> None:
    words = Words(lang)
    said = {how: night_line(of(run, lapses=(lapse(23, how),)), words) for how in How}
    assert set(TOLD) == {str(how) for how in How}
    assert len(set(said.values())) == len(How)
    for sentence in said.values():
        assert words.day(date(2026, 11, 23)) in sentence


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_night_gone_on_with_names_where_it_stopped(run: Run, lang: str) -> None:
    for step in ("", "scan", "inbox", "judge", "history", "reports", "notify", "retention"):
        assert Words(lang)(f"nightly.step_{step or 'none'}") in night_line(
            of(run, resumed=(step,)), Words(lang)
        )


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_what_was_left_out_lost_or_asked_again_is_told_with_its_numbers(run: Run, lang: str) -> None:
    words = Words(lang)
    assert "17" in night_line(of(run, unasked=17), words)
    assert "31" in night_line(of(run, catches_up=4, retried=31, heard=28), words)
    assert "28" in night_line(of(run, catches_up=4, retried=31, heard=28), words)
    assert night_line(of(run, journal_lost=True), words)


def test_many_nights_are_counted_rather_than_listed(run: Run) -> None:
    lapses = tuple(lapse(day, How.NOT_STARTED) for day in range(1, 25))
    line = night_line(of(run, lapses=lapses, lapsed=24), Words("ja"))
    assert "ほか19夜" in line
    assert len(lapses) < MAX_LAPSES
    assert "さらに前に" not in line
    assert "69夜" in night_line(of(run, lapses=lapses[:MAX_LAPSES], lapsed=24 + 69), Words("ja"))


def test_a_night_that_never_began_is_not_told_twice_on_one_page(run: Run) -> None:
    missed = of(run, lapses=(lapse(23, How.NOT_STARTED), lapse(22, How.STOPPED)))
    told = replace(missed, silences=(Silence(code="nights", values={"nights": 1}),))
    words = Words("ja")
    assert words.day(date(2026, 11, 23)) in night_line(missed, words)
    assert words.day(date(2026, 11, 23)) not in night_line(told, words)
    assert words.day(date(2026, 11, 22)) in night_line(told, words)


def test_the_town_s_and_the_technical_page_show_it(run: Run) -> None:
    told = of(run, resumed=("reports",))
    book = Book(told, Words("ja"))
    for page in (town_page(book), technical_page(book)):
        assert night_line(told, Words("ja")) in page
    for page in (town_page(Book(of(run), Words("ja"))), technical_page(Book(of(run), Words("ja")))):
        assert "続きを行いました" not in page
