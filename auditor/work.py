"""What carries the town's work: print servers, systems for documents and approvals, folders of files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from auditor.register import Place

DOCUMENT_KINDS: Mapping[str, str] = {
    "routes": "approval routes (BPMN 2.0)",
    "approvals": "logs of approvals and deputies, table of delegations (CSV)",
    "printing": "meter readings, fax and paper ledgers (CSV), print logs",
    "library": "a sample of stored documents, and the ledger of record series (CSV)",
    "shares": "settings of file shares, exported permissions and folder listings",
    "cloud": "results of audit tools for cloud suites (JSON), usage exports (CSV)",
    "counter": "ledgers of procedures, forms and applications (CSV), and the form files themselves",
    "ordinances": "the town's ordinances as its publisher exports them",
    "records": "governance ledgers: appointments, meetings, applications, inspections, purchases (CSV)",
    "accounts": "exports of directories and sign-in services (CSV)",
    "telework-policy": "the policy file of a thin telework system",
}
"""Kinds of document sets and what their folders hold."""

SYSTEM_KINDS: Mapping[str, str] = {
    "mayan": "Mayan EDMS, REST API v4",
    "redmine": "Redmine, REST API",
    "kintone": "kintone, REST API",
    "intake": "the page where residents file applications",
    "mail-domain": "a mail domain, by name service",
}
"""Kinds of systems and what is asked there."""

APPROVING = frozenset({"routes", "mayan", "redmine", "kintone"})
"""Kinds whose approval routes carry the work of the sections that they concern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A printer with a meter of its own: its serial number and the `queues` that print on it.

    `snmp` = where its meter is asked (UDP), None = only meter sheets tell.
    """

    serial: str
    queues: tuple[str, ...]
    snmp: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintServer:
    """A CUPS or IPP print server. `locations` maps a queue's location text to a section id.

    `road` = probe or file, as for a `Gateway`. `community_file` holds the read-only SNMP community of its
    `devices`, None = none is declared. `records` = folder with copies of its page log and ``cupsd.conf``, and
    with the devices' meter sheets; None = there is none.
    """

    id: str
    name: str
    url: str
    locations: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[str, ...] = ()
    road: str = "probe"
    devices: tuple[Device, ...] = ()
    community_file: Path | None = None
    records: Path | None = None

    kind: ClassVar[str] = "print-server"

    @property
    def keys(self) -> Mapping[str, Path]:
        """The declared key files by name."""
        return {"community": self.community_file} if self.community_file is not None else {}

    @property
    def meters(self) -> frozenset[tuple[str, int, str]]:
        """Host, port and transport of every meter that may be asked; without a community none is."""
        asked = (one.snmp for one in self.devices if one.snmp and self.community_file is not None)
        return frozenset((place.host, place.port, "udp") for place in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """A folder of documents; `folder` is absolute.

    `kind` is one of `DOCUMENT_KINDS`. `server` = where its approval routes run, None = not told.
    `count` = how many ordinances the whole collection has, None = nobody told.
    """

    id: str
    name: str
    kind: str
    folder: Path
    sections: tuple[str, ...] = ()
    server: Place | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A system that carries work and answers over the network; `kind` is one of `SYSTEM_KINDS`.

    `url` is its address, "" for a mail domain, which has a `domain` instead. `ca_file` None = public
    authorities. `token_file` holds the audit's own read-only token, None = it is asked anonymously.
    `account` = the name that this token belongs to, by which it is known whom the system takes us for.
    `apps` = ids of its applications to be looked at. `resolver` = name server to ask, None = the system's;
    `selectors` = the names under which the mail domain's DKIM keys stand. `shows` = words that stand on an
    intake page only when it is up, "" = not told.
    """

    id: str
    name: str
    kind: str
    url: str = ""
    ca_file: Path | None = None
    token_file: Path | None = None
    account: str = ""
    apps: tuple[int, ...] = ()
    domain: str = ""
    resolver: Place | None = None
    selectors: tuple[str, ...] = ()
    shows: str = ""
    sections: tuple[str, ...] = ()
    road: str = "probe"

    @property
    def keys(self) -> Mapping[str, Path]:
        """The declared key files by name."""
        return {"token": self.token_file} if self.token_file is not None else {}
