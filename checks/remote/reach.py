"""Reach: the declared entrance answers from where the audit runs, and in time.

What each outcome means for RA-02. The name is not known, or the port is refused: somebody said so, it fails.
Silence: the entrance, or the line this machine looks from, so it is unknown; over UDP silence is also what a
server with a wrapped control channel says to everybody. Some of the connects are answered and some are not:
the line is proven, the loss is the entrance's, it fails.
"""

from dataclasses import dataclass

from auditor.api import (
    EVERY,
    Answer,
    Dial,
    Garbled,
    Gateway,
    Judgement,
    Params,
    Reason,
    Unreached,
    check,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks.remote import _alive
from checks.remote._read import compact, listed, members, number, one_of
from checks.remote._wire import (
    ANSWERED,
    CLOSED,
    NAME_NOT_FOUND,
    PROHIBITED,
    REFUSED,
    SILENT,
    WRONG_SERVICE,
)

CONNECTS = 3
WAIT_S = 4.0
ONCE = frozenset({"openvpn", "anyconnect", "softether", "vnc", "spice", "wireguard"})
"""Their proof of life begins a session on the server, or is counted there, so that one has to do."""
OUTCOMES = (ANSWERED, REFUSED, SILENT, CLOSED, WRONG_SERVICE, NAME_NOT_FOUND, PROHIBITED)
UNTOLD = {
    SILENT: (Reason.NO_ANSWER, "no answer: filtered, keyed, or no way out from here"),
    CLOSED: (Reason.NO_ANSWER, "closed without an answer: keyed OpenVPN, or another service"),
    PROHIBITED: (Reason.PROHIBITED, "turned away on the way: a router or firewall said so"),
    WRONG_SERVICE: (Reason.WRONG_SERVICE, "what answers is not what was declared"),
}


@dataclass(frozen=True, slots=True)
class Try:
    """One contact; `took_ms` is 0 unless it was answered."""

    outcome: str
    took_ms: float


@dataclass(frozen=True, slots=True)
class Reach:
    """How the entrance answered, in the order asked (at least one try); `lookup_ms` = the name service.

    A try is the exchange that proves the declared protocol; only a connect where that is plain "tcp".
    """

    lookup_ms: float
    tries: tuple[Try, ...]

    @property
    def answered(self) -> tuple[float, ...]:
        """The milliseconds of the tries that were answered."""
        return tuple(each.took_ms for each in self.tries if each.outcome == ANSWERED)


@probe("gateway.reach", kind="gateway", vantages=EVERY, most=16)
def ask_reach(gateway: Gateway, dial: Dial) -> bytes:
    """Look the name up; then one exchange that begins a session, or up to three others one after the other.

    The first that is not answered is the last: it would only cost time to wait for more.
    """
    try:
        lookup_ms = dial.lookup(gateway.host).took_s * 1000
    except Unreached as error:
        if error.reason is not Reason.NAME_NOT_FOUND:
            raise
        return _answer(0.0, [(NAME_NOT_FOUND, 0.0)])
    most = 1 if gateway.protocol in ONCE else CONNECTS
    tries: list[tuple[str, float]] = []
    while len(tries) < most and all(outcome == ANSWERED for outcome, _ in tries):
        tries.append(_alive.ask(gateway, dial, WAIT_S))
    return _answer(lookup_ms, tries)


def _answer(lookup_ms: float, tries: list[tuple[str, float]]) -> bytes:
    rows = [{"outcome": outcome, "ms": round(took_ms, 3)} for outcome, took_ms in tries]
    return compact({"lookup_ms": round(lookup_ms, 3), "tries": rows})


@fact("gateway.reach", probe=ask_reach)
def reach(answer: Answer) -> Reach:
    """The tries as they were written down."""
    value = members(answer.json(), answer.id, "lookup_ms", "tries")
    rows = [members(row, answer.id, "outcome", "ms") for row in listed(value["tries"], "tries", CONNECTS)]
    if not rows:
        raise Garbled(f"{answer.id}: no tries")
    return Reach(
        number(value["lookup_ms"], "lookup_ms"),
        tuple(Try(one_of(row["outcome"], "outcome", OUTCOMES), number(row["ms"], "ms")) for row in rows),
    )


@check("RA-02")
def answers_in_time(reach: Reach, params: Params) -> Judgement:
    """Every try is answered and the slowest within the limit (of three, the 95th percentile is the worst)."""
    answered = reach.answered
    outcomes = {each.outcome for each in reach.tries}
    if REFUSED in outcomes:
        return failed("refused")
    if NAME_NOT_FOUND in outcomes:
        return failed("no_name")
    if answered and len(answered) < len(reach.tries):
        return failed("unsteady", answered=len(answered), asked=len(reach.tries))
    if not answered:
        return unknown(*UNTOLD[reach.tries[-1].outcome])
    slowest_ms = max(1, round(max(answered)))
    if slowest_ms > params.integer("p95_ms"):
        return failed("slow", took_ms=slowest_ms)
    return passed("ok", took_ms=slowest_ms)
