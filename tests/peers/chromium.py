"""A real Chromium that looks at finished pages: accessibility, width, what it fetches, what it says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from tests.peers.process import need

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@dataclass(frozen=True, slots=True)
class Look:
    """Rule ids that axe finds violated, scroll width, requests beyond the page, console lines."""

    violations: tuple[str, ...]
    scroll_width: int
    requests: tuple[str, ...]
    console: tuple[str, ...]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run it without its sandbox, which root may not use."""
    program = need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def look(browser: Browser, page: Path, width: int) -> Look:
    """Open a page from its file at a width in pixels."""
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    requests: list[str] = []
    console: list[str] = []
    tab = context.new_page()
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda message: console.append(message.text))
    tab.goto(page.resolve().as_uri())
    scroll_width = int(tab.evaluate("document.documentElement.scrollWidth"))
    found = Axe().run(tab, options={"runOnly": {"type": "tag", "values": list(TAGS)}})
    context.close()
    violations = tuple(str(row["id"]) for row in found.response["violations"])
    return Look(violations, scroll_width, tuple(requests[1:]), tuple(console))
