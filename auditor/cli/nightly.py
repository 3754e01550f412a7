"""``auditor run-nightly``: the audit that a timer starts, with plain lines about each step."""

import random
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli.dryrun import tell_intents
from auditor.cli.opening import Opening, held, opening
from auditor.cli.progress import Watched
from auditor.cli.speech import Speech
from auditor.cli.stopped import QUIET, named, overdue, tell_stopped
from auditor.engine import WORKERS, japan_day
from auditor.errors import AuditorError, ConfigError, Problem
from auditor.exits import Exit, FailOn, exit_code
from auditor.nightly.hours import MAX_JITTER_MIN, Quiet, quiet_of
from auditor.nightly.journal import STEPS, Step, goes_on, night_of, read_journal

if TYPE_CHECKING:
    from auditor.history import History
    from auditor.nightly.steps import Ground, Rest
    from auditor.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the caller asked for. `open` reads the town folder; `quiet` None = as the town declared."""

    folder: Path
    open: Callable[[], Opening]
    out: Path
    workers: int
    wait_s: float
    jitter_min: int
    quiet: Quiet | None
    catch_up: bool


def register(app: typer.Typer, speech: Speech) -> None:
    """Add the command."""

    @app.command("run-nightly", help=speech("help.run_nightly"), epilog=speech("help.run_nightly_examples"))
    def run_nightly(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        catch_up: bool = typer.Option(False, "--catch-up", help=speech("help.nightly_catch_up")),
        quiet_hours: str = typer.Option(
            "", "--quiet-hours", help=speech("help.nightly_quiet"), metavar="HH:MM-HH:MM"
        ),
        jitter: int = typer.Option(
            0, "--jitter", help=speech("help.nightly_jitter"), min=0, max=MAX_JITTER_MIN, metavar="MINUTES"
        ),
        wait: float = typer.Option(0.0, "--wait", help=speech("help.wait"), min=0, max=86400),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
        out: Path | None = typer.Option(None, "--out", help=speech("help.out"), metavar="DIR"),
        workers: int = typer.Option(WORKERS, "--workers", help=speech("help.workers"), min=1, max=256),
        deadline: float = typer.Option(30.0, "--deadline", help=speech("help.deadline"), min=1, max=600),
        dry_run: bool = typer.Option(False, "--dry-run", help=speech("help.nightly_dry_run")),
    ) -> int:
        wanted = Wanted(
            folder=town,
            open=lambda: opening(town, [], checks_dir, deadline, speech),
            out=out or town / "out",
            workers=workers,
            wait_s=wait,
            jitter_min=jitter,
            quiet=_quiet(quiet_hours),
            catch_up=catch_up,
        )
        return _would(wanted.open(), wanted, speech) if dry_run else _nightly(wanted, speech)


def _quiet(text: str) -> Quiet | None:
    found = quiet_of(text)
    if text and found is None:
        raise ConfigError([Problem(Path("--quiet-hours"), None, "", "not_hours", {"seen": text[:20]})])
    return found


def _quiet_hours(opened: Opening, wanted: Wanted) -> Quiet | None:
    return wanted.quiet or opened.loaded.settings.hours.quiet


def _nightly(wanted: Wanted, speech: Speech) -> int:
    from auditor.nightly.spool import declared_digest  # noqa: PLC0415 - start-up time

    before = declared_digest(wanted.folder)
    opened = _opened(wanted, speech)
    _delay(wanted.jitter_min, speech)
    with held(wanted.folder, wanted.wait_s, speech):
        try:
            if declared_digest(wanted.folder) != before:  # somebody wrote in it while we waited
                opened = wanted.open()
            run = _run(opened, wanted, speech)
        except Exception:  # a mistake of ours or in somebody's report stops nights no less than a full disk
            tell_stopped(opened.loaded)
            raise
    return _ended(run, speech)


def _opened(wanted: Wanted, speech: Speech) -> Opening:
    """The town folder; where it cannot be used, the IT staff hear of it."""
    from auditor.town import whom_to_tell  # noqa: PLC0415 - start-up time

    try:
        return wanted.open()
    except Exception:
        loaded = whom_to_tell(wanted.folder)
        if loaded is not None:
            with suppress(AuditorError, OSError), held(wanted.folder, 0, speech):
                tell_stopped(loaded)
        raise


def _run(opened: Opening, wanted: Wanted, speech: Speech) -> "Run | None":
    from auditor.history import History  # noqa: PLC0415 - start-up time
    from auditor.nightly.morning import catch_up  # noqa: PLC0415
    from auditor.nightly.night import run_night  # noqa: PLC0415

    with (
        History(wanted.folder / "auditor.db") as history,
        Watched(speech, len(opened.session.town.targets)) as watched,
    ):
        ground = _ground(opened, wanted, history, speech, watched)
        if wanted.catch_up:
            return catch_up(ground)
        run = run_night(ground)
        if run is None and overdue(opened.session.town, history):
            tell_stopped(opened.loaded, QUIET)
        return run


def _ended(run: "Run | None", speech: Speech) -> int:
    """Whatever was found, a finished night is well for a timer; a gap that somebody has to look at is not."""
    from auditor.cli.arrivals import tell_refused  # noqa: PLC0415 - start-up time

    if run is None:
        return Exit.DONE
    for fault in run.broken:
        speech.note(speech("scan.broken", what=fault))
    tell_refused(run, speech)
    speech.out(speech("nightly.done", number=run.number, fails=run.tally.fail, unknown=run.tally.unknown))
    code = exit_code(run, FailOn.NONE, None)
    if code is Exit.NO_TARGET:
        speech.note(speech("scan.exit_no_target"))
    return code


def _delay(minutes: int, speech: Speech) -> None:
    if minutes:
        seconds = random.SystemRandom().randint(0, minutes * 60)
        speech.out(speech("nightly.delay", seconds=seconds))
        time.sleep(seconds)


def _ground(
    opened: Opening, wanted: Wanted, history: "History", speech: Speech, watched: Watched
) -> "Ground":
    from auditor.nightly.steps import Ground  # noqa: PLC0415 - start-up time

    quiet = _quiet_hours(opened, wanted)
    return Ground(
        folder=wanted.folder,
        session=opened.session,
        roads=opened.roads,
        history=history,
        rest=_rest(opened, wanted, history, speech),
        workers=wanted.workers,
        progress=watched.seen,
        closed=lambda: quiet is not None and quiet.holds(datetime.now(UTC)),
        tell=_teller(speech),
    )


def _teller(speech: Speech) -> Callable[..., None]:
    """Plain lines, one per event, with the time in front: under a timer nobody sees a moving line."""

    def tell(key: str, /, **values: object) -> None:
        if key == "step":
            step = Step(str(values["step"]))
            values = {"number": STEPS.index(step) + 1, "count": len(STEPS), "name": named(step, speech)}
        elif "step" in values:
            values["step"] = named(values["step"], speech)
        speech.out(f"{japan_day(datetime.now(UTC)):%H:%M:%S} {speech(f'nightly.{key}', **values)}")
        sys.stdout.flush()  # whoever ends us must not take along what was already said

    return tell


def _rest(opened: Opening, wanted: Wanted, history: "History", speech: Speech) -> "Mapping[Step, Rest]":
    """The steps that follow the history."""

    def reports(run: "Run") -> Mapping[str, object]:
        from auditor.discover import report_renderers  # noqa: PLC0415 - start-up time
        from auditor.publish import publish  # noqa: PLC0415

        newest = history.numbers()[-1] == run.number
        written = publish(run, wanted.out, speech.lang, report_renderers(), newest=newest)
        return {"path": written[0].parent}

    def notices(run: "Run") -> Mapping[str, object]:
        from auditor.notify.nightly import notify  # noqa: PLC0415 - start-up time

        done = notify(opened.loaded, run, history, datetime.now(UTC), opened.session.plugins.tables)
        return {"queued": done.queued, "sent": done.sent, "waiting": done.waiting}

    def retention(run: "Run") -> Mapping[str, object]:
        from auditor.keeping.pages import remove_old_pages  # noqa: PLC0415 - start-up time
        from auditor.keeping.retain import retain  # noqa: PLC0415

        keep = opened.loaded.settings.keep
        gone = retain(wanted.folder, run.today, keep)
        pages = remove_old_pages(wanted.out, history, run.today, keep.pages_days)
        return {"count": gone.evidence + gone.bundles, "pages": pages}

    return {Step.REPORTS: reports, Step.NOTIFY: notices, Step.RETENTION: retention}


def _would(opened: Opening, wanted: Wanted, speech: Speech) -> int:
    """Say what a start would do now, and whom it would contact."""
    now = datetime.now(UTC)
    night = read_journal(wanted.folder).tonight
    left = night if night is not None and night.ended is None and not night.catch_up else None
    if left is not None and left.run:
        step = next((one for one in STEPS if not left.past(one)), Step.RETENTION)
        speech.out(speech("nightly.would_finish", night=left.night, step=named(step, speech)))
    elif (quiet := _quiet_hours(opened, wanted)) is not None and quiet.holds(now):
        speech.out(speech("nightly.would_wait"))
    elif left is not None and goes_on(left, now):
        step_name = named(left.stopped_at, speech)
        speech.out(speech("nightly.would_go_on", night=left.night, step=step_name))
    else:
        speech.out(speech("nightly.would_begin", night=night_of(now)))
    return tell_intents(opened.session, speech)
