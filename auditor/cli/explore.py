"""``auditor explore``: the history in a browser on this machine."""

import tempfile
from pathlib import Path

import typer

from auditor.cli.speech import Speech
from auditor.exits import Exit

PORT = 8710


def register(app: typer.Typer, speech: Speech) -> None:
    """Add the command."""

    @app.command("explore", help=speech("help.explore"), epilog=speech("help.explore_examples"))
    def explore(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        port: int = typer.Option(PORT, "--port", help=speech("help.explore_port"), min=1, max=65535),
    ) -> int:
        from auditor.history import open_read_only  # noqa: PLC0415 - start-up time
        from auditor.keeping.explore import laid_out, program, serve  # noqa: PLC0415

        datasette = program()
        with tempfile.TemporaryDirectory(prefix="auditor-explore-") as folder:
            with open_read_only(town / "auditor.db") as history, history.faults():
                copy, pages = laid_out(history.db, Path(folder), speech.lang)
            speech.note(speech("history.explore_at", port=port))
            serve(datasette, copy, pages, port)
        return Exit.DONE
