"""Runs, rendered pages and a browser for the tests of the reports."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from auditor.run import Run
from reports import html
from tests.peers.process import need
from tests.reports.cast import a_hostile_run, a_run, some_changes


@pytest.fixture(scope="session")
def run() -> Run:
    return a_run(changes=some_changes(), broken=("checks.endpoint.lock: KeyError('x')",))


@pytest.fixture(scope="session")
def sample_run() -> Run:
    return a_run(sample=True)


@pytest.fixture(scope="session")
def hostile_run() -> Run:
    return a_hostile_run()


def written(run: Run, folder: Path, lang: str) -> Path:
    html.render(run, folder, lang)
    return folder


@pytest.fixture(scope="session")
def pages(run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of pages by language."""
    return {lang: written(run, tmp_path_factory.mktemp(lang), lang) for lang in ("ja", "en")}


@pytest.fixture(scope="session")
def sample_pages(sample_run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {lang: written(sample_run, tmp_path_factory.mktemp(f"s{lang}"), lang) for lang in ("ja", "en")}


@pytest.fixture(scope="session")
def hostile_pages(hostile_run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {lang: written(hostile_run, tmp_path_factory.mktemp(f"h{lang}"), lang) for lang in ("ja", "en")}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
