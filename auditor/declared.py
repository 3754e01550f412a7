"""From the tables of ``town.toml`` to targets: every id, reference, address and file is checked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from auditor import gatewaykeys, gatewayregister
from auditor.cells import MAX_NAME, MAX_PORT, is_account, is_id, name_fault, parse_host
from auditor.consoles.layouts import SIGNALS, kinds
from auditor.consoles.values import parse_moment
from auditor.findings import Scalar
from auditor.ledger import folded
from auditor.printurls import PRINT_SCHEMES, carried, split
from auditor.problems import Told
from auditor.rosters import METHODS, SYSTEMS, ZONES
from auditor.targets import Console, Documents, Gateway, PrintServer, Section
from auditor.townfile import ConsoleTable, DocumentsTable, GatewayTable, PrintServerTable, TownFile

TCP_ONLY = ("tls", "sstp", "anyconnect", "softether", "portal", "relay", "rdp", "vnc", "spice", "ssh", "tcp")
TRANSPORTS = ("tcp", "udp")
UDP_ONLY = ("wireguard", "ike", "l2tp")
PROTOCOLS = (*TCP_ONLY, "openvpn", *UDP_ONLY)
TARGET_ROADS = ("probe", "file")
DOCUMENT_KINDS = ("routes", "ordinances", "accounts", "telework-policy")
PRODUCTS = ("fortinet", "ivanti", "globalprotect", "f5", "asa", "citrix", "horizon", "rdweb", "rdgateway")
"""Portals whose sign-in page is known; ``checks/remote/portals.toml`` says by what."""
WORDS = ("yes", "no", "unclear")


@dataclass(frozen=True, slots=True)
class Declared:
    """Turns what is written in one ``town.toml`` into targets; what is wrong goes to `told`."""

    file: TownFile
    folder: Path
    told: Told

    def sections(self) -> tuple[Section, ...]:
        """The sections; heads and officers are not looked up yet."""
        rows = self.file.written.sections
        if not rows:
            self._wrong(("sections",), "no_sections")
        for index, row in enumerate(rows):
            self._names("sections", index, row.id, row.name)
            if (fault := name_fault(row.office.strip())) not in ("", "blank"):
                self._wrong(("sections", str(index), "office"), fault, limit=MAX_NAME)
        self._once("sections", "id", [row.id for row in rows])
        self._once("sections", "name", [row.name for row in rows])
        return tuple(
            Section(id=row.id, name=row.name, head=row.head, officer=row.officer, office=row.office)
            for row in rows
        )

    def heads(self, sections: Sequence[Section], staff: Collection[str]) -> None:
        """Look every head and officer up in the staff ledger."""
        for index, section in enumerate(sections):
            for key, id_ in (("head", section.head), ("officer", section.officer)):
                place = ("sections", str(index), key)
                if not id_:
                    toml = self.file.toml
                    self.told.note(
                        toml.path, toml.line_of(place), f"sections.{key}", f"no_{key}", name=section.name
                    )
                elif id_ not in staff:
                    self._wrong(place, "no_person", name=id_[:MAX_NAME], near=self.told.near(id_, staff))

    def gateways(self, sections: Collection[str]) -> tuple[Gateway, ...]:
        """The gateways."""
        rows = self.file.written.gateways
        self._once("gateways", "id", [row.id for row in rows])
        return tuple(self._gateway(index, row, sections) for index, row in enumerate(rows))

    def _gateway(self, index: int, row: GatewayTable, sections: Collection[str]) -> Gateway:
        place = ("gateways", str(index))
        self._names("gateways", index, row.id, row.name)
        for key, value, known in (
            ("protocol", row.protocol, PROTOCOLS),
            ("transport", row.transport or TRANSPORTS[0], TRANSPORTS),
            ("zone", row.zone, ZONES),
            ("road", row.road, TARGET_ROADS),
            ("product", row.product, ("", *PRODUCTS)),
        ):
            self._one_of((*place, key), value, known)
        self._all_of((*place, "methods"), row.methods, METHODS, "bad_choice")
        self._all_of((*place, "sections"), row.sections, sections, "unknown_section")
        host = self._host((*place, "host"), row.host, required=row.road == "probe")
        transport = row.transport or ("udp" if row.protocol in UDP_ONLY else "tcp")
        for at, port in enumerate((row.port, *row.closed_ports)):
            where = "closed_ports" if at else "port"
            if not 1 <= port <= MAX_PORT:
                self._wrong((*place, where), "bad_port", seen=port)
            elif at and port == row.port and transport == "tcp":
                self._wrong((*place, where), "port_both", seen=port)
        if row.transport == "udp" and row.protocol in TCP_ONLY:
            self._wrong((*place, "transport"), "udp_only_openvpn", protocol=row.protocol)
        if row.transport == "tcp" and row.protocol in UDP_ONLY:
            self._wrong((*place, "transport"), "never_tcp", protocol=row.protocol)
        for key, problem, values in gatewaykeys.faults(row):
            self._wrong((*place, key), problem, **values)
        for keys, problem, values in gatewayregister.faults(row):
            self._wrong((*place, *keys), problem, **values)
        return Gateway(
            id=row.id,
            name=row.name,
            host=host,
            port=row.port,
            protocol=row.protocol,
            transport=transport,
            server_name=self._server_name((*place, "server_name"), row),
            ca_file=self.existing((*place, "ca_file"), row.ca_file),
            methods=tuple(row.methods),
            sections=tuple(row.sections),
            closed_ports=tuple(row.closed_ports),
            zone=row.zone,
            road=row.road,
            wrap=row.wrap,
            key_file=self.existing((*place, "key_file"), row.key_file),
            key_direction=row.key_direction,
            server_public_key=row.server_public_key,
            audit_key_file=self.existing((*place, "audit_key_file"), row.audit_key_file),
            psk_file=self.existing((*place, "psk_file"), row.psk_file),
            ike_identity=row.ike_identity,
            product=row.product,
            allow_spice_link=row.allow_spice_link,
            ssh_account=row.ssh_account,
            brokers=gatewayregister.places_of(row.brokers),
            sign_on=gatewayregister.sign_on_of(row),
            register=gatewayregister.register_of(row),
            upload_path=row.upload_path,
        )

    def _server_name(self, place: tuple[str, ...], row: GatewayTable) -> str:
        """A host's name; in the certificate of an OpenVPN server any text may stand."""
        if row.protocol != "openvpn":
            return self._host(place, row.server_name, required=False)
        if (fault := name_fault(row.server_name.strip())) not in ("", "blank"):
            self._wrong(place, fault, limit=MAX_NAME)
        return row.server_name.strip()

    def print_servers(self, sections: Collection[str]) -> tuple[PrintServer, ...]:
        """The print servers."""
        rows = self.file.written.print_servers
        self._once("print_servers", "id", [row.id for row in rows])
        return tuple(self._print_server(index, row, sections) for index, row in enumerate(rows))

    def _print_server(self, index: int, row: PrintServerTable, sections: Collection[str]) -> PrintServer:
        place = ("print_servers", str(index))
        self._names("print_servers", index, row.id, row.name)
        self._one_of((*place, "road"), row.road, TARGET_ROADS)
        if row.url or row.road == "probe":
            self._url((*place, "url"), row.url)
        for location, section in row.locations.items():
            self._all_of((*place, "locations", location), [section], sections, "unknown_section")
        self._all_of((*place, "sections"), row.sections, sections, "unknown_section")
        return PrintServer(
            id=row.id,
            name=row.name,
            url=carried(row.url),
            locations=dict(row.locations),
            sections=tuple(row.sections),
            road=row.road,
        )

    def documents(self, sections: Collection[str]) -> tuple[Documents, ...]:
        """The document folders; one that is not there is noted, not refused (a share may be down)."""
        rows = self.file.written.documents
        for kind in DOCUMENT_KINDS:
            self._once("documents", "id", [row.id if row.kind == kind else "" for row in rows])
        return tuple(self._document_set(index, row, sections) for index, row in enumerate(rows))

    def _document_set(self, index: int, row: DocumentsTable, sections: Collection[str]) -> Documents:
        place = ("documents", str(index))
        self._names("documents", index, row.id, row.name)
        self._one_of((*place, "kind"), row.kind, DOCUMENT_KINDS)
        self._all_of((*place, "sections"), row.sections, sections, "unknown_section")
        folder = self._inside((*place, "folder"), row.folder)
        if not folder.is_dir():
            toml = self.file.toml
            line = toml.line_of((*place, "folder"))
            self.told.note(toml.path, line, "documents.folder", "folder_missing", path=str(folder))
        server = gatewayregister.place_of(row.server)
        if row.server and server is None:
            self._wrong((*place, "server"), "bad_place", seen=row.server[:MAX_NAME])
        elif server is not None and row.kind != "routes":
            self._wrong((*place, "server"), "server_routes", kind=row.kind)
        return Documents(
            id=row.id,
            name=row.name,
            kind=row.kind,
            folder=folder,
            sections=tuple(row.sections),
            server=server,
        )

    def consoles(self) -> tuple[Console, ...]:
        """The exports of admin consoles; whether a file is there is seen when it is read."""
        rows = self.file.written.consoles
        self._once("consoles", "id", [row.id for row in rows])
        return tuple(self._console(index, row) for index, row in enumerate(rows))

    def _console(self, index: int, row: ConsoleTable) -> Console:
        place = ("consoles", str(index))
        self._names("consoles", index, row.id, row.name)
        self._one_of((*place, "kind"), row.kind, kinds())
        self._one_of((*place, "system"), row.system, ("", *SYSTEMS))
        self._all_of((*place, "columns"), tuple(row.columns), SIGNALS, "bad_choice")
        self._all_of((*place, "values"), tuple(row.values), WORDS, "bad_choice")
        if row.kind == "generic" and not row.columns.get("serial", "").strip():
            self._wrong((*place, "columns"), "console_mapping")
        headings = [folded(heading) for heading in row.columns.values() if heading.strip()]
        if twice := next((name for name in headings if headings.count(name) > 1), ""):
            self._wrong((*place, "columns"), "console_heading", name=twice[:MAX_NAME])
        exported_at = parse_moment(row.exported_at)
        if row.exported_at and exported_at is None:
            self._wrong((*place, "exported_at"), "bad_moment", seen=row.exported_at[:MAX_NAME])
        return Console(
            id=row.id,
            name=row.name,
            kind=row.kind,
            file=self._inside((*place, "file"), row.file),
            exported_at=exported_at.astimezone(UTC) if exported_at is not None else None,
            system=row.system,
            columns={signal: heading.strip() for signal, heading in row.columns.items() if heading.strip()},
            **{word: tuple(row.values.get(word, ())) for word in WORDS},
        )

    def account(self) -> str:
        """The log-in name for all endpoints reached by ssh, "" = none."""
        account = self.file.written.ssh.account
        if account and not is_account(account):
            self._wrong(("ssh", "account"), "bad_account", seen=account[:MAX_NAME])
        return account

    def existing(self, place: tuple[str, ...], written: str) -> Path | None:
        """A declared file that must be there; None = none is declared."""
        if not written:
            return None
        path = self.folder / written
        if not path.is_file():
            self._wrong(place, "declared_file_missing", path=str(path))
        return path

    def _inside(self, place: tuple[str, ...], written: str) -> Path:
        """An absolute folder, or a relative one that does not leave the town folder."""
        folder = (self.folder / written).resolve()
        if not written.strip():
            self._wrong(place, "blank")
        elif not Path(written).is_absolute() and not folder.is_relative_to(self.folder):
            self._wrong(place, "folder_outside", path=written[:MAX_NAME])
        return folder

    def _names(self, table: str, index: int, id_: str, name: str) -> None:
        if not is_id(id_):
            self._wrong((table, str(index), "id"), "bad_id" if id_ else "blank", seen=id_[:MAX_NAME])
        if fault := name_fault(name.strip()):
            self._wrong((table, str(index), "name"), fault, limit=MAX_NAME)

    def _once(self, table: str, key: str, values: Sequence[str]) -> None:
        first: dict[str, int] = {}
        for index, value in enumerate(values):
            before = first.setdefault(folded(value), index)
            if value and before != index:
                line = self.file.toml.line_of((table, str(before), key)) or 0
                self._wrong((table, str(index), key), f"{key}_twice", name=value[:MAX_NAME], first=line)

    def _one_of(self, place: tuple[str, ...], value: str, known: Sequence[str]) -> None:
        self._all_of(place, [value], known, "bad_choice")

    def _all_of(
        self, place: tuple[str, ...], values: Sequence[str], known: Collection[str], problem: str
    ) -> None:
        for value in values:
            if value not in known:
                seen = value[:MAX_NAME]
                near = self.told.near(value, known)
                self._wrong(place, problem, seen=seen, name=seen, known=", ".join(known), near=near)

    def _host(self, place: tuple[str, ...], written: str, *, required: bool) -> str:
        host = parse_host(written)
        if host is None and (written or required):
            self._wrong(place, "bad_host" if written else "blank", seen=written[:MAX_NAME])
        return host or ""

    def _url(self, place: tuple[str, ...], written: str) -> None:
        """An address with a host, without a password, for a protocol that print servers speak."""
        parts = split(written)
        if parts is None or parts.scheme not in PRINT_SCHEMES or not parse_host(parts.hostname or ""):
            self._wrong(place, "bad_url", seen=written[:MAX_NAME], known=", ".join(PRINT_SCHEMES))
        elif parts.username is not None or parts.password is not None:
            self._wrong(place, "url_secret")
        elif parts.query or parts.fragment:
            self._wrong(place, "bad_url", seen=written[:MAX_NAME], known=", ".join(PRINT_SCHEMES))

    def _wrong(self, place: tuple[str, ...], key: str, **values: Scalar) -> None:
        self.told.problems.append(self.file.toml.problem(place, key, **values))
