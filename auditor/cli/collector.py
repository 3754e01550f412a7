"""``auditor collector``: freezes the script that endpoints run by themselves."""

import contextlib
import os
import sys
from enum import StrEnum
from pathlib import Path

import typer

from auditor.cli.speech import Speech
from auditor.declare import MACHINE, USER
from auditor.errors import OutputError
from auditor.exits import Exit


class System(StrEnum):
    """Systems that take a script."""

    WINDOWS = "windows"
    LINUX = "linux"
    MACOS = "macos"


class Context(StrEnum):
    """Who will run the script."""

    MACHINE = MACHINE
    USER = USER


def register(app: typer.Typer, speech: Speech) -> None:
    """Add the command."""

    @app.command("collector", help=speech("help.collector"), epilog=speech("help.collector_examples"))
    def collector(
        system: System = typer.Argument(
            ..., help=speech("help.collector_system"), metavar="windows|linux|macos"
        ),
        context: Context = typer.Option(Context.MACHINE, "--context", help=speech("help.collector_context")),
        town: Path | None = typer.Option(None, "--town", help=speech("help.collector_town"), metavar="TOWN"),
        out: Path | None = typer.Option(None, "--out", help=speech("help.collector_out"), metavar="FILE"),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
    ) -> int:
        return _collector(speech, system.value, context.value, town, out, checks_dir)


def _collector(
    speech: Speech, system: str, context: str, town: Path | None, out: Path | None, checks_dirs: list[Path]
) -> int:
    from auditor.cli.roads import entrances_of  # noqa: PLC0415 - start-up time
    from auditor.collector import facts_of, freeze  # noqa: PLC0415
    from auditor.session import read_controls  # noqa: PLC0415
    from auditor.town import load_town  # noqa: PLC0415

    plugins, _ = read_controls(checks_dirs)
    entrances = entrances_of(load_town(town).town) if town is not None else ()
    frozen = freeze(facts_of(plugins, system, context), system, context, entrances)
    script = frozen.text.encode("ascii")
    if out is None:
        sys.stdout.buffer.write(script)  # bytes: Windows would change the line ends, and with them the hash
        sys.stdout.buffer.flush()
    else:
        _write(out, script)
        speech.note(speech("collector.written", path=out))
    speech.note(speech("collector.facts", count=len(frozen.ids), entrances=len(entrances)))
    speech.note(speech("collector.hashes", body=frozen.sha256, file=frozen.file_sha256))
    if not frozen.ids:
        speech.note(speech("collector.nothing", system=system))
    return Exit.DONE


def _write(path: Path, script: bytes) -> None:
    """The whole file or the old one, never half of a script."""
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with aside.open("xb") as file:  # never through a link that somebody put there
            file.write(script)
        aside.replace(path)
    except OSError as error:
        if not isinstance(error, FileExistsError):
            with contextlib.suppress(OSError):
                aside.unlink()
        raise OutputError("write", path=str(path), why=error.strerror or str(error)) from error
