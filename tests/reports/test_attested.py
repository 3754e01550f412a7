"""What people attested stands apart from what was measured: on pages, terminal and in the run document."""

import io
import re
from dataclasses import replace
from datetime import date

import msgspec
import pytest
from rich.console import Console

from auditor.exits import Exit, FailOn, exit_code
from auditor.findings import ATTESTED, Counts, Finding, Reason, Said, Tally, Verdict, tally
from auditor.legs import elements, section_readiness
from auditor.run import Change, Run
from reports.book import Book
from reports.html import section_page, technical_page, town_page
from reports.machine import document, schema_text
from reports.requests import asks
from reports.section import EVERY, SAID, STATES, details
from reports.shifts import way_of
from reports.terminal import print_summary
from reports.wording import Words
from tests.reports.conftest import World

SAID_BY = Said(office="zeimu", post="所属長", on=date(2026, 11, 20), until=date(2027, 2, 28))


@pytest.fixture
def run() -> Run:
    """Three controls asked of a section: a yes, a no, and one that nobody answered."""
    made = World()
    made.section("zeimu", "税務課", 2)
    base = made.run()
    word = [
        Finding(control="EP-05", target="section:zeimu", verdict=Verdict.PASS, key="ok", attested=SAID_BY),
        Finding(
            control="EP-07",
            target="section:zeimu",
            verdict=Verdict.FAIL,
            key="slow",
            values={"after_s": 1800, "lock_max_s": 600},
            attested=SAID_BY,
        ),
        Finding(
            control="EP-03",
            target="section:zeimu",
            verdict=Verdict.UNKNOWN,
            reason=Reason.NOT_ATTESTED,
            attested=Said(),
        ),
    ]
    findings = (*base.findings, *word)
    controls = {control.id: control for control in base.controls}
    return replace(
        base,
        findings=findings,
        tally=tally(findings),
        elements=elements(findings, controls),
        section_readiness=section_readiness(made.town, base.readiness, findings, base.targets),
    )


def test_the_two_are_counted_apart_everywhere(run: Run) -> None:
    measured = [row for row in run.findings if row.attested is None]
    assert replace(run.tally, attested=Counts()) == tally(measured)
    assert run.tally.attested == Counts(passed=1, fail=1, unknown=1)
    (row,) = run.section_readiness
    assert row.tally.attested == run.tally.attested
    sums = [item.tally.attested.total for item in run.elements]
    assert sum(sums) == run.tally.attested.total


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_section_s_page_shows_the_word_with_post_and_days_and_not_in_the_counts(
    run: Run, lang: str
) -> None:
    words = Words(lang)
    page = section_page(Book(run, words), "zeimu")
    shown = {state: int(count) for state, count in re.findall(r'id="count-(\w+)">(\d+)<', page)}
    assert shown["pass"] == sum(row.attested is None and row.verdict is Verdict.PASS for row in run.findings)
    assert words("attested.title") in page
    for state in ("pass", "fail", "unknown"):
        assert words(f"verdict.{ATTESTED}{state}") in page
    assert page.count("所属長") == 2


def test_attested_items_stand_in_their_own_table_only(run: Run) -> None:
    rows, _ = details(Book(run, Words("ja")), "zeimu")
    assert not [row for row in rows if row.state.startswith(ATTESTED)]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_town_s_and_the_technical_page_have_a_column_of_their_own(run: Run, lang: str) -> None:
    words = Words(lang)
    book = Book(run, words)
    town, technical = town_page(book), technical_page(book)
    assert town.count('<td class="said">') == 1 + len(run.elements) + 1
    assert words("attested.key") in town
    assert words(f"verdict.{ATTESTED}pass") in technical
    assert words.whose(run.findings[-2]) in technical


def test_the_terminal_names_both_and_adds_nothing_up(run: Run) -> None:
    sink = io.StringIO()
    print_summary(run, Console(file=sink, width=120), "ja")
    text = sink.getvalue()
    assert "申告: 申告：できていない 1  申告：未確認 1  申告：できている 1" in text


def test_the_run_document_keeps_whose_word_it_is(run: Run) -> None:
    kept = msgspec.json.decode(document(run), type=Run)
    assert kept == run
    assert '"Said"' in schema_text()
    text = document(replace(run, findings=(), tally=Tally(passed=1)))
    older = msgspec.json.decode(text.replace(b'"attested"', b'"of_later"'), type=Run)
    assert older.tally.attested == Counts()


def test_a_no_makes_work_and_a_missing_form_is_asked_for(run: Run) -> None:
    found = asks(Book(run, Words("ja")), "zeimu")
    assert any("申告書に記入し" in ask.what and ask.doer == "officer" for ask in found)
    assert not any("始められる人には数えません" in ask.why and "申告" in ask.why for ask in found)


def test_somebody_s_no_ends_an_audit_like_a_measured_one() -> None:
    said = Tally(passed=1, attested=Counts(fail=1))
    assert exit_code(_ended(said), FailOn.FAIL, None) is Exit.FINDINGS
    assert exit_code(_ended(said), FailOn.NONE, None) is Exit.DONE
    assert exit_code(_ended(Tally(passed=1, attested=Counts(unknown=2))), FailOn.NONE, 1) is Exit.INCOMPLETE


def _ended(counted: Tally) -> Run:
    from tests.core.test_exits import REACHED, ended

    return ended(counted, REACHED)


def test_a_word_and_a_measurement_are_no_better_or_worse_than_each_other() -> None:
    def way(before: str, after: str) -> str:
        return way_of(Change(control="EP-05", target="x", before=before, after=after))

    assert way("fail", "attested_pass") == "other"
    assert way("attested_fail", "attested_pass") == "better"
    assert way("attested_pass", "attested_unknown") == "worse"


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_status_has_a_mark_and_a_word_of_its_own(lang: str) -> None:
    words = Words(lang)
    assert len({words(f"verdict.{state}") for state in EVERY}) == len(STATES) + len(SAID)
    assert all(words(f"mark.{state}") for state in EVERY)
