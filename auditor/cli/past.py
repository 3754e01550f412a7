"""``auditor judge`` and ``report``: judge a kept run again, show one again, by number or by date."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli.results import Wish, finish
from auditor.cli.speech import Speech
from auditor.engine import JAPAN
from auditor.errors import ConfigError, OutputError, Problem
from auditor.exits import Exit, FailOn
from auditor.overlays import Covers
from auditor.plan import plan
from auditor.run import Run
from auditor.session import Session, exceptions_of, faults_since, judged, model_of, read_controls

if TYPE_CHECKING:
    from auditor.history import History

AGAIN = Path("out") / "judged"
"""Where pages of what was judged again go, in the town folder: never among those of audits."""


def register(app: typer.Typer, speech: Speech) -> None:
    """Add the commands."""
    _register_judge(app, speech)
    _register_report(app, speech)


def _register_judge(app: typer.Typer, speech: Speech) -> None:
    @app.command("judge", help=speech("help.judge"), epilog=speech("help.judge_examples"))
    def judge(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        number: int | None = typer.Option(None, "--run", help=speech("help.run"), min=1),
        model: str = typer.Option("", "--model", help=speech("help.model")),
        on: str = typer.Option("", "--date", help=speech("help.date"), metavar="YYYY-MM-DD"),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
        out: Path | None = typer.Option(None, "--out", help=speech("help.out"), metavar="DIR"),
        fail_on: FailOn = typer.Option(FailOn.FAIL, "--fail-on", help=speech("help.fail_on")),
        max_unknown: int = typer.Option(0, "--max-unknown", help=speech("help.max_unknown"), min=-1),
        as_json: bool = typer.Option(False, "--json", help=speech("help.json")),
    ) -> int:
        wish = Wish(fail_on, None if max_unknown < 0 else max_unknown, as_json=as_json)
        run = _judged_again(town, number, speech, model=model, on=on, checks_dirs=checks_dir)
        return finish(run, out or town / AGAIN, speech, wish, newest=False)


def _register_report(app: typer.Typer, speech: Speech) -> None:
    @app.command("report", help=speech("help.report"), epilog=speech("help.report_examples"))
    def report(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        number: int | None = typer.Option(None, "--run", help=speech("help.run"), min=1),
        at: str = typer.Option("", "--at", help=speech("help.at"), metavar="YYYY-MM-DD"),
        rejudge: bool = typer.Option(False, "--rejudge", help=speech("help.rejudge")),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
        out: Path | None = typer.Option(None, "--out", help=speech("help.out"), metavar="DIR"),
        as_json: bool = typer.Option(False, "--json", help=speech("help.json")),
    ) -> int:
        from auditor.history import open_read_only  # noqa: PLC0415 - start-up time

        if at and number is not None:
            raise ConfigError([Problem(Path("--at"), None, "", "at_or_run", {})])
        with open_read_only(town / "auditor.db") as history:
            number = _in_force(history, town, _day(at, "--at"), speech) if at else number
            run = _kept(history.run(number), town, number)
            newest = history.numbers()[-1] == run.number and not rejudge
        if rejudge:
            run = _judged_again(town, run.number, speech, checks_dirs=checks_dir)
        place = out or town / (AGAIN if rejudge else "out")
        finish(run, place, speech, Wish(FailOn.NONE, None, as_json=as_json, past=True), newest=newest)
        return Exit.DONE


def _in_force(history: "History", folder: Path, day: date, speech: Speech) -> int:
    """The run that tells the state of a day; where none was made on it, the one before, and it is said."""
    number = history.number_on(day)
    if number is None:
        raise OutputError("no_run_yet", path=str(folder / "auditor.db"), day=day.isoformat())
    on = history.day_of(number)
    if on != day:
        speech.note(speech("history.at_before", day=day, number=number, on=on))
    return number


def _judged_again(
    folder: Path,
    number: int | None,
    speech: Speech,
    *,
    model: str = "",
    on: str = "",
    checks_dirs: Sequence[Path] = (),
) -> Run:
    from auditor.history import open_read_only  # noqa: PLC0415 - start-up time
    from auditor.town import load_town  # noqa: PLC0415 - start-up time

    plugins, controls = read_controls(checks_dirs)
    town = load_town(folder).town
    wanted = replace(town, model=model) if model else town
    session = Session(town=town, model=model_of(wanted, controls), plugins=plugins, controls=controls)
    exceptions = exceptions_of(session)
    with open_read_only(folder / "auditor.db") as history:
        kept = _kept(history.run(number), folder, number)
        evidence = history.evidence_or_why_not(kept)
        lost = history.no_longer_kept(kept.number)
        today, ended = _until(on) if on else (kept.today, kept.ended)
        covers = Covers(exceptions=exceptions, first_seen=faults_since(session, history, today))
    if lost:
        speech.note(speech("history.lost", number=kept.number, count=len(lost), all=len(evidence)))
    tasks = plan(town, session.model, plugins)
    run = judged(session, tasks, evidence, started=kept.started, now=ended, today=today, covers=covers)
    return replace(run, rejudged=kept.number)


def _until(on: str) -> tuple[date, datetime]:
    """The day asked for and its last minute in Japan (as UTC): evidence of that day counts."""
    day = _day(on, "--date")
    return day, datetime.combine(day, time(23, 59), JAPAN).astimezone(UTC)


def _day(written: str, option: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise ConfigError([Problem(Path(option), None, "", "not_date", {"value": written})]) from None


def _kept(run: Run | None, folder: Path, number: int | None) -> Run:
    if run is None:
        raise OutputError("no_run", path=str(folder / "auditor.db"), number=number or 0)
    return run
