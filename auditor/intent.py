"""What an audit would contact, found out without contacting anything.

Every probe is run on a way out that leads nowhere: it notes what it is asked for and says that nothing
answered. So the list comes from the same code as the audit itself. How often a probe may come back to a port
is what the probe declared; the real way out refuses more.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from auditor.access.dial import doors
from auditor.access.handshake import ATTEMPTS
from auditor.access.keys import Keys
from auditor.access.names import name_servers
from auditor.access.pace import Door
from auditor.contacts import Intent
from auditor.declare import Probe
from auditor.discover import Plugins
from auditor.errors import AuditorError, Unreached
from auditor.findings import Reason
from auditor.plan import Task
from auditor.register import Place
from auditor.seams import Dial, Http, Lookup, Names, Reply, Secret, Stream, Talk, Texts
from auditor.targets import Endpoint, Gateway, Target, Town, target_key
from auditor.vantages import Allowed, Lookout, ways
from auditor.work import PrintServer, System
from auditor.zones import Flow

SSH_MOST = ATTEMPTS + 1
"""Connections one collection by SSH may need: busy servers hang up, and old ones are asked once more."""

_CONTROLS = 2
_ENOUGH_S = 600.0


@dataclass(slots=True)
class _Nowhere:
    """`seams.Dial`, `seams.Http` and `seams.Names` that contact nothing and note what they were asked for."""

    keys: Keys = field(default_factory=lambda: Keys({}))
    servers: tuple[Place, ...] = ()
    asked: list[Door] = field(default_factory=list)

    def lookup(self, host: str) -> Lookup:
        """The name itself."""
        return Lookup((host,), 0.0)

    def at(self, host: str, address: str) -> "_Nowhere":
        """The same: no name was looked up."""
        del host, address
        return self

    def tcp(self, host: str, port: int, *, wait_s: float | None = None) -> AbstractContextManager[Stream]:
        """Nothing answers."""
        del wait_s
        raise self._silence(host, port, "tcp")

    def udp(self, host: str, port: int, payload: bytes, *, attempts: int = 3, wait_s: float = 1.0) -> bytes:
        """Nothing answers."""
        del payload, attempts, wait_s
        raise self._silence(host, port, "udp")

    def talk(
        self, host: str, port: int, *opening: bytes, attempts: int = 3, wait_s: float = 1.0
    ) -> AbstractContextManager[Talk]:
        """Nothing answers."""
        del opening, attempts, wait_s
        raise self._silence(host, port, "udp")

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Reply:
        """Nothing answers."""
        del method, body, headers
        raise self._silence(*_place_of(url), "tcp")

    def texts(self, name: str) -> Texts:
        """No name server answers; each would be asked, over TCP too where a datagram is too small."""
        del name
        for server in self.servers:
            self.asked += [(server.host, server.port, "udp"), (server.host, server.port, "tcp")]
        raise Unreached(Reason.NO_ANSWER, "nothing was contacted")

    def secret(self, name: str) -> Secret:
        """A declared key, as in an audit: reading a file contacts nobody."""
        return self.keys.secret(name)

    def remaining_s(self) -> float:
        """Always enough."""
        return _ENOUGH_S

    def _silence(self, host: str, port: int, transport: str) -> Unreached:
        self.asked.append((host, port, transport))
        return Unreached(Reason.NO_ANSWER, "nothing was contacted")


def intents(town: Town, tasks: Sequence[Task], plugins: Plugins) -> tuple[Intent, ...]:
    """All that an audit of these tasks would contact, in the order of the targets; jump hosts come last."""
    lookout = Lookout({row.id: row for row in town.vantages}, town.zones, {}, 0.0)
    found: list[Intent] = []
    for task in tasks:
        target = task.target
        probes = task.probes(plugins)
        if (
            isinstance(target, Endpoint)
            and target.road == "ssh"
            and any(check.facts for check in task.checks)
        ):
            place = (target.host, target.port, "tcp")
            found.append(_intent(target, "ssh", place, ("ssh",), SSH_MOST, target.jump))
        elif isinstance(target, Gateway | PrintServer | System) and target.road == "probe":
            found += _probed(target, probes)
        if isinstance(target, Gateway) and target.road == "probe":
            found += _from_vantages(target, probes, lookout)
        if isinstance(target, Flow) and target.road == "probe":
            found += _flowing(target, probes)
    return (*found, *_jumps(town, found))


def _probed(target: Gateway | PrintServer | System, probes: Sequence[Probe]) -> Iterator[Intent]:
    """By port, the probes that would come there; those that find nothing to ask are not among them."""
    visits = {probe: _visited(probe, target) for probe in probes}
    live = [probe for probe, asked in visits.items() if asked]
    for door in sorted(_doors(target)):
        direct = [probe for probe in live if door in visits[probe]]
        # a port that is only asked once something answered elsewhere (IKE's second one) is everybody's
        coming = direct or live
        if coming:
            most = sum(probe.most for probe in coming)
            yield _intent(target, "probe", door, tuple(probe.id for probe in coming), most)


def _doors(target: Gateway | PrintServer | System) -> frozenset[Door]:
    """All of a target that may be contacted."""
    if isinstance(target, Gateway):
        return doors(target)
    if isinstance(target, System) and target.domain:
        servers = name_servers(target)
        return frozenset((one.host, one.port, way) for one in servers for way in ("udp", "tcp"))
    meters = target.meters if isinstance(target, PrintServer) else frozenset()
    return meters | frozenset({(*_place_of(target.url), "tcp")} if target.url else ())


def _visited(probe: Probe, target: Target) -> frozenset[Door]:
    keys = Keys(target.keys if isinstance(target, Gateway | PrintServer | System) else {})
    nowhere = _Nowhere(keys, name_servers(target) if isinstance(target, System) and target.domain else ())
    if probe.seam in (Dial, Http, Names):
        with suppress(AuditorError):
            probe.collect(target, nowhere)
    return frozenset(nowhere.asked)


def _from_vantages(gateway: Gateway, probes: Sequence[Probe], lookout: Lookout) -> Iterator[Intent]:
    for id_ in (*gateway.reachable_from, *gateway.unreachable_from):
        asked: dict[Door, list[Probe]] = {}
        for probe in probes:
            if probe.vantages and lookout.runs(probe, gateway, id_):
                for door in _visited(probe, gateway):
                    asked.setdefault(door, []).append(probe)
        for door, coming in sorted(asked.items()):
            if door[2] == "tcp":
                most = sum(probe.most for probe in coming)
                yield _intent(gateway, "probe", door, tuple(probe.id for probe in coming), most, id_)
        vantage = lookout.vantages.get(id_)
        if vantage is not None and vantage.control is not None:
            yield _intent(gateway, "probe", _door(vantage.control), ("control",), _CONTROLS, id_)


def _flowing(flow: Flow, probes: Sequence[Probe]) -> Iterator[Intent]:
    names = tuple(probe.id for probe in probes)
    most = sum(probe.most for probe in probes)
    allowed: Allowed = ways(flow)
    for door in sorted(allowed) if names else ():
        yield _intent(flow, "probe", door, names, most, flow.source)


def _jumps(town: Town, found: Sequence[Intent]) -> Iterator[Intent]:
    """The jump hosts that lie on the way; one connection serves all, unless it is lost."""
    behind = {vantage.id: vantage.jump for vantage in town.vantages}
    used = Counter(behind.get(intent.via, intent.via) for intent in found if intent.via)
    for jump in town.jumps:
        if used[jump.id]:
            most = ATTEMPTS * used[jump.id]
            yield Intent(f"jump:{jump.id}", jump.id, "ssh", jump.host, jump.port, "tcp", ("ssh",), most)


def _intent(target: Target, road: str, door: Door, what: tuple[str, ...], most: int, via: str = "") -> Intent:
    return Intent(target_key(target), target.name, road, *door, what, most, via)


def _door(place: Place) -> Door:
    return place.host, place.port, "tcp"


def _place_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or {"https": 443}.get(parts.scheme, 80)
