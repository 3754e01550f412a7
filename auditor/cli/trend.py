"""``auditor history trend``: how readiness and findings went over months, at one look."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli.speech import Speech
from auditor.errors import OutputError
from auditor.exits import Exit

if TYPE_CHECKING:
    from auditor.keeping.states import DayCount

FILE = "auditor.db"
DAYS = 396
"""Thirteen months: the same month a year ago stands beside this one."""

COLUMNS = ("people", "ready", "fail", "unknown", "passed")


class By(StrEnum):
    """One row for every day with an audit, or for the last of each week or month."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def register(app: typer.Typer, speech: Speech) -> None:
    """Add the command."""

    @app.command("trend", help=speech("help.history_trend"), epilog=speech("help.history_trend_examples"))
    def trend(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        section: list[str] = typer.Option([], "--section", help=speech("help.trend_section"), metavar="ID"),
        by: By = typer.Option(By.MONTH, "--by", help=speech("help.trend_by")),
        as_json: bool = typer.Option(False, "--json", help=speech("help.json")),
    ) -> int:
        rows = last_of(_counts(town, section), by)
        if as_json:
            import msgspec  # noqa: PLC0415 - start-up time

            speech.document(msgspec.json.encode(rows).decode())
        else:
            _show(rows, speech)
        return Exit.DONE


def last_of(counts: Iterable["DayCount"], by: By) -> tuple["DayCount", ...]:
    """The last of each period, in order; `counts` are in order of days. Weeks begin on Monday."""
    return tuple({_period(each.day, by): each for each in counts}.values())


def _period(day: date, by: By) -> tuple[int, ...]:
    if by is By.MONTH:
        return day.year, day.month
    return day.isocalendar()[:2] if by is By.WEEK else (day.toordinal(),)


def _counts(folder: Path, wanted: Sequence[str]) -> tuple["DayCount", ...]:
    """Thirteen months up to the newest audit; of some sections with those that they continue.

    Raises:
        ConfigError: no section is called so.
        OutputError: nothing was audited yet.
    """
    from auditor.history import open_read_only  # noqa: PLC0415 - start-up time
    from auditor.session import narrowed  # noqa: PLC0415 - start-up time
    from auditor.town import load_town  # noqa: PLC0415 - start-up time

    path = folder / FILE
    sections = narrowed(load_town(folder).town, wanted).sections if wanted else ()
    with open_read_only(path) as history:
        run = history.run()
        if run is None:
            raise OutputError("history_missing", path=str(path))
        return history.trend(run.today - timedelta(days=DAYS), run.today, history.with_former(sections))


def _show(rows: Sequence["DayCount"], speech: Speech) -> None:
    from rich.table import Table  # noqa: PLC0415 - start-up time

    table = Table(box=None, pad_edge=False, title=speech("history.trend"), title_justify="left")
    table.add_column(speech("history.trend_day"), no_wrap=True)
    for name in COLUMNS:
        table.add_column(speech(f"history.trend_{name}"), justify="right")
    for row in rows:
        table.add_row(row.day.isoformat(), *(f"{getattr(row, name):,}" for name in COLUMNS))
    speech.console().print(table)
