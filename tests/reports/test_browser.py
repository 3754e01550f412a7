"""The pages in Chromium: accessible, reflowing, silent, and as long on paper as promised."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from auditor.control import Wording
from auditor.run import Run
from reports.html import render
from tests.peers.process import need
from tests.reports.conftest import midori

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ENGLISH = ("town", "technical", "sections/zeimu")
PAGES = ("town", "technical", "sections/soumu", "sections/zeimu", "sections/gikai", "sections/nourin")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = need("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pages")
    render(run, out / "ja", "ja")
    render(replace(run, town=replace(run.town, sample=True)), out / "en", "en")
    return out


def _pdf(browser: Browser, page: Path, to: Path) -> list[str]:
    """The text of each printed sheet."""
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.pdf(path=to, prefer_css_page_size=True)
    context.close()
    program = need("pdftotext")
    shown = subprocess.run([program, "-layout", to, "-"], check=True, capture_output=True).stdout.decode()
    return [re.sub(r"\s", "", sheet) for sheet in shown.split("\f")[:-1]]


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize(
    ("lang", "name"), [*(("ja", name) for name in PAGES), *(("en", name) for name in ENGLISH)]
)
def test_axe_finds_nothing_and_the_page_reflows(
    browser: Browser, folder: Path, lang: str, name: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    tab = context.new_page()
    tab.goto((folder / lang / f"{name}.html").as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    result = Axe().run(tab, options={"runOnly": {"type": "tag", "values": TAGS}})
    context.close()
    assert [(found["id"], found["nodes"][0]["html"]) for found in result.response["violations"]] == []
    assert len(result.response["passes"]) > 20


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_and_says_nothing_on_the_console(
    browser: Browser, folder: Path, name: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    requests: list[str] = []
    messages: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda message: messages.append(message.text))
    page = (folder / "ja" / f"{name}.html").as_uri()
    tab.goto(page)
    styled = tab.locator("h1").evaluate("node => getComputedStyle(node).textAlign")
    context.close()
    assert requests == [page]
    assert messages == []
    assert styled == "center", "the policy lets the page's own style through"


def test_sheet_one_holds_the_last_request_that_it_promises(
    browser: Browser, folder: Path, tmp_path: Path
) -> None:
    sheets = _pdf(browser, folder / "ja/sections/zeimu.html", tmp_path / "p.pdf")
    assert "開始できません" in sheets[0]
    assert "お願いすることへ進む" not in sheets[0]
    assert "次の端末を役場の回線につなぎ" in sheets[0], "the last of six requests, which all fit"
    assert "前回からの変化" not in sheets[0]
    assert all(f"{number}/{len(sheets)}ページ" in sheet for number, sheet in enumerate(sheets, 1))
    assert all("取扱注意" in sheet for sheet in sheets)
    assert all("内線215" in sheet for sheet in sheets), "whom to ask stands on every sheet"
    assert all(len(sheet) > 60 for sheet in sheets), "no sheet is empty"
    assert len(sheets) <= 5


def test_sheet_one_in_english_is_one_sheet_too(browser: Browser, folder: Path, tmp_path: Path) -> None:
    sheets = _pdf(browser, folder / "en/sections/zeimu.html", tmp_path / "p.pdf")
    assert "Morefollowfrompage2" in sheets[0]
    assert "(continued)" in sheets[1]
    assert all("SAMPLE" in sheet for sheet in sheets)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_long_wording_never_pushes_a_request_off_sheet_one(
    browser: Browser, tmp_path: Path, lang: str
) -> None:
    world = midori()
    world.sample = True
    long = "長い説明をここに続けて書くと行が折り返されます。" * 3
    text = "Words that go on and on until the line is full, and on again. " * 4
    world.controls = tuple(
        replace(
            control,
            fix=Wording(f"{control.id}：{long}指示してください。", f"{control.id}: {text}"),
            why=Wording(long, text),
            effort=Wording("1台約2時間（入替えの場合は調達の期間）", "about 2 hours per device"),
        )
        for control in world.controls
    )
    render(world.run(), tmp_path / "out", lang)
    sheets = _pdf(browser, tmp_path / "out/sections/zeimu.html", tmp_path / "p.pdf")
    follow = "件は2ページ以降に続きます" if lang == "ja" else "Morefollowfrompage2"
    assert follow in sheets[0]
    confirm = "前回からの変化" if lang == "ja" else "Changessincethelastaudit"
    assert confirm not in sheets[0]
    mark = "見本" if lang == "ja" else "SAMPLE"
    assert all(mark in sheet for sheet in sheets)
    continued = "お願いすること（続き）" if lang == "ja" else "Whatweaskofyou(continued)"
    assert continued in sheets[1], "sheet 1 is one sheet"


def test_the_town_fits_on_two_sheets(browser: Browser, tmp_path: Path) -> None:
    world = midori()
    for number in range(12):
        world.section(f"more{number}", f"第{number}課", 4)
    render(world.run(), tmp_path / "out", "ja")
    sheets = _pdf(browser, tmp_path / "out/town.html", tmp_path / "p.pdf")
    assert len(sheets) <= 2
    assert "六つの要素" in "".join(sheets)


def test_a_section_without_trouble_needs_two_sheets(browser: Browser, folder: Path, tmp_path: Path) -> None:
    sheets = _pdf(browser, folder / "ja/sections/soumu.html", tmp_path / "p.pdf")
    assert len(sheets) == 2
    assert "お願いすることはありません" in sheets[0]
    assert "このほかの14項目は、適合または対象外です" in sheets[1]
