"""``auditor hosts``: see the pinned SSH keys, and pin new ones after an officer has looked at them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli.speech import Speech
from auditor.errors import Unreached
from auditor.exits import Exit
from auditor.targets import Endpoint
from auditor.zones import Jump

if TYPE_CHECKING:
    from auditor.access.hostkeys import HostKey, HostKeys
    from auditor.access.ssh import SshRoad
    from auditor.town import Loaded


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


def _learn(folder: Path, speech: Speech, *, yes: bool, only: list[str], deadline_s: float) -> int:
    """Fetch, compare, show, ask, pin; a key that differs from its pin is never replaced here.

    Jump hosts come first: only through one whose key is pinned can the machines behind it be asked.
    """
    from auditor.town import load_town  # noqa: PLC0415 - start-up time

    loaded = load_town(folder)
    behind = [one for one in loaded.town.endpoints if one.road == "ssh" and (not only or one.id in only)]
    wanted = {endpoint.jump for endpoint in behind}
    jumps = [jump for jump in loaded.town.jumps if jump.id in wanted]
    teacher = _Teacher(loaded, speech, yes=yes, deadline_s=deadline_s)
    try:
        teacher.learn(jumps)
        teacher.learn(behind)
    finally:
        teacher.close()
    if not teacher.learned:
        speech.note(speech("hosts.none"))
    return Exit.INCOMPLETE if teacher.trouble else Exit.DONE


class _Teacher:
    """Learns the keys of places, one round after the other; `learned` = how many were pinned."""

    def __init__(self, loaded: "Loaded", speech: Speech, *, yes: bool, deadline_s: float) -> None:
        self._loaded = loaded
        self._path = loaded.settings.folder / "known_hosts"
        self._speech = speech
        self._yes = yes
        self._deadline_s = deadline_s
        self._road: SshRoad | None = None
        self.learned = 0
        self.trouble = False

    def learn(self, places: "Sequence[Jump | Endpoint]") -> None:
        """Ask each place for its key and pin what a person agreed to."""
        from auditor.access.hostkeys import add_pins, read_known_hosts  # noqa: PLC0415 - start-up time

        known = read_known_hosts(self._path)
        agreed = [(place, self._agreed(place, known)) for place in places]
        new = [(place.host, place.port, key) for place, key in agreed if key is not None]
        if new:
            add_pins(self._path, new)
            self._speech.out(self._speech("hosts.learned", count=len(new), path=self._path))
            self.learned += len(new)

    def close(self) -> None:
        """End the connections to jump hosts."""
        if self._road is not None:
            self._road.close()

    def _agreed(self, place: "Jump | Endpoint", known: "HostKeys") -> "HostKey | None":
        """The new key of a place, if somebody said yes to it."""
        from auditor.access.hostkeys import Standing  # noqa: PLC0415 - start-up time

        speech, host = self._speech, f"{place.host}:{place.port}"
        try:
            key = self._shown(place)
        except Unreached as error:
            why = f"{error.reason.value} {error.note}"
            speech.note(speech("hosts.unreached", id=place.id, host=host, why=why))
            self.trouble = True
            return None
        standing = known.standing(place.host, place.port, key)
        if standing is Standing.PINNED:
            speech.note(speech("hosts.known", id=place.id, host=host))
        elif standing is Standing.UNKNOWN:
            name = place.name if isinstance(place, Endpoint) else place.id
            values = {"name": name, "id": place.id, "host": host, "kind": key.type}
            speech.out(speech("hosts.new", fingerprint=key.fingerprint, **values))
            if self._yes or typer.confirm(speech("hosts.ask")):
                return key
            speech.note(speech("hosts.kept"))
        else:
            speech.note(speech("hosts.changed", id=place.id, host=host, fingerprint=key.fingerprint))
            self.trouble = True
        return None

    def _shown(self, place: "Jump | Endpoint") -> "HostKey":
        from auditor.access.handshake import direct, fetch_key  # noqa: PLC0415 - start-up time
        from auditor.access.limits import Traffic  # noqa: PLC0415 - start-up time
        from auditor.cli.roads import ssh_road  # noqa: PLC0415 - start-up time

        if isinstance(place, Jump) or not place.jump:
            return fetch_key(direct(place.host, place.port), self._deadline_s, Traffic())
        self._road = self._road or ssh_road(self._loaded)
        assert self._road is not None  # noqa: S101 - the town has an endpoint reached by ssh
        opener = self._road.gates[place.jump].opener(place.host, place.port)
        return fetch_key(opener, self._deadline_s, self._road.traffic)


def _declared(folder: Path) -> "list[Jump | Endpoint]":
    from auditor.town import load_town  # noqa: PLC0415 - start-up time

    town = load_town(folder).town
    return [*town.jumps, *(endpoint for endpoint in town.endpoints if endpoint.road == "ssh")]


def _show(folder: Path, speech: Speech) -> int:
    from auditor.access.hostkeys import read_known_hosts  # noqa: PLC0415 - start-up time

    known = read_known_hosts(folder / "known_hosts")
    places = _declared(folder)
    for endpoint in places:
        pins = known.pins(endpoint.host, endpoint.port)
        host = f"{endpoint.host}:{endpoint.port}"
        if pins:
            prints = ", ".join(f"{pin.type} {pin.fingerprint}" for pin in pins)
            speech.out(speech("hosts.pinned", id=endpoint.id, host=host, fingerprints=prints))
        else:
            speech.out(speech("hosts.unpinned", id=endpoint.id, host=host))
    if not places:
        speech.note(speech("hosts.no_ssh"))
    return Exit.DONE
