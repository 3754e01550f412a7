"""``auditor explain``: what was asked, what was answered, what the model wants, why this verdict."""

from dataclasses import replace
from pathlib import Path

import typer

from auditor.cli.speech import Speech
from auditor.errors import OutputError
from auditor.exits import Exit
from auditor.run import Run

HERE = Path()


def register(app: typer.Typer, speech: Speech) -> None:
    """Add the command."""

    @app.command("explain", help=speech("help.explain"), epilog=speech("help.explain_examples"))
    def explain(
        control: str = typer.Argument(..., help=speech("help.explain_control"), metavar="CONTROL"),
        target: str = typer.Argument("", help=speech("help.explain_target"), metavar="[TARGET]"),
        town: Path = typer.Argument(HERE, help=speech("help.explain_town"), metavar="[TOWN]"),
        number: int | None = typer.Option(None, "--run", help=speech("help.run"), min=1),
        script: bool = typer.Option(False, "--script", help=speech("help.explain_script")),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
        deadline: float = typer.Option(30.0, "--deadline", help=speech("help.deadline"), min=1, max=600),
    ) -> int:
        if target:
            _of_town(control, target, town, speech, number=number, script=script, checks_dirs=checks_dir)
        else:
            _of_this_machine(control, speech, script=script, checks_dirs=checks_dir, deadline_s=deadline)
        return Exit.DONE


def _of_town(
    control: str,
    target: str,
    town: Path,
    speech: Speech,
    *,
    number: int | None,
    script: bool,
    checks_dirs: list[Path],
) -> None:
    """From the history of the town folder; nothing is contacted."""
    from auditor.discover import screen  # noqa: PLC0415 - start-up time
    from auditor.explain import explain  # noqa: PLC0415
    from auditor.history import open_read_only  # noqa: PLC0415
    from auditor.session import read_controls  # noqa: PLC0415

    plugins, _ = read_controls(checks_dirs)
    with open_read_only(town / "auditor.db") as history:
        run = history.run(number)
        if run is None:
            raise OutputError("no_run", path=str(town / "auditor.db"), number=number or 0)
        evidence = history.evidence(run.number)
    found = explain(run, evidence, plugins, control, target)
    screen("explain")(found, run, speech.console(), speech.lang, script=script)


def _of_this_machine(
    control: str, speech: Speech, *, script: bool, checks_dirs: list[Path], deadline_s: float
) -> None:
    """From an audit of this machine now, of that one control, against the base model."""
    from auditor.cli.roads import roads_for  # noqa: PLC0415 - start-up time
    from auditor.discover import screen  # noqa: PLC0415
    from auditor.explain import explain  # noqa: PLC0415
    from auditor.session import Session, audit, model_of, read_controls, this_machine_town  # noqa: PLC0415

    plugins, controls = read_controls(checks_dirs)
    town = this_machine_town(speech("town.this_machine"), speech("town.no_town"))
    model = model_of(town, controls)
    wanted = {id_: row for id_, row in model.controls.items() if id_ == control} or model.controls
    session = Session(town=town, model=replace(model, controls=wanted), plugins=plugins, controls=controls)
    found = audit(session, roads_for(None, deadline_s), lambda _target, _outcome: None).audit
    run: Run = found.run
    evidence = {one.target: one for one in found.evidence}
    machine = next(card.key for card in run.targets if card.kind == "endpoint")
    told = explain(run, evidence, plugins, control, machine)
    screen("explain")(told, run, speech.console(), speech.lang, script=script)
