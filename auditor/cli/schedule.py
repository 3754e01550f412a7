"""``auditor schedule``: have the nightly run started by systemd, the Task Scheduler of Windows, or cron."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli.speech import Speech
from auditor.exits import Exit

if TYPE_CHECKING:
    from auditor.schedule.planned import Planned, Scheduled

ACCOUNT = "telework-auditor"
"""The account of its own that runs the audit unless another is named."""


class By(StrEnum):
    """What starts it."""

    SYSTEMD = "systemd"
    WINDOWS = "windows"
    CRON = "cron"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller asked for; `out` = files go there to be looked at first, None = where they belong."""

    folder: Path
    by: By
    user: bool
    account: str
    out: Path | None
    checks_dirs: tuple[Path, ...]


Do = Callable[[Wanted, Speech], int]


def application(speech: Speech) -> typer.Typer:
    """The commands ``schedule install|show|remove|test``."""
    app = typer.Typer(help=speech("help.schedule"), no_args_is_help=True, rich_markup_mode=None)
    for name, do in (("install", _install), ("show", _show), ("remove", _remove), ("test", _test)):
        _register(app, name, do, speech)
    return app


def _register(app: typer.Typer, name: str, do: Do, speech: Speech) -> None:
    @app.command(name, help=speech(f"help.schedule_{name}"), epilog=speech(f"help.schedule_{name}_examples"))
    def command(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        by: By = typer.Option(_usual(), "--for", help=speech("help.schedule_for")),
        user: bool = typer.Option(False, "--user", help=speech("help.schedule_user")),
        account: str = typer.Option(ACCOUNT, "--account", help=speech("help.schedule_account")),
        out: Path | None = typer.Option(None, "--out", help=speech("help.schedule_out"), metavar="DIR"),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
    ) -> int:
        return do(Wanted(town, by, user, account, out, tuple(checks_dir)), speech)


def _usual() -> By:
    return By.WINDOWS if os.name == "nt" else By.SYSTEMD


def _planned(wanted: Wanted, speech: Speech) -> "Planned":
    """What the town declared, read and checked as before an audit.

    Raises:
        ConfigError: something in it is wrong, or the account's name is none.
    """
    from auditor.cli.opening import opening  # noqa: PLC0415 - start-up time
    from auditor.schedule.planned import Planned, checked_account, placed_well  # noqa: PLC0415
    from auditor.schedule.reach import networks_of, secrets_of  # noqa: PLC0415

    opened = opening(wanted.folder, [], wanted.checks_dirs, 1.0, speech)
    if any(endpoint.road == "local" for endpoint in opened.session.town.endpoints):
        speech.note(speech("schedule.local"))
    checks = tuple(word for path in wanted.checks_dirs for word in ("--checks-dir", str(path.resolve())))
    return Planned(
        folder=placed_well(wanted.folder),
        program=(sys.executable, "-I", "-m", "auditor"),
        hours=opened.loaded.settings.hours,
        account="" if wanted.user else checked_account(wanted.account),
        lang=speech.lang,
        more=checks,
        installed=tuple(dict.fromkeys((Path(sys.prefix), Path(sys.base_prefix)))),
        networks=networks_of(opened.loaded, opened.session),
        secrets=secrets_of(opened.loaded),
    )


def _scheduled(wanted: Wanted, planned: "Planned") -> "Scheduled":
    from auditor.schedule import cron, systemd, windows  # noqa: PLC0415 - start-up time

    match wanted.by:
        case By.SYSTEMD:
            own = Path.home() / ".config" / "systemd" / "user"
            return systemd.units(planned, folder=wanted.out or (own if wanted.user else systemd.UNITS))
        case By.WINDOWS:
            return windows.tasks(planned, folder=wanted.out or planned.folder / "nightly")
        case By.CRON:
            own = planned.folder / "nightly"
            return cron.table(planned, folder=wanted.out or (own if wanted.user else cron.TABLES))


def _install(wanted: Wanted, speech: Speech) -> int:
    from auditor.schedule.state import write  # noqa: PLC0415 - start-up time

    planned = _planned(wanted, speech)
    scheduled = _scheduled(wanted, planned)
    for path in write(planned, scheduled):
        speech.out(str(path))
    _tell_commands(scheduled.begin, "schedule.begin", speech)
    if wanted.by is By.CRON and wanted.user:
        speech.note(speech("schedule.crontab"))
    return Exit.DONE


def _show(wanted: Wanted, speech: Speech) -> int:
    scheduled = _scheduled(wanted, _planned(wanted, speech))
    for file in scheduled.files:
        text = file.content.decode("utf-16" if file.content.startswith(b"\xff\xfe") else "utf-8")
        speech.out(f"# {file.path}")
        for line in text.splitlines():
            speech.out(line)
        speech.out("")
    _tell_commands(scheduled.begin, "schedule.begin", speech)
    _tell_commands(scheduled.end, "schedule.end", speech)
    return Exit.DONE


def _remove(wanted: Wanted, speech: Speech) -> int:
    from auditor.schedule.state import remove  # noqa: PLC0415 - start-up time

    planned = _planned(wanted, speech)
    scheduled = _scheduled(wanted, planned)
    _tell_commands(scheduled.end, "schedule.end", speech)
    gone = remove(planned, scheduled)
    for path in gone:
        speech.out(speech("schedule.removed", path=path))
    if not gone:
        speech.note(speech("schedule.nothing"))
    return Exit.DONE


def _test(wanted: Wanted, speech: Speech) -> int:
    from auditor.engine import japan_day  # noqa: PLC0415 - start-up time
    from auditor.schedule.state import tested  # noqa: PLC0415

    planned = _planned(wanted, speech)
    found = tested(planned, _scheduled(wanted, planned), datetime.now(UTC))
    for path, state in found.files:
        speech.out(speech(f"schedule.is_{state}", path=path))
    if found.ended is None:
        speech.out(speech("schedule.never"))
    else:
        key = "schedule.overdue" if found.overdue else "schedule.ended"
        speech.out(speech(key, at=f"{japan_day(found.ended):%Y-%m-%d %H:%M}"))
    return Exit.DONE if found.good else Exit.FINDINGS


def _tell_commands(commands: tuple[str, ...], key: str, speech: Speech) -> None:
    if commands:
        speech.note(speech(key))
    for command in commands:
        speech.out(command)
