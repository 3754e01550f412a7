"""How quickly the records system answers where the audit runs, which is rarely where people telework."""

import time

import msgspec

from auditor.api import (
    Answer,
    Garbled,
    Http,
    Judgement,
    Params,
    Reason,
    System,
    check,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks.paperless import _mayan
from checks.paperless._heard import decoded
from checks.paperless._identity import Caller, Outcome, Standing, believed, watched
from checks.paperless.mayan import asker

ATTEMPTS = 5
TELEWORK = "telework"


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Milliseconds of each answer, name service, connection and TLS included."""

    outcome: Outcome
    took_ms: tuple[int, ...] = ()


@probe("mayan.pace", kind="mayan")
def read_pace(system: System, http: Http) -> bytes:
    """A few questions one after the other, as the declared account."""
    ask = asker(system, http)

    def look(_: Caller) -> tuple[int, ...]:
        took: list[int] = []
        for _attempt in range(ATTEMPTS):
            began = time.monotonic()
            _mayan.caller(ask)
            took.append(round(1000 * (time.monotonic() - began)))
        return tuple(took)

    outcome, took_ms = watched(system, system.account, lambda: _mayan.caller(ask), look)
    return msgspec.json.encode(Pace(outcome=outcome, took_ms=took_ms or ()))


@fact("mayan.pace", probe=read_pace)
def pace(answer: Answer) -> Pace:
    """How long the answers took; not known when the account is not proved."""
    seen = decoded(answer, Pace)
    believed(Standing(outcome=seen.outcome))
    if len(seen.took_ms) != ATTEMPTS or min(seen.took_ms) < 0:
        raise Garbled(f"{answer.id}: not {ATTEMPTS} times")
    return seen


@check("PPL-11")
def quick_enough(seen: Pace, params: Params) -> Judgement:
    """The slowest of the few answers is quick enough; only a town that audits from there can pass.

    Slow where the audit runs is slow at home too; quick there says nothing of the telework path.
    """
    slowest = max(seen.took_ms)
    if slowest > params.integer("p95_ms"):
        return failed("slow", slowest=slowest)
    if params.text("measured_from") != TELEWORK:
        note = f"{slowest} ms where the audit runs; the telework path was not measured"
        return unknown(Reason.NOT_MEASURABLE, note)
    return passed("ok", slowest=slowest)
