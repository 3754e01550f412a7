"""The matrix of segments: colour, mark and word for each way, and how to see a difference for oneself."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from auditor.contacts import Contact
from auditor.control import Control, Leg, Wording
from auditor.findings import Finding, Reason, Verdict
from auditor.register import Place
from auditor.run import Run, TargetCard
from auditor.zones import Flow, Vantage, shipped_zones, unlooked
from reports.book import Book
from reports.contacts import render as render_contacts
from reports.contacts import safe
from reports.html import render, technical_page, town_page, zones_page
from reports.wording import Words
from tests.peers.process import need
from tests.reports.conftest import NOW, midori
from tests.reports.test_browser import TAGS

GOLDEN = Path(__file__).parent.parent / "golden" / "zones.html"
CONTROL = Place("198.18.20.10", 443)
SAYS = {
    "closed": Wording("試した{asked}個の口はどれも開きませんでした。", "None of the {asked} ports opened."),
    "open": Wording("{asked}個のうち{opened}個が開きました。", "Of {asked} ports, {opened} opened."),
    "open_as_agreed": Wording("{opened}個の口が開きました。", "All {opened} ports opened."),
}


def _control() -> Control:
    words = Wording("区分の間の経路", "A way between segments")
    return Control(
        id="NET-01", area="NET", targets=("flow",), title=words, plain=words, why=words, fix=words,
        effort=words,
        verify=words, says=SAYS, severity="high", leg=Leg.NONE, element=1, doer="it", due_days=1,
        source="s", requirement_mark="S",
    )  # fmt: skip


def _flow(id_: str, source: str, origin: str, zone: str, expect: str = "closed", name: str = "") -> Flow:
    places = (Place("198.18.23.10", 445), Place("198.18.23.10", 3389))
    return Flow(id=id_, name=name or f"経路{id_}", source=source, origin=origin, zone=zone, places=places,
                expect=expect, control=CONTROL)  # fmt: skip


def segmented(*, name: str = "") -> Run:
    """The usual town with three vantages, a forbidden way that is open, and one that nobody could tell."""
    run = midori().run()
    vantages = (
        Vantage(id="homes", name="自宅を模した試験端末", zone="home", jump="h", control=CONTROL),
        Vantage(id="lgwan", name="LGWAN系の確認用端末", zone="lgwan", jump="l", control=CONTROL),
        Vantage(id="office", name="点検用の端末", zone="internet", control=CONTROL),
    )
    flows = (
        _flow("1", "homes", "home", "mynumber"),
        _flow("2", "lgwan", "lgwan", "mynumber", name=name),
        _flow("3", "office", "internet", "lgwan", "open"),
        _flow("4", "lgwan", "lgwan", "internet"),
    )
    counts = {"asked": 2, "opened": 0, "refused": 1, "prohibited": 1, "silent": 0}
    opened = {**counts, "opened": 1}
    found = {
        "1": Finding(control="NET-01", target="flow:1", verdict=Verdict.PASS, key="closed", values=counts),
        "2": Finding(control="NET-01", target="flow:2", verdict=Verdict.FAIL, key="open", values=opened,
                     places=("198.18.23.10:445",)),
        "3": Finding(control="NET-01", target="flow:3", verdict=Verdict.PASS, key="open_as_agreed",
                     values={**counts, "opened": 2}),
        "4": Finding(control="NET-01", target="flow:4", verdict=Verdict.UNKNOWN, reason=Reason.NO_CONTROL),
    }  # fmt: skip
    cards = tuple(
        TargetCard(key=f"flow:{flow.id}", kind="flow", id=flow.id, name=flow.name, collected_at=NOW)
        for flow in flows
    )
    contact = Contact("198.18.23.10", 445, "tcp", "reached", NOW, "lgwan", "flow:2", "flow.ways")
    return replace(
        run,
        controls=(*run.controls, _control()),
        targets=(*run.targets, *cards),
        findings=(*run.findings, *found.values()),
        zones=shipped_zones(),
        vantages=vantages,
        flows=flows,
        unlooked=unlooked(vantages, flows),
        contacts=(contact, replace(contact, outcome="refused", port=3389, host="=cmd()")),
    )


def _cells(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<td class="cell (\w+)">(.*?)</td>', page, re.DOTALL)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_each_cell_has_its_colour_mark_and_word_and_only_the_open_one_is_red(lang: str) -> None:
    page = zones_page(Book(segmented(), Words(lang)))
    words = Words(lang)
    cells = _cells(page)
    for state, text in cells:
        assert f'<span class="state {state}">' in text
        assert words(f"mark.{state}") in text
    red = [text for state, text in cells if state == "fail"]
    assert len(red) == 1
    assert "経路2" in red[0]
    assert words("verdict.fail") in red[0]
    assert "nc -vz -w 5 198.18.23.10 445" in red[0]
    assert str(CONTROL) in red[0]
    assert "LGWAN系の確認用端末" in red[0]
    assert sum("nc -vz" in text for _, text in cells) == 1, "only what differs asks to be looked at"


def test_a_way_that_every_town_closes_and_nobody_tried_is_unknown_not_blank() -> None:
    page = zones_page(Book(segmented(), Words("ja")))
    untried = [text for state, text in _cells(page) if state == "unknown" and "届出がありません" in text]
    assert len(untried) == 2, "homes to lgwan, and internet to My-Number"
    assert "確かめ" in page
    assert [state for state, _ in _cells(page)].count("unknown") == 4


def test_an_agreed_way_through_a_border_does_not_show_that_the_rest_of_it_is_closed() -> None:
    run = segmented()
    closed = _flow("5", "office", "internet", "lgwan")
    agreed = next(text for state, text in _cells(zones_page(Book(run, Words("ja")))) if "経路3" in text)
    assert '<span class="state pass">' in agreed, "the way itself is as agreed"
    assert "届け出た経路のほかが閉じているかは、確かめていません" in agreed
    assert ("internet", "lgwan") not in {
        (border.source, border.to) for border in unlooked(run.vantages, (*run.flows, closed))
    }


def test_the_page_is_the_golden_one() -> None:
    """Renew with UPDATE_GOLDEN=1 and read the difference."""
    page = zones_page(Book(segmented(), Words("ja")))
    shown = re.sub(r"<style>.*?</style>", "<style></style>", page, flags=re.DOTALL)
    shown = re.sub(r"sha256-[^&]+", "sha256-", shown)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(shown, "utf-8")
    assert shown == GOLDEN.read_text("utf-8")


def test_the_town_s_and_the_technical_page_lead_there_only_where_ways_are_declared() -> None:
    with_ways, without = Book(segmented(), Words("ja")), Book(midori().run(), Words("ja"))
    for make in (town_page, technical_page):
        assert 'href="zones.html"' in make(with_ways)
        assert 'href="zones.html"' not in make(without)
    assert "経路2" in town_page(with_ways), "what concerns no section stands on the town's page"
    assert "この点検で行った接続は2回です" in technical_page(with_ways)


def test_without_declared_ways_no_page_is_written(tmp_path: Path) -> None:
    assert not [path for path in render(midori().run(), tmp_path, "ja") if path.name == "zones.html"]


def test_the_log_of_contacts_opens_in_excel_and_runs_no_formula(tmp_path: Path) -> None:
    (written,) = render_contacts(segmented(), tmp_path, "ja")
    content = written.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("日時（日本時間）,対象,")
    assert len(lines) == 3
    assert "'=cmd()" in content.decode("utf-8-sig")
    assert [safe(text) for text in ("+1", "a", "@x", "-")] == ["'+1", "a", "'@x", "'-"]
    assert render_contacts(midori().run(), tmp_path, "ja") == ()


def test_foreign_text_stays_text() -> None:
    page = zones_page(Book(segmented(name="<script>alert(1)</script>"), Words("ja")))
    assert "<script" not in page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = need("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_and_the_page_reflows(
    browser: Browser, tmp_path: Path, lang: str, width: int
) -> None:
    render(segmented(), tmp_path, lang)
    context = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    tab = context.new_page()
    tab.goto((tmp_path / "zones.html").as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    result = Axe().run(tab, options={"runOnly": {"type": "tag", "values": TAGS}})
    context.close()
    assert [(found["id"], found["nodes"][0]["html"]) for found in result.response["violations"]] == []


def test_the_matrix_lies_across_one_sheet_of_paper(browser: Browser, tmp_path: Path) -> None:
    render(segmented(), tmp_path, "ja")
    context = browser.new_context()
    tab = context.new_page()
    tab.goto((tmp_path / "zones.html").as_uri())
    sheet = tmp_path / "zones.pdf"
    tab.pdf(path=sheet, prefer_css_page_size=True)
    context.close()
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", sheet.read_bytes())
    assert boxes
    assert all(float(wide) > float(high) for wide, high in boxes), "A4 landscape"
    assert len(boxes) <= 2
