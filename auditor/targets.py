"""What a town declares: its sections, its people, and the targets an audit may look at.

Only what stands here is ever contacted. All values are frozen and already validated by `auditor.town`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar

from auditor.register import Place, Register, SignOn
from auditor.silence import Limits
from auditor.work import Documents, PrintServer, System
from auditor.zones import Flow, Jump, Vantage, Zone, shipped_zones


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section (課). `head` and `officer` are staff ids, "" = nobody declared.

    `formerly` = ids of sections that are gone and that this one continues (split, merged, renumbered).
    """

    id: str
    name: str
    head: str = ""
    officer: str = ""
    office: str = ""
    formerly: tuple[str, ...] = ()

    kind: ClassVar[str] = "section"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member of staff. `method` is one of the seven telework methods, "" = none registered.

    `trial` = is in the telework trial and so gets a readiness. `trained_on` = day the telework training
    was completed, None = no record. `place_attested_on` = day the person declared where they work and how
    onlookers are kept out, `router_attested_on` = day they declared that the home's router still gets
    updates; None = no record.
    """

    id: str
    name: str
    section: str
    method: str = ""
    trial: bool = False
    trained_on: date | None = None
    place_attested_on: date | None = None
    router_attested_on: date | None = None

    kind: ClassVar[str] = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A PC, tablet or server of the asset ledger.

    `id` is the asset number. `os` is windows, linux, macos, chromeos or ipados. `user` is a staff id, "" =
    shared. `zone` is mynumber, lgwan, internet or home. `road` is how it is reached: local, ssh, file
    (evidence arrives in the inbox) or console (an admin console's export tells of it). `host`, `port` and
    `account` are for ssh; `jump` = id of the jump host it is behind, "" = none; `sudo` = root by ``sudo -n``
    where that is allowed. `retired_on` = the day it went out of use, None = it is in use.
    `owner` is town or private, "" = not told, which never means the town's. For a private one:
    `approved_on` = day its use was approved, `extra_checked_on` = day somebody confirmed the additional
    safeguards; None = no record.
    """

    id: str
    serial: str
    name: str
    os: str
    section: str = ""
    user: str = ""
    zone: str = "internet"
    method: str = ""
    road: str = "file"
    host: str = ""
    port: int = 22
    account: str = ""
    jump: str = ""
    sudo: bool = False
    retired_on: date | None = None
    owner: str = ""
    approved_on: date | None = None
    extra_checked_on: date | None = None

    kind: ClassVar[str] = "endpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A remote entrance (VPN, VDI, portal).

    `protocol` is what speaks there, one of `auditor.declared.PROTOCOLS`; `transport` tcp or udp.
    `server_name` is the name the certificate must bear. `ca_file` = the town's own certificate authority,
    None = the system's.
    `methods` = telework methods that pass through it, `sections` = who uses it, () = everybody.
    `closed_ports` = TCP ports of `host` that must not answer from here.
    `road` = how its facts are learnt: probe (asked over the network) or file (evidence arrives in the inbox).

    Keys never stand here, only the files that hold them. OpenVPN: `wrap` = how its control channel is
    wrapped (tls-auth, tls-crypt or tls-crypt-v2; "" = no key is declared), `key_file` what a client has for
    it, `key_direction` the client's (tls-auth; None = not told). WireGuard: `server_public_key` in base64,
    `audit_key_file` = private key of a peer that is there for the audit alone, `psk_file` its pre-shared key.
    IKE: `ike_identity` = the name aggressive mode may be asked with, "" = the town did not opt in.
    SPICE: `allow_spice_link` = the town lets the audit try an empty ticket, which counts as an attempt.
    SSH: `ssh_account` = the name the audit may ask for log-in methods with, "" = the town did not opt in.
    Portals: `product` = what the town bought, one of `auditor.declared.PRODUCTS`, "" = not told.
    `brokers` = what hands out desktops behind it, `sign_on` = its page, `register` = the town's own word,
    `upload_path` = a page that takes what the audit may upload to measure the line, "" = no opt-in.
    `reachable_from` and `unreachable_from` = vantages it must and must not answer to.
    """

    id: str
    name: str
    host: str
    port: int
    protocol: str = "tls"
    transport: str = "tcp"
    server_name: str = ""
    ca_file: Path | None = None
    methods: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    closed_ports: tuple[int, ...] = ()
    zone: str = "internet"
    road: str = "probe"
    wrap: str = ""
    key_file: Path | None = None
    key_direction: int | None = None
    server_public_key: str = ""
    audit_key_file: Path | None = None
    psk_file: Path | None = None
    ike_identity: str = ""
    product: str = ""
    allow_spice_link: bool = False
    ssh_account: str = ""
    brokers: tuple[Place, ...] = ()
    sign_on: SignOn | None = None
    register: Register | None = None
    upload_path: str = ""
    reachable_from: tuple[str, ...] = ()
    unreachable_from: tuple[str, ...] = ()

    kind: ClassVar[str] = "gateway"

    @property
    def keys(self) -> Mapping[str, Path]:
        """The declared key files, by the names a probe knows them by."""
        files = {"wrap": self.key_file, "audit": self.audit_key_file, "psk": self.psk_file}
        return {name: file for name, file in files.items() if file is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """A file that an admin console exported: how machines without a script, and enrolments, are known.

    `kind` is google-admin, jamf, intune or generic; `file` is absolute. `exported_at` (UTC) = when the file
    was made, None = the file's own time counts. `columns` maps what is understood (serial, last_sync …) to
    the file's heading; `yes`, `no` and `unclear` are further words of its cells. `system` is what its rows
    run where no column tells it, "" = what the ledger says.
    """

    id: str
    name: str
    kind: str
    file: Path
    exported_at: datetime | None = None
    system: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Everything one town declared. `root` is the town folder, None when only this machine is audited.

    `endpoints` are in use; `retired` ones are no targets any more, and should say nothing.
    `sample` = invented data; every page says 見本. `unsigned_inbox` = evidence files without a signature
    are accepted (the town wrote why). `limits` = from when on silence is told.
    `alone` = there is no town, only the machine this runs on.
    `partial` = narrowed to some sections, so that what is missing in it may stand in another's ledger.
    """

    name: str
    sample: bool = False
    contact: str = ""
    sender: str = ""
    model: str = "base"
    root: Path | None = None
    sections: tuple[Section, ...] = ()
    staff: tuple[Person, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    retired: tuple[Endpoint, ...] = ()
    jumps: tuple[Jump, ...] = ()
    zones: tuple[Zone, ...] = field(default_factory=shipped_zones)
    vantages: tuple[Vantage, ...] = ()
    flows: tuple[Flow, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    print_servers: tuple[PrintServer, ...] = ()
    systems: tuple[System, ...] = ()
    documents: tuple[Documents, ...] = ()
    consoles: tuple[Console, ...] = ()
    unsigned_inbox: bool = False
    limits: Limits = field(default_factory=Limits)
    alone: bool = False
    partial: bool = False

    kind: ClassVar[str] = "town"
    id: ClassVar[str] = "town"

    @property
    def targets(self) -> "tuple[Target, ...]":
        """All targets, the town itself last, in a stable order; one that is `alone` has no sections."""
        trial = tuple(person for person in self.staff if person.trial)
        return (
            *(() if self.alone else self.sections),
            *trial,
            *self.endpoints,
            *self.gateways,
            *self.flows,
            *self.print_servers,
            *self.systems,
            *self.documents,
            self,
        )


Target = Section | Person | Endpoint | Gateway | Flow | PrintServer | System | Documents | Town
"""Anything a control can be judged on; every one has `id`, `name` and `kind`."""


def target_key(target: Target) -> str:
    """The name a finding and the history know a target by: ``kind:id``, unique in a town."""
    return f"{target.kind}:{target.id}"


def sections_of(target: Target, town: Town) -> tuple[str, ...]:
    """The section ids a target concerns; every section where the town declared none.

    What concerns the town as a whole, as the ways between its segments do, concerns no section.
    """
    match target:
        case Town() | Flow():
            return ()
        case Section(id=section):
            return (section,)
        case Person(section=section) | Endpoint(section=section) if section:
            return (section,)
        case Person() | Endpoint():
            return ()
        case _:
            return target.sections or tuple(section.id for section in town.sections)


def part_of(town: Town, sections: Collection[str]) -> Town:
    """The town narrowed to some sections; staff of others stay known (a head may sit elsewhere)."""

    def concerns(target: Gateway | PrintServer | System | Documents) -> bool:
        return not target.sections or any(section in sections for section in target.sections)

    return replace(
        town,
        partial=True,
        sections=tuple(section for section in town.sections if section.id in sections),
        staff=tuple(
            person if person.section in sections else replace(person, trial=False) for person in town.staff
        ),
        endpoints=tuple(endpoint for endpoint in town.endpoints if endpoint.section in sections),
        gateways=tuple(gateway for gateway in town.gateways if concerns(gateway)),
        print_servers=tuple(server for server in town.print_servers if concerns(server)),
        systems=tuple(system for system in town.systems if concerns(system)),
        documents=tuple(documents for documents in town.documents if concerns(documents)),
    )
