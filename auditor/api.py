"""All that a check module may import: declare facts, probes and checks, and return judgements."""

from types import ModuleType
from typing import TYPE_CHECKING, Any

from auditor.addresses import family, share_s
from auditor.answers import Answer, Status, strict_json
from auditor.attested import NO, NONE, YES, Attestations, Attested
from auditor.clauses import Clause, Listing
from auditor.clauses import State as ClauseState
from auditor.control import Params, Wording
from auditor.declare import CONSOLE, EVERY, MACHINE, OUTSIDE, USER, Check, Fact, Probe, check, fact, probe
from auditor.errors import Garbled, NotKnown, Unreached
from auditor.exceptions import Exceptions, Term
from auditor.findings import Judgement, Reason, Unknown, Verdict, failed, not_applicable, passed, unknown
from auditor.register import Place, Register, SignOn
from auditor.seams import Dial, Folder, Http, Lookup, Names, Reply, Secret, Stream, Talk, Texts
from auditor.sightings import Sighting, Sightings
from auditor.targets import Endpoint, Gateway, Person, Section, Town
from auditor.uses import serves
from auditor.views import Views
from auditor.work import Documents, PrintServer, System
from auditor.zones import CLOSED, OPEN, WAY_TRIES, WAY_WAIT_S, Flow

if TYPE_CHECKING:
    from auditor.attestforms import newest, parsed
    from auditor.cells import parse_day
    from auditor.ledger import decoded, folded
    from auditor.tables import Table, TableContent, TableRow, TableSource, table


def __getattr__(name: str) -> Any:
    """Load what only readers of files need when it is asked for: together it takes longer than the rest."""
    home: ModuleType
    if name in {"newest", "parsed"}:
        from auditor import attestforms as home  # noqa: PLC0415 - start-up time
    elif name == "parse_day":
        from auditor import cells as home  # noqa: PLC0415 - start-up time
    elif name in {"decoded", "folded"}:
        from auditor import ledger as home  # noqa: PLC0415 - start-up time
    elif name in {"Table", "TableContent", "TableRow", "TableSource", "table"}:
        from auditor import tables as home  # noqa: PLC0415 - start-up time
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(home, name)


__all__ = [
    "CLOSED",
    "CONSOLE",
    "EVERY",
    "MACHINE",
    "NO",
    "NONE",
    "OPEN",
    "OUTSIDE",
    "USER",
    "WAY_TRIES",
    "WAY_WAIT_S",
    "YES",
    "Answer",
    "Attestations",
    "Attested",
    "Check",
    "Clause",
    "ClauseState",
    "Dial",
    "Documents",
    "Endpoint",
    "Exceptions",
    "Fact",
    "Flow",
    "Folder",
    "Garbled",
    "Gateway",
    "Http",
    "Judgement",
    "Listing",
    "Lookup",
    "Names",
    "NotKnown",
    "Params",
    "Person",
    "Place",
    "PrintServer",
    "Probe",
    "Reason",
    "Register",
    "Reply",
    "Secret",
    "Section",
    "Sighting",
    "Sightings",
    "SignOn",
    "Status",
    "Stream",
    "System",
    "Table",
    "TableContent",
    "TableRow",
    "TableSource",
    "Talk",
    "Term",
    "Texts",
    "Town",
    "Unknown",
    "Unreached",
    "Verdict",
    "Views",
    "Wording",
    "check",
    "decoded",
    "fact",
    "failed",
    "family",
    "folded",
    "newest",
    "not_applicable",
    "parse_day",
    "parsed",
    "passed",
    "probe",
    "serves",
    "share_s",
    "strict_json",
    "table",
    "unknown",
]
