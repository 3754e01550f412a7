"""``auditor rehearse``: does everybody get from home to their work this morning, and where does it break?"""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli.progress import Watched
from auditor.cli.speech import Speech
from auditor.errors import ConfigError, OutputError, Problem
from auditor.exits import Exit

if TYPE_CHECKING:
    from auditor.rehearsal import Rehearsal

DEADLINE_S = 60.0
LOGS = Path("out") / "rehearsals"


def register(app: typer.Typer, speech: Speech) -> None:
    """Add the command."""

    @app.command("rehearse", help=speech("help.rehearse"), epilog=speech("help.rehearse_examples"))
    def rehearse(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        section: list[str] = typer.Option(
            [], "--section", help=speech("help.rehearse_section"), metavar="ID"
        ),
        checks_dir: list[Path] = typer.Option(
            [], "--checks-dir", help=speech("help.checks_dir"), metavar="DIR"
        ),
        origin: str = typer.Option("", "--from", help=speech("help.rehearse_from"), metavar="ID"),
        as_json: bool = typer.Option(False, "--json", help=speech("help.json")),
        deadline: float = typer.Option(
            DEADLINE_S, "--deadline", help=speech("help.rehearse_deadline"), min=1, max=600
        ),
    ) -> int:
        found = _rehearsed(town, speech, section, checks_dir, deadline, origin)
        _log(found, town / LOGS, speech)  # first: whoever reads the answer may leave early
        _show(found, speech, as_json=as_json)
        return ending(found)


def ending(found: "Rehearsal") -> Exit:
    """The exit code: nothing answered, something is unknown, something breaks, or all is well."""
    from auditor.rehearsal import State  # noqa: PLC0415 - start-up time

    if not found.walks or not found.answered:
        return Exit.NO_TARGET
    states = {step.state for walk in found.walks for step in walk.steps}
    if State.UNKNOWN in states or found.without or found.broken:
        return Exit.INCOMPLETE
    return Exit.FINDINGS if State.BREAKS in states else Exit.DONE


def _rehearsed(
    folder: Path, speech: Speech, sections: list[str], checks_dirs: list[Path], deadline_s: float, origin: str
) -> "Rehearsal":
    from auditor.cli.roads import roads_for  # noqa: PLC0415 - start-up time
    from auditor.engine import japan_day  # noqa: PLC0415
    from auditor.groups import carriers_of, chosen_people, used_by, walks_of, without_a_way  # noqa: PLC0415
    from auditor.rehearsal import Rehearsal  # noqa: PLC0415
    from auditor.rehearsing import CONTROLS, walked  # noqa: PLC0415
    from auditor.run import TownCard  # noqa: PLC0415
    from auditor.session import Session, model_of, narrowed, read_controls  # noqa: PLC0415
    from auditor.town import load_town  # noqa: PLC0415

    plugins, controls = read_controls(checks_dirs)
    loaded = load_town(folder)
    town = loaded.town
    session = Session(town=town, model=model_of(town, controls), plugins=plugins, controls=controls)
    shown = narrowed(town, sections).sections
    people = chosen_people(town, {row.id for row in shown} if sections else ())
    gateways, carriers = used_by(people, town), carriers_of(people, town)
    _known(origin, town.root, {vantage.id for vantage in town.vantages})
    started = datetime.now(UTC)
    roads = roads_for(loaded, deadline_s)({})
    with closing(roads), Watched(speech, len(gateways) + len(carriers)) as watched:
        ways, servers, took_s, broken = walked(
            session, roads, gateways, carriers, deadline_s, watched.seen, origin
        )
    without, unaided = without_a_way(people, gateways)
    here = {person.section for person in people}
    return Rehearsal(
        town=TownCard(name=town.name, sample=town.sample, contact=town.contact, sender=town.sender),
        started=started,
        today=japan_day(started).date(),
        took_s=round(took_s, 2),
        walks=walks_of(people, town, ways, servers),
        people=people,
        sections=tuple(row for row in town.sections if row.id in here),
        controls=tuple(
            control for id_, control in sorted(session.model.controls.items()) if id_ in CONTROLS.values()
        ),
        named=bool(sections),
        without=without,
        unaided=unaided,
        vantage=next((row.name for row in town.vantages if row.id == origin), ""),
        broken=broken,
        contacts=roads.made,
    )


def _known(origin: str, root: Path | None, vantages: set[str]) -> None:
    """Stop where no vantage is called so.

    Raises:
        ConfigError: it is not declared.
    """
    if origin and origin not in vantages:
        known = ", ".join(sorted(vantages)) or "-"
        file = (root or Path()) / "town.toml"
        raise ConfigError([Problem(file, None, "--from", "no_vantage", {"name": origin, "known": known})])


def _show(found: "Rehearsal", speech: Speech, *, as_json: bool) -> None:
    if as_json:
        import msgspec  # noqa: PLC0415 - start-up time

        speech.out(msgspec.json.encode(_told(found)).decode())
        return
    from auditor.discover import screen  # noqa: PLC0415 - start-up time

    screen("rehearsal")(found, speech.console(), speech.lang)
    for fault in found.broken:
        speech.note(speech("scan.broken", what=fault))


def _log(found: "Rehearsal", folder: Path, speech: Speech) -> None:
    """Keep what was contacted; where that cannot be written, the morning's answer still counts."""
    from auditor.discover import screen  # noqa: PLC0415 - start-up time
    from auditor.engine import japan_day  # noqa: PLC0415 - start-up time

    if not found.contacts:
        return
    path = folder / f"{japan_day(found.started):%Y%m%d-%H%M%S-%f}-contacts.csv"
    try:
        screen("contacts")(found.contacts, path, speech.lang)
    except OutputError as error:
        speech.note(speech.error(error))
    else:
        speech.note(speech("rehearse.contacts", count=len(found.contacts), path=path))


def _told(found: "Rehearsal") -> dict[str, object]:
    """All of it, with what follows from it beside it."""
    import msgspec  # noqa: PLC0415 - start-up time

    from auditor.rehearsal import Fate  # noqa: PLC0415

    value: dict[str, object] = msgspec.to_builtins(replace(found, controls=()))
    walks: list[dict[str, object]] = msgspec.to_builtins(found.walks)
    for row, walk in zip(walks, found.walks, strict=True):
        row |= {"state": walk.state.value, "until": walk.until}
    return value | {
        "walks": walks,
        "state": found.state.value,
        "until": found.until,
        **{fate.value: found.those(fate) for fate in Fate},
        "exit_code": int(ending(found)),
    }
