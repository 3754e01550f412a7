from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from auditor.control import Leg, Wording
from auditor.findings import Overlay, Reason
from auditor.readiness import Ready
from auditor.run import Run
from auditor.targets import Gateway
from auditor.work import Documents
from reports.book import Book
from reports.requests import Ask, _doer, _Group, asks
from reports.section import details, section_view
from reports.sheet import Sheet
from reports.wording import Words
from tests.reports.conftest import World, shipped


def _small() -> World:
    """Two sections of two people each; everything passes."""
    world = World()
    for section, name in (("a", "甲課"), ("b", "乙課")):
        world.section(section, name, 2)
        world.documents.append(
            Documents(id=f"r-{section}", name="承認の経路", kind="routes", folder=Path(), sections=(section,))
        )
    world.gateways.append(Gateway(id="GW-1", name="庁内VPN", host="vpn.example", port=443))
    return world


def _asks(world: World, section: str = "a") -> tuple[Ask, ...]:
    return asks(Book(world.run(), Words("ja")), section)


def test_forty_equal_failures_are_one_request(run: Run) -> None:
    found = [ask for ask in asks(Book(run, Words("ja")), "zeimu") if "画面の設定" in ask.what]
    assert len(found) == 1
    assert len(found[0].names) == 40
    assert found[0].unit == "unit.devices"
    assert found[0].due == date(2026, 12, 9), "today and the control's 14 days"


def test_a_section_in_order_is_asked_nothing() -> None:
    assert _asks(_small()) == ()


def test_what_blocks_people_comes_before_what_must_be_checked() -> None:
    world = _small()
    world.lost("EP-05", "endpoint:MK-0001", Reason.NO_PERMISSION)
    world.fail("TRN-01", "person:a-000")
    assert [ask.blocks for ask in _asks(world)] == [True, False]


def test_an_open_question_without_rights_is_the_digital_section_s_work() -> None:
    world = _small()
    for control in ("EP-05", "EP-03"):
        for number in ("0001", "0002"):
            world.lost(control, f"endpoint:MK-{number}", Reason.NO_PERMISSION)
    (ask,) = _asks(world)
    assert not ask.mine
    assert len(ask.names) == 2
    assert "暗号化" in ask.what
    assert "更新" in ask.what


def test_what_the_section_did_not_declare_is_its_officer_s_work() -> None:
    world = _small()
    world.lost("TRN-01", "person:a-000", Reason.NOT_DECLARED)
    (ask,) = _asks(world)
    assert (ask.doer, ask.mine) == ("officer", True)


@pytest.mark.parametrize(
    ("reason", "mine"),
    [
        (Reason.NO_ANSWER, True),
        (Reason.NOT_COLLECTED, True),
        (Reason.STALE, True),
        (Reason.KEY_CHANGED, False),
        (Reason.NOT_AUTHORISED, False),
        (Reason.UNTRUSTED, False),
    ],
)
def test_a_silent_pc_is_switched_on_by_its_user_but_a_key_is_a_matter_of_it_staff(
    reason: Reason,
    mine: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    world = _small()
    world.silent["endpoint:MK-0001"] = reason
    (ask,) = _asks(world)
    assert ask.mine is mine


def test_a_fault_of_a_shared_entrance_is_a_line_in_its_leg_and_no_request() -> None:
    world = _small()
    world.fail("RA-04", "gateway:GW-1")
    for section in ("a", "b"):
        (ask,) = _asks(world, section)
        assert (ask.leg, ask.mine) == (Leg.PATH, False)
        view = section_view(Book(world.run(), Words("ja")), section)
        sheet, common = view["sheet"], view["common"]
        assert isinstance(sheet, Sheet)
        assert isinstance(common, dict)
        assert (sheet.mine, sheet.others) == ((), ())
        assert "庁内VPN" in common[Leg.PATH][0]
        assert "令和8年11月28日まで" in common[Leg.PATH][0]


def test_a_way_that_the_own_pc_cannot_go_is_a_request_to_the_section_that_holds_that_person_back() -> None:
    world = _small()
    world.controls = tuple(
        replace(control, leg=Leg.PATH) if control.id == "EP-05" else control for control in world.controls
    )
    world.fail("EP-05", "endpoint:MK-0001")
    book = Book(world.run(), Words("ja"))
    (ask,) = asks(book, "a")
    assert (ask.people, ask.blocks, ask.leg, ask.unit) == (1, True, None, "unit.devices")
    (held,) = [person for person in book.people_of("a") if person.ready is not Ready.READY]
    assert (held.legs[Leg.PATH], held.legs[Leg.DEVICE]) == (Ready.BLOCKED, Ready.READY)
    common = section_view(book, "a")["common"]
    assert isinstance(common, dict)
    assert not any(common.values()), "it is no matter of an entrance shared with others"


def test_an_approved_exception_asks_for_nothing() -> None:
    world = _small()
    world.fail("EP-05", "endpoint:MK-0001", overlay=Overlay.EXCEPTION, until=date(2027, 3, 31))
    assert _asks(world) == ()


def test_a_fail_inside_its_deadline_is_asked_for_by_that_deadline() -> None:
    world = _small()
    world.fail("EP-05", "endpoint:MK-0001", overlay=Overlay.GRACE, until=date(2027, 1, 8))
    assert [ask.due for ask in _asks(world)] == [date(2027, 1, 8)]


def test_a_person_without_a_pc_and_a_section_without_routes_are_asked_for_them() -> None:
    world = _small()
    world.endpoints = [endpoint for endpoint in world.endpoints if endpoint.user != "a-000"]
    world.documents = [documents for documents in world.documents if documents.sections != ("a",)]
    found = _asks(world)
    assert [ask.doer for ask in found] == ["officer", "officer"]
    assert {len(ask.names) for ask in found} == {1, 2}


def test_a_route_that_nothing_could_be_proved_about_is_the_digital_section_s_work() -> None:
    world = _small()
    world.controls = tuple(control for control in world.controls if control.id != "PPL-02")
    (ask,) = _asks(world)
    assert not ask.mine
    assert "「仕事」" in ask.what


def test_an_act_that_asks_the_reader_is_a_request_whoever_does_the_work() -> None:
    world = _small()
    world.fail("EP-05", "endpoint:MK-0001")
    world.fail("RA-04", "gateway:GW-1")
    by_doer = {ask.mine for ask in _asks(world) if ask.doer == "it"}
    assert by_doer == {True, False}


def test_a_silent_pc_is_one_line_and_not_one_per_control(run: Run) -> None:
    rows, _ = details(Book(run, Words("ja")), "zeimu")
    silent = [row for row in rows if row.names == ("税務 一40（MK-0044）",)]
    assert [row.seen for row in silent] == ["端末の応答がないため、3項目すべて未確認です。"]


def test_every_finding_that_is_not_in_order_is_in_the_details_or_counted(run: Run) -> None:
    book = Book(run, Words("ja"))
    for section, ready in book.sections.items():
        rows, elsewhere = details(book, section)
        silent = sum(3 for row in rows if row.item == "3項目すべて" for _ in row.names)
        shown = sum(len(row.names) for row in rows if row.item != "3項目すべて") + silent
        tally = ready.tally
        assert shown + elsewhere == tally.fail + tally.unknown + tally.grace + tally.exception, section


def test_hostile_places_and_many_names_stay_within_bounds() -> None:
    world = _small()
    world.fail("PPL-02", "routes:r-a", places=tuple(f"手順{n}" for n in range(50)))
    rows, _ = details(Book(world.run(), Words("ja")), "a")
    assert len(rows[0].places) == 5


def test_a_control_that_was_not_judged_again_is_named_by_its_number(run: Run) -> None:
    assert Book(run, Words("ja")).title("EP-88") == "EP-88"


def test_english_requests_are_english(run: Run) -> None:
    found = asks(Book(run, Words("en")), "zeimu")
    assert any(ask.what.startswith("Have the staff concerned") for ask in found)


def test_a_word_of_no_request_leaves_the_run_as_it_was(run: Run) -> None:
    before = replace(run)
    asks(Book(run, Words("ja")), "zeimu")
    assert run == before


@pytest.mark.parametrize(
    ("fix", "mine"),
    [
        ("端末を預けさせてください。デジタル推進課が直します。", True),
        ("端末を預けさせてください。", True),
        ("デジタル推進課が設定を配ります。", False),
    ],
)
def test_an_act_that_asks_the_reader_anywhere_stands_among_the_readers_requests(
    fix: str,
    mine: bool,  # noqa: FBT001
) -> None:
    control = replace(shipped()[0], doer="it", fix=Wording(fix, "act"))
    assert _doer(_Group("fix"), control) == ("it", mine)
