"""Requests that are no condition for starting stand apart by subject; none looks as if it stopped anybody."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.control import Control, Leg
from auditor.targets import Gateway
from auditor.work import Documents
from reports.book import Book
from reports.html import section_page
from reports.requests import Ask, asks
from reports.sheet import FIRST, Sheet, first_sheet
from reports.wording import Words
from tests.reports.conftest import World

SIX = range(1, 7)


def _world() -> World:
    """One section with a route that stops its people, and one paper matter in each of the six elements."""
    world = World()
    world.section("a", "甲課", 2)
    world.documents.append(
        Documents(id="r-a", name="承認の経路", kind="routes", folder=Path(), sections=("a",))
    )
    world.gateways.append(Gateway(id="GW-1", name="庁内VPN", host="vpn.example", port=443))
    like = next(control for control in world.controls if control.id == "PPL-02")
    world.controls = (*world.controls, *(_aside(like, element) for element in SIX))
    world.fail("PPL-02", "routes:r-a")
    for element in SIX:
        world.bad[f"PPL-9{element}", "routes:r-a"] = replace(
            world.bad["PPL-02", "routes:r-a"], control=f"PPL-9{element}"
        )
    return world


def _aside(like: Control, element: int) -> Control:
    return replace(like, id=f"PPL-9{element}", leg=Leg.NONE, element=element)


def _asks(world: World) -> tuple[Ask, ...]:
    return asks(Book(world.run(), Words("ja")), "a")


def _read(world: World, lang: str) -> str:
    page = section_page(Book(world.run(), Words(lang)), "a")
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", body))


def _sheet(found: tuple[Ask, ...], above: str = "") -> Sheet:
    return first_sheet(Words("ja"), found, [above] if above else [], sample=False, notice="")


def test_what_stops_somebody_comes_before_what_stops_nobody() -> None:
    assert [ask.aside for ask in _asks(_world())] == [False, *(True for _ in SIX)]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_subject_is_named_with_its_reason(lang: str) -> None:
    words, page = Words(lang), _read(_world(), lang)
    before, _, after = page.partition(words("aside.title"))
    assert after
    for element in SIX:
        assert words(f"aside.{element}_why") not in before
        assert words(f"aside.{element}_why") in after
        assert words("aside.part", subject=words(f"aside.{element}"), count=1) in after


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_section_that_nothing_stops_is_told_so_above_its_other_requests(lang: str) -> None:
    world, words = _world(), Words(lang)
    del world.bad["PPL-02", "routes:r-a"]
    page = _read(world, lang)
    assert words("aside.no_requests") in page.partition(words("aside.title"))[0]


def test_numbers_go_on_from_list_to_list() -> None:
    sheet = _sheet(_asks(_world()), "長い文" * 400)
    lists = (*sheet.asides, *sheet.asides_later)
    assert [one.start for one in lists] == [2, 3, 4, 5, 6, 7]
    assert sheet.works_start == len(SIX) + 2


def test_the_first_four_requests_stand_on_sheet_one_when_not_all_fit() -> None:
    many = [replace(ask, order=str(copy)) for copy in range(4) for ask in _asks(_world())[1:]]
    sheet = _sheet((_asks(_world())[0], *many))
    assert len(sheet.mine) + sum(one.count for one in sheet.asides) == FIRST
    assert sum(one.count for one in sheet.asides_later) == len(many) + 1 - FIRST
    assert not sheet.others
