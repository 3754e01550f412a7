"""``auditor data``: what the dated tables say and where each date comes from, and what in them is stale."""

from datetime import UTC, date, datetime
from pathlib import Path

import typer

from auditor.cli.speech import Speech
from auditor.errors import ConfigError, Problem
from auditor.exits import Exit
from auditor.tables import Review, Table, TableContent, TableRow, review

WARN_DAYS = 120


def application(speech: Speech) -> typer.Typer:
    """The commands ``data show`` and ``data check``."""
    app = typer.Typer(help=speech("help.data"), no_args_is_help=True, rich_markup_mode=None)

    @app.command("show", help=speech("help.data_show"), epilog=speech("help.data_show_examples"))
    def show(
        product: str = typer.Option("", "--product", help=speech("help.data_product"), metavar="NAME"),
        on: str = typer.Option("", "--date", help=speech("help.data_date"), metavar="YYYY-MM-DD"),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
    ) -> int:
        return _show(speech, product, _day(on), _tables(checks_dir))

    @app.command("check", help=speech("help.data_check"), epilog=speech("help.data_check_examples"))
    def check(
        warn_days: int = typer.Option(
            WARN_DAYS, "--warn-days", help=speech("help.data_warn_days"), min=0, max=3650
        ),
        on: str = typer.Option("", "--date", help=speech("help.data_date"), metavar="YYYY-MM-DD"),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
    ) -> int:
        return _check(speech, warn_days, _day(on), _tables(checks_dir))

    return app


def _tables(checks_dirs: list[Path]) -> tuple[Table, ...]:
    from auditor.discover import discover  # noqa: PLC0415 - start-up time

    return discover(checks_dirs).tables


def _day(on: str) -> date:
    """The day asked for, else today in Japan.

    Raises:
        ConfigError: not a date.
    """
    from auditor.engine import JAPAN  # noqa: PLC0415 - start-up time

    if not on:
        return datetime.now(UTC).astimezone(JAPAN).date()
    try:
        return date.fromisoformat(on)
    except ValueError:
        problem = Problem(Path("--date"), None, "", "not_date", {"value": on})
        raise ConfigError([problem]) from None


def _show(speech: Speech, product: str, today: date, tables: tuple[Table, ...]) -> Exit:
    """Every row with its dates, its mark and its source; then the marks and sources spelled out."""
    contents = [(table, table.read()) for table in tables]
    known = sorted({row.product for _, content in contents for row in content.rows})
    if product and product not in known:
        speech.note(speech("data.no_product", name=product, known=", ".join(known)))
        return Exit.REFUSED
    for table, content in contents:
        rows = [row for row in content.rows if product in ("", row.product)]
        if not rows:
            continue
        _heading(speech, table, content, today)
        for row in rows:
            speech.out(f"  {_line(speech, row, today)}")
            if row.note:
                speech.out(f"      {row.note}")
        _legend(speech, content, rows)
    return Exit.DONE


def _heading(speech: Speech, table: Table, content: TableContent, today: date) -> None:
    age = (today - content.as_of).days
    limit = content.stale_after_days
    speech.out(speech("data.heading", name=table.id, as_of=content.as_of, days=age, limit=limit))


def _name(row: TableRow) -> str:
    return " ".join(
        part for part in (row.product, row.release, f"({row.edition})" if row.edition else "") if part
    )


def _line(speech: Speech, row: TableRow, today: date) -> str:
    """One row: what, until when, longer for whom, how sure, from where; how old where it has its own date."""
    parts = [speech("data.until", end=row.end) if row.end else _open(speech, row)]
    if row.end is not None and row.end < today:
        parts.append(speech("data.over"))
    if row.extended_end is not None:
        parts.append(speech("data.extended", end=row.extended_end))
    rest = speech("data.origin", mark=row.mark, source=row.source)
    if row.as_of is not None:
        rest += speech("data.compared", as_of=row.as_of, days=(today - row.as_of).days)
    return f"{_name(row)}: {speech('data.comma').join(parts)}  {rest}"


def _open(speech: Speech, row: TableRow) -> str:
    return speech("data.seen", on=row.seen_on) if row.seen_on else speech("data.no_end")


def _legend(speech: Speech, content: TableContent, rows: list[TableRow]) -> None:
    """The marks and the sources these rows use."""
    for mark in sorted({row.mark for row in rows}):
        speech.out(f"  [{mark}] {speech(f'data.mark_{mark}')}")
    for key in sorted({row.source for row in rows}):
        source = content.sources.get(key)
        where = f" {source.where}" if source is not None and source.where else ""
        title = source.title.in_(speech.lang) if source is not None else speech("data.no_source")
        speech.out(f"  {key}: {title}{where}")


def _check(speech: Speech, warn_days: int, today: date, tables: tuple[Table, ...]) -> Exit:
    """What is stale, what ends soon, what has no end; 3 when a table or a part of it has to be renewed."""
    renewal = False
    for table in tables:
        content = table.read()
        found = review(content, today, warn_days)
        _heading(speech, table, content, today)
        if found.whole:
            speech.out(f"  {speech('data.whole_stale')}")
        _groups(speech, found, today, warn_days)
        renewal = renewal or found.needs_renewal
    speech.out(speech("data.renew") if renewal else speech("data.recent"))
    return Exit.FINDINGS if renewal else Exit.DONE


def _groups(speech: Speech, found: Review, today: date, warn_days: int) -> None:
    groups = (("stale", found.stale), ("ending", found.ending), ("open", found.open), ("ended", found.ended))
    for key, rows in groups:
        speech.out(f"  {speech(f'data.group_{key}', count=len(rows), days=warn_days)}")
        if key != "ended":
            for row in rows:
                speech.out(f"    {_line(speech, row, today)}")
