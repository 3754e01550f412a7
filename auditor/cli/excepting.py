"""``auditor except``: put an exception on record, list what is on record, and check the file."""

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli.speech import Speech
from auditor.errors import ConfigError, Problem
from auditor.exceptions import Exceptions, Term, ending
from auditor.exits import Exit

if TYPE_CHECKING:
    from auditor.exceptionadd import Draft
    from auditor.session import Session
    from auditor.targets import Town

FIELDS = ("control", "scope", "applicant", "reason", "measure", "approver", "start", "end")


def application(speech: Speech) -> typer.Typer:
    """The commands ``except add``, ``except list`` and ``except check``."""
    app = typer.Typer(help=speech("help.except"), no_args_is_help=True, rich_markup_mode=None)
    folder = typer.Argument(..., help=speech("help.town"), metavar="TOWN")
    checks = typer.Option([], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR")

    @app.command("add", help=speech("help.except_add"), epilog=speech("help.except_add_examples"))
    def add(
        town: Path = folder,
        number: str = typer.Option("", "--number", help=speech("help.except_number")),
        control: str = typer.Option("", "--control", help=speech("help.except_control"), metavar="ID"),
        target: list[str] = typer.Option([], "--target", help=speech("help.except_target")),
        section: list[str] = typer.Option([], "--section", help=speech("help.except_section"), metavar="ID"),
        applicant: str = typer.Option("", "--applicant", help=speech("help.except_applicant")),
        reason: str = typer.Option("", "--reason", help=speech("help.except_reason")),
        measure: str = typer.Option("", "--measure", help=speech("help.except_measure")),
        approver: str = typer.Option("", "--approver", help=speech("help.except_approver")),
        start: str = typer.Option("", "--start", help=speech("help.except_start"), metavar="YYYY-MM-DD"),
        end: str = typer.Option("", "--end", help=speech("help.except_end"), metavar="YYYY-MM-DD"),
        checks_dir: list[Path] = checks,
    ) -> int:
        given = {
            "control": control,
            "scope": "x" if target or section else "",
            "applicant": applicant,
            "reason": reason,
            "measure": measure,
            "approver": approver,
            "start": start,
            "end": end,
        }
        return _add(town, number, given, target, section, checks_dir, speech)

    @app.command("list", help=speech("help.except_list"), epilog=speech("help.except_list_examples"))
    def list_(town: Path = folder, checks_dir: list[Path] = checks) -> int:
        _, found, today = _read(town, checks_dir)
        _tell_rows(found, today, speech)
        return Exit.DONE

    @app.command("check", help=speech("help.except_check"), epilog=speech("help.except_check_examples"))
    def check(town: Path = folder, checks_dir: list[Path] = checks) -> int:
        _, found, today = _read(town, checks_dir)
        over = [row for row in found.rows if row.term(today) is Term.ENDED]
        tell_exceptions(found, speech)
        speech.out(speech("except.right" if found.kept else "except.none", count=len(found.rows)))
        return Exit.FINDINGS if over else Exit.DONE

    return app


def tell_exceptions(found: Exceptions, speech: Speech) -> None:
    """Say which exceptions do nothing yet or nothing any more, end soon, or are over."""
    today = _today()
    for row in found.rows:
        if row.term(today) is Term.NOT_STARTED:
            speech.note(speech("except.not_started", number=row.number, day=row.start.isoformat()))
        if row.term(today) is Term.IN_FORCE and not row.targets:
            speech.note(speech("except.idle", number=row.number))
    for one in ending(found.rows, today):
        told = {"number": one.exception.number, "day": one.exception.last.isoformat()}
        speech.note(speech("except.ending" if one.step else "except.ended", **told, left=one.days_left))


def _today() -> date:
    from auditor.engine import japan_day  # noqa: PLC0415 - start-up time

    return japan_day(datetime.now(UTC)).date()


def _session(folder: Path, checks_dirs: list[Path]) -> "Session":
    from auditor.session import Session, model_of, read_controls  # noqa: PLC0415 - start-up time
    from auditor.town import load_town  # noqa: PLC0415

    plugins, controls = read_controls(checks_dirs)
    town = load_town(folder).town
    return Session(town=town, model=model_of(town, controls), plugins=plugins, controls=controls)


def _read(folder: Path, checks_dirs: list[Path]) -> "tuple[Session, Exceptions, date]":
    from auditor.session import exceptions_of  # noqa: PLC0415 - start-up time

    session = _session(folder, checks_dirs)
    return session, exceptions_of(session), _today()


def _tell_rows(found: Exceptions, today: date, speech: Speech) -> None:
    for row in sorted(found.rows, key=lambda row: (row.last, row.number)):
        term = row.term(today)
        left = speech("except.left", days=row.days_left(today)) if term is Term.IN_FORCE else ""
        scope = ", ".join(row.sections or row.targets) or "-"
        state = speech(f"except.{term.value}_word")
        speech.out(f"{row.number}  {state}{left}  {row.control}  {scope}")
        days = {"start": row.start.isoformat(), "last": row.last.isoformat()}
        speech.out(f"    {speech('except.period', **days)}  {speech('except.by', approver=row.approver)}")
        speech.out(f"    {row.reason} / {row.measure}")
    speech.out(speech("except.count" if found.kept else "except.none", count=len(found.rows)))


def _add(
    folder: Path,
    number: str,
    given: Mapping[str, str],
    targets: list[str],
    sections: list[str],
    checks_dirs: list[Path],
    speech: Speech,
) -> int:
    from auditor.approved import read_exceptions  # noqa: PLC0415 - start-up time
    from auditor.exceptionadd import append  # noqa: PLC0415
    from auditor.lock import locked  # noqa: PLC0415

    session, found, today = _read(folder, checks_dirs)
    town = session.town
    said = _asked(given, speech)
    if not targets and not sections:
        word = said["scope"]
        targets, sections = ([], [word]) if _section(word, town) else ([word], [])
    number = number or _next_number(found, today)
    draft = _draft(number, said, _keys(targets, town), [_section(one, town) or one for one in sections], town)

    def right(text: str) -> Exceptions:
        return read_exceptions(town, session.model, session.plugins, today, text)

    with locked(folder):
        path = append(folder, draft, right)
    last = draft.end.isoformat()
    speech.out(speech("except.added", number=number, path=str(path), last=last))
    return Exit.DONE


def _asked(given: Mapping[str, str], speech: Speech) -> dict[str, str]:
    """What was given, the rest asked for where somebody sits at the keyboard.

    Raises:
        ConfigError: something is missing and nobody can be asked.
    """
    missing = [name for name in FIELDS if not given[name]]
    if missing and not sys.stdin.isatty():
        option = {"scope": "--target / --section"}
        raise ConfigError(
            [Problem(Path(option.get(name, f"--{name}")), None, "", "exception_missing") for name in missing]
        )
    return {
        name: given[name] or str(typer.prompt(speech(f"except.ask_{name}"), err=True)).strip()
        for name in FIELDS
    }


def _next_number(found: Exceptions, today: date) -> str:
    used = {row.number for row in found.rows}
    at = 1
    while f"{today.year}-{at:02}" in used:
        at += 1
    return f"{today.year}-{at:02}"


def _section(word: str, town: "Town") -> str:
    """A section's id by its name or id, "" = no section is called so."""
    return next((one.id for one in town.sections if word in (one.id, one.name)), "")


def _keys(words: list[str], town: "Town") -> tuple[str, ...]:
    """Targets as the file names them (kind:id); an asset number alone will do where it names one target."""
    from auditor.targets import target_key  # noqa: PLC0415 - start-up time

    keys = [target_key(target) for target in town.targets]
    found = []
    for word in words:
        same = [key for key in keys if key.partition(":")[2] == word]
        found.append(same[0] if len(same) == 1 else word)
    return tuple(found)


def _draft(
    number: str, said: Mapping[str, str], targets: tuple[str, ...], sections: list[str], town: "Town"
) -> "Draft":
    from auditor.exceptionadd import Draft  # noqa: PLC0415 - start-up time

    days: dict[str, date] = {}
    problems: list[Problem] = []
    for name in ("start", "end"):
        try:
            days[name] = date.fromisoformat(said[name])
        except ValueError:
            problems.append(Problem(Path(f"--{name}"), None, "", "exception_day", {"seen": said[name][:40]}))
    if problems:
        raise ConfigError(problems)
    return Draft(
        number=number,
        control=said["control"],
        applicant=_section(said["applicant"], town) or said["applicant"],
        reason=said["reason"],
        measure=said["measure"],
        approver=said["approver"],
        targets=targets,
        sections=tuple(sections),
        **days,
    )
