"""Makes the ways to a town's targets: pinned host keys, the private key, passwords, the inbox."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from auditor.access.hostkeys import read_known_hosts
from auditor.access.jump import Gate, gates, gates_to
from auditor.access.secrets import load_key, password_source
from auditor.access.ssh import SshRoad
from auditor.evidence import Evidence
from auditor.roads import Roads
from auditor.script import Entrance
from auditor.session import RoadsMaker
from auditor.targets import Town
from auditor.town import Loaded
from auditor.vantages import behind

PASSWORDS = "passwords.toml"
"""The optional file of passwords in a town folder; the OS keyring is asked as well."""


def roads_for(loaded: Loaded | None, deadline_s: float) -> RoadsMaker:
    """The ways out; everything that can be wrong in keys and pins is found here, before anything runs.

    Raises:
        ConfigError: known_hosts, the key file or the password file cannot be used.
    """
    ssh = ssh_road(loaded) if loaded is not None else None
    town = loaded.town if loaded is not None else None
    ways = vantage_gates(town, ssh) if town is not None and ssh is not None else {}
    accept = loaded is not None and loaded.town.unsigned_inbox
    entrances = entrances_of(loaded.town) if loaded is not None else ()

    def make(inbox: Mapping[str, Evidence]) -> Roads:
        return Roads(
            ssh=ssh,
            inbox=inbox,
            accept_unsigned=accept,
            entrances=entrances,
            vantages={vantage.id: vantage for vantage in town.vantages} if town is not None else {},
            zones=town.zones if town is not None else (),
            gates=ways,
            root=town.root if town is not None else None,
            folders=folders_of(town) if town is not None else {},
            endpoint_deadline_s=deadline_s,
        )

    return make


def folders_of(town: Town) -> Mapping[str, tuple[Path, ...]]:
    """The folders of the town's document sets by their kind."""
    return {
        kind: tuple(one.folder for one in town.documents if one.kind == kind)
        for kind in {one.kind for one in town.documents}
    }


def entrances_of(town: Town) -> tuple[Entrance, ...]:
    """The gateways that a TCP connection can be tried to from an endpoint."""
    return tuple(
        Entrance(gateway.id, gateway.host, gateway.port)
        for gateway in town.gateways
        if gateway.host and gateway.transport == "tcp"
    )


def ssh_road(loaded: Loaded) -> SshRoad | None:
    """The way to endpoints by SSH, also through jump hosts; None = neither they nor vantages are reached so.

    Raises:
        ConfigError: known_hosts, the key file or the password file cannot be used.
    """
    town, settings = loaded.town, loaded.settings
    by_ssh = any(endpoint.road == "ssh" for endpoint in town.endpoints)
    if not by_ssh and not any(vantage.jump for vantage in town.vantages):
        return None
    road = SshRoad(
        pins=read_known_hosts(settings.known_hosts),
        keys=(load_key(settings.ssh_key_file),) if settings.ssh_key_file is not None else (),
        password=password_source(_existing(settings.folder / PASSWORDS)),
    )
    return replace(road, gates=gates(town.jumps, town.endpoints, road, road.traffic))


def vantage_gates(town: Town, road: SshRoad) -> Mapping[str, Gate]:
    """Connections of their own to the jump hosts that vantages stand behind, by the jump host's id."""
    return gates_to(behind(town), town.jumps, road, road.traffic)


def _existing(path: Path) -> Path | None:
    return path if path.exists() else None
