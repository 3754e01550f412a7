"""What was seen of a gateway from its vantages, beside what was seen directly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from auditor.addresses import family
from auditor.answers import Answer, Status
from auditor.errors import Garbled
from auditor.findings import Unknown

AT = "@"
"""Between a probe's id and the vantage's in the id of an answer."""

CONTROL = "vantage.control"
"""The answer that tells how the known open port of a vantage answered before and after, by address."""

REACHED = "reached"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Views:
    """Facts by type and vantage.

    `controlled` = vantages whose known open port answered before and after, each with what it answered over
    (IPv4, IPv6; "" = a name that the SSH host looked up: nobody can tell).
    """

    seen: Mapping[type, Mapping[str, object]] = field(default_factory=dict)
    controlled: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, type_: type[T]) -> Mapping[str, T | Unknown]:
        """The fact of that type as each vantage saw it, by the vantage's id; {} = none looked."""
        found = self.seen.get(type_, {})
        return {id_: value for id_, value in found.items() if isinstance(value, type_ | Unknown)}


def at(probe: str, vantage: str) -> str:
    """The id of the answer of a probe that ran from a vantage."""
    return f"{probe}{AT}{vantage}"


def vantage_of(answer: Answer, probe: str) -> str:
    """The vantage that an answer of this probe came from, "" = it is no such answer."""
    return answer.id.removeprefix(probe + AT) if answer.id.startswith(probe + AT) else ""


def control_held(answer: Answer) -> frozenset[str]:
    """Over what the known open port was reached both times; none, and anything else, proves nothing."""
    if answer.status is not Status.OK:
        return frozenset()
    try:
        value = answer.json()
    except Garbled:
        return frozenset()
    whole = isinstance(value, dict) and set(value) == {"before", "after"}
    return _reached(value["before"]) & _reached(value["after"]) if whole else frozenset()


def _reached(outcomes: object) -> frozenset[str]:
    """Over what any address was reached, by the outcome of each."""
    by_address = outcomes if isinstance(outcomes, dict) else {}
    return frozenset(family(str(each)) for each, outcome in by_address.items() if outcome == REACHED)
