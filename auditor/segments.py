"""From ``[[zones]]``, ``[[vantages]]`` and ``[[flows]]`` of ``town.toml`` to values; all of it is checked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from auditor.addresses import stays_inside
from auditor.cells import MAX_NAME, MAX_PORT, is_id, name_fault, parse_host
from auditor.control import Wording
from auditor.declaring import TARGET_ROADS
from auditor.findings import Scalar
from auditor.gatewayregister import place_of
from auditor.problems import Told
from auditor.register import Place
from auditor.targets import Gateway, Town
from auditor.townfile import TownFile
from auditor.zones import CLOSED, OPEN, Flow, Vantage, Zone, shipped_zones

MOST_PLACES = 64
"""One flow tries at most so many ports; more is a scan of a segment, which nobody agreed to."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Reads the segments of one ``town.toml``; what is wrong goes to `told`."""

    file: TownFile
    told: Told

    def added_to(self, town: Town) -> Town:
        """The town with its zones, vantages and flows, and with what its gateways say of the vantages."""
        zones = self._zones()
        known = tuple(zone.id for zone in zones)
        vantages = self._vantages(known, tuple(jump.id for jump in town.jumps))
        flows = self._flows(known, vantages)
        gateways = self._gateways(town.gateways, {vantage.id: vantage for vantage in vantages})
        found = replace(town, zones=zones, vantages=vantages, flows=flows, gateways=gateways)
        self._one_zone(vantages)
        self._controls(found)
        return found

    def _zones(self) -> tuple[Zone, ...]:
        own: list[Zone] = []
        shipped = shipped_zones()
        seen = {zone.id for zone in shipped}
        for index, row in enumerate(self.file.written.zones):
            self._named("zones", index, row.id, row.name, seen)
            own.append(Zone(id=row.id, name=Wording(row.name, row.name), outside=row.outside))
        return (*shipped, *own)

    def _vantages(self, zones: Collection[str], jumps: Collection[str]) -> tuple[Vantage, ...]:
        found: list[Vantage] = []
        seen: set[str] = set()
        for index, row in enumerate(self.file.written.vantages):
            place = ("vantages", str(index))
            self._named("vantages", index, row.id, row.name, seen)
            self._one_of((*place, "zone"), row.zone, zones, "unknown_zone")
            if row.jump:
                self._one_of((*place, "jump"), row.jump, jumps, "unknown_jump_host")
            control = self._place((*place, "control"), row.control)
            found.append(Vantage(id=row.id, name=row.name, zone=row.zone, jump=row.jump, control=control))
        return tuple(found)

    def _flows(self, zones: Collection[str], vantages: Sequence[Vantage]) -> tuple[Flow, ...]:
        by_id = {vantage.id: vantage for vantage in vantages}
        return tuple(self._flow(index, zones, by_id) for index in range(len(self._once_flows())))

    def _once_flows(self) -> Sequence[object]:
        rows = self.file.written.flows
        seen: set[str] = set()
        for index, row in enumerate(rows):
            self._named("flows", index, row.id, row.name, seen)
        return rows

    def _flow(self, index: int, zones: Collection[str], vantages: dict[str, Vantage]) -> Flow:
        row = self.file.written.flows[index]
        place = ("flows", str(index))
        self._one_of((*place, "from"), row.source, vantages, "unknown_vantage")
        self._one_of((*place, "to"), row.to, zones, "unknown_zone")
        self._one_of((*place, "expect"), row.expect, (OPEN, CLOSED), "bad_choice")
        self._one_of((*place, "road"), row.road, TARGET_ROADS, "bad_choice")
        for key in ("hosts", "ports"):
            if not getattr(row, key):
                self._wrong((*place, key), "blank")
        if len(row.hosts) * len(row.ports) > MOST_PLACES:
            self._wrong((*place, "ports"), "too_many_ways", limit=MOST_PLACES)
        hosts = dict.fromkeys(self._host((*place, "hosts"), host) for host in row.hosts)
        for port in row.ports:
            if not 1 <= port <= MAX_PORT:
                self._wrong((*place, "ports"), "bad_port", seen=port)
        places = tuple(Place(host, port) for host in hosts for port in dict.fromkeys(row.ports))
        vantage = vantages.get(row.source)
        control = self._place((*place, "control"), row.control) or (vantage.control if vantage else None)
        if control is None and row.expect == CLOSED and not row.control:
            self._wrong((*place, "control"), "flow_control")
        elif control in places:
            self._wrong((*place, "control"), "control_asked", seen=str(control))
        return Flow(
            id=row.id,
            name=row.name,
            source=row.source,
            origin=vantage.zone if vantage is not None else "",
            zone=row.to,
            places=places,
            expect=row.expect,
            control=control,
            road=row.road,
        )

    def _gateways(self, gateways: Sequence[Gateway], vantages: dict[str, Vantage]) -> tuple[Gateway, ...]:
        found: list[Gateway] = []
        for index, (row, gateway) in enumerate(zip(self.file.written.gateways, gateways, strict=True)):
            for key in ("reachable_from", "unreachable_from"):
                place = ("gateways", str(index), key)
                for id_ in getattr(row, key):
                    self._one_of(place, id_, vantages, "unknown_vantage")
                    vantage = vantages.get(id_)
                    if key == "unreachable_from" and vantage is not None and vantage.control is None:
                        self._wrong(place, "vantage_control", name=id_)
                    if key == "unreachable_from" and id_ in row.reachable_from:
                        self._wrong(place, "vantage_both", name=id_)
            found.append(
                replace(
                    gateway,
                    reachable_from=tuple(dict.fromkeys(row.reachable_from)),
                    unreachable_from=tuple(dict.fromkeys(row.unreachable_from)),
                )
            )
        return tuple(found)

    def _one_zone(self, vantages: Sequence[Vantage]) -> None:
        """A machine, this one or an SSH host, stands in one zone: from another one nobody has looked."""
        first: dict[str, Vantage] = {}
        for index, vantage in enumerate(vantages):
            other = first.setdefault(vantage.jump, vantage)
            if vantage.zone != other.zone:
                place = ("vantages", str(index), "zone")
                self._wrong(place, "one_machine", name=other.id, seen=other.zone[:MAX_NAME])

    def _controls(self, town: Town) -> None:
        """What is known to be open shows that a path works only where it lies at the end of one."""
        by_id = {vantage.id: vantage for vantage in town.vantages}
        hosts: dict[str, set[str]] = {id_: set() for id_ in by_id}
        for index, (row, flow) in enumerate(zip(self.file.written.flows, town.flows, strict=True)):
            asked = {place.host for place in flow.places}
            if not row.control:
                hosts.get(row.source, set()).update(asked)
            elif vantage := by_id.get(row.source):
                self._leads_out(("flows", str(index), "control"), flow.control, vantage, asked, town)
        for gateway in town.gateways:
            for id_ in (*gateway.reachable_from, *gateway.unreachable_from):
                hosts.get(id_, set()).add(gateway.host)
        for index, vantage in enumerate(town.vantages):
            place = ("vantages", str(index), "control")
            self._leads_out(place, vantage.control, vantage, hosts[vantage.id], town)

    def _leads_out(
        self,
        place: tuple[str, ...],
        control: Place | None,
        vantage: Vantage,
        hosts: Collection[str],
        town: Town,
    ) -> None:
        """Tell of a control on the machine that looks, unless all that it looks at is on that machine."""
        if control is None or all(stays_inside(host) for host in hosts):
            return
        own = next((jump.host for jump in town.jumps if jump.id == vantage.jump), "")
        if stays_inside(control.host) or control.host.casefold() == own.casefold():
            self._wrong(place, "control_here", seen=str(control), name=vantage.id)

    def _named(self, table: str, index: int, id_: str, name: str, seen: set[str]) -> None:
        place = (table, str(index))
        if not is_id(id_):
            self._wrong((*place, "id"), "bad_id" if id_ else "blank", seen=id_[:MAX_NAME])
        elif id_ in seen:
            self._wrong((*place, "id"), "segment_twice", name=id_)
        seen.add(id_)
        if fault := name_fault(name.strip()):
            self._wrong((*place, "name"), fault, limit=MAX_NAME)

    def _one_of(self, place: tuple[str, ...], value: str, known: Collection[str], problem: str) -> None:
        if value not in known:
            seen = value[:MAX_NAME]
            self._wrong(place, problem, seen=seen, name=seen, known=", ".join(known))

    def _host(self, place: tuple[str, ...], written: str) -> str:
        host = parse_host(written)
        if host is None:
            self._wrong(place, "bad_host" if written else "blank", seen=written[:MAX_NAME])
        return host or ""

    def _place(self, place: tuple[str, ...], written: str) -> Place | None:
        """``host:port`` or ``[IPv6]:port``; None = nothing is written, or it is wrong."""
        found = place_of(written) if written else None
        if written and found is None:
            self._wrong(place, "bad_place", seen=written[:MAX_NAME])
        return found

    def _wrong(self, place: tuple[str, ...], key: str, **values: Scalar) -> None:
        self.told.problems.append(self.file.toml.problem(place, key, **values))
