"""``auditor init``, ``doctor`` and ``demo``: the files around an audit."""

from datetime import UTC, datetime
from pathlib import Path

import typer

from auditor.cli.speech import Speech
from auditor.engine import japan_day
from auditor.exits import Exit


def register(app: typer.Typer, speech: Speech) -> None:
    """Add the commands."""

    @app.command("init", help=speech("help.init"), epilog=speech("help.init_examples"))
    def init(
        folder: Path = typer.Argument(..., help=speech("help.init_folder"), metavar="DIR"),
    ) -> int:
        from auditor.scaffold import write_town  # noqa: PLC0415 - start-up time

        for path in write_town(folder, speech.lang):
            speech.out(str(path))
        return Exit.DONE

    @app.command("doctor", help=speech("help.doctor"), epilog=speech("help.doctor_examples"))
    def doctor(
        folder: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
    ) -> int:
        return _doctor(folder, checks_dir, speech)

    @app.command("demo", help=speech("help.demo"), epilog=speech("help.demo_examples"))
    def demo(
        folder: Path = typer.Argument(..., help=speech("help.init_folder"), metavar="DIR"),
    ) -> int:
        from auditor.demo import write_demo  # noqa: PLC0415 - start-up time

        now = datetime.now(UTC)
        write_demo(folder, japan_day(now).date(), now)
        speech.out(str(folder))
        return Exit.DONE


def _doctor(folder: Path, checks_dirs: list[Path], speech: Speech) -> int:
    """Try all that a scan would read; nothing is contacted and nothing is written."""
    from auditor.approved import read_exceptions  # noqa: PLC0415 - start-up time
    from auditor.cli.roads import roads_for  # noqa: PLC0415
    from auditor.control import Control  # noqa: PLC0415
    from auditor.discover import Plugins, report_renderers  # noqa: PLC0415
    from auditor.doctor import described, examine  # noqa: PLC0415
    from auditor.notify.trial import try_secrets  # noqa: PLC0415
    from auditor.session import model_of, read_controls  # noqa: PLC0415
    from auditor.town import Loaded  # noqa: PLC0415

    controls: list[Control] = []
    found: list[Plugins] = []

    def plugins(_: Loaded | None) -> None:
        plugins, demanded = read_controls(checks_dirs)
        found.append(plugins)
        controls.extend(demanded)
        report_renderers()

    def model(loaded: Loaded | None) -> None:
        if loaded is not None and controls:
            demanded = model_of(loaded.town, tuple(controls))
            read_exceptions(loaded.town, demanded, found[0], japan_day(datetime.now(UTC)).date())

    def roads(loaded: Loaded | None) -> None:
        if loaded is not None:
            roads_for(loaded, 1)

    def notices(loaded: Loaded | None) -> None:
        if loaded is not None:
            try_secrets(loaded.settings.mail, loaded.settings.webhook)

    health = examine(folder, (plugins, model, roads, notices))
    speech.out(described(health, speech.lang))
    return Exit.DONE if health.good else Exit.REFUSED
