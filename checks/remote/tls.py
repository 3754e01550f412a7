"""TLS versions: the entrance speaks a current one, and none that is given up."""

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.api import (
    Answer,
    Dial,
    Gateway,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unknown,
    Unreached,
    Verdict,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote import _hello
from checks.remote._pipe import exactly_from, pipe_to, server_name, speaks_tls
from checks.remote._read import compact, members, one_of
from checks.remote._upgrade import TOUCHY, Declined
from checks.remote._wire import (
    CLOSED,
    PROHIBITED,
    REFUSED,
    SILENT,
    WRONG_SERVICE,
    Ended,
    outcome_of,
)
from checks.remote.suites import SuiteOffer

WAIT_S = 3.0
ACCEPTED = "accepted"
UNCLEAR = "unclear"
OUTCOMES = (ACCEPTED, REFUSED, CLOSED, SILENT, WRONG_SERVICE, UNCLEAR, PROHIBITED)
ORDER = ("1.2", "1.3", "1.1", "1.0")
REFUSALS = (40, 70, 71)
"""Alerts about what is offered: handshake_failure, protocol_version, insufficient_security (RFC 8446 §6)."""


INTERNAL_ERROR = 80


@dataclass(frozen=True, slots=True)
class TlsOffer:
    """What became of each version ("1.0" … "1.3"); at least one was accepted or refused in words.

    `refused` = in words, by another version, or by closing the connection; `unclear` = anything else.
    `spoken` is False for an entrance whose declared protocol has no TLS: then it was not asked at all.
    `declined` = its protocol could, and it answered that it goes on without.
    """

    accepted: tuple[str, ...]
    refused: tuple[str, ...]
    unclear: tuple[str, ...]
    spoken: bool = True
    declined: bool = False


@probe("gateway.tls", kind="gateway")
def ask_tls(gateway: Gateway, dial: Dial) -> bytes:
    """One ClientHello per version, each on its own connection, closed after the first words of the answer.

    A server that closes without a word (as Windows does for versions it will not speak) is asked again
    once; so is one that gives up with internal_error, as OpenSSL does for a version that its security level
    leaves without a signature algorithm. OpenVPN over UDP refuses by silence, after having answered the
    reset of that very session. A failed first contact is passed on: then nothing is known.

    Raises:
        NotKnown: NOT_MEASURABLE, that many connections would do harm; or see `pipe_to`.
    """
    if not speaks_tls(gateway):
        return compact({"versions": {}})
    if gateway.protocol in TOUCHY:
        raise NotKnown(Reason.NOT_MEASURABLE, f"{gateway.protocol} servers shut out who connects so often")
    outcomes: dict[str, str] = {}
    try:
        for name in ORDER:
            outcome = _offer(gateway, dial, name, first=not outcomes)
            if outcome == CLOSED and gateway.transport == "tcp":
                outcome = _offer(gateway, dial, name, first=False)
            outcomes[name] = outcome
    except Declined:
        return compact({"declined": True})
    if CLOSED in outcomes.values() and _shuts_out(gateway, dial, outcomes):
        outcomes = {name: UNCLEAR if outcome == CLOSED else outcome for name, outcome in outcomes.items()}
    return compact({"versions": outcomes})


def _shuts_out(gateway: Gateway, dial: Dial, outcomes: Mapping[str, str]) -> bool:
    """True when a version that was accepted before no longer is: then a close says nothing of a version.

    A device that limits connections closes too, and would make every later version look refused.
    """
    accepted = _with(outcomes, ACCEPTED)
    return bool(accepted) and _offer(gateway, dial, accepted[0], first=False) != ACCEPTED


def _offer(gateway: Gateway, dial: Dial, name: str, *, first: bool) -> str:
    try:
        with pipe_to(gateway, dial, WAIT_S) as pipe:
            version = _hello.VERSIONS[name]
            pipe.send(_hello.client_hello(version, server_name(gateway)))
            reply = _hello.reply_to_hello(exactly_from(pipe))
    except Unreached as error:
        if first:
            raise
        return SILENT if (outcome := outcome_of(error)) == REFUSED else outcome
    except NotKnown:
        if first:
            raise
        return SILENT
    except Ended as end:
        return end.outcome
    except _hello.NotTls:
        return WRONG_SERVICE
    if reply.alert is not None:
        return REFUSED if reply.alert in REFUSALS else CLOSED if reply.alert == INTERNAL_ERROR else UNCLEAR
    return ACCEPTED if reply.version == version else REFUSED


@fact("gateway.tls", probe=ask_tls)
def tls_offer(answer: Answer) -> TlsOffer:
    """A close counts as a refusal only beside a version the same service accepted.

    Raises:
        NotKnown: no version was accepted or refused in words; the reason is what came instead.
    """
    told = answer.json()
    if told == {"declined": True}:
        return TlsOffer((), (), (), spoken=False, declined=True)
    written = members(told, answer.id, "versions")["versions"]
    if written == {}:
        return TlsOffer((), (), (), spoken=False)
    value = members(written, "versions", *_hello.VERSIONS)
    outcomes = {name: one_of(value[name], name, OUTCOMES) for name in _hello.VERSIONS}
    accepted = _with(outcomes, ACCEPTED)
    refused = _with(outcomes, REFUSED, CLOSED) if accepted else _with(outcomes, REFUSED)
    if not accepted and not refused:
        raise _silence(outcomes)
    unclear = tuple(name for name in outcomes if name not in (*accepted, *refused))
    return TlsOffer(accepted, refused, unclear)


def _with(outcomes: Mapping[str, str], *wanted: str) -> tuple[str, ...]:
    return tuple(name for name, outcome in outcomes.items() if outcome in wanted)


def _silence(outcomes: Mapping[str, str]) -> NotKnown:
    note = ", ".join(f"{name} {outcome}" for name, outcome in outcomes.items())
    wrong = any(outcome in (WRONG_SERVICE, CLOSED) for outcome in outcomes.values())
    return NotKnown(Reason.WRONG_SERVICE if wrong else Reason.NO_ANSWER, note)


NOTHING_BESIDE = Unknown(Reason.NOT_COLLECTED)


@check("RA-04")
def current_versions_only(
    offer: TlsOffer, params: Params, beside: SuiteOffer | Unknown = NOTHING_BESIDE
) -> Judgement:
    """Any version of `deny` accepted fails; a pass needs one of `allow` accepted and all of `deny` refused.

    Not every version of `allow` has to be spoken: TLS 1.2 alone is still current. What the probe of the
    suites saw counts as well, and so does that it saw nothing: it offers suites that this one does not (of
    shared keys, for one), and SSL 2.0 and 3.0, which fail whatever the model denies.
    """
    if offer.declined:
        return not_applicable("declined")
    if not offer.spoken:
        return not_applicable("not_tls")
    if isinstance(beside, SuiteOffer):
        if beside.old_ssl:
            return failed("ssl", versions=", ".join(beside.old_ssl))
        return _versions(_together(offer, beside), params)
    found = _versions(offer, params)
    if found.verdict is Verdict.PASS and beside.reason is not Reason.NOT_COLLECTED:
        return unknown(beside.reason, f"the probe of the suites: {beside.note}")
    return found


def _together(offer: TlsOffer, beside: SuiteOffer) -> TlsOffer:
    """What either probe saw accepted, and of the rest what neither leaves unclear."""
    seen = {each.version.removeprefix("TLS "): each.outcome for each in beside.versions}
    accepted = [name for name in _hello.VERSIONS if name in offer.accepted or seen.get(name) == ACCEPTED]
    refused = [name for name in offer.refused if seen.get(name, REFUSED) in (REFUSED, CLOSED)]
    unclear = [name for name in _hello.VERSIONS if name not in (*accepted, *refused)]
    return TlsOffer(tuple(accepted), tuple(refused), tuple(unclear))


def _versions(offer: TlsOffer, params: Params) -> Judgement:
    if old := [name for name in params.texts("deny") if name in offer.accepted]:
        return failed("old", versions=", ".join(old))
    if missing := [name for name in params.texts("deny") if name not in offer.refused]:
        return unknown(Reason.NOT_MEASURABLE, f"no clear answer to TLS {', '.join(missing)}")
    if current := [name for name in params.texts("allow") if name in offer.accepted]:
        return passed("ok", versions=", ".join(current))
    return unknown(Reason.NOT_MEASURABLE, "it speaks TLS and accepts none of the versions offered")
