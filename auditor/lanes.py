"""Which targets stand on one machine, and how many of them may be asked at the same time."""

from dataclasses import dataclass

from auditor.access.limits import PER_PLACE
from auditor.access.ssh import places
from auditor.plan import Task
from auditor.targets import Endpoint, Gateway
from auditor.zones import Flow


@dataclass(frozen=True, slots=True)
class Lane:
    """At most `width` tasks of one `name` at a time."""

    name: str
    width: int = PER_PLACE


def lane_of(task: Task) -> Lane | None:
    """What a task shares with others: an SSH server, a jump host, a vantage, an entrance's machine.

    None = nothing. Entrances of one machine (IKE, L2TP and TLS of one device) are asked one after another.
    """
    target = task.target
    if isinstance(target, Gateway):
        return Lane(f"gateway {machine_of(target.host)}", 1) if target.host else None
    if isinstance(target, Flow):
        return Lane(f"vantage {target.source}")
    return Lane(places(target)[0]) if isinstance(target, Endpoint) and target.road == "ssh" else None


def machine_of(host: str) -> str:
    """One spelling of a host's name or address."""
    return host.lower().rstrip(".")
