"""``auditor history``: prove, back up, restore and compact the history of a town folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli import trend
from auditor.cli.speech import Speech
from auditor.errors import ConfigError, OutputError
from auditor.exits import Exit

if TYPE_CHECKING:
    from auditor.keeping.table import Keep
    from auditor.keeping.verify import Fault

FILE = "auditor.db"
MIB = 1024 * 1024


def application(speech: Speech) -> typer.Typer:
    """The commands ``history verify``, ``backup``, ``restore``, ``compact`` and ``trend``."""
    app = typer.Typer(help=speech("help.history"), no_args_is_help=True, rich_markup_mode=None)

    @app.command("verify", help=speech("help.history_verify"), epilog=speech("help.history_verify_examples"))
    def verify(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        seal: str = typer.Option(
            "", "--seal", help=speech("help.history_seal"), metavar="XXXX-XXXX-XXXX-XXXX"
        ),
    ) -> int:
        return _verify(town, seal, speech)

    @app.command("backup", help=speech("help.history_backup"), epilog=speech("help.history_backup_examples"))
    def backup(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        out: Path = typer.Option(..., "--out", help=speech("help.history_out"), metavar="FILE"),
    ) -> int:
        from auditor.keeping.care import back_up  # noqa: PLC0415 - start-up time

        speech.out(speech("history.backed_up", count=back_up(town / FILE, out), path=out))
        return Exit.DONE

    @app.command(
        "restore", help=speech("help.history_restore"), epilog=speech("help.history_restore_examples")
    )
    def restore(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        file: Path = typer.Argument(..., help=speech("help.history_file"), metavar="FILE"),
        yes: bool = typer.Option(False, "--yes", help=speech("help.history_yes")),
    ) -> int:
        return _restore(town, file, speech, yes=yes)

    @app.command(
        "compact", help=speech("help.history_compact"), epilog=speech("help.history_compact_examples")
    )
    def compact(town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN")) -> int:
        return _compact(town, speech)

    trend.register(app, speech)
    return app


def _verify(folder: Path, seal: str, speech: Speech) -> Exit:
    import sqlite3  # noqa: PLC0415 - start-up time

    from auditor.engine import japan_day  # noqa: PLC0415
    from auditor.history import open_read_only  # noqa: PLC0415
    from auditor.keeping.noted import newest_noted  # noqa: PLC0415
    from auditor.keeping.verify import Outside, verified  # noqa: PLC0415

    path, noted = folder / FILE, newest_noted(folder)  # before: a run may be kept meanwhile
    with open_read_only(path) as history:
        today = japan_day(datetime.now(UTC)).date()
        known = Outside(seal=seal, newest=noted, keep=_keep(folder, speech), today=today)
        try:
            found = verified(history.db, known)
        except sqlite3.Error as error:
            raise OutputError("history_damaged", path=str(path), why=str(error)) from error
    for fault in found.faults:
        speech.out(_told(fault, speech))
    if found.faults:
        speech.note(speech("history.not_whole", count=len(found.faults)))
        return Exit.FINDINGS
    speech.out(speech("history.whole", count=found.runs))
    if found.seal:
        speech.out(speech("history.seal", seal=found.seal))
    return Exit.DONE


def _keep(folder: Path, speech: Speech) -> "Keep":
    """How long the town keeps evidence; the shortest time where its file does not tell, and that is said."""
    from auditor.keeping.table import SHORTEST, keep_of, wrong  # noqa: PLC0415 - start-up time
    from auditor.townfile import read_town_file  # noqa: PLC0415

    try:
        table = read_town_file(folder / "town.toml").written.history
    except ConfigError:
        table = None
    if table is not None and wrong(table) is None:
        return keep_of(table)
    speech.note(speech("history.keep_unknown", days=SHORTEST.evidence_days))
    return SHORTEST


def _told(fault: "Fault", speech: Speech) -> str:
    values = {"run": fault.run, "day": fault.day, "target": fault.target, "note": fault.note}
    return speech(f"history.fault_{fault.key}", **values)


def _restore(folder: Path, file: Path, speech: Speech, *, yes: bool) -> Exit:
    from auditor.keeping.care import restore  # noqa: PLC0415 - start-up time
    from auditor.lock import locked  # noqa: PLC0415

    if not file.is_file():
        raise OutputError("history_missing_file", path=str(file))
    if not yes and (folder / FILE).exists() and not typer.confirm(speech("history.restore_ask", path=file)):
        speech.note(speech("history.restore_no"))
        return Exit.REFUSED
    with locked(folder):
        runs, aside = restore(folder / FILE, file, datetime.now(UTC))
    speech.out(speech("history.restored", count=runs, path=file))
    if aside is not None:
        speech.out(speech("history.aside", path=aside))
    return Exit.DONE


def _compact(folder: Path, speech: Speech) -> Exit:
    from auditor.engine import japan_day  # noqa: PLC0415 - start-up time
    from auditor.keeping.care import compact  # noqa: PLC0415
    from auditor.lock import locked  # noqa: PLC0415
    from auditor.town import load_town  # noqa: PLC0415

    path = folder / FILE
    keep = load_town(folder).settings.keep
    if not path.exists():
        raise OutputError("history_missing", path=str(path))
    with locked(folder):
        done = compact(path, japan_day(datetime.now(UTC)).date(), keep)
    speech.out(
        speech(
            "history.compacted",
            before=f"{done.before_bytes / MIB:.1f}",
            after=f"{done.after_bytes / MIB:.1f}",
            evidence=done.retained.evidence,
            rewritten=done.rewritten,
        )
    )
    return Exit.DONE
