"""Which machines were heard, also those that no ledger names: what checks of the ledger look at."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from auditor.targets import Endpoint, target_key

if TYPE_CHECKING:
    from auditor.evidence import Evidence  # a check that sees sightings need not read documents

ENDPOINT = "endpoint:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A machine that answered. `target` = its key, "" = no row of the ledger is its.

    `serial` is what the answer itself told ("" = it did not), `machine_id` the system's own id, `host` a
    name for IT staff to find it by; `heard_at` is UTC.
    """

    target: str
    serial: str
    machine_id: str
    system: str
    host: str
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Sightings:
    """All machines that answered, in the order of their keys; unlisted ones last."""

    heard: tuple[Sighting, ...] = ()

    def of(self, endpoint: Endpoint) -> Sighting | None:
        """The ledger row's own machine, None = it was never heard."""
        key = target_key(endpoint)
        return next((one for one in self.heard if one.target == key), None)

    @property
    def unlisted(self) -> tuple[Sighting, ...]:
        """Machines that answered and stand in no row of the ledger that is in use."""
        return tuple(one for one in self.heard if not one.target)


def sightings_of(evidence: "Mapping[str, Evidence]", declared: Collection[str]) -> Sightings:
    """The machines behind this evidence; `declared` = target keys of the ledger's rows in use."""
    rows = [
        Sighting(
            target=key if key in declared else "",
            serial=found.serial,
            machine_id=found.machine_id,
            system=found.system,
            host=found.details.get("host_name", "") or key.removeprefix(ENDPOINT),
            heard_at=found.collected_at,
        )
        for key, found in sorted(evidence.items())
        if key.startswith(ENDPOINT) and found.outcome is None
    ]
    return Sightings(tuple(sorted(rows, key=lambda row: not row.target)))
