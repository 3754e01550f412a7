"""The summary on a terminal: the same figures as the pages."""

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from auditor.findings import Tally
from auditor.readiness import Ready
from auditor.run import Run
from reports.book import opened, shortened
from reports.wording import Words

STYLES = {"fail": "bold red", "unknown": "bold", "pass": "green"}


def print_summary(run: Run, console: Console, lang: str) -> None:
    """Print the summary."""
    console.print(summary(run, lang), soft_wrap=not console.is_terminal)


def summary(run: Run, lang: str) -> RenderableType:
    """Heading, one line per section, the counts, who was silent, what changed."""
    words = Words(lang)
    sample = f"【{words('page.sample')}】" if run.town.sample else ""
    parts: list[RenderableType] = [
        Text(f"{sample}{words('terminal.town', name=run.town.name, day=words.day(run.today))}", style="bold")
    ]
    if any(row.people for row in run.section_readiness):
        parts.append(_sections(run, words))
    parts.append(Text(f"{words('terminal.findings')}: {counts(run.tally, words)}"))
    parts += _problems(run, lang)
    if run.changes is not None:
        parts.append(Text(words("terminal.changes", count=len(run.changes.changed))))
    return Group(*parts)


def counts(tally: Tally, words: Words) -> str:
    """Every status with its count, in the order of the pages."""
    figures = {
        "fail": tally.fail,
        "unknown": tally.unknown,
        "grace": tally.grace,
        "exception": tally.exception,
        "pass": tally.passed,
        "not_applicable": tally.not_applicable,
    }
    return "  ".join(f"{words(f'verdict.{state}')} {count}" for state, count in figures.items())


def _sections(run: Run, words: Words) -> Table:
    table = Table(title=words("terminal.sections"), title_justify="left", box=None)
    table.add_column(words("town.section"))
    table.add_column(words("town.people"), justify="right")
    for ready in Ready:
        table.add_column(words(f"ready.{ready.value}"), justify="right")
    names = {section.id: section.name for section in run.sections}
    for row in run.section_readiness:
        figures = [str(row.by_ready.get(ready, 0)) for ready in Ready]
        table.add_row(escape(names[row.section]), str(row.people), *figures)
    return table


def _problems(run: Run, lang: str) -> list[RenderableType]:
    """What failed and what could not be known, by control; silent targets by name."""
    book = opened(run, lang)
    words = book.words
    lines: list[RenderableType] = []
    silent = [book.name(card.key) for card in run.targets if card.outcome is not None]
    if silent:
        lines.append(Text(words("terminal.silent", names=shortened(silent, words))))
    for finding in run.findings:
        if (
            len(run.targets) > LONG
            or finding.whole_target
            or finding.verdict.value not in ("fail", "unknown")
        ):
            continue
        control = book.controls[finding.control]
        mark = words(f"mark.{finding.verdict.value}")
        text = f"{mark} {finding.control} {control.title.in_(lang)}: {words.seen(finding, control)}"
        note = f" ({finding.note})" if finding.note else ""
        lines.append(Text(text + note, style=STYLES[finding.verdict.value]))
    return lines


LONG = 20
"""With more targets than this, single findings belong on the pages, not on the terminal."""
