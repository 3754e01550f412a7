"""What carries people's approvals: sets of approval routes with the server they run on, workflow systems."""

from urllib.parse import urlsplit

from auditor.register import Place
from auditor.targets import Person, Town
from auditor.work import APPROVING, Documents, System

Carrier = Documents | System
_PORTS = {"https": 443, "http": 80}


def carriers_in(town: Town) -> tuple[Carrier, ...]:
    """Everything of the town that approvals go through, in the order it was declared."""
    every: tuple[Carrier, ...] = (*town.documents, *town.systems)
    return tuple(one for one in every if one.kind in APPROVING)


def carries(carrier: Carrier, person: Person) -> bool:
    """Whether this person's section has its approvals there."""
    return carrier.kind in APPROVING and (not carrier.sections or person.section in carrier.sections)


def is_silent(carrier: Carrier) -> bool:
    """Whether the town wants nobody to connect to it (its evidence arrives in files)."""
    return isinstance(carrier, System) and carrier.road != "probe"


def server_of(carrier: Carrier) -> Place | None:
    """Where it runs, None = the town did not tell."""
    if isinstance(carrier, Documents):
        return carrier.server
    url = urlsplit(carrier.url)
    port = url.port or _PORTS.get(url.scheme)
    return Place(url.hostname, port) if url.hostname and port else None
