"""The pages as text: complete without a browser, safe against what a hostile town could write."""

import base64
import hashlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from auditor.findings import Reason, Tally
from auditor.run import Run
from auditor.targets import Person, Section
from reports.book import Book
from reports.html import css_text, render, section_page, technical_page, town_page
from reports.section import COUNTS
from reports.wording import Words, plain
from tests.reports.conftest import World

GOLDEN = Path(__file__).parent.parent / "golden"
EVIL = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>\u202e\n{{ 7*7 }}"


def _pages(run: Run, lang: str = "ja") -> dict[str, str]:
    book = Book(run, Words(lang))
    pages = {f"section {section.id}": section_page(book, section.id) for section in run.sections}
    return pages | {"town": town_page(book), "technical": technical_page(book)}


class _Reader(HTMLParser):
    """Every tag with its attributes, and the text outside style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's signature
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside != "style":
            self.text += data


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_page_is_one_file_without_script_inline_style_or_anything_from_elsewhere(
    run: Run, lang: str
) -> None:
    for name, page in _pages(run, lang).items():
        reader = _Reader(page)
        tags = {tag for tag, _ in reader.tags}
        assert not tags & {"script", "img", "link", "iframe", "object", "form", "base"}, name
        for tag, attrs in reader.tags:
            assert "style" not in attrs, (name, tag)
            assert not [attr for attr in attrs if attr.startswith("on")], (name, tag)
            target = attrs.get("href") or ""
            assert re.fullmatch(r"(#[\w-]+|technical\.html|sections/[\w-]+\.html)?", target), (name, target)
        assert "@import" not in page
        assert "url(http" not in page


def test_the_policy_allows_the_page_s_own_style_and_nothing_else(run: Run) -> None:
    for name, page in _pages(run).items():
        style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
        assert style, name
        assert policy, name
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        wanted = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        assert policy[1].replace("&#39;", "'").replace("&#43;", "+") == wanted


def test_nothing_in_the_templates_escapes_the_escaping() -> None:
    templates = list(files("reports").joinpath("templates").iterdir())
    assert len(templates) == 6
    for template in templates:
        source = template.read_text("utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", source), template.name
    marked = {
        entry.name: entry.read_text("utf-8").count("Markup(")
        for entry in files("reports").iterdir()
        if entry.name.endswith(".py") and "Markup(" in entry.read_text("utf-8")
    }
    assert marked == {"html.py": 1, "technical.py": 6}, (
        "each literal markup was looked at; look at the new one"
    )


def test_hostile_text_in_every_field_stays_text(world: Callable[[], World]) -> None:
    hostile = world()
    hostile.name = EVIL
    hostile.staff = [replace(person, name=EVIL + "髙" * 200) for person in hostile.staff]
    hostile.endpoints = [replace(endpoint, name=EVIL, os=EVIL, road=EVIL) for endpoint in hostile.endpoints]
    hostile.sections = [Section(id=section.id, name=EVIL + section.id) for section in hostile.sections]
    hostile.lost("EP-05", "endpoint:MK-0002", Reason.UNREADABLE, EVIL)
    hostile.fail("PPL-02", "routes:r-zeimu", places=(EVIL, "\ud800"))
    hostile.notes = {"endpoint:MK-0044": EVIL}
    hostile.broken = (EVIL,)
    run = hostile.run()
    run = replace(
        run,
        town=replace(run.town, contact=EVIL, sender=EVIL),
        targets=tuple(replace(card, details={EVIL: EVIL}) for card in run.targets),
        plugins={EVIL: EVIL},
        version=EVIL,
    )
    for lang in ("ja", "en"):
        for name, page in _pages(run, lang).items():
            tags = {tag for tag, _ in _Reader(page).tags}
            assert not tags & {"script", "img"}, name
            assert "\u202e" not in page, name
            assert "alert(&#39;x&#39;)" in page or "alert" not in page, name
            assert "{{ 7*7 }}" in page, name
            page.encode("utf-8")


@pytest.mark.parametrize("contact", ['"}</style><script>', "\\", "*/ @import url(x)", "\u202e\n", "内線215"])
def test_the_contact_in_the_style_is_only_ever_a_string(contact: str) -> None:
    text = css_text(contact)
    assert re.fullmatch(r'"(?:[A-Za-z0-9]|\\[0-9a-f]+ )*"', text)
    shown = re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), text[1:-1])
    assert shown == plain(contact)


def test_a_hostile_section_id_makes_no_path(world: Callable[[], World], tmp_path: Path) -> None:
    odd = World()
    odd.section("../../evil", "甲課", 1)
    odd.staff.append(Person(id="x", name="x", section="../../evil"))
    written = render(odd.run(), tmp_path / "out", "ja")
    assert all((tmp_path / "out") in path.parents for path in written)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    link = re.search(r'href="(sections/[^"]+)"', (tmp_path / "out/town.html").read_text("utf-8"))
    assert link
    assert (tmp_path / "out" / link[1]).is_file()


def _counted(page: str, prefix: str) -> Tally:
    found = dict(re.findall(rf'<b id="{prefix}-(\w+)">(\d+)</b>', page))
    return Tally(**{COUNTS[state]: int(count) for state, count in found.items()})  # type: ignore[arg-type]  # whole numbers only


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_counts_of_all_pages_are_those_of_the_run(run: Run, lang: str) -> None:
    pages = _pages(run, lang)
    assert _counted(pages["town"], "total") == run.tally
    assert _counted(pages["technical"], "total") == run.tally
    for row in run.section_readiness:
        assert _counted(pages[f"section {row.section}"], "count") == row.tally


def test_the_technical_page_has_every_finding_once(run: Run) -> None:
    page = technical_page(Book(run, Words("ja")))
    whole = sum(finding.whole_target for finding in run.findings)
    assert page.count('<a class="id" href="#') == len(run.findings) - whole
    assert page.count("項目すべて未確認です") == len({f.target for f in run.findings if f.whole_target})
    assert "EP-99: ZeroDivisionError" in page
    assert "updates.last: denied" in page
    assert "max_days=35 day" in page
    assert "月に一度の配信に合わせた" in page
    assert "mk-0004.example" in page


def test_a_sample_says_so_on_every_page_and_every_printed_sheet(world: Callable[[], World]) -> None:
    sample = world()
    sample.sample = True
    for lang, word in (("ja", "見本"), ("en", "SAMPLE")):
        for name, page in _pages(sample.run(), lang).items():
            assert f'<aside class="sample" aria-label="{word}">' in page, name
            assert f'@top-center {{ content: "{word}　{word}　{word}"' in page, name
            assert re.search(rf"<title>[^<]*{word}</title>", page), name
    for name, page in _pages(world().run()).items():
        assert "見本" not in page, name


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("soumu", "対象者の全員が、テレワークを始められます。"),
        ("zeimu", "まだテレワークを始められる職員がいません。"),
        ("gikai", "記録が一つも届いていません"),
        ("nourin", "この課に、試行の対象者はいません。"),
        ("kensetsu", "条件付きで、全員がテレワークを始められます。"),
    ],
)
def test_the_box_tells_who_may_start(run: Run, section: str, said: str) -> None:
    page = section_page(Book(run, Words("ja")), section)
    box = re.search(r'<section class="answer.*?</section>', page, re.DOTALL)
    assert box
    assert said in box[0]


def test_a_silent_section_is_never_shown_as_ready(run: Run) -> None:
    ready = tuple(
        replace(row, ready=next(iter(row.by_ready)), heard=False) if row.section == "soumu" else row
        for row in run.section_readiness
    )
    page = section_page(Book(replace(run, section_readiness=ready), Words("ja")), "soumu")
    assert '<section class="answer check_first"' in page
    assert "全員が、テレワークを始められます" not in page


def test_part_of_the_staff_ready_reads_as_some_not_yet(world: Callable[[], World]) -> None:
    some = world()
    some.fail("TRN-01", "person:soumu-001")
    page = section_page(Book(some.run(), Words("ja")), "soumu")
    assert "一部の職員は、まだテレワークを始められません。" in page
    assert "課長にお願いすること" in page


def test_the_town_page_names_silent_sections_causes_and_the_age(run: Run) -> None:
    page = _Reader(town_page(Book(run, Words("ja")))).text
    for said in (
        "議会事務局",
        "記録が一つも届いていない課",
        "席を離れても画面が開いたまま",
        "令和8年11月25日 02:00",
        "悪くなった 43件",
    ):
        assert said in page


def test_the_wanted_value_of_the_town_is_marked_on_the_section_page(run: Run) -> None:
    page = section_page(Book(run, Words("ja")), "zeimu")
    assert '（上限600秒）。 <span class="tag">町の基準</span>' in page
    assert '区画が1個あります。 <span class="tag">' not in page


def test_a_run_without_history_or_exceptions_or_people_renders() -> None:
    bare = World()
    bare.section("this", "この端末", 1, trial=False)
    run = replace(bare.run(), number=0, changes=None)
    for lang in ("ja", "en"):
        for name, page in _pages(run, lang).items():
            assert "点検番号" not in page, name
            assert "Run no." not in page, name


@pytest.mark.parametrize("name", ["section", "town", "technical"])
def test_a_page_is_as_the_golden_one(run: Run, name: str) -> None:
    """Renew with UPDATE_GOLDEN=1 and read the difference."""
    book = Book(run, Words("ja"))
    page = {"section": lambda: section_page(book, "zeimu"), "town": lambda: town_page(book)}.get(
        name, lambda: technical_page(book)
    )()
    shown = re.sub(r"<style>.*?</style>", "<style></style>", page, flags=re.DOTALL)
    shown = re.sub(r"sha256-[^&]+", "sha256-", shown)
    kept = GOLDEN / f"{name}.html"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        kept.write_text(shown, encoding="utf-8")
    assert shown == kept.read_text("utf-8")


def test_a_whole_town_renders_quickly() -> None:
    """205 endpoints with 60 controls each; the limit is ten times what was measured, in CPU seconds."""
    big = World()
    big.controls = tuple(
        replace(control, id=f"{control.id}-{number}")
        for number in range(20)
        for control in big.controls
        if control.targets[0] == "endpoint"
    )
    from tests.reports import conftest

    good = {control.id: conftest.GOOD[control.id.rpartition("-")[0]] for control in big.controls}
    for section in range(17):
        big.section(f"s{section}", f"第{section}課", 13 if section else 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conftest, "GOOD", good)
        run = big.run()
    assert len(run.findings) > 12_000
    start = time.process_time()
    town_page(Book(run, Words("ja")))
    assert time.process_time() - start < 1.0
