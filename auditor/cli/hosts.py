"""``auditor hosts``: see the pinned SSH keys, and pin new ones after an officer has looked at them."""

from pathlib import Path

import typer

from auditor.cli.speech import Speech
from auditor.errors import Unreached
from auditor.exits import Exit
from auditor.targets import Endpoint


def application(speech: Speech) -> typer.Typer:
    """The commands ``hosts learn`` and ``hosts show``."""
    app = typer.Typer(help=speech("help.hosts"), no_args_is_help=True, rich_markup_mode=None)

    @app.command("learn", help=speech("help.hosts_learn"))
    def learn(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        yes: bool = typer.Option(False, "--yes", help=speech("help.hosts_yes")),
        only: list[str] = typer.Option([], "--endpoint", help=speech("help.hosts_only"), metavar="ID"),
        deadline: float = typer.Option(10.0, "--deadline", help=speech("help.deadline"), min=1, max=300),
    ) -> int:
        return _learn(town, speech, yes=yes, only=only, deadline_s=deadline)

    @app.command("show", help=speech("help.hosts_show"))
    def show(town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN")) -> int:
        return _show(town, speech)

    return app


def _ssh_endpoints(folder: Path) -> tuple[Endpoint, ...]:
    from auditor.town import load_town  # noqa: PLC0415 - start-up time

    return tuple(endpoint for endpoint in load_town(folder).town.endpoints if endpoint.road == "ssh")


def _learn(folder: Path, speech: Speech, *, yes: bool, only: list[str], deadline_s: float) -> int:
    """Fetch, compare, show, ask, pin; a key that differs from its pin is never replaced here."""
    from auditor.access.handshake import fetch_key  # noqa: PLC0415 - start-up time
    from auditor.access.hostkeys import HostKey, Standing, add_pins, read_known_hosts  # noqa: PLC0415

    path = folder / "known_hosts"
    known = read_known_hosts(path)
    new: list[tuple[str, int, HostKey]] = []
    trouble = False
    for endpoint in _ssh_endpoints(folder):
        if only and endpoint.id not in only:
            continue
        host = f"{endpoint.host}:{endpoint.port}"
        try:
            key = fetch_key(endpoint.host, endpoint.port, deadline_s)
        except Unreached as error:
            why = f"{error.reason.value} {error.note}"
            speech.note(speech("hosts.unreached", id=endpoint.id, host=host, why=why))
            trouble = True
            continue
        standing = known.standing(endpoint.host, endpoint.port, key)
        if standing is Standing.PINNED:
            speech.note(speech("hosts.known", id=endpoint.id, host=host))
        elif standing is Standing.UNKNOWN:
            values = {"name": endpoint.name, "id": endpoint.id, "host": host, "kind": key.type}
            speech.out(speech("hosts.new", fingerprint=key.fingerprint, **values))
            if yes or typer.confirm(speech("hosts.ask")):
                new.append((endpoint.host, endpoint.port, key))
            else:
                speech.note(speech("hosts.kept"))
        else:
            speech.note(speech("hosts.changed", id=endpoint.id, host=host, fingerprint=key.fingerprint))
            trouble = True
    if new:
        add_pins(path, new)
        speech.out(speech("hosts.learned", count=len(new), path=path))
    else:
        speech.note(speech("hosts.none"))
    return Exit.INCOMPLETE if trouble else Exit.DONE


def _show(folder: Path, speech: Speech) -> int:
    from auditor.access.hostkeys import read_known_hosts  # noqa: PLC0415 - start-up time

    known = read_known_hosts(folder / "known_hosts")
    endpoints = _ssh_endpoints(folder)
    for endpoint in endpoints:
        pins = known.pins(endpoint.host, endpoint.port)
        host = f"{endpoint.host}:{endpoint.port}"
        if pins:
            prints = ", ".join(f"{pin.type} {pin.fingerprint}" for pin in pins)
            speech.out(speech("hosts.pinned", id=endpoint.id, host=host, fingerprints=prints))
        else:
            speech.out(speech("hosts.unpinned", id=endpoint.id, host=host))
    if not endpoints:
        speech.note(speech("hosts.no_ssh"))
    return Exit.DONE
