"""``town.toml`` as it is written: its tables, read strictly; `auditor.declared` makes targets of them."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from auditor.keeping.table import HistoryTable
from auditor.nightly.table import NightlyTable
from auditor.notify.tables import MailTable, SilenceTable, WebhookTable
from auditor.tomlfile import TomlFile, convert, read_toml


class TownTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[town]``: `model` is a shipped model's id, or "town" for the folder's own ``model.toml``."""

    name: str
    model: str = "base"
    contact: str = ""
    sender: str = ""
    sample: bool = False
    unsigned_inbox: bool = False
    unsigned_inbox_reason: str = ""


class JumpTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[ssh.jumps]]``: a jump host; `account` "" = the one of ``[ssh]``."""

    id: str
    host: str
    port: int = 22
    account: str = ""


class SshTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[ssh]``: log-in name and key file for every endpoint that names no other; `sudo` = by ``sudo -n``."""

    account: str = ""
    key_file: str = ""
    sudo: bool = False
    jumps: list[JumpTable] = []


class SectionTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[sections]]``: `head` and `officer` are staff ids, `formerly` ids of sections it continues."""

    id: str
    name: str
    head: str = ""
    officer: str = ""
    office: str = ""
    formerly: list[str] = []


class RegisterTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[gateways.register]``: see `auditor.register.Register`."""

    as_of: date
    source: str
    software: str = ""
    version: str = ""
    features: list[str] | None = None
    idle_min: int | None = None
    device_gate: str = ""
    seats: int | None = None


class SignOnTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[gateways.sign_on]``: see `auditor.register.SignOn`."""

    path: str = "/"
    status: list[int] = msgspec.field(default_factory=lambda: [200])
    shows: str = ""


class GatewayTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[gateways]]``: see `auditor.targets.Gateway`. `transport` "" = the protocol's own."""

    id: str
    name: str
    host: str = ""
    port: int = 443
    protocol: str = "tls"
    transport: str = ""
    server_name: str = ""
    ca_file: str = ""
    methods: list[str] = []
    sections: list[str] = []
    closed_ports: list[int] = []
    zone: str = "internet"
    road: str = "probe"
    wrap: str = ""
    key_file: str = ""
    key_direction: int | None = None
    server_public_key: str = ""
    audit_key_file: str = ""
    psk_file: str = ""
    ike_identity: str = ""
    product: str = ""
    allow_spice_link: bool = False
    ssh_account: str = ""
    brokers: list[str] = []
    sign_on: SignOnTable | None = None
    register: RegisterTable | None = None
    upload_path: str = ""
    reachable_from: list[str] = []
    unreachable_from: list[str] = []


class VantageTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[vantages]]``: see `auditor.zones.Vantage`. `jump` "" = this machine; `control` = ``host:port``."""

    id: str
    name: str
    zone: str
    jump: str = ""
    control: str = ""


class ZoneTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[zones]]``: a segment of the town's own, beside those of ``zones.toml``."""

    id: str
    name: str
    outside: bool = False


class FlowTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[flows]]``: every one of `ports` of every one of `hosts`; `control` "" = the vantage's."""

    id: str
    name: str
    to: str
    hosts: list[str]
    ports: list[int]
    expect: str
    source: str = msgspec.field(name="from")
    control: str = ""
    road: str = "probe"


class DeviceTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[print_servers.devices]]``: see `auditor.work.Device`; `snmp` = host:port of its agent."""

    serial: str
    queues: list[str]
    snmp: str = ""


class PrintServerTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[print_servers]]``: `locations` maps a queue's location text to a section id."""

    id: str
    name: str
    url: str = ""
    locations: dict[str, str] = {}
    sections: list[str] = []
    road: str = "probe"
    devices: list[DeviceTable] = []
    community_file: str = ""
    records: str = ""


class DocumentsTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[documents]]``: `kind` as in `auditor.targets.Documents`; `server` = host:port the routes run on."""

    id: str
    name: str
    kind: str
    folder: str
    sections: list[str] = []
    server: str = ""
    count: int | None = None


class SystemTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[systems]]``: see `auditor.work.System`; `resolver` = host:port of a name server."""

    id: str
    name: str
    kind: str
    url: str = ""
    ca_file: str = ""
    token_file: str = ""
    account: str = ""
    apps: list[int] = []
    domain: str = ""
    resolver: str = ""
    selectors: list[str] = []
    shows: str = ""
    sections: list[str] = []
    road: str = "probe"


class ConsoleTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[consoles]]``: see `auditor.targets.Console`. `values` = further words, by yes, no and unclear."""

    id: str
    name: str
    kind: str
    file: str
    exported_at: str = ""
    system: str = ""
    columns: dict[str, str] = {}
    values: dict[str, list[str]] = {}


class TownDocument(msgspec.Struct, forbid_unknown_fields=True):
    """The whole of ``town.toml``."""

    town: TownTable
    ssh: SshTable = msgspec.field(default_factory=SshTable)
    history: HistoryTable = msgspec.field(default_factory=HistoryTable)
    sections: list[SectionTable] = []
    gateways: list[GatewayTable] = []
    zones: list[ZoneTable] = []
    vantages: list[VantageTable] = []
    flows: list[FlowTable] = []
    print_servers: list[PrintServerTable] = []
    systems: list[SystemTable] = []
    documents: list[DocumentsTable] = []
    consoles: list[ConsoleTable] = []
    nightly: NightlyTable = msgspec.field(default_factory=NightlyTable)
    mail: MailTable | None = None
    webhook: WebhookTable | None = None
    silence: SilenceTable = msgspec.field(default_factory=SilenceTable)


@dataclass(frozen=True, slots=True)
class TownFile:
    """``town.toml`` with the lines its keys stand on."""

    toml: TomlFile
    written: TownDocument


def read_town_file(path: Path) -> TownFile:
    """Read ``town.toml``.

    Raises:
        ConfigError: not TOML, or unknown, missing or wrongly typed keys, all at once.
    """
    toml = read_toml(path)
    return TownFile(toml, convert(toml, TownDocument))
