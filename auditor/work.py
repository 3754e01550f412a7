"""What carries the town's work: print servers, systems for documents and approvals, folders of files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from auditor.register import Place

DOCUMENT_KINDS: Mapping[str, str] = {
    "routes": "approval routes (BPMN 2.0)",
    "approvals": "logs of approvals and deputies, table of delegations (CSV), process settings (JSON)",
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
class PrintServer:
    """A CUPS or IPP print server. `locations` maps a queue's location text to a section id.

    `road` = probe or file, as for a `Gateway`.
    """

    id: str
    name: str
    url: str
    locations: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[str, ...] = ()
    road: str = "probe"

    kind: ClassVar[str] = "print-server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """A folder of documents; `folder` is absolute.

    `kind` is one of `DOCUMENT_KINDS`. `server` = where its approval routes run, None = not told.
    """

    id: str
    name: str
    kind: str
    folder: Path
    sections: tuple[str, ...] = ()
    server: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A system that carries work and answers over the network; `kind` is one of `SYSTEM_KINDS`.

    `url` is its address, "" for a mail domain, which has a `domain` instead. `ca_file` None = public
    authorities. `token_file` holds the audit's own read-only token, None = it is asked anonymously.
    `account` = the name that this token belongs to, by which it is known whom the system takes us for.
    `apps` = ids of its applications to be looked at. `resolver` = name server to ask, None = the system's.
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
    sections: tuple[str, ...] = ()
    road: str = "probe"

    @property
    def keys(self) -> Mapping[str, Path]:
        """The declared key files by name."""
        return {"token": self.token_file} if self.token_file is not None else {}
