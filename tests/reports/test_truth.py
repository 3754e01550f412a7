"""What a page must not leave in doubt: whether it is an audit, whom it speaks to, which days are past."""

import html
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from auditor.control import Leg
from auditor.findings import Overlay, Reason
from auditor.run import Run
from auditor.targets import Gateway
from auditor.work import Documents, PrintServer
from reports.book import Book
from reports.html import section_page, technical_page, town_page
from reports.places import short
from reports.requests import Ask, asks
from reports.terminal import print_summary
from reports.town import causes
from reports.wording import NAME_LENGTH, Words
from tests.reports.conftest import TODAY, World


def _text(page: str) -> str:
    """The page as read: its tags, style and line breaks left out."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", body))


def _pages(run: Run, lang: str) -> list[str]:
    book = Book(run, Words(lang))
    return [*(section_page(book, row.id) for row in run.sections), town_page(book), technical_page(book)]


def _one(*, trial: bool = True) -> World:
    world = World()
    world.section("a", "甲課", 2, trial=trial)
    world.documents.append(
        Documents(id="r-a", name="承認の経路", kind="routes", folder=Path(), sections=("a",))
    )
    world.gateways.append(Gateway(id="GW-1", name="庁内VPN", host="vpn.example", port=443))
    return world


def _asks(run: Run, lang: str = "ja") -> tuple[Ask, ...]:
    return asks(Book(run, Words(lang)), "a")


def _since(run: Run, day: date) -> Run:
    return replace(run, findings=tuple(replace(row, since=day) for row in run.findings))


def test_a_rejudged_run_says_on_every_page_that_nothing_was_looked_at(run: Run) -> None:
    again = replace(run, number=0, rejudged=9, today=date(2027, 4, 1))
    wanted = (
        "これは再判定です。令和8年11月25日 02:00の点検（第9回）の記録を、令和9年4月1日の時点として、"
        "町の基準で判定し直しました。新たな点検は行っていません。"
    )
    for page in _pages(again, "ja"):
        text = _text(page)
        assert wanted in text
        assert page.index(wanted) < page.index("<h1>")
        assert "確認欄" not in text
        assert "点検日時　令和8年11月25日 02:00" in text
    assert all("This is a rejudgement." in page for page in _pages(again, "en"))


def test_an_audit_says_nothing_of_rejudging_and_has_its_confirmation(run: Run) -> None:
    page = section_page(Book(run, Words("ja")), "zeimu")
    assert "再判定" not in page
    assert "確認欄" in page
    assert "基準の照合値" in page


def test_a_deadline_counts_from_the_day_it_began_and_says_when_it_is_past() -> None:
    world = _one()
    world.fail("EP-05", "endpoint:MK-0001")
    world.lost("EP-03", "endpoint:MK-0002", Reason.NO_PERMISSION)
    run = _since(world.run(), date(2026, 11, 1))
    assert [(ask.due, ask.overdue) for ask in _asks(run)] == [
        (date(2026, 11, 8), True),
        (date(2026, 11, 8), True),
    ]
    assert _text(section_page(Book(run, Words("ja")), "a")).count("（期限を過ぎています）") == 2
    assert "by 8 November 2026 (overdue)" in section_page(Book(run, Words("en")), "a")
    fresh = _since(world.run(), date(2026, 11, 18))
    assert [(ask.due, ask.overdue) for ask in _asks(fresh)] == [(TODAY, False), (TODAY, False)]


def test_a_long_grace_of_one_does_not_put_off_the_others() -> None:
    world = _one()
    world.fail("EP-05", "endpoint:MK-0001", overlay=Overlay.GRACE, until=date(2027, 3, 31))
    world.fail("EP-05", "endpoint:MK-0002")
    assert [ask.due for ask in _asks(world.run())] == [date(2026, 12, 2)]


def test_nobody_in_the_trial_is_never_told_that_nothing_holds_them_back() -> None:
    world = _one(trial=False)
    world.fail("EP-05", "endpoint:MK-0001")
    book = Book(world.run(), Words("ja"))
    wanted = (
        "試行の対象者がいないため、開始の判断はしていません。不適合1件、未確認0件の内容は技術資料に示します。"
    )
    for page in (town_page(book), section_page(book, "a")):
        assert wanted in page
        assert "開始を止め" not in page


def test_one_machine_without_a_town_speaks_of_no_section() -> None:
    world = World(name="この端末")
    world.section("this", "この端末", 1)
    world.lost("EP-05", "endpoint:MK-0001", Reason.NOT_MEASURABLE)
    world.lost("EP-03", "endpoint:MK-0001", Reason.NOT_DECLARED)
    run = world.run()
    run = replace(run, town=replace(run.town, alone=True, contact="", sender=""))
    for page in _pages(run, "ja"):
        assert "デジタル推進" not in page
        assert "課長" not in _text(page)
    assert "この端末を使う方へ" in section_page(Book(run, Words("ja")), "this")
    assert all("digital promotion" not in page.lower() for page in _pages(run, "en"))
    assert "To the user of this machine" in town_page(Book(run, Words("en")))


def test_what_cannot_be_measured_is_looked_at_by_hand_and_promised_for_no_day() -> None:
    world = _one()
    world.lost("EP-05", "endpoint:MK-0001", Reason.NOT_MEASURABLE)
    (ask,) = _asks(world.run())
    assert ask.what.startswith("自動では確かめられません。デジタル推進課が端末で直接確かめ、結果を記録します")
    assert (ask.due, ask.mine) == (None, False)
    assert "点検し直します" not in section_page(Book(world.run(), Words("ja")), "a")


def test_what_is_no_condition_says_so_and_a_condition_does_not() -> None:
    world = _one()
    world.printers.append(PrintServer(id="PS-1", name="印刷サーバー", url="ipp://print.example"))
    world.controls = tuple(
        replace(control, leg=Leg.NONE) if control.id == "PPL-02" else control for control in world.controls
    )
    world.fail("PPL-02", "routes:r-a")
    world.fail("EP-05", "endpoint:MK-0001")
    marked = {ask.order[:6]: ask.aside for ask in _asks(world.run())}
    assert marked["PPL-02"]
    assert not marked["EP-05 "]


def test_both_languages_number_requests_and_causes_alike(run: Run) -> None:
    for section in run.sections:
        both = [[ask.order for ask in asks(Book(run, Words(lang)), section.id)] for lang in ("ja", "en")]
        assert both[0] == both[1]
    held = [
        [(hold.people, hold.sections) for hold in causes(Book(run, Words(lang)))] for lang in ("ja", "en")
    ]
    assert held[0] == held[1]


def test_equal_requests_stand_by_severity_then_day_then_control() -> None:
    world = _one()
    world.fail("EP-07", "endpoint:MK-0001")
    world.fail("EP-05", "endpoint:MK-0001")
    world.fail("TRN-01", "person:a-001")
    ranks = [(ask.severity, ask.due or date.max, ask.order) for ask in _asks(world.run())]
    assert len(ranks) == 3
    assert ranks == sorted(ranks)


def test_a_request_about_a_route_names_its_steps() -> None:
    world = _one()
    world.fail("PPL-02", "routes:r-a", places=("申請の受付から交付まで: 決裁書に押印", "届: 印刷"))
    (ask,) = _asks(world.run())
    assert ask.names == ("申請の受付から交付まで: 決裁書に押印", "届: 印刷")
    assert ask.unit == "unit.places"


def test_a_provision_s_number_is_seen_however_long_the_ordinance_s_name() -> None:
    shown = short("松風町声かけ訪問事業実施要綱第2条第1項: 様式の提出・交付")
    assert shown.startswith("松風町")
    assert "第2条第1項: 様式" in shown


@pytest.mark.parametrize(
    "place", ["長" * 60, f"{'長' * 60}: {'短' * 60}", f"届: {'短' * 60}", ": x", "\u202e: y"]
)
def test_a_place_stays_short_and_shows_route_and_step(place: str) -> None:
    shown = short(place)
    assert len(shown) <= NAME_LENGTH
    assert (": " in place) == (": " in shown)
    assert "\u202e" not in shown


def test_a_section_where_some_may_start_is_blocked_in_part(world: Callable[[], World]) -> None:
    some = world()
    some.fail("TRN-01", "person:soumu-001")
    run = some.run()
    rows = re.findall(r"<tr><th scope=\"row\"><a.*?</tr>", town_page(Book(run, Words("ja"))))
    said = {
        name: "一部は開始できません" in row for row in rows for name in ("総務課", "税務課") if name in row
    }
    assert said == {"総務課": True, "税務課": False}


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("width", [80, 40])
def test_the_terminal_cuts_nothing(run: Run, lang: str, width: int) -> None:
    named = tuple(replace(row, name=f"{row.name}地域づくり推進室") for row in run.sections)
    sink = io.StringIO()
    print_summary(
        replace(run, sections=named),
        Console(file=sink, width=width, force_terminal=True, color_system=None),
        lang,
    )
    shown = sink.getvalue()
    assert "…" not in shown.partition(Words(lang)("terminal.findings"))[0]
    assert all(row.name in shown for row in named)
    joined = re.sub(r"\s+", "", shown)
    for ready in ("ready", "conditional", "check_first", "blocked"):
        legend = Words(lang)(f"mark.{ready}") + Words(lang)(f"ready.{ready}")
        assert legend.replace(" ", "") in joined
