"""What a town did not declare, so that something can never be found out; for the doctor."""

from collections.abc import Callable
from pathlib import Path

from auditor.addresses import family
from auditor.control import Leg
from auditor.legs import NEEDS_NO_ENTRANCE, depends_on
from auditor.problems import Told
from auditor.targets import Person, Town
from auditor.town import Loaded
from auditor.zones import CLOSED, is_outside

SHOWN = 10


def note_gaps(loaded: Loaded, told: Told) -> None:
    """Notes on devices, entrances and routes that people of the trial need, and on ways between segments."""
    town, root = loaded.town, loaded.settings.folder
    trial = [person for person in town.staff if person.trial]
    _note(told, root / "staff.csv", "gap_device", _ids(trial, town, Leg.DEVICE))
    ways = [person for person in trial if person.method and person.method not in NEEDS_NO_ENTRANCE]
    methods = {person.method for person in ways if not depends_on(Leg.PATH, person, town)}
    _note(told, root / "town.toml", "gap_path", sorted(methods))
    names = {section.id: section.name for section in town.sections}
    sections = {
        names.get(person.section, person.section) for person in trial if _lacks(Leg.WORK, town)(person)
    }
    _note(told, root / "town.toml", "gap_work", sorted(sections))
    if trial and not town.flows:
        told.note(root / "town.toml", None, "flows", "gap_flows")
    _note(told, root / "town.toml", "gap_control", [one.id for one in town.vantages if one.control is None])
    _note(told, root / "town.toml", "gap_named", sorted(each for each in _behind(town) if not family(each)))
    for documents in town.documents:
        if documents.folder.is_dir() and not any(documents.folder.iterdir()):
            told.note(root / "town.toml", None, documents.id, "gap_folder", path=str(documents.folder))


def _behind(town: Town) -> set[str]:
    """The hosts that SSH hosts are asked for to show that something is closed, controls too."""
    there = {vantage.id: vantage for vantage in town.vantages if vantage.jump}
    found: set[str] = set()
    for flow in town.flows:
        if flow.source in there and flow.expect == CLOSED:
            places = (*flow.places, *((flow.control,) if flow.control is not None else ()))
            found.update(place.host for place in places)
    for gateway in town.gateways:
        apart = [there[id_] for id_ in gateway.unreachable_from if id_ in there]
        found.update(vantage.control.host for vantage in apart if vantage.control is not None)
        seen = [there[id_].zone for id_ in gateway.reachable_from if id_ in there]
        if apart or (gateway.closed_ports and any(is_outside(zone, town.zones) for zone in seen)):
            found.add(gateway.host)
    return found


def _lacks(leg: Leg, town: Town) -> Callable[[Person], bool]:
    return lambda person: not depends_on(leg, person, town)


def _ids(people: list[Person], town: Town, leg: Leg) -> list[str]:
    return [person.id for person in people if _lacks(leg, town)(person)]


def _note(told: Told, file: Path, key: str, names: list[str]) -> None:
    if names:
        more = "" if len(names) <= SHOWN else " …"
        told.note(file, None, "", key, names=", ".join(names[:SHOWN]) + more, count=len(names))
