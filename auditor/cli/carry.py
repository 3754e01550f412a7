"""``auditor export``, ``import`` and ``inbox``: evidence files between networks and at the door."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from auditor.cli.arrivals import values
from auditor.cli.speech import Speech
from auditor.exits import Exit

DAYS = 31
"""So many days of read bundles are packed unless told otherwise: more than any shipped model's freshness."""


def register(app: typer.Typer, speech: Speech) -> None:
    """Add the commands ``export`` and ``import``."""

    @app.command("export", help=speech("help.export"), epilog=speech("help.export_examples"))
    def export(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        out: Path = typer.Option(..., "--out", help=speech("help.export_out"), metavar="FILE"),
        everything: bool = typer.Option(False, "--all", help=speech("help.export_all")),
        days: int = typer.Option(DAYS, "--days", help=speech("help.export_days"), min=0, max=3660),
    ) -> int:
        return _export(town / "inbox", out, speech, everything=everything, days=days)

    @app.command("import", help=speech("help.import"), epilog=speech("help.import_examples"))
    def import_(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        file: Path = typer.Argument(..., help=speech("help.import_file"), metavar="FILE"),
        code: str = typer.Option(
            "", "--code", help=speech("help.import_code"), metavar="XXXX-XXXX-XXXX-XXXX"
        ),
    ) -> int:
        return _import(town, file, code, speech)


def application(speech: Speech) -> typer.Typer:
    """The commands ``inbox show`` and ``inbox forget``."""
    app = typer.Typer(help=speech("help.inbox"), no_args_is_help=True, rich_markup_mode=None)

    @app.command("show", help=speech("help.inbox_show"), epilog=speech("help.inbox_show_examples"))
    def show(town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN")) -> int:
        return _show(town, speech)

    @app.command("forget", help=speech("help.inbox_forget"), epilog=speech("help.inbox_forget_examples"))
    def forget(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        asset: str = typer.Argument(..., help=speech("help.inbox_asset"), metavar="ASSET"),
        yes: bool = typer.Option(False, "--yes", help=speech("help.inbox_yes")),
    ) -> int:
        return _forget(town, asset, speech, yes=yes)

    return app


def _export(inbox: Path, out: Path, speech: Speech, *, everything: bool, days: int) -> int:
    from auditor.arrivals.archive import pack  # noqa: PLC0415 - start-up time
    from auditor.arrivals.carry import luggage  # noqa: PLC0415
    from auditor.errors import CarryError  # noqa: PLC0415

    found = luggage(inbox, datetime.now(UTC) - timedelta(days=days), documents=everything)
    for name in found.skipped:
        speech.note(speech("carry.skipped", file=name))
    if found.older:
        speech.note(speech("carry.older", count=found.older))
    if not found.files:
        raise CarryError("archive_empty", path=str(inbox))
    code = pack(found.files, out)
    speech.out(speech("carry.exported", count=len(found.files), path=out))
    speech.out(speech("carry.code", code=code))
    return Exit.DONE


def _import(folder: Path, file: Path, written: str, speech: Speech) -> int:
    """Verify all of it, have the code compared, then bring in."""
    from auditor.arrivals.archive import examine, same_code  # noqa: PLC0415 - start-up time
    from auditor.arrivals.carry import unpack  # noqa: PLC0415
    from auditor.errors import CarryError  # noqa: PLC0415
    from auditor.lock import locked  # noqa: PLC0415

    inbox = folder / "inbox"
    if not inbox.is_dir():
        raise CarryError("no_inbox", path=str(inbox))
    archive = examine(file)
    speech.out(speech("carry.code", code=archive.code))
    if written and not same_code(written, archive.code):
        raise CarryError("archive_code", code=archive.code)
    if not written and not typer.confirm(speech("carry.ask")):
        speech.note(speech("carry.refused"))
        return Exit.REFUSED
    with locked(folder):
        fresh, twice = unpack(archive, inbox)
    for name in twice:
        speech.note(speech("carry.duplicate", file=name))
    speech.out(speech("carry.imported", count=len(fresh)))
    return Exit.DONE


def _show(folder: Path, speech: Speech) -> int:
    """Judge the inbox as a scan would, and leave everything as it is."""
    from contextlib import nullcontext  # noqa: PLC0415 - start-up time

    from auditor.arrivals.received import Known  # noqa: PLC0415
    from auditor.history import open_read_only  # noqa: PLC0415
    from auditor.session import Session, model_of, read_arrivals, read_controls  # noqa: PLC0415
    from auditor.town import load_town  # noqa: PLC0415

    plugins, controls = read_controls()
    town = load_town(folder).town
    session = Session(town=town, model=model_of(town, controls), plugins=plugins, controls=controls)
    path = folder / "auditor.db"
    with open_read_only(path) if path.exists() else nullcontext() as history:
        known = history.known() if history is not None else Known()
        inbox = read_arrivals(session, datetime.now(UTC), known)
    for arrival in inbox.arrivals:
        told = values(arrival, speech)
        speech.out(speech("inbox.line", file=told["file"], why=told["why"], note=told["note"]).rstrip())
    if not inbox.arrivals:
        speech.note(speech("inbox.empty"))
    return Exit.INCOMPLETE if any(one.standing.refused for one in inbox.arrivals) else Exit.DONE


def _forget(folder: Path, asset: str, speech: Speech, *, yes: bool) -> int:
    from auditor.errors import CarryError  # noqa: PLC0415 - start-up time
    from auditor.history import History  # noqa: PLC0415
    from auditor.lock import locked  # noqa: PLC0415
    from auditor.targets import target_key  # noqa: PLC0415
    from auditor.town import load_town  # noqa: PLC0415

    row = next((row for row in load_town(folder).town.endpoints if row.id == asset), None)
    if row is None:
        raise CarryError("no_asset", id=asset)
    if not yes and not typer.confirm(speech("inbox.forget_ask", name=row.name, id=row.id)):
        speech.note(speech("inbox.forget_no"))
        return Exit.REFUSED
    with locked(folder), History(folder / "auditor.db") as history:
        count = history.forget(target_key(row), datetime.now(UTC))
    speech.out(speech("inbox.forgot", name=row.name, id=row.id, count=count))
    return Exit.DONE
