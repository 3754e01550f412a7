"""The summary on a terminal: the same figures as the pages."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from auditor.findings import ATTESTED, Tally, Verdict, shown_as
from auditor.readiness import Ready, SectionReadiness
from auditor.run import Run
from reports.arrivals import arrival_counts
from reports.book import Book, partly_blocked, verdict_of
from reports.exceptions import ending_lines, over
from reports.section import COUNTS, said_counts
from reports.town import causes
from reports.wording import Words, plain

STYLES = {
    "fail": "bold red",
    "unknown": "bold",
    "grace": "yellow",
    "exception": "yellow",
    "blocked": "bold red",
    "check_first": "bold",
    "conditional": "yellow",
    "ready": "green",
    "nobody": "dim",
}
LONG = 20
"""With more targets than this, single findings belong on the pages, not on the terminal."""

TOP = 5

NARROW = 60
"""Below so many columns a section's row does not fit on one line."""


def print_summary(run: Run, console: Console, lang: str) -> None:
    """Print the summary."""
    console.print(summary(run, lang), soft_wrap=not console.is_terminal)


def summary(run: Run, lang: str) -> RenderableType:
    """Heading, one line per section, the counts, what holds people back, who was silent, what changed."""
    book = Book(run, Words(lang))
    words = book.words
    sample = f"【{words('page.sample')}】" if run.town.sample else ""
    heading = words("terminal.town", name=plain(run.town.name), day=words.day(run.today))
    parts: list[RenderableType] = [Text(f"{sample}{heading}", style="bold")]
    if book.notice:
        parts.append(Text(book.notice, style="bold"))
    if any(row.people for row in run.section_readiness):
        parts.append(_Sections(book))
    parts.append(Text(f"{words('terminal.findings')}: {counts(run.tally, words)}"))
    if said := said_counts(run.tally.attested):
        figures = "  ".join(f"{words(f'verdict.{state}')} {count}" for state, count in said)
        parts.append(Text(f"{words('attested.column')}: {figures}"))
    parts += _causes(book)
    parts += _findings(book)
    silent = [plain(book.label(card.key)) for card in run.targets if card.outcome is not None]
    if silent:
        parts.append(Text(words("terminal.silent", names=words.listed(silent))))
    parts += [
        Text(words("terminal.inbox", count=row.count, why=row.why), style="bold red" if row.refused else "")
        for row in arrival_counts(run, words)
    ]
    parts += [Text(plain(line), style="yellow") for line in ending_lines(book)]
    if run.changes is not None:
        parts.append(Text(words("terminal.changes", count=len(run.changes.changed))))
    parts += [Text(words("terminal.broken", fault=plain(fault)), style="bold red") for fault in run.broken]
    return Group(*parts)


def counts(tally: Tally, words: Words) -> str:
    """Every status with its count, in the order of the pages."""
    return "  ".join(
        f"{words(f'verdict.{state}')} {getattr(tally, field)}" for state, field in COUNTS.items()
    )


@dataclass(frozen=True)
class _Sections:
    """One row per section; where there is no room for columns, two lines each. The key stands below."""

    book: Book

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        words = self.book.words
        if options.max_width < NARROW:
            yield Text(words("town.sections"), style="italic")
            yield from self._lines()
        else:
            yield self._table()
        key = (f"{words(f'mark.{ready.value}')} {words(f'ready.{ready.value}')}" for ready in Ready)
        yield Text("  ".join((words("town.key_people"), *key)), style="dim")

    def _result(self, row: SectionReadiness) -> Text:
        words, verdict = self.book.words, verdict_of(row)
        word = words("town.some_blocked") if partly_blocked(row) else words(f"ready.{verdict}")
        return Text(f"{words(f'mark.{verdict}')} {word}", style=STYLES[verdict])

    def _table(self) -> Table:
        words = self.book.words
        table = Table(title=words("town.sections"), title_justify="left", box=None)
        table.add_column(words("town.section"), overflow="fold")
        table.add_column(words("town.result"), no_wrap=True)
        table.add_column(words("town.people"), justify="right", no_wrap=True)
        for ready in Ready:
            table.add_column(words(f"mark.{ready.value}"), justify="right", no_wrap=True)
        for row in self.book.run.section_readiness:
            figures = [Text(str(row.by_ready.get(ready, 0))) for ready in Ready]
            name = Text(plain(self.book.section_names[row.section]))
            table.add_row(name, self._result(row), Text(str(row.people)), *figures)
        return table

    def _lines(self) -> Iterator[Text]:
        words = self.book.words
        for row in self.book.run.section_readiness:
            yield Text(plain(self.book.section_names[row.section]), style="bold")
            figures = [f"{words(f'mark.{ready.value}')}{row.by_ready.get(ready, 0)}" for ready in Ready]
            rest = f"  {words('town.people')}{row.people} {' '.join(figures)}"
            yield Text("  ").append_text(self._result(row)).append(rest)


def _causes(book: Book) -> list[RenderableType]:
    """What holds most people back."""
    words = book.words
    holds = causes(book)
    lines: list[RenderableType] = [Text(f"{words('town.causes')}:")] if holds else []
    for hold in holds[:TOP]:
        people = words("unit.people", count=hold.people)
        mark = words(f"mark.{hold.ready.value}")
        lines.append(Text(f"  {mark} {people}  {plain(hold.title)}", style=STYLES[hold.ready.value]))
    if len(holds) > TOP:
        lines.append(Text(f"  {words('terminal.more', count=len(holds) - TOP)}"))
    return lines


def _findings(book: Book) -> list[RenderableType]:
    """What failed and what could not be known, by control; not those of a silent target.

    In a large audit only what concerns the town as a whole: no section's line tells of it.
    """
    words = book.words
    few = len(book.run.targets) <= LONG
    whole = {card.key for card in book.run.targets if card.kind == "town"}
    lines: list[RenderableType] = []
    for finding in book.run.findings:
        if not few and finding.target not in whole:
            continue
        if finding.whole_target or finding.verdict not in (Verdict.FAIL, Verdict.UNKNOWN):
            continue
        state = shown_as(finding).removeprefix(ATTESTED)
        seen = words.seen(finding, book.controls[finding.control])
        laid = f" {over(book, finding)}" if finding.until is not None else ""
        note = f" ({finding.note})" if finding.note else ""
        said = f"【{words('attested.column')}】" if finding.attested is not None else ""
        text = f"{words(f'mark.{state}')} {finding.control} {said}{book.title(finding.control)}"
        lines.append(Text(plain(f"{text}: {seen}{laid}{note}"), style=STYLES[state]))
    return lines
