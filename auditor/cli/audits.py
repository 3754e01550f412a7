"""``auditor scan``: make a run."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import typer

from auditor.cli.dryrun import tell_intents
from auditor.cli.progress import Watched
from auditor.cli.results import Wish, finish
from auditor.cli.speech import Speech
from auditor.engine import WORKERS
from auditor.exits import FailOn
from auditor.session import (
    Session,
    audit,
    faults_since,
    model_of,
    narrowed,
    read_controls,
    this_machine_town,
)

HERE = Path("telework-audit")
"""Where pages go when there is no town folder."""


def register(app: typer.Typer, speech: Speech) -> None:
    """Add the commands."""
    _register_scan(app, speech)


def _register_scan(app: typer.Typer, speech: Speech) -> None:
    @app.command("scan", help=speech("help.scan"), epilog=speech("help.scan_examples"))
    def scan(
        town: Path | None = typer.Argument(None, help=speech("help.town_optional"), metavar="[TOWN]"),
        section: list[str] = typer.Option([], "--section", help=speech("help.section"), metavar="ID"),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
        out: Path | None = typer.Option(None, "--out", help=speech("help.out"), metavar="DIR"),
        fail_on: FailOn = typer.Option(FailOn.FAIL, "--fail-on", help=speech("help.fail_on")),
        max_unknown: int = typer.Option(0, "--max-unknown", help=speech("help.max_unknown"), min=-1),
        as_json: bool = typer.Option(False, "--json", help=speech("help.json")),
        workers: int = typer.Option(WORKERS, "--workers", help=speech("help.workers"), min=1, max=256),
        deadline: float = typer.Option(30.0, "--deadline", help=speech("help.deadline"), min=1, max=600),
        wait: float = typer.Option(0.0, "--wait", help=speech("help.wait"), min=0, max=86400),
        dry_run: bool = typer.Option(False, "--dry-run", help=speech("help.dry_run")),
    ) -> int:
        wish = Wish(fail_on, None if max_unknown < 0 else max_unknown, as_json=as_json)
        if dry_run:
            return tell_intents(_declared(town, section, checks_dir, speech), speech)
        if town is None:
            return _scan_here(speech, wish, checks_dir, out or HERE, deadline)
        return _scan_town(
            town,
            speech,
            wish,
            sections=section,
            checks_dirs=checks_dir,
            out=out,
            workers=workers,
            deadline_s=deadline,
            wait_s=wait,
        )


def _scan_here(speech: Speech, wish: Wish, checks_dirs: list[Path], out: Path, deadline_s: float) -> int:
    from auditor.cli.roads import roads_for  # noqa: PLC0415 - start-up time

    session = _declared(None, [], checks_dirs, speech)
    with Watched(speech, 1) as watched:
        found = audit(session, roads_for(None, deadline_s), watched.seen)
    return finish(found.audit.run, out, speech, wish)


def _declared(folder: Path | None, sections: list[str], checks_dirs: list[Path], speech: Speech) -> Session:
    """What would be scanned: a town folder, or this machine."""
    from auditor.town import load_town  # noqa: PLC0415 - start-up time

    plugins, controls = read_controls(checks_dirs)
    if folder is None:
        whole = this_machine_town(speech("town.this_machine"), speech("town.no_town"))
    else:
        whole = load_town(folder).town
    model = model_of(whole, controls)
    town = narrowed(whole, sections)
    return Session(town=town, whole=whole, model=model, plugins=plugins, controls=controls)


def _scan_town(
    folder: Path,
    speech: Speech,
    wish: Wish,
    *,
    sections: list[str],
    checks_dirs: list[Path],
    out: Path | None,
    workers: int,
    deadline_s: float,
    wait_s: float,
) -> int:
    from auditor.arrivals.aside import put_away  # noqa: PLC0415 - start-up time
    from auditor.cli.arrivals import tell_left, tell_refused  # noqa: PLC0415
    from auditor.cli.opening import held, opening  # noqa: PLC0415
    from auditor.history import History, open_read_only  # noqa: PLC0415
    from auditor.watch import with_silences  # noqa: PLC0415

    declared = opening(folder, sections, checks_dirs, deadline_s, speech)
    session, roads = declared.session, declared.roads
    # a part of the town is shown and not kept: the history's runs always cover everybody
    keep = not sections
    path = folder / "auditor.db"
    opened = History(path) if keep else open_read_only(path) if path.exists() else nullcontext()
    with held(folder, wait_s, speech), opened as history:
        last_heard = history.last_heard if history is not None else lambda _: None
        known = history.known() if history is not None else None
        since = faults_since(session, history) if history is not None else None
        with Watched(speech, len(session.town.targets)) as watched:
            found = audit(session, roads, watched.seen, workers, last_heard, known, since)
        for refused in found.refused:
            speech.note(speech("scan.refused", file=refused.file, why=refused.why))
        tell_refused(found.audit.run, speech)
        run = found.audit.run
        if keep and history is not None:
            said = with_silences(run, declared.loaded.town, history, session.plugins.tables)
            run = history.keep(replace(found.audit, run=said), found.inbox.received)
            tell_left(put_away(folder / "inbox", found.inbox.files, run.ended), speech)
        return finish(run, out or folder / "out", speech, wish, newest=keep)
