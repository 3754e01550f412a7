"""From the tables of ``town.toml`` to what carries the town's work: print servers, systems, document sets."""

from collections.abc import Collection, Sequence
from pathlib import Path

from auditor import gatewayregister
from auditor.cells import MAX_NAME, is_selector, name_fault, parse_domain
from auditor.declaring import TARGET_ROADS, Declaring
from auditor.ledger import folded
from auditor.printurls import PRINT_SCHEMES, carried
from auditor.townfile import DeviceTable, DocumentsTable, PrintServerTable, SystemTable
from auditor.work import DOCUMENT_KINDS, SYSTEM_KINDS, Device, Documents, PrintServer, System

WEB_SCHEMES = ("http", "https")
MAIL_DOMAIN = "mail-domain"
MOST_APPS = 50
MOST_ORDINANCES = 20_000
MOST_DEVICES = 50
MOST_SELECTORS = 10


class DeclaredWork(Declaring):
    """Print servers, systems and document sets."""

    def print_servers(self, sections: Collection[str]) -> tuple[PrintServer, ...]:
        """The print servers."""
        rows = self.file.written.print_servers
        self.once("print_servers", "id", [row.id for row in rows])
        return tuple(self._print_server(index, row, sections) for index, row in enumerate(rows))

    def _print_server(self, index: int, row: PrintServerTable, sections: Collection[str]) -> PrintServer:
        place = ("print_servers", str(index))
        self.names("print_servers", index, row.id, row.name)
        self.one_of((*place, "road"), row.road, TARGET_ROADS)
        if row.url or row.road == "probe":
            self.url((*place, "url"), row.url, PRINT_SCHEMES)
        for location, section in row.locations.items():
            self.all_of((*place, "locations", location), [section], sections, "unknown_section")
        self.all_of((*place, "sections"), row.sections, sections, "unknown_section")
        return PrintServer(
            id=row.id,
            name=row.name,
            url=carried(row.url),
            locations=dict(row.locations),
            sections=tuple(row.sections),
            road=row.road,
            devices=self._devices(place, row.devices),
            community_file=self.existing((*place, "community_file"), row.community_file),
            records=self._folder((*place, "records"), row.records) if row.records else None,
        )

    def _folder(self, place: tuple[str, ...], written: str) -> Path:
        """A folder to be read; one that is not there is noted, not refused (a share may be down)."""
        folder = self.inside(place, written)
        if not folder.is_dir():
            toml = self.file.toml
            key = f"{place[0]}.{place[-1]}"
            self.told.note(toml.path, toml.line_of(place), key, "folder_missing", path=str(folder))
        return folder

    def _devices(self, server: tuple[str, ...], rows: Sequence[DeviceTable]) -> tuple[Device, ...]:
        """The devices; one that stood there twice would be held against a part of its queues."""
        first: dict[str, int] = {}
        for index, row in enumerate(rows):
            before = first.setdefault(folded(row.serial), index)
            if before != index:
                line = self.file.toml.line_of((*server, "devices", str(before), "serial")) or 0
                place = (*server, "devices", str(index), "serial")
                self.wrong(place, "id_twice", name=row.serial[:MAX_NAME], first=line)
        return tuple(self._device(server, index, row) for index, row in enumerate(rows))

    def _device(self, server: tuple[str, ...], index: int, row: DeviceTable) -> Device:
        place = (*server, "devices", str(index))
        if index >= MOST_DEVICES:
            self.wrong((*place, "serial"), "too_many_devices", limit=MOST_DEVICES)
        for key, value in (("serial", row.serial), *(("queues", queue) for queue in row.queues)):
            if fault := name_fault(value.strip()):
                self.wrong((*place, key), fault, limit=MAX_NAME)
        if not row.queues:
            self.wrong((*place, "queues"), "blank")
        snmp = gatewayregister.place_of(row.snmp)
        if row.snmp and snmp is None:
            self.wrong((*place, "snmp"), "bad_place", seen=row.snmp[:MAX_NAME])
        queues = tuple(queue.strip() for queue in row.queues)
        return Device(serial=row.serial.strip(), queues=queues, snmp=snmp)

    def documents(self, sections: Collection[str]) -> tuple[Documents, ...]:
        """The document folders."""
        rows = self.file.written.documents
        for kind in DOCUMENT_KINDS:
            self.once("documents", "id", [row.id if row.kind == kind else "" for row in rows])
        return tuple(self._document_set(index, row, sections) for index, row in enumerate(rows))

    def _document_set(self, index: int, row: DocumentsTable, sections: Collection[str]) -> Documents:
        place = ("documents", str(index))
        self.names("documents", index, row.id, row.name)
        self.one_of((*place, "kind"), row.kind, tuple(DOCUMENT_KINDS))
        self.all_of((*place, "sections"), row.sections, sections, "unknown_section")
        folder = self._folder((*place, "folder"), row.folder)
        server = gatewayregister.place_of(row.server)
        if row.server and server is None:
            self.wrong((*place, "server"), "bad_place", seen=row.server[:MAX_NAME])
        elif server is not None and row.kind != "routes":
            self.wrong((*place, "server"), "server_routes", kind=row.kind)
        if row.count is not None and (row.kind != "ordinances" or not 1 <= row.count <= MOST_ORDINANCES):
            self.wrong((*place, "count"), "bad_ordinances", limit=MOST_ORDINANCES)
        return Documents(
            id=row.id,
            name=row.name,
            kind=row.kind,
            folder=folder,
            sections=tuple(row.sections),
            server=server,
            count=row.count,
        )

    def systems(self, sections: Collection[str]) -> tuple[System, ...]:
        """The systems that answer over the network."""
        rows = self.file.written.systems
        for kind in SYSTEM_KINDS:
            self.once("systems", "id", [row.id if row.kind == kind else "" for row in rows])
        return tuple(self._system(index, row, sections) for index, row in enumerate(rows))

    def _system(self, index: int, row: SystemTable, sections: Collection[str]) -> System:
        place = ("systems", str(index))
        self.names("systems", index, row.id, row.name)
        self.one_of((*place, "kind"), row.kind, tuple(SYSTEM_KINDS))
        self.one_of((*place, "road"), row.road, TARGET_ROADS)
        self.all_of((*place, "sections"), row.sections, sections, "unknown_section")
        if row.kind == MAIL_DOMAIN:
            if parse_domain(row.domain) is None:
                fault = "bad_host" if row.domain else "blank"
                self.wrong((*place, "domain"), fault, seen=row.domain[:MAX_NAME])
        elif row.url or row.road == "probe":
            self.url((*place, "url"), row.url, WEB_SCHEMES)
        resolver = gatewayregister.place_of(row.resolver)
        if row.resolver and resolver is None:
            self.wrong((*place, "resolver"), "bad_place", seen=row.resolver[:MAX_NAME])
        if len(row.selectors) > MOST_SELECTORS or not all(map(is_selector, row.selectors)):
            self.wrong((*place, "selectors"), "bad_selectors", limit=MOST_SELECTORS)
        if (fault := name_fault(row.account.strip())) not in ("", "blank"):
            self.wrong((*place, "account"), fault, limit=MAX_NAME)
        if (fault := name_fault(row.shows.strip())) not in ("", "blank"):
            self.wrong((*place, "shows"), fault, limit=MAX_NAME)
        if len(row.apps) > MOST_APPS or any(app < 1 for app in row.apps):
            self.wrong((*place, "apps"), "bad_apps", limit=MOST_APPS)
        return System(
            id=row.id,
            name=row.name,
            kind=row.kind,
            url=row.url.rstrip("/"),
            ca_file=self.existing((*place, "ca_file"), row.ca_file),
            token_file=self.existing((*place, "token_file"), row.token_file),
            account=row.account.strip(),
            apps=tuple(row.apps),
            domain=parse_domain(row.domain) or "",
            resolver=resolver,
            selectors=tuple(row.selectors),
            shows=row.shows.strip(),
            sections=tuple(row.sections),
            road=row.road,
        )
