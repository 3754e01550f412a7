"""The summary on a terminal: the same figures as the pages."""

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from auditor.findings import Tally, Verdict
from auditor.readiness import Ready
from auditor.run import Run
from reports.book import Book, verdict_of
from reports.section import COUNTS
from reports.town import causes
from reports.wording import Words, plain

STYLES = {
    "fail": "bold red",
    "unknown": "bold",
    "blocked": "bold red",
    "check_first": "bold",
    "conditional": "yellow",
    "ready": "green",
    "nobody": "dim",
}
LONG = 20
"""With more targets than this, single findings belong on the pages, not on the terminal."""

TOP = 5


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
    if any(row.people for row in run.section_readiness):
        parts.append(_sections(book))
    parts.append(Text(f"{words('terminal.findings')}: {counts(run.tally, words)}"))
    parts += _causes(book)
    parts += _findings(book)
    silent = [plain(book.label(card.key)) for card in run.targets if card.outcome is not None]
    if silent:
        parts.append(Text(words("terminal.silent", names=words.listed(silent))))
    if run.changes is not None:
        parts.append(Text(words("terminal.changes", count=len(run.changes.changed))))
    parts += [Text(words("terminal.broken", fault=plain(fault)), style="bold red") for fault in run.broken]
    return Group(*parts)


def counts(tally: Tally, words: Words) -> str:
    """Every status with its count, in the order of the pages."""
    return "  ".join(
        f"{words(f'verdict.{state}')} {getattr(tally, field)}" for state, field in COUNTS.items()
    )


def _sections(book: Book) -> Table:
    words = book.words
    table = Table(title=words("town.sections"), title_justify="left", box=None)
    table.add_column(words("town.section"))
    table.add_column(words("town.result"))
    table.add_column(words("town.people"), justify="right")
    for ready in Ready:
        table.add_column(words(f"ready.{ready.value}"), justify="right")
    for row in book.run.section_readiness:
        verdict = verdict_of(row)
        result = Text(f"{words(f'mark.{verdict}')} {words(f'ready.{verdict}')}", style=STYLES[verdict])
        figures = [Text(str(row.by_ready.get(ready, 0))) for ready in Ready]
        table.add_row(Text(plain(book.section_names[row.section])), result, Text(str(row.people)), *figures)
    return table


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
    """In a small audit what failed and what could not be known, by control; not those of a silent target."""
    if len(book.run.targets) > LONG:
        return []
    words = book.words
    lines: list[RenderableType] = []
    for finding in book.run.findings:
        if finding.whole_target or finding.verdict not in (Verdict.FAIL, Verdict.UNKNOWN):
            continue
        seen = words.seen(finding, book.controls[finding.control])
        note = f" ({finding.note})" if finding.note else ""
        text = f"{words(f'mark.{finding.verdict.value}')} {finding.control} {book.title(finding.control)}"
        lines.append(Text(plain(f"{text}: {seen}{note}"), style=STYLES[finding.verdict.value]))
    return lines
