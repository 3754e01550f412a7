"""``auditor attest``: forms on which sections answer what no machine can measure, and their answers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli.speech import Speech
from auditor.errors import ConfigError, Problem
from auditor.exits import Exit

if TYPE_CHECKING:
    from auditor.attestform import Paper
    from auditor.model import Model
    from auditor.targets import Town


def application(speech: Speech) -> typer.Typer:
    """The commands ``attest make`` and ``attest read``."""
    app = typer.Typer(help=speech("help.attest"), no_args_is_help=True, rich_markup_mode=None)

    @app.command("make", help=speech("help.attest_make"), epilog=speech("help.attest_make_examples"))
    def make(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        out: Path = typer.Option(..., "--out", help=speech("help.attest_out"), metavar="DIR"),
        section: list[str] = typer.Option(
            [], "--section", help=speech("help.attest_section"), metavar="SECTION"
        ),
        quarter: str = typer.Option("", "--quarter", help=speech("help.attest_quarter"), metavar="YYYYQn"),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
    ) -> int:
        return _make(_declared(town, checks_dir), section, quarter, out, speech)

    @app.command("read", help=speech("help.attest_read"), epilog=speech("help.attest_read_examples"))
    def read(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        files: list[Path] = typer.Argument(..., help=speech("help.attest_files"), metavar="FILE|DIR"),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
    ) -> int:
        return _read(town, _declared(town, checks_dir), files, speech)

    return app


def _declared(folder: Path, checks_dirs: list[Path]) -> "tuple[Town, Model]":
    from auditor.session import model_of, read_controls  # noqa: PLC0415 - start-up time
    from auditor.town import load_town  # noqa: PLC0415

    _, controls = read_controls(checks_dirs)
    town = load_town(folder).town
    return town, model_of(town, controls)


def _make(declared: "tuple[Town, Model]", wanted: list[str], written: str, out: Path, speech: Speech) -> int:
    from auditor.attested import days_of, quarter_of  # noqa: PLC0415 - start-up time
    from auditor.attestform import papers  # noqa: PLC0415
    from auditor.attestmake import write  # noqa: PLC0415
    from auditor.engine import japan_day  # noqa: PLC0415

    quarter = written or quarter_of(japan_day(datetime.now(UTC)).date())
    if days_of(quarter) is None:
        problem = Problem(Path("--quarter"), None, "", "attest_quarter_form", {"seen": written[:40]})
        raise ConfigError([problem])
    chosen = _chosen(papers(*declared, quarter, speech.lang), wanted)
    for paper in chosen:
        speech.out(str(write(paper, out)))
    speech.note(speech("attest.made_count", count=len(chosen)))
    return Exit.DONE


def _chosen(found: "tuple[Paper, ...]", wanted: list[str]) -> "list[Paper]":
    """The forms asked for by the section's name or id.

    Raises:
        ConfigError: no such section, or nothing is to be attested.
    """
    names = {name: paper for paper in found for name in (paper.name, paper.section.lstrip("_"))}
    known = ", ".join(paper.name for paper in found)
    problems = [
        Problem(Path("--section"), None, "", "no_section", {"name": name, "known": known})
        for name in wanted
        if name not in names
    ]
    if not found:
        problems.append(Problem(Path("model"), None, "", "attest_nothing"))
    if problems:
        raise ConfigError(problems)
    return list(dict.fromkeys(names[name] for name in wanted)) if wanted else list(found)


def _read(folder: Path, declared: "tuple[Town, Model]", paths: list[Path], speech: Speech) -> int:
    from auditor.attestform import paper, period  # noqa: PLC0415 - start-up time
    from auditor.attestkeep import files_of, take  # noqa: PLC0415
    from auditor.lock import locked  # noqa: PLC0415
    from auditor.problems import worded  # noqa: PLC0415

    town, model = declared
    with locked(folder):
        taken = take(files_of(paths), folder, town, model)
    sections = {section.id: section for section in town.sections}
    for file, form in taken.kept:
        asked = paper(town, sections.get(form.section, town), model, form.quarter, speech.lang)
        told = {"file": file.name, "name": asked.name, "period": period(form.quarter, speech.lang)}
        counted = {"count": len(asked.questions), "answered": len(form.answers)}
        speech.out(speech("attest.kept", **told, **counted, on=form.on.isoformat()))
    for problem in taken.problems:
        speech.note(worded(problem, speech.lang))
    if taken.kept:
        speech.note(speech("attest.kept_count", count=len(taken.kept)))
    if taken.problems:
        speech.note(speech("attest.not_taken", count=len({problem.file for problem in taken.problems})))
    return Exit.REFUSED if taken.problems else Exit.DONE
