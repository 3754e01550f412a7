"""The machines behind an entrance that hand out desktops answer: one connect each, closed at once."""

from dataclasses import dataclass

from auditor.api import (
    Answer,
    Dial,
    Gateway,
    Judgement,
    NotKnown,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote._read import compact, listed, members, number, one_of, word
from checks.remote._wire import ANSWERED, NAME_NOT_FOUND, PROHIBITED, REFUSED, SILENT, knock

WAIT_S = 4.0
OUTCOMES = (ANSWERED, REFUSED, SILENT, PROHIBITED, NAME_NOT_FOUND)
MOST = 8


@dataclass(frozen=True, slots=True)
class Brokers:
    """How each declared broker (host:port) answered, in the order declared; never empty."""

    tries: tuple[tuple[str, str], ...]

    def that(self, outcome: str) -> tuple[str, ...]:
        """Those that ended so."""
        return tuple(place for place, ended in self.tries if ended == outcome)


@probe("gateway.brokers", kind="gateway")
def ask_brokers(gateway: Gateway, dial: Dial) -> bytes:
    """One connect to each, one after the other."""
    rows = []
    for place in gateway.brokers:
        outcome, took_ms = knock(dial, place.host, place.port, WAIT_S)
        rows.append({"place": str(place), "outcome": outcome, "ms": round(took_ms, 3)})
    return compact({"brokers": rows})


@fact("gateway.brokers", probe=ask_brokers)
def brokers(answer: Answer) -> Brokers:
    """The tries as they were written down.

    Raises:
        NotKnown: NOT_DECLARED, no broker is.
    """
    value = members(answer.json(), answer.id, "brokers")
    rows = [
        members(row, answer.id, "place", "outcome", "ms") for row in listed(value["brokers"], "brokers", MOST)
    ]
    if not rows:
        raise NotKnown(Reason.NOT_DECLARED, "no broker is declared")
    for row in rows:
        number(row["ms"], "ms")
    return Brokers(
        tuple((word(row["place"], "place"), one_of(row["outcome"], "outcome", OUTCOMES)) for row in rows)
    )


@check("GW-61")
def brokers_answer(gateway: Gateway, seen: Brokers | Unknown) -> Judgement:
    """Every declared broker answers; one that says nothing may be out of reach from here only."""
    if not gateway.brokers:
        return not_applicable("undeclared")
    if isinstance(seen, Unknown):
        return unknown(seen.reason, seen.note)
    if {place for place, _ in seen.tries} != {str(place) for place in gateway.brokers}:
        return unknown(Reason.NOT_COLLECTED, "other brokers were asked than are declared now")
    return _fault(seen) or _gap(seen) or passed("ok", count=len(seen.tries))


def _fault(seen: Brokers) -> Judgement | None:
    """Somebody said that it is not there."""
    if refused := seen.that(REFUSED):
        return failed("refused", places=refused, count=len(refused))
    if unnamed := seen.that(NAME_NOT_FOUND):
        return failed("no_name", places=unnamed, count=len(unnamed))
    return None


def _gap(seen: Brokers) -> Judgement | None:
    """The broker, or the way there from here."""
    for outcome, reason in ((PROHIBITED, Reason.PROHIBITED), (SILENT, Reason.NO_ANSWER)):
        if places := seen.that(outcome):
            return unknown(reason, f"{outcome}: {', '.join(places)}", places=places)
    return None
