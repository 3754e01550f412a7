"""Builds the Typer application in the language asked for, runs it, and turns errors into exit codes."""

from collections.abc import Callable, Sequence

import typer
import typer.exceptions

from auditor import __version__
from auditor.cli import (
    attest,
    audits,
    carry,
    collector,
    data,
    excepting,
    explaining,
    explore,
    folders,
    history,
    hosts,
    nightly,
    ordinances,
    past,
    rehearse,
    schedule,
    watching,
)
from auditor.cli.speech import Speech, language_of
from auditor.errors import AuditorError, CarryError, ConfigError, LockedError, NotFound, PluginError
from auditor.exits import Exit
from auditor.words import LANGUAGES

NOTHING_RAN = (
    "no_run",
    "history_missing",
    "folder_not_empty",
    "no_run_yet",
    "history_missing_file",
    "backup_exists",
    "no_datasette",
)
"""Errors of what was asked for, met before anything was done."""

TYPER_INTERRUPTED = 130
"""What Typer makes of Ctrl-C; none of our own codes."""


def application(speech: Speech) -> typer.Typer:
    """All commands, with their help in the language of `speech`."""
    app = typer.Typer(
        name="auditor",
        help=speech("help.auditor"),
        epilog=speech("help.exits"),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root(speech))
    audits.register(app, speech)
    nightly.register(app, speech)
    past.register(app, speech)
    explore.register(app, speech)
    explaining.register(app, speech)
    rehearse.register(app, speech)
    folders.register(app, speech)
    collector.register(app, speech)
    carry.register(app, speech)
    watching.register(app, speech)
    app.add_typer(hosts.application(speech), name="hosts")
    app.add_typer(carry.application(speech), name="inbox")
    app.add_typer(data.application(speech), name="data")
    app.add_typer(ordinances.application(speech), name="ordinances")
    app.add_typer(attest.application(speech), name="attest")
    app.add_typer(watching.application(speech), name="notify")
    app.add_typer(history.application(speech), name="history")
    app.add_typer(schedule.application(speech), name="schedule")
    app.add_typer(excepting.application(speech), name="except")
    return app


def _root(speech: Speech) -> Callable[..., None]:
    def root(
        lang: str = typer.Option("", "--lang", help=speech("help.lang"), metavar="ja|en"),
        version: bool = typer.Option(False, "--version", help=speech("help.version"), is_eager=True),
    ) -> None:
        del lang  # read before the application was built
        if version:
            speech.out(f"auditor {__version__}")
            raise typer.Exit

    return root


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit code. Whatever happens, the reason is said in one place."""
    lang, rest = language_of(arguments)
    known = lang in LANGUAGES
    speech = Speech(lang if known else LANGUAGES[0])
    if not known:
        speech.note(speech("error.no_language", name=lang))
        return Exit.REFUSED
    try:
        command = typer.main.get_command(application(speech))
        code = int(command.main(args=rest, prog_name="auditor", standalone_mode=False) or 0)
    except BaseException as error:  # noqa: BLE001 - the last line of defence: never exit 0 after an error
        code, said = _ending(error, speech)
        if said:
            speech.note(said)
    if code == TYPER_INTERRUPTED:
        speech.note(speech("error.interrupted"))
        return Exit.FAILED
    return code


def _ending(error: BaseException, speech: Speech) -> tuple[Exit, str]:
    """The exit code and the words for whatever ended a command."""
    match error:
        case typer.exceptions.TyperException():
            return Exit.REFUSED, f"{speech('error.usage')}: {error.format_message()}"
        case ConfigError() | PluginError() | LockedError() | NotFound() | CarryError():
            return Exit.REFUSED, speech.error(error)
        case AuditorError():
            return Exit.REFUSED if error.key in NOTHING_RAN else Exit.FAILED, speech.error(error)
        case typer.Abort() | KeyboardInterrupt():
            return Exit.FAILED, speech("error.interrupted")
        case BrokenPipeError() | SystemExit():  # who read our output has left
            return Exit.FAILED, ""
        case _:
            return Exit.FAILED, speech("error.crash", why=f"{type(error).__name__}: {error}")
