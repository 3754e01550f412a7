"""Evidence files on the pages: counted whole, named where somebody has to look, and never able to harm."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from auditor.run import Arrival, Run, Standing
from auditor.words import LANGUAGES, say
from reports.arrivals import PLAIN, arrival_counts, arrival_lines
from reports.book import Book
from reports.html import technical_page
from reports.terminal import print_summary
from reports.wording import Words
from tests.core.world import NOW

FORGED = Arrival(
    file="<script>alert(1)</script>.json",
    standing=Standing.BAD_SIGNATURE,
    target="endpoint:PC-1",
    signer="SHA256:abc",
    sequence=12,
    collected_at=NOW - timedelta(hours=1),
    note="<b>note</b>",
)
GOOD = Arrival(file="good.json", standing=Standing.ACCEPTED, target="endpoint:PC-2", signer="PC-2")


def with_inbox(run: Run) -> Run:
    return replace(run, inbox=(FORGED, GOOD), arrived={Standing.ACCEPTED: 3_000, Standing.BAD_SIGNATURE: 1})


def test_refused_files_come_first_and_all_are_counted_also_those_not_listed(run: Run) -> None:
    counts = arrival_counts(with_inbox(run), Words("en"))
    assert [(row.count, row.refused) for row in counts] == [(1, True), (3_000, False)]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("standing", Standing)
def test_every_outcome_has_a_sentence_and_all_but_the_plain_ones_are_named(
    run: Run, standing: Standing, lang: str
) -> None:
    words = Words(lang)
    found = replace(run, inbox=(replace(GOOD, standing=standing),), arrived={standing: 1})
    (count,) = arrival_counts(found, words)
    assert count.why == say(lang, f"standing.{standing}")
    assert [line.why for line in arrival_lines(found, words)] == ([] if standing in PLAIN else [count.why])


def test_no_two_outcomes_say_the_same() -> None:
    for lang in LANGUAGES:
        assert len({say(lang, f"standing.{one}") for one in Standing}) == len(Standing)


def test_the_technical_page_names_the_file_escaped_with_all_that_helps_to_find_out(run: Run) -> None:
    page = technical_page(Book(with_inbox(run), Words("ja")))
    assert "署名が内容と合いません" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.json" in page
    assert "<script" not in page
    for part in ("endpoint:PC-1", "SHA256:abc", "<td>12</td>", "&lt;b&gt;note&lt;/b&gt;", "3000"):
        assert part in page, part
    assert "good.json" not in page


def test_a_run_without_evidence_files_says_nothing_of_them(run: Run) -> None:
    assert "証跡ファイル</h2>" not in technical_page(Book(run, Words("ja")))


def test_the_terminal_shows_the_counts_with_what_they_mean(run: Run) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    print_summary(with_inbox(run), console, "en")
    text = console.export_text()
    assert "Evidence files: 1. Not used: the signature does not fit" in text
    assert "Evidence files: 3000. Accepted." in text
