"""From the tables of ``town.toml`` to targets: every id, reference, address and file is checked."""

from collections.abc import Collection, Sequence
from datetime import UTC

from auditor import gatewaykeys, gatewayregister
from auditor.cells import MAX_NAME, MAX_PORT, is_account, is_id, misspelt, name_fault
from auditor.consoles.layouts import SIGNALS, kinds
from auditor.consoles.values import parse_moment
from auditor.declaring import TARGET_ROADS, Declaring
from auditor.ledger import folded
from auditor.rosters import METHODS, SYSTEMS, ZONES
from auditor.targets import Console, Gateway, Section
from auditor.townfile import ConsoleTable, GatewayTable

TCP_ONLY = ("tls", "sstp", "anyconnect", "softether", "portal", "relay", "rdp", "vnc", "spice", "ssh", "tcp")
TRANSPORTS = ("tcp", "udp")
UDP_ONLY = ("wireguard", "ike", "l2tp")
PROTOCOLS = (*TCP_ONLY, "openvpn", *UDP_ONLY)
PRODUCTS = ("fortinet", "ivanti", "globalprotect", "f5", "asa", "citrix", "horizon", "rdweb", "rdgateway")
"""Portals whose sign-in page is known; ``checks/remote/portals.toml`` says by what."""
WORDS = ("yes", "no", "unclear")


class Declared(Declaring):
    """Sections, entrances and consoles."""

    def sections(self) -> tuple[Section, ...]:
        """The sections; heads and officers are not looked up yet."""
        rows = self.file.written.sections
        if not rows:
            self.wrong(("sections",), "no_sections")
        for index, row in enumerate(rows):
            self.names("sections", index, row.id, row.name)
            if (fault := name_fault(row.office.strip())) not in ("", "blank"):
                self.wrong(("sections", str(index), "office"), fault, limit=MAX_NAME)
            for old in row.formerly:
                if not is_id(old) or old == row.id:
                    self.wrong(("sections", str(index), "formerly"), "bad_formerly", name=old[:MAX_NAME])
        self.once("sections", "id", [row.id for row in rows])
        self.once("sections", "name", [row.name for row in rows])
        return tuple(
            Section(
                id=row.id,
                name=row.name,
                head=row.head,
                officer=row.officer,
                office=row.office,
                formerly=tuple(dict.fromkeys(row.formerly)),
            )
            for row in rows
        )

    def heads(self, sections: Sequence[Section], staff: Collection[str]) -> None:
        """Look every head and officer up in the staff ledger; one who left is told and stops nothing."""
        for index, section in enumerate(sections):
            for key, id_ in (("head", section.head), ("officer", section.officer)):
                place = ("sections", str(index), key)
                if not id_:
                    toml = self.file.toml
                    self.told.note(
                        toml.path, toml.line_of(place), f"sections.{key}", f"no_{key}", name=section.name
                    )
                elif id_ not in staff and misspelt(id_, staff):
                    self.wrong(place, "no_person", name=id_[:MAX_NAME], near=self.told.near(id_, staff))
                elif id_ not in staff:
                    toml, values = self.file.toml, {"name": section.name, "id": id_}
                    line = toml.line_of(place)
                    self.told.note(toml.path, line, f"sections.{key}", f"{key}_left", **values)

    def gateways(self, sections: Collection[str]) -> tuple[Gateway, ...]:
        """The gateways."""
        rows = self.file.written.gateways
        self.once("gateways", "id", [row.id for row in rows])
        return tuple(self._gateway(index, row, sections) for index, row in enumerate(rows))

    def _gateway(self, index: int, row: GatewayTable, sections: Collection[str]) -> Gateway:
        place = ("gateways", str(index))
        self.names("gateways", index, row.id, row.name)
        for key, value, known in (
            ("protocol", row.protocol, PROTOCOLS),
            ("transport", row.transport or TRANSPORTS[0], TRANSPORTS),
            ("zone", row.zone, ZONES),
            ("road", row.road, TARGET_ROADS),
            ("product", row.product, ("", *PRODUCTS)),
        ):
            self.one_of((*place, key), value, known)
        self.all_of((*place, "methods"), row.methods, METHODS, "bad_choice")
        self.all_of((*place, "sections"), row.sections, sections, "unknown_section")
        host = self.host((*place, "host"), row.host, required=row.road == "probe")
        transport = row.transport or ("udp" if row.protocol in UDP_ONLY else "tcp")
        for at, port in enumerate((row.port, *row.closed_ports)):
            where = "closed_ports" if at else "port"
            if not 1 <= port <= MAX_PORT:
                self.wrong((*place, where), "bad_port", seen=port)
            elif at and port == row.port and transport == "tcp":
                self.wrong((*place, where), "port_both", seen=port)
        if row.transport == "udp" and row.protocol in TCP_ONLY:
            self.wrong((*place, "transport"), "udp_only_openvpn", protocol=row.protocol)
        if row.transport == "tcp" and row.protocol in UDP_ONLY:
            self.wrong((*place, "transport"), "never_tcp", protocol=row.protocol)
        for key, problem, values in gatewaykeys.faults(row):
            self.wrong((*place, key), problem, **values)
        for keys, problem, values in gatewayregister.faults(row):
            self.wrong((*place, *keys), problem, **values)
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
            return self.host(place, row.server_name, required=False)
        if (fault := name_fault(row.server_name.strip())) not in ("", "blank"):
            self.wrong(place, fault, limit=MAX_NAME)
        return row.server_name.strip()

    def consoles(self) -> tuple[Console, ...]:
        """The exports of admin consoles; whether a file is there is seen when it is read."""
        rows = self.file.written.consoles
        self.once("consoles", "id", [row.id for row in rows])
        return tuple(self._console(index, row) for index, row in enumerate(rows))

    def _console(self, index: int, row: ConsoleTable) -> Console:
        place = ("consoles", str(index))
        self.names("consoles", index, row.id, row.name)
        self.one_of((*place, "kind"), row.kind, kinds())
        self.one_of((*place, "system"), row.system, ("", *SYSTEMS))
        self.all_of((*place, "columns"), tuple(row.columns), SIGNALS, "bad_choice")
        self.all_of((*place, "values"), tuple(row.values), WORDS, "bad_choice")
        if row.kind == "generic" and not row.columns.get("serial", "").strip():
            self.wrong((*place, "columns"), "console_mapping")
        headings = [folded(heading) for heading in row.columns.values() if heading.strip()]
        if twice := next((name for name in headings if headings.count(name) > 1), ""):
            self.wrong((*place, "columns"), "console_heading", name=twice[:MAX_NAME])
        exported_at = parse_moment(row.exported_at)
        if row.exported_at and exported_at is None:
            self.wrong((*place, "exported_at"), "bad_moment", seen=row.exported_at[:MAX_NAME])
        return Console(
            id=row.id,
            name=row.name,
            kind=row.kind,
            file=self.inside((*place, "file"), row.file),
            exported_at=exported_at.astimezone(UTC) if exported_at is not None else None,
            system=row.system,
            columns={signal: heading.strip() for signal, heading in row.columns.items() if heading.strip()},
            **{word: tuple(row.values.get(word, ())) for word in WORDS},
        )

    def account(self) -> str:
        """The log-in name for all endpoints reached by ssh, "" = none."""
        account = self.file.written.ssh.account
        if account and not is_account(account):
            self.wrong(("ssh", "account"), "bad_account", seen=account[:MAX_NAME])
        return account
